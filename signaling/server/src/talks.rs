//! Lists of talks from a school's file, and the link of each family.
//!
//! Invariant: talks of a room do not overlap; slots are counted in the order of their times,
//! whatever the order of the file.
//! Left out on purpose: booking. The list comes from wherever the school books.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use kreide_cluster::{Catalogue, CatalogueError, Room, Talk, TalkList};
use kreide_control::{Policy, RoomId, TenantId};

use crate::table::{self, Column, Line, TableError};
use crate::{clock, links, secret};

/// What to do with a file.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The school.
    pub tenant: TenantId,
    /// The room; if it is missing it is made, as a room for talks.
    pub room: RoomId,
    /// The day of times that name none.
    pub date: Option<Date>,
    /// Where such times are read.
    pub zone: TimeZone,
    /// Talks that are there are replaced, and their links revoked.
    pub replace: bool,
}

/// A talk and the link of its family, which cannot be shown again.
pub struct FamilyLink {
    /// The talk.
    pub talk: Talk,
    /// Its address.
    pub url: String,
}

/// Imports a file with the columns `beginn` or `begin` (`2026-11-12T15:00+01:00`, or `15:00` of
/// [`Wanted::date`]), `minuten` or `minutes`, and if it likes `familie`, `family` or `label`.
/// Returns the talks in their order.
///
/// # Errors
/// [`TalksError`]; then nothing was imported.
pub async fn import(
    catalogue: &dyn Catalogue,
    url: &str,
    file: &[u8],
    wanted: Wanted,
) -> Result<Vec<FamilyLink>, TalksError> {
    let slots = read(file, wanted.date, &wanted.zone)?;
    let Wanted { tenant, room, replace, .. } = wanted;
    let title = room.as_str().to_owned();
    let new = Room::new(tenant.clone(), room.clone(), title);
    let policy = Policy { talks: true, ..Policy::default() };
    catalogue.ensure_room(Room { policy, ..new }).await?;
    let found = catalogue.room(tenant.clone(), room.clone()).await?;
    if !found.is_some_and(|room| room.policy.talks) {
        return Err(TalksError::OtherRoom);
    }
    let links: Vec<FamilyLink> = (1..)
        .zip(slots)
        .map(|(slot, Slot { begins, minutes, label, .. })| {
            let text = secret::random();
            let link = secret::sha256(text.as_bytes());
            let talk = Talk { slot, begins, minutes, label, link };
            FamilyLink { talk, url: links::address(url, &tenant, &text) }
        })
        .collect();
    let talks = links.iter().map(|link| link.talk.clone()).collect();
    let list = TalkList { talks, at: clock::now(), grace: GRACE, replace };
    if catalogue.set_talks(tenant, room, list).await? { Ok(links) } else { Err(TalksError::There) }
}

/// Why a file was not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TalksError {
    /// Something in the file is wrong.
    #[error(transparent)]
    File(#[from] TableError),
    /// The room has talks, whose links families may have.
    #[error("the room has talks already; replacing them makes their links useless")]
    There,
    /// The room is for lessons: families would meet a class.
    #[error("the room is not for talks; its policy must say talks=true")]
    OtherRoom,
    /// The catalogue cannot be written.
    #[error(transparent)]
    Catalogue(#[from] CatalogueError),
}

struct Slot {
    line: Line<3>,
    begins: i64,
    minutes: u32,
    label: Option<String>,
}

/// What [`read`] says of a file, for the fuzz target.
#[cfg(feature = "internals")]
pub(crate) fn times(file: &[u8]) -> Result<Vec<(i64, u32)>, TableError> {
    let slots = read(file, Some(jiff::civil::date(2026, 11, 12)), &TimeZone::UTC)?;
    Ok(slots.into_iter().map(|slot| (slot.begins, slot.minutes)).collect())
}

/// The talks in the order of their times.
fn read(file: &[u8], date: Option<Date>, zone: &TimeZone) -> Result<Vec<Slot>, TableError> {
    let lines = table::read(file, COLUMNS)?;
    if let Some(line) = lines.get(MAX_TALKS) {
        return Err(line.wrong(BEGIN, "a room has at most 500 talks"));
    }
    let slot = |line: Line<3>| {
        let minutes = |cell: &str| cell.parse().ok().filter(|minutes| (1..=240).contains(minutes));
        let label = |cell: &str| links::is_name(cell).then(|| cell.to_owned());
        Ok(Slot {
            begins: line.must(BEGIN, BEGIN_RULE, |cell| time(cell, date, zone))?,
            minutes: line.must(MINUTES, "expected a number from 1 to 240", minutes)?,
            label: line.read(LABEL, "expected a name of 1 to 64 characters", label)?,
            line,
        })
    };
    let mut slots = lines.into_iter().map(slot).collect::<Result<Vec<_>, TableError>>()?;
    slots.sort_by_key(|slot| slot.begins);
    for pair in slots.windows(2) {
        let [one, next] = pair else { continue };
        if one.begins + i64::from(one.minutes) * 60_000 > next.begins {
            return Err(next.line.wrong(BEGIN, "begins before the talk before it ends"));
        }
    }
    Ok(slots)
}

/// Milliseconds since 1970 UTC.
fn time(cell: &str, date: Option<Date>, zone: &TimeZone) -> Option<i64> {
    let moment = match cell.parse::<Timestamp>() {
        Ok(moment) => moment,
        Err(_no_date) => {
            let time: Time = Time::strptime("%H:%M", cell).ok()?;
            let day = date?.to_datetime(time);
            zone.to_ambiguous_zoned_datetime(day).unambiguous().ok()?.timestamp()
        }
    };
    Some(moment.as_millisecond())
}

/// How long after a talk's end its link still opens: evenings run late.
const GRACE: i64 = 12 * 60 * 60 * 1000;
const MAX_TALKS: usize = 500;
const BEGIN_RULE: &str = "expected a time such as 2026-11-12T15:00+01:00, or 15:00 of a given date";

const BEGIN: usize = 0;
const MINUTES: usize = 1;
const LABEL: usize = 2;

const COLUMNS: [Column; 3] = [
    Column { headings: &["beginn", "begin"], required: true },
    Column { headings: &["minuten", "minutes"], required: true },
    Column { headings: &["familie", "family", "label"], required: false },
];

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use kreide_cluster::SqliteStore;

    use super::*;

    fn wanted(date: Option<Date>, replace: bool) -> Wanted {
        Wanted {
            tenant: TenantId::parse("school").unwrap(),
            room: RoomId::parse("sprechtag").unwrap(),
            date,
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            replace,
        }
    }

    #[test]
    fn times_of_a_file() {
        let day = Some(date(2026, 11, 12));
        let three = 1_794_492_000_000;
        let rows = [
            ("2026-11-12T15:00+01:00", None, Some(three)),
            ("2026-11-12T15:00:00+01:00", None, Some(three)),
            ("2026-11-12T14:00:00Z", None, Some(three)),
            ("15:00", day, Some(three)),
            ("9:30", day, Some(three - 330 * 60_000)),
            ("15:00", None, None),
            ("2026-11-12T15:00", day, None),
            ("25:00", day, None),
            ("soon", day, None),
        ];
        for (cell, date, expected) in rows {
            assert_eq!(time(cell, date, &wanted(None, false).zone), expected, "{cell}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_line_and_column() {
        let rows = [
            ("begin,minutes\n15:00,\n", "line 2, column minutes: expected a number"),
            ("begin,minutes\n15:00,241\n", "line 2, column minutes: expected a number"),
            ("Beginn;Minuten\nbald;10\n", "line 2, column Beginn: expected a time"),
            ("begin,minutes\n15:10,10\n15:00,11\n", "line 2, column begin: begins before"),
            ("begin,minutes\n15:00,10\n15:00,10\n", "line 3, column begin: begins before"),
            ("begin\n15:00\n", "line 1: there is no column minuten or minutes"),
        ];
        for (file, expected) in rows {
            let said = read(file.as_bytes(), Some(date(2026, 11, 12)), &TimeZone::UTC);
            let said = said.err().unwrap().to_string();
            assert!(said.starts_with(expected), "{said}");
        }
    }

    #[tokio::test]
    async fn families_get_a_link_each() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let file = b"Beginn;Minuten;Familie\n15:10;10;\n15:00;10;Familie Li\n";
        let run = async |replace| {
            import(&store, "http://k", file, wanted(Some(date(2026, 11, 12)), replace)).await
        };
        let links = run(false).await.unwrap_or_else(|error| panic!("{error}"));
        let slots: Vec<_> =
            links.iter().map(|link| (link.talk.slot, link.talk.label.as_deref())).collect();
        assert_eq!(slots, [(1, Some("Familie Li")), (2, None)]);
        let Wanted { tenant, room, .. } = wanted(None, false);
        let kept = store.talks(tenant.clone(), room.clone()).await.unwrap();
        assert!(kept == links.iter().map(|link| link.talk.clone()).collect::<Vec<_>>());
        assert!(store.room(tenant.clone(), room.clone()).await.unwrap().unwrap().policy.talks);
        assert_eq!(run(false).await.err(), Some(TalksError::There));
        assert_eq!(run(true).await.map(|links| links.len()).ok(), Some(2));

        let lessons = Room::new(tenant, room, "7b".to_owned());
        store.put_room(lessons).await.unwrap();
        assert_eq!(run(true).await.err(), Some(TalksError::OtherRoom));
    }
}
