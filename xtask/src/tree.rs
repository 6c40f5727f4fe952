//! The work tree as the checks see it: where it is and which files belong to the project.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

/// The root folder of the workspace.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask lies in the root").to_owned()
}

/// The text of a file, by its path from the root.
///
/// # Errors
/// If the file cannot be read as UTF-8.
pub fn read(path: impl AsRef<Path>) -> Result<String> {
    let path = root().join(path);
    fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
}

/// Paths from the root of all files that git tracks or would track, sorted.
///
/// # Errors
/// If git cannot list them.
pub fn files() -> Result<Vec<String>> {
    let listing = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output()
        .context("cannot run git")?;
    ensure!(listing.status.success(), "git ls-files failed");
    let mut files: Vec<String> = String::from_utf8(listing.stdout)?
        .lines()
        // A file that is deleted but not yet committed is still in the index.
        .filter(|path| root().join(path).is_file())
        .map(str::to_owned)
        .collect();
    files.sort();
    files.dedup();
    Ok(files)
}
