//! What is about to be committed: made ready for git and for the work tree, in a thread of its own, while
//! the next of it is still being fetched.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use git2::{ObjectType, Oid};

use super::durable::unfinished;
use super::objects::NewObjects;
use super::staging::Ready;
use super::{ArchiveError, DATA};
use crate::model::ContentHash;

/// So many files may wait for the thread: each may be large.
const MOST_WAITING: usize = 4;

/// Files made ready for a commit.
pub(super) struct Staged {
    scratch: PathBuf,
    pub objects: NewObjects,
    pub ready: Ready,
    /// The hashes of files below `data/`; none for those that go.
    pub hashes: BTreeMap<String, Option<ContentHash>>,
}

/// A file that comes.
pub(super) struct Incoming {
    pub path: String,
    pub id: Oid,
    pub data: Vec<u8>,
    /// Whether the repository lacks it.
    pub is_new: bool,
}

/// The files made ready so far, and the thread that does it.
pub(super) struct Stage {
    scratch: PathBuf,
    state: State,
}

enum State {
    Empty,
    Working(SyncSender<Task>, JoinHandle<Result<Staged, ArchiveError>>),
    /// Handed over, or failed: what was taken is no longer here.
    Gone,
}

enum Task {
    Take(Incoming),
    Remove(String),
    Read(String, SyncSender<io::Result<Option<Vec<u8>>>>),
}

impl Staged {
    fn new(scratch: &Path) -> Staged {
        let (ready, hashes) = (Ready::new(), BTreeMap::new());
        Staged { scratch: scratch.to_owned(), objects: NewObjects::new(scratch), ready, hashes }
    }

    /// Takes a file's content both ways: as the object for git and as the file for the work tree.
    pub fn take(&mut self, file: Incoming) -> Result<(), ArchiveError> {
        if file.is_new {
            self.objects.add(file.id, ObjectType::Blob, &file.data)?;
        }
        let whole = unfinished(&file.data, &self.scratch).map_err(ArchiveError::io("write", file.path.as_ref()))?;
        if is_data(&file.path) {
            self.hashes.insert(file.path.clone(), Some(ContentHash::of(&file.data)));
        }
        self.ready.insert(file.path, whole);
        Ok(())
    }

    fn remove(&mut self, path: String) {
        self.ready.remove(&path);
        if is_data(&path) {
            self.hashes.insert(path, None);
        }
    }

    fn work(mut self, tasks: &Receiver<Task>) -> Result<Staged, ArchiveError> {
        for task in tasks {
            match task {
                Task::Take(file) => self.take(file)?,
                Task::Remove(path) => self.remove(path),
                Task::Read(path, reply) => {
                    // Who asked may have gone on without the answer.
                    let _ = reply.send(self.ready.get(&path).map(std::fs::read).transpose());
                }
            }
        }
        Ok(self)
    }
}

impl Stage {
    /// Nothing yet; unfinished files stand in `scratch`.
    pub fn new(scratch: &Path) -> Stage {
        Stage { scratch: scratch.to_owned(), state: State::Empty }
    }

    /// Takes a file. A failure may show later, at the latest when all are handed over.
    ///
    /// # Errors
    /// When a file cannot be kept.
    pub fn take(&mut self, file: Incoming) -> Result<(), ArchiveError> {
        if self.send(Task::Take(file)) { Ok(()) } else { Err(self.failure()) }
    }

    /// Takes a file out that may have been taken. A failure shows later.
    pub fn remove(&mut self, path: &str) {
        self.send(Task::Remove(path.to_owned()));
    }

    /// The content of a file that was taken; none of one that was not.
    ///
    /// # Errors
    /// When it cannot be read, or a file taken before cannot be kept.
    pub fn read(&mut self, path: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        if matches!(self.state, State::Empty) {
            return Ok(None);
        }
        let (reply, told) = sync_channel(1);
        let told = if self.send(Task::Read(path.to_owned(), reply)) { told.recv().ok() } else { None };
        match told {
            Some(read) => read.map_err(ArchiveError::io("read", path.as_ref())),
            None => Err(self.failure()),
        }
    }

    /// Hands over what was taken. Nothing more can be taken before `clear`.
    ///
    /// # Errors
    /// When a file cannot be kept.
    pub fn hand_over(&mut self) -> Result<Staged, ArchiveError> {
        match std::mem::replace(&mut self.state, State::Gone) {
            State::Empty => Ok(Staged::new(&self.scratch)),
            State::Working(tasks, thread) => {
                drop(tasks);
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            State::Gone => Err(lost(&self.scratch)),
        }
    }

    /// Forgets everything; nothing of it is on its way any more when this returns.
    pub fn clear(&mut self) {
        if let State::Working(tasks, thread) = std::mem::replace(&mut self.state, State::Empty) {
            drop(tasks);
            let _ = thread.join();
        }
    }

    /// Whether the thread still takes something.
    fn send(&mut self, task: Task) -> bool {
        if matches!(self.state, State::Empty) {
            let (tasks, come) = sync_channel(MOST_WAITING);
            let staged = Staged::new(&self.scratch);
            let thread = std::thread::Builder::new().name("stage".to_owned()).spawn(move || staged.work(&come));
            self.state = thread.map_or(State::Gone, |thread| State::Working(tasks, thread));
        }
        matches!(&self.state, State::Working(tasks, _) if tasks.send(task).is_ok())
    }

    /// Why the thread takes nothing more.
    fn failure(&mut self) -> ArchiveError {
        self.hand_over().err().unwrap_or_else(|| lost(&self.scratch))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.clear();
    }
}

fn lost(scratch: &Path) -> ArchiveError {
    ArchiveError::io("stage files in", scratch)(io::Error::other("what was staged before is gone"))
}

/// Whether a path is one of the files that hash lists speak of.
fn is_data(path: &str) -> bool {
    path.strip_prefix(DATA).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::objects::name_of;
    use super::*;

    fn file(path: &str, text: &str) -> Incoming {
        let data = text.as_bytes().to_vec();
        Incoming { path: path.to_owned(), id: name_of(ObjectType::Blob, &data).unwrap(), data, is_new: true }
    }

    #[test]
    fn what_was_taken_can_be_read_and_is_handed_over_with_its_hashes() {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Stage::new(folder.path());
        assert_eq!(stage.read("data/moves/a.json").unwrap(), None);
        for (path, text) in [("data/moves/a.json", "1"), ("data/moves/b.json", "2"), ("notes", "3")] {
            stage.take(file(path, text)).unwrap();
        }
        stage.take(file("data/moves/a.json", "4")).unwrap();
        stage.remove("data/moves/b.json");
        assert_eq!(stage.read("data/moves/a.json").unwrap(), Some(b"4".to_vec()));
        assert_eq!(stage.read("data/moves/b.json").unwrap(), None);
        let staged = stage.hand_over().unwrap();
        let hashes = [("data/moves/a.json", Some(ContentHash::of(b"4"))), ("data/moves/b.json", None)];
        assert_eq!(staged.hashes, hashes.map(|(path, hash)| (path.to_owned(), hash)).into());
        assert_eq!(staged.ready.keys().collect::<Vec<_>>(), ["data/moves/a.json", "notes"]);
        // What was handed over is not here any more.
        assert!(stage.take(file("notes", "5")).is_err() && stage.hand_over().is_err());
        stage.clear();
        stage.take(file("notes", "5")).unwrap();
        assert_eq!(stage.hand_over().unwrap().ready.len(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_kept_fails_what_comes_after_it_and_the_commit() {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Stage::new(&folder.path().join("gone"));
        stage.take(file("notes", "1")).unwrap();
        let failed = (0..1_000).find_map(|_| stage.take(file("notes", "2")).err()).unwrap();
        assert_eq!(failed.to_string(), "cannot write notes");
        assert!(stage.hand_over().is_err());
        drop(stage);
        let mut stage = Stage::new(&folder.path().join("gone"));
        stage.take(file("notes", "1")).unwrap();
        assert!(stage.read("notes").is_err() && stage.hand_over().is_err());
    }

    #[test]
    fn what_is_forgotten_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Stage::new(folder.path());
        (0..200).for_each(|number| stage.take(file(&format!("file-{number}"), "text")).unwrap());
        stage.clear();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
