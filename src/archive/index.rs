//! Git's index: read once in a run, and brought along with each commit.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::Path;

use git2::{Index, IndexEntry, IndexTime, Oid};

use super::durable::rename_synced;
use super::staging::{SKIP_WORKTREE, blob_of};
use super::trees::Edits;
use super::{Archive, ArchiveError};

/// The name of the copy.
const COPY: &str = "index";

/// The index as it was read or written last, and what its file was then. A copy in fitsnap's own folder is its
/// place: libgit2 would take index.lock itself, and a lock that it leaves behind cannot be told from git's.
pub(super) struct KnownIndex {
    /// The file as an entry has it; none where there was no file.
    file: Option<IndexEntry>,
    index: Index,
}

impl Archive {
    /// Calls `look` with the index as it is now; read again where its file is another than last time.
    pub(super) fn with_index<T>(
        &self,
        look: impl FnOnce(&Index) -> Result<T, ArchiveError>,
    ) -> Result<T, ArchiveError> {
        let known = self.known_index()?;
        let looked = look(&known.index);
        self.index.replace(Some(known));
        looked
    }

    /// Takes what is known of the index out of the archive, so that nothing half done is taken for known.
    fn known_index(&self) -> Result<KnownIndex, ArchiveError> {
        let path = self.git.path().join("index");
        let failed = || ArchiveError::io("read", &path);
        let mut file = match File::open(&path) {
            Ok(file) => Some(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed()(error)),
        };
        let about = file.as_ref().map(File::metadata).transpose().map_err(failed())?;
        let now = about.map(|about| stat(&about, Oid::ZERO_SHA1, b""));
        let is_known =
            |known: &KnownIndex| known.file.as_ref().zip(now.as_ref()).is_some_and(|(one, now)| is_same(one, now));
        if let Some(known) = self.index.take().filter(is_known) {
            return Ok(known);
        }
        let work = self.scratch().join(COPY);
        if let Some(file) = &mut file {
            let copied = File::create(&work).and_then(|mut copy| io::copy(file, &mut copy));
            copied.map_err(ArchiveError::io("write", &work))?;
        }
        let index = read_index(&work)?;
        if file.is_some() {
            // All of it is in memory.
            fs::remove_file(&work).map_err(ArchiveError::io("remove", &work))?;
        }
        Ok(KnownIndex { file: now, index })
    }

    /// `placed` tells what the files were that have just been put in their places.
    pub(super) fn update_index(
        &self,
        edits: &Edits,
        old: &Edits,
        placed: &BTreeMap<&str, IndexEntry>,
    ) -> Result<(), ArchiveError> {
        let path = self.git.path().join("index");
        let failed = || ArchiveError::git("update the index");
        let KnownIndex { file, mut index } = self.known_index()?;
        self.keep_doubts(&mut index, file.as_ref()).map_err(failed())?;
        for (name, new) in edits {
            let place = Path::new(name);
            let held = index.get_path(place, 0);
            let staged = held.as_ref().map(|entry| entry.id);
            if staged != old.get(name).copied().flatten() && staged != *new {
                continue;
            }
            match new {
                None => {
                    if staged.is_some() {
                        index.remove(place, 0).map_err(failed())?;
                    }
                }
                Some(id) => {
                    // Without the file the entry has no times, and git looks at the file itself.
                    let file = self.root.join(name);
                    let entry = match fs::symlink_metadata(&file) {
                        Ok(meta) if meta.is_file() => {
                            let entry = stat(&meta, *id, name.as_bytes());
                            let untouched = placed.get(name.as_str()).is_some_and(|placed| is_same(placed, &entry));
                            if untouched || blob_of(&file)? == Some(*id) {
                                entry
                            } else {
                                unknown(*id, name.as_bytes())
                            }
                        }
                        Ok(_) => unknown(*id, name.as_bytes()),
                        // What the person keeps out of the work tree would else count as deleted by them.
                        Err(_) => IndexEntry {
                            flags_extended: held.map_or(0, |held| held.flags_extended & SKIP_WORKTREE),
                            ..unknown(*id, name.as_bytes())
                        },
                    };
                    index.add(&entry).map_err(failed())?;
                }
            }
        }
        index.write().map_err(failed())?;
        rename_synced(&self.scratch().join(COPY), &path)?;
        let file = fs::metadata(&path).ok().map(|about| stat(&about, Oid::ZERO_SHA1, b""));
        self.index.replace(Some(KnownIndex { file, index }));
        Ok(())
    }

    /// Git looks at a file itself where its time is not before the index's: it may have changed right
    /// after it was staged. The index gets a younger time now, so such a file, where it did change, is
    /// marked as git does: with no size.
    fn keep_doubts(&self, index: &mut Index, written: Option<&IndexEntry>) -> Result<(), git2::Error> {
        let Some(written) = written.map(|file| file.mtime) else { return Ok(()) };
        let time = |time: IndexTime| (time.seconds(), time.nanoseconds());
        let young = |entry: &IndexEntry| time(entry.mtime) >= time(written);
        for mut entry in (0..index.len()).filter_map(|at| index.get(at)).filter(young).collect::<Vec<_>>() {
            let file = self.root.join(String::from_utf8_lossy(&entry.path).as_ref());
            if blob_of(&file).ok().flatten() != Some(entry.id) {
                entry.file_size = 0;
                index.add(&entry)?;
            }
        }
        Ok(())
    }
}

/// Reads an index; none there is an empty one.
pub(super) fn read_index(path: &Path) -> Result<Index, ArchiveError> {
    let index = Index::open(path).map_err(|error| match error.message() {
        // libgit2 1.9 has neither; git makes such an index where it is set so.
        words if words.contains("unsupported mandatory extension") => ArchiveError::Guard {
            problem: "git's index is split or sparse, which fitsnap cannot read".to_owned(),
            hint: "make it whole: git update-index --no-split-index, or git sparse-checkout reapply --no-sparse-index"
                .to_owned(),
        },
        _ => ArchiveError::git("read the index")(error),
    })?;
    // libgit2 takes an index that the disk does not give for one with nothing in it.
    let mut header = [0; 12];
    let told = match File::open(path) {
        Ok(mut file) => file.read_exact(&mut header).map(|()| header[8..] != [0; 4]),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    };
    if told.map_err(ArchiveError::io("read", path))? && index.is_empty() {
        return Err(ArchiveError::Damaged { problem: format!("{} cannot be read", path.display()) });
    }
    Ok(index)
}

/// Whether two entries are of one file that nobody wrote to in between, as far as a disk can tell that keeps
/// fractions of a second.
fn is_same(one: &IndexEntry, other: &IndexEntry) -> bool {
    let mark =
        |entry: &IndexEntry| (entry.dev, entry.ino, entry.file_size, entry.mtime.seconds(), entry.mtime.nanoseconds());
    one.ino != 0 && one.mtime.nanoseconds() != 0 && mark(one) == mark(other)
}

fn unknown(id: Oid, path: &[u8]) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.to_vec(),
    }
}

/// An index entry with the file's size and times, cut to 32 bits as git does.
#[cfg(unix)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub(super) fn stat(meta: &Metadata, id: Oid, path: &[u8]) -> IndexEntry {
    use std::os::unix::fs::MetadataExt;
    IndexEntry {
        ctime: IndexTime::new(meta.ctime() as i32, meta.ctime_nsec() as u32),
        mtime: IndexTime::new(meta.mtime() as i32, meta.mtime_nsec() as u32),
        dev: meta.dev() as u32,
        ino: meta.ino() as u32,
        uid: meta.uid(),
        gid: meta.gid(),
        file_size: meta.size() as u32,
        ..unknown(id, path)
    }
}

#[cfg(not(unix))]
#[allow(clippy::cast_possible_truncation)]
pub(super) fn stat(meta: &Metadata, id: Oid, path: &[u8]) -> IndexEntry {
    IndexEntry { file_size: meta.len() as u32, ..unknown(id, path) }
}
