//! Making commits: files collected one by one, then all of them at once.

use std::collections::BTreeMap;
use std::process::Stdio;

use chrono::{DateTime, Utc};
use git2::{ObjectType, Odb, Oid};

use super::identity::{Identity, configuration};
use super::objects::{NewObjects, name_of, renew};
use super::refs::Branch;
use super::signing::{Signer, signed};
use super::snapshot::{BlobId, CommitId};
use super::stage::{Incoming, Stage, Staged};
use super::trees::{self, Edits};
use super::{Archive, ArchiveError, HASH_LIST, HashList, Lock};
use crate::model::ContentHash;

/// Git packs loose objects when there are about 6,700; a 256th of that in one folder tells.
const LOOSE_IN_ONE_FOLDER: usize = 27;

/// Collects files and commits them. Nothing of it is visible before the commit.
pub struct Writer<'a> {
    archive: &'a Archive,
    lock: &'a Lock,
    identity: Identity,
    signer: Option<Signer>,
    odb: Odb<'a>,
    branch: Branch,
    edits: Edits,
    stage: Stage,
    /// Hash lists to go on from in place of those held, by folder.
    lists: BTreeMap<String, HashList>,
    is_large: bool,
}

impl Archive {
    /// Begins to write under a folder, after making good what a stop left behind. The person's own edits
    /// elsewhere are no hindrance: nothing there is touched.
    ///
    /// # Errors
    /// `Guard` where something of the person's own is in the way, `NoIdentity` where git does not know
    /// them, `Signing` where it cannot sign though it is set to; nothing was changed then.
    pub fn writer<'a>(&'a self, lock: &'a Lock, folder: &str) -> Result<Writer<'a>, ArchiveError> {
        let config = configuration(Some(&self.git), &self.environment)?;
        let identity = Identity::in_configuration(&config, &self.environment)?;
        let signer = Signer::of(&config, &identity, &self.environment)?;
        // In a rebase HEAD is detached too, but the rebase is what the person knows of.
        self.guard_state()?;
        self.heal()?;
        let branch = self.branch()?;
        let tree = self.tree_of(branch.tip)?;
        self.with_index(|index| self.guard_edits(tree.as_ref(), index, folder))?;
        let odb = self.git.odb().map_err(ArchiveError::git("open the objects"))?;
        let (edits, stage, lists) = (Edits::new(), Stage::new(&self.scratch()), BTreeMap::new());
        Ok(Writer { archive: self, lock, identity, signer, odb, branch, edits, stage, lists, is_large: false })
    }

    /// The tree of the commit that a branch or HEAD stands at.
    pub(super) fn tree_of(&self, tip: Option<Oid>) -> Result<Option<git2::Tree<'_>>, ArchiveError> {
        let Some(tip) = tip else { return Ok(None) };
        let tree = self.git.find_commit(tip).and_then(|commit| commit.tree());
        tree.map(Some).map_err(ArchiveError::git(format!("read commit {tip}")))
    }
}

impl Writer<'_> {
    /// Takes a file for the next commit. The hash list of its folder follows by itself.
    ///
    /// # Errors
    /// When it, or a file taken before, cannot be kept until then.
    pub fn put(&mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Result<BlobId, ArchiveError> {
        let file = incoming(&self.odb, path, bytes.into())?;
        let id = file.id;
        self.stage.take(file).map_err(|error| self.cause(error))?;
        self.edits.insert(path.to_owned(), Some(id));
        Ok(BlobId(id))
    }

    /// The content of a file, which is this blob, taken for the next commit or committed before.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&mut self, path: &str, blob: BlobId) -> Result<Vec<u8>, ArchiveError> {
        let is_staged = self.edits.get(path) == Some(&Some(blob.0));
        match if is_staged { self.stage.read(path).map_err(|error| self.cause(error))? } else { None } {
            Some(bytes) => Ok(bytes),
            None => self.archive.blob(blob),
        }
    }

    /// Why something failed: with fitsnap's own folder gone nothing can succeed.
    fn cause(&self, error: ArchiveError) -> ArchiveError {
        self.lock.check().err().unwrap_or(error)
    }

    /// Takes a file out with the next commit.
    pub fn remove(&mut self, path: &str) {
        self.stage.remove(path);
        self.edits.insert(path.to_owned(), None);
    }

    /// Takes a hash list for the next commit in place of the one held; what is put and removed beside it
    /// is written into it.
    pub(super) fn relist(&mut self, folder: &str, list: HashList) {
        self.lists.insert(folder.to_owned(), list);
    }

    /// What was put in a folder (the blob) or removed from it (none) since the last commit, by name.
    pub(super) fn put_in(&self, folder: &str) -> impl Iterator<Item = (&str, Option<BlobId>)> {
        let prefix = format!("{folder}/");
        let inside = self.edits.range(prefix.clone()..).map_while(move |(path, id)| {
            let name = path.strip_prefix(&prefix)?;
            Some((name, id.map(BlobId)))
        });
        inside.filter(|(name, _)| !name.contains('/'))
    }

    /// Whether anything was put or removed since the last commit.
    pub fn has_changes(&self) -> bool {
        !self.edits.is_empty()
    }

    /// Forgets what was put and removed since the last commit.
    pub fn abandon(&mut self) {
        self.edits.clear();
        self.stage.clear();
        self.lists.clear();
    }

    /// Commits what was put and removed, and nothing else: work tree and index follow for these paths
    /// only. None where the tree stays as it is. All of it is on the disk when this returns.
    ///
    /// # Errors
    /// `Guard` where the person's own work came in the way meanwhile or a hook of theirs refuses, `Signing`
    /// where the commit cannot be signed; the commit was not made then.
    /// Any other error after the reference moved is made good by the next writer.
    pub fn commit(&mut self, message: &str, time: DateTime<Utc>) -> Result<Option<CommitId>, ArchiveError> {
        self.commit_all(message, time).map_err(|error| self.cause(error))
    }

    fn commit_all(&mut self, message: &str, time: DateTime<Utc>) -> Result<Option<CommitId>, ArchiveError> {
        let mut staged = self.stage.hand_over()?;
        self.update_hash_lists(&mut staged)?;
        let tree = self.archive.tree_of(self.branch.tip)?;
        let mut old = Edits::new();
        for path in self.edits.keys() {
            let entry = trees::entry_at(tree.as_ref(), path)?;
            old.insert(path.clone(), entry.map(|entry| entry.id()));
        }
        self.edits.retain(|path, new| old.get(path) != Some(new));
        if self.edits.is_empty() {
            self.abandon();
            return Ok(None);
        }
        self.archive.check_places(&self.edits, tree.as_ref())?;
        let base = tree.map(|tree| tree.id());
        let git = &self.archive.git;
        let new_tree = match trees::edit(git, &self.odb, &mut staged.objects, base, &self.edits)? {
            Some(tree) => tree,
            None => staged.objects.put(&self.odb, ObjectType::Tree, b"")?,
        };
        let mut message = message.trim_end().to_owned();
        let hooks = self.archive.own_hooks()?;
        if !hooks.is_empty() {
            self.store(&mut staged)?;
            message = self.archive.ask_hooks(&hooks, new_tree, &message)?;
        }
        let (author, committer) = (self.identity.author(time)?, self.identity.committer(time)?);
        let mut text = format!("tree {new_tree}\n");
        if let Some(parent) = self.branch.tip {
            text.push_str(&format!("parent {parent}\n"));
        }
        text.push_str(&format!("author {author}\ncommitter {committer}\n\n{}\n", message.trim_end()));
        let scratch = self.archive.scratch();
        if let Some(signer) = &self.signer {
            text = signed(&text, &signer.sign(text.as_bytes(), &scratch)?);
        }
        let commit = staged.objects.put(&self.odb, ObjectType::Commit, text.as_bytes())?;
        self.store(&mut staged)?;
        // From before the reference moves until the index has followed: in between any other git would
        // take the commit's files for a person's edits.
        let index = self.archive.lock_index(&scratch)?;
        self.lock.check()?;
        self.archive.begin_journal(commit, &self.edits, &old)?;
        let subject = message.lines().next().unwrap_or_default();
        let moved = self.archive.move_branch(&self.branch, commit, &committer, subject, &scratch);
        if let Err(error) = moved {
            // It may have moved and not be known to be on the disk; then the rest is the next writer's.
            if self.archive.branch()?.tip != Some(commit) {
                self.archive.end_journal()?;
            }
            return Err(error);
        }
        self.branch.tip = Some(commit);
        self.archive.bring_along(&self.edits, &old, staged.ready, &scratch, &index)?;
        drop(index);
        self.archive.end_journal()?;
        self.abandon();
        Ok(Some(CommitId(commit)))
    }

    /// Puts the objects taken so far into the repository.
    fn store(&mut self, staged: &mut Staged) -> Result<(), ArchiveError> {
        let objects = std::mem::replace(&mut staged.objects, NewObjects::new(&self.archive.scratch()));
        self.is_large |= objects.is_many();
        objects.store(&self.odb, self.archive.git.commondir())
    }

    /// Lets git tidy up when much was added. Git may be missing, and tidying can wait: failures are none.
    pub fn tidy(&mut self) {
        let one_folder = self.archive.git.commondir().join("objects/17");
        let loose = std::fs::read_dir(one_folder).map_or(0, Iterator::count);
        if std::mem::take(&mut self.is_large) || loose > LOOSE_IN_ONE_FOLDER {
            let mut git = self.archive.environment.command("git");
            // Run from another repository's hook these would name that one.
            for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
                git.env_remove(name);
            }
            git.arg("-C").arg(&self.archive.root).args(["maintenance", "run", "--auto", "--quiet"]);
            let _ = git.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        }
    }

    fn held_list(&self, path: &str) -> Result<HashList, ArchiveError> {
        let held = match self.branch.tip {
            Some(tip) => self.archive.at(CommitId(tip))?.file(path)?,
            None => None,
        };
        let damaged = |problem| ArchiveError::Damaged { problem: format!("{path}: {problem}") };
        held.map_or(Ok(HashList::default()), |bytes| HashList::parse(&bytes).map_err(damaged))
    }

    fn update_hash_lists(&mut self, staged: &mut Staged) -> Result<(), ArchiveError> {
        let mut folders: BTreeMap<String, Vec<(String, Option<ContentHash>)>> = BTreeMap::new();
        for (path, hash) in std::mem::take(&mut staged.hashes) {
            if let Some((folder, name)) = path.rsplit_once('/') {
                folders.entry(folder.to_owned()).or_default().push((name.to_owned(), hash));
            }
        }
        let mut lists = std::mem::take(&mut self.lists);
        for folder in lists.keys() {
            folders.entry(folder.clone()).or_default();
        }
        for (folder, names) in folders {
            let path = format!("{folder}/{HASH_LIST}");
            let mut list = match lists.remove(&folder) {
                Some(list) => list,
                None => self.held_list(&path)?,
            };
            for (name, hash) in names {
                match hash {
                    Some(hash) => list.set(name, hash),
                    None => list.remove(&name),
                }
            }
            let file = if list.is_empty() { None } else { Some(incoming(&self.odb, &path, list.render())?) };
            self.edits.insert(path, file.as_ref().map(|file| file.id));
            file.map(|file| staged.take(file)).transpose()?;
        }
        Ok(())
    }
}

/// A file for the next commit, with the name that git gives it.
fn incoming(odb: &Odb<'_>, path: &str, data: Vec<u8>) -> Result<Incoming, ArchiveError> {
    let id = name_of(ObjectType::Blob, &data)?;
    let is_new = !renew(odb, id, ObjectType::Blob, &data)?;
    Ok(Incoming { path: path.to_owned(), id, data, is_new })
}
