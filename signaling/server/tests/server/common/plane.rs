//! A media plane that notes its orders.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::future::BoxFuture;
use kreide_control::{
    Answer, Command, Connect, ConnectError, MediaPlane, MediaRights, Overloaded, ParticipantNo,
};

#[derive(Default)]
pub(crate) struct FakePlane {
    orders: Mutex<Vec<Command>>,
    pub(crate) overloaded: AtomicBool,
    /// The next order meets a bug.
    pub(crate) faulty: AtomicBool,
}

impl MediaPlane for FakePlane {
    fn connect(&self, connect: Connect) -> BoxFuture<'static, Result<Answer, ConnectError>> {
        let refused = connect.offer.contains("refuse me");
        self.orders.lock().unwrap().push(Command::Connect(connect));
        Box::pin(async move {
            if refused {
                return Err(ConnectError::BadOffer("as asked".to_owned()));
            }
            Ok(Answer { sdp: "v=0 answer".to_owned(), audio_slots: 4, video_slots: 9 })
        })
    }

    fn send(&self, command: Command) -> Result<(), Overloaded> {
        assert!(!self.faulty.swap(false, Ordering::Relaxed), "a bug, as asked");
        if self.overloaded.load(Ordering::Relaxed) {
            return Err(Overloaded);
        }
        self.orders.lock().unwrap().push(command);
        Ok(())
    }
}

impl FakePlane {
    pub(crate) fn orders(&self) -> Vec<Command> {
        self.orders.lock().unwrap().clone()
    }

    /// Those whose media may reach the recorder, as the plane was last told.
    pub(crate) fn recordable(&self) -> Vec<u64> {
        let mut recordable = BTreeSet::new();
        for order in self.orders() {
            let (no, is) = match order {
                Command::Connect(connect) => (connect.participant, connect.recordable),
                Command::SetRecordable { participant, recordable, .. } => (participant, recordable),
                Command::Disconnect { participant, .. } => (participant, false),
                Command::End { .. } => {
                    recordable.clear();
                    continue;
                }
                _ => continue,
            };
            if is {
                recordable.insert(u64::from(no.0));
            } else {
                recordable.remove(&u64::from(no.0));
            }
        }
        recordable.into_iter().collect()
    }

    /// The rights that the plane was last told of a participant; `None` after its transport ended.
    pub(crate) fn rights(&self, no: u64) -> Option<MediaRights> {
        let no = ParticipantNo(u32::try_from(no).unwrap());
        self.orders().iter().fold(None, |last, order| match order {
            Command::Connect(connect) if connect.participant == no => Some(connect.rights),
            Command::SetRights { participant, rights, .. } if *participant == no => Some(*rights),
            Command::Disconnect { participant, .. } if *participant == no => None,
            Command::End { .. } => None,
            _ => last,
        })
    }
}
