//! One bot of a run, and what the run knows of it.

use kreide_bot::{Bot, Counts, Journal, Stage};
use kreide_protocol::ErrorCode;

use super::deeds;
use crate::report::Seen;
use crate::scenario::OthersSend;

/// Somebody of the run.
pub(crate) struct Member {
    pub(super) name: String,
    pub(super) room: u32,
    pub(super) group: usize,
    /// Which of its group.
    pub(super) number: u32,
    /// Which talk it comes to.
    pub(super) talk: Option<u32>,
    pub(super) bot: Bot,
    pub(super) journal: Journal,
    /// How often it lost its lines as it was told.
    pub(super) cuts: usize,
    /// What it was before the last cut.
    pub(super) kept: Option<deeds::Kept>,
    /// Whether somebody sent when it came, so that it can tell how long the first picture took.
    pub(super) into_media: bool,
    pub(super) others_send: OthersSend,
    /// What it was told to send.
    pub(super) sends: bool,
    pub(super) camera_off: bool,
}

impl Member {
    pub(super) fn seen(&self) -> Seen {
        let failed = match self.bot.stage() {
            Stage::Failed(why) => Some(why),
            Stage::Arriving => Some("never arrived".to_owned()),
            Stage::Away => Some("never came back".to_owned()),
            Stage::Closed(ErrorCode::TalkOver) if self.talk.is_some() => None,
            Stage::Closed(code) => Some(format!("closed: {code:?}")),
            Stage::Waiting | Stage::Connected | Stage::Left => None,
        };
        Seen {
            name: self.name.clone(),
            room: self.room,
            counts: self.bot.counts(),
            into_media: self.into_media,
            others_send: self.others_send,
            failed,
            present: true,
            heard: crate::report::each::stretches(&self.journal),
        }
    }

    pub(super) fn counts(&self) -> Counts {
        self.bot.counts()
    }
}
