//! What a commit was about to do to the work tree, so that a stop in the middle can be told from a
//! person's edits and made good.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use git2::{BranchType, ErrorCode, ObjectType, Oid, Tree};
use serde::{Deserialize, Serialize};

use super::durable::{replace_file, sync_file_system};
use super::index::read_index;
use super::layout::stays_inside;
use super::staging::{Ready, blob_of};
use super::trees::{Edits, entry_at};
use super::{Archive, ArchiveError, DATA, Lock};
use crate::model::Clock;

/// The line by which a commit's message tells that fitsnap made it.
const OUR_MARK: &str = "Fitsnap-Action: ";

#[derive(Serialize, Deserialize)]
struct Journal {
    commit: String,
    /// Path, old blob, new blob.
    paths: Vec<(String, Option<String>, Option<String>)>,
}

impl Archive {
    /// Makes good what a stop left behind, if there is anything, so that it is not taken for damage or
    /// for a person's edits. Where nothing may be written all stays as it is.
    ///
    /// # Errors
    /// `Busy` when another fitsnap is at work.
    pub fn settle(&self, command: &str, clock: Clock) -> Result<Option<Lock>, ArchiveError> {
        let lock = match self.lock(command, clock) {
            Ok(lock) => lock,
            Err(ArchiveError::Io { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        if self.was_ended() {
            match self.heal() {
                // With HEAD elsewhere the unfinished commit is not what is looked at.
                Ok(()) | Err(ArchiveError::Guard { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(lock))
    }

    /// Whether a run was ended in the middle of its work.
    fn was_ended(&self) -> bool {
        let has_unfinished = || fs::read_dir(self.scratch()).is_ok_and(|mut left| left.next().is_some());
        self.journal().exists() || has_unfinished() || self.git_locks().iter().any(|lock| lock.exists())
    }

    /// The locks of git's that fitsnap takes.
    fn git_locks(&self) -> Vec<PathBuf> {
        let common = self.git.commondir();
        let branch = self.branch().ok().map(|branch| common.join(branch.name + ".lock"));
        // Where the settings are kept elsewhere, so is their lock.
        let config = common.join("config");
        let mut config = config.canonicalize().unwrap_or(config).into_os_string();
        config.push(".lock");
        [self.git.path().join("index.lock"), config.into()].into_iter().chain(branch).collect()
    }

    /// Where unfinished files stand.
    pub(super) fn scratch(&self) -> PathBuf {
        self.local().join("tmp")
    }

    /// Makes the folder of unfinished files, for the person's eyes only: what is written there has its mode last.
    pub(super) fn make_scratch(&self) -> Result<(), ArchiveError> {
        let scratch = self.scratch();
        let mut builder = fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        match fs::create_dir_all(self.local()).and_then(|()| builder.create(&scratch)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(ArchiveError::io("make the folder", &scratch)(error))
            }
            _ => Ok(()),
        }
    }

    fn journal(&self) -> PathBuf {
        self.local().join("journal.json")
    }

    /// Writes down what the commit will do; on the disk when it returns.
    pub(super) fn begin_journal(&self, commit: Oid, edits: &Edits, old: &Edits) -> Result<(), ArchiveError> {
        let text = |id: Option<Oid>| id.map(|id| id.to_string());
        let paths = edits
            .iter()
            .map(|(path, new)| (path.clone(), text(old.get(path).copied().flatten()), text(*new)))
            .collect();
        let journal = Journal { commit: commit.to_string(), paths };
        let bytes =
            serde_json::to_vec(&journal).map_err(|error| ArchiveError::io("write", &self.journal())(error.into()))?;
        replace_file(&self.journal(), &bytes, &self.scratch())
    }

    /// The commit is done, work tree and all.
    pub(super) fn end_journal(&self) -> Result<(), ArchiveError> {
        match fs::remove_file(self.journal()) {
            // A journal that comes back after a power cut finds everything done.
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(ArchiveError::io("remove", &self.journal())(error)),
        }
    }

    /// Makes good what a stop left behind: our locks, our unfinished files, a work tree and an index
    /// that had not yet followed their commit. Call only while holding the archive's lock.
    pub(super) fn heal(&self) -> Result<(), ArchiveError> {
        let scratch = self.scratch();
        let is_first = !scratch.exists();
        let was_ended = is_first || self.was_ended();
        super::pack::sweep(&scratch, &self.git.commondir().join("objects/pack"));
        // Nothing in there is finished, so nothing in there is of use.
        match fs::remove_dir_all(&scratch) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ArchiveError::io("empty", &scratch)(error)),
        }
        self.make_scratch()?;
        if was_ended {
            // A power cut could still take what an ended run wrote, and more is about to be built on it.
            sync_file_system(self.git.commondir())?;
            sync_file_system(&self.root)?;
        }
        self.git_locks().iter().try_for_each(|lock| super::locks::clear_dead(lock))?;
        let is_on_branch = match self.branch() {
            // HEAD is detached: what is left undone must not keep the person from going back.
            Err(ArchiveError::Guard { .. }) if self.guard_state().is_ok() => false,
            branch => branch.map(|_| true)?,
        };
        let head = self.head()?.map(|head| head.0);
        // Someone may have deleted our whole folder after a stop, the journal with it.
        if is_first
            && is_on_branch
            && let Some(tip) = head
            && let Some((edits, old)) = self.left_undone(tip)?
        {
            self.begin_journal(tip, &edits, &old)?;
        }
        let bytes = match fs::read(self.journal()) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(ArchiveError::io("read", &self.journal())(error)),
        };
        if let Some((commit, edits, old)) = read(&bytes)
            && let Some(tip) = head
        {
            let (mut edits, old) = match tip == commit || self.is_descendant(tip, commit)? {
                true => (edits, old),
                // The person went back to before the commit in the middle of it: what followed it follows them.
                false if self.is_on_a_branch(commit)? => (old, edits),
                false => Default::default(),
            };
            // A person may have committed since: what their commit says of a path counts.
            let tree = self.tree_of(head)?;
            for path in edits.keys().cloned().collect::<Vec<_>>() {
                let now = entry_at(tree.as_ref(), &path)?.map(|entry| entry.id());
                if edits.get(&path) != Some(&now) {
                    edits.remove(&path);
                }
            }
            let index = self.lock_index(&scratch)?;
            self.bring_along(&edits, &old, Ready::new(), &scratch, &index)?;
        }
        self.end_journal()
    }

    /// Whether a commit comes after another, which may be gone.
    fn is_descendant(&self, tip: Oid, earlier: Oid) -> Result<bool, ArchiveError> {
        match self.git.graph_descendant_of(tip, earlier) {
            Err(error) if error.code() == ErrorCode::NotFound => Ok(false),
            known => known.map_err(ArchiveError::git(format!("look for commit {earlier}"))),
        }
    }

    /// Whether a branch has a commit.
    fn is_on_a_branch(&self, commit: Oid) -> Result<bool, ArchiveError> {
        let failed = || ArchiveError::git("list the branches");
        for branch in self.git.branches(Some(BranchType::Local)).map_err(failed())? {
            let tip = branch.map_err(failed())?.0.get().target();
            if let Some(tip) = tip
                && (tip == commit || self.is_descendant(tip, commit)?)
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a stop in the middle of HEAD's own commit left undone, where the journal of it is lost: index
    /// and work tree stand as before the commit, file for file, or the file already as after it.
    fn left_undone(&self, tip: Oid) -> Result<Option<(Edits, Edits)>, ArchiveError> {
        let failed = || ArchiveError::git(format!("read commit {tip}"));
        let commit = self.git.find_commit(tip).map_err(failed())?;
        let is_ours = String::from_utf8_lossy(commit.message_bytes()).lines().any(|line| line.starts_with(OUR_MARK));
        if !is_ours || commit.parent_count() > 1 {
            return Ok(None);
        }
        let list = |tree: Tree<'_>| -> Result<BTreeMap<String, Oid>, ArchiveError> {
            let mut files = Vec::new();
            if let Some(data) = tree.get_name(DATA).filter(|entry| entry.kind() == Some(ObjectType::Tree)) {
                self.list_files(data.id(), DATA, &mut files)?;
            }
            Ok(files.into_iter().collect())
        };
        let after = list(commit.tree().map_err(failed())?)?;
        let before = match commit.parent(0) {
            Ok(parent) => list(parent.tree().map_err(failed())?)?,
            Err(_) => BTreeMap::new(),
        };
        let index = read_index(&self.git.path().join("index"))?;
        let (mut edits, mut old) = (Edits::new(), Edits::new());
        for path in before.keys().chain(after.keys()) {
            let (from, to) = (before.get(path).copied(), after.get(path).copied());
            if from == to {
                continue;
            }
            let staged = index.get_path(Path::new(path), 0).map(|entry| entry.id);
            let found = blob_of(&self.root.join(path))?;
            if staged != from || (found != from && found != to) {
                return Ok(None);
            }
            old.insert(path.clone(), from);
            edits.insert(path.clone(), to);
        }
        Ok((!edits.is_empty()).then_some((edits, old)))
    }
}

/// The commit, what it does and what was there before; none where it is no journal of fitsnap's.
pub(super) fn read(bytes: &[u8]) -> Option<(Oid, Edits, Edits)> {
    let journal: Journal = serde_json::from_slice(bytes).ok()?;
    let id = |text: Option<String>| match text {
        None => Some(None),
        Some(text) => text.parse().ok().map(Some),
    };
    let (mut edits, mut old) = (Edits::new(), Edits::new());
    for (path, from, to) in journal.paths {
        // No commit of fitsnap's has such a path, so the journal is none of fitsnap's.
        if !stays_inside(&path) {
            return None;
        }
        old.insert(path.clone(), id(from)?);
        edits.insert(path, id(to)?);
    }
    Some((journal.commit.parse().ok()?, edits, old))
}
