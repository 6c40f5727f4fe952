//! Which crate may import which: the arrows of ARCHITECTURE.md.
//!
//! Invariant: a crate imports only crates that stand above it in [`CRATES`], so the arrows have
//! no cycle. A crate that is not listed is reported, so a new one cannot slip by.

use anyhow::{Context, Result};
use toml::Table;

use crate::tree;

/// A crate of the workspace and what it may import of it.
struct Crate {
    folder: &'static str,
    name: &'static str,
    imports: &'static [&'static str],
}

/// All crates, lowest first.
const CRATES: &[Crate] = &[
    Crate { folder: "media", name: "kreide-media", imports: &[] },
    Crate { folder: "control", name: "kreide-control", imports: &[] },
    Crate {
        folder: "sfu/core",
        name: "kreide-sfu-core",
        imports: &["kreide-media", "kreide-control"],
    },
    Crate {
        folder: "sfu/transport",
        name: "kreide-sfu-transport",
        imports: &["kreide-media", "kreide-control", "kreide-sfu-core"],
    },
    Crate {
        folder: "sfu/testkit",
        name: TESTKIT,
        imports: &["kreide-media", "kreide-control", "kreide-sfu-core"],
    },
    Crate {
        folder: "sfu/node",
        name: "kreide-sfu-node",
        imports: &["kreide-media", "kreide-control", "kreide-sfu-core", "kreide-sfu-transport"],
    },
    Crate { folder: "signaling/protocol", name: "kreide-protocol", imports: &[] },
    Crate { folder: "signaling/lesson", name: "kreide-lesson", imports: &["kreide-control"] },
    Crate { folder: "cluster", name: "kreide-cluster", imports: &["kreide-control"] },
    Crate {
        folder: "signaling/server",
        name: "kreide-server",
        imports: &["kreide-control", "kreide-protocol", "kreide-lesson", "kreide-cluster"],
    },
    Crate {
        folder: "recorder/core",
        name: "kreide-recorder-core",
        imports: &["kreide-media", "kreide-control"],
    },
    Crate {
        folder: "recorder/app",
        name: "kreide-recorder-app",
        imports: &["kreide-control", "kreide-protocol", "kreide-cluster", "kreide-recorder-core"],
    },
    Crate {
        folder: "kreide",
        name: "kreide",
        imports: &[
            "kreide-control",
            "kreide-sfu-node",
            "kreide-cluster",
            "kreide-server",
            "kreide-recorder-app",
        ],
    },
    Crate { folder: "benches/floor", name: "kreide-floor", imports: &[] },
    Crate { folder: "benches/capacity", name: "kreide-capacity", imports: &["kreide-floor"] },
    Crate {
        folder: "benches/micro",
        name: "kreide-bench-micro",
        imports: &[
            "kreide-media",
            "kreide-control",
            "kreide-lesson",
            "kreide-cluster",
            "kreide-sfu-core",
            "kreide-sfu-transport",
        ],
    },
    Crate {
        folder: "fuzz",
        name: "kreide-fuzz",
        imports: &[
            "kreide-media",
            "kreide-control",
            "kreide-sfu-transport",
            "kreide-protocol",
            "kreide-lesson",
            "kreide-server",
        ],
    },
    Crate { folder: "loadtest/link", name: "kreide-link", imports: &[] },
    Crate {
        folder: "loadtest/bot",
        name: "kreide-bot",
        imports: &["kreide-media", "kreide-protocol"],
    },
    Crate {
        folder: "loadtest/peer",
        name: "kreide-peer",
        imports: &["kreide-protocol", "kreide-bot"],
    },
    Crate {
        folder: "loadtest",
        name: "kreide-loadtest",
        imports: &[
            "kreide-control",
            "kreide-protocol",
            "kreide-cluster",
            "kreide-server",
            "kreide-bot",
            "kreide-peer",
        ],
    },
    Crate { folder: "xtask", name: "xtask", imports: &["kreide-protocol"] },
];

/// Imported by tests alone.
const TESTKIT: &str = "kreide-sfu-testkit";

/// Crates that name a WebRTC library. Bot and peer are clients of their own, so that no fault of
/// ours stands on both sides.
const WEBRTC: &[&str] = &["sfu/transport", "loadtest/bot", "loadtest/peer"];

/// Crates whose tests do so: hostile browsers on real sockets.
const WEBRTC_IN_TESTS: &[&str] = &["sfu/node"];

/// The cores: pure state machines, told the time and handed their input.
const SANS_IO: &[&str] = &["sfu/core", "signaling/lesson", "recorder/core"];

/// Crates that bring clocks, sockets, threads or storage.
const DOES_IO: &[&str] = &["axum", "mio", "rand", "socket2", "sqlx", "tokio"];

/// Methods that read a clock.
const CLOCKS: &[&str] =
    &["std::time::Instant::now", "std::time::Instant::elapsed", "std::time::SystemTime::now"];

/// Types that no core may hold.
const RESOURCES: &[&str] = &["std::net::UdpSocket", "std::sync::Mutex"];

/// Imports that no arrow allows.
///
/// # Errors
/// If a Cargo.toml cannot be read.
pub fn arrows() -> Result<Vec<String>> {
    let mut found = Vec::new();
    for member in members()? {
        let Some(known) = CRATES.iter().find(|known| known.folder == member) else {
            found.push(format!("{member}: add it, with its arrows, to xtask/src/tidy/arrows.rs"));
            continue;
        };
        let manifest = manifest(&member)?;
        if manifest["package"]["name"].as_str() != Some(known.name) {
            found.push(format!("{member}: the crate is not called {}", known.name));
        }
        for (section, imported) in imports(&manifest) {
            let ours = CRATES.iter().any(|other| other.name == imported);
            let for_tests = section == "dev-dependencies" && imported == TESTKIT;
            if ours && !for_tests && !known.imports.contains(&imported.as_str()) {
                found.push(format!("{member}: must not import {imported}"));
            }
            let hostile =
                section == "dev-dependencies" && WEBRTC_IN_TESTS.contains(&member.as_str());
            let is_webrtc = imported.starts_with("rtc-") || ["rtc", "webrtc"].contains(&&*imported);
            if is_webrtc && !hostile && !WEBRTC.contains(&member.as_str()) {
                let named = WEBRTC.join(" and ");
                found.push(format!("{member}: only {named} name a WebRTC library"));
            }
        }
    }
    Ok(found)
}

/// Cores that could do I/O, or that carry no `clippy.toml` refusing it.
///
/// # Errors
/// If a file cannot be read or parsed.
pub fn sans_io() -> Result<Vec<String>> {
    let members = members()?;
    let mut found = Vec::new();
    for core in SANS_IO.iter().filter(|core| members.iter().any(|member| member == *core)) {
        for (section, imported) in imports(&manifest(core)?) {
            if section != "dev-dependencies" && DOES_IO.contains(&imported.as_str()) {
                found.push(format!("{core}: a core must not import {imported}"));
            }
        }
        let Ok(lints) = tree::read(format!("{core}/clippy.toml")) else {
            found.push(format!("{core}: has no clippy.toml that refuses clocks and sockets"));
            continue;
        };
        let lints: Table = lints.parse().with_context(|| format!("{core}/clippy.toml"))?;
        for (key, wanted) in [("disallowed-methods", CLOCKS), ("disallowed-types", RESOURCES)] {
            for path in wanted.iter().filter(|path| !refuses(&lints, key, path)) {
                found.push(format!("{core}/clippy.toml: does not refuse {path} with a reason"));
            }
        }
    }
    Ok(found)
}

fn refuses(lints: &Table, key: &str, path: &str) -> bool {
    lints.get(key).and_then(|list| list.as_array()).is_some_and(|list| {
        list.iter().any(|entry| {
            entry.get("path").and_then(|found| found.as_str()) == Some(path)
                && entry.get("reason").is_some()
        })
    })
}

fn members() -> Result<Vec<String>> {
    let manifest = manifest(".")?;
    let members = manifest["workspace"]["members"].as_array().context("no members")?;
    Ok(members.iter().filter_map(|member| member.as_str().map(str::to_owned)).collect())
}

fn manifest(folder: &str) -> Result<Table> {
    let path = format!("{folder}/Cargo.toml");
    tree::read(&path)?.parse().with_context(|| path)
}

/// Section and name of everything a crate imports.
fn imports(manifest: &Table) -> Vec<(&'static str, String)> {
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|section| Some((section, manifest.get(section)?.as_table()?)))
        .flat_map(|(section, table)| table.keys().map(move |name| (section, name.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrows_have_no_cycle() {
        for (place, known) in CRATES.iter().enumerate() {
            for import in known.imports {
                assert!(
                    CRATES[..place].iter().any(|above| above.name == *import),
                    "{} imports {import}, which does not stand above it",
                    known.name
                );
            }
        }
    }

    #[test]
    fn a_refusal_needs_a_reason() {
        let lints: Table =
            "disallowed-types = [{ path = \"A\", reason = \"b\" }, { path = \"B\" }]"
                .parse()
                .expect("valid");
        assert!(refuses(&lints, "disallowed-types", "A"));
        assert!(!refuses(&lints, "disallowed-types", "B"));
        assert!(!refuses(&lints, "disallowed-methods", "A"));
    }
}
