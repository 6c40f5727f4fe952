//! Writes the first inputs of `corpus/`: what browsers and our own senders say, and what the
//! specifications print. Run it after a format has changed: `cargo run -p kreide-fuzz --example
//! seeds`. What was captured from a browser lies beside them under the browser's name, what a fuzzer
//! found under its hash; neither is touched.
//!
//! Left out on purpose: broken inputs. Finding those is the fuzzer's work.

use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use kreide_media::clock::NtpTime;
use kreide_media::rtcp::{
    Arrivals, ReportBlock, write_nack, write_pli, write_receiver_report, write_sender_report,
    write_transport_feedback,
};
use kreide_sfu_testkit::{Camera, Microphone};
use kreide_sfu_transport::internals::IceAgent;

type Seeds = Vec<(&'static str, Vec<u8>)>;

fn main() -> Result<(), Box<dyn Error>> {
    write("rtp", rtp())?;
    write("rtcp", rtcp())?;
    write("vp8", vp8())?;
    write("h264", h264())?;
    write("stun", stun()?)?;
    write("dtls", dtls())?;
    write("srtp", srtp())?;
    write("sdp", sdp()?)?;
    write("compressed_offer", compressed_offers()?)?;
    write("link", links())?;
    write("roster", rosters())?;
    write("talks", talks())?;
    write("token", tokens())?;
    write("resume_key", resume_keys())?;
    write("client_frame", client_frames())?;
    write("enter_request", enter_requests())?;
    write("stored_event", stored_events()?)?;
    Ok(())
}

fn write(target: &str, seeds: Seeds) -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    for (name, bytes) in seeds {
        fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}

fn rtp() -> Seeds {
    let mut seeds = vec![
        ("voice", voice()),
        ("csrc", vec![0x82, 111, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5, 9]),
        ("padding", vec![0xa0, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 7, 7, 0, 0, 3]),
    ];
    // RFC 8285 section 4.3: ids above 14 and an empty value.
    let mut two_byte = vec![0x90, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0x10, 0, 0, 3];
    two_byte.extend_from_slice(&[1, 1, 0x55, 0, 20, 3, 0x80, 0, 7, 2, 0, 0, 0xaa]);
    seeds.push(("two-byte", two_byte));
    let names = ["keyframe-0", "keyframe-1", "keyframe-2", "keyframe-3"];
    seeds.extend(names.into_iter().zip(camera()));
    seeds
}

fn camera() -> Vec<Vec<u8>> {
    Camera::new("1", Some("h"), (640, 360), 1).frame(3_000)
}

fn voice() -> Vec<u8> {
    Microphone::new("0", 4_711).packet(20)
}

fn rtcp() -> Seeds {
    let made = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        out
    };
    let block = ReportBlock { ssrc: 42, cumulative_lost: -3, jitter: 9, ..ReportBlock::default() };
    let sender = made(&|out| write_sender_report(out, 8, NtpTime(1 << 32), 90, 7, 900));
    let receiver = made(&|out| write_receiver_report(out, 7, &[block, block]));
    let nack = made(&|out| write_nack(out, 1, 42, &[7, 8, 20, 300, 65_535]));
    let pli = made(&|out| write_pli(out, 1, 42));
    let times = [Some(256), Some(260), None, Some(250), None];
    let arrivals = Arrivals { base: 10, feedback_count: 3, times: &times };
    let feedback = made(&|out| _ = write_transport_feedback(out, 1, 2, &arrivals));
    // As browsers compound them: a report, who it is (SDES with CNAME), then feedback.
    let name = b"\x81\xca\x00\x03\x00\x00\x00\x07\x01\x04abcd\x00\x00";
    let compound = [&receiver[..], name, &nack, &pli].concat();
    let fir = b"\x84\xce\x00\x04\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x2a\x05\x00\x00\x00";
    let bye = b"\x82\xcb\x00\x02\x00\x00\x00\x08\x00\x00\x00\x09";
    let remb = b"\x8f\xce\x00\x05\0\0\0\x01\0\0\0\0REMB\x01\x12\x34\x56\0\0\0\x2a";
    let extended = b"\x80\xcf\x00\x04\0\0\0\x01\x04\x00\x00\x02\0\0\0\x01\0\0\0\0";
    vec![
        ("sender-report", sender),
        ("receiver-report", receiver),
        ("nack", nack),
        ("pli", pli),
        ("transport-feedback", feedback),
        ("compound", compound),
        ("fir", fir.to_vec()),
        ("bye", bye.to_vec()),
        ("remb", remb.to_vec()),
        ("extended-report", extended.to_vec()),
    ]
}

fn vp8() -> Seeds {
    vec![
        (
            "all-fields",
            vec![0x90, 0xf0, 0x92, 0x34, 0x56, 0xa7, 0, 0, 0, 0x9d, 1, 0x2a, 0x80, 2, 0x68, 1],
        ),
        ("keyframe", vec![0x10, 0x50, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0x68, 0x41]),
        ("short-picture-id", vec![0x90, 0x80, 0x05, 1]),
        ("key-index-alone", vec![0x80, 0x10, 0x07, 1]),
        ("later-partition", vec![0x03, 0x50]),
    ]
}

fn h264() -> Seeds {
    vec![
        ("sps", vec![0x67, 0x42, 0xe0, 0x1f, 0xda, 1]),
        ("idr", vec![0x65, 0x88, 0x84]),
        ("slice", vec![0x41, 0x9a, 1]),
        ("aggregate", vec![0x78, 0, 2, 0x67, 9, 0, 1, 0x68, 0, 3, 0x65, 1, 2]),
        ("fragment", vec![0x7c, 0x85, 1, 2, 3]),
    ]
}

/// RFC 5769 section 2.1, and a check to the agent of the target before it is signed.
fn stun() -> Result<Seeds, Box<dyn Error>> {
    let rfc = hex::decode(
        "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e2074657374\
         20636c69656e74002400046e0001ff80290008932ff9b151263b36000600096576\
         746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571\
         a280280004e57a3bcf",
    )?;
    let unsigned = check(&[
        (0x0006, IceAgent::USERNAME.as_bytes()),
        (0x0024, &[0x6e, 0x7f, 0, 1]),
        (0x802a, &[7; 8]),
        (0x0025, &[]),
    ]);
    let controlled = check(&[(0x0006, IceAgent::USERNAME.as_bytes()), (0x8029, &[7; 8])]);
    Ok(vec![("rfc5769-request", rfc), ("nominates", unsigned), ("controlled", controlled)])
}

fn check(attributes: &[(u16, &[u8])]) -> Vec<u8> {
    let mut message = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
    message.extend_from_slice(&[7; 12]);
    for (kind, value) in attributes {
        message.extend_from_slice(&kind.to_be_bytes());
        message.extend_from_slice(&(value.len() as u16).to_be_bytes());
        message.extend_from_slice(value);
        message.resize(message.len().next_multiple_of(4), 0);
    }
    message
}

/// A handshake message that breaks off, then a record that is encrypted.
fn dtls() -> Seeds {
    let hello = b"\x16\xfe\xff\0\0\0\0\0\0\0\0\0\x10\x01\0\0\x2a\0\0\0\0\0\0\0\x04\xfe\xfd\x01\x02";
    let finished = b"\x16\xfe\xfd\0\x01\0\0\0\0\0\0\0\x04\x01\x02\x03\x04";
    let datagrams = [&hello[..], finished]
        .map(|datagram| [&(datagram.len() as u16).to_be_bytes(), datagram].concat());
    vec![("fragment", datagrams.concat())]
}

fn srtp() -> Seeds {
    let seed = |kind: u8, packet: Vec<u8>| [vec![kind, 0x80], packet].concat();
    let report = rtcp().swap_remove(5).1;
    vec![
        ("gcm-rtp", seed(0, voice())),
        ("cm-rtp", seed(1, camera().swap_remove(0))),
        ("gcm-rtcp", seed(2, report.clone())),
        ("cm-rtcp", seed(3, report)),
    ]
}

/// The beginnings of browsers' offers: five lines of each, since the others are alike.
fn sdp() -> Result<Seeds, Box<dyn Error>> {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sfu/transport/tests/fixtures");
    ["chromium-trimmed", "firefox-trimmed", "safari"]
        .into_iter()
        .map(|name| {
            let text = fs::read_to_string(fixtures.join(name).with_extension("sdp"))?;
            let lines: Vec<_> = text.split_inclusive("\nm=").take(6).collect();
            Ok((name, lines.concat().trim_end_matches("m=").as_bytes().to_vec()))
        })
        .collect()
}

/// Raw deflate, without the base64url around it: the target adds that.
fn compressed_offers() -> Result<Seeds, Box<dyn Error>> {
    sdp()?
        .into_iter()
        .map(|(name, text)| {
            let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
            encoder.write_all(&text)?;
            Ok((name, encoder.finish()?))
        })
        .collect()
}

fn links() -> Seeds {
    vec![("link", b"school.AAAAAAAAAAAAAAAAAAAAAA".to_vec())]
}

/// Claims before they are signed; `exp` counts from now.
fn tokens() -> Seeds {
    let join = r#"{"aud":"kreide/join","exp":60,"jti":"j","tenant":"school","room":"7b","sub":"s-1","role":"pupil","name":"Ada","consent":false}"#;
    let access = r#"{"aud":"kreide/recordings","exp":60,"sub":"s-1","tenant":"school","room":"7b","role":"teacher"}"#;
    vec![("join", join.as_bytes().to_vec()), ("access", access.as_bytes().to_vec())]
}

/// What stands before the signature.
fn resume_keys() -> Seeds {
    vec![("key", b"school.7b.3.AAAAAAAAAAAAAAAAAAAAAA".to_vec())]
}

/// One of each message of protocol.md.
fn client_frames() -> Seeds {
    let seed = |(name, text): (&'static str, &str)| (name, text.as_bytes().to_vec());
    [
        ("join", r#"{"type":"join","version":1,"features":["x"],"with":{"token":"eyJ0eXAi.e30.AA"},"offer":"nVRNb9swDL3nVxi-"}"#),
        ("resume", r#"{"type":"join","version":1,"with":{"resume":"school.7b.1.AAAA.BBBB"},"since":41}"#),
        ("offer", r#"{"type":"offer","offer":"nVRNb9swDL3nVxi-"}"#),
        ("view", r#"{"type":"view","slots":[{"slot":0,"source":{"participant":1,"kind":"content"},"height":1080,"priority":2}]}"#),
        ("send", r#"{"type":"send","kind":"microphone","on":true,"ref":7}"#),
        ("hand", r#"{"type":"hand","up":true}"#),
        ("lower-hand", r#"{"type":"lowerHand","who":3}"#),
        ("chat", r#"{"type":"chat","text":"Seite 12?\n\u00e4","ref":8}"#),
        ("mute", r#"{"type":"mute","who":3,"kind":"contentAudio"}"#),
        ("lock", r#"{"type":"lock","who":3,"what":"camera","locked":true}"#),
        ("lock-all", r#"{"type":"lock","what":"chat","locked":false}"#),
        ("remove", r#"{"type":"remove","who":3}"#),
        ("record", r#"{"type":"record","on":true}"#),
        ("record-consent", r#"{"type":"recordConsent","to":"u3Jx0m5c1sQbqk3gZp2T9w"}"#),
        ("end", r#"{"type":"end"}"#),
        ("leave", r#"{"type":"leave"}"#),
        ("ping", r#"{"type":"ping"}"#),
    ]
    .map(seed)
    .to_vec()
}

fn enter_requests() -> Seeds {
    vec![
        ("personal", br#"{"link":"school.AAAAAAAAAAAAAAAAAAAAAA"}"#.to_vec()),
        ("class", br#"{"link":"school.AAAAAAAAAAAAAAAAAAAAAA","name":"Ada"}"#.to_vec()),
        (
            "chosen",
            br#"{"link":"school.AAAAAAAAAAAAAAAAAAAAAA","chosen":"c","device":"d"}"#.to_vec(),
        ),
    ]
}

fn rosters() -> Seeds {
    let german = "\u{feff}Raum;Kennung;Name;Rolle;Platz;Einwilligung\r\n\
        7b;s1;\"Öztürk, Ada\";Schülerin;2;ja\r\n8c;s2;Ben;;;\r\n";
    let english = "id,name,role,seat,consent\ns1,Ada,pupil,2,yes\ns2,\"B \"\"B\"\"\",guest,1,no\n";
    vec![("german", german.into()), ("english", english.into())]
}

fn talks() -> Seeds {
    let times = "Beginn;Minuten;Familie\n15:10;10;\n15:00;10;Li\n";
    let dates = "begin,minutes\n2026-11-12T15:00+01:00,10\n2026-11-12T14:10Z,5\n";
    vec![("times", times.into()), ("dates", dates.into())]
}

fn stored_events() -> Result<Seeds, Box<dyn Error>> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../signaling/lesson/corpus");
    let log = fs::read_to_string(corpus.join("0001-first-lesson.jsonl"))?;
    let lines: Vec<&str> = log.split_inclusive('\n').collect();
    let part = |range: std::ops::Range<usize>| lines[range].concat().into_bytes();
    Ok(vec![("beginning", part(0..16)), ("all", part(0..lines.len()))])
}
