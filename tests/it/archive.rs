//! A person's archive in a test, and what anybody may demand of it with git and a hash function alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Oid, Repository, Tree};
use sha2::{Digest, Sha256};

use crate::env::{ArchiveEnv, Ran};
use crate::pack::{Files, moves_files, moves_zip};

/// The archive's folder below the work folder.
pub const ARCHIVE: &str = "archive";

/// A day in the middle of the fixture export.
pub const NEW_YEAR: &str = "json/daily/storyline/storyline_20160101.json";

/// An empty archive with settings and attributes committed.
pub fn make(env: &ArchiveEnv) -> PathBuf {
    env.run(&["init", ARCHIVE]).code(0);
    env.path(ARCHIVE)
}

/// An archive that has taken in the fixture export.
pub fn filled(env: &ArchiveEnv) -> PathBuf {
    let root = make(env);
    import(env, &export(env, "first.zip", &moves_files())).code(0);
    root
}

/// Packs an export as Moves did and tells its path.
pub fn export(env: &ArchiveEnv, name: &str, files: &Files) -> String {
    let path = env.path(name);
    fs::write(&path, moves_zip(files)).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The fixture export some days later: the place of New Year has another name, and a day is new.
pub fn later_files() -> Files {
    let mut files = moves_files();
    let text = String::from_utf8(files[NEW_YEAR].clone()).unwrap();
    assert!(text.contains("Harbour Lane"));
    files.insert(NEW_YEAR.to_owned(), text.replace("Harbour Lane", "Harbour Street").into_bytes());
    let text = text.replace("20160101", "20160105");
    files.insert("json/daily/storyline/storyline_20160105.json".to_owned(), text.into_bytes());
    files
}

/// An export of so many days that they become a pack.
pub fn many_days(count: u32) -> Files {
    let text = String::from_utf8(moves_files()[NEW_YEAR].clone()).unwrap();
    let first = chrono::NaiveDate::from_ymd_opt(2014, 1, 1).unwrap();
    let day = |at: u32| {
        let date = (first + chrono::Days::new(at.into())).format("%Y%m%d").to_string();
        let text = text.replace("20160101", &date).replace("4001", &(4001 + at).to_string());
        (format!("json/daily/storyline/storyline_{date}.json"), text.into_bytes())
    };
    (0..count).map(day).collect()
}

/// `fitsnap import moves EXPORT` in the archive.
pub fn import(env: &ArchiveEnv, export: &str) -> Ran {
    env.run(&["-C", ARCHIVE, "import", "moves", export])
}

/// The tree of HEAD.
pub fn tree(root: &Path) -> Oid {
    Repository::open(root).unwrap().head().unwrap().peel_to_tree().unwrap().id()
}

/// How many commits HEAD has.
pub fn commits(root: &Path) -> usize {
    let git = Repository::open(root).unwrap();
    let mut walk = git.revwalk().unwrap();
    walk.push_head().unwrap();
    walk.count()
}

/// Demands that git finds no fault, and that every file of every commit is what its hash list says.
#[track_caller]
pub fn demand_whole(env: &ArchiveEnv, folder: &str) {
    let fsck = env.try_git(folder, &["fsck", "--strict", "--no-dangling", "--no-progress"]);
    assert_eq!((fsck.status, &*fsck.stdout, &*fsck.stderr), (0, "", ""));
    let git = Repository::open(env.path(folder)).unwrap();
    let mut walk = git.revwalk().unwrap();
    walk.push_head().unwrap();
    for commit in walk {
        let tree = git.find_commit(commit.unwrap()).unwrap().tree().unwrap();
        if let Some(data) = tree.get_name("data") {
            demand_hashes(&git, &git.find_tree(data.id()).unwrap());
        }
    }
}

#[track_caller]
fn demand_hashes(git: &Repository, tree: &Tree<'_>) {
    let mut files = BTreeMap::new();
    let mut list = String::new();
    for entry in tree {
        let name = entry.name().unwrap().to_owned();
        match entry.kind() {
            Some(ObjectType::Tree) => demand_hashes(git, &git.find_tree(entry.id()).unwrap()),
            _ => {
                let bytes = git.find_blob(entry.id()).unwrap().content().to_vec();
                if name == "SHA256SUMS" {
                    list = String::from_utf8(bytes).unwrap();
                } else {
                    files.insert(name, bytes);
                }
            }
        }
    }
    let hex = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let expected: String = files.iter().map(|(name, bytes)| format!("{}  {name}\n", hex(bytes))).collect();
    assert_eq!(list, expected);
}

/// Demands that nothing is left to do: git sees no change, no lock is left, no unfinished file.
#[track_caller]
pub fn demand_clean(env: &ArchiveEnv, folder: &str) {
    assert_eq!(env.git(folder, &["status", "--porcelain"]), "");
    let left: Vec<_> =
        below(&env.path(folder).join(".git")).into_iter().filter(|path| path.ends_with(".lock")).collect();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(below(&env.path(folder).join(".git/fitsnap/tmp")), Vec::<String>::new());
    assert!(!env.path(folder).join(".git/fitsnap/journal.json").exists());
    let packs = below(&env.path(folder).join(".git/objects/pack"));
    let count = |ending: &str| packs.iter().filter(|path| path.ends_with(ending)).count();
    assert_eq!(count(".pack"), count(".idx"), "{packs:?}");
}

/// Demands `sha256sum -c` of each hash list in the work tree, and that there are any.
#[track_caller]
pub fn demand_sums(env: &ArchiveEnv, root: &Path) {
    let lists: Vec<_> = below(&root.join("data")).into_iter().filter(|path| path.ends_with("SHA256SUMS")).collect();
    assert!(!lists.is_empty());
    for list in lists {
        let folder = Path::new(&list).parent().unwrap().to_owned();
        let output =
            env.command("sha256sum").current_dir(folder).args(["-c", "--strict", "--quiet", "SHA256SUMS"]).output();
        let output = output.unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{list}: {output:?}");
    }
}

/// Every file below a folder, whole paths, sorted.
pub fn below(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let entry = entry.unwrap();
            match entry.file_type().unwrap().is_dir() {
                true => open.push(entry.path()),
                false => found.push(entry.path().to_str().unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}

/// Copies a folder with all that is in it, links as links.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}
