//! The command that mends a finding.

use std::collections::HashMap;
use std::path::Path;

use git2::Oid;

use super::Cause;
use crate::archive::{Archive, HASH_LIST};

/// How far back the commit behind a flaw is looked for.
const MAX_STEPS: usize = 20_000;

/// How many flaws it is looked for.
const MAX_SEARCHES: usize = 50;

/// What mends all that can be made from the archive itself; it shows what it does.
const REPAIR: &str = "fitsnap repair --yes";

/// A path as it stands in a shell command.
pub(super) fn quoted(path: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%');
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', "'\\''")) }
}

/// Brings a path of the work tree and the index back to HEAD.
pub(super) fn restore(path: &str) -> String {
    format!("git checkout HEAD -- {}", quoted(path))
}

/// Finds the remedies of flaws in commits.
pub(super) struct Remedies<'a> {
    archive: &'a Archive,
    head: Option<Oid>,
    search: bool,
    searches: usize,
    known: HashMap<(Option<Oid>, Option<Oid>), Oid>,
}

impl<'a> Remedies<'a> {
    /// For flaws in what `head` reaches. With `search` the commit that brought a flaw is looked for.
    pub(super) fn new(archive: &'a Archive, head: Option<Oid>, search: bool) -> Remedies<'a> {
        Remedies { archive, head, search, searches: 0, known: HashMap::new() }
    }

    /// The commit to name for a flaw, and what mends it.
    pub(super) fn for_commit(&mut self, path: &str, commit: Oid, blob: Option<Oid>, cause: Cause) -> (Oid, String) {
        if cause == Cause::DamagedObject {
            return (commit, self.object(path, blob.unwrap_or(commit)));
        }
        let commit = if self.search { self.origin(commit, path) } else { commit };
        if self.head.is_some_and(|head| self.pair(head, path) != self.pair(commit, path)) {
            let remedy = format!(
                "nothing to do: a later commit mended it, and a commit never changes (git show {})",
                short(commit)
            );
            return (commit, remedy);
        }
        let remedy = match cause {
            Cause::Extra => format!("git rm -r -- {path} && git commit", path = quoted(path)),
            _ => REPAIR.to_owned(),
        };
        (commit, remedy)
    }

    /// The commit since which path and hash list are as they are.
    fn origin(&mut self, from: Oid, path: &str) -> Oid {
        let wanted = self.pair(from, path);
        if let Some(known) = self.known.get(&wanted) {
            return *known;
        }
        if self.searches >= MAX_SEARCHES {
            return from;
        }
        self.searches += 1;
        let mut origin = from;
        for _ in 0..MAX_STEPS {
            let commit = self.archive.git.find_commit(origin);
            match commit.and_then(|commit| commit.parent_id(0)) {
                Ok(parent) if self.pair(parent, path) == wanted => origin = parent,
                _ => break,
            }
        }
        self.known.insert(wanted, origin);
        origin
    }

    /// The blobs of a path and of its folder's hash list at a commit.
    fn pair(&self, commit: Oid, path: &str) -> (Option<Oid>, Option<Oid>) {
        let tree = self.archive.git.find_commit(commit).and_then(|commit| commit.tree());
        let at = |path: &str| tree.as_ref().ok()?.get_path(Path::new(path)).ok().map(|entry| entry.id());
        (at(path), at(&format!("{}/{HASH_LIST}", folder_of(path))))
    }

    /// Makes a damaged object again from the work tree's file, if that is whole.
    fn object(&self, path: &str, id: Oid) -> String {
        match self.archive.can_remake(path, id) {
            true => REPAIR.to_owned(),
            false => "git fsck names what is damaged; take it from another clone: git clone REMOTE COPY, then copy the files \
                  of COPY/.git/objects over those of this one"
                .to_owned(),
        }
    }
}

fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(folder, _)| folder)
}

fn short(commit: Oid) -> String {
    commit.to_string()[..10].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_in_a_command_cannot_become_a_command() {
        assert_eq!(quoted("data/moves/2015/07/05.json"), "data/moves/2015/07/05.json");
        assert_eq!(quoted("data/x; rm -rf ~"), "'data/x; rm -rf ~'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
    }
}
