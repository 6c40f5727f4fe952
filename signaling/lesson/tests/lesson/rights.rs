//! The page that tells a school who may do what: written from the lesson itself, so that it cannot
//! be wrong. To write it anew: `UPDATE=1 cargo test -p kreide-lesson rights`.

use kreide_lesson::{Actor, Intent, LockKind};

use crate::fixture::{Class, p};
use crate::intents::{LOBBY, cell, intents, situations};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/rights.md");

const HEAD: &str = "\
# Who may do what

This page is written by a test from the rules of the lesson. The role comes from the link that
somebody joined with, and from nothing else.

- **yes**: may do so, unless a teacher or the school has locked it.
- **allowed**: may do so when a teacher has allowed it to this person.
- **no**: may not, whatever a teacher does.

Nobody can switch on the microphone or camera of another: there is no such row.

| What | Teacher | Presenter | Pupil | Guest | Interpreter | Observer | Waiting |
|------|---------|-----------|-------|-------|-------------|----------|---------|
";

#[test]
fn the_page_of_rights_is_up_to_date() {
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(PAGE, &page).unwrap();
    }
    let found = std::fs::read_to_string(PAGE).unwrap_or_default();
    assert!(
        found == page,
        "docs/rights.md is not up to date: run `UPDATE=1 cargo test -p kreide-lesson rights`"
    );
}

fn page() -> String {
    let plain = situations();
    let mut generous = situations();
    generous.iter_mut().for_each(grant_everything);
    let mut page = HEAD.to_owned();
    for (n, row) in intents(0).iter().enumerate().filter(|(_, row)| !row.text.is_empty()) {
        let cells = (1..=6).chain([LOBBY.0]).map(|no| {
            let (actor, intent) = (Actor::Participant(p(no)), &intents(no)[n].intent);
            match (cell(&plain, actor, intent), cell(&generous, actor, intent)) {
                ('+', _) => "yes",
                (_, '+') => "allowed",
                _ => "no",
            }
        });
        let cells: Vec<_> = cells.collect();
        page.push_str(&format!("| {} | {} |\n", row.text, cells.join(" | ")));
    }
    page
}

fn grant_everything(class: &mut Class) {
    for what in LockKind::ALL {
        for who in (2..=6).map(p) {
            // What cannot be granted to this role is refused.
            let _refused = class.by(1, Intent::Grant { who, what, on: true });
        }
    }
}
