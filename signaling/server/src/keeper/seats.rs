//! Who is connected, and what the media plane was told about them.
//!
//! Invariant: a seat has at most one connection, the newest; a connection has at most one seat.
//! A seat that was handed out to be changed counts as changed until the media plane was told.
//! Left out on purpose: rights and consent. They are compared with what was told in `media`.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kreide_control::{MediaRights, ParticipantNo, Place, SlotMapping, View};
use kreide_protocol::{MESSAGE_BURST, MESSAGES_PER_SECOND};
use tokio::time::Instant;

use super::stirred::Stirred;
use crate::limit::{Bucket, Rate};
use crate::outbox::Outbox;

/// How much one person may say, by whatever connections and calls. Twice what one connection may:
/// a reload has two, and what waited for a busy task comes at once.
const PACE: Rate =
    Rate { burst: 2.0 * MESSAGE_BURST as f64, per_second: 2.0 * MESSAGES_PER_SECOND as f64 };

/// Names one WebSocket, unique within the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// Seats that somebody held since the task began.
#[derive(Default)]
pub(super) struct Seats {
    seats: BTreeMap<ParticipantNo, Seat>,
    holders: HashMap<ConnectionId, ParticipantNo>,
    /// When seats without a connection go offline; those that already have are not among them.
    leaving: BTreeMap<ParticipantNo, Instant>,
    /// Seats of which the media plane may not know all.
    changed: BTreeSet<ParticipantNo>,
}

#[derive(Default)]
pub(super) struct Seat {
    pub(super) connection: Option<Connection>,
    pub(super) transport: Option<Transport>,
    /// What this person may still say, since they first said something.
    pace: Option<Bucket>,
}

pub(super) struct Connection {
    pub(super) id: ConnectionId,
    pub(super) outbox: Outbox,
    /// The key that opens the seat next time.
    pub(super) resume: String,
    /// How many of the events that wait to be told its state held already.
    pub(super) knows: usize,
    pub(super) stage: Stage,
}

/// How far a connection is.
pub(super) enum Stage {
    /// The seat is taken; `joined` waits for the media plane's answer.
    Joining(Joining),
    /// The seat must be waited for; `joined` follows when its holder is let in.
    Waiting,
    /// Everything that happens is sent.
    Live {
        /// An offer is being answered.
        offering: bool,
    },
}

/// What the reply to a join needs.
pub(super) struct Joining {
    pub(super) reference: Option<u32>,
    pub(super) since: Option<u64>,
}

/// What the media plane was told about a participant's transport.
pub(super) struct Transport {
    pub(super) told: MediaRights,
    /// Whether it was told that this participant may be recorded.
    pub(super) recordable: bool,
    /// Where it was told that this participant is.
    pub(super) place: Place,
    /// A view that the plane had no room for yet.
    pub(super) view: Option<View>,
    /// What its video slots carry, for a connection that comes back to it.
    pub(super) slots: BTreeMap<u8, SlotMapping>,
    pub(super) fate: Fate,
}

/// What becomes of a transport.
///
/// A lost one is still told of rights until its seat is given up: the news may be of an earlier
/// transport, and a lock that is told once too often does no harm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Living,
    /// The plane says that it is gone.
    Lost,
    /// It is to be closed.
    Closing,
}

impl Transport {
    /// One that was just offered with these rights.
    pub(super) fn new(told: MediaRights, recordable: bool, place: Place) -> Self {
        Self { told, recordable, place, view: None, slots: BTreeMap::new(), fate: Fate::Living }
    }
}

impl Seats {
    pub(super) fn iter(&self) -> impl Iterator<Item = (ParticipantNo, &Seat)> {
        self.seats.iter().map(|(no, seat)| (*no, seat))
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = (ParticipantNo, &mut Seat)> {
        self.changed.extend(self.seats.keys());
        self.seats.iter_mut().map(|(no, seat)| (*no, seat))
    }

    pub(super) fn get(&self, no: ParticipantNo) -> Option<&Seat> {
        self.seats.get(&no)
    }

    pub(super) fn get_mut(&mut self, no: ParticipantNo) -> &mut Seat {
        self.changed.insert(no);
        self.seats.entry(no).or_default()
    }

    /// A seat to be brought into line with what the media plane was told.
    pub(super) fn looked_at(&mut self, no: ParticipantNo) -> Option<&mut Seat> {
        self.seats.get_mut(&no)
    }

    /// Notes that the media plane may not know all of this seat.
    pub(super) fn changed(&mut self, no: ParticipantNo) {
        self.changed.insert(no);
    }

    /// Those of whom the media plane may not know all, whether the seat has changed or the lesson
    /// says so.
    pub(super) fn take_changed(&mut self, stirred: Stirred) -> BTreeSet<ParticipantNo> {
        let mut changed = std::mem::take(&mut self.changed);
        match stirred {
            Stirred::Everyone => changed.extend(self.seats.keys()),
            Stirred::Some(some) => changed.extend(some),
        }
        changed
    }

    /// Whether one more message of this person is within the pace.
    pub(super) fn keeps_pace(&mut self, no: ParticipantNo, now: Instant) -> bool {
        let seat = self.seats.entry(no).or_default();
        seat.pace.get_or_insert_with(|| Bucket::full(PACE, now)).take(PACE, now)
    }

    /// The seat that a connection holds.
    pub(super) fn held_by(&self, id: ConnectionId) -> Option<ParticipantNo> {
        self.holders.get(&id).copied()
    }

    /// Gives the seat to a connection; returns the one that held it.
    pub(super) fn seat(&mut self, no: ParticipantNo, connection: Connection) -> Option<Connection> {
        self.holders.insert(connection.id, no);
        self.leaving.remove(&no);
        let before = self.get_mut(no).connection.replace(connection);
        if let Some(before) = &before {
            self.holders.remove(&before.id);
        }
        before
    }

    /// Takes a seat's connection away.
    pub(super) fn unseat(&mut self, no: ParticipantNo) -> Option<Connection> {
        let connection = self.seats.get_mut(&no)?.connection.take()?;
        self.holders.remove(&connection.id);
        Some(connection)
    }

    pub(super) fn connected(&self) -> usize {
        self.holders.len()
    }

    /// Connections that get everything that happens.
    pub(super) fn live(&self) -> impl Iterator<Item = (ParticipantNo, &Connection)> {
        self.seats.iter().filter_map(|(no, seat)| {
            let connection = seat.connection.as_ref()?;
            matches!(connection.stage, Stage::Live { .. }).then_some((*no, connection))
        })
    }

    /// The same, to be noted on.
    pub(super) fn live_mut(&mut self) -> impl Iterator<Item = (ParticipantNo, &mut Connection)> {
        self.seats.iter_mut().filter_map(|(no, seat)| {
            let connection = seat.connection.as_mut()?;
            matches!(connection.stage, Stage::Live { .. }).then_some((*no, connection))
        })
    }

    /// Lets a seat go offline then, unless somebody takes it before.
    pub(super) fn goes_offline(&mut self, no: ParticipantNo, at: Instant) {
        self.leaving.insert(no, at);
    }

    /// Seats whose time has come to go offline.
    pub(super) fn offline_by(&mut self, now: Instant) -> Vec<ParticipantNo> {
        let due: Vec<_> =
            self.leaving.iter().filter(|(_, at)| **at <= now).map(|(no, _)| *no).collect();
        self.leaving.retain(|_, at| *at > now);
        due
    }

    /// A seat's connection, if it gets everything that happens.
    pub(super) fn live_connection(&self, no: ParticipantNo) -> Option<&Connection> {
        let connection = self.seats.get(&no)?.connection.as_ref()?;
        matches!(connection.stage, Stage::Live { .. }).then_some(connection)
    }

    /// When the next seat goes offline.
    pub(super) fn next_offline(&self) -> Option<Instant> {
        self.leaving.values().copied().min()
    }
}
