//! M11: offers that grow without end. What each part of the parser does with them is shown in
//! `sfu/transport`; what signaling lets through, in `signaling/server`.

use kreide_control::ConnectError;
use kreide_sfu_testkit::Microphone;

use crate::fixture::{Fixture, Offer, lesson};

/// Handed to the shard itself, as if signaling had no caps: every one is refused, no transport
/// and no room is made, and a lesson beside it goes on.
#[test]
fn oversized_offers() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let mut speaker = fixture.join(&room, 1);
    let mut listener = fixture.join(&room, 2);
    let good = Offer::default().text(&["AB"; 32].join(":"));
    let line = "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n";
    let grown = |extra: &str, bytes: usize| format!("{good}{}", extra.repeat(bytes / extra.len()));
    let ten_mib = 10 << 20;
    let many = |extra: &dyn Fn(u32) -> String, count| {
        format!("{good}{}", (0..count).map(extra).collect::<String>())
    };
    let mut voice = Microphone::new("a", 9);
    for (what, offer) in [
        ("10 MiB of candidates", grown("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", ten_mib)),
        ("10 MiB of lines", grown(line, ten_mib)),
        ("10 MiB of nothing", grown("\r\n", ten_mib)),
        ("10 MiB in one line", grown("a", ten_mib)),
        ("65 lines", line.repeat(65)),
        ("five rids", many(&|rid| format!("a=rid:{rid} send\r\n"), 5)),
        ("five layers", format!("{good}a=simulcast:send 1;2;3;4;5\r\n")),
        ("thirteen SSRCs", many(&|ssrc| format!("a=ssrc:{ssrc} cname:x\r\n"), 13)),
        ("groups of SSRCs", many(&|ssrc| format!("a=ssrc-group:FID 1 {ssrc}\r\n"), 13)),
        ("a name of 17", good.replace("a=mid:v", &format!("a=mid:{}", "v".repeat(17)))),
    ] {
        let refused = fixture.connect(&lesson("8c"), 1, offer);
        assert!(matches!(refused, Err(ConnectError::BadOffer(_))), "{what}: {refused:?}");
        let mut packet = voice.packet(10);
        packet.extend_from_slice(what.as_bytes());
        speaker.send_rtp(&packet);
        listener.receive_until("the voice", |client| client.has(what.as_bytes()));
    }
    assert_eq!(fixture.metric("kreide_media_transports", ""), 2.0);
    assert_eq!(fixture.metric("kreide_media_rooms", ""), 1.0);
    // What only explodes where nothing is kept is answered like any other.
    let candidates = grown("a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 200 << 10);
    let answer = fixture.connect(&room, 3, candidates).expect("a good offer");
    assert!(answer.len() < 8 << 10);
}
