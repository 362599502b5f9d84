//! Writing that survives a power cut: bytes are on the disk before their name is.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

use super::ArchiveError;

/// So many syncs are asked for one after the other, before a further thread pays.
const ONE_AFTER_THE_OTHER: usize = 3;

/// From this many files on, one sync of the whole file system is quicker than one a file.
#[cfg(target_os = "linux")]
const MANY_FILES: usize = 64;

/// Makes a folder and those above it; their names are on the disk when it returns.
pub(super) fn make_folder(path: &Path) -> Result<(), ArchiveError> {
    sync_folders(&make_unsynced_folder(path)?)
}

/// Makes a folder and those above it, and tells which folders have new names in them.
pub(super) fn make_unsynced_folder(path: &Path) -> Result<BTreeSet<PathBuf>, ArchiveError> {
    let missing = path.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.exists());
    let above = missing.map(|folder| folder.parent().filter(|above| !above.as_os_str().is_empty()));
    let above = above.map(|above| above.unwrap_or(Path::new(".")).to_owned()).collect();
    fs::create_dir_all(path).map_err(ArchiveError::io("make the folder", path))?;
    Ok(above)
}

/// From so many bytes on the disk may begin before it is told to sync.
#[cfg(target_os = "linux")]
const LARGE_FILE: usize = 64 << 10;

/// A file with these bytes that has no name of its own yet, and goes where it gets none.
pub(super) fn unfinished(bytes: &[u8], scratch: &Path) -> io::Result<TempPath> {
    let mut file = tempfile::Builder::new().prefix("new-").tempfile_in(scratch)?;
    file.write_all(bytes)?;
    #[cfg(target_os = "linux")]
    if bytes.len() >= LARGE_FILE {
        // Nothing waits for it here; what has gone to the disk by then need not be waited for at the sync.
        let _ = rustix::fs::fadvise(file.as_file(), 0, None, rustix::fs::Advice::DontNeed);
    }
    Ok(with_usual_mode(file)?.into_temp_path())
}

/// Puts a file in place that may be lost in a power cut without harm: a reader sees the old bytes or all
/// of the new, and after a power cut perhaps none.
pub(super) fn replace_memory(path: &Path, bytes: &[u8], scratch: &Path) -> Result<(), ArchiveError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_unsynced_folder(folder)?;
    put(unfinished(bytes, scratch).map_err(ArchiveError::io("write", path))?, path)
}

/// Puts a file in place at once: a reader sees the old bytes or all of the new, also after a power cut.
/// `scratch` is a folder of ours where the unfinished file stands, on the same file system if possible.
pub(super) fn replace_file(path: &Path, bytes: &[u8], scratch: &Path) -> Result<(), ArchiveError> {
    let mut written = Unsynced::default();
    written.replace(path, unfinished(bytes, scratch).map_err(ArchiveError::io("write", path))?)?;
    written.sync()
}

/// Files to be put in place, and folders whose names are not yet known to be on the disk.
#[derive(Default)]
pub(super) struct Unsynced {
    waiting: Vec<(TempPath, PathBuf)>,
    standing: Vec<PathBuf>,
    folders: BTreeSet<PathBuf>,
    count: usize,
}

impl Unsynced {
    /// Puts an unfinished file in place, at the latest when `sync` returns. Where few files come together
    /// all are on the disk before the first gets its name; where many come, `sync` settles them afterwards,
    /// and the journal covers the time between.
    pub(super) fn replace(&mut self, path: &Path, file: TempPath) -> Result<(), ArchiveError> {
        let folder = path.parent().unwrap_or(Path::new("."));
        self.folders.extend(make_unsynced_folder(folder)?);
        self.waiting.push((file, path.to_owned()));
        self.folders.insert(folder.to_owned());
        self.count += 1;
        if self.count > many() {
            return self.waiting.drain(..).try_for_each(|(file, path)| put(file, &path));
        }
        Ok(())
    }

    /// Counts a file that stands as it is to be, but whose bytes may not be on the disk.
    pub(super) fn note(&mut self, path: &Path) {
        self.count += 1;
        self.standing.push(path.to_owned());
        self.folders.insert(path.parent().unwrap_or(Path::new(".")).to_owned());
    }

    /// Takes a file away, if it is there.
    pub(super) fn remove(&mut self, path: &Path) -> Result<(), ArchiveError> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(ArchiveError::io("remove", path)(error));
            }
            _ => {}
        }
        if let Some(folder) = path.parent() {
            self.folders.insert(folder.to_owned());
        }
        Ok(())
    }

    /// Returns when everything is in place and on the disk, names and all.
    pub(super) fn sync(self) -> Result<(), ArchiveError> {
        // A folder that lost its last file is gone itself: the one above it holds what is to be known.
        let standing = |folder: &PathBuf| folder.ancestors().find(|above| above.is_dir()).map(Path::to_owned);
        let folders: BTreeSet<PathBuf> = self.folders.iter().filter_map(standing).collect();
        let Some(first) = folders.first() else { return Ok(()) };
        if self.count > many() {
            return sync_file_system(first);
        }
        let waiting = self.waiting.iter().map(|(file, path)| (&**file, &**path));
        let files: Vec<(&Path, &Path)> = waiting.chain(self.standing.iter().map(|path| (&**path, &**path))).collect();
        together(&files, |(file, path)| sync_file(file, path))?;
        self.waiting.into_iter().try_for_each(|(file, path)| put(file, &path))?;
        sync_folders(&folders)
    }
}

/// Gives a finished file its name.
fn put(file: TempPath, path: &Path) -> Result<(), ArchiveError> {
    let failed = ArchiveError::io("write", path);
    match file.persist(path) {
        Ok(()) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::CrossesDevices => {
            // The repository lies on another disk than the work tree.
            carry(&error.path, path).map_err(failed)
        }
        Err(error) => Err(failed(error.error)),
    }
}

/// Gives a finished file a name on another disk: there it must first stand beside its place.
fn carry(file: &Path, path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut beside = tempfile::Builder::new().prefix(".fitsnap-").tempfile_in(folder)?;
    let mut file = File::open(file)?;
    io::copy(&mut file, &mut beside)?;
    beside.as_file().set_permissions(file.metadata()?.permissions())?;
    beside.as_file().sync_data()?;
    beside.persist(path).map(drop).map_err(|error| error.error)
}

/// Returns when the bytes of these files are on the disk.
pub(super) fn sync_files(files: &[(NamedTempFile, PathBuf)]) -> Result<(), ArchiveError> {
    together(files, |(file, path)| file.as_file().sync_data().map_err(ArchiveError::io("sync", path)))
}

/// Returns when the names in these folders are on the disk.
pub(super) fn sync_folders(folders: &BTreeSet<PathBuf>) -> Result<(), ArchiveError> {
    together(&folders.iter().collect::<Vec<_>>(), |folder| sync_folder(folder))
}

/// Does the same to many, several at a time: a disk that is asked to sync many at once settles them in
/// one go.
fn together<T: Sync>(items: &[T], work: impl Fn(&T) -> Result<(), ArchiveError> + Sync) -> Result<(), ArchiveError> {
    let (share, rest) = items.split_at(items.len().min(ONE_AFTER_THE_OTHER));
    std::thread::scope(|scope| {
        let work = &work;
        let others: Vec<_> = rest
            .chunks(ONE_AFTER_THE_OTHER)
            .map(|share| scope.spawn(move || share.iter().try_for_each(work)))
            .collect();
        share.iter().try_for_each(work)?;
        others.into_iter().try_for_each(|other| other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

#[cfg(target_os = "linux")]
fn many() -> usize {
    MANY_FILES
}

#[cfg(not(target_os = "linux"))]
fn many() -> usize {
    usize::MAX
}

/// Returns when everything is on the disk that lies on the file system of a folder, where the system can
/// do that.
#[cfg(target_os = "linux")]
pub(super) fn sync_file_system(folder: &Path) -> Result<(), ArchiveError> {
    let file = File::open(folder).map_err(ArchiveError::io("open", folder))?;
    rustix::fs::syncfs(file).map_err(|error| ArchiveError::io("sync", folder)(error.into()))
}

#[cfg(not(target_os = "linux"))]
pub(super) fn sync_file_system(folder: &Path) -> Result<(), ArchiveError> {
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

/// Gives a finished file a name in the place of another: a reader sees the old bytes or all of the new, also
/// after a power cut.
pub(super) fn rename_synced(file: &Path, path: &Path) -> Result<(), ArchiveError> {
    sync_file(file, path)?;
    let renamed = fs::rename(file, path).or_else(|error| match error.kind() {
        io::ErrorKind::CrossesDevices => carry(file, path).and_then(|()| fs::remove_file(file)),
        _ => Err(error),
    });
    renamed.map_err(ArchiveError::io("write", path))?;
    sync_folder(path.parent().unwrap_or(Path::new(".")))
}

/// Returns when a folder is on the disk with all that is in it.
pub(super) fn sync_below(folder: &Path) -> Result<(), ArchiveError> {
    let failed = || ArchiveError::io("sync", folder);
    for entry in fs::read_dir(folder).map_err(failed())? {
        let path = entry.map_err(failed())?.path();
        if path.is_dir() {
            sync_below(&path)?;
        } else {
            sync_file(&path, &path)?;
        }
    }
    sync_folder(folder)
}

/// Returns when the bytes of a file are on the disk that is to stand at a place.
fn sync_file(file: &Path, place: &Path) -> Result<(), ArchiveError> {
    // A person may have made their file read-only; Windows syncs only what is open for writing.
    let file = OpenOptions::new().read(cfg!(unix)).write(!cfg!(unix)).open(file);
    file.and_then(|file| file.sync_data()).map_err(ArchiveError::io("sync", place))
}

/// Objects never change, and git marks them so.
pub(super) fn read_only(file: &File) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.set_permissions(fs::Permissions::from_mode(0o444))?;
    }
    Ok(())
}

/// Gives a temporary file, made for its owner alone, the mode that the person's umask gives any file.
fn with_usual_mode(file: NamedTempFile) -> io::Result<NamedTempFile> {
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
