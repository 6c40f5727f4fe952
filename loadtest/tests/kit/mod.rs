//! A server of its own for each run, and the program under test.

#![allow(dead_code, reason = "each test program uses its part")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The server's binary, built if it is missing or old.
pub(crate) fn kreide() -> PathBuf {
    built("kreide", "kreide")
}

/// A binary of another package, as this one is built. Whoever tests the whole workspace has built it
/// already and says so (`BINARIES_ARE_BUILT`): by itself it has other features, and is built anew.
fn built(package: &str, binary: &str) -> PathBuf {
    if std::env::var_os("BINARIES_ARE_BUILT").is_none() {
        let mut build = Command::new(env!("CARGO"));
        build.args(["build", "--quiet", "--package", package]);
        if !cfg!(debug_assertions) {
            build.arg("--release");
        }
        assert!(build.status().expect("cargo runs").success(), "{package} does not build");
    }
    Path::new(env!("CARGO_BIN_EXE_loadtest")).with_file_name(binary)
}

/// A running server. Dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
}

impl Server {
    pub(crate) fn start(data: &Path) -> Self {
        let child = Command::new(kreide())
            .args(["serve", "--http", "127.0.0.1:0", "--media", "127.0.0.1:0", "--shards", "1"])
            .args(["--log-filter", "warn", "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut server = Self { child, url: String::new() };
        let stdout = server.child.stdout.take().expect("piped");
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some(address) = line.strip_prefix("http") {
                address.trim().clone_into(&mut server.url);
            }
            if line == "ready" {
                return server;
            }
        }
        panic!("the server ended before it was ready");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn loadtest(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loadtest")).args(arguments).output().expect("it runs")
}

/// Plays a scenario against a server of its own and returns the report.
pub(crate) fn play(scenario: &str, options: &[&str]) -> Value {
    let (output, report) = attempt(scenario, options);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    report
}

/// The same, however the run ended.
pub(crate) fn attempt(scenario: &str, options: &[&str]) -> (Output, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path().join("data");
    let server = Server::start(&data);
    let (json, html) = (folder.path().join("out.json"), folder.path().join("out.html"));
    let [data, json, html] = [&data, &json, &html].map(|path| path.to_str().expect("plain"));
    let mut arguments = vec!["run", scenario, "--against", &server.url, "--data", data];
    arguments.extend(["--json", json, "--html", html]);
    if !options.contains(&"--seconds") {
        arguments.extend(["--seconds", "4"]);
    }
    arguments.extend(options);
    let output = loadtest(&arguments);
    assert!(std::fs::read_to_string(html).expect("written").contains("<svg"));
    let compared = loadtest(&["compare", json, json]);
    assert!(String::from_utf8_lossy(&compared.stdout).contains("latency_ms.p95"));
    let text = std::fs::read_to_string(json).expect("written");
    (output, serde_json::from_str(&text).expect("JSON"))
}

/// Plays a scenario over a bad network between two namespaces; `None`, with a word, where the
/// machine lets nobody make any.
pub(crate) fn play_over(profile: &str, scenario: &str, options: &[&str]) -> Option<Value> {
    let loadtest = Path::new(env!("CARGO_BIN_EXE_loadtest"));
    let link = built("kreide-link", "link");
    let link = || Command::new(&link);
    let tried = link().args(["run", "clear", "--", "true"]).output().expect("it runs");
    if !tried.status.success() {
        let said = String::from_utf8_lossy(&tried.stderr);
        eprintln!("skipped: no network namespaces on this machine: {}", said.trim());
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("plain").to_owned();
    let (data, said, json) = (path("data"), path("said"), path("out.json"));
    let server = kreide();
    let server = server.to_str().expect("plain");
    let far = format!(
        "exec '{server}' serve --http 10.78.0.2:8080 --media 10.78.0.2:0 --shards 1 \
         --log-filter warn --data '{data}' > '{said}'"
    );
    let near = "until grep -q '^ready$' \"$1\"; do sleep 0.1; done; shift; exec \"$@\"";
    let mut run = link();
    run.args(["run", profile, "--far", &far, "--", "sh", "-c", near, "sh", &said]).arg(loadtest);
    run.args(["run", scenario, "--against", "http://10.78.0.2:8080", "--data", &data]);
    let output = run.args(["--json", &json]).args(options).output().expect("it runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(json).expect("written");
    Some(serde_json::from_str(&text).expect("JSON"))
}
