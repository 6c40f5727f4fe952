-- What the first version made, and a class in it. Never changed: old files do not change either.

-- The tenant stands first in every key. Times are milliseconds since 1970 UTC.

CREATE TABLE IF NOT EXISTS rooms (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    title  TEXT NOT NULL,
    PRIMARY KEY (tenant, room)
) STRICT, WITHOUT ROWID;

-- subject and name are set together: a personal link. Both null: a class link.
CREATE TABLE IF NOT EXISTS links (
    tenant  TEXT NOT NULL,
    hash    BLOB NOT NULL,
    room    TEXT NOT NULL,
    role    TEXT NOT NULL,
    subject TEXT,
    name    TEXT,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, hash),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
) STRICT, WITHOUT ROWID;

-- The sittings of a room, counted from 1. At most one of them is open.
CREATE TABLE IF NOT EXISTS lessons (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    ended  INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, room, lesson)
) STRICT, WITHOUT ROWID;

-- Ended lessons whose texts are still to be erased, and from when on.
CREATE TABLE IF NOT EXISTS erasures (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    due    INTEGER NOT NULL,
    PRIMARY KEY (tenant, room, lesson)
) STRICT, WITHOUT ROWID;

-- Head of a lesson's log: who owns it (epoch) and where it ends.
CREATE TABLE IF NOT EXISTS logs (
    tenant   TEXT NOT NULL,
    room     TEXT NOT NULL,
    lesson   INTEGER NOT NULL,
    epoch    INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    PRIMARY KEY (tenant, room, lesson)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS records (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    seq    INTEGER NOT NULL,
    epoch  INTEGER NOT NULL,
    body   BLOB NOT NULL,
    PRIMARY KEY (tenant, room, lesson, seq)
) STRICT, WITHOUT ROWID;

-- Texts of people, beside the log, so that erasing them leaves the log whole.
CREATE TABLE IF NOT EXISTS payloads (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    lesson INTEGER NOT NULL,
    id     INTEGER NOT NULL,
    owner  INTEGER NOT NULL,
    text   TEXT NOT NULL,
    PRIMARY KEY (tenant, room, lesson, id)
) STRICT, WITHOUT ROWID;

INSERT INTO rooms VALUES ('school', '7b', '7b Mathe');
INSERT INTO links VALUES (
    'school', X'abababababababababababababababababababababababababababababababab', '7b',
    'teacher', 's-1', 'Frau Kern', 5, NULL, 0
);
INSERT INTO lessons VALUES ('school', '7b', 4, 0);
