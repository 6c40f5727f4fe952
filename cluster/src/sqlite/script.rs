//! The statements of one transaction, handed to SQLite at once.
//!
//! The library runs statements on a thread of its own, so that each one that is asked for by itself
//! costs two changes of threads. A whole transaction as one text with all its values costs two.
//! Invariant: what a job may do is decided in its own statements, where nobody can come between;
//! its row tells afterwards how it was decided.
//! Left out on purpose: what a row means for the one who asked (`writer`).

use std::fmt::Write;

use kreide_control::{Epoch, LessonKey, ParticipantNo};
use sqlx::sqlite::{SqliteArguments, SqliteConnection};
use sqlx::{Arguments, AssertSqlSafe, query_as_with, raw_sql};

use super::keyring::{PersonCode, SealedText, Seat};
use super::writer::key;
use crate::{Append, Record, Snapshot, Whose};

/// Row of a job: its place in the transaction, and two numbers.
type Row = (i64, i64, i64);

/// Jobs up to which the prepared text is kept for the next time.
const USUAL: usize = 2;

/// The statements of one transaction.
pub(super) struct Script {
    text: String,
    values: SqliteArguments,
    jobs: usize,
    failed: Option<sqlx::Error>,
}

impl Script {
    /// IMMEDIATE: the lock is taken before anything is read, so what is compared stays true.
    pub(super) fn new() -> Self {
        Self {
            text: "BEGIN IMMEDIATE;".to_owned(),
            values: SqliteArguments::default(),
            jobs: 0,
            failed: None,
        }
    }

    /// Adds records, sealed payloads and who took which number, if epoch and end of the log are as
    /// `what` says. The row tells both as they were.
    pub(super) fn append(
        &mut self,
        what: &Append,
        payloads: &[SealedText],
        seats: &[(ParticipantNo, PersonCode)],
    ) {
        self.ask_head(&what.lesson);
        let expected = if follows(what) { what.expected_last.cast_signed() } else { NEVER };
        let mut bodies = Pile::default();
        what.records.iter().for_each(|record| bodies.add(&[], &record.body));
        if !what.records.is_empty() {
            self.insert(
                "INSERT INTO records (tenant, room, lesson, seq, epoch, body)
                 SELECT tenant, room, lesson, last_seq + 1 + part.key, epoch,
                        substr(?, part.value ->> 0, part.value ->> 1)
                 FROM logs, json_each(?) part",
                bodies,
            );
            self.bind_guard(what, expected);
        }
        let mut sealed = Pile::default();
        for payload in payloads {
            sealed.add(&[payload.id.cast_signed(), i64::from(payload.owner.0)], &payload.body);
        }
        if !payloads.is_empty() {
            self.insert(
                "INSERT INTO payloads (tenant, room, lesson, id, owner, body)
                 SELECT tenant, room, lesson, part.value ->> 2, part.value ->> 3,
                        substr(?, part.value ->> 0, part.value ->> 1)
                 FROM logs, json_each(?) part",
                sealed,
            );
            self.bind_guard(what, expected);
        }
        let mut people = Pile::default();
        seats.iter().for_each(|(owner, person)| people.add(&[i64::from(owner.0)], person));
        if !seats.is_empty() {
            self.insert(
                "INSERT OR IGNORE INTO seats (tenant, room, lesson, owner, person)
                 SELECT tenant, room, lesson, part.value ->> 2,
                        substr(?, part.value ->> 0, part.value ->> 1)
                 FROM logs, json_each(?) part",
                people,
            );
            self.bind_guard(what, expected);
        }
        self.text.push_str("UPDATE logs SET last_seq = last_seq + ?");
        self.bind(what.records.len() as i64);
        self.bind_guard(what, expected);
    }

    /// Gives a log its next epoch, which the row tells.
    pub(super) fn take_over(&mut self, lesson: &LessonKey) {
        let (tenant, room, number) = key(lesson);
        self.text.push_str(
            "INSERT INTO logs (tenant, room, lesson, epoch, last_seq) VALUES (?, ?, ?, 1, 0)
             ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING ",
        );
        self.bind(tenant.to_owned());
        self.bind(room.to_owned());
        self.bind(number);
        self.begin_job("?, epoch, last_seq;");
    }

    /// Destroys payloads, and with those of everyone who had which number; the row tells how many
    /// payloads.
    pub(super) fn erase(&mut self, lesson: &LessonKey, whose: Whose) {
        self.text.push_str("DELETE FROM payloads WHERE tenant = ? AND room = ? AND lesson = ?");
        self.bind_key(lesson);
        if let Whose::One(person) = whose {
            self.text.push_str(" AND owner = ?");
            self.bind(i64::from(person.0));
        }
        self.text.push(';');
        self.begin_job("SELECT ?, changes(), 0;");
        if whose == Whose::Everyone {
            self.text.push_str("DELETE FROM seats WHERE tenant = ? AND room = ? AND lesson = ?;");
            self.bind_key(lesson);
        }
    }

    /// Destroys the payloads of one person's numbers; a row for each number tells how many.
    pub(super) fn erase_seats(&mut self, seats: &[Seat]) {
        seats.iter().for_each(|(lesson, owner)| self.erase(lesson, Whose::One(*owner)));
    }

    /// Keeps a snapshot if the epoch holds and the log reaches so far. The row tells both.
    pub(super) fn snapshot(&mut self, lesson: &LessonKey, epoch: Epoch, snapshot: &Snapshot) {
        self.ask_head(lesson);
        self.text.push_str(
            "INSERT INTO snapshots (tenant, room, lesson, seq, state, hash)
             SELECT tenant, room, lesson, ?, ?, ? FROM logs
             WHERE tenant = ? AND room = ? AND lesson = ? AND epoch = ? AND last_seq >= ?
             ON CONFLICT DO UPDATE SET seq = excluded.seq, state = excluded.state,
             hash = excluded.hash WHERE excluded.seq > snapshots.seq;",
        );
        self.bind(snapshot.seq.cast_signed());
        self.bind(snapshot.state.clone());
        self.bind(snapshot.hash.clone());
        self.bind_key(lesson);
        self.bind(i64::from(epoch.0));
        self.bind(snapshot.seq.cast_signed());
    }

    /// Replaces bodies of records and drops the snapshot if the epoch holds, which the row tells.
    pub(super) fn rewrite(&mut self, lesson: &LessonKey, epoch: Epoch, records: &[Record]) {
        self.ask_head(lesson);
        let mut bodies = Pile::default();
        records.iter().for_each(|record| bodies.add(&[record.seq.cast_signed()], &record.body));
        self.insert(
            // As an insertion, because an update would go through all records for each one.
            "INSERT INTO records (tenant, room, lesson, seq, epoch, body)
             SELECT tenant, room, lesson, part.value ->> 2, epoch,
                    substr(?, part.value ->> 0, part.value ->> 1)
             FROM logs, json_each(?) part
             WHERE tenant = ? AND room = ? AND lesson = ? AND epoch = ?
             ON CONFLICT DO UPDATE SET body = excluded.body;",
            bodies,
        );
        self.bind_key(lesson);
        self.bind(i64::from(epoch.0));
        self.text.push_str(
            "DELETE FROM snapshots WHERE tenant = ? AND room = ? AND lesson = ?
             AND EXISTS (SELECT 1 FROM logs
             WHERE tenant = ? AND room = ? AND lesson = ? AND epoch = ?);",
        );
        self.bind_key(lesson);
        self.bind_key(lesson);
        self.bind(i64::from(epoch.0));
    }

    /// Runs it all and commits. Returns the two numbers of each job that has a row; if anything
    /// failed, nothing happened.
    pub(super) async fn run(
        mut self,
        connection: &mut SqliteConnection,
    ) -> Result<Vec<Option<(i64, i64)>>, sqlx::Error> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        self.text.push_str("COMMIT;");
        let rows = query_as_with(AssertSqlSafe(self.text), self.values)
            .persistent(self.jobs <= USUAL)
            .fetch_all(&mut *connection)
            .await;
        let rows: Vec<Row> = match rows {
            Ok(rows) => rows,
            Err(error) => {
                // It may have failed before it began; then there is nothing to undo.
                let _nothing = raw_sql("ROLLBACK").execute(connection).await;
                return Err(error);
            }
        };
        let mut numbers = vec![None; self.jobs];
        for (job, first, second) in rows {
            if let Some(place) = usize::try_from(job).ok().and_then(|job| numbers.get_mut(job)) {
                *place = Some((first, second));
            }
        }
        Ok(numbers)
    }

    /// Adds a statement whose first value is the job's place.
    fn begin_job(&mut self, statement: &str) {
        self.text.push_str(statement);
        self.bind(self.jobs as i64);
        self.jobs += 1;
    }

    /// Begins a job whose row tells epoch and end of the log as they were before it.
    fn ask_head(&mut self, lesson: &LessonKey) {
        self.begin_job(
            "SELECT ?, epoch, last_seq FROM logs WHERE tenant = ? AND room = ? AND lesson = ?;",
        );
        self.bind_key(lesson);
    }

    fn insert(&mut self, statement: &str, pile: Pile) {
        self.text.push_str(statement);
        self.bind(pile.bytes);
        self.bind(format!("[{}]", pile.parts));
    }

    /// The condition under which an append may do something.
    fn bind_guard(&mut self, what: &Append, expected: i64) {
        self.text.push_str(
            " WHERE tenant = ? AND room = ? AND lesson = ? AND epoch = ? AND last_seq = ?;",
        );
        self.bind_key(&what.lesson);
        self.bind(i64::from(what.epoch.0));
        self.bind(expected);
    }

    fn bind_key(&mut self, lesson: &LessonKey) {
        let (tenant, room, number) = key(lesson);
        self.bind(tenant.to_owned());
        self.bind(room.to_owned());
        self.bind(number);
    }

    fn bind<T>(&mut self, value: T)
    where
        T: sqlx::Type<sqlx::Sqlite> + sqlx::Encode<'static, sqlx::Sqlite> + 'static,
    {
        if let Err(error) = self.values.add(value) {
            self.failed.get_or_insert(sqlx::Error::Encode(error));
        }
    }
}

/// Whether the records have the sequences that follow `expected_last`.
pub(super) fn follows(what: &Append) -> bool {
    (what.expected_last + 1..).zip(&what.records).all(|(seq, record)| seq == record.seq)
}

/// No log ends there.
const NEVER: i64 = -1;

/// Many values as one: all bytes in a row, and where each begins, its length, and its numbers.
#[derive(Default)]
struct Pile {
    bytes: Vec<u8>,
    parts: String,
}

impl Pile {
    fn add(&mut self, numbers: &[i64], bytes: &[u8]) {
        let comma = if self.parts.is_empty() { "" } else { "," };
        // SQL counts from 1. Writing to a String cannot fail.
        let _ = write!(self.parts, "{comma}[{},{}", self.bytes.len() + 1, bytes.len());
        for number in numbers {
            let _ = write!(self.parts, ",{number}");
        }
        self.parts.push(']');
        self.bytes.extend_from_slice(bytes);
    }
}
