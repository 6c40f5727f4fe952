//! Generators and tidy checks: what keeps the tree true to its own rules.
//!
//! Invariant: everything here runs inside `cargo test -p xtask`, so that no rule lives in CI
//! alone. The binary only writes what the tests compare.
//! Left out on purpose: building and starting things; that is the Makefile's and `scripts/`.

pub mod links;
pub mod protocol_page;
pub mod tidy;
pub mod tree;
pub mod typescript;
