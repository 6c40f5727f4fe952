//! Rules about the text of files.

use anyhow::Result;

use crate::{tree, typescript};

/// Lines after which a file holds more than one idea.
const MAX_LINES: usize = 600;

/// Folders of a developer's machine. Split, so that this file does not report itself.
const PATHS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/ho", "me/")];

/// Source files that do not open with what they own, their invariant and what they leave out.
///
/// # Errors
/// If the files cannot be listed or read.
pub fn module_docs() -> Result<Vec<String>> {
    report(&["rs", "ts", "mjs"], |path, text| {
        // A test beside its module is about what the module says it is.
        if path.ends_with(".test.ts") {
            return None;
        }
        let openings: &[&str] = if path.ends_with(".rs") { &["//! "] } else { &["/**", "// "] };
        let opened = openings.iter().any(|opening| text.starts_with(opening));
        (!opened).then(|| format!("{path}: opens with no module documentation"))
    })
}

/// Source files that are too long. Generated ones, which nobody reads from top to bottom, may be.
///
/// # Errors
/// If the files cannot be listed or read.
pub fn sizes() -> Result<Vec<String>> {
    report(&["rs", "ts", "mjs", "js", "svelte", "css", "sh"], |path, text| {
        let lines = text.lines().count();
        let is_written = !text.starts_with(typescript::HEAD);
        (is_written && lines > MAX_LINES)
            .then(|| format!("{path}: {lines} lines, more than {MAX_LINES}"))
    })
}

/// Text files that name a folder of somebody's machine.
///
/// # Errors
/// If the files cannot be listed or read.
pub fn machine_paths() -> Result<Vec<String>> {
    report(&["rs", "ts", "mjs", "js", "svelte", "css", "sh", "md", "toml", "json"], |path, text| {
        PATHS
            .iter()
            .find(|folder| text.contains(*folder))
            .map(|folder| format!("{path}: names the folder {folder}"))
    })
}

fn report(
    extensions: &[&str],
    check: impl Fn(&str, &str) -> Option<String>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for path in tree::files()? {
        let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
        if extensions.contains(&extension) {
            found.extend(check(&path, &tree::read(&path)?));
        }
    }
    Ok(found)
}
