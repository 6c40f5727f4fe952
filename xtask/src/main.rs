//! `cargo xtask`: writes the files that are generated from others.

use anyhow::{Result, bail};

const HELP: &str = "\
Usage: cargo xtask <task>

  generate   write web-client/src/protocol from the types of signaling/protocol
  client     print the example client of protocol.md

The checks run inside the tests: cargo test -p xtask";

fn main() -> Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("generate") => xtask::typescript::write(),
        Some("client") => {
            print!("{}", xtask::protocol_page::Page::read()?.client()?);
            Ok(())
        }
        Some("help" | "--help" | "-h") | None => {
            println!("{HELP}");
            Ok(())
        }
        Some(other) => bail!("there is no task {other}\n\n{HELP}"),
    }
}
