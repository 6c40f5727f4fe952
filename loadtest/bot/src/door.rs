//! HTTP to the server: the exchange of a link for a token, and what it says of itself.
//!
//! Left out on purpose: TLS. A load test runs beside the server or behind its proxy, and TLS would
//! measure the proxy.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use kreide_protocol::{EnterReply, EnterRequest, ErrorReply};
use tokio::net::TcpStream;

/// Where the server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Door {
    /// `host:port`.
    authority: String,
}

/// Why the door stayed shut.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// The address is none, or needs TLS.
    #[error("{0}: expected an address such as http://127.0.0.1:8080 (the load test speaks no TLS)")]
    Address(String),
    /// The server does not answer.
    #[error("{url} does not answer: {why}")]
    Silent {
        /// What was asked.
        url: String,
        /// Why.
        why: String,
    },
    /// The server refused.
    #[error("{url}: {status} {said}")]
    Refused {
        /// What was asked.
        url: String,
        /// HTTP status.
        status: u16,
        /// The code, or the body if it is none of ours.
        said: String,
    },
}

impl Door {
    /// Reads `http://host:port`.
    ///
    /// # Errors
    /// [`DoorError::Address`] if it is anything else.
    pub fn parse(url: &str) -> Result<Self, DoorError> {
        let wrong = || DoorError::Address(url.to_owned());
        let authority = url.strip_prefix("http://").ok_or_else(wrong)?.trim_end_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || ".:-[]_".contains(c);
        if authority.is_empty() || !authority.chars().all(plain) {
            return Err(wrong());
        }
        let has_port = authority.rsplit_once(':').is_some_and(|(_, p)| p.parse::<u16>().is_ok());
        let authority = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        Ok(Self { authority })
    }

    /// `http://host:port`
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.authority)
    }

    /// `host:port`
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn socket_url(&self) -> String {
        format!("ws://{}/ws", self.authority)
    }

    /// The body of a page.
    ///
    /// # Errors
    /// [`DoorError`] if the server does not answer with status 200.
    pub async fn get(&self, path: &str) -> Result<String, DoorError> {
        let body = self.ask(Method::GET, path, Bytes::new()).await?;
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    /// Exchanges a link's secret for a token.
    pub(crate) async fn enter(&self, request: &EnterRequest) -> Result<EnterReply, DoorError> {
        let path = "/api/enter";
        let silent = |error: serde_json::Error| self.silent(path, &error);
        let body = serde_json::to_vec(request).map_err(silent)?;
        let reply = self.ask(Method::POST, path, body.into()).await?;
        serde_json::from_slice(&reply).map_err(silent)
    }

    /// One connection for each request, as a person who just arrived makes.
    async fn ask(&self, method: Method, path: &str, body: Bytes) -> Result<Bytes, DoorError> {
        let silent = |error: &dyn std::fmt::Display| self.silent(path, error);
        let stream = TcpStream::connect(&self.authority).await.map_err(|e| silent(&e))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| silent(&e))?;
        let driver = tokio::spawn(connection);
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", &self.authority)
            .header("content-type", "application/json")
            .body(Full::new(body))
            .map_err(|e| silent(&e))?;
        let response = sender.send_request(request).await.map_err(|e| silent(&e))?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|e| silent(&e))?.to_bytes();
        driver.abort();
        if status == 200 {
            return Ok(body);
        }
        let said = serde_json::from_slice::<ErrorReply>(&body).map_or_else(
            |_| String::from_utf8_lossy(&body).chars().take(200).collect(),
            |refusal| format!("{:?}: {}", refusal.code, refusal.message),
        );
        Err(DoorError::Refused { url: format!("{}{path}", self.url()), status, said })
    }

    fn silent(&self, path: &str, why: &dyn std::fmt::Display) -> DoorError {
        DoorError::Silent { url: format!("{}{path}", self.url()), why: why.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, expected) in [
            ("http://127.0.0.1:8080", Some("http://127.0.0.1:8080")),
            ("http://kreide.example/", Some("http://kreide.example:80")),
            ("http://[::1]:9", Some("http://[::1]:9")),
            ("https://kreide.example", None),
            ("127.0.0.1:8080", None),
            ("http://", None),
            ("http://a/b", None),
        ] {
            assert_eq!(
                Door::parse(text).ok().map(|door| door.url()).as_deref(),
                expected,
                "{text}"
            );
        }
    }
}
