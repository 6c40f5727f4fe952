-- The school has the consent to record whoever enters by the link.
ALTER TABLE links ADD COLUMN consent INTEGER NOT NULL DEFAULT 0;

-- length (milliseconds) and bytes are set together: it is ended. Both null: it is being made, or
-- was cut by a crash.
CREATE TABLE recordings (
    tenant     TEXT NOT NULL,
    room       TEXT NOT NULL,
    id         TEXT NOT NULL,
    lesson     INTEGER NOT NULL,
    started    INTEGER NOT NULL,
    length     INTEGER,
    bytes      INTEGER,
    released   INTEGER NOT NULL,
    kept_until INTEGER NOT NULL,
    PRIMARY KEY (tenant, room, id)
) STRICT, WITHOUT ROWID;
