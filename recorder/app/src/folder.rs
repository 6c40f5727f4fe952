//! The folder of all recordings: `<folder>/<tenant>/<room>/<recording>.webm`.
//!
//! Invariant: only the owner can read it (folders 0700, files 0600). A name is made of ids alone,
//! which hold no separator and no dot.
//! Left out on purpose: what stands in the files.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use kreide_control::{RecordingId, RoomId, TenantId};

/// Where a recording's file is.
pub(crate) fn path(folder: &Path, tenant: &TenantId, room: &RoomId, id: &RecordingId) -> PathBuf {
    folder.join(tenant.as_str()).join(room.as_str()).join(format!("{id}.webm"))
}

/// Makes the folders of a file, each of them on disk when this returns.
pub(crate) fn make_for(file: &Path) -> io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    let missing: Vec<_> = folder.ancestors().take_while(|folder| !folder.exists()).collect();
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    missing.into_iter().try_for_each(sync_of)
}

/// Makes sure that a file's or folder's name is on disk.
pub(crate) fn sync_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Deletes a file for good. That there is none is fine.
pub(crate) fn delete(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Ok(()) => sync_of(path),
        Err(error) if is_none(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Whether an error says that there is no such file.
pub(crate) fn is_none(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// All files that could be recordings, with the ids that their names hold.
pub(crate) fn all(folder: &Path) -> io::Result<Vec<(TenantId, RoomId, RecordingId)>> {
    let mut found = Vec::new();
    for (tenant, path) in named(folder, TenantId::parse)? {
        for (room, path) in named(&path, RoomId::parse)? {
            for (id, _) in named(&path, |name| RecordingId::parse(name.strip_suffix(".webm")?))? {
                found.push((tenant.clone(), room.clone(), id));
            }
        }
    }
    Ok(found)
}

/// The entries of a folder whose names mean something. A folder that is not there has none, and
/// so has what is no folder.
fn named<T>(folder: &Path, parse: fn(&str) -> Option<T>) -> io::Result<Vec<(T, PathBuf)>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_none(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        let id = entry.file_name().to_str().and_then(parse);
        found.extend(id.map(|id| (id, entry.path())));
    }
    Ok(found)
}
