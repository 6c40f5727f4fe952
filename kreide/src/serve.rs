//! `kreide serve`: starts storage, media and signaling, and ends them in the opposite order.
//!
//! Invariant: "ready" is printed when joins are taken and not before; whatever keeps the server
//! from that is said in one sentence, with what to do about it.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, bail};
use kreide_cluster::SqliteStore;
use kreide_control::Role;
use kreide_recorder_app::{Access, Doorkeeper, Recorder, RecorderConfig};
use kreide_server::{Keys, Parts, Server};
use kreide_sfu_node::{Node, NodeConfig, NodeError};
use prometheus::Registry;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::ServeOptions;
use crate::logs;
use crate::settings::Settings;

/// Recordings that may run at once. Each takes a few hundredths of a processor and a megabyte or
/// two a second at most; a machine that has more lessons than this has room for so many.
const MAX_RECORDINGS: usize = 64;

pub(crate) fn run(options: &ServeOptions) -> Result<()> {
    let settings = Settings::read(options)?;
    logs::start(&settings)?;
    let runtime = tokio::runtime::Runtime::new().context("cannot start")?;
    // Not on this thread: every connection would be handed over from it.
    runtime.block_on(async { tokio::spawn(serve(settings)).await.context("the server failed")? })
}

async fn serve(settings: Settings) -> Result<()> {
    let signals = Signals::new()?;
    let store = Arc::new(SqliteStore::open(&settings.data).await?);
    // Held until the process ends.
    let _lock = lock(&settings.data)?;
    let keys = Arc::new(Keys::load_or_create(&settings.data)?);
    let listener =
        TcpListener::bind(settings.http).await.map_err(|e| taken(e, settings.http, "http"))?;
    let http = listener.local_addr().context("the HTTP port is gone")?;

    let recordings = settings.recordings_folder();
    let registry = Registry::new();
    let media = NodeConfig {
        media: settings.media,
        shards: settings.shards.into(),
        public: settings.public_addresses,
        coalescing: settings.coalescing,
        part_size: settings.part_size.into(),
    };
    let (node, events) = Node::start(&media, &registry).map_err(|error| match error {
        NodeError::Bind { address, source } => taken(source, address, "media"),
        other => anyhow!(other),
    })?;
    let node = Arc::new(node);
    let (recorder, recorder_events) = Recorder::new(
        RecorderConfig {
            folder: recordings,
            kept: settings.recordings_kept,
            max_recordings: MAX_RECORDINGS,
        },
        kreide_recorder_app::Parts {
            tap: node.clone(),
            media: node.clone(),
            catalogue: store.clone(),
            registry: registry.clone(),
        },
    )?;
    let recorder = Arc::new(recorder);
    let parts = Parts {
        log: store.clone(),
        catalogue: store,
        media: node.clone(),
        events,
        recorder: recorder.clone(),
        recorder_events,
        playback: recorder.router(Arc::new(Door(keys.clone()))),
        registry,
        keys,
    };
    let server = Server::new(settings.server, parts)?;
    // Reads what a crash cut, which may take a while: lessons need not wait for it.
    tokio::spawn({
        let recorder = recorder.clone();
        async move { recorder.recover().await }
    });

    println!("http   http://{http}");
    for address in node.media_addresses() {
        println!("media  udp://{address}");
    }
    println!("ready");
    tracing::info!(shards = settings.shards, "ready");
    let served = server.serve(listener, signals.first()).await.context("the HTTP port failed");
    recorder.shutdown().await;
    served?;
    tracing::info!("stopped");
    Ok(())
}

/// Opens recordings to whoever signaling gave access.
struct Door(Arc<Keys>);

impl Doorkeeper for Door {
    fn access(&self, token: &str) -> Option<Access> {
        let access = self.0.access(token)?;
        let teacher = access.role == Role::Teacher;
        let kreide_server::Access { tenant, room, admitted, .. } = access;
        Some(Access { tenant, room, teacher, admitted })
    }
}

/// Two servers on one folder would each believe to own its lessons.
fn lock(folder: &Path) -> Result<File> {
    let path = folder.join("kreide.lock");
    let named = || format!("the lock file {} cannot be used", path.display());
    let file = fs::OpenOptions::new().create(true).append(true).open(&path).with_context(named)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            bail!("another kreide serves the data folder {} already", folder.display())
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(named),
    }
}

/// Why an address cannot be listened on. `option` is what sets it.
fn taken(error: io::Error, address: SocketAddr, option: &str) -> anyhow::Error {
    let why = match error.kind() {
        ErrorKind::AddrInUse => "the port is taken. Choose another by",
        ErrorKind::AddrNotAvailable => "this machine has no such address. Choose another by",
        ErrorKind::PermissionDenied => "that needs more rights. Choose a port above 1023 by",
        _ => return anyhow!(error).context(format!("cannot listen on {address} (--{option})")),
    };
    anyhow!("cannot listen on {address}: {why} --{option}")
}

/// What asks the server to end.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the first signal. The second one ends the process at once.
    async fn first(mut self) {
        self.next().await;
        tracing::info!("stopping");
        tokio::spawn(async move {
            self.next().await;
            std::process::exit(130);
        });
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
