//! What a bot asks to see, as the client does: content large, then cameras in seating order.
//!
//! Invariant: who has a slot keeps it, so that a view that changes little makes few switches.

use std::collections::BTreeMap;

use kreide_protocol::{Kind, SlotWish, SourceRef};

/// How much a bot looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watching {
    /// Pictures at once: 4 on a phone, 9 for a pupil, 30 for a teacher.
    pub slots: u8,
    /// Height of a camera's place in pixels.
    pub height: u16,
}

/// The wishes of one bot.
#[derive(Debug)]
pub(crate) struct View {
    watching: Watching,
    me: u32,
    /// Who sends what.
    people: BTreeMap<u32, Vec<Kind>>,
    slots: Vec<Option<SourceRef>>,
    /// How many cameras are passed over, as if the grid was turned by so many.
    turned: usize,
}

impl View {
    pub(crate) fn new(watching: Watching, me: u32) -> Self {
        let slots = vec![None; usize::from(watching.slots)];
        Self { watching, me, people: BTreeMap::new(), slots, turned: 0 }
    }

    pub(crate) fn is(&mut self, who: u32, sending: Vec<Kind>) {
        self.people.insert(who, sending);
    }

    pub(crate) fn gone(&mut self, who: u32) {
        self.people.remove(&who);
    }

    /// Nothing is asked for any more, so that all of it will be.
    pub(crate) fn forget_slots(&mut self) {
        self.slots.iter_mut().for_each(|slot| *slot = None);
    }

    /// Nobody else is there any more.
    pub(crate) fn keep(&mut self, who: impl Fn(u32) -> bool) {
        self.people.retain(|no, _| who(*no));
    }

    pub(crate) fn sending(&mut self, who: u32, kind: Kind, on: bool) {
        let sending = self.people.entry(who).or_default();
        sending.retain(|known| *known != kind);
        if on {
            sending.push(kind);
        }
    }

    /// Turns to the next page of cameras.
    pub(crate) fn turn(&mut self) {
        self.turned = self.turned.wrapping_add(self.slots.len().max(1));
    }

    pub(crate) fn wished(&self, slot: usize) -> Option<SourceRef> {
        self.slots.get(slot).copied().flatten()
    }

    /// The wishes for the people as they are now, or `None` if they are those of before.
    pub(crate) fn update(&mut self) -> Option<Vec<SlotWish>> {
        let wanted = self.wanted();
        let before = self.slots.clone();
        for slot in &mut self.slots {
            *slot = slot.filter(|source| wanted.contains(source));
        }
        for source in wanted {
            if self.slots.contains(&Some(source)) {
                continue;
            }
            let Some(free) = self.slots.iter_mut().find(|slot| slot.is_none()) else { break };
            *free = Some(source);
        }
        (before != self.slots).then(|| self.wishes())
    }

    fn wanted(&self) -> Vec<SourceRef> {
        let sources = |kind: Kind| {
            self.people
                .iter()
                .filter(move |(who, sending)| **who != self.me && sending.contains(&kind))
                .map(move |(who, _)| SourceRef { participant: *who, kind })
        };
        let mut wanted: Vec<SourceRef> = sources(Kind::Content).collect();
        let mut cameras: Vec<SourceRef> = sources(Kind::Camera).collect();
        if !cameras.is_empty() {
            let pages = self.turned % cameras.len();
            cameras.rotate_left(pages);
        }
        wanted.append(&mut cameras);
        wanted.truncate(self.slots.len());
        wanted
    }

    fn wishes(&self) -> Vec<SlotWish> {
        let wish = |(slot, source): (usize, &Option<SourceRef>)| {
            let source = (*source)?;
            let (height, priority) = match source.kind {
                Kind::Content => (CONTENT_HEIGHT.max(self.watching.height), 30),
                _ => (self.watching.height, 10),
            };
            Some(SlotWish { slot: slot as u8, source, height, priority })
        };
        self.slots.iter().enumerate().filter_map(wish).collect()
    }
}

const CONTENT_HEIGHT: u16 = 720;

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(view: &mut View) -> Option<Vec<(u8, u32, u16)>> {
        let wishes = view.update()?;
        Some(wishes.iter().map(|w| (w.slot, w.source.participant, w.height)).collect())
    }

    #[test]
    fn content_first_then_cameras_and_everyone_keeps_the_place() {
        let mut view = View::new(Watching { slots: 3, height: 180 }, 2);
        view.is(1, vec![Kind::Content, Kind::Camera]);
        view.is(2, vec![Kind::Camera]);
        view.is(3, vec![Kind::Camera]);
        assert_eq!(shown(&mut view), Some(vec![(0, 1, 720), (1, 1, 180), (2, 3, 180)]));
        assert_eq!(shown(&mut view), None);
        view.sending(4, Kind::Camera, true);
        assert_eq!(shown(&mut view), None, "no place for a fourth");
        view.sending(1, Kind::Content, false);
        assert_eq!(shown(&mut view), Some(vec![(0, 4, 180), (1, 1, 180), (2, 3, 180)]));
        view.gone(1);
        assert_eq!(shown(&mut view), Some(vec![(0, 4, 180), (2, 3, 180)]));
    }

    #[test]
    fn turning_shows_others() {
        let mut view = View::new(Watching { slots: 1, height: 180 }, 9);
        (1..=3).for_each(|who| view.is(who, vec![Kind::Camera]));
        let mut seen = Vec::new();
        for _ in 0..3 {
            seen.extend(shown(&mut view).unwrap());
            view.turn();
        }
        assert_eq!(seen, [(0, 1, 180), (0, 2, 180), (0, 3, 180)]);
    }
}
