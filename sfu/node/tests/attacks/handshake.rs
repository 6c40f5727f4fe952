//! M7: who is not whom the offer names gets no keys (CVE-2021-28681, CVE-2022-29222). Fragments,
//! proof of possession and the caps are attacked in `sfu/transport`.

use kreide_control::{DisconnectReason, Event, ParticipantNo};
use kreide_sfu_testkit::Microphone;

use crate::fixture::{Fixture, lesson};

/// Credentials of a seat, stolen together with its answer, but another certificate.
#[test]
fn wrong_fingerprint() {
    let mut fixture = Fixture::start();
    let room = lesson("7b");
    let mut speaker = fixture.join(&room, 1);
    let mut listener = fixture.join(&room, 2);
    let mut impostor = fixture.seat(&room, 3);
    impostor.impersonate();
    impostor.prove();
    let ended = || fixture.metric("kreide_media_transports_ended_total", "") > 0.0;
    assert!(!impostor.try_to_shake_hands(ended), "no key");
    let participant = ParticipantNo(3);
    let event = fixture.wait_event(|event| {
        matches!(event, Event::Connected { participant: ParticipantNo(3), .. })
            || matches!(event, Event::Disconnected { .. })
    });
    let reason = DisconnectReason::HandshakeFailed;
    assert_eq!(event, Event::Disconnected { lesson: room, participant, reason });
    assert_eq!(fixture.metric("kreide_srtp_sessions_total", ""), 2.0);

    // Its address leads nowhere any more, and the others hear each other.
    let before = fixture.metric("kreide_media_strays_total", "");
    impostor.send(&[vec![0x80, 111, 0, 1], vec![0; 60]].concat());
    fixture.wait_metric("kreide_media_strays_total", "", |count| count == before + 1.0);
    speaker.send_rtp(&Microphone::new("a", 9).packet(20));
    listener.receive_until("the voice", |client| client.has(&9_u32.to_be_bytes()));
}
