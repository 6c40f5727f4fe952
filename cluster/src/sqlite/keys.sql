-- Keys of people. A row is appended and never moves: its key is overwritten where it stands.
-- SQLite leaves copies of rows behind when it moves them between pages, also of deleted ones and
-- also with secure_delete; so no index holds a key, and nothing changes the size of a row.
-- dead = 1: the key is destroyed, and all zeros.

-- One key for each lesson and person.
CREATE TABLE IF NOT EXISTS keys (
    id     INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    owner  INTEGER NOT NULL,
    dead   INTEGER NOT NULL DEFAULT 0,
    key    BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS live_keys ON keys (tenant, room, lesson, owner) WHERE dead = 0;

-- One key for each person of a school: seals the names of the catalogue.
CREATE TABLE IF NOT EXISTS names (
    id      INTEGER PRIMARY KEY,
    tenant  TEXT NOT NULL,
    subject TEXT NOT NULL,
    dead    INTEGER NOT NULL DEFAULT 0,
    key     BLOB NOT NULL CHECK (length(key) = 32)
) STRICT;
CREATE UNIQUE INDEX IF NOT EXISTS live_names ON names (tenant, subject) WHERE dead = 0;

-- What makes the codes of people in the store: one row, made with the file.
CREATE TABLE IF NOT EXISTS secrets (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    person BLOB NOT NULL CHECK (length(person) = 32)
) STRICT;

-- Which numbers a person had before the store knew that itself. Nothing is added any more.
CREATE TABLE IF NOT EXISTS seats (
    tenant  TEXT NOT NULL,
    room    TEXT NOT NULL,
    lesson  INTEGER NOT NULL,
    owner   INTEGER NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (tenant, room, lesson, owner)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS seats_of_person ON seats (tenant, subject);

-- Who was erased, in order, so that a store that is put back from a copy is brought to it again.
-- Of the subject only a hash is kept (`keyring/erased.rs`).
CREATE TABLE IF NOT EXISTS erased (
    id     INTEGER PRIMARY KEY,
    tenant TEXT NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
CREATE INDEX IF NOT EXISTS erased_people ON erased (tenant, digest);

-- Which numbers they had.
CREATE TABLE IF NOT EXISTS erased_seats (
    erasure INTEGER NOT NULL,
    room    TEXT NOT NULL,
    lesson  INTEGER NOT NULL,
    owner   INTEGER NOT NULL,
    PRIMARY KEY (erasure, room, lesson, owner)
) STRICT, WITHOUT ROWID;
