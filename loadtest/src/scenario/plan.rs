//! A scenario with all its numbers, checked.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use kreide_bot::{Camera, Watching};
use kreide_control::{Lobby, Policy};
use kreide_protocol::{Kind, Role};
use serde::Deserialize;

use super::{CameraKind, Client, Deed, PlainText, Scenario, StepText, Value};

/// What is going to happen.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) rooms: u32,
    pub(crate) groups: Vec<Group>,
    pub(crate) steps: Vec<Step>,
    /// Somebody presses record, so links come with the school's consent.
    pub(crate) records: bool,
    /// What is decided for the rooms.
    pub(crate) policy: Policy,
    /// Talks of each room.
    pub(crate) talks: u32,
}

/// Some who are alike.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// In each room.
    pub(crate) count: u32,
    pub(crate) sends: Vec<Kind>,
    pub(crate) camera: Camera,
    pub(crate) watching: Watching,
    pub(crate) client: Client,
    pub(crate) door: Doorway,
}

/// What lets them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Doorway {
    /// One link for all.
    Class,
    /// Each has a link of their own.
    Personal,
    /// The first comes to this talk, the others to the next ones.
    Talk(u32),
}

/// One thing that happens. Groups are named by their place in [`Plan::groups`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// All of these groups come, evenly spread over the time.
    Join { groups: Vec<usize>, within: Duration },
    /// They switch on what they send.
    Send { groups: Vec<usize> },
    /// Nothing happens.
    Wait(Duration),
    /// Teachers press record, and all wait until it runs.
    Record,
    /// From here on everything counts.
    Measure,
    /// From here to the end somebody of the group changes something.
    Churn { group: usize, change: Change, every: Duration },
    /// Somebody does something, or something must be so.
    Do(Deed),
}

/// What somebody changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// Leaves, and comes back.
    Leave,
    /// Looks at others.
    Turn,
    /// Switches the camera off, and on again.
    Camera,
}

impl Scenario {
    /// Puts the values in.
    ///
    /// # Errors
    /// Says what is wrong, or what the server cannot do yet.
    pub(crate) fn plan(&self) -> Result<Plan> {
        let values = &self.values;
        let number = |name: &str, default: f64| match values.get(name) {
            Some(Value::Number(number)) => *number,
            _ => default,
        };
        let pps = number("pps", 0.0);
        ensure!(pps <= MOST_PACKETS, "pps: more than {MOST_PACKETS} packets a second");
        let rooms = number("rooms", 1.0);
        ensure!((1.0..=MOST_ROOMS).contains(&rooms), "rooms: expected 1 to {MOST_ROOMS}");
        let mut groups = Vec::new();
        for people in &self.people {
            let count =
                people.count.whole(values, MOST_PEOPLE).with_context(|| people.name.clone())?;
            groups.push(Group {
                name: people.name.clone(),
                role: people.role,
                count,
                sends: people.sends.clone(),
                camera: match people.camera {
                    CameraKind::Large => Camera::large(pps as u32),
                    CameraKind::Small => Camera::small(),
                    CameraKind::Single => Camera::single(pps as u32),
                    CameraKind::Even => Camera::even(pps as u32),
                },
                watching: Watching { slots: people.watches.slots, height: people.watches.height },
                client: people.client,
                door: match (people.talk, people.personal) {
                    (Some(talk), _) => Doorway::Talk(talk),
                    (None, true) => Doorway::Personal,
                    (None, false) => Doorway::Class,
                },
            });
        }
        let total: u32 = groups.iter().map(|group| group.count).sum();
        let total = f64::from(total) * rooms;
        ensure!(total >= 1.0, "nobody takes part");
        ensure!(total <= f64::from(MOST_PEOPLE), "{total} people are more than {MOST_PEOPLE}");
        let whole = groups.iter().filter(|group| group.client == Client::Webrtc);
        let whole = f64::from(whole.map(|group| group.count).sum::<u32>()) * rooms;
        ensure!(whole <= MOST_WEBRTC, "{whole} whole peer connections are more than {MOST_WEBRTC}");
        let talks = self.room.talks.whole(values, MOST_TALKS).context("talks")?;
        let mut plan = Plan {
            rooms: rooms as u32,
            groups,
            steps: Vec::new(),
            records: false,
            policy: self.policy(talks),
            talks,
        };
        for step in &self.steps {
            plan.steps.extend(self.step(step, &plan.groups)?);
        }
        plan.records = plan.steps.contains(&Step::Record);
        plan.check()?;
        Ok(plan)
    }

    /// Everything is open but what the scenario is about.
    fn policy(&self, talks: u32) -> Policy {
        let waits = self.room.waits;
        Policy {
            lobby: if waits { Lobby::Guests } else { Lobby::Nobody },
            early: !waits,
            supervised: self.room.supervised,
            locked: BTreeSet::new(),
            talks: talks > 0,
            ..Policy::default()
        }
    }

    fn step(&self, step: &StepText, groups: &[Group]) -> Result<Option<Step>> {
        let values = &self.values;
        let place = |name: &String| {
            let found = groups.iter().position(|group| group.name == *name);
            found.with_context(|| format!("there are no people called {name}"))
        };
        let places = |names: &[String]| names.iter().map(place).collect::<Result<Vec<_>>>();
        let seconds = |amount: &super::Amount| {
            let seconds = amount.of(values)?;
            ensure!(seconds <= LONGEST_S, "{seconds} s are more than {LONGEST_S}");
            Ok(Duration::from_secs_f64(seconds))
        };
        let step = match step {
            StepText::Deed(deed) => return Ok(Some(Step::Do(deed.deed(values, place)?))),
            StepText::Plain(step) => step,
        };
        Ok(Some(match step {
            PlainText::Join { people, within_s } => {
                Step::Join { groups: places(people)?, within: seconds(within_s)? }
            }
            PlainText::Send { people } => Step::Send { groups: places(people)? },
            PlainText::Wait { seconds: amount } => Step::Wait(seconds(amount)?),
            PlainText::Measure => Step::Measure,
            PlainText::Record { when: Some(when) } => match values.get(when) {
                Some(Value::Switch(true)) => Step::Record,
                Some(Value::Switch(false)) => return Ok(None),
                _ => bail!("record: there is no switch {when}"),
            },
            PlainText::Record { when: None } => Step::Record,
            PlainText::Churn { people, change, every_s } => {
                let every = seconds(every_s)?;
                ensure!(every >= SHORTEST_CHANGE, "churn: every_s is less than 0.05");
                Step::Churn { group: place(people)?, change: *change, every }
            }
        }))
    }
}

/// What the others in somebody's room send, once all send what they are told to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OthersSend {
    pub(crate) voices: bool,
    pub(crate) pictures: bool,
}

impl Plan {
    /// Somebody does something that is judged by what everyone heard and was told.
    pub(crate) fn is_judged(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Do(_)))
    }

    /// Everybody in all rooms.
    pub(crate) fn participants(&self) -> u32 {
        self.rooms * self.groups.iter().map(|group| group.count).sum::<u32>()
    }

    /// What one of a group can expect to hear and see.
    pub(crate) fn others_send(&self, group: usize) -> OthersSend {
        let told = |place: usize| {
            let sends =
                |step: &Step| matches!(step, Step::Send { groups } if groups.contains(&place));
            self.steps.iter().any(sends)
        };
        let some = |kinds: &[Kind]| {
            self.groups.iter().enumerate().any(|(place, other)| {
                let others = other.count.saturating_sub(u32::from(place == group));
                others > 0 && told(place) && other.sends.iter().any(|kind| kinds.contains(kind))
            })
        };
        OthersSend {
            voices: some(&[Kind::Microphone, Kind::ContentAudio]),
            pictures: some(&[Kind::Camera, Kind::Content]),
        }
    }

    fn check(&self) -> Result<()> {
        for group in &self.groups {
            if let Doorway::Talk(first) = group.door {
                let fits = first >= 1 && first - 1 + group.count <= self.talks;
                ensure!(fits, "{}: there are only {} talks", group.name, self.talks);
            }
        }
        let measures = self.steps.iter().filter(|step| **step == Step::Measure).count();
        ensure!(measures == 1, "a scenario has exactly one step \"measure\", not {measures}");
        let mut there = vec![false; self.groups.len()];
        for step in &self.steps {
            let needed: &[usize] = match step {
                Step::Join { groups, .. } => {
                    for group in groups {
                        let name = &self.groups[*group].name;
                        ensure!(!there[*group], "{name} joins twice");
                        there[*group] = true;
                    }
                    &[]
                }
                Step::Send { groups } => groups,
                Step::Churn { group, .. } => std::slice::from_ref(group),
                Step::Do(deed) => deed.needs(),
                Step::Wait(_) | Step::Record | Step::Measure => &[],
            };
            for group in needed {
                ensure!(
                    there[*group],
                    "{} does something before it joined",
                    self.groups[*group].name
                );
            }
        }
        Ok(())
    }
}

const MOST_PEOPLE: u32 = 20_000;
/// Each costs many times what a bot does: beyond this one would measure them.
const MOST_WEBRTC: f64 = 24.0;
/// As many as a room has.
const MOST_TALKS: u32 = 500;
const MOST_ROOMS: f64 = 5_000.0;
const MOST_PACKETS: f64 = 10_000.0;
const LONGEST_S: f64 = 86_400.0;
const SHORTEST_CHANGE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::super::BUILT_IN;
    use super::*;

    #[test]
    fn every_built_in_scenario_has_a_plan() {
        for (name, text) in BUILT_IN {
            let plan = Scenario::parse(text).unwrap().plan().unwrap();
            assert!(plan.participants() > 1, "{name}");
        }
    }

    #[test]
    fn values_change_the_plan() {
        let mut scenario = Scenario::find("classroom").unwrap();
        for set in ["participants=20", "cameras=4", "rooms=3", "record=true", "pps=480"] {
            scenario.set(set).unwrap();
        }
        let plan = scenario.plan().unwrap();
        assert_eq!((plan.participants(), plan.rooms, plan.records), (60, 3, true));
        assert_eq!(plan.groups[0].camera.layers[2].packets_per_second, 480);
        for wrong in ["participants", "nobody=1", "record=1", "pps=x", "pps=-1"] {
            assert!(scenario.set(wrong).is_err(), "{wrong}");
        }
        scenario.set("webrtc=9").unwrap();
        assert!(scenario.plan().is_err(), "27 whole peer connections");
        scenario.set("webrtc=0").unwrap();
        scenario.set("cameras=19").unwrap();
        assert!(scenario.plan().is_err(), "less than nobody cannot be");
    }

    #[test]
    fn who_is_alone_on_stage_expects_nobody() {
        let plan = Scenario::find("webinar").unwrap().plan().unwrap();
        let all = OthersSend { voices: true, pictures: true };
        let expected = [OthersSend::default(), all, all];
        assert_eq!([0, 1, 2].map(|group| plan.others_send(group)), expected);
        let plan = Scenario::find("fanout").unwrap().plan().unwrap();
        assert_eq!(plan.others_send(1), OthersSend { voices: false, pictures: true });
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        let people = "about = \"\"\n[values]\n[[people]]\nname = \"a\"\nrole = \"pupil\"\ncount = 1\n\
                      watches = { slots = 1, height = 1 }\n";
        let join = "[[steps]]\ndo = \"join\"\npeople = [\"a\"]\n";
        let measure = "[[steps]]\ndo = \"measure\"\n";
        for (steps, said) in [
            (join.to_owned(), "exactly one"),
            (format!("{join}{join}{measure}"), "joins twice"),
            (format!("{measure}[[steps]]\ndo = \"send\"\npeople = [\"a\"]\n"), "before it joined"),
            (
                format!("{measure}[[steps]]\ndo = \"send\"\npeople = [\"b\"]\n"),
                "no people called b",
            ),
        ] {
            let scenario = Scenario::parse(&format!("{people}{steps}")).unwrap();
            let error = scenario.plan().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(Scenario::parse(&format!("{people}{join}x = 1\n")).is_err());
    }
}
