//! The media connection of a bot with its socket: the offer of one, and what came of it.
//!
//! Invariant: an offer is used once; whoever loses a connection makes a new one of each.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use rand::Rng;
use tokio::io::Interest;
use tokio::net::UdpSocket;

use crate::arrival::{self, Arrived};
use crate::bot::BotConfig;
use crate::media::{Media, Publication};
use crate::sdp::{Answer, Credentials, offer, pack};
use crate::send::Camera;
use crate::transport::Identity;
use crate::{BotError, Latencies};

/// An offer that was made.
pub(crate) struct Draft {
    identity: Arc<Identity>,
    credentials: Credentials,
    /// SSRCs of the content and its repetitions: it has no rid.
    content: (u32, u32),
    /// As it is sent.
    pub(crate) packed: String,
}

/// A connection that is coming about or stands.
pub(crate) struct Wire {
    pub(crate) media: Media,
    pub(crate) socket: UdpSocket,
    lose: f64,
}

impl Draft {
    /// An offer with the certificate of the process, or with one of its own: a server takes two
    /// connections of one person with one certificate for the same that moved.
    pub(crate) fn new(config: &BotConfig, own: bool) -> Result<Self, BotError> {
        let identity = if own { Arc::new(Identity::new()?) } else { identity()? };
        let (credentials, content) = (credentials(&identity), rand::rng().random());
        let layers = config.camera.layers.iter();
        let rids: Vec<&str> = layers.map(|layer| layer.rid).filter(|rid| !rid.is_empty()).collect();
        let text = offer(&credentials, &rids, content, AUDIO_SLOTS, config.watching.slots);
        Ok(Self { identity, credentials, content, packed: pack(&text)? })
    }

    /// Begins the connection.
    pub(crate) async fn answered(
        self,
        config: &BotConfig,
        latencies: Arc<Latencies>,
        me: u32,
        answer: &str,
    ) -> Result<Wire, BotError> {
        let answer = Answer::parse(answer)?;
        let (camera, screen) = (&config.camera, Camera::screen());
        let ssrcs = [None, None, Some(self.content), None];
        let publications = Publication::all(me, camera, &screen, &answer.lines, ssrcs)?;
        let socket = socket()?;
        // Until its first event the runtime takes a socket for full.
        socket.writable().await?;
        let now = Instant::now();
        let mut media =
            Media::new(self.identity, latencies, &self.credentials, &answer, publications, now);
        media.plain.write_into(config.journal.clone());
        Ok(Wire { media, socket, lose: config.lose })
    }
}

impl Wire {
    /// Takes what lies in the socket, but not more than the others have patience for.
    pub(crate) fn receive(&mut self) -> Result<(), BotError> {
        let mut buffer = [0; 2_048];
        for _ in 0..AT_ONCE {
            let read = || arrival::receive(&self.socket, &mut buffer);
            match self.socket.try_io(Interest::READABLE, read) {
                Ok(Arrived { length, .. }) if self.loses(&buffer[..length]) => {}
                Ok(Arrived { length, from, at }) => {
                    self.media.handle_datagram(from, &buffer[..length], at)?;
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                // The server's port is closed: checks will tell.
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    pub(crate) fn flush(&mut self) {
        while let Some((to, datagram)) = self.media.poll_transmit() {
            let lost = self.loses(&datagram);
            if !lost && self.socket.try_send_to(&datagram, to).is_err() {
                self.media.unsent();
            }
        }
    }

    /// Whether a datagram gets lost; only media does.
    fn loses(&self, datagram: &[u8]) -> bool {
        let media = matches!(datagram, [128..=191, second, ..] if !(192..=223).contains(second));
        self.lose > 0.0 && media && rand::rng().random_bool(self.lose.min(1.0))
    }
}

/// One certificate for all bots of a process that need none of their own.
fn identity() -> Result<Arc<Identity>, BotError> {
    static IDENTITY: Mutex<Option<Arc<Identity>>> = Mutex::new(None);
    let mut identity = IDENTITY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(identity) = &*identity {
        return Ok(Arc::clone(identity));
    }
    let made = Arc::new(Identity::new()?);
    *identity = Some(Arc::clone(&made));
    Ok(made)
}

fn credentials(identity: &Identity) -> Credentials {
    let mut random = rand::rng();
    let mut text = |length: usize| -> String {
        (0..length).map(|_| char::from(random.sample(rand::distr::Alphanumeric))).collect()
    };
    Credentials { ufrag: text(8), password: text(24), fingerprint: identity.fingerprint.clone() }
}

fn socket() -> Result<UdpSocket, BotError> {
    let socket = std::net::UdpSocket::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)))?;
    socket.set_nonblocking(true)?;
    arrival::note(&socket)?;
    // As large as the system lets it be: what is lost here would be blamed on the server.
    let _ = socket2::SockRef::from(&socket).set_recv_buffer_size(RECEIVE_BUFFER);
    Ok(UdpSocket::from_std(socket)?)
}

/// Three voices and an interpreter.
const AUDIO_SLOTS: u8 = 4;
/// Datagrams taken before anything else gets its turn.
const AT_ONCE: usize = 64;
const RECEIVE_BUFFER: usize = 1 << 20;
