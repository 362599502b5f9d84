//! What a push is about to send: damage at its tips, secrets in whatever is new.

use std::collections::HashSet;

use git2::{ObjectType, Oid, Tree};

use super::{Archive, ArchiveError, BlobId, CommitId, Leak, Scanner, Verified};
use crate::config::SETTINGS_FILE;

/// One reference of a push, as git tells the hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushedRef {
    /// What is sent; none when the remote's reference is deleted.
    local: Option<Oid>,
    /// What the remote has; none when the reference is new there.
    remote: Option<Oid>,
}

/// A secret in what a push would send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingLeak {
    /// What brings it, for people: `commit 9f2c…, notes.txt`.
    pub place: String,
    /// Where and which sort.
    pub leak: Leak,
}

/// What was found in what a push would send.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outgoing {
    /// The secrets.
    pub leaks: Vec<OutgoingLeak>,
    /// Files too large to be looked through, in the words of their places.
    pub unseen: Vec<String>,
}

impl PushedRef {
    /// Reads a line of the hook's standard input: local reference, its object, remote reference, its object.
    pub fn read(line: &str) -> Option<PushedRef> {
        let [_, local, _, remote] = line.split(' ').collect::<Vec<_>>().try_into().ok()?;
        let object = |text: &str| text.parse::<Oid>().ok().map(|id| (!id.is_zero()).then_some(id));
        Some(PushedRef { local: object(local)?, remote: object(remote)? })
    }
}

impl Archive {
    /// Checks the archives at the tips of a push, whatever the work tree holds.
    ///
    /// # Errors
    /// When the repository cannot be read at all.
    pub fn check_outgoing_tips(&self, refs: &[PushedRef]) -> Result<Verified, ArchiveError> {
        let mut tips: Vec<CommitId> = Vec::new();
        for pushed in refs {
            let commit = pushed.local.and_then(|id| self.git.find_object(id, None).ok());
            // A tag may name anything; only a commit can be an archive.
            let Some(commit) = commit.and_then(|object| object.peel_to_commit().ok()) else { continue };
            let is_archive = commit.tree().is_ok_and(|tree| tree.get_name(SETTINGS_FILE).is_some());
            if is_archive && !tips.contains(&CommitId(commit.id())) {
                tips.push(CommitId(commit.id()));
            }
        }
        self.verify_commits(&tips)
    }

    /// Looks for secrets in each file and message, a tag's too, that the remote does not have yet.
    ///
    /// # Errors
    /// When the history cannot be walked.
    pub fn scan_outgoing(&self, refs: &[PushedRef], remote: &str, scanner: &Scanner) -> Result<Outgoing, ArchiveError> {
        let failed = || ArchiveError::git("walk what is pushed");
        let mut search = Search { archive: self, scanner, seen: HashSet::new(), found: Outgoing::default() };
        let mut walk = self.git.revwalk().map_err(failed())?;
        let mut pushes = false;
        for pushed in refs {
            if let Some(commit) = pushed.local.map(|id| search.tip(id)).transpose().map_err(failed())?.flatten() {
                walk.push(commit).map_err(failed())?;
                pushes = true;
            }
            if let Some(known) = pushed.remote.filter(|id| self.git.find_commit(*id).is_ok()) {
                walk.hide(known).map_err(failed())?;
            }
        }
        if !pushes {
            return Ok(search.found);
        }
        // A remote named by its address has no such references: then all is looked at again.
        let _ = walk.hide_glob(&format!("refs/remotes/{remote}/*"));
        for commit in walk {
            let commit = commit.map_err(failed())?;
            search.commit(commit).map_err(failed())?;
        }
        Ok(search.found)
    }
}

struct Search<'a> {
    archive: &'a Archive,
    scanner: &'a Scanner,
    /// The files looked at.
    seen: HashSet<Oid>,
    found: Outgoing,
}

impl Search<'_> {
    /// Looks at the tags on the way to what is pushed, and at a file or folder that is pushed without a
    /// commit; the commit, if it is one.
    fn tip(&mut self, mut id: Oid) -> Result<Option<Oid>, git2::Error> {
        loop {
            let Ok(object) = self.archive.git.find_object(id, None) else { return Ok(None) };
            let place = |what: &str| format!("{what} {}", CommitId(id).short());
            match object.kind() {
                Some(ObjectType::Commit) => return Ok(Some(id)),
                Some(ObjectType::Tag) => {
                    let tag = self.archive.git.find_tag(id)?;
                    self.scan(tag.message_bytes().unwrap_or_default(), &place("the message of tag"));
                    id = tag.target_id();
                    continue;
                }
                Some(ObjectType::Tree) => {
                    self.tree(&self.archive.git.find_tree(id)?, &[], "", &place("folder"))?;
                }
                _ => self.blob(id, place("file"))?,
            }
            return Ok(None);
        }
    }

    fn scan(&mut self, bytes: &[u8], place: &str) {
        let leaks = self.scanner.scan(bytes).into_iter();
        self.found.leaks.extend(leaks.map(|leak| OutgoingLeak { place: place.to_owned(), leak }));
    }

    fn blob(&mut self, id: Oid, place: String) -> Result<(), git2::Error> {
        match self.archive.blob(BlobId(id)) {
            Ok(bytes) => self.scan(&bytes, &place),
            Err(ArchiveError::Damaged { .. }) => self.found.unseen.push(place),
            // In the words of git, as for all else that cannot be read here.
            Err(_) => drop(self.archive.git.find_blob(id)?),
        }
        Ok(())
    }

    fn commit(&mut self, id: Oid) -> Result<(), git2::Error> {
        let commit = self.archive.git.find_commit(id)?;
        let place = format!("commit {}", CommitId(id).short());
        self.scan(commit.message_bytes(), &format!("{place}, the message"));
        let parents = commit.parents().map(|parent| parent.tree()).collect::<Result<Vec<_>, _>>()?;
        self.tree(&commit.tree()?, &parents, "", &place)
    }

    /// Looks at what a tree has and its counterparts in the parents have not.
    fn tree(&mut self, tree: &Tree<'_>, parents: &[Tree<'_>], folder: &str, place: &str) -> Result<(), git2::Error> {
        for entry in tree.iter() {
            let name = entry.name_bytes();
            let counterparts: Vec<Oid> = parents
                .iter()
                .filter_map(|parent| parent.iter().find(|other| other.name_bytes() == name).map(|other| other.id()))
                .collect();
            if counterparts.contains(&entry.id()) {
                continue;
            }
            let path = format!("{folder}{}", String::from_utf8_lossy(name));
            match entry.kind() {
                Some(ObjectType::Tree) => {
                    let below: Vec<Tree<'_>> =
                        counterparts.iter().filter_map(|id| self.archive.git.find_tree(*id).ok()).collect();
                    self.tree(&self.archive.git.find_tree(entry.id())?, &below, &format!("{path}/"), place)?;
                }
                // A folder may come again beside other parents, and then other files of it are new; a
                // file's bytes are the same wherever they stand.
                Some(ObjectType::Blob) if self.seen.insert(entry.id()) => {
                    self.blob(entry.id(), format!("{place}, {path}"))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_git_tells_the_hook() {
        let (one, zero) = ("1".repeat(40), "0".repeat(40));
        let read = PushedRef::read(&format!("refs/heads/main {one} refs/heads/main {zero}"));
        assert_eq!(read, Some(PushedRef { local: one.parse().ok(), remote: None }));
        let read = PushedRef::read(&format!("(delete) {zero} refs/heads/main {one}"));
        assert_eq!(read, Some(PushedRef { local: None, remote: one.parse().ok() }));
        assert_eq!(PushedRef::read("refs/heads/main"), None);
    }
}
