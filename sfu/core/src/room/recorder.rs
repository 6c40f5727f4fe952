//! What the recorder is told beyond packets: what it can ask for.

use kreide_control::{Source, SourceKind};

use crate::member::Member;

use super::{RoomEvent, RoomPart};

impl RoomPart {
    /// Tells the recorder which pictures it can ask for, if that has changed.
    pub(super) fn tell_recorder(&mut self) {
        let Some((recorder, told)) = &self.recorder else { return };
        let Some(recorder) = self.member(*recorder).filter(|member| member.connected) else {
            return;
        };
        let pictures: Vec<Source> =
            self.members.iter().flatten().flat_map(|m| recordable_pictures(m, recorder)).collect();
        if pictures != *told
            && let Some((_, told)) = &mut self.recorder
        {
            told.clone_from(&pictures);
            self.events.push_back(RoomEvent::Pictures(pictures));
        }
    }
}

fn recordable_pictures(member: &Member, recorder: &Member) -> impl Iterator<Item = Source> {
    let recordable = member.recordable && recorder.place.receives(&member.place);
    let fits = |kind: &SourceKind| {
        let publication = member.publication(*kind).filter(|publication| publication.flowing);
        let line = publication.filter(|_| recordable && !kind.is_audio()).map(|p| &p.line);
        line.is_some_and(|line| recorder.video_slots.iter().any(|slot| line.fits(&slot.line)))
    };
    let kinds = SourceKind::ALL.into_iter().filter(fits);
    kinds
        .map(|kind| Source { participant: member.participant, kind })
        .collect::<Vec<_>>()
        .into_iter()
}
