//! The tree keeps its own rules.

use xtask::tidy;

fn check(found: anyhow::Result<Vec<String>>) {
    let found = found.expect("the tree can be read");
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn arrows_are_one_way() {
    check(tidy::arrows());
}

#[test]
fn cores_do_no_io() {
    check(tidy::sans_io());
}

#[test]
fn every_module_says_what_it_owns() {
    check(tidy::module_docs());
}

#[test]
fn no_file_is_too_long() {
    check(tidy::sizes());
}

#[test]
fn no_file_names_a_machine() {
    check(tidy::machine_paths());
}
