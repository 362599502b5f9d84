//! The work tree, brought along with a commit, and a person's own edits in it and in the index.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use git2::{Index, IndexEntry, ObjectType, Oid, RepositoryState, Tree};
use tempfile::TempPath;

use super::durable::{Unsynced, unfinished};
use super::index::stat;
use super::layout::stays_inside;
use super::locks::GitLock;
use super::objects::name_of_file;
use super::trees::{Edits, entry_at};
use super::{Archive, ArchiveError, BlobId};

/// Git's mark in an index entry: the person asked for this file not to be in the work tree.
pub(super) const SKIP_WORKTREE: u16 = 1 << 14;

/// The mode of a submodule in an index entry.
const SUBMODULE: u32 = 0o160_000;

/// Files of the work tree by their paths below its root, whole but not yet in their places.
pub(super) type Ready = BTreeMap<String, TempPath>;

/// To look at so many files takes longer than to begin a thread.
const WORTH_A_THREAD: usize = 256;

/// How many of the person's edits a message names.
const NAMED: usize = 3;

impl Archive {
    /// Stops where the person is in the middle of something that ends in a commit of its own.
    pub(super) fn guard_state(&self) -> Result<(), ArchiveError> {
        let under_way = match self.git.state() {
            RepositoryState::Clean => None,
            RepositoryState::Merge => Some(("a merge", "finish it (git commit) or leave it (git merge --abort)")),
            RepositoryState::Revert | RepositoryState::RevertSequence => {
                Some(("a revert", "finish it (git revert --continue) or leave it (git revert --abort)"))
            }
            RepositoryState::CherryPick | RepositoryState::CherryPickSequence => {
                Some(("a cherry-pick", "finish it (git cherry-pick --continue) or leave it (git cherry-pick --abort)"))
            }
            RepositoryState::Bisect => Some(("a bisect", "end it: git bisect reset")),
            RepositoryState::Rebase | RepositoryState::RebaseInteractive | RepositoryState::RebaseMerge => {
                Some(("a rebase", "finish it (git rebase --continue) or leave it (git rebase --abort)"))
            }
            RepositoryState::ApplyMailbox | RepositoryState::ApplyMailboxOrRebase => {
                Some(("git am", "finish it (git am --continue) or leave it (git am --abort)"))
            }
        };
        match under_way {
            None => Ok(()),
            Some((what, hint)) => Err(ArchiveError::Guard {
                problem: format!("{what} is under way in this archive"),
                hint: hint.to_owned(),
            }),
        }
    }

    /// Stops where the person has edits under a folder, staged or in the work tree.
    pub(super) fn guard_edits(&self, tree: Option<&Tree<'_>>, index: &Index, folder: &str) -> Result<(), ArchiveError> {
        let edited = self.own_edits(tree, index, folder)?;
        if edited.is_empty() {
            return Ok(());
        }
        let mut named = edited.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        if edited.len() > NAMED {
            named.push_str(&format!(" and {} more", edited.len() - NAMED));
        }
        Err(ArchiveError::Guard {
            problem: format!("there are edits of your own under {folder}/: {named}"),
            hint: format!(
                "look at them with git status; keep them (git commit), put them away (git stash) or drop them \
                 (git restore --staged --worktree {folder})"
            ),
        })
    }

    /// The paths under a folder where index or work tree differ from the tree, sorted. Files that git
    /// does not track are none of them.
    fn own_edits(&self, tree: Option<&Tree<'_>>, index: &Index, folder: &str) -> Result<Vec<String>, ArchiveError> {
        let written = fs::metadata(self.git.path().join("index")).and_then(|meta| meta.modified()).ok();
        let mut committed = Vec::new();
        if let Some(top) = entry_at(tree, folder)?.filter(|entry| entry.kind() == Some(ObjectType::Tree)) {
            self.list_files(top.id(), folder, &mut committed)?;
        }
        let mut committed = committed.into_iter().peekable();
        let mut edited = BTreeSet::new();
        let prefix = format!("{folder}/");
        let start = index.find_prefix(&prefix).unwrap_or(index.len());
        let mut staged = Vec::with_capacity(committed.len());
        for entry in (start..index.len()).map_while(|at| index.get(at)) {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            if !path.starts_with(&prefix) {
                break;
            }
            // Both lists have git's order: what HEAD has before this path, the index lacks.
            while let Some((gone, _)) = committed.next_if(|(known, _)| *known < path) {
                edited.insert(gone);
            }
            if committed.next_if(|(known, _)| *known == path).is_some_and(|(_, id)| id == entry.id) {
                staged.push((path, entry));
            } else {
                edited.insert(path);
            }
        }
        edited.extend(committed.map(|(path, _)| path));
        edited.extend(differing(&self.root, &staged, written)?);
        Ok(edited.into_iter().collect())
    }

    /// The files below a tree, with their paths and blobs, in git's order.
    pub(super) fn list_files(
        &self,
        tree: Oid,
        folder: &str,
        into: &mut Vec<(String, Oid)>,
    ) -> Result<(), ArchiveError> {
        let failed = |error| ArchiveError::git(format!("read the folder {folder}"))(error);
        let tree = self.git.find_tree(tree).map_err(failed)?;
        for entry in tree.iter() {
            let name = String::from_utf8_lossy(entry.name_bytes());
            let path = [folder, "/", &name].concat();
            match entry.kind() {
                Some(ObjectType::Tree) => self.list_files(entry.id(), &path, into)?,
                _ => into.push((path, entry.id())),
            }
        }
        Ok(())
    }

    /// Refuses where a path's present content is neither what HEAD has nor what is to come, or where
    /// a link stands on the way.
    pub(super) fn check_places(&self, edits: &Edits, tree: Option<&Tree<'_>>) -> Result<(), ArchiveError> {
        for (path, new) in edits {
            let old = entry_at(tree, path)?.map(|entry| entry.id());
            let found = blob_of(&self.root.join(path))?;
            if found != old && found != *new && found.is_some() {
                return Err(ArchiveError::Guard {
                    problem: format!("{path} holds something of your own that is in no commit"),
                    hint: "commit it or move it away, then run the command again".to_owned(),
                });
            }
        }
        match self.strange_folders(edits).into_iter().next() {
            None => Ok(()),
            Some(folder) => Err(ArchiveError::Guard {
                problem: format!("{folder} is not a folder of the archive's own but a link or a file"),
                hint: "move it away: fitsnap writes only inside the archive".to_owned(),
            }),
        }
    }

    /// What stands where a folder on the way to one of these paths should be, and is none.
    fn strange_folders<'e>(&self, edits: &'e Edits) -> BTreeSet<&'e str> {
        let mut folders: BTreeSet<&str> = BTreeSet::new();
        for path in edits.keys() {
            folders.extend(path.match_indices('/').map(|(at, _)| &path[..at]));
        }
        folders.retain(|folder| fs::symlink_metadata(self.root.join(folder)).is_ok_and(|meta| !meta.is_dir()));
        folders
    }

    /// Whether a link or a file stands on the way to a path.
    pub(super) fn is_behind_link(&self, path: &str) -> bool {
        !self.strange_folders(&Edits::from([(path.to_owned(), None)])).is_empty()
    }

    /// Those of the paths that lie inside the archive and not behind a link: what a journal or a tree says
    /// need not come from fitsnap.
    fn inside<'e>(&self, edits: &'e Edits) -> impl Iterator<Item = (&'e String, &'e Option<Oid>)> {
        let strange = self.strange_folders(edits);
        let is_inside = move |path: &str| {
            stays_inside(path) && !path.match_indices('/').any(|(at, _)| strange.contains(&path[..at]))
        };
        edits.iter().filter(move |(path, _)| is_inside(path))
    }

    /// Takes git's lock on the index: while it is held no git stages or commits anything.
    pub(super) fn lock_index(&self, scratch: &Path) -> Result<GitLock, ArchiveError> {
        GitLock::take(&self.git.path().join("index"), scratch)
    }

    /// Brings work tree and index along for these paths, while the index is locked. A file that holds
    /// something else than the old or the new content is a person's: it stays, and the next sync stops
    /// and names it. What is not `ready` is taken from the repository.
    pub(super) fn bring_along(
        &self,
        edits: &Edits,
        old: &Edits,
        mut ready: Ready,
        scratch: &Path,
        _index: &GitLock,
    ) -> Result<(), ArchiveError> {
        let mut written = Unsynced::default();
        let mut placed = BTreeMap::new();
        for (path, new) in self.inside(edits) {
            let file = self.root.join(path);
            let found = blob_of(&file)?;
            if found == *new {
                // It may be from a run that was ended before it synced.
                match new {
                    Some(_) => written.note(&file),
                    None => written.remove(&file)?,
                }
                continue;
            }
            if found != old.get(path).copied().flatten() && !self.is_cut_off(&file, *new)? {
                continue;
            }
            match (new, ready.remove(path)) {
                (Some(id), Some(whole)) => {
                    placed.extend(fs::symlink_metadata(&whole).ok().map(|meta| (path.as_str(), stat(&meta, *id, b""))));
                    written.replace(&file, whole)?;
                }
                (Some(id), None) => {
                    written.replace(&file, self.unfinished_again(path, *id, scratch)?)?;
                }
                (None, _) => {
                    written.remove(&file)?;
                    self.remove_empty_folders(path);
                }
            }
        }
        written.sync()?;
        self.update_index(edits, old, &placed)
    }

    /// Writes these paths as they are to be, whatever stands there, and brings the index along from what is
    /// staged, while it is locked.
    pub(super) fn put_back(
        &self,
        edits: &Edits,
        staged: &Edits,
        scratch: &Path,
        _index: &GitLock,
    ) -> Result<(), ArchiveError> {
        let mut written = Unsynced::default();
        for (path, blob) in self.inside(edits) {
            if let Some(id) = blob {
                written.replace(&self.root.join(path), self.unfinished_again(path, *id, scratch)?)?;
            }
        }
        written.sync()?;
        self.update_index(edits, staged, &BTreeMap::new())
    }

    /// A file of the work tree made from its blob, without its name yet.
    fn unfinished_again(&self, path: &str, blob: Oid, scratch: &Path) -> Result<TempPath, ArchiveError> {
        unfinished(&self.blob(BlobId(blob))?, scratch).map_err(ArchiveError::io("write", path.as_ref()))
    }

    /// Whether a file is this blob with bytes missing or zero, as a power cut leaves it: nothing that
    /// a person made is in it.
    fn is_cut_off(&self, file: &Path, blob: Option<Oid>) -> Result<bool, ArchiveError> {
        let Some(blob) = blob else { return Ok(false) };
        let whole = self.blob(BlobId(blob))?;
        let is_file = |meta: Metadata| meta.is_file() && meta.len() <= whole.len() as u64;
        if !fs::symlink_metadata(file).is_ok_and(is_file) {
            return Ok(false);
        }
        let found = fs::read(file).map_err(ArchiveError::io("read", file))?;
        Ok(found.len() <= whole.len() && found.iter().zip(&whole).all(|(found, whole)| found == whole || *found == 0))
    }

    /// Git knows no empty folders; neither does a checkout.
    fn remove_empty_folders(&self, path: &str) {
        for folder in Path::new(path).ancestors().skip(1).take_while(|folder| !folder.as_os_str().is_empty()) {
            if fs::remove_dir(self.root.join(folder)).is_err() {
                break;
            }
        }
    }
}

/// The paths whose files are others than their index entries say. Looking at ten thousand files is most
/// of a daily sync's work, so it is shared among the machine's cores.
fn differing(
    root: &Path,
    staged: &[(String, IndexEntry)],
    index_written: Option<SystemTime>,
) -> Result<Vec<String>, ArchiveError> {
    let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = staged.len().div_ceil(workers).max(WORTH_A_THREAD);
    std::thread::scope(|scope| {
        let look = |entries: &[(String, IndexEntry)]| {
            let mut found = Vec::new();
            for (path, entry) in entries {
                if differs(root, entry, path, index_written)? {
                    found.push(path.clone());
                }
            }
            Ok::<_, ArchiveError>(found)
        };
        let mut shares = staged.chunks(share);
        let own = shares.next().unwrap_or_default();
        let others: Vec<_> = shares.map(|entries| scope.spawn(move || look(entries))).collect();
        let mut found = look(own)?;
        for other in others {
            found.extend(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(found)
    })
}

/// Whether the work tree's file is another than the index's entry says. Like git, trusts size and
/// times where they agree, unless the file is so young that it may have changed since.
fn differs(
    root: &Path,
    entry: &IndexEntry,
    path: &str,
    index_written: Option<SystemTime>,
) -> Result<bool, ArchiveError> {
    // A submodule may be there or not, and what is in it is its own matter.
    if entry.mode == SUBMODULE {
        return Ok(false);
    }
    let file = root.join(path);
    let Ok(meta) = fs::symlink_metadata(&file) else { return Ok(entry.flags_extended & SKIP_WORKTREE == 0) };
    if !meta.is_file() {
        return Ok(entry.mode == 0o100_644);
    }
    let told = stat(&meta, entry.id, b"");
    let settled = meta.modified().ok().zip(index_written).is_some_and(|(file, index)| file < index);
    // The time of the last change tells what a copy that keeps the time of writing does not.
    let same_times = told.mtime == entry.mtime && told.ctime == entry.ctime;
    if settled && same_times && told.file_size == entry.file_size {
        return Ok(false);
    }
    Ok(blob_of(&file)? != Some(entry.id))
}

/// The blob that a file's bytes make; none where no file is.
pub(super) fn blob_of(path: &Path) -> Result<Option<Oid>, ArchiveError> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_file() => {}
        Ok(_) => return Ok(Some(Oid::ZERO_SHA1)),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => return Err(ArchiveError::io("read", path)(error)),
    }
    let named = File::open(path).and_then(|mut file| name_of_file(&mut file));
    named.map(Some).map_err(ArchiveError::io("read", path))
}
