//! The server as the binary holds it: parts in, requests answered, an orderly end.
//!
//! Invariant: when [`Server::serve`] returns, every browser has been told why, and everything
//! that was answered is on disk.
//! Left out on purpose: TLS, which is terminated in front or by the media acceptor.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use kreide_cluster::{Catalogue, LessonLog};
use kreide_control::{Event, MediaPlane, RecorderEvent, RecorderPlane};
use prometheus::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, watch};

use crate::http::{self, Peer};
use crate::keys::Keys;
use crate::limit::{Failures, Rate};
use crate::metrics::Metrics;
use crate::rooms::Rooms;
use crate::{Config, erasing, outside};

/// Failures at the door that one address may have. A school has one address: its classes must not
/// be locked out for long by one who guesses, and 128 bits need no long lock. What is stopped is
/// the cost of look-ups.
const DOOR: Rate = Rate { burst: 60.0, per_second: 0.5 };
/// A request's head must arrive within this time, also on a connection that waits for the next.
const HEAD: Duration = Duration::from_secs(5);
/// How often it is looked for texts that are due to be erased.
const ERASE: Duration = Duration::from_secs(10);
/// How often it is looked for people who were erased, and for what else changed outside.
const FORGET: Duration = Duration::from_secs(2);
/// How long connections may take to end after all were told.
const END: Duration = Duration::from_secs(3);

/// What a server is built from.
pub struct Parts {
    /// Logs of lessons.
    pub log: Arc<dyn LessonLog>,
    /// Rooms and links.
    pub catalogue: Arc<dyn Catalogue>,
    /// The SFU.
    pub media: Arc<dyn MediaPlane>,
    /// What the SFU says.
    pub events: mpsc::Receiver<Event>,
    /// The recorder.
    pub recorder: Arc<dyn RecorderPlane>,
    /// What the recorder says.
    pub recorder_events: mpsc::Receiver<RecorderEvent>,
    /// Routes below `/api/recordings`, which play recordings. The guard of all routes holds for
    /// them too, and whose link was withdrawn or who was removed does not come so far.
    pub playback: Router,
    /// Where metrics are registered; `/metrics` shows all of it.
    pub registry: Registry,
    /// Signs tokens and resume keys. Shared with whoever checks access tokens.
    pub keys: Arc<Keys>,
}

/// Answers browsers.
pub struct Server {
    app: Arc<App>,
    log: Arc<dyn LessonLog>,
    events: mpsc::Receiver<Event>,
    recorder_events: mpsc::Receiver<RecorderEvent>,
    playback: Router,
}

/// What all requests share.
pub(crate) struct App {
    pub(crate) config: Config,
    pub(crate) catalogue: Arc<dyn Catalogue>,
    pub(crate) keys: Arc<Keys>,
    pub(crate) metrics: Metrics,
    pub(crate) rooms: Rooms,
    /// Held for a look-up, never over an await.
    pub(crate) door: Mutex<Failures<http::DoorKey>>,
    /// One permit for each open WebSocket.
    pub(crate) sockets: Arc<Semaphore>,
}

impl Server {
    /// Builds a server. Nothing is served yet.
    ///
    /// # Errors
    /// If a metric of the same name is registered already.
    pub fn new(config: Config, parts: Parts) -> Result<Self, prometheus::Error> {
        let metrics = Metrics::new(parts.registry)?;
        let keys = parts.keys;
        let log = parts.log.clone();
        let rooms = Rooms::new(crate::rooms::Context {
            log: parts.log,
            catalogue: parts.catalogue.clone(),
            media: parts.media,
            recorder: parts.recorder,
            keys: keys.clone(),
            metrics: metrics.clone(),
            config: config.clone(),
        });
        let app = App {
            sockets: Arc::new(Semaphore::new(config.max_connections)),
            config,
            catalogue: parts.catalogue,
            keys,
            metrics,
            rooms,
            door: Mutex::new(Failures::new(DOOR)),
        };
        Ok(Self {
            app: Arc::new(app),
            log,
            events: parts.events,
            recorder_events: parts.recorder_events,
            playback: parts.playback,
        })
    }

    /// Answers until `shutdown` is done; then tells every browser and waits until logs are
    /// written.
    ///
    /// # Errors
    /// If the listener fails for good.
    pub async fn serve(
        self,
        listener: TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let Self { app, log, events, recorder_events, playback } = self;
        let every = app.config.texts_kept.clamp(Duration::from_millis(100), ERASE);
        let erasing = tokio::spawn(erasing::run(log, app.catalogue.clone(), every));
        let forgetting = tokio::spawn(erasing::forget_people(app.clone(), every.min(FORGET)));
        let looking = tokio::spawn(outside::run(app.clone(), every.min(FORGET)));
        let media = tokio::spawn(route_media(app.clone(), events));
        let recorder = tokio::spawn(route_recorder(app.clone(), recorder_events));
        let room = u32::try_from(app.config.max_sockets).unwrap_or(u32::MAX);
        let permits = Arc::new(Semaphore::new(room as usize));
        let (stop, stopped) = watch::channel(());
        let accepting =
            accept(listener, http::router(app.clone(), playback), permits.clone(), stopped);
        tokio::select! {
            never = accepting => match never? {},
            () = shutdown => {}
        }
        app.rooms.shut_down().await;
        stop.send_replace(());
        let all_ended = async {
            let _http = permits.acquire_many(room).await;
            let browsers = u32::try_from(app.config.max_connections).unwrap_or(u32::MAX);
            let _sockets = app.sockets.acquire_many(browsers).await;
        };
        if tokio::time::timeout(END, all_ended).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        media.abort();
        recorder.abort();
        erasing.abort();
        forgetting.abort();
        looking.abort();
        Ok(())
    }
}

/// Hands what the media plane says to the lessons.
async fn route_media(app: Arc<App>, mut events: mpsc::Receiver<Event>) {
    while let Some(event) = events.recv().await {
        app.rooms.media(event).await;
    }
}

/// Hands what the recorder says to the lessons.
async fn route_recorder(app: Arc<App>, mut events: mpsc::Receiver<RecorderEvent>) {
    while let Some(event) = events.recv().await {
        app.rooms.recorder(event).await;
    }
}

/// Takes connections in, as many as there are permits.
async fn accept(
    listener: TcpListener,
    router: Router,
    permits: Arc<Semaphore>,
    stopped: watch::Receiver<()>,
) -> io::Result<std::convert::Infallible> {
    loop {
        let permit = permits.clone().acquire_owned().await.map_err(io::Error::other)?;
        let (stream, address) = match listener.accept().await {
            Ok(accepted) => accepted,
            Err(error) if is_about_the_peer(&error) => continue,
            Err(error) => {
                // Out of descriptors: others must end first. Trying at once would only spin.
                tracing::error!(%error, "no connection can be accepted");
                tokio::time::sleep(Duration::from_millis(200)).await;
                continue;
            }
        };
        let (router, stopped) = (router.clone(), stopped.clone());
        tokio::spawn(async move {
            answer(stream, Peer(address.ip()), router, stopped).await;
            drop(permit);
        });
    }
}

/// Answers the requests of one connection. A WebSocket leaves here and lives on by itself.
async fn answer(stream: TcpStream, peer: Peer, router: Router, mut stopped: watch::Receiver<()>) {
    // Small messages must not wait for each other.
    let _best_effort = stream.set_nodelay(true);
    // Not a layer of the router: that would build all routes anew for each connection.
    let routes = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(peer);
        routes.call(request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    // How a connection ends is the peer's business.
    tokio::select! {
        _ended = connection.as_mut() => {}
        _stop = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ended = connection.await;
        }
    }
}

fn is_about_the_peer(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
