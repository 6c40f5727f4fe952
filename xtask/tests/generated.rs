//! Generated files are what the generators would write now.

use xtask::{tree, typescript};

#[test]
fn typescript_is_up_to_date() {
    for (name, text) in typescript::files().expect("the protocol's types are printable") {
        let path = format!("{}/{name}", typescript::FOLDER);
        let found = tree::read(&path).unwrap_or_default();
        assert!(found == text, "{path} is not up to date: run `cargo xtask generate`");
    }
}

#[test]
fn typescript_has_no_bigint() {
    for (name, text) in typescript::files().expect("the protocol's types are printable") {
        assert!(!text.contains("bigint"), "{name}");
    }
}
