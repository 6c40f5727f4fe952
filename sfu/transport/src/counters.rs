//! What a transport dropped, by cause. Plain numbers; the owner turns them into metrics.

/// Datagrams and packets that were dropped unanswered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// STUN with a wrong username, MESSAGE-INTEGRITY or FINGERPRINT.
    pub bad_integrity: u64,
    /// Anything but STUN from an address that has not proven itself.
    pub unvalidated: u64,
    /// Media whose index was seen before or is older than the replay window.
    pub replayed: u64,
    /// Media that failed authentication.
    pub auth_failed: u64,
    /// What is neither STUN, DTLS, RTP nor RTCP, or breaks off within a header.
    pub malformed: u64,
    /// Media before keys exist, DTLS after a failure, and what exceeds a cap.
    pub unexpected: u64,
}

impl Counters {
    /// Each count with the name of its cause, for metrics.
    #[must_use]
    pub fn by_cause(&self) -> [(&'static str, u64); 6] {
        [
            ("bad_integrity", self.bad_integrity),
            ("unvalidated", self.unvalidated),
            ("replayed", self.replayed),
            ("auth_failed", self.auth_failed),
            ("malformed", self.malformed),
            ("unexpected", self.unexpected),
        ]
    }
}
