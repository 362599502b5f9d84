//! What a walk kept, of any bytes.
#![allow(clippy::unwrap_used)]

use std::fs;

use chrono::{DateTime, Utc};
use flate2::Crc;
use git2::{Repository, Signature, Time};
use tempfile::TempDir;

use super::{FileChange, Scope};
use crate::archive::{Archive, ArchiveError, CommitId};
use crate::config::Environment;
use crate::fuzzing::{folder, fuzz_target};
use crate::model::{Action, Day, DayRange};

/// The head of a kept file: which history it is of.
const HEAD: usize = 18 + 32 + 20;

type Told = (CommitId, DateTime<Utc>, Option<Action>, bool, Vec<FileChange>);

/// An archive of a few commits that are the same on every machine.
struct Scene {
    _folder: TempDir,
    archive: Archive,
    scopes: Vec<(Scope, Vec<Told>)>,
    /// What a log keeps, where HEAD is the commit before the merge and where it is the last one.
    kept: [Vec<u8>; 2],
}

/// Commits days with these contents on top of others.
fn commit(git: &Repository, at: i64, days: &[(&str, u8)], parents: &[git2::Oid]) -> git2::Oid {
    let mut update = git2::build::TreeUpdateBuilder::new();
    for (path, content) in days {
        update.upsert(*path, git.blob(&[*content]).unwrap(), git2::FileMode::Blob);
    }
    let parents: Vec<_> = parents.iter().map(|id| git.find_commit(*id).unwrap()).collect();
    let none = git.treebuilder(None).and_then(|empty| git.find_tree(empty.write()?)).unwrap();
    let tree = parents.first().map_or(none, |parent| parent.tree().unwrap());
    let tree = git.find_tree(update.create_updated(git, &tree).unwrap()).unwrap();
    let someone = Signature::new("Ann", "ann@example.org", &Time::new(1_436_600_000 + at, 0)).unwrap();
    let parents: Vec<_> = parents.iter().collect();
    git.commit(None, &someone, &someone, "moves: 1 new\n\nFitsnap-Action: sync\n", &tree, &parents).unwrap()
}

fn scene() -> Scene {
    const FOUR: &str = "data/moves/2015/07/04.json";
    const FIVE: &str = "data/moves/2015/07/05.json";
    let folder = tempfile::tempdir().unwrap();
    let git = Repository::init(folder.path()).unwrap();
    let first = commit(&git, 0, &[(FOUR, 1), ("data/strava/account.json", 1)], &[]);
    let one = commit(&git, 1, &[(FOUR, 2), (FIVE, 1)], &[first]);
    let other = commit(&git, 2, &[("data/strava/2015/07/04.json", 1)], &[first]);
    let merge = commit(&git, 3, &[("data/strava/2015/07/04.json", 1)], &[one, other]);
    let last = commit(&git, 4, &[(FOUR, 1)], &[merge]);
    let archive = Archive::of(folder.path().to_owned(), git, &Environment::of_process());
    let kept = [one, last].map(|tip| {
        archive.git.set_head_detached(tip).unwrap();
        log(&archive, &Scope::Data).unwrap();
        fs::read(archive.local().join("history-data")).unwrap()
    });
    let day = Day::new(2015, 7, 5).unwrap();
    let days = DayRange::new(day, day).unwrap();
    let scopes = [Scope::Data, Scope::Provider("moves".parse().unwrap()), Scope::Days(None, days)];
    let scopes = scopes.map(|scope| {
        fs::remove_dir_all(archive.local()).unwrap();
        let told = log(&archive, &scope).unwrap();
        assert!(!told.is_empty());
        (scope, told)
    });
    Scene { _folder: folder, archive, scopes: scopes.into(), kept }
}

/// All that the history tells.
fn log(archive: &Archive, scope: &Scope) -> Result<Vec<Told>, ArchiveError> {
    let mut history = archive.history(scope.clone())?;
    let mut told = Vec::new();
    while let Some(step) = history.step()? {
        told.push((step.commit, step.time, step.action, step.boundary, step.changes));
    }
    Ok(told)
}

/// Bytes with their checksum behind them.
fn sealed(parts: &[&[u8]]) -> Vec<u8> {
    let mut crc = Crc::new();
    parts.iter().for_each(|part| crc.update(part));
    [parts.concat(), crc.sum().to_le_bytes().to_vec()].concat()
}

thread_local!(static SCENE: Scene = scene());

fuzz_target!(kept_history, |bytes| {
    SCENE.with(|Scene { archive, scopes, kept, .. }| {
        let keep = |file: &[u8]| {
            let _ = fs::remove_dir_all(archive.local());
            fs::create_dir(archive.local()).unwrap();
            fs::write(archive.local().join("history-data"), file).unwrap();
        };
        // Damage leaves no other file whose checksum holds.
        let forged = bytes.len() > 3 && sealed(&[&bytes[..bytes.len() - 4]]) == bytes;
        for (scope, told) in scopes {
            if !forged || kept.iter().any(|kept| kept == bytes) {
                keep(bytes);
                assert_eq!(&log(archive, scope).unwrap(), told);
            }
            // With a head and a checksum that hold, anything may be told, but the telling ends.
            for kept in kept {
                keep(&sealed(&[&kept[..HEAD], bytes]));
                let _ = log(archive, scope);
            }
        }
    });
});

#[test]
fn the_corpus_is_of_this_archive() {
    SCENE.with(|Scene { kept, .. }| {
        for (name, kept) in ["before_the_merge", "whole"].iter().zip(kept) {
            assert_eq!(&fs::read(folder("kept_history").join("corpus").join(name)).unwrap(), kept);
        }
    });
}
