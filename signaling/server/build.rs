//! Tells cargo to embed the browser client anew when it was built anew.
//!
//! The embedding tracks files that it has seen, but not that the folder appears or gets others.

fn main() {
    println!("cargo::rerun-if-changed=../../web-client/dist");
}
