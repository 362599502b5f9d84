use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use git2::{Oid, Repository, Signature, Time};

use super::{Scope, Step};
use crate::archive::{Archive, BlobId, day_path};
use crate::config::Environment;
use crate::model::{Day, ProviderName};

struct Past {
    _folder: tempfile::TempDir,
    archive: Archive,
}

impl Past {
    fn new() -> Past {
        let folder = tempfile::tempdir().unwrap();
        let git = Repository::init(folder.path()).unwrap();
        let archive = Archive::of(folder.path().to_owned(), git, &Environment::of_process());
        Past { _folder: folder, archive }
    }

    /// Commits a content of a day at a time, or its end where there is none.
    fn commit(&self, day: Day, text: &str, time: &str) -> BlobId {
        let git = &self.archive.git;
        let time: DateTime<Utc> = time.parse().unwrap();
        let who = Signature::new("A", "a@b.c", &Time::new(time.timestamp(), 0)).unwrap();
        let head = git.head().ok().and_then(|head| head.peel_to_commit().ok());
        let blob = git.blob(text.as_bytes()).unwrap();
        let mut tree = blob;
        for (depth, name) in day_path(&moves(), day).rsplit('/').enumerate() {
            let path = day_path(&moves(), day);
            let folder = path.rsplitn(depth + 2, '/').nth(depth + 1);
            let before = head.as_ref().map(|head| head.tree().unwrap()).and_then(|tree| match folder {
                None => Some(tree),
                Some(folder) => git.find_tree(tree.get_path(folder.as_ref()).ok()?.id()).ok(),
            });
            let mut builder = git.treebuilder(before.as_ref()).unwrap();
            let mode = if depth == 0 { 0o100_644 } else { 0o040_000 };
            if depth == 0 && text.is_empty() {
                builder.remove(name).unwrap();
            } else {
                builder.insert(name, tree, mode).unwrap();
            }
            tree = builder.write().unwrap();
        }
        let tree = git.find_tree(tree).unwrap();
        let parents: Vec<_> = head.iter().collect();
        git.commit(Some("HEAD"), &who, &who, "change", &tree, &parents).unwrap();
        BlobId(blob)
    }

    fn earlier(&self, days: &[Day]) -> Vec<(Day, BTreeSet<Oid>)> {
        let found = self.archive.earlier_blobs(&moves(), &days.iter().copied().collect()).unwrap();
        let mut found: Vec<_> =
            found.into_iter().map(|(day, blobs)| (day, blobs.into_iter().map(|blob| blob.0).collect())).collect();
        found.sort();
        found
    }

    fn steps(&self) -> Vec<Step> {
        let mut history = self.archive.history(Scope::Provider(moves())).unwrap();
        let whole = |step: Step| Step { decided: true, ..step };
        std::iter::from_fn(|| history.step().unwrap()).map(whole).collect()
    }

    fn forget(&self) {
        let _ = std::fs::remove_file(self.archive.local().join("history-data-moves"));
    }
}

fn moves() -> ProviderName {
    "moves".parse().unwrap()
}

fn day(number: u32) -> Day {
    Day::new(2015, 7, number).unwrap()
}

fn ids(blobs: &[BlobId]) -> BTreeSet<Oid> {
    blobs.iter().map(|blob| blob.0).collect()
}

#[test]
fn young_days_leave_the_old_history_as_it_is_kept() {
    let past = Past::new();
    for number in 1..=20 {
        past.commit(day(number), &format!("{number}"), &format!("2015-07-{:02}T06:00:00Z", number + 1));
    }
    // A first time, with nothing kept, all is read and kept.
    assert_eq!(past.earlier(&[day(31)]), []);
    for round in 0..3 {
        let one = past.commit(day(21), &format!("21 {round}"), &format!("2015-07-22T0{round}:00:00Z"));
        let found = past.earlier(&[day(21)]);
        assert!(found[0].1.contains(&one.0) && found[0].1.len() == round + 1, "{round}");
    }
    let again = past.commit(day(19), "19 again", "2015-07-22T05:00:00Z");
    let found = past.earlier(&[day(19), day(21)]);
    assert_eq!(found[0].1.len(), 2);
    assert!(found[0].1.contains(&again.0) && found[1].1.len() == 3);
    // What was taken over unread is all there.
    let kept = past.steps();
    past.forget();
    assert!(kept.len() == 24 && kept == past.steps());
}

#[test]
fn a_clock_that_was_wrong_hides_nothing() {
    let past = Past::new();
    let one = past.commit(day(4), "A", "2015-05-01T06:00:00Z");
    let two = past.commit(day(4), "B", "2015-05-02T06:00:00Z");
    for number in 1..=3 {
        past.commit(day(number), "x", &format!("2015-06-0{number}T06:00:00Z"));
    }
    past.commit(day(4), "", "2015-06-05T06:00:00Z");
    let three = past.commit(day(4), "C", "2015-07-06T06:00:00Z");
    for _ in 0..2 {
        assert_eq!(past.earlier(&[day(4)]), [(day(4), ids(&[one, two, three]))]);
    }
    let four = past.commit(day(4), "D", "2015-07-07T06:00:00Z");
    assert_eq!(past.earlier(&[day(4)]), [(day(4), ids(&[one, two, three, four]))]);
}
