-- Texts of people are sealed (`sealing.rs` moves what was not, and drops plain_payloads).
-- id and owner are authenticated with the text.
ALTER TABLE payloads RENAME TO plain_payloads;
CREATE TABLE payloads (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    id     INTEGER NOT NULL,
    owner  INTEGER NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (tenant, room, lesson, id)
) STRICT, WITHOUT ROWID;

-- What a lesson had come to at record seq, the newest one only. The records stay.
CREATE TABLE snapshots (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    state  BLOB NOT NULL,
    hash   TEXT NOT NULL,
    PRIMARY KEY (tenant, room, lesson)
) STRICT;
