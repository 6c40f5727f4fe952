//! What a downloaded recording is called: the room's title and when it began.
//!
//! Invariant: a name is one that every system can save, whatever the title is.
//! Left out on purpose: people, the school, the recording's id.

use axum::http::HeaderValue;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Characters of a title that are kept. File systems take 255 bytes, four a character.
const LONGEST: usize = 40;

/// What may stand in an extended value as it is (`attr-char`, RFC 8187 section 3.2.1).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// The name of a file, such as "7b 2026-11-23 0941.webm". The time is the server's.
pub(super) fn of(title: &str, started: i64) -> String {
    name(title, started, &TimeZone::system())
}

fn name(title: &str, started: i64, zone: &TimeZone) -> String {
    let safe = |c: char| match c {
        '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|' => ' ',
        c if c.is_control() => ' ',
        c => c,
    };
    let title: String = title.chars().map(safe).take(LONGEST).collect();
    let words: Vec<_> = title.split_whitespace().collect();
    // A leading dot would hide the file.
    let title = words.join(" ");
    let title = title.trim_start_matches(['.', ' ']);
    let began = zone.to_datetime(Timestamp::from_millisecond(started).unwrap_or_default());
    format!("{title} {}.webm", began.strftime("%Y-%m-%d %H%M")).trim_start().to_owned()
}

/// Tells a browser to save a file under this name (RFC 6266 section 4).
pub(super) fn disposition(name: &str) -> HeaderValue {
    let plain: String =
        name.chars().map(|c| if c.is_ascii() && !c.is_control() { c } else { '_' }).collect();
    let plain = plain.replace(['"', '\\', '%'], "_");
    let full = utf8_percent_encode(name, ENCODED);
    let text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{full}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("attachment"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_can_be_saved() {
        let long = "ü".repeat(300);
        let rows = [
            ("7b", "7b 2026-11-23 0841.webm"),
            ("  7b\tMathe\r\n", "7b Mathe 2026-11-23 0841.webm"),
            ("../../etc/passwd", "etc passwd 2026-11-23 0841.webm"),
            ("Frau Kern: \"Übung\"", "Frau Kern Übung 2026-11-23 0841.webm"),
            ("...", "2026-11-23 0841.webm"),
            ("", "2026-11-23 0841.webm"),
            (long.as_str(), &format!("{} 2026-11-23 0841.webm", "ü".repeat(LONGEST))),
        ];
        for (title, expected) in rows {
            assert_eq!(name(title, 1_795_423_260_000, &TimeZone::UTC), expected, "{title}");
        }
        let berlin = TimeZone::fixed(jiff::tz::offset(1));
        assert_eq!(name("7b", 1_795_423_260_000, &berlin), "7b 2026-11-23 0941.webm");
        assert!(name("7b", i64::MAX, &TimeZone::UTC).ends_with(".webm"));
    }

    #[test]
    fn a_header_holds_any_name() {
        let rows = [
            ("7b 1.webm", "attachment; filename=\"7b 1.webm\"; filename*=UTF-8''7b%201.webm"),
            ("Ü.webm", "attachment; filename=\"_.webm\"; filename*=UTF-8''%C3%9C.webm"),
            ("a\"b", "attachment; filename=\"a_b\"; filename*=UTF-8''a%22b"),
            ("a%41", "attachment; filename=\"a_41\"; filename*=UTF-8''a%2541"),
            ("a\r\nb", "attachment; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"),
        ];
        for (name, expected) in rows {
            assert_eq!(disposition(name), expected, "{name}");
        }
    }
}
