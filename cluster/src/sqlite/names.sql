-- Names of people in the catalogue are sealed (`sealing.rs` moves those that were not, and drops
-- what is called plain here). Which key opens a name says its subject; that of a talk's label is
-- made of room and slot.
ALTER TABLE links RENAME TO plain_links;
DROP INDEX links_by_subject;
-- subject and name are set together: a personal link. Both null: a class link. talk is set: the
-- link is for a family's talk, and the name is the family's, if one was given.
CREATE TABLE links (
    tenant  TEXT NOT NULL,
    hash    BLOB NOT NULL,
    room    TEXT NOT NULL,
    role    TEXT NOT NULL,
    subject TEXT,
    name    BLOB,
    talk    INTEGER,
    consent INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL,
    expires INTEGER,
    revoked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, hash),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX links_by_subject ON links (tenant, subject, room);

ALTER TABLE roster RENAME TO plain_roster;
CREATE TABLE roster (
    tenant  TEXT NOT NULL,
    room    TEXT NOT NULL,
    subject TEXT NOT NULL,
    name    BLOB NOT NULL,
    role    TEXT NOT NULL,
    seat    INTEGER NOT NULL,
    consent INTEGER NOT NULL,
    link    BLOB,
    PRIMARY KEY (tenant, room, subject),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
) STRICT, WITHOUT ROWID;

ALTER TABLE talks RENAME TO plain_talks;
CREATE TABLE talks (
    tenant  TEXT NOT NULL,
    room    TEXT NOT NULL,
    slot    INTEGER NOT NULL,
    begins  INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    label   BLOB,
    link    BLOB NOT NULL,
    PRIMARY KEY (tenant, room, slot),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
) STRICT, WITHOUT ROWID;

-- Up to which erased person (`erased` in keys.db) this file has been brought: its catalogue, and
-- the lessons that run. One row. A copy that is put back tells by it what it missed.
CREATE TABLE swept (
    catalogue INTEGER NOT NULL,
    lessons   INTEGER NOT NULL
) STRICT;
INSERT INTO swept VALUES (0, 0);
