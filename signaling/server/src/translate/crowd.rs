//! What a browser holds of a crowd, held against the lesson: whatever happens, it is what somebody
//! who joined at this moment would be told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kreide_control::{Epoch, LessonKey, ParticipantNo, Policy, PrivateChat, Role, SourceKind};
use kreide_control::{RoomId, TenantId};
use kreide_lesson::{
    Actor, CROWD, ChatTo, Deal, GroupIntent, Identity, Intent, KeyHash, Lesson, LockKind, Logged,
    Millis, Reaction, Signal, Subject, Text, TokenId, ToolIntent,
};
use kreide_protocol::{LessonEvent, Participant, Stamped};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{ChatIds, Texts};

/// A browser: the list as `web-client/src/session/events.ts` keeps it.
#[derive(Clone, Default)]
struct Browser {
    seq: u64,
    people: BTreeMap<u32, Participant>,
    count: Option<u32>,
    /// What was missed is told with the state of now: of people who have gone since, too.
    catches_up: bool,
}

impl Browser {
    fn of(lesson: &Lesson, texts: &Texts, no: ParticipantNo) -> Self {
        let people = super::snapshot(lesson, texts, no).participants;
        let people = people.into_iter().map(|person| (person.no, person)).collect();
        Self {
            seq: lesson.seq_for(no),
            people,
            count: super::counts(lesson)(no),
            catches_up: false,
        }
    }

    fn apply(&mut self, stamped: Stamped) {
        assert_eq!(stamped.seq, self.seq + 1, "{:?}", stamped.event);
        self.seq = stamped.seq;
        let all = |people: Vec<Participant>| people.into_iter().map(|one| (one.no, one)).collect();
        match stamped.event {
            LessonEvent::Joined { participant } => {
                self.people.insert(participant.no, participant);
            }
            LessonEvent::Left { who } | LessonEvent::Removed { who, .. } => {
                let was_there = self.people.remove(&who).is_some() || self.catches_up;
                assert!(was_there, "{who} left, who was not there");
            }
            LessonEvent::Online { who, online } => self.change(who, |one| one.online = online),
            LessonEvent::Sending { who, kind, on, .. } => self.change(who, |one| {
                one.sending.retain(|other| *other != kind);
                one.sending.extend(on.then_some(kind));
            }),
            LessonEvent::Rights { who, rights, people, .. } => {
                self.people = people.map_or_else(|| std::mem::take(&mut self.people), all);
                self.change(who, |one| one.rights = rights);
            }
            LessonEvent::Locks { people: Some(people), .. } => self.people = all(people),
            LessonEvent::Hand { who, hand } => self.change(who, |one| one.hand = hand),
            LessonEvent::Renamed { who, name, .. } => self.change(who, |one| one.name = name),
            LessonEvent::LetSpeak { who, on, .. } => self.change(who, |one| one.has_word = on),
            LessonEvent::InRoom { who, on } => self.change(who, |one| one.in_room = on),
            LessonEvent::Groups { around, whole, .. } => {
                if whole {
                    self.people.clear();
                }
                for one in self.people.values_mut() {
                    one.sending.clear();
                    (one.hand, one.has_word, one.elsewhere) = (None, false, true);
                }
                self.people.extend(around.into_iter().map(|one| (one.no, one)));
            }
            LessonEvent::People { people, count } => {
                self.people = people.map_or_else(|| std::mem::take(&mut self.people), all);
                self.count = count;
            }
            _ => {}
        }
    }

    /// Changes somebody of whom this browser must have been told.
    fn change(&mut self, no: u32, change: impl FnOnce(&mut Participant)) {
        match self.people.get_mut(&no) {
            Some(person) => change(person),
            None => assert!(self.catches_up, "{no} was not told of"),
        }
    }
}

/// A lesson, its log, and the browsers of some who are in it.
struct School {
    lesson: Lesson,
    texts: Texts,
    log: Vec<Logged>,
    now: i64,
    tokens: u32,
    browsers: BTreeMap<ParticipantNo, Browser>,
    /// Those whose line is down: they get what they missed when it is back.
    away: BTreeSet<ParticipantNo>,
}

impl School {
    fn new() -> Self {
        let key = LessonKey {
            tenant: TenantId::parse("school").unwrap(),
            room: RoomId::parse("hall").unwrap(),
            lesson: 1,
        };
        let mut school = Self {
            lesson: Lesson::new(key),
            texts: Texts::new(ChatIds::new(b"test"), HashMap::new()),
            log: Vec::new(),
            now: 1_700_000_000_000,
            tokens: 0,
            browsers: BTreeMap::new(),
            away: BTreeSet::new(),
        };
        let private_chat = PrivateChat { pupils: true, guests: true, ..PrivateChat::default() };
        let policy = Policy { private_chat, ..Policy::unwritten() };
        school.act(Actor::Server, Intent::SetPolicy { policy, talks: Vec::new() });
        school
    }

    /// Handles, logs, applies, and tells the browsers.
    fn act(&mut self, actor: Actor, intent: Intent) -> Option<ParticipantNo> {
        self.now += 1;
        let at = Millis(self.now);
        let outcome = self.lesson.handle(actor, intent, at).ok()?;
        for payload in outcome.payloads {
            self.texts.learn(payload.id, payload.text);
        }
        for logged in self.lesson.stamp(Epoch(1), at, outcome.events) {
            self.lesson.apply(&logged).unwrap();
            let there: BTreeSet<_> = self.lesson.people().map(|person| person.no.0).collect();
            let hides = self.lesson.room_locks().iter().any(|lock| lock.what == LockKind::People);
            for (no, browser) in &mut self.browsers {
                if !self.away.contains(no) && self.lesson.visible(&logged, *no) {
                    let seq = self.lesson.seq_for(*no);
                    let told = super::stamped(&self.lesson, &self.texts, seq, &logged, *no);
                    let told = told.expect("a message for everything that is counted");
                    let named = match &told.event {
                        // Who is hidden still writes to all.
                        LessonEvent::Chat { message } if !hides => vec![message.from],
                        // A lot stays drawn when its holder is gone.
                        LessonEvent::Tools { tools } => {
                            let named = tools.spotlight.iter().chain(&tools.picked).copied();
                            named.filter(|no| there.contains(no)).collect()
                        }
                        _ => Vec::new(),
                    };
                    browser.apply(told);
                    named.into_iter().for_each(|no| browser.change(no, |_| ()));
                }
            }
            self.log.push(logged);
        }
        for (readers, Signal::Reaction { no, .. }) in outcome.signals {
            for (reader, browser) in &mut self.browsers {
                let role = self.lesson.person(*reader).unwrap().role;
                if !self.away.contains(reader) && readers.includes(*reader, role) {
                    browser.change(no.0, |_| ());
                }
            }
        }
        outcome.seat
    }

    fn join(&mut self, subject: u32) {
        self.tokens += 1;
        let role = match subject {
            0 | 1 => Role::Teacher,
            2 => Role::Presenter,
            3 => Role::Interpreter,
            4 => Role::Observer,
            5..=9 => Role::Guest,
            _ => Role::Pupil,
        };
        let identity = Identity {
            subject: Subject(subject.to_string()),
            role,
            name: Text::from(format!("name of {subject}")),
            consent: false,
            token: TokenId(self.tokens.to_string()),
            token_expires: Millis(self.now + 60_000),
            waits: false,
            seat: None,
            talk: None,
            device: None,
        };
        let seat = self.act(Actor::Door, Intent::Join { identity, key: KeyHash([0; 32]) });
        if let Some(no) = seat.filter(|_| subject < 16) {
            let browser = Browser::of(&self.lesson, &self.texts, no);
            self.browsers.insert(no, browser);
            self.away.remove(&no);
        }
    }

    /// A line that was down is back.
    fn come_back(&mut self, no: ParticipantNo) {
        if !self.away.remove(&no) {
            return;
        }
        let browser = self.browsers.get_mut(&no).unwrap();
        match self.lesson.missed(no, browser.seq, &self.log) {
            Some(missed) => {
                browser.catches_up = true;
                for (seq, logged) in missed {
                    let told = super::stamped(&self.lesson, &self.texts, seq, logged, no);
                    browser.apply(told.unwrap());
                }
                browser.catches_up = false;
                browser.count = super::counts(&self.lesson)(no);
            }
            None => *browser = Browser::of(&self.lesson, &self.texts, no),
        }
    }

    fn check(&mut self) {
        let people: Vec<_> = self.lesson.people().collect();
        let there: BTreeSet<_> = people.iter().map(|person| person.no).collect();
        self.browsers.retain(|no, _| there.contains(no));
        let is_crowd = self.lesson.is_crowd();
        for (no, browser) in &mut self.browsers {
            if self.away.contains(no) {
                continue;
            }
            let fresh = Browser::of(&self.lesson, &self.texts, *no);
            let told: Vec<_> = browser.people.keys().collect();
            assert_eq!(told, fresh.people.keys().collect::<Vec<_>>(), "of {no:?}");
            for person in &people {
                let is_told = browser.people.get(&person.no.0);
                let sees = self.lesson.sees(*no, person.no);
                let stands_out = person.no == *no || self.lesson.stands_out(person.no);
                let is_active = person.hand.is_some() || !person.sending.is_empty();
                let must = !is_crowd || stands_out || is_active || self.lesson.stands_out(*no);
                assert!(!(must && sees) || is_told.is_some(), "{no:?} lacks {person:?}");
                let place = |list: &Browser| list.people.get(&person.no.0).map(|one| one.elsewhere);
                assert_eq!(place(browser), place(&fresh), "of {no:?}, where {person:?} is");
                if let Some(told) = is_told.filter(|_| sees) {
                    assert_eq!(
                        (told.hand, told.sending.len()),
                        (person.hand, person.sending.len())
                    );
                }
            }
            // The number comes by itself, once a second.
            browser.count = fresh.count;
            if !is_crowd || self.lesson.stands_out(*no) {
                assert_eq!(browser.count, None);
            } else if self.lesson.room_locks().is_empty() {
                assert_eq!(browser.count, u32::try_from(people.len()).ok());
            }
        }
    }
}

/// Something that somebody does, often enough that people leave and come about 100 in both ways.
fn happen(school: &mut School, lot: &mut StdRng, grows: bool) {
    let people: Vec<_> = school.lesson.people().map(|person| person.no).collect();
    let Some(any) = people.get(lot.random_range(0..people.len().max(1))).copied() else {
        return school.join(0);
    };
    let other = people[lot.random_range(0..people.len())];
    let teacher = people[0];
    let on = lot.random_bool(0.6);
    let what = [LockKind::Microphone, LockKind::People][usize::from(lot.random_bool(0.5))];
    let kind = [SourceKind::Microphone, SourceKind::Camera][usize::from(on)];
    let text = Text::from("Hallo");
    let led = |school: &mut School, intent| {
        school.act(Actor::Participant(teacher), intent);
    };
    let said = |school: &mut School, intent| {
        school.act(Actor::Participant(any), intent);
    };
    match lot.random_range(0..100) {
        0..=44 if grows => school.join(lot.random_range(0..160)),
        0..=44 => said(school, Intent::Leave),
        45 | 46 => school.join(lot.random_range(0..160)),
        47 => said(school, Intent::Leave),
        48..=51 => {
            school.act(Actor::Server, Intent::Disconnected { who: any });
        }
        52..=57 => said(school, Intent::Hand { up: on }),
        58..=62 => said(school, Intent::Send { kind, on }),
        63..=65 => said(school, Intent::Chat { to: ChatTo::All, text }),
        66..=69 => said(school, Intent::Chat { to: ChatTo::Person(other), text }),
        70 => said(school, Intent::Tool(ToolIntent::React { what: Reaction::Yes })),
        71 => said(school, Intent::Tool(ToolIntent::InRoom { on })),
        72 => said(school, Intent::Rename { who: any, name: Text::from("Emil") }),
        73 | 74 => led(school, Intent::LetSpeak { who: any, on }),
        75 | 76 => led(school, Intent::Tool(ToolIntent::Spotlight { who: vec![any] })),
        77 => led(school, Intent::Tool(ToolIntent::Pick { seed: lot.random() })),
        78..=80 => led(school, Intent::Lock { who: None, what, locked: on }),
        81 => led(school, Intent::Lock { who: Some(any), what: LockKind::Chat, locked: on }),
        82 | 83 => led(school, Intent::Grant { who: any, what: LockKind::People, on }),
        84 => led(school, Intent::Quiet { on }),
        85 => led(school, Intent::Mute { who: any, kind }),
        86 => led(school, Intent::Remove { who: any }),
        87 => led(school, Intent::ToLobby { who: any }),
        88 => led(school, Intent::Admit { who: None }),
        89 => {
            let deal = GroupIntent::Deal { deal: Deal::Number(4), shuffled: true, seed: 3 };
            led(school, Intent::Groups(deal));
        }
        90 => led(school, Intent::Groups(GroupIntent::Offer { groups: 3 })),
        91 => said(school, Intent::Groups(GroupIntent::Choose { group: 2 })),
        92 => led(school, Intent::Groups(GroupIntent::Open { minutes: None })),
        93 | 94 => led(school, Intent::Groups(GroupIntent::Close)),
        95 => led(school, Intent::Groups(GroupIntent::Assign { who: any, group: on.then_some(1) })),
        96 => said(school, Intent::Chat { to: ChatTo::Group(1), text }),
        97 => {
            school.away.insert(any);
        }
        _ => {
            let away: Vec<_> = school.away.iter().copied().collect();
            away.into_iter().for_each(|no| school.come_back(no));
        }
    }
    school.away.retain(|no| school.browsers.contains_key(no));
}

#[test]
fn a_browser_holds_of_a_crowd_what_it_is_to_hold() {
    let (mut began, mut ended, mut crowded) = (0, 0, 0);
    for seed in 0..SEEDS {
        let mut lot = StdRng::seed_from_u64(seed);
        let mut school = School::new();
        (0..CROWD as u32 - 2).for_each(|subject| school.join(subject));
        for step in 0..STEPS {
            let was_crowd = school.lesson.is_crowd();
            happen(&mut school, &mut lot, step / 100 % 2 == 0);
            school.check();
            began += u32::from(!was_crowd && school.lesson.is_crowd());
            ended += u32::from(was_crowd && !school.lesson.is_crowd());
            crowded += u64::from(was_crowd);
        }
    }
    assert!(began > 1 && ended > 1, "it went both ways: {began}, {ended}");
    assert!(crowded > SEEDS * STEPS / 4, "{crowded} steps in a crowd");
}

/// How many lessons, and how long each is.
const SEEDS: u64 = 3;
const STEPS: u64 = 200;
