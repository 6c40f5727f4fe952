//! A link for somebody who is no bot, such as a browser that judges what bots say they see.
//!
//! Invariant: whoever finds the file finds the whole link in it; whatever happens, it does not
//! outlive the run.
//! Left out on purpose: who comes. Taking the file away says "I see enough, begin".

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file with a link. Dropped, it is gone.
pub(crate) struct Invitation(PathBuf);

impl Invitation {
    /// # Errors
    /// If the file cannot be written.
    pub(crate) fn put(path: &Path, link: &str) -> Result<Self> {
        // Written beside and renamed, so that nobody reads half of it.
        let unfinished = path.with_added_extension("new");
        std::fs::write(&unfinished, format!("{link}\n"))
            .and_then(|()| std::fs::rename(&unfinished, path))
            .with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(path.to_owned()))
    }

    pub(crate) fn is_taken(&self) -> bool {
        !self.0.exists()
    }
}

impl Drop for Invitation {
    fn drop(&mut self) {
        // Usually somebody has taken it.
        let _ = std::fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_there_until_it_is_taken_or_the_run_ends() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("link");
        let invitation = Invitation::put(&path, "http://127.0.0.1/j#loadtest.x").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "http://127.0.0.1/j#loadtest.x\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(!invitation.is_taken());
        std::fs::remove_file(&path).unwrap();
        assert!(invitation.is_taken());
        drop(Invitation::put(&path, "again").unwrap());
        assert!(!path.exists());
    }
}
