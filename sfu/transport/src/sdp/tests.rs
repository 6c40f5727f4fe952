//! Real offers and crooked ones.

use super::*;
use crate::ice::LocalSecret;
use crate::testing::{CHROMIUM, CHROMIUM_FULL, FIREFOX, FIREFOX_FULL, Random};
use crate::Negotiated;

/// The answer to an offer, with the same words every run.
fn answer_to(offer: &str) -> String {
    let offer = Offer::parse(offer).unwrap();
    let candidates = ["192.0.2.7:7880", "[2001:db8::7]:7880", "127.0.0.1:7880"]
        .map(|address| address.parse().unwrap());
    let parts = AnswerParts {
        session_id: 2026,
        version: 1,
        local: &LocalSecret { ufrag: "ufrag".to_owned(), password: "password".to_owned() },
        fingerprint: &Fingerprint { hash: HashName::Sha256, digest: (0..32).collect() },
        candidates: &candidates,
    };
    answer(&parts, &negotiate(&offer, 1000)).replace("\r\n", "\n")
}

fn negotiated(offer: &str) -> Negotiated {
    Negotiated::collect(negotiate(&Offer::parse(offer).unwrap(), 1000))
}

#[test]
fn answers_to_browsers() {
    for (name, offer) in [
        ("chromium-trimmed", CHROMIUM),
        ("chromium-full", CHROMIUM_FULL),
        ("firefox-trimmed", FIREFOX),
        ("firefox-full", FIREFOX_FULL),
        ("safari", SAFARI),
    ] {
        insta::assert_snapshot!(name, answer_to(offer));
    }
}
