//! Real offers and crooked ones.

use super::*;
use crate::Negotiated;
use crate::ice::LocalSecret;
use crate::testing::{CHROMIUM, CHROMIUM_FULL, FIREFOX, FIREFOX_FULL, Random, SAFARI};
use kreide_media::line::CodecName;

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

#[test]
fn roles_go_by_order() {
    use kreide_control::SourceKind::{Camera, Content, ContentAudio, Microphone};
    for offer in [CHROMIUM, FIREFOX, CHROMIUM_FULL, FIREFOX_FULL] {
        let negotiated = negotiated(offer);
        let kinds: Vec<_> = negotiated.send.iter().map(|line| line.kind).collect();
        assert_eq!(kinds, [Microphone, Camera, Content, ContentAudio]);
        assert_eq!(negotiated.send[1].rids, ["l", "m", "h"]);
        assert!(negotiated.send[2].rids.is_empty());
        let slots: Vec<_> =
            negotiated.receive.iter().map(|line| (line.audio, line.index)).collect();
        let expected: Vec<_> =
            (0..4).map(|index| (true, index)).chain((0..9).map(|index| (false, index))).collect();
        assert_eq!(slots, expected);
        let mut ssrcs: Vec<u32> = negotiated
            .receive
            .iter()
            .flat_map(|line| [Some(line.ssrc), line.rtx_ssrc])
            .flatten()
            .collect();
        assert_eq!(ssrcs.len(), 4 + 2 * 9);
        ssrcs.sort_unstable();
        ssrcs.dedup();
        assert_eq!(ssrcs.len(), 4 + 2 * 9);
        for line in &negotiated.send {
            assert!(line.extensions.mid.is_some() && line.extensions.transport_cc.is_some());
            assert_eq!(line.extensions.audio_level.is_some(), line.kind.is_audio());
            assert_eq!(line.codec.rtx_payload_type.is_some(), !line.kind.is_audio());
        }
        assert!(negotiated.send[1].extensions.rid.is_some());
        assert!(negotiated.send[1].extensions.repaired_rid.is_some());
        assert!(negotiated.receive.iter().all(|line| line.extensions.rid.is_none()));
    }
}

#[test]
fn names_the_streams_that_the_offer_names() {
    let negotiated = negotiated(SAFARI);
    assert_eq!(negotiated.send[0].ssrcs, [1001]);
    assert_eq!(negotiated.send[1].rids, ["h", "m", "l"]);
    assert_eq!(negotiated.send[2].ssrcs, [2001]);
    assert_eq!(negotiated.send[2].retransmissions, [(2001, 2002)]);
    assert_eq!(negotiated.send[1].codec.name, CodecName::Vp8);
}

#[test]
fn h264_where_vp8_is_not() {
    let without_vp8 = SAFARI.replace("VP8/90000", "X8/90000");
    let codec = negotiated(&without_vp8).send[1].codec;
    assert_eq!(codec.name, CodecName::H264);
    // Constrained baseline is what every decoder has, though it is not the first offered.
    assert_eq!((codec.payload_type, codec.rtx_payload_type), (98, Some(99)));
}

#[test]
fn both_spellings_of_simulcast() {
    for spelling in ["send l;m;h", "send rid=l;m;h", " send rid=l;m;h", "recv x send l;~m;h,h2"] {
        let offer = CHROMIUM.replace("a=simulcast:send l;m;h", &format!("a=simulcast:{spelling}"));
        assert_eq!(negotiated(&offer).send[1].rids, ["l", "m", "h"], "{spelling}");
    }
}

#[test]
fn turns_down_lines_without_failing_the_rest() {
    let check = |offer: &str, rejected: &[&str]| {
        let answer = answer_to(offer);
        let found: Vec<_> =
            answer.lines().filter(|line| line.starts_with("m=") && line.contains(" 0 ")).collect();
        assert_eq!(found.len(), rejected.len(), "{found:?}");
        for mid in rejected {
            assert!(answer.contains(&format!("a=mid:{mid}\na=inactive\n")), "{mid}");
            assert!(!answer.lines().any(|line| {
                line.starts_with("a=group:") && line.split(' ').any(|word| word == *mid)
            }));
        }
    };
    check(CHROMIUM, &[]);
    check(SAFARI, &["5"]);
    check(&CHROMIUM.replacen("m=video 9 ", "m=video 0 ", 1), &["1"]);
    check(&CHROMIUM.replacen("a=sendonly", "a=inactive", 1), &["0"]);
    check(&CHROMIUM.replacen("a=rtcp-mux\r\n", "", 1), &["0"]);
    check(&CHROMIUM.replacen("BUNDLE 0 1", "BUNDLE 0", 1), &["1"]);
    check(&CHROMIUM.replacen("opus/48000/2", "opus/16000/2", 1), &["0"]);
}

#[test]
fn refuses_what_cannot_be_answered() {
    let check = |offer: &str, expected: OfferError| {
        assert_eq!(Offer::parse(offer).unwrap_err(), expected);
    };
    let without = |attribute: &str| -> String {
        CHROMIUM.split_inclusive('\n').filter(|line| !line.starts_with(attribute)).collect()
    };
    check("", OfferError::Missing("m-line"));
    check(&without("a=mid:"), OfferError::Missing("mid on every m-line"));
    check(&without("a=group"), OfferError::Missing("BUNDLE group"));
    check(&without("a=ice-ufrag"), OfferError::Missing("valid ice-ufrag"));
    check(&without("a=ice-pwd"), OfferError::Missing("valid ice-pwd"));
    check(&without("a=fingerprint"), OfferError::Missing("fingerprint of SHA-256, -384 or -512"));
    check(&CHROMIUM.replace("actpass", "passive"), OfferError::Role("the DTLS client"));
    check(&CHROMIUM.replace("actpass", "holdconn"), OfferError::Malformed("setup"));
    check(&format!("a=ice-lite\r\n{CHROMIUM}"), OfferError::Role("a full ICE agent"));
    check(&CHROMIUM.replace("m=audio 9", "m=audio x"), OfferError::Malformed("m-line"));
    check(
        &CHROMIUM.replace("a=mid:1\r", "a=mid:0\r"),
        OfferError::Malformed("mids: two are equal, and each"),
    );
    check(&CHROMIUM.replace("a=rid:m send", "a=rid:a/b send"), OfferError::Malformed("rid"));
}

#[test]
fn everything_is_bounded() {
    let check = |offer: &str, expected: OfferError| {
        assert_eq!(Offer::parse(offer).unwrap_err(), expected);
    };
    let long = "a=x\n".repeat(Offer::MAX_LEN);
    check(&long, OfferError::TooLong);
    assert!(Offer::parse(&long[..Offer::MAX_LEN]).is_err());
    check(&"m=audio 9 x 1\n".repeat(65), OfferError::TooMany("m-lines"));
    let rids: String = (0..5).map(|rid| format!("a=rid:{rid} send\n")).collect();
    check(&format!("m=video 9 x 1\n{rids}"), OfferError::TooMany("rids"));
    check("m=video 9 x 1\na=simulcast:send 1;2;3;4;5\n", OfferError::TooMany("simulcast layers"));
    let ssrcs: String = (0..13).map(|ssrc| format!("a=ssrc:{ssrc} cname:x\n")).collect();
    check(&format!("m=video 9 x 1\n{ssrcs}"), OfferError::TooMany("SSRCs"));
    let candidates = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(2000);
    assert!(Offer::parse(&format!("{CHROMIUM}{candidates}")).is_ok());
    let formats: String = (0..128).map(|format| format!(" {format}")).collect();
    assert!(
        Offer::parse(&CHROMIUM.replacen(
            " UDP/TLS/RTP/SAVPF 111",
            &format!(" UDP/TLS/RTP/SAVPF{formats}"),
            1
        ))
        .is_ok()
    );
}

/// An answer is made of our words and of the offer's tokens, whatever the offer is.
#[test]
fn a_thousand_mutated_offers() {
    let mut random = Random(23);
    let mut answered = 0;
    for round in 0..1000 {
        let seeds = [CHROMIUM, FIREFOX, SAFARI];
        let mut bytes = seeds[round % 3].as_bytes().to_vec();
        for _ in 0..random.below(20) {
            let at = random.below(bytes.len());
            let end = (at + random.below(200)).min(bytes.len());
            match random.below(4) {
                0 => drop(bytes.drain(at..end)),
                1 => bytes[at] = random.next() as u8,
                2 => {
                    let copy = bytes[at..end].to_vec();
                    let to = random.below(bytes.len());
                    bytes.splice(to..to, copy);
                }
                _ => bytes[at] = b"0:=; /\n~,"[random.below(9)],
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(offer) = Offer::parse(&text) {
            let lines = negotiate(&offer, 1);
            assert_eq!(lines.len(), offer.lines.len());
            let answer = answer_to(&text);
            assert!(answer.lines().all(|line| line.as_bytes().get(1) == Some(&b'=')));
            assert_eq!(answer.matches("\nm=").count(), lines.len());
            assert!(answer.is_ascii() || !text.is_ascii());
            answered += 1;
        }
    }
    assert!(answered > 100, "{answered}");
}

/// Ten megabytes of whatever is refused for their length, before a line of them is read.
#[test]
fn a_huge_offer_is_not_read() {
    for line in [
        "m=audio 9 x 1\r\n",
        "a=rid:l send\r\n",
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
        "a=setup:passive\r\n",
        "a=ssrc:x\r\n",
        "\n",
    ] {
        let huge = line.repeat((10 << 20) / line.len());
        assert_eq!(Offer::parse(&huge).unwrap_err(), OfferError::TooLong, "{line:?}");
        assert_eq!(
            Offer::parse(&format!("{CHROMIUM}{huge}")).unwrap_err(),
            OfferError::TooLong,
            "{line:?}"
        );
    }
}

/// Where the caps leave room, an explosion of one kind of line changes nothing that is kept: the
/// offer twice as long costs no byte more, and what is agreed is the same.
#[test]
fn explosions_leave_nothing_behind() {
    let plain = Offer::parse(CHROMIUM).unwrap();
    let kept = |offer: &Offer| format!("{offer:?}").len();
    let room = Offer::MAX_LEN - CHROMIUM.len();
    for line in [
        "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n",
        "a=extmap:7 urn:ietf:params:rtp-hdrext:toffset\r\n",
        "a=extmap:9/recvonly http://www.webrtc.org/experiments/rtp-hdrext/video-timing\r\n",
        "a=rid:l send\r\n",
        "a=rid:x recv\r\n",
        "a=rtcp-fb:* nack\r\n",
        "a=rtcp-fb:96 nack\r\n",
        "a=group:BUNDLE a b c\r\n",
        "a=ssrc-group:SIM 1 2 3\r\n",
        "a=unknown\r\n",
    ] {
        let with = |bytes: usize| format!("{CHROMIUM}{}", line.repeat(bytes / line.len()));
        let short = Offer::parse(&with(line.len())).unwrap();
        let (half, whole) =
            (Offer::parse(&with(room / 2)).unwrap(), Offer::parse(&with(room)).unwrap());
        assert_eq!((kept(&half), kept(&whole)), (kept(&short), kept(&short)), "{line:?}");
        let lines = |offer: &Offer| Negotiated::collect(negotiate(offer, 7)).receive.len();
        assert_eq!(lines(&whole), lines(&plain), "{line:?}");
    }
    // Sixty-four lines of 128 formats each, with as many words as fit: kept is less than what came.
    let formats: String = (0..128).map(|format| format!(" {format}")).collect();
    let lines: String = (0..64)
        .map(|mid| format!("m=video 9 UDP/TLS/RTP/SAVPF{formats}\r\na=mid:{mid}\r\na=rtcp-mux\r\n"))
        .collect();
    let mids: String = (0..64).map(|mid| format!(" {mid}")).collect();
    let head = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n";
    let fingerprint = CHROMIUM.lines().find(|line| line.starts_with("a=fingerprint")).unwrap();
    let full = format!("a=group:BUNDLE{mids}\r\n{head}{fingerprint}\r\n{lines}");
    let offer = Offer::parse(&full).unwrap();
    assert_eq!(offer.lines.len(), 64);
    assert!(offer.lines.iter().all(|line| line.formats.len() == 128));
    assert!(answer_to(&full).len() < full.len());
}

/// CVE-2020-13901 was an answer that outgrew its buffer: the longest names that the caps let pass.
#[test]
fn the_longest_names_fit_the_answer() {
    let mid = "M".repeat(16);
    let offer = CHROMIUM.replacen("a=mid:1\r", &format!("a=mid:{mid}\r"), 1).replacen(
        "BUNDLE 0 1 ",
        &format!("BUNDLE 0 {mid} "),
        1,
    );
    assert!(answer_to(&offer).contains(&format!("a=mid:{mid}\n")));
    let longer = offer.replace(&mid, &"M".repeat(17));
    assert_eq!(Offer::parse(&longer).unwrap_err(), OfferError::Malformed("mid"));
    let rid = CHROMIUM.replace("a=rid:l send", &format!("a=rid:{} send", "r".repeat(17)));
    assert_eq!(Offer::parse(&rid).unwrap_err(), OfferError::Malformed("rid"));
    let four = CHROMIUM.replacen("a=rid:l send", "a=rid:k send\r\na=rid:l send", 1).replacen(
        "simulcast:send l;m;h",
        "simulcast:send k;l;m;h",
        1,
    );
    assert_eq!(negotiated(&four).send[1].rids, ["k", "l", "m", "h"]);
}
