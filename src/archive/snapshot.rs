//! The archive as it stood at one commit.

use std::collections::BTreeMap;
use std::fmt;

use git2::{ErrorCode, ObjectType, Odb, Oid, Tree};

use super::trees::entry_at;
use super::verify::MAX_FILE;
use super::{Archive, ArchiveError, account_path, day_path, provider_folder};
use crate::model::{Day, ProviderName};

/// The id of a commit, shown as 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) Oid);

/// The id of a file's content in git, shown as 40 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub(super) Oid);

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl BlobId {
    /// The twenty bytes of it.
    pub fn bytes(self) -> [u8; 20] {
        self.0.as_bytes().try_into().unwrap_or_default()
    }
}

impl CommitId {
    /// The first ten digits, for people.
    pub fn short(self) -> String {
        self.to_string()[..10].to_owned()
    }
}

/// The archive as it stood at one commit, or with nothing in it before the first.
pub struct Snapshot<'a> {
    archive: &'a Archive,
    tree: Option<Tree<'a>>,
}

impl Archive {
    /// The commit of HEAD; none before the first.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn head(&self) -> Result<Option<CommitId>, ArchiveError> {
        match self.git.head().and_then(|head| head.peel_to_commit()) {
            Ok(commit) => Ok(Some(CommitId(commit.id()))),
            Err(error) if matches!(error.code(), ErrorCode::UnbornBranch | ErrorCode::NotFound) => Ok(None),
            Err(error) => Err(ArchiveError::git("read HEAD")(error)),
        }
    }

    /// The archive as it stands at a commit.
    ///
    /// # Errors
    /// When the commit or its tree cannot be read.
    pub fn at(&self, commit: CommitId) -> Result<Snapshot<'_>, ArchiveError> {
        let tree = self.git.find_commit(commit.0).and_then(|commit| commit.tree());
        let tree = tree.map_err(ArchiveError::git(format!("read commit {commit}")))?;
        Ok(Snapshot { archive: self, tree: Some(tree) })
    }

    /// The archive as it stands at HEAD.
    ///
    /// # Errors
    /// When the repository cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, ArchiveError> {
        match self.head()? {
            Some(commit) => self.at(commit),
            None => Ok(Snapshot { archive: self, tree: None }),
        }
    }

    /// The bytes of a blob.
    ///
    /// # Errors
    /// When it is not there or damaged, or larger than any file of an archive.
    pub fn blob(&self, blob: BlobId) -> Result<Vec<u8>, ArchiveError> {
        let odb = self.git.odb().map_err(ArchiveError::git("open the objects"))?;
        read_blob(&odb, blob.0)
    }
}

/// Reads a file's content, which must fit into memory whoever made the repository.
pub(super) fn read_blob(odb: &Odb<'_>, blob: Oid) -> Result<Vec<u8>, ArchiveError> {
    let failed = || ArchiveError::git(format!("read blob {blob}"));
    let (size, _) = odb.read_header(blob).map_err(failed())?;
    if size as u64 > MAX_FILE {
        let problem = format!("blob {blob} has {size} bytes, more than a file of an archive may have ({MAX_FILE})");
        return Err(ArchiveError::Damaged { problem });
    }
    odb.read(blob).map(|object| object.data().to_vec()).map_err(failed())
}

impl Snapshot<'_> {
    /// The blob at a path below the root, if a file stands there.
    ///
    /// # Errors
    /// When a tree on the way cannot be read.
    pub fn blob_at(&self, path: &str) -> Result<Option<BlobId>, ArchiveError> {
        let entry = entry_at(self.tree.as_ref(), path)?.filter(|entry| entry.kind() == Some(ObjectType::Blob));
        Ok(entry.map(|entry| BlobId(entry.id())))
    }

    /// The bytes of the file at a path below the root, if one stands there.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn file(&self, path: &str) -> Result<Option<Vec<u8>>, ArchiveError> {
        self.blob_at(path)?.map(|blob| self.archive.blob(blob)).transpose()
    }

    /// The day document of a day, as bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn day(&self, provider: &ProviderName, day: Day) -> Result<Option<Vec<u8>>, ArchiveError> {
        self.file(&day_path(provider, day))
    }

    /// The account document, as bytes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn account(&self, provider: &ProviderName) -> Result<Option<Vec<u8>>, ArchiveError> {
        self.file(&account_path(provider))
    }

    /// The names of the providers that have a folder, whatever the settings say.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn providers(&self) -> Result<Vec<ProviderName>, ArchiveError> {
        let data = self.folder(super::DATA)?;
        Ok(data.iter().flat_map(|tree| tree.iter()).filter_map(|entry| entry.name().ok()?.parse().ok()).collect())
    }

    /// The days held of a provider, oldest first, each with the blob of its document.
    ///
    /// # Errors
    /// When a tree cannot be read.
    pub fn days(&self, provider: &ProviderName) -> Result<BTreeMap<Day, BlobId>, ArchiveError> {
        let mut days = BTreeMap::new();
        let Some(top) = self.folder(&provider_folder(provider))? else { return Ok(days) };
        for year in self.subtrees(&top)? {
            for month in self.subtrees(&year.1)? {
                for entry in month.1.iter() {
                    let number = entry.name().ok().and_then(|name| name.strip_suffix(".json")).unwrap_or_default();
                    let day = format!("{}-{}-{number}", year.0, month.0).parse::<Day>();
                    if let (Ok(day), Some(ObjectType::Blob)) = (day, entry.kind()) {
                        days.insert(day, BlobId(entry.id()));
                    }
                }
            }
        }
        Ok(days)
    }

    fn subtrees<'t>(&'t self, tree: &Tree<'t>) -> Result<Vec<(String, Tree<'t>)>, ArchiveError> {
        let mut found = Vec::new();
        for entry in tree.iter().filter(|entry| entry.kind() == Some(ObjectType::Tree)) {
            let Ok(name) = entry.name() else { continue };
            let subtree = self.archive.git.find_tree(entry.id());
            found.push((name.to_owned(), subtree.map_err(ArchiveError::git(format!("read the folder {name}")))?));
        }
        Ok(found)
    }

    pub(super) fn folder(&self, path: &str) -> Result<Option<Tree<'_>>, ArchiveError> {
        let entry = entry_at(self.tree.as_ref(), path)?.filter(|entry| entry.kind() == Some(ObjectType::Tree));
        let tree = entry.map(|entry| self.archive.git.find_tree(entry.id())).transpose();
        tree.map_err(ArchiveError::git(format!("read the folder {path}")))
    }
}
