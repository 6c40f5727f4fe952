//! What holds for every request and answer.
//!
//! Invariant: `Origin` is absent (no browser) or names the host that was asked; only then the
//! request goes on. Every answer forbids everything that our client does not need.
//! Left out on purpose: lists of other origins; nothing embeds us yet.

use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::Response;
use kreide_protocol::ErrorCode;
use tokio::time::timeout;

use super::{header, refusal};

/// A request with its body must be there, and answered, within this time.
const PATIENCE: Duration = Duration::from_secs(10);

/// Refuses foreign pages and adds the security headers.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let host = header(request.headers(), "host").filter(|host| is_host(host)).map(str::to_owned);
    let mut response = if is_foreign(request.headers(), host.as_deref()) {
        refusal(StatusCode::FORBIDDEN, ErrorCode::Denied, "the page is of another origin")
    } else {
        match timeout(PATIENCE, next.run(request)).await {
            Ok(response) => response,
            Err(_late) => refusal(
                StatusCode::REQUEST_TIMEOUT,
                ErrorCode::BadMessage,
                "the request did not end in time",
            ),
        }
    };
    let headers = response.headers_mut();
    for (name, value) in FIXED {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&content_policy(host.as_deref())) {
        headers.insert("content-security-policy", policy);
    }
    response
}

const FIXED: [(&str, &str); 5] = [
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(self), microphone=(self), display-capture=(self), speaker-selection=(self), \
         screen-wake-lock=(self), fullscreen=(self), autoplay=(self), geolocation=(), usb=(), \
         payment=(), serial=(), hid=(), midi=()",
    ),
];

/// The Content Security Policy. WebSockets are named by host as well, because Safari before 15.4
/// does not count them to `'self'`.
fn content_policy(host: Option<&str>) -> String {
    let sockets = host.map(|host| format!(" ws://{host} wss://{host}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
         media-src 'self' blob: mediastream:; font-src 'self'; connect-src 'self'{sockets}; \
         worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; \
         trusted-types svelte-trusted-html"
    )
}

/// Whether the request comes from a page of another host (RFC 6454, section 7).
fn is_foreign(headers: &HeaderMap, host: Option<&str>) -> bool {
    if !headers.contains_key("origin") {
        return false;
    }
    let origin = header(headers, "origin").unwrap_or_default();
    let asked = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    asked.is_none() || asked != host
}

/// Whether it may stand in a policy: a host with a port, and nothing that ends a directive.
fn is_host(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !text.is_empty() && text.chars().all(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_pages() {
        let rows = [
            (None, Some("kreide.example"), false),
            (Some("https://kreide.example"), Some("kreide.example"), false),
            (Some("http://127.0.0.1:8080"), Some("127.0.0.1:8080"), false),
            (Some("http://[::1]:8080"), Some("[::1]:8080"), false),
            (Some("https://kreide.example.evil"), Some("kreide.example"), true),
            (Some("https://evil.example"), Some("kreide.example"), true),
            (Some("http://127.0.0.1:8081"), Some("127.0.0.1:8080"), true),
            (Some("null"), Some("kreide.example"), true),
            (Some("null"), None, true),
            (Some(""), None, true),
            (Some("ftp://kreide.example"), Some("kreide.example"), true),
        ];
        for (origin, host, expected) in rows {
            let mut headers = HeaderMap::new();
            if let Some(origin) = origin {
                headers.insert("origin", HeaderValue::from_static(origin));
            }
            assert_eq!(is_foreign(&headers, host), expected, "{origin:?} asks {host:?}");
        }
        let mut unreadable = HeaderMap::new();
        unreadable.insert("origin", HeaderValue::from_bytes(b"http://\xff").unwrap());
        assert!(is_foreign(&unreadable, None));
    }

    #[test]
    fn a_host_cannot_widen_the_policy() {
        assert!(is_host("[::1]:8080") && is_host("kreide.example"));
        assert!(!is_host("x; script-src *") && !is_host("x 'unsafe-inline'") && !is_host(""));
    }
}
