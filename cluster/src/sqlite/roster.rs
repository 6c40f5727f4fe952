//! Rosters in SQLite: the statements behind that part of [`crate::Catalogue`].
//!
//! An import reads what is there, finds what is different, and writes each kind of difference by
//! one statement, whose rows come as one JSON text: a school of 1,500 people holds the write lock,
//! which lesson logs wait for, for some hundredths of a second.
//! Invariant: one transaction, which begins before anything is read. Names are sealed, before it
//! begins; one that was erased is empty, and so another one than any of a file.
//! Left out on purpose: whether a subject or a seat is twice in a room. Whoever reads the file
//! tells its line.

use std::collections::HashMap;

use kreide_control::{RoomId, TenantId};
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnection, SqlitePool, SqliteRow};
use sqlx::{Row, query, query_scalar};

use super::keyring::Keyring;
use super::links::{role_name, role_named};
use crate::{CatalogueError, LinksFor, RosterChange, RosterEntry, RosterImport, RosterPerson};

/// By room and subject: a person, and the hash of their link.
type Present = HashMap<(String, String), (RosterEntry, Option<Vec<u8>>)>;

pub(super) async fn import(
    pool: SqlitePool,
    keyring: Keyring,
    import: RosterImport,
) -> Result<Vec<RosterChange>, CatalogueError> {
    let names = import.rooms.iter().flat_map(|roster| &roster.people);
    let names: Vec<(&str, &str)> =
        names.map(|person| (&*person.entry.subject, &*person.entry.name)).collect();
    let mut sealed = keyring.seal_all(&import.tenant, &names).await?.into_iter();
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let tenant = import.tenant.as_str();
    let rooms: Vec<&str> = import.rooms.iter().map(|roster| roster.room.as_str()).collect();
    let rooms = Value::from(rooms);
    let mut present = present(&mut transaction, &keyring, &import.tenant, &rooms).await?;
    let mut writing = Writing::default();
    let mut changes: Vec<RosterChange> = import
        .rooms
        .iter()
        .map(|roster| {
            let mut change = RosterChange::none(roster.room.clone());
            for person in &roster.people {
                let place = (roster.room.to_string(), person.entry.subject.clone());
                let before = present.remove(&place);
                let name = sealed.next().unwrap_or_default();
                writing.person(&mut change, person, &name, before, &import);
            }
            change
        })
        .collect();
    // Whoever is left is named by nobody.
    for (room, subject) in present.into_keys() {
        if let Some(change) = changes.iter_mut().find(|change| change.room.as_str() == room) {
            change.removed += 1;
        }
        writing.removed.push(json!([room, subject]));
    }
    writing.run(&mut transaction, tenant, &rooms).await?;
    transaction.commit().await?;
    Ok(changes)
}

pub(super) async fn of_room(
    pool: SqlitePool,
    keyring: Keyring,
    tenant: TenantId,
    room: RoomId,
) -> Result<Vec<RosterEntry>, CatalogueError> {
    let found = query(
        "SELECT subject, name, role, seat, consent FROM roster WHERE tenant = ? AND room = ?
         ORDER BY seat, subject",
    )
    .bind(tenant.as_str())
    .bind(room.as_str())
    .fetch_all(&pool)
    .await?;
    read(&keyring, &tenant, &found).await
}

pub(super) async fn has(
    pool: SqlitePool,
    tenant: TenantId,
    room: RoomId,
    subject: String,
) -> Result<bool, CatalogueError> {
    let found: i64 = query_scalar(
        "SELECT EXISTS (SELECT 1 FROM roster WHERE tenant = ? AND room = ? AND subject = ?)",
    )
    .bind(tenant.as_str())
    .bind(room.as_str())
    .bind(subject)
    .fetch_one(&pool)
    .await?;
    Ok(found != 0)
}

async fn present(
    connection: &mut SqliteConnection,
    keyring: &Keyring,
    tenant: &TenantId,
    rooms: &Value,
) -> Result<Present, CatalogueError> {
    let rows = query(
        "SELECT room, subject, name, role, seat, consent, link FROM roster
         WHERE tenant = ? AND room IN (SELECT value FROM json_each(?))",
    )
    .bind(tenant.as_str())
    .bind(rooms.to_string())
    .fetch_all(connection)
    .await?;
    let entries = read(keyring, tenant, &rows).await?;
    let person = |(row, entry): (&SqliteRow, RosterEntry)| -> Result<_, CatalogueError> {
        Ok(((row.try_get("room")?, entry.subject.clone()), (entry, row.try_get("link")?)))
    };
    rows.iter().zip(entries).map(person).collect()
}

/// The people of these rows, in their order.
async fn read(
    keyring: &Keyring,
    tenant: &TenantId,
    rows: &[SqliteRow],
) -> Result<Vec<RosterEntry>, CatalogueError> {
    let sealed = |row: &'_ SqliteRow| -> Result<(String, Vec<u8>), sqlx::Error> {
        Ok((row.try_get("subject")?, row.try_get("name")?))
    };
    let sealed: Vec<(String, Vec<u8>)> = rows.iter().map(sealed).collect::<Result<_, _>>()?;
    let texts: Vec<(&str, &[u8])> =
        sealed.iter().map(|(subject, name)| (subject.as_str(), name.as_slice())).collect();
    let names = keyring.open_all(tenant, &texts).await?;
    let entry = |(row, name): (&SqliteRow, Option<String>)| {
        Ok(RosterEntry {
            subject: row.try_get("subject")?,
            name: name.unwrap_or_default(),
            role: role_named(row.try_get("role")?).ok_or(CatalogueError::Unreadable)?,
            seat: row.try_get("seat")?,
            consent: row.try_get("consent")?,
        })
    };
    rows.iter().zip(names).map(entry).collect()
}

impl RosterChange {
    fn none(room: RoomId) -> Self {
        Self { room, added: 0, changed: 0, removed: 0, unchanged: 0, linked: Vec::new() }
    }
}

/// What is different, as rows of JSON.
#[derive(Default)]
struct Writing {
    /// Room, subject, sealed name, role, seat, consent, and the hash of the link if there is one.
    people: Vec<Value>,
    /// Hash, role, name and consent of links whose person changed.
    changed: Vec<Value>,
    /// Hash, room, role, subject, name, consent and time of new links.
    links: Vec<Value>,
    /// Hashes of links that others replace.
    replaced: Vec<Value>,
    /// Room and subject of those who are gone.
    removed: Vec<Value>,
}

impl Writing {
    /// Notes what is different of one person.
    fn person(
        &mut self,
        change: &mut RosterChange,
        person: &RosterPerson,
        sealed: &[u8],
        before: Option<(RosterEntry, Option<Vec<u8>>)>,
        import: &RosterImport,
    ) {
        let RosterEntry { subject, name: _, role, seat, consent } = &person.entry;
        let (role, name) = (role_name(*role), hex(sealed));
        let (known, former) = before.unzip();
        let former = former.flatten();
        let same = known.as_ref() == Some(&person.entry);
        match known {
            None => change.added += 1,
            Some(_) if same => change.unchanged += 1,
            Some(_) => change.changed += 1,
        }
        let renewed = match import.links {
            LinksFor::Nobody => false,
            LinksFor::Newcomers => former.is_none(),
            LinksFor::Everyone => true,
        };
        if same && !renewed {
            return;
        }
        let room = change.room.as_str();
        let link = if renewed {
            change.linked.push(subject.clone());
            self.replaced.extend(former.as_deref().map(|former| hex(former).into()));
            let link = hex(person.link.as_slice());
            self.links.push(json!([link, room, role, subject, name, consent, import.at]));
            Some(link)
        } else {
            let link = former.as_deref().map(hex);
            self.changed.extend(link.iter().map(|link| json!([link, role, name, consent])));
            link
        };
        self.people.push(json!([room, subject, name, role, seat, consent, link]));
    }

    async fn run(
        self,
        connection: &mut SqliteConnection,
        tenant: &str,
        rooms: &Value,
    ) -> Result<(), sqlx::Error> {
        let steps = [
            (ROOMS, rooms.clone()),
            (REPLACED, self.replaced.into()),
            (LINKS, self.links.into()),
            (CHANGED, self.changed.into()),
            (PEOPLE, self.people.into()),
            (REVOKED, self.removed.clone().into()),
            (REMOVED, self.removed.into()),
        ];
        for (statement, rows) in steps {
            query(statement).bind(tenant).bind(rows.to_string()).execute(&mut *connection).await?;
        }
        Ok(())
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const ROOMS: &str = "INSERT INTO rooms (tenant, room, title)
    SELECT ?1, value, value FROM json_each(?2) WHERE true ON CONFLICT (tenant, room) DO NOTHING";

const REPLACED: &str = "UPDATE links SET revoked = 1
    WHERE tenant = ?1 AND hash IN (SELECT unhex(value) FROM json_each(?2))";

const LINKS: &str = "INSERT INTO links (tenant, hash, room, role, subject, name, consent, created)
    SELECT ?1, unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, unhex(value ->> 4),
           value ->> 5, value ->> 6
    FROM json_each(?2)";

const CHANGED: &str = "UPDATE links SET role = new.value ->> 1, name = unhex(new.value ->> 2),
        consent = new.value ->> 3
    FROM json_each(?2) new WHERE tenant = ?1 AND hash = unhex(new.value ->> 0)";

const PEOPLE: &str = "INSERT OR REPLACE INTO roster
    (tenant, room, subject, name, role, seat, consent, link)
    SELECT ?1, value ->> 0, value ->> 1, unhex(value ->> 2), value ->> 3, value ->> 4,
           value ->> 5, unhex(value ->> 6)
    FROM json_each(?2)";

const REVOKED: &str = "UPDATE links SET revoked = 1 FROM json_each(?2) gone
    WHERE tenant = ?1 AND subject = gone.value ->> 1 AND room = gone.value ->> 0";

const REMOVED: &str = "DELETE FROM roster WHERE tenant = ?1 AND (room, subject) IN
    (SELECT value ->> 0, value ->> 1 FROM json_each(?2))";
