//! The whole media path in one file: two browser tabs see and hear each other.
//!
//! ```text
//! cargo run -p kreide-sfu-node --example two_party
//! ```
//! Then open <http://127.0.0.1:8088/?n=1> and <http://127.0.0.1:8088/?n=2>. There is no
//! signaling, no lesson and no right here: only offers, answers and a fixed view.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use kreide_control::{
    Command, Connect, Epoch, Event, LessonKey, MediaPlane, MediaRights, ParticipantNo, Place, Role,
    RoomId, SlotRequest, Source, SourceKind, TenantId, View,
};
use kreide_sfu_node::{Node, NodeConfig};
use prometheus::{Registry, TextEncoder};

struct App {
    node: Node,
    registry: Registry,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let registry = Registry::new();
    let media = ([127, 0, 0, 1], 7888).into();
    let (public, coalescing) = (Vec::new(), Duration::from_millis(1));
    let config = NodeConfig { media, shards: 1, public, coalescing, part_size: 100 };
    let (node, mut events) = Node::start(&config, &registry)?;
    let app = Arc::new(App { node, registry });
    let routes = axum::Router::new()
        .route("/", get(async || Html(include_str!("two_party.html"))))
        .route("/offer/{number}", post(offer))
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(&app));
    tokio::spawn(async move {
        while let Some(event) = events.recv().await {
            println!("{event:?}");
            if let Event::Connected { lesson, participant } = event {
                let _ = app.node.send(look_at_the_other(lesson, participant));
            }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8088").await?;
    println!("http://127.0.0.1:8088/?n=1 and ?n=2");
    axum::serve(listener, routes).await?;
    Ok(())
}

/// Answers a browser's offer.
async fn offer(
    State(app): State<Arc<App>>,
    Path(number): Path<u32>,
    offer: String,
) -> Result<String, (StatusCode, String)> {
    let connect = Connect {
        lesson: lesson(),
        epoch: Epoch(1),
        participant: ParticipantNo(number),
        role: Role::Pupil,
        rights: MediaRights { microphone: true, camera: true, content: true },
        recordable: false,
        place: Place::default(),
        offer,
    };
    let answer = app.node.connect(connect).await;
    answer.map(|answer| answer.sdp).map_err(|e| (StatusCode::BAD_REQUEST, e.to_string()))
}

async fn metrics(State(app): State<Arc<App>>) -> String {
    TextEncoder::new().encode_to_string(&app.registry.gather()).unwrap_or_default()
}

fn lesson() -> LessonKey {
    let (tenant, room) = (TenantId::parse("example"), RoomId::parse("two"));
    LessonKey { tenant: tenant.expect("a valid id"), room: room.expect("a valid id"), lesson: 1 }
}

fn look_at_the_other(lesson: LessonKey, participant: ParticipantNo) -> Command {
    let other = ParticipantNo(3 - participant.0.min(2));
    let source = Source { participant: other, kind: SourceKind::Camera };
    let slots = vec![SlotRequest { slot: 0, source, height: 360, priority: 0 }];
    Command::SetView { lesson, participant, view: View { slots } }
}
