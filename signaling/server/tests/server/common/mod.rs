//! A real server on a real port with a real file, a media plane that only notes its orders, and
//! clients that speak the protocol as JSON.

mod client;
mod plane;
mod recorder;
mod store;

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use kreide_cluster::{Catalogue, LessonLog, Room, SqliteStore};
use kreide_control::{Event, LessonKey, Lobby, Policy, RecorderEvent, Role, RoomId, TenantId};
use kreide_server::links::{self, NewLink};
use kreide_server::{Config, Keys, Parts, Server};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

pub(crate) use client::{Client, pack};
pub(crate) use plane::FakePlane;
pub(crate) use recorder::{FakeRecorder, Order};
pub(crate) use store::Fickle;

/// How long a test waits for what must come. Only a failing test waits that long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct Fixture {
    pub(crate) folder: TempDir,
    pub(crate) address: SocketAddr,
    pub(crate) plane: Arc<FakePlane>,
    pub(crate) log: Arc<Fickle>,
    pub(crate) events: mpsc::Sender<Event>,
    pub(crate) recorder: Arc<FakeRecorder>,
    pub(crate) recorder_events: mpsc::Sender<RecorderEvent>,
    pub(crate) keys: Arc<Keys>,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<std::io::Result<()>>,
}

/// An answer over HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), Config::standard()).await
    }

    pub(crate) async fn start_in(folder: TempDir, config: Config) -> Self {
        let store = SqliteStore::open(folder.path()).await.unwrap();
        let log = Arc::new(Fickle::new(store.clone()));
        let plane = Arc::new(FakePlane::default());
        let recorder = Arc::new(FakeRecorder::new(plane.clone()));
        let (events, receiver) = mpsc::channel(64);
        let (recorder_events, recorder_receiver) = mpsc::channel(64);
        let keys = Arc::new(Keys::load_or_create(folder.path()).unwrap());
        let parts = Parts {
            log: log.clone(),
            catalogue: Arc::new(store),
            media: plane.clone(),
            events: receiver,
            recorder: recorder.clone(),
            recorder_events: recorder_receiver,
            playback: playback(),
            registry: prometheus::Registry::new(),
            keys: keys.clone(),
        };
        let server = Server::new(config, parts).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve(listener, async {
            let _ = stopped.await;
        }));
        Self {
            folder,
            address,
            plane,
            log,
            events,
            recorder,
            recorder_events,
            keys,
            stop: Some(stop),
            serving,
        }
    }

    /// Stops the server as Ctrl-C does and gives its folder back.
    pub(crate) async fn stop(mut self) -> TempDir {
        self.stop.take().unwrap().send(()).unwrap();
        tokio::time::timeout(PATIENCE, self.serving).await.unwrap().unwrap().unwrap();
        self.folder
    }

    /// Stops and starts again on the same folder.
    pub(crate) async fn restart(self) -> Self {
        let folder = self.stop().await;
        Self::start_in(folder, Config::standard()).await
    }

    /// A personal link's secret.
    pub(crate) async fn link(&self, room: &str, role: Role, name: &str) -> String {
        self.link_for(room, role, Some(name), None).await
    }

    pub(crate) async fn link_for(
        &self,
        room: &str,
        role: Role,
        name: Option<&str>,
        expires: Option<i64>,
    ) -> String {
        create_link(self.folder.path(), wanted(room, role, name, expires)).await
    }

    /// A personal link for someone whom the school may record.
    pub(crate) async fn recordable_link(&self, role: Role, name: &str) -> String {
        let wanted = NewLink { consent: true, ..wanted("7b", role, Some(name), None) };
        create_link(self.folder.path(), wanted).await
    }

    /// Exchanges a link for a token.
    pub(crate) async fn token(&self, link: &str) -> String {
        let answer = self.enter(&serde_json::json!({ "link": link })).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn enter(&self, body: &serde_json::Value) -> Answer {
        let head = "content-type: application/json\r\n";
        self.http("POST", "/api/enter", head, &body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.http("GET", path, "", "").await
    }

    /// One request, as bytes.
    pub(crate) async fn http(&self, method: &str, path: &str, head: &str, body: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n{head}content-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// Decides for room 7b as another process would; a lesson that runs hears of it soon.
    pub(crate) async fn decide(&self, policy: Policy) {
        let store = SqliteStore::open(self.folder.path()).await.unwrap();
        let tenant = TenantId::parse("school").unwrap();
        let room = Room::new(tenant, RoomId::parse("7b").unwrap(), "7b".to_owned());
        store.put_room(Room { policy, ..room }).await.unwrap();
    }

    /// A person who has come in by a personal link, without media.
    pub(crate) async fn person(&self, role: Role, name: &str) -> Client {
        let link = self.link("7b", role, name).await;
        self.join(&self.token(&link).await).await
    }

    /// A person who has come in by a personal link, with media.
    pub(crate) async fn person_with_media(&self, role: Role, name: &str) -> Client {
        let link = self.link("7b", role, name).await;
        let token = self.token(&link).await;
        let mut client = Client::connect(self.address).await;
        let fields = serde_json::json!({ "with": { "token": token }, "offer": pack("v=0") });
        client.join_as(fields).await;
        client
    }

    /// All that is in the log of room 7b's first lesson.
    pub(crate) async fn log_text(&self) -> String {
        let stored = self.log.load(lesson(1)).await.unwrap();
        let lines = stored.records.iter().map(|record| String::from_utf8_lossy(&record.body));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Joins with a token and must succeed.
    pub(crate) async fn join(&self, token: &str) -> Client {
        let mut client = Client::connect(self.address).await;
        client.join(serde_json::json!({ "token": token })).await;
        client
    }

    /// Joins with a token and must wait.
    pub(crate) async fn waits(&self, token: &str) -> Client {
        let mut client = Client::connect(self.address).await;
        client.waits(serde_json::json!({ "token": token })).await;
        client
    }

    /// A person who has come to the door of room 7b by a personal link and must wait.
    pub(crate) async fn waiting(&self, role: Role, name: &str) -> Client {
        let link = self.link("7b", role, name).await;
        self.waits(&self.token(&link).await).await
    }

    /// The value of a metric line that begins so.
    pub(crate) async fn metric(&self, begins: &str) -> f64 {
        let answer = self.get("/metrics").await;
        let line = answer.body.lines().find(|line| line.starts_with(begins));
        line.and_then(|line| line.rsplit(' ').next()).map_or(0.0, |value| value.parse().unwrap())
    }
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// Makes a link as another process would, beside the running server.
async fn create_link(folder: &Path, wanted: NewLink) -> String {
    let store = SqliteStore::open(folder).await.unwrap();
    let room = Room::new(wanted.tenant.clone(), wanted.room.clone(), wanted.room.to_string());
    store.ensure_room(Room { policy: open(), ..room }).await.unwrap();
    let url = links::create(&store, "http://127.0.0.1", wanted).await.unwrap();
    url.rsplit_once('#').unwrap().1.to_owned()
}

/// A room in which nobody waits and nothing is locked, unless a test says so.
pub(crate) fn open() -> Policy {
    Policy {
        lobby: Lobby::Nobody,
        early: true,
        supervised: false,
        locked: BTreeSet::new(),
        ..Policy::default()
    }
}

/// A link for someone whom the school may not record.
fn wanted(room: &str, role: Role, name: Option<&str>, expires: Option<i64>) -> NewLink {
    NewLink {
        tenant: TenantId::parse("school").unwrap(),
        room: RoomId::parse(room).unwrap(),
        role,
        name: name.map(str::to_owned),
        consent: false,
        expires,
    }
}

/// What plays recordings, as far as the server is concerned: some routes.
fn playback() -> Router {
    Router::new()
        .route("/api/recordings", get(async || "recordings"))
        .route("/api/recordings/{id}/release", post(async |body: String| body))
}

pub(crate) fn lesson(number: u32) -> LessonKey {
    LessonKey {
        tenant: TenantId::parse("school").unwrap(),
        room: RoomId::parse("7b").unwrap(),
        lesson: number,
    }
}

/// Waits until something that another task does is so.
pub(crate) async fn until(what: &str, mut so: impl FnMut() -> bool) {
    let waiting = async {
        while !so() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}

/// As [`until`], for what the store has to be asked.
pub(crate) async fn eventually(what: &str, so: impl AsyncFn() -> bool) {
    let waiting = async {
        while !so().await {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("never: {what}"));
}
