//! The work tree beside HEAD: what rotted, what a person edited, what is missing or too much.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

use git2::{Index, IndexEntry, ObjectType, Oid};

use super::content::{MAX_FILE, document_fault};
use super::remedy::{quoted, restore};
use super::{Cause, Finding, MAX_DEPTH, Scope, in_parallel, is_below};
use crate::archive::staging::SKIP_WORKTREE;
use crate::archive::{Archive, ArchiveError, DATA, HASH_LIST, HashList, Place};
use crate::model::ContentHash;

/// Files larger than this are hashed piece by piece.
const PIECEWISE: u64 = 16 * 1024 * 1024;

/// What came of looking at the work tree.
#[derive(Default)]
pub(super) struct WorkTree {
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Every file by path and the blob that it makes, hash lists apart.
    pub versions: BTreeSet<(String, Oid)>,
}

/// What HEAD has under `data/`.
#[derive(Default)]
pub(super) struct HeadFiles {
    files: BTreeMap<String, Oid>,
    /// Folders that git cannot read: a finding of the commit, and no word on the files in them.
    unreadable: Vec<String>,
}

/// A file of the work tree.
struct WorkFile {
    path: String,
    meta: Metadata,
}

/// A file's content.
struct Content {
    blob: Oid,
    hash: ContentHash,
    fault: Option<super::content::Fault>,
    list: Option<HashList>,
}

#[derive(Default)]
struct Walk {
    files: Vec<WorkFile>,
    findings: Vec<Finding>,
    /// Paths below which nothing was looked at, so that nothing there counts as missing.
    closed: Vec<String>,
}

impl Archive {
    /// Every file under `data/` in a commit, hash lists included.
    pub(super) fn files_of(&self, commit: Oid, scope: &Scope) -> HeadFiles {
        let mut found = HeadFiles::default();
        match self.git.find_commit(commit).and_then(|commit| commit.tree()) {
            Err(_) => found.unreadable.push(DATA.to_owned()),
            Ok(tree) => {
                if let Some(data) = tree.get_name(DATA).filter(|data| data.kind() == Some(ObjectType::Tree)) {
                    self.collect(data.id(), DATA, scope, &mut found, 1);
                }
            }
        }
        found
    }

    fn collect(&self, tree: Oid, folder: &str, scope: &Scope, found: &mut HeadFiles, depth: usize) {
        let Ok(tree) = self.git.find_tree(tree) else { return found.unreadable.push(folder.to_owned()) };
        for entry in tree.iter() {
            let path = format!("{folder}/{}", String::from_utf8_lossy(entry.name_bytes()));
            match entry.kind() {
                _ if !scope.holds(&path) => {}
                Some(ObjectType::Tree) if depth < MAX_DEPTH => self.collect(entry.id(), &path, scope, found, depth + 1),
                Some(ObjectType::Blob) => {
                    found.files.insert(path, entry.id());
                }
                _ => {}
            }
        }
    }

    /// Compares the work tree with the files of HEAD.
    pub(super) fn check_work_tree(&self, head: &HeadFiles, scope: &Scope) -> Result<WorkTree, ArchiveError> {
        let mut walk = Walk::default();
        self.walk(DATA, scope, &mut walk, 1);
        let root = self.root();
        let contents =
            in_parallel(&walk.files, || (), |(), file| read(&root.join(&file.path), file, head.files.get(&file.path)));
        let mut done = WorkTree { findings: walk.findings, versions: BTreeSet::new() };
        let index = self.git.index().map_err(ArchiveError::git("read the index"))?;
        let mut files: BTreeMap<&str, (&WorkFile, Content)> = BTreeMap::new();
        for (file, content) in walk.files.iter().zip(contents) {
            match content {
                Ok(content) => {
                    if !matches!(Place::of(&file.path), Place::HashList(_)) {
                        done.versions.insert((file.path.clone(), content.blob));
                    }
                    files.insert(&file.path, (file, content));
                }
                Err(error) => {
                    done.findings.push(unreadable(&file.path, &error));
                    walk.closed.push(file.path.clone());
                }
            }
        }
        let lists: HashMap<&str, &HashList> = files
            .iter()
            .filter_map(|(path, (_, content))| {
                Some((path.strip_suffix(HASH_LIST)?.trim_end_matches('/'), content.list.as_ref()?))
            })
            .collect();
        let judge = Judge { archive: self, index: &index, lists: &lists };
        for (path, (file, content)) in &files {
            let verdict = match head.files.get(*path) {
                Some(blob) if *blob == content.blob => None,
                Some(blob) => Some(judge.changed(file, content, *blob)),
                None if head.unreadable.iter().any(|folder| is_below(path, folder)) => None,
                None => judge.unknown(file, content),
            };
            done.findings.extend(verdict);
        }
        let closed = |path: &str| walk.closed.iter().any(|folder| is_below(path, folder));
        for path in head.files.keys().filter(|path| !files.contains_key(path.as_str()) && !closed(path)) {
            let skipped =
                index.get_path(Path::new(path), 0).is_some_and(|entry| entry.flags_extended & SKIP_WORKTREE != 0);
            if !skipped {
                done.findings.push(finding(
                    path,
                    Cause::Missing,
                    "it is missing from the work tree; git has it",
                    restore(path),
                ));
            }
        }
        Ok(done)
    }

    fn walk(&self, folder: &str, scope: &Scope, walk: &mut Walk, depth: usize) {
        let place = self.root().join(folder);
        let meta = match fs::symlink_metadata(&place) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => return walk.close(unreadable(folder, &error)),
        };
        let link = meta.is_symlink();
        if !meta.is_dir() {
            let what = if link { "a symbolic link" } else { "not a folder" };
            let remedy = format!("mv {} /tmp && {}", quoted(folder), restore(folder));
            return walk.close(finding(
                folder,
                Cause::Extra,
                &format!("it is {what}; an archive's folders are its own"),
                remedy,
            ));
        }
        let entries = match fs::read_dir(&place).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
            Ok(entries) => entries,
            Err(error) => return walk.close(unreadable(folder, &error)),
        };
        for entry in entries {
            let name = entry.file_name();
            let path = format!("{folder}/{}", name.to_string_lossy());
            if !scope.holds(&path) {
                continue;
            }
            match fs::symlink_metadata(entry.path()) {
                Ok(meta) if meta.is_dir() && depth < MAX_DEPTH => self.walk(&path, scope, walk, depth + 1),
                Ok(meta) if meta.is_file() && name.to_str().is_some() => walk.files.push(WorkFile { path, meta }),
                Ok(meta) => {
                    let what = match &meta {
                        meta if meta.is_symlink() => "a symbolic link",
                        meta if meta.is_dir() => "a folder",
                        meta if meta.is_file() => "a file whose name is not UTF-8",
                        _ => "no ordinary file",
                    };
                    if !self.is_ignored(&path) {
                        let problem = format!("it is {what}, which fitsnap never puts there");
                        walk.close(finding(&path, Cause::Extra, &problem, move_away(&path)));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => walk.close(unreadable(&path, &error)),
            }
        }
    }

    fn is_ignored(&self, path: &str) -> bool {
        self.git.is_path_ignored(path).unwrap_or(false)
    }
}

impl Walk {
    fn close(&mut self, finding: Finding) {
        self.closed.push(finding.path.clone());
        self.findings.push(finding);
    }
}

/// Finds what lies behind a file that is not as HEAD has it.
struct Judge<'a> {
    archive: &'a Archive,
    index: &'a Index,
    lists: &'a HashMap<&'a str, &'a HashList>,
}

impl Judge<'_> {
    /// A file that HEAD has with another content.
    fn changed(&self, file: &WorkFile, content: &Content, head: Oid) -> Finding {
        let path = &file.path;
        let entry = self.index.get_path(Path::new(path), 0);
        let staged = entry.as_ref().is_some_and(|entry| entry.id != head);
        let untouched = entry.as_ref().is_some_and(|entry| entry.id == head && same_stat(entry, &file.meta));
        let fault = content.fault.as_ref();
        let is_list = matches!(Place::of(path), Place::HashList(_));
        let listed = self.listed(path) == Some(content.hash);
        let rotten = untouched || (!staged && !listed && fault.is_some_and(|fault| fault.broken));
        let against = if is_list || listed { "from git" } else { "from its hash in SHA256SUMS and from git" };
        let mut problem = format!("its bytes differ {against}");
        match (rotten, staged, listed) {
            (true, ..) if untouched => problem.push_str(", though its time says that nobody wrote to it"),
            (true, ..) => {}
            (_, true, _) => problem.push_str(": an edit that is staged"),
            (_, _, true) => problem.push_str(": an edit in no commit, its hash list brought along"),
            _ => problem.push_str(": an edit in no commit"),
        }
        if let Some(fault) = fault {
            problem.push_str(&format!("; {}", fault.problem));
        }
        let cause = if rotten { Cause::BitRot } else { Cause::OwnEdit };
        // An edit is somebody's work: what mends the archive must not lose it.
        let remedy = if rotten { restore(path) } else { format!("git stash push -- {}", quoted(path)) };
        finding(path, cause, &problem, remedy)
    }

    /// A file that HEAD does not have.
    fn unknown(&self, file: &WorkFile, content: &Content) -> Option<Finding> {
        let path = &file.path;
        let tracked = self.index.get_path(Path::new(path), 0).is_some();
        if !tracked && self.archive.is_ignored(path) {
            return None;
        }
        let place = Place::of(path);
        let known = matches!(place, Place::HashList(_)) || self.listed(path) == Some(content.hash);
        Some(match (&content.fault, place) {
            (_, Place::Foreign | Place::Outside) => {
                finding(path, Cause::Extra, "it is a file that fitsnap never puts there", move_away(path))
            }
            (None, _) if known => {
                let (add, problem) = (quoted(path), "it is in no commit: an edit of your own");
                finding(
                    path,
                    Cause::OwnEdit,
                    problem,
                    format!("keep it: git add -- {add} && git commit; or {}", move_away(path)),
                )
            }
            (Some(fault), _) => {
                finding(path, Cause::Extra, &format!("it is in no commit, and {}", fault.problem), move_away(path))
            }
            (None, _) => {
                let problem = format!("it is in no commit, and its folder's {HASH_LIST} does not know it");
                finding(path, Cause::Extra, &problem, move_away(path))
            }
        })
    }

    /// What the work tree's hash list says of a file.
    fn listed(&self, path: &str) -> Option<ContentHash> {
        let (folder, name) = path.rsplit_once('/')?;
        self.lists.get(folder)?.get(name)
    }
}

/// Whether the file has the size and time that git noted.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "git keeps the lower 32 bits of both")]
fn same_stat(entry: &IndexEntry, meta: &Metadata) -> bool {
    let Some(time) = meta.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok()) else {
        return false;
    };
    let nanoseconds = entry.mtime.nanoseconds();
    entry.file_size == meta.len() as u32
        && entry.mtime.seconds() == time.as_secs() as i32
        && (nanoseconds == 0 || nanoseconds == time.subsec_nanos())
}

fn read(file: &Path, known: &WorkFile, head: Option<&Oid>) -> io::Result<Content> {
    let git = |error: git2::Error| io::Error::other(error.message().to_owned());
    let place = Place::of(&known.path);
    let documents = matches!(place, Place::Day(..) | Place::Account(_) | Place::HashList(_));
    if known.meta.len() > if documents { MAX_FILE } else { PIECEWISE } {
        let blob = Oid::hash_file(ObjectType::Blob, file).map_err(git)?;
        let hash = ContentHash::of_reader(File::open(file)?)?;
        let problem = format!("it has more bytes than a document may have ({MAX_FILE})");
        let fault = documents.then_some(super::content::Fault { problem, broken: false });
        return Ok(Content { blob, hash, fault, list: None });
    }
    let bytes = fs::read(file)?;
    let blob = Oid::hash_object(ObjectType::Blob, &bytes).map_err(git)?;
    let list = if matches!(place, Place::HashList(_)) { HashList::parse(&bytes).ok() } else { None };
    // What is as HEAD has it was judged there.
    let fault = if head == Some(&blob) { None } else { document_fault(&place, &bytes) };
    Ok(Content { blob, hash: ContentHash::of(&bytes), fault, list })
}

fn move_away(path: &str) -> String {
    format!("move it out of the archive: mv {} ELSEWHERE", quoted(path))
}

fn unreadable(path: &str, error: &io::Error) -> Finding {
    let remedy = match error.kind() {
        io::ErrorKind::PermissionDenied => format!("chmod u+rX {}", quoted(path)),
        _ => restore(path),
    };
    finding(path, Cause::BitRot, &format!("it cannot be read: {error}"), remedy)
}

fn finding(path: &str, cause: Cause, problem: &str, remedy: String) -> Finding {
    Finding { path: path.to_owned(), commit: None, cause, problem: problem.to_owned(), remedy, object: None }
}
