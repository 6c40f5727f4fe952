//! The real binary with a data folder of its own, on free ports of the loopback address.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};

use serde_json::Value;

/// `kreide` with these arguments, not started yet.
pub(crate) fn kreide(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kreide"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs `kreide` to its end.
pub(crate) fn output(arguments: &[&str]) -> Output {
    kreide(arguments).output().expect("the binary runs")
}

/// The link that `kreide link` prints, the only line of its output.
pub(crate) fn link(data: &Path, arguments: &[&str]) -> String {
    let data = data.to_str().expect("a temporary folder has a plain name");
    let output = output(&[&["link", "--data", data], arguments].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("a link is ASCII");
    let link = text.strip_suffix('\n').expect("a line").to_owned();
    assert!(!link.contains('\n'), "{link}");
    link
}

/// A running `kreide serve`. Dropped, it is killed.
pub(crate) struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// The lines before `ready`.
    pub(crate) said: Vec<String>,
    /// Where it answers HTTP.
    pub(crate) http: SocketAddr,
}

impl Running {
    /// Starts it on the folder and waits for `ready`.
    pub(crate) fn start(data: &Path) -> Self {
        let data = data.to_str().expect("a temporary folder has a plain name");
        let flags = [
            "--http",
            "127.0.0.1:0",
            "--media",
            "127.0.0.1:0",
            "--shards",
            "1",
            "--log-filter",
            "warn",
        ];
        let mut child = kreide(&[&["serve", "--data", data], &flags[..]].concat())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let mut said = Vec::new();
        loop {
            let mut line = String::new();
            let length = stdout.read_line(&mut line).expect("UTF-8");
            assert!(length > 0, "ended before it was ready");
            if line == "ready\n" {
                break;
            }
            said.push(line.trim_end().to_owned());
        }
        let http = said
            .iter()
            .find_map(|line| line.strip_prefix("http")?.trim().strip_prefix("http://"))
            .expect("it says where")
            .parse()
            .expect("an address");
        Self { child, stdout, said, http }
    }

    /// Number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal, such as `TERM`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.pid().to_string()])
            .status()
            .expect("there is a kill command");
        assert!(status.success());
    }

    /// Waits for its end; the rest of what it printed comes along.
    pub(crate) fn wait(mut self) -> (ExitStatus, String) {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("UTF-8");
        (self.child.wait().expect("it is our child"), rest)
    }

    /// Status and JSON of a request; a body makes it a POST.
    pub(crate) fn request(&self, path: &str, body: Option<&Value>) -> (u16, Value) {
        let (method, body) = match body {
            Some(body) => ("POST", body.to_string()),
            None => ("GET", String::new()),
        };
        let mut stream = TcpStream::connect(self.http).expect("it listens");
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            self.http,
            body.len()
        )
        .expect("it reads");
        let mut reply = String::new();
        stream.read_to_string(&mut reply).expect("UTF-8");
        let (head, body) = reply.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        (status, serde_json::from_str(body).unwrap_or(Value::Null))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Already gone after `wait`: nothing is left to do then.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}
