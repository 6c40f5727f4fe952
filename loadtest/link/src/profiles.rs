//! Networks by name.
//!
//! Invariant: `profiles.toml` is the one place of their numbers, with where each comes from.
//! Left out on purpose: changes over time; who runs a link gives those as orders.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;

/// Both directions of a network.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// One line for people.
    pub about: String,
    /// From a, the school or home, to b, the server.
    #[serde(default)]
    pub up: Conditions,
    /// From b to a.
    #[serde(default)]
    pub down: Conditions,
}

/// All profiles by name.
pub fn profiles() -> BTreeMap<String, Profile> {
    toml::from_str(include_str!("profiles.toml")).expect("a test reads it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_promised_profile_is_there_and_does_something() {
        let all = profiles();
        let names: Vec<&str> = all.keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "100-kbit",
                "bursty",
                "clear",
                "loss-20",
                "loss-40",
                "lte",
                "school-dsl",
                "school-shared",
                "wifi-crowded"
            ]
        );
        for (name, profile) in all {
            let nothing = Conditions::default();
            let idle = profile.up == nothing || profile.down == nothing;
            assert_eq!(idle, name == "clear", "{name}");
        }
    }
}
