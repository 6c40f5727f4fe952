//! A recorder with a lesson that the test plays: packets of a camera and a microphone in real time.

use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode};
use futures::future::BoxFuture;
use kreide_cluster::{Catalogue, Room, SqliteStore};
use kreide_control::{
    Answer, Command, Connect, ConnectError, Epoch, LessonKey, MediaPlane, MediaTap, Overloaded,
    ParticipantNo, RecordOrder, RecorderEvent, RecorderPlane, RecordingId, RoomId, SlotMapping,
    Source, SourceKind, Tap, Tapped, TenantId,
};
use kreide_recorder_app::{Access, Doorkeeper, Parts, Recorder, RecorderConfig};
use opus::{Application, Channels, Encoder};
use prometheus::Registry;
use tempfile::TempDir;
use tokio::sync::mpsc::Receiver;
use tower::ServiceExt;

pub(crate) const TEACHER: ParticipantNo = ParticipantNo(1);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(crate) fn tenant(id: &str) -> TenantId {
    TenantId::parse(id).unwrap()
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::parse(id).unwrap()
}

pub(crate) fn id(id: &str) -> RecordingId {
    RecordingId::parse(id).unwrap()
}

pub(crate) fn lesson() -> LessonKey {
    LessonKey { tenant: tenant("school"), room: room("7b"), lesson: 3 }
}

pub(crate) fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

/// Tokens are "school/7b/teacher", and "school/7b/pupil/waits" of somebody who was not let in.
struct Door;

impl Doorkeeper for Door {
    fn access(&self, token: &str) -> Option<Access> {
        let mut parts = token.split('/');
        let (tenant, room) = (TenantId::parse(parts.next()?)?, RoomId::parse(parts.next()?)?);
        let teacher = parts.next()? == "teacher";
        Some(Access { tenant, room, teacher, admitted: parts.next().is_none() })
    }
}

/// The media side, played by the test.
#[derive(Default)]
pub(crate) struct Stage {
    feed: Mutex<Option<SyncSender<Tapped>>>,
    pub(crate) orders: Mutex<Vec<Command>>,
}

impl MediaTap for Stage {
    fn tap(&self, _lesson: &LessonKey, _epoch: Epoch) -> Result<Tap, Overloaded> {
        let (sender, feed) = sync_channel(4096);
        *self.feed.lock().unwrap() = Some(sender);
        Ok(Tap { feed })
    }
}

impl MediaPlane for Stage {
    fn connect(&self, _connect: Connect) -> BoxFuture<'static, Result<Answer, ConnectError>> {
        Box::pin(async { Err(ConnectError::Unavailable) })
    }

    fn send(&self, command: Command) -> Result<(), Overloaded> {
        self.orders.lock().unwrap().push(command);
        Ok(())
    }
}

impl Stage {
    /// Whether the recorder is still there.
    pub(crate) fn give(&self, tapped: Tapped) -> bool {
        let feed = self.feed.lock().unwrap();
        let Some(feed) = &*feed else { return false };
        !matches!(feed.try_send(tapped), Err(std::sync::mpsc::TrySendError::Disconnected(_)))
    }

    /// The shard drops the recorder.
    pub(crate) fn hang_up(&self) {
        *self.feed.lock().unwrap() = None;
    }

    /// Plays a lesson with a camera and a voice for a time, or until nobody records any more.
    pub(crate) fn play(&self, length: Duration, frames: &[Vec<u8>]) {
        let start = Instant::now();
        let ntp = |at: Duration| (3_900_000_000_u64 << 32) + (at.as_nanos() as u64 * 4_295 / 1_000);
        let camera = Source { participant: TEACHER, kind: SourceKind::Camera };
        let shown = SlotMapping { slot: 0, source: Some(camera), from_timestamp: 0 };
        self.give(Tapped::Clock { at: start, ntp: ntp(Duration::ZERO) });
        self.give(Tapped::Pictures(vec![camera]));
        self.give(Tapped::Speaking(vec![TEACHER]));
        self.give(Tapped::Slots(vec![shown]));
        let mut voice = Encoder::new(48_000, Channels::Mono, Application::Voip).unwrap();
        let (mut sounds, mut pictures, mut picture_packets) = (0_u32, 0_u32, 0_u16);
        loop {
            let at = start.elapsed();
            let sound_at = Duration::from_millis(20) * sounds;
            let picture_at = Duration::from_millis(33) * pictures;
            if sound_at.min(picture_at) >= length {
                return;
            }
            if sound_at.min(picture_at) > at {
                thread::sleep(sound_at.min(picture_at) - at);
                continue;
            }
            if sound_at <= picture_at {
                let wave = |n: u32| 0.3 * ((sounds * 960 + n) as f32 * 0.0576).sin();
                let wave: Vec<f32> = (0..960).map(wave).collect();
                let payload = voice.encode_vec_float(&wave, 1_275).unwrap();
                let header = Header { kind: 111, ssrc: 0x0a00, marker: sounds == 0 };
                let packet = header.packet(sounds as u16, sounds * 960, ntp(sound_at), &[&payload]);
                if !self.give(Tapped::Rtp { arrival: Instant::now(), packet }) {
                    return;
                }
                sounds += 1;
            } else {
                let frame = &frames[pictures as usize % frames.len()];
                let parts: Vec<_> = frame.chunks(1_100).collect();
                for (n, part) in parts.iter().enumerate() {
                    // Begins a frame; partition 0 (RFC 7741 section 4.2).
                    let descriptor: &[u8] = if n == 0 { &[0x10] } else { &[0x00] };
                    let marker = n + 1 == parts.len();
                    let header = Header { kind: 96, ssrc: 0x0b00, marker };
                    let packet = header.packet(
                        picture_packets,
                        pictures * 2_970,
                        ntp(picture_at),
                        &[descriptor, part],
                    );
                    picture_packets = picture_packets.wrapping_add(1);
                    self.give(Tapped::Rtp { arrival: Instant::now(), packet });
                }
                pictures += 1;
            }
        }
    }
}

struct Header {
    kind: u8,
    ssrc: u32,
    marker: bool,
}

impl Header {
    /// A packet with a capture time (RFC 3550 section 5.1, RFC 8285 section 4.2).
    fn packet(&self, sequence: u16, timestamp: u32, capture: u64, payload: &[&[u8]]) -> Vec<u8> {
        let mut packet = vec![0x90, self.kind | if self.marker { 0x80 } else { 0 }];
        packet.extend(sequence.to_be_bytes());
        packet.extend(timestamp.to_be_bytes());
        packet.extend(self.ssrc.to_be_bytes());
        packet.extend([0xbe, 0xde, 0, 3, 0x17]);
        packet.extend(capture.to_be_bytes());
        packet.extend([0; 3]);
        packet.extend(payload.concat());
        packet
    }
}

/// A second of a moving picture as VP8 frames, made once.
pub(crate) fn frames() -> &'static [Vec<u8>] {
    static FRAMES: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    FRAMES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("camera.ivf");
        let source = ["-f", "lavfi", "-i", "testsrc=size=640x360:rate=30:duration=1"];
        let coded = ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1M"];
        let status = Process::new("ffmpeg")
            .args(["-nostdin", "-v", "error"])
            .args(source)
            .args(coded)
            .args(["-g", "30"])
            .arg(&file)
            .status()
            .expect("ffmpeg is there: scripts/setup.sh test");
        assert!(status.success());
        let bytes = std::fs::read(&file).unwrap();
        let mut frames = Vec::new();
        // IVF: a head of 32 bytes, then each frame after its length and 8 bytes of time.
        let mut rest = &bytes[32..];
        while rest.len() > 12 {
            let length = u32::from_le_bytes(rest[..4].try_into().unwrap()) as usize;
            frames.push(rest[12..12 + length].to_vec());
            rest = &rest[12 + length..];
        }
        assert_eq!(frames.len(), 30);
        frames
    })
}

/// A recorder and all around it.
pub(crate) struct Studio {
    pub(crate) recorder: Recorder,
    pub(crate) events: Receiver<RecorderEvent>,
    pub(crate) stage: Arc<Stage>,
    pub(crate) store: SqliteStore,
    pub(crate) registry: Registry,
    pub(crate) folder: PathBuf,
    pub(crate) kept: Duration,
    router: Router,
    /// Deleted at the end.
    _data: Option<TempDir>,
}

impl Studio {
    pub(crate) async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let folder = data.path().join("recordings");
        let mut studio = Self::at(data.path(), folder, 30 * DAY).await;
        studio._data = Some(data);
        studio
    }

    /// A recorder with its database and its folder at given places.
    pub(crate) async fn at(data: &Path, folder: PathBuf, kept: Duration) -> Self {
        let store = SqliteStore::open(data).await.unwrap();
        let title = "7b Übung".to_owned();
        let class = Room::new(tenant("school"), room("7b"), title);
        store.ensure_room(class).await.unwrap();
        let (stage, registry) = (Arc::new(Stage::default()), Registry::new());
        let (recorder, events) = Recorder::new(
            RecorderConfig { folder: folder.clone(), kept, max_recordings: 2 },
            Parts {
                tap: stage.clone(),
                media: stage.clone(),
                catalogue: Arc::new(store.clone()),
                registry: registry.clone(),
            },
        )
        .unwrap();
        let router = recorder.router(Arc::new(Door));
        Self { recorder, events, stage, store, registry, folder, kept, router, _data: None }
    }

    pub(crate) fn order(&self, recording: &str) -> RecordOrder {
        RecordOrder {
            lesson: lesson(),
            epoch: Epoch(1),
            recording: id(recording),
            by: TEACHER,
            started: now(),
        }
    }

    pub(crate) fn path(&self, recording: &str) -> PathBuf {
        self.folder.join("school/7b").join(format!("{recording}.webm"))
    }

    /// Plays a lesson beside the test.
    pub(crate) fn play(&self, length: Duration) -> thread::JoinHandle<()> {
        let (stage, frames) = (self.stage.clone(), frames());
        thread::spawn(move || stage.play(length, frames))
    }

    /// Records a lesson of this length, to the end.
    pub(crate) async fn record(&mut self, recording: &str, length: Duration) {
        frames();
        self.recorder.record(self.order(recording)).unwrap();
        self.play(length).join().unwrap();
        self.recorder.stop(&lesson());
        self.stopped().await;
    }

    /// What the recorder says next.
    pub(crate) async fn stopped(&mut self) -> RecorderEvent {
        let event = tokio::time::timeout(Duration::from_secs(20), self.events.recv()).await;
        event.expect("an event comes").unwrap()
    }

    /// Waits until a teacher sees so many fragments.
    pub(crate) async fn wait_for_fragments(&self, recording: &str, many: usize) {
        let waiting = async {
            while self.fragments(recording).await < many {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(60), waiting).await;
        waited.unwrap_or_else(|_| panic!("{recording} never has {many} fragments"));
    }

    /// How many fragments a teacher sees. None while the recording has no row yet.
    async fn fragments(&self, recording: &str) -> usize {
        let path = format!("/api/recordings/{recording}");
        let reply = self.ask("GET", &path, "school/7b/teacher").await;
        let count = |index: serde_json::Value| index["fragments"].as_array().map(Vec::len);
        if reply.status == 200 { count(reply.json()).unwrap_or_default() } else { 0 }
    }

    pub(crate) async fn ask(&self, method: &str, path: &str, token: &str) -> Reply {
        self.ask_with(method, path, token, &[], "").await
    }

    pub(crate) async fn ask_with(
        &self,
        method: &str,
        path: &str,
        token: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = to_bytes(body, 1 << 30).await.unwrap();
        Reply { status: head.status, headers: head.headers, body }
    }
}

pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// What ffprobe says of a file, and that ffmpeg decodes all of it without a word.
pub(crate) fn probe(path: &Path) -> serde_json::Value {
    let decoded = Process::new("ffmpeg")
        .args(["-nostdin", "-v", "warning", "-xerror", "-i"])
        .arg(path)
        .args(["-f", "null", "-"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&decoded.stderr);
    assert!(decoded.status.success() && said.trim().is_empty(), "{said}");
    let shown = Process::new("ffprobe")
        .args(["-v", "error", "-of", "json", "-show_format", "-show_streams", "-count_packets"])
        .arg(path)
        .output()
        .unwrap();
    serde_json::from_slice(&shown.stdout).unwrap()
}

/// Seconds of a file, as ffprobe says.
pub(crate) fn seconds(probed: &serde_json::Value) -> f64 {
    probed["format"]["duration"].as_str().unwrap().parse().unwrap()
}
