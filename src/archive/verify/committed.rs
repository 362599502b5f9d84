//! What commits hold: each folder and each version of a file is looked at once, however many commits share it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use git2::{ErrorCode, ObjectType, Odb, Oid, Repository, Tree};

use super::content::{Fault, MAX_FILE, document_fault};
use super::remedy::Remedies;
use super::{Cause, Finding, MAX_DEPTH, Scope, Watch, in_parallel};
use crate::archive::{Archive, ArchiveError, CommitId, DATA, HASH_LIST, HashList, Place};
use crate::model::ContentHash;

/// What is known of one version of a file.
#[derive(Clone, Debug)]
pub(in crate::archive) struct Version {
    /// Its hash; none where it cannot be read.
    pub hash: Option<ContentHash>,
    /// What is wrong with it, taken by itself.
    pub fault: Option<Fault>,
}

/// The files of a folder by name, and its hash list.
#[derive(Default)]
pub(in crate::archive) struct FolderFiles {
    /// Every file apart from the list.
    pub files: BTreeMap<String, Version>,
    /// The list's bytes, if there is one that can be read.
    pub list: Option<Vec<u8>>,
}

/// What came of looking at commits.
#[derive(Default)]
pub(super) struct Committed {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Each version of each file by path and blob.
    pub versions: BTreeMap<(String, Oid), Version>,
}

/// A folder as one tree shows it.
struct Folder {
    path: String,
    commit: Oid,
    files: Vec<(String, Oid)>,
    list: Option<Oid>,
}

/// Something that is wrong, before its commit and remedy are known.
struct Flaw {
    path: String,
    commit: Oid,
    blob: Option<Oid>,
    cause: Cause,
    problem: String,
}

/// Compares the files of a folder with its hash list: the name of a file or of the list, and what is wrong.
pub(in crate::archive) fn check_folder(folder: &FolderFiles) -> Vec<(String, String)> {
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut add = |name: &str, problem: String| wrong.entry(name.to_owned()).or_default().push(problem);
    for (name, version) in &folder.files {
        if let Some(fault) = &version.fault {
            add(name, fault.problem.clone());
        }
    }
    match folder.list.as_deref().map(HashList::parse) {
        None if folder.files.is_empty() => {}
        None => add(HASH_LIST, "the list of hashes is missing".to_owned()),
        Some(Err(error)) => add(HASH_LIST, format!("it is no list of hashes: {error}")),
        Some(Ok(list)) => {
            if list.is_empty() {
                add(HASH_LIST, "it lists no file".to_owned());
            }
            for (name, version) in &folder.files {
                match (list.get(name), version.hash) {
                    (None, _) => add(name, format!("{HASH_LIST} does not list it")),
                    (Some(listed), Some(hash)) if listed != hash => {
                        add(name, format!("its bytes differ from its hash in {HASH_LIST}"));
                    }
                    _ => {}
                }
            }
            for name in list.names().filter(|name| !folder.files.contains_key(*name)) {
                add(name, format!("{HASH_LIST} lists it, but it is not there"));
            }
        }
    }
    wrong.into_iter().map(|(name, problems)| (name, problems.join("; "))).collect()
}

impl Archive {
    /// Looks at commits, oldest first. `search` looks in the history for the commit that brought a flaw.
    pub(super) fn check_commits(
        &self,
        commits: &[Oid],
        scope: &Scope,
        search: bool,
        watch: Watch<'_>,
    ) -> Result<Committed, ArchiveError> {
        // A walk of the history in the same process may have given this up for speed.
        git2::opts::strict_hash_verification(true);
        let mut survey = Survey { git: &self.git, scope, seen: HashSet::new(), folders: Vec::new(), flaws: Vec::new() };
        for commit in commits {
            survey.commit(*commit);
        }
        let Survey { folders, mut flaws, .. } = survey;
        let mut jobs: Vec<(String, Oid)> = Vec::new();
        for folder in &folders {
            jobs.extend(folder.files.iter().map(|(name, blob)| (format!("{}/{name}", folder.path), *blob)));
        }
        jobs.sort();
        jobs.dedup();
        let place = self.git.path();
        watch(jobs.len(), 0);
        let found = in_parallel(
            &jobs,
            || Repository::open(place),
            |git, (path, blob)| {
                let found = match git {
                    Ok(git) => version(git, path, *blob),
                    Err(error) => Err(error.message().to_owned()),
                };
                watch(0, 1);
                found
            },
        );
        let mut committed = Committed::default();
        let mut unreadable: HashMap<(String, Oid), String> = HashMap::new();
        for (key, found) in jobs.into_iter().zip(found) {
            let version = found.unwrap_or_else(|problem| {
                unreadable.insert(key.clone(), problem);
                Version { hash: None, fault: None }
            });
            committed.versions.insert(key, version);
        }
        let odb = self.git.odb().map_err(ArchiveError::git("open the objects"))?;
        for folder in &folders {
            self.check_listing(&odb, folder, &committed.versions, &unreadable, &mut flaws);
        }
        let head = commits.last().copied();
        let mut remedies = Remedies::new(self, head, search);
        let mut told = BTreeSet::new();
        for flaw in flaws {
            if told.insert((flaw.path.clone(), flaw.blob, flaw.problem.clone())) {
                let (commit, remedy) = remedies.for_commit(&flaw.path, flaw.commit, flaw.blob, flaw.cause);
                let Flaw { path, cause, problem, blob, .. } = flaw;
                let object = blob.filter(|_| cause == Cause::DamagedObject);
                let commit = Some(CommitId(commit));
                committed.findings.push(Finding { path, commit, cause, problem, remedy, object });
            }
        }
        Ok(committed)
    }

    fn check_listing(
        &self,
        odb: &Odb<'_>,
        folder: &Folder,
        versions: &BTreeMap<(String, Oid), Version>,
        unreadable: &HashMap<(String, Oid), String>,
        flaws: &mut Vec<Flaw>,
    ) {
        let mut files = FolderFiles::default();
        let mut blobs: HashMap<&str, Oid> = HashMap::new();
        for (name, blob) in &folder.files {
            let key = (format!("{}/{name}", folder.path), *blob);
            if let Some(problem) = unreadable.get(&key) {
                let (path, problem) = (key.0.clone(), problem.clone());
                flaws.push(Flaw {
                    path,
                    commit: folder.commit,
                    blob: Some(*blob),
                    cause: Cause::DamagedObject,
                    problem,
                });
            }
            if let Some(version) = versions.get(&key) {
                files.files.insert(name.clone(), version.clone());
            }
            blobs.insert(name, *blob);
        }
        if let Some(list) = folder.list {
            blobs.insert(HASH_LIST, list);
            match read_list(odb, list) {
                Ok(bytes) => files.list = Some(bytes),
                Err(problem) => {
                    let path = format!("{}/{HASH_LIST}", folder.path);
                    flaws.push(Flaw {
                        path,
                        commit: folder.commit,
                        blob: Some(list),
                        cause: Cause::DamagedObject,
                        problem,
                    });
                    return;
                }
            }
        }
        for (name, problem) in check_folder(&files) {
            let blob = blobs.get(name.as_str()).copied();
            let path = format!("{}/{name}", folder.path);
            flaws.push(Flaw { path, commit: folder.commit, blob, cause: Cause::ForeignCommit, problem });
        }
    }
}

/// Collects the folders of commits, each once.
struct Survey<'a> {
    git: &'a Repository,
    scope: &'a Scope,
    seen: HashSet<(String, Oid)>,
    folders: Vec<Folder>,
    flaws: Vec<Flaw>,
}

impl Survey<'_> {
    fn commit(&mut self, commit: Oid) {
        let tree = match self.git.find_commit(commit).and_then(|commit| commit.tree()) {
            Ok(tree) => tree,
            Err(error) => {
                let problem = format!("commit {commit} cannot be read: {}", words(&error));
                self.flaw(".git", commit, None, Cause::DamagedObject, problem);
                return;
            }
        };
        let Some(data) = tree.get_name(DATA) else { return };
        match data.kind() {
            Some(ObjectType::Tree) => self.folder(DATA, data.id(), commit, 1),
            _ => self.flaw(DATA, commit, Some(data.id()), Cause::ForeignCommit, "it is not a folder".to_owned()),
        }
    }

    fn folder(&mut self, path: &str, id: Oid, commit: Oid, depth: usize) {
        if !self.scope.holds(path) || !self.seen.insert((path.to_owned(), id)) {
            return;
        }
        let tree = match self.git.find_tree(id) {
            Ok(tree) => tree,
            Err(error) => {
                let problem = format!("git cannot read the folder: {}", words(&error));
                return self.flaw(path, commit, Some(id), Cause::DamagedObject, problem);
            }
        };
        let mut folder = Folder { path: path.to_owned(), commit, files: Vec::new(), list: None };
        self.entries(&tree, &mut folder, depth);
        if !folder.files.is_empty() || folder.list.is_some() {
            self.folders.push(folder);
        }
    }

    fn entries(&mut self, tree: &Tree<'_>, folder: &mut Folder, depth: usize) {
        for entry in tree.iter() {
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            let path = format!("{}/{name}", folder.path);
            if !self.scope.holds(&path) {
                continue;
            }
            let foreign = |what: &str| format!("it is {what}, which fitsnap never puts there");
            let mode = entry.filemode();
            let problem = match entry.kind() {
                _ if entry.name().is_err() => foreign("a name that is not UTF-8"),
                _ if matches!(name.as_str(), "." | "..") || name.eq_ignore_ascii_case(".git") => {
                    foreign("a name that leads out of its folder")
                }
                Some(ObjectType::Tree) if depth < MAX_DEPTH => {
                    self.folder(&path, entry.id(), folder.commit, depth + 1);
                    continue;
                }
                Some(ObjectType::Tree) => foreign("a folder"),
                Some(ObjectType::Commit) => foreign("a submodule"),
                _ if mode == i32::from(git2::FileMode::Link) => foreign("a symbolic link"),
                _ => match Place::of(&path) {
                    Place::HashList(_) => {
                        folder.list = Some(entry.id());
                        continue;
                    }
                    Place::Foreign | Place::Outside => foreign("a file"),
                    _ => {
                        folder.files.push((name, entry.id()));
                        continue;
                    }
                },
            };
            self.flaw(&path, folder.commit, Some(entry.id()), Cause::Extra, problem);
        }
    }

    fn flaw(&mut self, path: &str, commit: Oid, blob: Option<Oid>, cause: Cause, problem: String) {
        self.flaws.push(Flaw { path: path.to_owned(), commit, blob, cause, problem });
    }
}

/// Reads and judges one version of a file; the sentence is why git cannot read it.
fn version(git: &Repository, path: &str, blob: Oid) -> Result<Version, String> {
    let odb = git.odb().map_err(|error| words(&error))?;
    let (size, _) = odb.read_header(blob).map_err(|error| unreadable(blob, &error))?;
    if size as u64 > MAX_FILE {
        let problem = format!("it has {size} bytes, more than a file of an archive may have ({MAX_FILE})");
        return Ok(Version { hash: None, fault: Some(Fault { problem, broken: false }) });
    }
    let bytes = read_blob(&odb, blob)?;
    Ok(Version { hash: Some(ContentHash::of(&bytes)), fault: document_fault(&Place::of(path), &bytes) })
}

/// Reads a hash list, unless it is too large to be one.
fn read_list(odb: &Odb<'_>, blob: Oid) -> Result<Vec<u8>, String> {
    let (size, _) = odb.read_header(blob).map_err(|error| unreadable(blob, &error))?;
    if size as u64 > MAX_FILE { Ok(Vec::new()) } else { read_blob(odb, blob) }
}

fn read_blob(odb: &Odb<'_>, blob: Oid) -> Result<Vec<u8>, String> {
    // libgit2 compares what it reads with the id.
    odb.read(blob).map(|object| object.data().to_vec()).map_err(|error| unreadable(blob, &error))
}

fn unreadable(blob: Oid, error: &git2::Error) -> String {
    format!("git cannot read its object {blob}: {}", words(error))
}

fn words(error: &git2::Error) -> String {
    if error.code() == ErrorCode::NotFound { "it is missing".to_owned() } else { error.message().to_owned() }
}
