//! protocol.md says what the types say, and its examples are valid messages.

use std::{fmt::Debug, process::Command};

use kreide_protocol::{
    ChatMessage, ClientFrame, EnterReply, EnterRequest, Groups, LessonEvent, Participant, Policy,
    Poll, ServerMessage, Snapshot, Talk, Tools, Waiter,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use xtask::{
    links,
    protocol_page::{self, Page, code_blocks},
    tree,
};

#[test]
fn the_page_names_every_message_field_code_and_limit() {
    let gaps = protocol_page::gaps().expect("page and types can be read");
    assert!(gaps.is_empty(), "{}:\n{}", protocol_page::PATH, gaps.join("\n"));
}

#[test]
fn links_lead_to_headings() {
    let text = tree::read(protocol_page::PATH).expect("the page can be read");
    assert_eq!(links::dead(&text), Vec::<String>::new());
}

#[test]
fn every_message_of_a_browser_has_a_valid_example() {
    examples::<ClientFrame>("What a browser says", "type");
}

#[test]
fn every_act_has_a_valid_example() {
    let page = page();
    for (message, acts) in protocol_page::acts().expect("the types can be read") {
        let text = page.section("What a browser says", &message).expect(&message);
        // That they are valid, the test above says.
        let shown: Vec<_> = code_blocks(text, "json")
            .iter()
            .filter_map(|block| {
                serde_json::from_str::<Value>(block).ok()?["act"].as_str().map(str::to_owned)
            })
            .collect();
        let missing: Vec<_> = acts.iter().filter(|act| !shown.contains(act)).collect();
        assert!(missing.is_empty(), "`{message}` has no example of {missing:?}");
    }
}

#[test]
fn every_message_of_the_server_has_a_valid_example() {
    examples::<ServerMessage>("What the server says", "type");
}

#[test]
fn every_event_has_a_valid_example() {
    examples::<LessonEvent>("Events", "kind");
}

#[test]
fn examples_of_values_are_valid() {
    let page = page();
    let example = |name: &str| {
        let text = page.section(protocol_page::VALUES, name).expect(name);
        code_blocks(text, "json").pop().expect(name)
    };
    round_trip::<EnterRequest>("EnterRequest", &example("EnterRequest"));
    round_trip::<EnterReply>("EnterReply", &example("EnterReply"));
    round_trip::<Participant>("Participant", &example("Participant"));
    round_trip::<ChatMessage>("ChatMessage", &example("ChatMessage"));
    round_trip::<Snapshot>("Snapshot", &example("Snapshot"));
    round_trip::<Groups>("Groups", &example("Groups"));
    round_trip::<Poll>("Poll", &example("Poll"));
    round_trip::<Policy>("Policy", &example("Policy"));
    round_trip::<Talk>("Talk", &example("Talk"));
    round_trip::<Tools>("Tools", &example("Tools"));
    round_trip::<Waiter>("Waiter", &example("Waiter"));
}

#[test]
fn the_example_client_is_short_and_is_javascript() {
    let client = page().client().expect("the page holds a client");
    let lines = client.lines().count();
    assert!(lines < 80, "the example client has {lines} lines");
    // Whether it works is for a browser to say; here a typo is found without one.
    let file = std::env::temp_dir().join(format!("kreide-client-{}.js", std::process::id()));
    std::fs::write(&file, client).expect("the temporary folder is writable");
    let checked = Command::new("node").arg("--check").arg(&file).output().expect("node runs");
    std::fs::remove_file(&file).expect("the file is ours");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

fn page() -> Page {
    Page::read().expect("the page can be read")
}

/// Every section of the part has an example whose tag is the section's name.
fn examples<T: Serialize + DeserializeOwned>(part: &str, tag: &str) {
    let page = page();
    let sections: Vec<_> = page.part(part).filter(|section| !section.name.is_empty()).collect();
    assert!(!sections.is_empty(), "\"{part}\" has no sections");
    for section in sections {
        let blocks = code_blocks(&section.text, "json");
        assert!(!blocks.is_empty(), "`{}` has no example", section.name);
        for block in blocks {
            let value = round_trip::<T>(&section.name, &block);
            assert_eq!(value[tag], section.name.as_str(), "{block}");
        }
    }
}

/// What a type reads and writes again is the same: no field is misspelt or left out.
fn round_trip<T: Serialize + DeserializeOwned>(name: &str, text: &str) -> Value {
    fn checked<R, E: Debug>(name: &str, text: &str, result: Result<R, E>) -> R {
        result.unwrap_or_else(|error| panic!("`{name}`: {error:?} in {text}"))
    }
    let written: Value = checked(name, text, serde_json::from_str(text));
    let read: T = checked(name, text, serde_json::from_value(written.clone()));
    assert_eq!(checked(name, text, serde_json::to_value(read)), written, "`{name}`");
    written
}
