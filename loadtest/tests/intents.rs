//! Signaling alone, in short: every reader gets every event in its order, beside some who never
//! read. Speed is nothing that this asks for.

mod kit;

use serde_json::Value;

use kit::{Server, loadtest};

#[test]
fn everyone_is_told_everything_in_its_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("plain").to_owned();
    let (data, json) = (path("data"), path("out.json"));
    let server = Server::start(data.as_ref());
    let load = ["--people", "12", "--rate", "120", "--seconds", "2", "--sleepers", "5"];
    let mut arguments = vec!["intents", "--against", &server.url, "--data", &data, "--json", &json];
    arguments.extend(load);
    let output = loadtest(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(json).expect("written");
    let outcome: Value = serde_json::from_str(&text).expect("JSON");
    for phase in ["alone", "beside_sleepers"] {
        assert_eq!(outcome[phase]["intents"], 240, "{outcome:#}");
        assert_eq!(outcome[phase]["events"], 240 * 12, "{outcome:#}");
        assert_eq!(outcome[phase]["ok_ms"]["count"], 240, "{outcome:#}");
        assert_eq!(outcome[phase]["last_reader_ms"]["count"], 240, "{outcome:#}");
    }
    assert!(outcome["sleepers_mib"].as_f64().is_some_and(|mib| mib < 64.0), "{outcome:#}");
}

/// A person may say so much and no more: what the server would refuse is not tried.
#[test]
fn more_than_people_may_say_is_refused_before_it_begins() {
    let output = loadtest(&["intents", "--people", "2", "--rate", "200"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("a person says 50 things"), "{said}");
}
