-- What a school decided for a room, and what it calls the room. Both are JSON objects.
ALTER TABLE rooms ADD COLUMN external_id TEXT;
ALTER TABLE rooms ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE rooms ADD COLUMN policy TEXT NOT NULL DEFAULT '{}';
CREATE UNIQUE INDEX rooms_by_external_id ON rooms (tenant, external_id);

-- The link is for a family's talk: its slot. The name is then the family's, if one was given.
ALTER TABLE links ADD COLUMN talk INTEGER;
CREATE INDEX links_by_subject ON links (tenant, subject, room);

-- People of a room in seating order. link is null: nobody has asked for one yet.
CREATE TABLE roster (
    tenant  TEXT NOT NULL,
    room    TEXT NOT NULL,
    subject TEXT NOT NULL,
    name    TEXT NOT NULL,
    role    TEXT NOT NULL,
    seat    INTEGER NOT NULL,
    consent INTEGER NOT NULL,
    link    BLOB,
    PRIMARY KEY (tenant, room, subject),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
) STRICT, WITHOUT ROWID;

-- Families who come one after the other, each by a link of its own.
CREATE TABLE talks (
    tenant  TEXT NOT NULL,
    room    TEXT NOT NULL,
    slot    INTEGER NOT NULL,
    begins  INTEGER NOT NULL,
    minutes INTEGER NOT NULL,
    label   TEXT,
    link    BLOB NOT NULL,
    PRIMARY KEY (tenant, room, slot),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
) STRICT, WITHOUT ROWID;

-- Groups that were prepared for a room: a JSON list of lists of subjects.
CREATE TABLE group_sets (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    name   TEXT NOT NULL,
    groups TEXT NOT NULL,
    PRIMARY KEY (tenant, room, name),
    FOREIGN KEY (tenant, room) REFERENCES rooms (tenant, room)
) STRICT, WITHOUT ROWID;
