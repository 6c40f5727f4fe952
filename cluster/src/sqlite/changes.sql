-- Rooms of which something changed that a running lesson must hear of: what the school decided, or
-- who is on the roster. seq grows with each change and is unique, so that whoever remembers the
-- last one they saw finds the later ones.
CREATE TABLE room_changes (
    tenant TEXT NOT NULL,
    room   TEXT NOT NULL,
    seq    INTEGER NOT NULL,
    PRIMARY KEY (tenant, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX room_changes_by_seq ON room_changes (seq);

-- Whichever process or statement does it.
CREATE TRIGGER policy_changed AFTER UPDATE OF policy ON rooms WHEN old.policy <> new.policy
BEGIN
    INSERT INTO room_changes (tenant, room, seq)
    VALUES (new.tenant, new.room, (SELECT coalesce(max(seq), 0) + 1 FROM room_changes))
    ON CONFLICT (tenant, room) DO UPDATE SET seq = excluded.seq;
END;
CREATE TRIGGER roster_shrank AFTER DELETE ON roster
BEGIN
    INSERT INTO room_changes (tenant, room, seq)
    VALUES (old.tenant, old.room, (SELECT coalesce(max(seq), 0) + 1 FROM room_changes))
    ON CONFLICT (tenant, room) DO UPDATE SET seq = excluded.seq;
END;
