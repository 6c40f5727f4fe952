//! Rosters from a school's file, and the personal links that come of them.
//!
//! Invariant: a file is imported whole or not at all; who is unchanged keeps their link. A link's
//! address exists in the answer to the import that made it and nowhere else.
//! Left out on purpose: rooms that a file does not name. They keep their rosters, so that a file
//! of one class does not empty the others.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kreide_cluster::{
    Catalogue, CatalogueError, LinksFor, RoomRoster, RosterChange, RosterEntry, RosterImport,
    RosterPerson,
};
use kreide_control::{Role, RoomId, TenantId};

use crate::table::{self, Column, Line, TableError};
use crate::{clock, links, secret};

/// What to do with a file.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The school.
    pub tenant: TenantId,
    /// The room, for a file without a column of rooms; of one that has it, this room alone.
    pub room: Option<RoomId>,
    /// Who gets a link.
    pub links: LinksFor,
}

/// What came of a file.
pub struct Imported {
    /// Room by room.
    pub changes: Vec<RosterChange>,
    /// The links that were made. They cannot be shown again.
    pub links: Vec<PersonalLink>,
}

/// A link that was made for somebody.
pub struct PersonalLink {
    /// Where it leads.
    pub room: RoomId,
    /// Whose it is.
    pub person: RosterEntry,
    /// Its address.
    pub url: String,
}

/// Imports a file with the columns `kennung` or `id`, `name`, and if it likes `rolle` or `role`,
/// `platz` or `seat`, `einwilligung` or `consent`, `raum` or `room`. `url` is where browsers reach
/// the server.
///
/// # Errors
/// [`ImportError`]; then nothing was imported.
pub async fn import(
    catalogue: &dyn Catalogue,
    url: &str,
    file: &[u8],
    wanted: Wanted,
) -> Result<Imported, ImportError> {
    let rooms = read(file, wanted.room.as_ref())?;
    let mut secrets = HashMap::new();
    let mut people = HashMap::new();
    let rooms: Vec<RoomRoster> = rooms
        .into_iter()
        .map(|(room, entries)| {
            let person = |entry: RosterEntry| {
                let text = secret::random();
                let link = secret::sha256(text.as_bytes());
                let place = (room.clone(), entry.subject.clone());
                secrets.insert(place.clone(), text);
                people.insert(place, entry.clone());
                RosterPerson { entry, link }
            };
            RoomRoster { people: entries.into_iter().map(person).collect(), room }
        })
        .collect();
    let tenant = wanted.tenant;
    let import =
        RosterImport { tenant: tenant.clone(), rooms, at: clock::now(), links: wanted.links };
    let changes = catalogue.import_roster(import).await?;
    let linked = changes.iter().flat_map(|change| {
        change.linked.iter().map(|subject| (change.room.clone(), subject.clone()))
    });
    let links = linked
        .filter_map(|place| {
            let (text, person) = (secrets.get(&place)?, people.remove(&place)?);
            Some(PersonalLink { room: place.0, person, url: links::address(url, &tenant, text) })
        })
        .collect();
    Ok(Imported { changes, links })
}

/// Links as a file, with the headings `room`, `id`, `name` and `link`.
#[must_use]
pub fn links_file(links: &[PersonalLink]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let head = [["room", "id", "name", "link"]];
    let rows = links
        .iter()
        .map(|link| [link.room.as_str(), &link.person.subject, &link.person.name, &link.url]);
    for row in head.into_iter().chain(rows) {
        writer.write_record(row).expect("a vector takes every row of four cells");
    }
    writer.into_inner().expect("a vector takes everything")
}

/// Why a file was not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// Something in the file is wrong.
    #[error(transparent)]
    File(#[from] TableError),
    /// The file does not say of which room it is, and nothing else does.
    #[error("the file has no column raum or room: name the room")]
    NoRoom,
    /// The file has nobody of the room that was named.
    #[error("the file has nobody of this room")]
    OtherRooms,
    /// The catalogue cannot be written.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

/// Everyone in a file, by room.
pub(crate) type Rooms = BTreeMap<RoomId, Vec<RosterEntry>>;

pub(crate) fn read(file: &[u8], only: Option<&RoomId>) -> Result<Rooms, ImportError> {
    let mut rooms: BTreeMap<RoomId, Vec<Person>> = BTreeMap::new();
    for line in table::read(file, COLUMNS)? {
        // A file without the column is of the room that was named.
        let room = if line.has(ROOM) {
            line.must(ROOM, ID_RULE, RoomId::parse)?
        } else {
            only.cloned().ok_or(ImportError::NoRoom)?
        };
        let person = Person::read(line)?;
        rooms.entry(room).or_default().push(person);
    }
    let mut seated = Rooms::new();
    for (room, people) in rooms {
        let people = seat(people)?;
        if only.is_none_or(|only| *only == room) {
            seated.insert(room, people);
        }
    }
    if seated.is_empty() { Err(ImportError::OtherRooms) } else { Ok(seated) }
}

/// A line that was understood. The seat may still be open.
struct Person {
    line: Line<6>,
    subject: String,
    name: String,
    role: Role,
    seat: Option<u32>,
    consent: bool,
}

impl Person {
    fn read(line: Line<6>) -> Result<Self, TableError> {
        let seat = |cell: &str| cell.parse().ok().filter(|seat| (1..=MAX_SEAT).contains(seat));
        let name = |cell: &str| links::is_name(cell).then(|| cell.to_owned());
        Ok(Self {
            subject: line.must(SUBJECT, SUBJECT_RULE, subject)?,
            name: line.must(NAME, "expected a name of 1 to 64 characters", name)?,
            role: line.read(ROLE, ROLE_RULE, role)?.unwrap_or(Role::Pupil),
            seat: line.read(SEAT, "expected a number from 1 to 10000", seat)?,
            consent: line.read(CONSENT, "expected ja, nein, yes or no", yes)?.unwrap_or(false),
            line,
        })
    }
}

/// Gives the first free seats to those who have none, in the order of the file.
fn seat(people: Vec<Person>) -> Result<Vec<RosterEntry>, TableError> {
    let (mut subjects, mut seats) = (BTreeSet::new(), BTreeSet::new());
    for person in &people {
        if !subjects.insert(person.subject.as_str()) {
            return Err(person.line.wrong(SUBJECT, "this person is in the room already"));
        }
        if person.seat.is_some_and(|seat| !seats.insert(seat)) {
            return Err(person.line.wrong(SEAT, "this seat is taken already"));
        }
    }
    let mut free = (1..).filter(|seat| !seats.contains(seat));
    Ok(people
        .into_iter()
        .map(|Person { subject, name, role, seat, consent, .. }| {
            let seat = seat.or_else(|| free.next()).unwrap_or(u32::MAX);
            RosterEntry { subject, name, role, seat, consent }
        })
        .collect())
}

/// Subjects of talks are ours, and no school's.
fn subject(cell: &str) -> Option<String> {
    let fits = cell.chars().count() <= MAX_SUBJECT && !cell.chars().any(char::is_control);
    (fits && !cell.starts_with(TALK_SUBJECT)).then(|| cell.to_owned())
}

fn role(cell: &str) -> Option<Role> {
    Some(match cell.to_lowercase().as_str() {
        "lehrkraft" | "lehrer" | "lehrerin" | "teacher" => Role::Teacher,
        "schüler" | "schülerin" | "schueler" | "schuelerin" | "pupil" => Role::Pupil,
        "gast" | "guest" => Role::Guest,
        "vortrag" | "presenter" => Role::Presenter,
        "dolmetscher" | "dolmetscherin" | "interpreter" => Role::Interpreter,
        "beobachter" | "beobachterin" | "observer" => Role::Observer,
        _ => return None,
    })
}

fn yes(cell: &str) -> Option<bool> {
    match cell.to_lowercase().as_str() {
        "ja" | "yes" => Some(true),
        "nein" | "no" => Some(false),
        _ => None,
    }
}

/// What the subjects of those who come to a talk begin with.
pub(crate) const TALK_SUBJECT: &str = "talk-";

/// Characters of a subject.
const MAX_SUBJECT: usize = 128;
const MAX_SEAT: u32 = 10_000;

const ID_RULE: &str = "expected 1 to 64 of the characters a-z A-Z 0-9 _ -";
const SUBJECT_RULE: &str = "expected an id of 1 to 128 characters that does not begin with talk-";
const ROLE_RULE: &str = "expected lehrkraft, schüler, gast, vortrag, dolmetscher, beobachter, \
                         teacher, pupil, guest, presenter, interpreter or observer";

const SUBJECT: usize = 0;
const NAME: usize = 1;
const ROLE: usize = 2;
const SEAT: usize = 3;
const CONSENT: usize = 4;
const ROOM: usize = 5;

const COLUMNS: [Column; 6] = [
    Column { headings: &["kennung", "id"], required: true },
    Column { headings: &["name"], required: true },
    Column { headings: &["rolle", "role"], required: false },
    Column { headings: &["platz", "seat"], required: false },
    Column { headings: &["einwilligung", "consent"], required: false },
    Column { headings: &["raum", "room"], required: false },
];

#[cfg(test)]
mod tests;
