//! What is about to be committed by hand: damage and secrets in it.

use std::collections::{BTreeMap, BTreeSet};

use git2::{Delta, DiffOptions, Index, Oid, Repository, Tree};

use super::verify::{FolderFiles, Version, check_folder, document_fault};
use super::{Archive, ArchiveError, BlobId, HASH_LIST, Place, Scanner};
use crate::config::{ArchiveSettings, Environment, SETTINGS_FILE};
use crate::model::ContentHash;

/// Something that must not be committed or sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Objection {
    /// The file below the archive's root.
    pub path: String,
    /// What is wrong with it.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

/// A path in the index by what it is there: its blob, or nothing when it is removed.
type Changes = BTreeMap<String, Option<Oid>>;

impl Archive {
    /// The repository that a hook runs in, whether the present branch holds an archive or not.
    ///
    /// # Errors
    /// When there is no repository or it has no work tree.
    pub fn of_hook(environment: &Environment) -> Result<Archive, ArchiveError> {
        let folder = environment.folder();
        let git = Repository::discover(folder).map_err(|error| {
            ArchiveError::of_owner(folder, &error)
                .unwrap_or_else(|| ArchiveError::NotFound { folder: folder.to_owned() })
        })?;
        let root = git.workdir().unwrap_or(folder).to_owned();
        Ok(Archive::of(root, git, environment))
    }

    /// What speaks against committing the index: damage that the commit would bring under `data/`,
    /// settings that cannot be used, secrets in any file.
    ///
    /// # Errors
    /// When the index or the objects cannot be read.
    pub fn check_staged(&self, kinds: &[&'static str], scanner: &Scanner) -> Result<Vec<Objection>, ArchiveError> {
        // `git commit FILE` has an index of its own for the commit.
        let index = match self.environment.get("GIT_INDEX_FILE") {
            Some(file) => Index::open(&self.environment.folder().join(file)),
            None => self.git.index(),
        };
        let index = index.map_err(ArchiveError::git("read the index"))?;
        let head = self.git.head().ok().and_then(|head| head.peel_to_tree().ok());
        let changes = self.changes(head.as_ref(), &index)?;
        let mut objections = self.check_changes(&changes, head.as_ref(), &index)?;
        for (path, blob) in &changes {
            let Some(blob) = blob else { continue };
            // What is too large to be looked through is told of before it is pushed.
            let Ok(found) = self.blob(BlobId(*blob)) else { continue };
            if path == SETTINGS_FILE {
                let text = String::from_utf8_lossy(&found);
                if let Err(error) = ArchiveSettings::read(&text, kinds) {
                    objections.push(objection(path, error.to_string(), "put it right, then: git add fitsnap.toml"));
                }
            }
            for leak in scanner.scan(&found) {
                let problem = format!("line {} holds {}", leak.line, leak.what);
                objections.push(objection(path, problem, "take it out of the file, then: git add FILE"));
            }
        }
        objections.sort();
        Ok(objections)
    }

    fn changes(&self, head: Option<&Tree<'_>>, index: &Index) -> Result<Changes, ArchiveError> {
        let mut options = DiffOptions::new();
        options.include_typechange(true).context_lines(0);
        let diff = self
            .git
            .diff_tree_to_index(head, Some(index), Some(&mut options))
            .map_err(ArchiveError::git("compare the index with HEAD"))?;
        let changed = diff.deltas().filter_map(|delta| {
            let gone = delta.status() == Delta::Deleted;
            let file = if gone { delta.old_file() } else { delta.new_file() };
            let path = String::from_utf8_lossy(file.path_bytes()?).into_owned();
            Some((path, (!gone).then(|| file.id())))
        });
        Ok(changed.collect())
    }

    /// Damage under `data/` that HEAD does not have already.
    fn check_changes(
        &self,
        changes: &Changes,
        head: Option<&Tree<'_>>,
        index: &Index,
    ) -> Result<Vec<Objection>, ArchiveError> {
        let mut objections = Vec::new();
        let mut folders = BTreeSet::new();
        for (path, blob) in changes.iter().filter(|(path, _)| path.starts_with("data/")) {
            let foreign = matches!(Place::of(path), Place::Foreign)
                || index.get_path(path.as_ref(), 0).is_some_and(|entry| !matches!(entry.mode, 0o100_644 | 0o100_755));
            if blob.is_some() && foreign {
                let problem = "fitsnap never puts such a file there".to_owned();
                objections.push(objection(path, problem, &format!("git rm --cached -- {path}")));
            } else if let Some((folder, _)) = path.rsplit_once('/') {
                folders.insert(folder.to_owned());
            }
        }
        for folder in folders {
            let before = head.map(|head| self.folder_of_tree(head, &folder)).unwrap_or_default();
            let known: BTreeSet<(String, String)> = check_folder(&before).into_iter().collect();
            for (name, problem) in check_folder(&self.folder_of_index(index, &folder)) {
                let path = format!("{folder}/{name}");
                if !known.contains(&(name.clone(), problem.clone())) || changes.contains_key(&path) {
                    let remedy =
                        format!("git restore --staged --worktree -- {path}, or bring {folder}/{HASH_LIST} along");
                    objections.push(objection(&path, problem, &remedy));
                }
            }
        }
        Ok(objections)
    }

    fn folder_of_index(&self, index: &Index, folder: &str) -> FolderFiles {
        let prefix = format!("{folder}/");
        let start = index.find_prefix(&prefix).unwrap_or(index.len());
        let entries = (start..index.len()).map_while(|at| index.get(at));
        let inside = entries.map_while(|entry| {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            path.strip_prefix(&prefix).map(|name| (name.to_owned(), entry.id))
        });
        self.read_folder(folder, inside.filter(|(name, _)| !name.contains('/')))
    }

    pub(super) fn folder_of_tree(&self, tree: &Tree<'_>, folder: &str) -> FolderFiles {
        let found = tree.get_path(folder.as_ref()).and_then(|entry| self.git.find_tree(entry.id()));
        let Ok(tree) = found else { return FolderFiles::default() };
        let files = tree.iter().filter(|entry| entry.kind() == Some(git2::ObjectType::Blob));
        self.read_folder(folder, files.filter_map(|entry| Some((entry.name().ok()?.to_owned(), entry.id()))))
    }

    fn read_folder(&self, folder: &str, entries: impl Iterator<Item = (String, Oid)>) -> FolderFiles {
        let mut files = FolderFiles::default();
        for (name, blob) in entries {
            let place = Place::of(&format!("{folder}/{name}"));
            let bytes = self.blob(BlobId(blob));
            match place {
                Place::HashList(_) => files.list = bytes.ok(),
                Place::Day(..) | Place::Account(_) | Place::File(..) => {
                    let hash = bytes.as_ref().ok().map(|bytes| ContentHash::of(bytes));
                    let fault = bytes.as_ref().ok().and_then(|bytes| document_fault(&place, bytes));
                    files.files.insert(name, Version { hash, fault });
                }
                Place::Foreign | Place::Outside => {}
            }
        }
        files
    }
}

fn objection(path: &str, problem: String, remedy: &str) -> Objection {
    Objection { path: path.to_owned(), problem, remedy: remedy.replace("FILE", path) }
}
