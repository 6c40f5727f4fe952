//! One m-line of an offer and the attributes below it.
//!
//! Invariant: every list is bounded, every id stored fits where it will be written.

use super::OfferError;
use kreide_media::line::ExtensionIds;

/// One m-line with what we use of it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) media: Media,
    /// `UDP/TLS/RTP/SAVPF` and the like; echoed when the line is rejected.
    pub(super) protocol: String,
    /// The first payload format; echoed when the line is rejected.
    pub(super) first_format: String,
    pub(super) port_zero: bool,
    pub(super) bundle_only: bool,
    pub(super) mid: String,
    pub(super) direction: Direction,
    pub(super) rtcp_mux: bool,
    pub(super) rtcp_rsize: bool,
    pub(super) mixed_extensions: bool,
    /// In the order of the m-line: the peer's preference.
    pub(super) formats: Vec<Format>,
    /// Header extensions the peer would send, and those it would receive.
    pub(super) sent_extensions: ExtensionIds,
    pub(super) received_extensions: ExtensionIds,
    /// Names of `a=rid:.. send`, in order.
    pub(super) rids: Vec<String>,
    /// Names in the send part of `a=simulcast`, in order.
    pub(super) simulcast: Vec<String>,
    pub(super) ssrcs: Vec<u32>,
    /// Retransmission and FEC SSRCs: second in their group.
    pub(super) secondary_ssrcs: Vec<u32>,
    pub(super) fid: Vec<(u32, u32)>,
    /// Where in `formats` a payload type is, plus one.
    by_type: [u8; 128],
}

/// What an m-line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Audio,
    Video,
    /// Never accepted; the name is echoed.
    Application,
}

/// As the offerer sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    SendRecv,
    SendOnly,
    RecvOnly,
    Inactive,
}

/// A payload type with its attributes.
#[derive(Clone, Debug, Default)]
pub(super) struct Format {
    pub(super) payload_type: u8,
    /// Encoding name in lower case; empty if there was no rtpmap.
    pub(super) encoding: String,
    pub(super) clock_rate: u32,
    pub(super) channels: u8,
    /// Parameters as they stand.
    pub(super) parameters: String,
    pub(super) feedback: Feedback,
}

/// Feedback a payload type was offered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Feedback {
    pub(super) nack: bool,
    pub(super) nack_pli: bool,
    pub(super) ccm_fir: bool,
    pub(super) transport_cc: bool,
}

impl Format {
    /// The value of one parameter.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.split(';').find_map(|parameter| {
            let (key, value) = parameter.split_once('=')?;
            key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Line {
    /// Reads the value of an m-line: `video 9 UDP/TLS/RTP/SAVPF 96 97`.
    pub(super) fn begin(value: &str) -> Result<Self, OfferError> {
        const BAD: OfferError = OfferError::Malformed("m-line");
        let mut words = value.split_ascii_whitespace();
        let media = match words.next().ok_or(BAD)? {
            "audio" => Media::Audio,
            "video" => Media::Video,
            "application" => Media::Application,
            _ => return Err(BAD),
        };
        let port = words.next().ok_or(BAD)?;
        let port: u16 = port.split('/').next().unwrap_or(port).parse().map_err(|_| BAD)?;
        let protocol = echoable(words.next().ok_or(BAD)?).ok_or(BAD)?;
        let mut line = Self {
            media,
            protocol,
            first_format: String::new(),
            port_zero: port == 0,
            bundle_only: false,
            mid: String::new(),
            direction: Direction::SendRecv,
            rtcp_mux: false,
            rtcp_rsize: false,
            mixed_extensions: false,
            formats: Vec::new(),
            sent_extensions: ExtensionIds::default(),
            received_extensions: ExtensionIds::default(),
            rids: Vec::new(),
            simulcast: Vec::new(),
            ssrcs: Vec::new(),
            secondary_ssrcs: Vec::new(),
            fid: Vec::new(),
            by_type: [0; 128],
        };
        for word in words {
            if line.first_format.is_empty() {
                line.first_format = echoable(word).ok_or(BAD)?;
            }
            if media == Media::Application {
                break;
            }
            let payload_type: u8 = word.parse().map_err(|_| BAD)?;
            let known = line.by_type.get_mut(usize::from(payload_type)).ok_or(BAD)?;
            if *known == 0 {
                line.formats.push(Format { payload_type, ..Format::default() });
                // At most 128, since payload types are.
                *known = line.formats.len() as u8;
            }
        }
        if line.first_format.is_empty() { Err(BAD) } else { Ok(line) }
    }

    /// Takes one attribute. Unknown ones are skipped.
    pub(super) fn attribute(&mut self, name: &str, value: &str) -> Result<(), OfferError> {
        match name {
            "mid" => self.mid = token(value, MAX_MID).ok_or(OfferError::Malformed("mid"))?,
            "sendrecv" => self.direction = Direction::SendRecv,
            "sendonly" => self.direction = Direction::SendOnly,
            "recvonly" => self.direction = Direction::RecvOnly,
            "inactive" => self.direction = Direction::Inactive,
            "rtcp-mux" => self.rtcp_mux = true,
            "rtcp-rsize" => self.rtcp_rsize = true,
            "bundle-only" => self.bundle_only = true,
            "extmap-allow-mixed" => self.mixed_extensions = true,
            "rtpmap" => self.rtpmap(value),
            "fmtp" => self.fmtp(value),
            "rtcp-fb" => self.feedback(value),
            "extmap" => self.extmap(value),
            "rid" => return self.rid(value),
            "simulcast" => return self.simulcast(value),
            "ssrc" => return self.ssrc(value),
            "ssrc-group" => return self.ssrc_group(value),
            _ => {}
        }
        Ok(())
    }

    /// The format that `value` begins with, and the rest of the value.
    fn format_mut<'v>(&mut self, value: &'v str) -> Option<(&mut Format, &'v str)> {
        let (payload_type, rest) = value.split_once(' ')?;
        let payload_type: usize = payload_type.parse().ok()?;
        let at = usize::from(*self.by_type.get(payload_type)?);
        Some((self.formats.get_mut(at.checked_sub(1)?)?, rest))
    }

    fn rtpmap(&mut self, value: &str) {
        let Some((format, rest)) = self.format_mut(value) else { return };
        let mut parts = rest.trim().split('/');
        if let (Some(name), Some(Ok(clock_rate))) =
            (parts.next(), parts.next().map(str::parse::<u32>))
        {
            name.to_ascii_lowercase().clone_into(&mut format.encoding);
            format.clock_rate = clock_rate;
            format.channels = parts.next().and_then(|text| text.parse().ok()).unwrap_or(1);
        }
    }

    fn fmtp(&mut self, value: &str) {
        if let Some((format, rest)) = self.format_mut(value) {
            rest.trim().clone_into(&mut format.parameters);
        }
    }

    fn feedback(&mut self, value: &str) {
        let set = |feedback: &mut Feedback, what: &str| match what {
            "nack" => feedback.nack = true,
            "nack pli" => feedback.nack_pli = true,
            "ccm fir" => feedback.ccm_fir = true,
            "transport-cc" => feedback.transport_cc = true,
            _ => {}
        };
        if let Some(what) = value.strip_prefix("* ") {
            for format in &mut self.formats {
                set(&mut format.feedback, what.trim());
            }
        } else if let Some((format, what)) = self.format_mut(value) {
            set(&mut format.feedback, what.trim());
        }
    }

    /// RFC 8285 section 8: `3/sendonly URI attributes`. The first id of a URI counts.
    fn extmap(&mut self, value: &str) {
        let mut words = value.split_ascii_whitespace();
        let (Some(id), Some(uri)) = (words.next(), words.next()) else { return };
        let (id, direction) = id.split_once('/').unwrap_or((id, "sendrecv"));
        let Ok(id) = id.parse::<u8>() else { return };
        // 0 is padding. 15 ends a one-byte header and is legal but useless in a two-byte one.
        if id == 0 || id == 15 {
            return;
        }
        let (sent, received) = (&mut self.sent_extensions, &mut self.received_extensions);
        for (ids, other) in [(sent, "recvonly"), (received, "sendonly")] {
            if direction != other
                && direction != "inactive"
                && let Some(slot) = ids.slot_for(uri)
            {
                slot.get_or_insert(id);
            }
        }
    }

    /// RFC 8851: `h send pt=96;max-width=1280`.
    fn rid(&mut self, value: &str) -> Result<(), OfferError> {
        let mut words = value.split_ascii_whitespace();
        if let (Some(name), Some("send")) = (words.next(), words.next()) {
            let name = token(name, MAX_RID).ok_or(OfferError::Malformed("rid"))?;
            push_bounded(&mut self.rids, name, MAX_RIDS, "rids")?;
        }
        Ok(())
    }

    /// RFC 8853: `send h;m;~l recv 1`; before the RFC also `send rid=h;m;l`. Of alternatives
    /// (`h,h2`) the first counts; `~` marks a layer that starts paused.
    fn simulcast(&mut self, value: &str) -> Result<(), OfferError> {
        let mut words = value.split_ascii_whitespace();
        while let Some(word) = words.next() {
            let Some(list) = words.next() else { break };
            if word != "send" {
                continue;
            }
            let list = list.strip_prefix("rid=").unwrap_or(list);
            for layer in list.split(';') {
                let name = layer.split(',').next().unwrap_or(layer).trim_start_matches('~');
                let name = token(name, MAX_RID).ok_or(OfferError::Malformed("simulcast"))?;
                push_bounded(&mut self.simulcast, name, MAX_RIDS, "simulcast layers")?;
            }
        }
        Ok(())
    }

    /// RFC 5576 section 4.1: `1234 cname:x`, several lines for each SSRC.
    fn ssrc(&mut self, value: &str) -> Result<(), OfferError> {
        let ssrc = value.split(' ').next().unwrap_or(value);
        let ssrc = ssrc.parse().map_err(|_| OfferError::Malformed("ssrc"))?;
        push_bounded(&mut self.ssrcs, ssrc, MAX_SSRCS, "SSRCs")
    }

    /// RFC 5576 section 4.2: `FID 1234 5678`.
    fn ssrc_group(&mut self, value: &str) -> Result<(), OfferError> {
        const BAD: OfferError = OfferError::Malformed("ssrc-group");
        let mut words = value.split_ascii_whitespace();
        let kind = words.next().ok_or(BAD)?;
        if kind != "FID" && kind != "FEC-FR" {
            return Ok(());
        }
        let mut ssrc = || words.next().ok_or(BAD)?.parse::<u32>().map_err(|_| BAD);
        let (primary, secondary) = (ssrc()?, ssrc()?);
        push_bounded(&mut self.secondary_ssrcs, secondary, MAX_SSRCS, "SSRC groups")?;
        if kind == "FID" {
            push_bounded(&mut self.fid, (primary, secondary), MAX_SSRCS, "SSRC groups")?;
        }
        Ok(())
    }
}

/// Adds what is not there yet.
fn push_bounded<T: PartialEq>(
    list: &mut Vec<T>,
    item: T,
    max: usize,
    what: &'static str,
) -> Result<(), OfferError> {
    if list.contains(&item) {
        return Ok(());
    }
    if list.len() >= max {
        return Err(OfferError::TooMany(what));
    }
    list.push(item);
    Ok(())
}

/// An SDP token (RFC 8866 section 9) of at most `max` characters.
fn token(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let is_token_char = |c: char| matches!(c, '!' | '#'..='\'' | '*' | '+' | '-' | '.' | '0'..='9' | 'A'..='Z' | '^'..='~');
    ((1..=max).contains(&text.len()) && text.chars().all(is_token_char)).then(|| text.to_owned())
}

/// A word that is short and plain enough to be said back.
fn echoable(word: &str) -> Option<String> {
    (word.len() <= 32 && word.chars().all(|c| c.is_ascii_graphic())).then(|| word.to_owned())
}

/// Fits a one-byte header extension (RFC 8285 section 4.2).
const MAX_MID: usize = 16;
const MAX_RID: usize = 16;

/// Layers of one line. Browsers send up to three.
const MAX_RIDS: usize = 4;

/// Four layers with retransmission and FEC.
const MAX_SSRCS: usize = 12;
