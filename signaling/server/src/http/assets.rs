//! The browser client, as it was built into the binary.
//!
//! Invariant: files under `assets/` carry a hash in their name and never change; everything else
//! is asked for again each time. A path without a file name's dot is the client's own business and
//! gets its page.
//! Left out on purpose: reading files at run time in release builds.

use std::collections::HashMap;
use std::io::Write;
use std::sync::LazyLock;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header as name};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

use super::header;
use crate::secret;

#[derive(RustEmbed)]
#[folder = "../../web-client/dist"]
#[allow_missing = true]
struct Dist;

/// A file as it is sent.
struct Asset {
    kind: &'static str,
    plain: Bytes,
    /// Only where it is clearly smaller.
    gzip: Option<Bytes>,
    tag: String,
    cache: &'static str,
}

/// Compressed once, at the first request.
static ASSETS: LazyLock<HashMap<String, Asset>> = LazyLock::new(|| {
    let load = |path: std::borrow::Cow<'static, str>| {
        let file = Dist::get(&path)?;
        Some((path.to_string(), Asset::new(&path, file.data.into_owned())))
    };
    Dist::iter().filter_map(load).collect()
});

pub(super) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let path = uri.path().trim_start_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let path = if last.contains('.') { path } else { "index.html" };
    match ASSETS.get(path) {
        Some(asset) => asset.answer(&headers),
        None if path == "index.html" => {
            (StatusCode::NOT_FOUND, "This build of Kreide comes without its web client.\n")
                .into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

impl Asset {
    fn new(path: &str, plain: Vec<u8>) -> Self {
        let kind = kind(path);
        let packed = gzip(&plain).filter(|packed| packed.len() < plain.len() * 9 / 10);
        Self {
            kind,
            gzip: packed.map(Bytes::from),
            tag: tag(&plain),
            plain: plain.into(),
            cache: if path.starts_with("assets/") {
                "public, max-age=31536000, immutable"
            } else {
                "no-cache"
            },
        }
    }

    fn answer(&self, headers: &HeaderMap) -> Response {
        let common = [
            (name::CONTENT_TYPE, self.kind),
            (name::CACHE_CONTROL, self.cache),
            (name::ETAG, &self.tag),
            (name::VARY, "accept-encoding"),
        ];
        if header(headers, "if-none-match").is_some_and(|tags| tags.contains(&self.tag)) {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        let wants_gzip = header(headers, "accept-encoding").is_some_and(|e| e.contains("gzip"));
        match self.gzip.clone().filter(|_| wants_gzip) {
            Some(packed) => (common, [(name::CONTENT_ENCODING, "gzip")], packed).into_response(),
            None => (common, self.plain.clone()).into_response(),
        }
    }
}

fn gzip(plain: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).ok()?;
    encoder.finish().ok()
}

fn tag(plain: &[u8]) -> String {
    let hash = secret::sha256(plain);
    let hex: String = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
}

fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_packed_tagged_and_typed() {
        let asset = Asset::new("assets/app-1a2b.js", b"let a = 1; ".repeat(100));
        let mut headers = HeaderMap::new();
        headers.insert("accept-encoding", "br, gzip".parse().unwrap());
        let answer = asset.answer(&headers);
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        assert_eq!(answer.headers()["content-type"], "text/javascript; charset=utf-8");
        assert!(answer.headers()["cache-control"].to_str().unwrap().contains("immutable"));

        headers.insert("if-none-match", asset.tag.parse().unwrap());
        assert_eq!(asset.answer(&headers).status(), StatusCode::NOT_MODIFIED);
        let plain = asset.answer(&HeaderMap::new());
        assert!(!plain.headers().contains_key("content-encoding"));
        let page = Asset::new("index.html", b"<!doctype html>".to_vec());
        assert!(page.gzip.is_none(), "too small to pack");
        assert_eq!(page.answer(&HeaderMap::new()).headers()["cache-control"], "no-cache");
    }
}
