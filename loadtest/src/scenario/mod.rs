//! Scenarios: people and steps as data.
//!
//! Invariant: a [`Plan`] is complete and consistent; whatever is wrong with a file is said before
//! anything starts.

mod amount;
mod deeds;
mod plan;

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use kreide_protocol::{Kind, Role};
use serde::{Deserialize, Serialize};

pub(crate) use amount::Amount;
use deeds::DeedText;
pub(crate) use deeds::{Deed, Wait, Whom};
pub(crate) use plan::{Change, Doorway, OthersSend, Plan, Step};

/// The scenarios that come along.
pub(crate) const BUILT_IN: [(&str, &str); 14] = [
    ("classroom", include_str!("../../scenarios/classroom.toml")),
    ("webinar", include_str!("../../scenarios/webinar.toml")),
    ("fanout", include_str!("../../scenarios/fanout.toml")),
    ("drip", include_str!("../../scenarios/drip.toml")),
    ("bell", include_str!("../../scenarios/bell.toml")),
    ("parents", include_str!("../../scenarios/parents.toml")),
    ("idle", include_str!("../../scenarios/idle.toml")),
    ("churn", include_str!("../../scenarios/churn.toml")),
    ("breakout", include_str!("../../scenarios/breakout.toml")),
    ("focus", include_str!("../../scenarios/focus.toml")),
    ("speak", include_str!("../../scenarios/speak.toml")),
    ("talks", include_str!("../../scenarios/talks.toml")),
    ("pause", include_str!("../../scenarios/pause.toml")),
    ("takeover", include_str!("../../scenarios/takeover.toml")),
];

/// A scenario as it stands in its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// One line about it.
    pub(crate) about: String,
    /// What can be changed by `--set`.
    pub(crate) values: Values,
    #[serde(default)]
    room: RoomText,
    people: Vec<People>,
    steps: Vec<StepText>,
}

/// Numbers and switches by name; a switch is 0 or 1.
pub(crate) type Values = BTreeMap<String, Value>;

/// A number or a switch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Value {
    Switch(bool),
    Number(f64),
}

/// The rooms. Without a word nobody waits in them, nothing is locked and nobody watches over them.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct RoomText {
    /// Pupils wait until a teacher is there, and guests in the lobby.
    waits: bool,
    /// The lesson rests while no teacher is there.
    supervised: bool,
    /// So many talks, one family after the other. All of them are due.
    talks: Amount,
}

/// Some who are alike.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct People {
    pub(crate) name: String,
    pub(crate) role: Role,
    /// In each room.
    count: Amount,
    #[serde(default)]
    pub(crate) sends: Vec<Kind>,
    #[serde(default)]
    pub(crate) camera: CameraKind,
    pub(crate) watches: Watches,
    #[serde(default)]
    pub(crate) client: Client,
    /// Each has a link of their own instead of one for all.
    #[serde(default)]
    personal: bool,
    /// The first has the link of this talk, the second that of the next, and so on.
    talk: Option<u32>,
}

/// What somebody takes part by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Client {
    /// The thin client: hundreds fit in a process.
    #[default]
    Bot,
    /// A whole peer connection of the `webrtc` crate, its camera without simulcast.
    Webrtc,
}

/// Which camera somebody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CameraKind {
    /// 720 lines, three layers.
    Large,
    /// 360 lines, two layers.
    #[default]
    Small,
    /// 720 lines, one layer.
    Single,
    /// The same, one packet at a time.
    Even,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Watches {
    /// Pictures at once.
    pub(crate) slots: u8,
    /// Pixels of a camera's place.
    pub(crate) height: u16,
}

#[derive(Clone, Debug)]
enum StepText {
    Plain(PlainText),
    Deed(DeedText),
}

/// By its name first, so that a fault in a deed is said of the deed.
impl<'de> Deserialize<'de> for StepText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let step = toml::Value::deserialize(deserializer)?;
        let name = step.get("do").and_then(toml::Value::as_str).unwrap_or_default();
        let is_deed = deeds::NAMES.contains(&name);
        let read = if is_deed {
            step.try_into().map(Self::Deed)
        } else {
            step.try_into().map(Self::Plain)
        };
        read.map_err(D::Error::custom)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
enum PlainText {
    Join {
        people: Vec<String>,
        #[serde(default)]
        within_s: Amount,
    },
    Send {
        people: Vec<String>,
    },
    Wait {
        seconds: Amount,
    },
    Record {
        when: Option<String>,
    },
    Measure,
    Churn {
        people: String,
        change: Change,
        every_s: Amount,
    },
}

impl Scenario {
    /// A built-in scenario by its name, or the file of this name.
    pub(crate) fn find(name: &str) -> Result<Self> {
        if let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) {
            return Self::parse(text);
        }
        let known: Vec<&str> = BUILT_IN.iter().map(|(known, _)| *known).collect();
        let text = std::fs::read_to_string(name).with_context(|| {
            format!("{name} is no file and no built-in scenario ({})", known.join(", "))
        })?;
        Self::parse(&text).with_context(|| format!("{name} is no scenario"))
    }

    pub(crate) fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }

    /// Takes `name=value`. Only values that the scenario has can be set.
    pub(crate) fn set(&mut self, assignment: &str) -> Result<()> {
        let Some((name, text)) = assignment.split_once('=') else {
            bail!("--set {assignment}: expected NAME=VALUE");
        };
        let known = self.values();
        let Some(value) = self.values.get_mut(name) else {
            bail!("--set {assignment}: the scenario has no such value, only {known}");
        };
        *value = match (*value, text.parse::<f64>(), text.parse::<bool>()) {
            (Value::Switch(_), _, Ok(switch)) => Value::Switch(switch),
            (Value::Number(_), Ok(number), _) if number.is_finite() && number >= 0.0 => {
                Value::Number(number)
            }
            (Value::Switch(_), ..) => bail!("--set {assignment}: expected true or false"),
            (Value::Number(_), ..) => bail!("--set {assignment}: expected a number from 0 on"),
        };
        Ok(())
    }

    /// The values in one line.
    pub(crate) fn values(&self) -> String {
        let pair = |(name, value): (&String, &Value)| match value {
            Value::Switch(switch) => format!("{name}={switch}"),
            Value::Number(number) => format!("{name}={number}"),
        };
        self.values.iter().map(pair).collect::<Vec<_>>().join(" ")
    }
}
