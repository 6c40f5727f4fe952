//! Looking at DTLS records (RFC 6347 section 4.1) before the library does.
//!
//! Pure functions over bytes. They let through only what an honest client's handshake consists
//! of, because the library reacts to some nonsense with a fatal alert or with deafness.

/// The records of a datagram that can be of use. What is left out can only be forged or broken;
/// application data is never negotiated.
pub(super) fn useful(datagram: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = datagram;
    let whole = std::iter::from_fn(move || {
        let (header, body) = rest.split_first_chunk::<RECORD_HEADER>()?;
        let length = usize::from(u16::from_be_bytes([header[11], header[12]]));
        if header[1] != VERSION_MAJOR || length == 0 || length > body.len() {
            return None;
        }
        let (record, behind) = rest.split_at(RECORD_HEADER + length);
        rest = behind;
        Some(record)
    });
    whole.filter(|record| {
        let (kind, epoch) = (record[0], u16::from_be_bytes([record[3], record[4]]));
        let body = &record[RECORD_HEADER..];
        match (kind, epoch) {
            (HANDSHAKE, 0) => is_sane_handshake(body),
            (CHANGE_CIPHER_SPEC, 0) => body == [1],
            // Encrypted, so the library can tell. Alerts count only here.
            (HANDSHAKE | ALERT, 1) => true,
            _ => false,
        }
    })
}

/// Whether a useful record is an alert, which is encrypted then.
pub(super) fn is_alert(record: &[u8]) -> bool {
    record.first() == Some(&ALERT)
}

/// Whether a record can be the end of the client's last flight: it is encrypted.
pub(super) fn is_finished(record: &[u8]) -> bool {
    matches!(record, [HANDSHAKE, _, _, 0, 1, ..])
}

/// How many pieces of unfinished messages a handshake record in clear holds.
pub(super) fn count_fragments(record: &[u8]) -> usize {
    if !matches!(record, [HANDSHAKE, _, _, 0, 0, ..]) {
        return 0;
    }
    let mut body = record.get(RECORD_HEADER..).unwrap_or_default();
    let mut fragments = 0;
    while let Some((header, rest)) = body.split_first_chunk::<MESSAGE_HEADER>() {
        let (length, fragment) = (number(header, 1), number(header, 9));
        fragments += usize::from(fragment < length);
        body = rest.get(fragment..).unwrap_or_default();
    }
    fragments
}

/// A 24-bit number of a handshake header (RFC 6347 section 4.2.2).
fn number(header: &[u8; MESSAGE_HEADER], at: usize) -> usize {
    let [a, b, c] = [header[at], header[at + 1], header[at + 2]].map(usize::from);
    a << 16 | b << 8 | c
}

/// Whether a datagram begins with the beginning of the handshake's first message.
pub(super) fn is_first_hello(datagram: &[u8]) -> bool {
    let message = datagram.get(RECORD_HEADER..RECORD_HEADER + MESSAGE_HEADER);
    datagram.first() == Some(&HANDSHAKE)
        && matches!(message, Some([CLIENT_HELLO, _, _, _, 0, 0, 0, 0, 0, ..]))
}

/// Whether a datagram of ours begins with the ServerHello, as our one long flight does.
pub(super) fn is_server_hello(datagram: &[u8]) -> bool {
    datagram.first() == Some(&HANDSHAKE) && datagram.get(RECORD_HEADER) == Some(&SERVER_HELLO)
}

/// Whether a datagram of ours begins with an alert that anybody can read.
pub(super) fn is_alert_in_clear(datagram: &[u8]) -> bool {
    matches!(datagram, [ALERT, _, _, 0, 0, ..])
}

/// Whether a handshake record in clear holds fragments that fit it, of messages that a client
/// sends. A forged message that passes for the next one would stand in the way of the true one; so
/// would a piece of no length, which nobody sends but the library takes for the whole.
fn is_sane_handshake(mut body: &[u8]) -> bool {
    while let Some((header, rest)) = body.split_first_chunk::<MESSAGE_HEADER>() {
        let (length, offset, fragment) = (number(header, 1), number(header, 6), number(header, 9));
        let from_client =
            matches!(header[0], CLIENT_HELLO | CERTIFICATE | CERTIFICATE_VERIFY | KEY_EXCHANGE);
        if !from_client
            || length > super::MAX_HANDSHAKE_BYTES
            || offset + fragment > length
            || (fragment == 0 && length > 0)
            || fragment > rest.len()
        {
            return false;
        }
        body = &rest[fragment..];
    }
    body.is_empty()
}

const RECORD_HEADER: usize = 13;
const MESSAGE_HEADER: usize = 12;

/// DTLS counts versions downwards: 254.
const VERSION_MAJOR: u8 = 0xfe;

// Record types (RFC 5246 section 6.2.1).
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;

// Handshake types (RFC 5246 section 7.4).
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_VERIFY: u8 = 15;
const KEY_EXCHANGE: u8 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 7];
        record.extend_from_slice(&(body.len() as u16).to_be_bytes());
        record.extend_from_slice(body);
        record
    }

    fn message(kind: u8, length: u8, offset: u8, fragment: u8, body: usize) -> Vec<u8> {
        let mut message = vec![kind, 0, 0, length, 0, 0, 0, 0, offset, 0, 0, fragment];
        message.resize(12 + body, 0x55);
        message
    }

    #[test]
    fn counts_pieces_but_not_whole_messages() {
        let mut body = message(CLIENT_HELLO, 100, 0, 10, 10);
        body.extend(message(CLIENT_HELLO, 100, 10, 1, 1));
        body.extend(message(CERTIFICATE, 5, 0, 5, 5));
        assert_eq!(count_fragments(&record(HANDSHAKE, 0, &body)), 2);
        assert_eq!(count_fragments(&record(HANDSHAKE, 1, &body)), 0);
        assert_eq!(count_fragments(&record(HANDSHAKE, 0, &body)[..20]), 0);
    }

    #[test]
    fn lets_through_what_a_client_says() {
        let check = |datagram: &[u8], count: usize| {
            assert_eq!(useful(datagram).count(), count, "{datagram:02x?}");
        };
        check(&record(22, 0, &message(1, 9, 0, 9, 9)), 1);
        check(&record(22, 0, &message(1, 9, 4, 5, 5)), 1);
        check(&record(22, 0, &[message(11, 2, 0, 2, 2), message(16, 3, 0, 3, 3)].concat()), 1);
        check(&record(20, 0, &[1]), 1);
        check(&record(21, 1, &[9; 30]), 1);
        check(&record(22, 1, &[9; 30]), 1);
        let flight =
            [record(22, 0, &message(16, 1, 0, 1, 1)), record(20, 0, &[1]), record(22, 1, &[0; 9])];
        check(&flight.concat(), 3);
        // A broken end takes nothing away from what stands before it.
        check(&[flight.concat(), vec![22, 0xfe, 0xfd]].concat(), 3);

        check(&[], 0);
        check(&record(21, 0, &[2, 40]), 0);
        check(&record(23, 0, &[0; 9]), 0);
        check(&record(23, 1, &[0; 9]), 0);
        check(&record(22, 2, &[0; 9]), 0);
        check(&record(20, 0, &[2]), 0);
        check(&record(20, 0, &[1, 1]), 0);
        check(&record(22, 0, &[]), 0);
        check(&record(22, 0, &message(2, 1, 0, 1, 1)), 0);
        check(&record(22, 0, &message(20, 1, 0, 1, 1)), 0);
        check(&record(22, 0, &message(1, 9, 5, 5, 5)), 0);
        check(&record(22, 0, &message(1, 9, 4, 0, 0)), 0);
        check(&record(22, 0, &message(11, 0, 0, 0, 0)), 1);
        check(&record(22, 0, &message(1, 9, 0, 9, 8)), 0);
        check(&record(22, 0, &message(1, 9, 0, 9, 10)), 0);
        let mut other_version = record(22, 0, &message(1, 9, 0, 9, 9));
        other_version[1] = 3;
        check(&other_version, 0);
    }

    #[test]
    fn knows_the_first_hello() {
        assert!(is_first_hello(&record(22, 0, &message(1, 9, 0, 4, 4))));
        assert!(!is_first_hello(&record(22, 0, &message(1, 9, 4, 5, 5))));
        assert!(!is_first_hello(&record(22, 0, &message(11, 9, 0, 4, 4))));
        let mut second = record(22, 0, &message(1, 9, 0, 4, 4));
        second[18] = 1;
        assert!(!is_first_hello(&second));
        assert!(!is_first_hello(&[22]));
    }
}
