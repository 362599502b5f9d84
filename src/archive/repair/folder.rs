//! A folder of HEAD whose files do not fit their places, their hash list or canonical form.

use std::collections::{BTreeMap, BTreeSet};

use git2::Tree;

use super::RepairStep;
use crate::archive::verify::{Version, check_folder, document_fault};
use crate::archive::versions::Versions;
use crate::archive::{Archive, ArchiveError, BlobId, CommitId, HASH_LIST, HashList, Place, Writer};
use crate::json::canonical;
use crate::model::{ContentHash, ProviderName};

/// What becomes of one file.
#[derive(Debug)]
pub(super) enum Remade {
    /// Its own values in canonical form.
    Respelled(Vec<u8>),
    /// Its content at the last commit that had it whole.
    Recovered(Vec<u8>, CommitId),
    /// No commit has it whole.
    TakenOut,
}

/// What becomes of a folder.
#[derive(Debug)]
pub(super) struct FolderRepair {
    /// Whose folder it is.
    pub provider: ProviderName,
    folder: String,
    pub(super) files: BTreeMap<String, Remade>,
    /// The files that stay as they are.
    pub(super) list: HashList,
    pub(super) is_relisted: bool,
}

impl Archive {
    /// Plans what becomes of a folder of HEAD; none where it needs nothing.
    pub(super) fn plan_folder(&self, folder: &str) -> Result<Option<FolderRepair>, ArchiveError> {
        let Some(head) = self.head()? else { return Ok(None) };
        let Some((tree, mut repair)) = self.begin_folder(folder)? else { return Ok(None) };
        let held = self.folder_of_tree(&tree, folder);
        let versions = Versions::new(self, vec![head.0]);
        let listed = self.last_list(&versions, folder)?;
        repair.is_relisted = check_folder(&held).iter().any(|(name, _)| name == HASH_LIST);
        let names = held.files.keys().map(String::as_str).chain(listed.names());
        for name in names.collect::<BTreeSet<_>>() {
            let path = format!("{folder}/{name}");
            let place = Place::of(&path);
            let version = held.files.get(name);
            let whole = version.filter(|version| version.fault.is_none()).and_then(|version| version.hash);
            if let Some(hash) = whole {
                repair.is_relisted |= listed.get(name) != Some(hash);
                repair.list.set(name, hash);
                continue;
            }
            if let Some(bytes) = version.and_then(|version| respelled(self, &tree, &path, version)) {
                repair.files.insert(name.to_owned(), Remade::Respelled(bytes));
                continue;
            }
            let remade = match self.last_whole(&versions, &path, &place)? {
                Some((bytes, commit)) => Remade::Recovered(bytes, commit),
                None => Remade::TakenOut,
            };
            match remade {
                // It is listed only: the list alone is wrong.
                Remade::TakenOut if version.is_none() => repair.is_relisted = true,
                remade => drop(repair.files.insert(name.to_owned(), remade)),
            }
        }
        Ok((repair.is_relisted || !repair.files.is_empty()).then_some(repair))
    }

    /// The tree of HEAD, and for a folder in it a repair that does nothing yet.
    pub(super) fn begin_folder(&self, folder: &str) -> Result<Option<(Tree<'_>, FolderRepair)>, ArchiveError> {
        let Some(head) = self.head()? else { return Ok(None) };
        let tree = self.git.find_commit(head.0).and_then(|commit| commit.tree());
        let tree = tree.map_err(ArchiveError::git(format!("read commit {head}")))?;
        let Some(provider) = folder.split('/').nth(1).and_then(|name| name.parse().ok()) else { return Ok(None) };
        let (folder, list) = (folder.to_owned(), HashList::default());
        Ok(Some((tree, FolderRepair { provider, folder, files: BTreeMap::new(), list, is_relisted: false })))
    }

    /// The folder's list at HEAD, or the last one before it that can be read.
    fn last_list(&self, versions: &Versions<'_>, folder: &str) -> Result<HashList, ArchiveError> {
        for brought in versions.of(&format!("{folder}/{HASH_LIST}"))? {
            let bytes = versions.bytes(brought?.blob)?;
            if let Some(list) = bytes.and_then(|bytes| HashList::parse(&bytes).ok()) {
                return Ok(list);
            }
        }
        Ok(HashList::default())
    }

    /// The last content of a file that was whole and listed in the commit that brought it.
    fn last_whole(
        &self,
        versions: &Versions<'_>,
        path: &str,
        place: &Place,
    ) -> Result<Option<(Vec<u8>, CommitId)>, ArchiveError> {
        let Some((folder, name)) = path.rsplit_once('/') else { return Ok(None) };
        for brought in versions.of(path)? {
            let brought = brought?;
            let Some(bytes) = versions.bytes(brought.blob)? else { continue };
            let commit = CommitId(brought.commit);
            let list = self.at(commit)?.file(&format!("{folder}/{HASH_LIST}"))?;
            let list = list.and_then(|list| HashList::parse(&list).ok()).unwrap_or_default();
            if list.get(name) == Some(ContentHash::of(&bytes)) && document_fault(place, &bytes).is_none() {
                return Ok(Some((bytes, commit)));
            }
        }
        Ok(None)
    }
}

/// A document that is whole but for its spelling, in canonical form.
pub(super) fn respelled(archive: &Archive, tree: &Tree<'_>, path: &str, version: &Version) -> Option<Vec<u8>> {
    version.fault.as_ref().filter(|fault| !fault.broken)?;
    let entry = tree.get_path(path.as_ref()).ok()?;
    let bytes = canonical(&archive.blob(BlobId(entry.id())).ok()?).ok()?;
    document_fault(&Place::of(path), &bytes).is_none().then_some(bytes)
}

impl FolderRepair {
    /// What becomes of each file, the list last.
    pub(super) fn steps(&self) -> impl Iterator<Item = RepairStep> {
        let step = |name: &str, what: String| RepairStep { path: format!("{}/{name}", self.folder), what };
        let files = self.files.iter().map(move |(name, remade)| {
            let what = match remade {
                Remade::Respelled(_) => "spelled in canonical form".to_owned(),
                Remade::Recovered(_, commit) => format!("restored from commit {}", commit.short()),
                Remade::TakenOut => "taken out, no commit has it whole; a sync asks for it again".to_owned(),
            };
            step(name, what)
        });
        let is_empty = self.list.is_empty() && self.files.values().all(|remade| matches!(remade, Remade::TakenOut));
        let words = if is_empty { "taken out, no file is left" } else { "made again from the files" };
        files.chain(self.is_relisted.then(|| step(HASH_LIST, words.to_owned())))
    }

    /// Takes the folder's files and list for the next commit.
    pub(super) fn write(&self, writer: &mut Writer<'_>) -> Result<(), ArchiveError> {
        writer.relist(&self.folder, self.list.clone());
        for (name, remade) in &self.files {
            let path = format!("{}/{name}", self.folder);
            match remade {
                Remade::Respelled(bytes) | Remade::Recovered(bytes, _) => drop(writer.put(&path, bytes.clone())?),
                Remade::TakenOut => writer.remove(&path),
            }
        }
        Ok(())
    }
}
