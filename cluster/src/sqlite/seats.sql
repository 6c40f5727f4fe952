-- Which numbers a person had in lessons, so that all their keys are found. Of the person there is only
-- a code, which whoever has no keys.db can neither make nor read (`keyring/erased.rs`).
CREATE TABLE seats (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    owner  INTEGER NOT NULL,
    person BLOB NOT NULL,
    PRIMARY KEY (tenant, room, lesson, owner)
) STRICT, WITHOUT ROWID;
CREATE INDEX seats_of_person ON seats (tenant, person);
