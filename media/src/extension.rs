//! RTP header extensions in the one-byte and two-byte forms (RFC 8285).

/// The extension block of one packet.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extensions<'a> {
    form: Form,
    body: &'a [u8],
}

#[derive(Clone, Copy, Debug, Default)]
enum Form {
    #[default]
    Absent,
    OneByte,
    TwoByte,
}

impl<'a> Extensions<'a> {
    /// Wraps a block; profiles other than RFC 8285's count as no extensions.
    #[must_use]
    pub fn new(profile: u16, body: &'a [u8]) -> Self {
        let form = match profile {
            0xbede => Form::OneByte,
            p if p & 0xfff0 == 0x1000 => Form::TwoByte,
            _ => Form::Absent,
        };
        Self { form, body }
    }

    /// The value with this id, if present.
    #[must_use]
    pub fn get(&self, id: Option<u8>) -> Option<&'a [u8]> {
        let id = id?;
        self.iter().find(|(found, _)| *found == id).map(|(_, value)| value)
    }

    /// All id and value pairs in order.
    pub fn iter(&self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = self.body;
        let form = self.form;
        std::iter::from_fn(move || {
            loop {
                let (&head, tail) = rest.split_first()?;
                let (id, length, tail) = match form {
                    Form::Absent => return None,
                    _ if head == 0 => {
                        rest = tail;
                        continue;
                    }
                    // RFC 8285 section 4.2: id 15 ends the processing.
                    Form::OneByte if head >> 4 == 15 => return None,
                    Form::OneByte => (head >> 4, usize::from(head & 0x0f) + 1, tail),
                    Form::TwoByte => {
                        let (&length, tail) = tail.split_first()?;
                        (head, usize::from(length), tail)
                    }
                };
                let value = tail.get(..length)?;
                rest = &tail[length..];
                return Some((id, value));
            }
        })
    }
}

/// Writes an extension block in the one-byte form.
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Writer<'a> {
    /// Begins a block at the end of `out`.
    pub fn begin(out: &'a mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0xbe, 0xde, 0, 0]);
        Self { out, start }
    }

    /// Adds a value of 1 to 16 bytes under an id of 1 to 14; others do not fit the form and are
    /// left out.
    pub fn add(&mut self, id: Option<u8>, value: &[u8]) {
        let (Some(id @ 1..=14), 1..=16) = (id, value.len()) else { return };
        self.out.push(id << 4 | (value.len() - 1) as u8);
        self.out.extend_from_slice(value);
    }

    /// Pads the block to a multiple of four bytes and writes its length.
    pub fn finish(self) {
        while !(self.out.len() - self.start).is_multiple_of(4) {
            self.out.push(0);
        }
        let words = ((self.out.len() - self.start) / 4 - 1) as u16;
        self.out[self.start + 2..self.start + 4].copy_from_slice(&words.to_be_bytes());
    }
}

/// Voice activity and level of RFC 6464.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AudioLevel {
    /// The encoder believes that this packet contains speech.
    pub voice: bool,
    /// Level below full scale in dB: 0 is loudest, 127 is silence.
    pub below_full_scale: u8,
}

impl AudioLevel {
    /// Reads the value of the extension.
    #[must_use]
    pub fn parse(value: &[u8]) -> Option<Self> {
        let &byte = value.first()?;
        Some(Self { voice: byte & 0x80 != 0, below_full_scale: byte & 0x7f })
    }

    /// The value to be written.
    #[must_use]
    pub fn to_byte(self) -> u8 {
        u8::from(self.voice) << 7 | self.below_full_scale & 0x7f
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let one = [0x10, 0xaa, 0, 0, 0x21, 1, 2, 0xf0, 0x30, 7];
        let two = [1, 1, 0xaa, 0, 2, 2, 1, 2, 9, 0];
        let pairs = |e: Extensions<'_>| e.iter().map(|(i, v)| (i, v.to_vec())).collect::<Vec<_>>();
        assert_eq!(pairs(Extensions::new(0xbede, &one)), [(1, vec![0xaa]), (2, vec![1, 2])]);
        assert_eq!(
            pairs(Extensions::new(0x1000, &two)),
            [(1, vec![0xaa]), (2, vec![1, 2]), (9, vec![])]
        );
        assert!(pairs(Extensions::new(0x4242, &one)).is_empty());
        assert!(pairs(Extensions::new(0xbede, &[0x1f, 1])).is_empty());
    }

    #[test]
    fn writes_what_it_reads() {
        let mut out = Vec::new();
        let mut writer = Writer::begin(&mut out);
        writer.add(Some(3), &[1, 2]);
        writer.add(None, &[9]);
        writer.add(Some(15), &[9]);
        writer.add(Some(4), &[5]);
        writer.finish();
        assert_eq!(out.len(), 12);
        let read = Extensions::new(0xbede, &out[4..]);
        assert_eq!(read.get(Some(3)), Some(&[1, 2][..]));
        assert_eq!(read.get(Some(4)), Some(&[5][..]));
        assert_eq!(read.get(None), None);
    }
}
