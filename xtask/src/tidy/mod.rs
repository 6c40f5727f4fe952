//! Rules of the tree that no compiler checks. Each check returns what it found, one line each.

mod arrows;
mod text;

pub use arrows::{arrows, sans_io};
pub use text::{machine_paths, module_docs, sizes};
