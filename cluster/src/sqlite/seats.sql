-- Who had which number in a lesson, so that all keys of a person are found. Of the person there is only
-- a code, another one in each lesson, which nobody can make or read without keys.db (`keyring/codes.rs`).
CREATE TABLE seats (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    owner  INTEGER NOT NULL,
    person BLOB NOT NULL,
    PRIMARY KEY (tenant, room, lesson, owner)
) STRICT, WITHOUT ROWID;
