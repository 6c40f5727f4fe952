//! What people of a scenario do beside coming, sending and leaving, and what must then be so.
//!
//! Invariant: a message is read by the protocol's own types before anything starts, so that a
//! scenario that is out of date is refused. `"=groups"` in a message is a value of the scenario.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use kreide_protocol::ClientMessage;
use serde::Deserialize;
use serde_json::Value as Json;

use super::{Amount, Values};

/// What a deed is called in a file.
pub(super) const NAMES: [&str; 8] = ["say", "hear", "only", "told", "cut", "back", "again", "talk"];

/// A deed as it stands in its file.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum DeedText {
    Say { people: String, message: Json },
    Hear { people: Vec<String>, whom: String, within_s: Amount, mark: Option<String> },
    Only { people: Vec<String>, whom: String, seconds: Amount },
    Told { people: Vec<String>, message: Json, within_s: Amount, mark: Option<String> },
    Cut { people: String, seconds: Amount },
    Back { people: String, within_s: Amount, mark: Option<String> },
    Again { people: String },
    Talk { within_s: Amount, mark: Option<String>, more: Option<bool> },
}

/// A deed. Where one of the people does it, it is the first of each room. Times are from the last
/// [`Deed::Say`] or [`Deed::Cut`], and from [`Deed::Back`] on from the end of the cut.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Deed {
    /// One of them says this to the server.
    Say { group: usize, message: Box<ClientMessage> },
    /// Each of them is to hear somebody of these.
    Hear { groups: Vec<usize>, whom: Whom, wait: Wait },
    /// None of them may receive a packet of anybody but these for so long.
    Only { groups: Vec<usize>, whom: Whom, lasting: Duration },
    /// Each of them is to be told a message in which all of this stands.
    Told { groups: Vec<usize>, message: Json, wait: Wait },
    /// One of them loses all lines, and comes back by the key of the seat after this time.
    Cut { group: usize, lasting: Duration },
    /// The same is to be there again: as the same person, in the same group, with the same hand.
    Back { group: usize, wait: Wait },
    /// One of them comes once more by the same link, and takes the seat over.
    Again { group: usize },
    /// A family is to be in, and the teacher and all its devices hear each other; then the teacher
    /// ends the talk, or gives it more time before.
    Talk { more: bool, wait: Wait },
}

/// How long something may take, and under which name the time is reported.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wait {
    pub(crate) within: Duration,
    pub(crate) mark: Option<String>,
}

/// Who may be heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Everybody.
    Anyone,
    /// Nobody.
    Nobody,
    /// Teachers, and content of anybody.
    Staff,
    /// Those in the same group, and whoever speaks to all.
    Group,
    /// Those who are in no group, as the listener is.
    Class,
    /// Those in the group to which the listener listens from outside.
    Listened,
    /// These people.
    People(usize),
}

impl DeedText {
    /// Puts the values in. `place` finds people by their name.
    pub(super) fn deed(
        &self,
        values: &Values,
        place: impl Fn(&String) -> Result<usize>,
    ) -> Result<Deed> {
        let places = |names: &[String]| names.iter().map(&place).collect::<Result<Vec<_>>>();
        let seconds = |amount: &Amount| {
            let seconds = amount.of(values)?;
            ensure!(seconds <= LONGEST_S, "{seconds} s are more than {LONGEST_S}");
            Ok(Duration::from_secs_f64(seconds))
        };
        let wait = |within: &Amount, mark: &Option<String>| {
            anyhow::Ok(Wait { within: seconds(within)?, mark: mark.clone() })
        };
        let whom = |name: &String| {
            anyhow::Ok(match name.as_str() {
                "anyone" => Whom::Anyone,
                "nobody" => Whom::Nobody,
                "staff" => Whom::Staff,
                "group" => Whom::Group,
                "class" => Whom::Class,
                "listened" => Whom::Listened,
                _ => Whom::People(place(name)?),
            })
        };
        Ok(match self {
            Self::Say { people, message } => {
                let message = valued(message, values)?;
                let said = message.to_string();
                let message = serde_json::from_value(message)
                    .with_context(|| format!("{said} is no message of the protocol"))?;
                Deed::Say { group: place(people)?, message: Box::new(message) }
            }
            Self::Hear { people, whom: name, within_s, mark } => Deed::Hear {
                groups: places(people)?,
                whom: whom(name)?,
                wait: wait(within_s, mark)?,
            },
            Self::Only { people, whom: name, seconds: lasting } => Deed::Only {
                groups: places(people)?,
                whom: whom(name)?,
                lasting: seconds(lasting)?,
            },
            Self::Told { people, message, within_s, mark } => Deed::Told {
                groups: places(people)?,
                message: valued(message, values)?,
                wait: wait(within_s, mark)?,
            },
            Self::Cut { people, seconds: lasting } => {
                Deed::Cut { group: place(people)?, lasting: seconds(lasting)? }
            }
            Self::Back { people, within_s, mark } => {
                Deed::Back { group: place(people)?, wait: wait(within_s, mark)? }
            }
            Self::Again { people } => Deed::Again { group: place(people)? },
            Self::Talk { within_s, mark, more } => {
                Deed::Talk { more: more.unwrap_or(false), wait: wait(within_s, mark)? }
            }
        })
    }
}

impl Deed {
    /// The people without whom it cannot be done.
    pub(crate) fn needs(&self) -> &[usize] {
        match self {
            Self::Hear { groups, .. } | Self::Only { groups, .. } | Self::Told { groups, .. } => {
                groups
            }
            Self::Say { group, .. }
            | Self::Cut { group, .. }
            | Self::Back { group, .. }
            | Self::Again { group } => std::slice::from_ref(group),
            Self::Talk { .. } => &[],
        }
    }
}

/// A message with the scenario's values in it.
fn valued(message: &Json, values: &Values) -> Result<Json> {
    Ok(match message {
        Json::String(text) => match text.strip_prefix('=') {
            Some(sum) => {
                let value = Amount::Sum(sum.to_owned()).whole(values, u32::MAX)?;
                Json::from(value)
            }
            None => message.clone(),
        },
        Json::Array(list) => {
            list.iter().map(|one| valued(one, values)).collect::<Result<Vec<_>>>()?.into()
        }
        Json::Object(fields) => {
            let fields = fields.iter().map(|(name, one)| Ok((name.clone(), valued(one, values)?)));
            Json::Object(fields.collect::<Result<_>>()?)
        }
        other => other.clone(),
    })
}

const LONGEST_S: f64 = 3_600.0;

#[cfg(test)]
mod tests {
    use kreide_protocol::GroupAct;

    use super::super::Value;
    use super::*;

    #[test]
    fn a_message_is_one_of_the_protocol_and_takes_values() {
        let values = Values::from([("groups".to_owned(), Value::Number(8.0))]);
        let deed = |message: &str| {
            let text = format!("do = \"say\"\npeople = \"teacher\"\nmessage = {message}\n");
            toml::from_str::<DeedText>(&text).unwrap().deed(&values, |_| Ok(0))
        };
        let deal = GroupAct::Deal { number: Some(8), size: None, shuffled: false };
        let message = Box::new(ClientMessage::Groups(deal));
        let said = r#"{ type = "groups", act = "deal", number = "=groups", shuffled = false }"#;
        assert_eq!(deed(said).unwrap(), Deed::Say { group: 0, message });
        for wrong in [
            r#"{ type = "shout" }"#,
            r#"{ type = "groups", act = "deal", number = "=people", shuffled = false }"#,
        ] {
            assert!(deed(wrong).is_err(), "{wrong}");
        }
    }
}
