//! One target for every parser that bytes from outside reach.
//!
//! A target takes any bytes and panics if the parser does, or if what it read is not what it
//! should be: written again and read again it is the same, a reply goes to nobody unproven, a
//! forgery opens nothing. `tests/replay.rs` runs all of `corpus/` and its neighbours through them
//! in every test run; `libfuzzer/` searches on from there (`make fuzz`).
//!
//! Invariant: a target depends on its bytes alone, so that a finding can be repeated.
//! Left out on purpose: how inputs are found.

mod doors;
mod files;
mod media;
mod messages;
mod transport;

/// A parser under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and its folder in `corpus/`.
    pub name: &'static str,
    /// Takes an input; says whether the parser made sense of it.
    ///
    /// # Panics
    /// If the parser has a fault.
    pub run: fn(&[u8]) -> bool,
}

/// All targets.
pub const TARGETS: &[Target] = &[
    Target { name: "rtp", run: media::rtp },
    Target { name: "rtcp", run: media::rtcp },
    Target { name: "vp8", run: media::vp8 },
    Target { name: "h264", run: media::h264 },
    Target { name: "stun", run: transport::stun },
    Target { name: "dtls", run: transport::dtls },
    Target { name: "srtp", run: transport::srtp },
    Target { name: "sdp", run: transport::sdp },
    Target { name: "compressed_offer", run: doors::compressed_offer },
    Target { name: "link", run: doors::link },
    Target { name: "token", run: doors::token },
    Target { name: "resume_key", run: doors::resume_key },
    Target { name: "roster", run: files::roster },
    Target { name: "talks", run: files::talks },
    Target { name: "client_frame", run: messages::client_frame },
    Target { name: "enter_request", run: messages::enter_request },
    Target { name: "stored_event", run: messages::stored_event },
];

/// Runs the target of a name.
///
/// # Panics
/// If there is none, and if its parser has a fault.
pub fn run(name: &str, input: &[u8]) -> bool {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.expect("a test holds programs and targets together").run)(input)
}
