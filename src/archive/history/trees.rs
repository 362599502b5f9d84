//! Folders of git as lists of entries, and what differs between two of them.
//!
//! libgit2's own tree diff looks at every entry on the way; here a folder is opened only where its
//! id differs, and folders stay in memory for the next commit, which shares most of them.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;

use git2::{Odb, OdbObject, Oid};

use super::{FileChange, Scope};
use crate::archive::merge::parts_of;
use crate::archive::snapshot::read_blob;
use crate::archive::{ArchiveError, BlobId, Place};

/// Folders kept in memory; two generations of this many, so that memory has a bound.
const KEPT: usize = 512;

/// Reads folders, each once as long as it is in use.
pub(super) struct Trees<'a> {
    odb: Odb<'a>,
    young: HashMap<Oid, Rc<[u8]>, BuildHasherDefault<IdHasher>>,
    old: HashMap<Oid, Rc<[u8]>, BuildHasherDefault<IdHasher>>,
}

/// An id is a hash already: its first bytes do.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let mut first = [0; 8];
        let length = bytes.len().min(8);
        first[..length].copy_from_slice(&bytes[..length]);
        self.0 ^= u64::from_le_bytes(first);
    }

    fn write_usize(&mut self, _: usize) {}
}

/// One entry of a folder.
#[derive(Clone, Copy)]
struct Entry<'t> {
    name: &'t [u8],
    folder: bool,
    id: Oid,
}

impl Entry<'_> {
    /// The order of entries in git: a folder counts as if its name ended in a slash.
    fn order(&self, other: &Entry<'_>) -> Ordering {
        let common = self.name.len().min(other.name.len());
        let end = |entry: &Entry<'_>| entry.name.get(common).copied().unwrap_or(if entry.folder { b'/' } else { 0 });
        self.name[..common].cmp(&other.name[..common]).then_with(|| end(self).cmp(&end(other)))
    }
}

/// The files and folders of a raw tree object; links and submodules are left out.
struct Entries<'t>(&'t [u8]);

impl<'t> Iterator for Entries<'t> {
    type Item = Entry<'t>;

    fn next(&mut self) -> Option<Entry<'t>> {
        loop {
            let space = self.0.iter().position(|byte| *byte == b' ')?;
            let (mode, rest) = (&self.0[..space], &self.0[space + 1..]);
            let nul = rest.iter().position(|byte| *byte == 0)?;
            let id = Oid::from_bytes(rest.get(nul + 1..nul + 21)?).ok()?;
            self.0 = &rest[nul + 21..];
            match mode {
                b"40000" => return Some(Entry { name: &rest[..nul], folder: true, id }),
                _ if mode.starts_with(b"100") => return Some(Entry { name: &rest[..nul], folder: false, id }),
                _ => {}
            }
        }
    }
}

fn find(tree: &[u8], wanted: &Entry<'_>) -> Option<Oid> {
    Entries(tree).find(|entry| entry.folder == wanted.folder && entry.name == wanted.name).map(|entry| entry.id)
}

impl<'a> Trees<'a> {
    pub(super) fn new(odb: Odb<'a>) -> Trees<'a> {
        Trees { odb, young: HashMap::default(), old: HashMap::default() }
    }

    /// An object, as git hashes it without the head.
    pub(super) fn object(&self, id: Oid) -> Result<OdbObject<'_>, git2::Error> {
        self.odb.read(id)
    }

    fn tree(&mut self, id: Option<Oid>) -> Result<Rc<[u8]>, ArchiveError> {
        let Some(id) = id else { return Ok(Rc::from([])) };
        if let Some(tree) = self.young.get(&id) {
            return Ok(Rc::clone(tree));
        }
        let tree = match self.old.remove(&id) {
            Some(tree) => tree,
            None => {
                let object =
                    self.object(id).map_err(|error| ArchiveError::git(format!("read the folder {id}"))(error))?;
                Rc::from(object.data())
            }
        };
        if self.young.len() >= KEPT {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(id, Rc::clone(&tree));
        Ok(tree)
    }

    /// The file at a path below a tree.
    pub(super) fn file_at(&mut self, tree: Oid, path: &str) -> Result<Option<BlobId>, ArchiveError> {
        let mut at = tree;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let folder = parts.peek().is_some();
            let tree = self.tree(Some(at))?;
            match find(&tree, &Entry { name: part.as_bytes(), folder, id: at }) {
                Some(id) => at = id,
                None => return Ok(None),
            }
        }
        Ok(Some(BlobId(at)))
    }

    /// Whether a merge made a document of nothing but what its parents' trees have of it: then all that is
    /// in it was told already.
    pub(super) fn is_woven(&mut self, change: &FileChange, parents: &[Oid]) -> Result<bool, ArchiveError> {
        let Some(new) = change.new else { return Ok(false) };
        let place = Place::of(&change.path);
        let mut parts = Vec::new();
        for parent in parents {
            let Some(blob) = self.file_at(*parent, &change.path)? else { continue };
            let Ok(read) = parts_of(&place, &read_blob(&self.odb, blob.0)?) else { return Ok(false) };
            parts.push(read);
        }
        let Ok(merged) = parts_of(&place, &read_blob(&self.odb, new.0)?) else { return Ok(false) };
        let is_known = merged.iter().all(|(name, part)| parts.iter().any(|parent| parent.get(name) == Some(part)));
        let has_all = parts.first().is_some_and(|first| {
            let mut shared = first.keys().filter(|name| parts.iter().all(|parent| parent.contains_key(*name)));
            shared.all(|name| merged.contains_key(name))
        });
        Ok(is_known && has_all)
    }

    /// The files of the scope that differ between a tree and every one of its parents' trees, in the
    /// order of their paths; against nothing where there is no parent. `old` is the first parent's.
    pub(super) fn changes(
        &mut self,
        tree: Oid,
        parents: &[Oid],
        scope: &Scope,
    ) -> Result<Vec<FileChange>, ArchiveError> {
        let mut changes = Vec::new();
        let parents: Vec<Option<Oid>> =
            if parents.is_empty() { vec![None] } else { parents.iter().copied().map(Some).collect() };
        if !parents.contains(&Some(tree)) {
            self.descend("", Some(tree), &parents, scope, &mut changes)?;
        }
        Ok(changes)
    }

    fn descend(
        &mut self,
        folder: &str,
        new: Option<Oid>,
        parents: &[Option<Oid>],
        scope: &Scope,
        changes: &mut Vec<FileChange>,
    ) -> Result<(), ArchiveError> {
        let after = self.tree(new)?;
        let before = self.tree(parents[0])?;
        let others = parents[1..].iter().map(|id| self.tree(*id)).collect::<Result<Vec<_>, _>>()?;
        let (mut left, mut right) = (Entries(&before).peekable(), Entries(&after).peekable());
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => return Ok(()),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => one.order(other),
            };
            let old = if order.is_le() { left.next() } else { None };
            let new = if order.is_ge() { right.next() } else { None };
            let Some(entry) = new.or(old) else { return Ok(()) };
            let (old, new) = (old.map(|entry| entry.id), new.map(|entry| entry.id));
            if old == new {
                continue;
            }
            let path = join(folder, entry.name);
            if entry.folder && scope.enters(&path) {
                let mut parents = vec![old];
                parents.extend(others.iter().map(|tree| find(tree, &entry)));
                if !parents.contains(&new) {
                    self.descend(&path, new, &parents, scope, changes)?;
                }
            } else if !entry.folder && scope.takes(&path) && !others.iter().any(|tree| find(tree, &entry) == new) {
                changes.push(FileChange { path, old: old.map(BlobId), new: new.map(BlobId), again: false });
            }
        }
    }
}

fn join(folder: &str, name: &[u8]) -> String {
    let name = String::from_utf8_lossy(name);
    if folder.is_empty() { name.into_owned() } else { format!("{folder}/{name}") }
}
