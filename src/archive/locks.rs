//! One fitsnap at a time, and living locks told from dead ones.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::durable::make_folder;
use super::{Archive, ArchiveError};
use crate::model::{Clock, timestamp};

/// What fitsnap writes into git's lock files. Git's own hold an index or an object id, or nothing,
/// and a living fitsnap holds the archive's lock: a file that begins like this is from a dead one.
const MARK: &str = "fitsnap holds this lock";

/// The archive's lock, held while it lives. The system lets go of it when the process ends, however.
pub struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Refuses where the lock's file is no longer there or is another one: fitsnap's own folder was deleted
    /// in the middle of the run, and another fitsnap may be at work.
    pub(super) fn check(&self) -> Result<(), ArchiveError> {
        if is_at(&self.file, &self.path) {
            return Ok(());
        }
        Err(ArchiveError::Guard {
            problem: format!(
                "{} was removed while fitsnap was at work; what was committed is whole",
                self.path.display()
            ),
            hint: "run the command again; what it holds is fitsnap's own and need not be tidied".to_owned(),
        })
    }
}

impl Archive {
    /// Takes the archive's lock for a command.
    ///
    /// # Errors
    /// `Busy` with the holder's words when another fitsnap has it.
    pub fn lock(&self, command: &str, clock: Clock) -> Result<Lock, ArchiveError> {
        let path = self.local().join("lock");
        make_folder(&self.local())?;
        let failed = ArchiveError::io("lock", &path);
        let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = match opened {
            Ok(file) => file,
            Err(error) => return Err(failed(error)),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() { "it is just starting".to_owned() } else { holder };
                return Err(ArchiveError::Busy { holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let words = format!("fitsnap {command}, process {}, since {}\n", std::process::id(), timestamp(clock.now()));
        let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(words.as_bytes()));
        written.map_err(failed)?;
        Ok(Lock { file, path })
    }
}

/// Whether an open file is the one that a path leads to.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let mark = |meta: fs::Metadata| (meta.dev(), meta.ino());
    matches!((file.metadata().map(mark), fs::metadata(path).map(mark)), (Ok(open), Ok(there)) if open == there)
}

/// Whether an open file is the one that a path leads to. Windows does not remove an open file.
#[cfg(not(unix))]
fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// One of git's lock files (`index.lock`, `refs/heads/main.lock`), held by us.
pub(super) struct GitLock {
    path: PathBuf,
}

impl GitLock {
    /// Takes the lock for a file, unless git has it. A lock of a dead fitsnap is taken over: call
    /// only while holding the archive's lock.
    pub(super) fn take(target: &Path, scratch: &Path) -> Result<GitLock, ArchiveError> {
        let mut name = target.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        if let Some(folder) = path.parent() {
            make_folder(folder)?;
        }
        // Git waits a second for index.lock to go; so do we, in small steps.
        for _ in 0..10 {
            clear_dead(&path)?;
            match create_marked(&path, scratch) {
                Ok(()) => return Ok(GitLock { path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    std::thread::sleep(std::time::Duration::from_millis(100));
                }
                Err(error) => return Err(ArchiveError::io("lock", target)(error)),
            }
        }
        Err(ArchiveError::Guard {
            problem: format!("git is at work in this archive: {} is there", path.display()),
            hint: format!(
                "wait until git is done; if no git is running, a crash left the file behind: rm {}",
                path.display()
            ),
        })
    }
}

impl Drop for GitLock {
    fn drop(&mut self) {
        // If it cannot be removed the next fitsnap knows it for dead by its mark.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes the lock file together with its mark, in one step, so that no instant shows an empty one.
fn create_marked(path: &Path, scratch: &Path) -> io::Result<()> {
    let mut marked = tempfile::Builder::new().prefix("lock-").tempfile_in(scratch)?;
    writeln!(marked, "{MARK}, process {}", std::process::id())?;
    marked.as_file().sync_data()?;
    match fs::hard_link(marked.path(), path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            // A file system without hard links: two steps must do.
            let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
            writeln!(file, "{MARK}, process {}", std::process::id())
        }
        linked => linked,
    }
}

/// Removes a lock file that a dead fitsnap left.
pub(super) fn clear_dead(path: &Path) -> Result<(), ArchiveError> {
    let mut start = [0; MARK.len()];
    let dead = match File::open(path) {
        Ok(mut file) => file.read_exact(&mut start).is_ok() && start == *MARK.as_bytes(),
        Err(_) => false,
    };
    if dead {
        fs::remove_file(path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(ArchiveError::io("remove", path)(error)),
        })?;
    }
    Ok(())
}
