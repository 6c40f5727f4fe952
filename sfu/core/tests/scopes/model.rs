//! Random sequences of what can happen, against a model of the rule.

use std::collections::HashSet;
use std::time::Duration;

use kreide_control::{MediaRights, Place, Reach, ScopeNo};
use kreide_sfu_core::Relayed;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::people::People;

/// What the room should do, told as simply as it can be.
#[derive(Clone, Copy, Debug)]
struct Modelled {
    place: Place,
    rights: MediaRights,
    here: bool,
}

impl Modelled {
    /// The rule, in other words than the room's.
    fn may_get(&self, from: &Self, sound: bool) -> bool {
        let (viewer, publisher) = (&self.place, &from.place);
        let mut scopes = vec![viewer.scope];
        scopes.extend(viewer.listens);
        if publisher.everywhere {
            scopes.push(publisher.scope);
        }
        let staff_alone = publisher.reach == Reach::Staff && !viewer.staff;
        let open = if sound { from.rights.microphone } else { from.rights.camera };
        let deaf = sound && !viewer.hears;
        self.here && from.here && scopes.contains(&publisher.scope) && !staff_alone && open && !deaf
    }
}

struct Run {
    people: People,
    model: Vec<Modelled>,
    random: StdRng,
}

impl Run {
    fn place(&mut self) -> Place {
        let random = &mut self.random;
        let mut often = |chance| random.random_bool(chance);
        let (listens, everywhere, staff_alone) = (often(0.2), often(0.1), often(0.15));
        let (staff, hears) = (often(0.2), often(0.9));
        let mut scope = || ScopeNo(random.random_range(0..3));
        Place {
            scope: scope(),
            listens: listens.then(scope),
            everywhere,
            reach: if staff_alone { Reach::Staff } else { Reach::Everyone },
            staff,
            hears,
        }
    }

    fn join(&mut self) {
        let place = self.place();
        let part = self.random.random_range(0..self.people.spread.parts.len());
        let who = self.people.join(part, place);
        let rights = MediaRights { microphone: true, camera: true, content: true };
        self.model.push(Modelled { place, rights, here: true });
        let wishes = self.wishes();
        self.people.look(who, &wishes);
    }

    fn wishes(&mut self) -> Vec<usize> {
        (0..3).map(|_| self.random.random_range(0..self.model.len())).collect()
    }

    /// Whatever happens next.
    fn step(&mut self) {
        let who = self.random.random_range(0..self.model.len());
        if !self.model[who].here {
            return;
        }
        match self.random.random_range(0..20) {
            0 if self.model.len() < 14 => self.join(),
            1 if self.model.len() > 6 => {
                self.model[who].here = false;
                self.people.leave(who);
            }
            2 => {
                let wishes = self.wishes();
                self.people.look(who, &wishes);
            }
            3 => {
                let (microphone, camera) = (self.random.random(), self.random.random());
                let rights = MediaRights { microphone, camera, content: false };
                self.model[who].rights = rights;
                self.people.act(who, |part, key| part.room.set_rights(key, rights, part.now));
            }
            4..8 => {
                let place = self.place();
                self.model[who].place = place;
                self.people.moves(who, place);
            }
            8..13 => self.people.speak(who, self.random.random_range(10..90)),
            13..18 => self.people.film(who),
            _ => self.people.wait(Duration::from_millis(self.random.random_range(1..60))),
        }
    }

    /// Nothing came that the model forbids.
    fn check(&mut self) {
        for came in std::mem::take(&mut self.people.came) {
            let (to, from) = (&self.model[came.to], &self.model[came.from]);
            assert!(
                came.to != came.from && to.may_get(from, came.sound),
                "{came:?} {to:?} {from:?}"
            );
        }
    }

    /// Everybody speaks and films for some seconds, and nobody moves.
    fn all_send(&mut self) -> Vec<HashSet<usize>> {
        let here: Vec<usize> = (0..self.model.len()).filter(|who| self.model[*who].here).collect();
        let mut came = Vec::new();
        for round in 0..160 {
            for who in &here {
                self.people.speak(*who, 25);
                self.people.film(*who);
            }
            self.people.wait(Duration::from_millis(20));
            if round >= 120 {
                came.extend(self.people.came.iter().copied());
            }
            self.check();
        }
        let heard = |to| {
            let came = came.iter().filter(|came| came.sound && came.to == to);
            came.map(|came| came.from).collect()
        };
        (0..self.model.len()).map(heard).collect()
    }
}

#[test]
fn nothing_forbidden_is_delivered_and_voices_are() {
    for seed in 0..45 {
        let parts = 1 + seed as usize % 3;
        let random = StdRng::seed_from_u64(seed);
        let mut run = Run { people: People::new(parts), model: Vec::new(), random };
        (0..5).for_each(|_| run.join());
        for _ in 0..4 {
            // Packets may be lost between parts while all moves.
            let mut lossy = StdRng::seed_from_u64(seed);
            run.people.spread.loses = Box::new(move |message| {
                matches!(message, Relayed::Burst(_)) && lossy.random_bool(0.2)
            });
            for _ in 0..150 {
                run.step();
                run.check();
            }
            run.people.spread.loses = Box::new(|_| false);
            for (to, heard) in run.all_send().into_iter().enumerate() {
                let viewer = &run.model[to];
                let voices = (0..run.model.len()).filter(|from| {
                    let own = *from == to && viewer.rights.microphone;
                    viewer.may_get(&run.model[*from], true) && (own || *from != to)
                });
                let expected = if viewer.here { voices.count().min(3) } else { 0 };
                // The own voice may be one of the three.
                assert!(
                    heard.len() == expected || heard.len() + 1 == expected,
                    "{seed}: {to} hears {heard:?}, of {expected}: {viewer:?}"
                );
            }
        }
    }
}
