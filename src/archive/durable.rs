//! Writing that survives a power cut: bytes are on the disk before their name is.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::ArchiveError;

/// From this many files on, one sync of the whole file system is quicker than one a file.
#[cfg(target_os = "linux")]
const MANY_FILES: usize = 64;

/// Makes a folder and those above it.
pub(super) fn make_folder(path: &Path) -> Result<(), ArchiveError> {
    fs::create_dir_all(path).map_err(ArchiveError::io("make the folder", path))
}

/// Puts a file in place at once: a reader sees the old bytes or all of the new, also after a power cut.
/// `scratch` is a folder of ours where the unfinished file stands, on the same file system if possible.
pub(super) fn replace_file(path: &Path, bytes: &[u8], scratch: &Path) -> Result<(), ArchiveError> {
    let mut written = Unsynced::default();
    written.replace(path, bytes, scratch)?;
    written.sync()
}

/// Files put in place whose bytes are not yet known to be on the disk.
#[derive(Default)]
pub(super) struct Unsynced {
    folders: std::collections::BTreeSet<PathBuf>,
    count: usize,
}

impl Unsynced {
    /// Puts a file in place. Where few files come together each is synced before it gets its name;
    /// where many come, `sync` settles them all, and the journal covers the time between.
    pub(super) fn replace(&mut self, path: &Path, bytes: &[u8], scratch: &Path) -> Result<(), ArchiveError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        make_folder(folder)?;
        let failed = |source| ArchiveError::Io { verb: "write", path: path.to_owned(), source };
        let mut file = tempfile::Builder::new().prefix("new-").tempfile_in(scratch).map_err(failed)?;
        file.write_all(bytes).map_err(failed)?;
        self.count += 1;
        if self.count <= many() {
            file.as_file().sync_data().map_err(failed)?;
        }
        let file = with_usual_mode(file).map_err(failed)?;
        match file.persist(path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::CrossesDevices => {
                // The repository lies on another disk than the work tree: the unfinished file must
                // stand beside its place.
                let mut beside = tempfile::Builder::new().prefix(".fitsnap-").tempfile_in(folder).map_err(failed)?;
                beside.write_all(bytes).and_then(|()| beside.as_file().sync_data()).map_err(failed)?;
                with_usual_mode(beside).map_err(failed)?.persist(path).map_err(|error| failed(error.error))?;
            }
            Err(error) => return Err(failed(error.error)),
        }
        self.folders.insert(folder.to_owned());
        Ok(())
    }

    /// Counts a file that stands as it is to be, but whose bytes may not be on the disk.
    pub(super) fn note(&mut self, path: &Path) {
        self.count += 1;
        self.folders.insert(path.parent().unwrap_or(Path::new(".")).to_owned());
    }

    /// Takes a file away.
    pub(super) fn remove(&mut self, path: &Path) -> Result<(), ArchiveError> {
        match fs::remove_file(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(ArchiveError::io("remove", path)(error)),
        }
        if let Some(folder) = path.parent() {
            self.folders.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Returns when everything put in place is on the disk, names and all.
    pub(super) fn sync(self) -> Result<(), ArchiveError> {
        let Some(first) = self.folders.first() else { return Ok(()) };
        if self.count > many() {
            return sync_file_system(first);
        }
        self.folders.iter().try_for_each(|folder| sync_folder(folder))
    }
}

#[cfg(target_os = "linux")]
fn many() -> usize {
    MANY_FILES
}

#[cfg(not(target_os = "linux"))]
fn many() -> usize {
    usize::MAX
}

#[cfg(target_os = "linux")]
fn sync_file_system(folder: &Path) -> Result<(), ArchiveError> {
    let file = File::open(folder).map_err(ArchiveError::io("open", folder))?;
    rustix::fs::syncfs(file).map_err(|error| ArchiveError::io("sync", folder)(error.into()))
}

#[cfg(not(target_os = "linux"))]
fn sync_file_system(folder: &Path) -> Result<(), ArchiveError> {
    sync_folder(folder)
}

/// Returns when the names in a folder are on the disk.
pub(super) fn sync_folder(folder: &Path) -> Result<(), ArchiveError> {
    // Windows has no such call for folders and needs none.
    if cfg!(unix) {
        File::open(folder).and_then(|file| file.sync_all()).map_err(ArchiveError::io("sync", folder))?;
    }
    Ok(())
}

/// Gives a temporary file, made for its owner alone, the mode that the person's umask gives any file.
fn with_usual_mode(file: tempfile::NamedTempFile) -> io::Result<tempfile::NamedTempFile> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o666 & !umask()))?;
    }
    Ok(file)
}

/// The person's umask. It can only be asked by setting it, which is not safe beside other threads,
/// so Linux is asked through /proc and others get the usual one.
#[cfg(unix)]
fn umask() -> u32 {
    static UMASK: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    *UMASK.get_or_init(|| {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("Umask:"));
        line.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
    })
}
