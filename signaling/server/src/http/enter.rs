//! `POST /api/enter`: exchanges a link for a join token.
//!
//! Invariant: whoever has no valid link learns nothing: an unknown tenant, an unknown secret and a
//! withdrawn link get the same answer. Failures are limited per address and tenant.
//! Left out on purpose: who gets what, which `door` says, and seats. A token is no seat yet.

use std::net::IpAddr;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kreide_control::TenantId;
use kreide_protocol::{EnterRequest, ErrorCode};
use tokio::time::Instant;

use super::{Peer, refusal};
use crate::door::admit;
use crate::links;
use crate::server::App;

/// Whose failures are counted together: an IPv4 address or an IPv6 network of /64, and a tenant.
pub(crate) type DoorKey = (IpAddr, Option<TenantId>);

pub(super) async fn enter(
    State(app): State<Arc<App>>,
    Extension(Peer(peer)): Extension<Peer>,
    headers: HeaderMap,
    request: Result<Json<EnterRequest>, JsonRejection>,
) -> Response {
    let Ok(Json(request)) = request else {
        return refusal(StatusCode::BAD_REQUEST, ErrorCode::BadMessage, "the body is no request");
    };
    let address = browser(peer, &app.config.trusted_proxies, &headers);
    let parsed = links::parse(&request.link);
    let key = (network(address), parsed.as_ref().map(|(tenant, _)| tenant.clone()));
    let door = || app.door.lock().expect("nobody panics while counting failures");
    if !door().may_try(&key, Instant::now()) {
        app.metrics.refuse(ErrorCode::TooMany);
        return refusal(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooMany, "too many failures");
    }
    match admit(&app, parsed, &request).await {
        Ok(reply) => ([(header::CACHE_CONTROL, "no-store")], Json(reply)).into_response(),
        Err(code) => {
            app.metrics.refuse(code);
            if code == ErrorCode::LinkInvalid {
                door().failed(key, Instant::now());
            }
            let status = match code {
                ErrorCode::Degraded => StatusCode::SERVICE_UNAVAILABLE,
                ErrorCode::BadText => StatusCode::UNPROCESSABLE_ENTITY,
                ErrorCode::BadMessage => StatusCode::BAD_REQUEST,
                ErrorCode::NotFound => StatusCode::NOT_FOUND,
                _ => StatusCode::FORBIDDEN,
            };
            refusal(status, code, "the door stays shut")
        }
    }
}

/// The browser's address: the peer's, or what a trusted proxy says. Of a list the last entry is
/// the proxy's own; the ones before it are whatever the browser wrote.
fn browser(peer: IpAddr, proxies: &[IpAddr], headers: &HeaderMap) -> IpAddr {
    let forwarded = || {
        let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
        last.rsplit(',').next()?.trim().parse().ok()
    };
    let trusted = proxies.contains(&peer.to_canonical());
    trusted.then(forwarded).flatten().unwrap_or(peer)
}

/// One household or school has one IPv4 address or one IPv6 network.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_trusted_proxy_speaks_for_others() {
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let rows = [
            ("127.0.0.1", "192.0.2.7", "192.0.2.7"),
            ("::ffff:127.0.0.1", "192.0.2.7", "192.0.2.7"),
            ("127.0.0.1", "10.0.0.1, 192.0.2.7", "192.0.2.7"),
            ("127.0.0.1", "nonsense", "127.0.0.1"),
            ("198.51.100.1", "192.0.2.7", "198.51.100.1"),
        ];
        for (peer, forwarded, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", forwarded.parse().unwrap());
            let found = browser(address(peer), &[address("127.0.0.1")], &headers);
            assert_eq!(found, address(expected), "{peer} forwards {forwarded}");
        }
        assert_eq!(browser(address("::1"), &[], &HeaderMap::new()), address("::1"));
    }

    #[test]
    fn neighbours_are_counted_together() {
        let rows = [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ];
        for (address, expected) in rows {
            assert_eq!(network(address.parse().unwrap()), expected.parse::<IpAddr>().unwrap());
        }
    }
}
