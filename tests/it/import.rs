//! `fitsnap import`: what an export becomes, and what becomes of an export that is none.

use std::fs;

use serde_json::{Value, json};

use crate::archive::{
    ARCHIVE, NEW_YEAR, commits, demand_clean, demand_sums, demand_whole, export, filled, import, later_files, make,
    tree,
};
use crate::env::{ArchiveEnv, Ran};
use crate::pack::{Files, moves_files, moves_zip, unpack, zip};

#[test]
fn the_first_import_commits_every_day_in_the_persons_name() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let export = export(&env, "export.zip", &moves_files());
    let ran = import(&env, &export).code(0).stdout("");
    assert!(ran.stderr.starts_with("moves: 5 new ("), "{}", ran.stderr);
    assert_eq!(
        env.git(ARCHIVE, &["log", "-1", "--format=%B"]).trim_end(),
        "moves: 5 new\n\nnew  2015-12-30\nnew  2015-12-31\nnew  2016-01-01\nnew  2016-01-02\nnew  2016-01-04\n\n\
         Fitsnap-Provider: moves\nFitsnap-Action: import\nFitsnap-Format: 1"
    );
    let who = env.git(ARCHIVE, &["log", "-1", "--format=%an <%ae> %cn <%ce> %aI %cI"]);
    let time = "2015-07-11T06:00:0";
    let (people, times) = who.trim_end().split_at("Ada Archivist <ada@example.com> ".len() * 2);
    assert_eq!(people, "Ada Archivist <ada@example.com> Ada Archivist <ada@example.com> ");
    // The clock runs on from where it was set.
    assert!(times.split(' ').all(|told| told.starts_with(time) && told.ends_with('Z')), "{times}");
    let held = fs::read_to_string(root.join("data/moves/2016/01/01.json")).unwrap();
    assert!(
        held.starts_with("{\n  \"date\": \"2016-01-01\",\n  \"provider\": \"moves\",\n  \"resources\": {\n"),
        "{held}"
    );
    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
    demand_sums(&env, &root);
    let reflog = env.git(ARCHIVE, &["reflog", "-1", "--format=%gs"]);
    assert_eq!(reflog, "moves: 5 new\n");
}

#[test]
fn importing_the_same_again_commits_nothing() {
    let env = ArchiveEnv::new();
    let root = filled(&env);
    let before = env.git(ARCHIVE, &["rev-parse", "HEAD"]);
    let ran = import(&env, env.path("first.zip").to_str().unwrap()).code(0).stdout("");
    assert_eq!(ran.stderr, "moves: nothing new, 5 unchanged\n");
    assert_eq!(env.git(ARCHIVE, &["rev-parse", "HEAD"]), before);
    assert_eq!(commits(&root), 2);
    demand_clean(&env, ARCHIVE);
}

#[test]
fn a_later_export_revises_days_and_adds_days_and_every_commit_can_be_checked() {
    let env = ArchiveEnv::new();
    let root = filled(&env);
    env.set_now("2016-02-01T09:30:00Z");
    let later = export(&env, "later.zip", &later_files());
    let ran = env.run(&["-C", ARCHIVE, "import", "moves", &later, "--json"]).code(0);
    let head = env.git(ARCHIVE, &["rev-parse", "HEAD"]);
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let moves = json!({
        "requests": 0, "asked": 6, "new": 1, "grown": 0, "revised": 1, "shrunk": 0, "withdrawn": 0, "restored": 0,
        "unchanged": 4, "failed": [], "commits": [head.trim_end()],
    });
    assert_eq!(report, json!({"providers": {"moves": moves}}));
    assert_eq!(ran.stdout.lines().count(), 1);
    assert_eq!(
        env.git(ARCHIVE, &["log", "-1", "--format=%B"]).trim_end(),
        "moves: 1 new, 1 revised\n\nrevised  2016-01-01  storyline: 1 altered\nnew      2016-01-05\n\n\
         Fitsnap-Provider: moves\nFitsnap-Action: import\nFitsnap-Format: 1"
    );
    assert_eq!(
        env.git(ARCHIVE, &["show", "--name-status", "--format=", "HEAD"]),
        "M\tdata/moves/2016/01/01.json\nA\tdata/moves/2016/01/05.json\nM\tdata/moves/2016/01/SHA256SUMS\n"
    );
    let patch = env.git(ARCHIVE, &["show", "--format=", "-U0", "HEAD", "--", "data/moves/2016/01/01.json"]);
    let changed: Vec<_> =
        patch.lines().filter(|line| line.starts_with(['+', '-']) && !line.contains("data/")).collect();
    assert!(changed.iter().all(|line| line.contains("Harbour")) && !changed.is_empty(), "{patch}");
    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
    for revision in ["main", "main~1"] {
        env.git(ARCHIVE, &["checkout", "-q", revision]);
        demand_sums(&env, &root);
    }
    env.git(ARCHIVE, &["checkout", "-q", "main"]);

    env.set_now("2016-02-02T09:30:00Z");
    import(&env, env.path("first.zip").to_str().unwrap()).code(0);
    let subject = env.git(ARCHIVE, &["log", "-1", "--format=%s"]);
    assert_eq!(subject, "moves: 1 restored\n");
}

#[test]
fn a_folder_gives_the_same_tree_as_the_zip() {
    let env = ArchiveEnv::new();
    let zipped = tree(&filled(&env));
    let env = ArchiveEnv::new();
    let root = make(&env);
    unpack(&moves_files(), &env.path("unpacked"));
    import(&env, "unpacked").code(0);
    assert_eq!(tree(&root), zipped);
}

#[test]
fn edits_of_the_persons_own_elsewhere_stay_as_they_are_and_are_not_committed() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    for name in ["kept.txt", "staged.txt", "edited.txt", "gone.txt"] {
        fs::write(root.join(name), "first\n").unwrap();
    }
    env.git(ARCHIVE, &["add", "."]);
    env.git(ARCHIVE, &["commit", "-qm", "Notes"]);
    fs::write(root.join("staged.txt"), "staged\n").unwrap();
    fs::write(root.join("added.txt"), "added\n").unwrap();
    env.git(ARCHIVE, &["add", "."]);
    env.git(ARCHIVE, &["rm", "-q", "gone.txt"]);
    fs::write(root.join("staged.txt"), "and edited\n").unwrap();
    fs::write(root.join("edited.txt"), "edited\n").unwrap();
    fs::write(root.join("untracked.txt"), "untracked\n").unwrap();
    let told = |what: &[&str]| env.git(ARCHIVE, what);
    let now = || (told(&["status", "--porcelain"]), told(&["diff"]), told(&["diff", "--cached", "--", ":!data"]));
    let before = now();
    assert_eq!(before.0, "A  added.txt\n M edited.txt\nD  gone.txt\nMM staged.txt\n?? untracked.txt\n");
    import(&env, &export(&env, "first.zip", &moves_files())).code(0);
    assert_eq!(now(), before);
    import(&env, &export(&env, "later.zip", &later_files())).code(0);
    assert_eq!(now(), before);
    let touched = env.git(ARCHIVE, &["log", "-2", "--name-only", "--format="]);
    assert!(touched.lines().all(|path| path.starts_with("data/moves/")), "{touched}");
}

/// Git sees a change by a file's time, and where that tells nothing, by the index being no younger.
/// Writing the index anew must not take that from it.
#[cfg(unix)]
#[test]
fn a_file_changed_in_the_instant_after_it_was_staged_is_still_seen_as_changed() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    let export = export(&env, "first.zip", &moves_files());
    env.git(ARCHIVE, &["config", "core.trustctime", "false"]);
    let notes = root.join("notes.txt");
    fs::write(&notes, "one\n").unwrap();
    let ahead = fs::metadata(&notes).unwrap().modified().unwrap() + std::time::Duration::from_secs(60);
    let set = || fs::File::options().write(true).open(&notes).unwrap().set_modified(ahead).unwrap();
    set();
    env.git(ARCHIVE, &["add", "notes.txt"]);
    fs::write(&notes, "two\n").unwrap();
    set();
    let index = fs::File::options().write(true).open(root.join(".git/index")).unwrap();
    index.set_modified(ahead).unwrap();
    import(&env, &export).code(0);
    let later = ahead + std::time::Duration::from_secs(60);
    let index = fs::File::options().write(true).open(root.join(".git/index")).unwrap();
    index.set_modified(later).unwrap();
    assert_eq!(env.git(ARCHIVE, &["status", "--porcelain"]), "AM notes.txt\n");
}

/// Imports what cannot be imported, and demands the code, one message that names all this, and that the
/// archive is as it was.
#[track_caller]
fn refused(env: &ArchiveEnv, export: &str, code: i32, names: &[&str]) {
    let root = env.path(ARCHIVE);
    let before = (commits(&root), crate::archive::below(&root.join("data")));
    let ran = import(env, export).code(code).stdout("");
    demand_message(&ran, names);
    assert_eq!((commits(&root), crate::archive::below(&root.join("data"))), before);
    assert_eq!(env.git(ARCHIVE, &["status", "--porcelain"]), "");
}

#[track_caller]
fn demand_message(ran: &Ran, names: &[&str]) {
    let said = &ran.stderr;
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert_eq!(said.matches("hint: ").count(), 1, "{said}");
    assert!(names.iter().all(|name| said.contains(name)), "{names:?}: {said}");
    assert!(!["Some(", "Err(", "Error {", "panicked"].iter().any(|debug| said.contains(debug)), "{said}");
}

#[test]
fn what_is_no_export_is_refused_by_name() {
    let env = ArchiveEnv::new();
    make(&env);
    let write = |name: &str, bytes: &[u8]| fs::write(env.path(name), bytes).unwrap();
    let whole = moves_zip(&moves_files());
    write("cut.zip", &whole[..whole.len() / 2]);
    refused(&env, "cut.zip", 1, &["cut.zip", "damaged", "cut off", "download or copy it again"]);
    write("page.zip", b"<!DOCTYPE html><title>Sign in</title>");
    refused(&env, "page.zip", 1, &["page.zip", "no zip"]);
    write("empty.zip", b"");
    refused(&env, "empty.zip", 1, &["empty.zip", "no zip"]);
    let strava = Files::from([
        ("activities.csv".to_owned(), b"Activity ID,Activity Date\n".to_vec()),
        ("activities/1.gpx".to_owned(), b"<gpx/>".to_vec()),
        ("profile.csv".to_owned(), b"Athlete ID\n".to_vec()),
    ]);
    write("strava.zip", &zip(&strava));
    refused(&env, "strava.zip", 2, &["strava.zip", "Strava", "Moves"]);
    unpack(&Files::from([("holiday/beach.txt".to_owned(), b"sun".to_vec())]), &env.path("pictures"));
    refused(&env, "pictures", 2, &["pictures", "Moves", "daily/storyline"]);
    refused(&env, "nowhere.zip", 2, &["nowhere.zip", "there is no file"]);
    for path in ["../../outside.json", "/tmp/outside.json"] {
        let mut slip = moves_files();
        slip.insert(path.to_owned(), b"[]".to_vec());
        write("slip.zip", &zip(&slip));
        refused(&env, "slip.zip", 1, &["slip.zip", path, "refused"]);
    }
    assert!(!env.home().join("outside.json").exists());
}

#[test]
fn a_broken_day_is_named_and_the_rest_is_committed() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    // Nothing else in the export tells the day.
    let mut files = moves_files();
    files.retain(|path, _| path.contains("/daily/storyline/"));
    files.insert(NEW_YEAR.to_owned(), b"[{\"date\": \"20160101\", \"segm".to_vec());
    let export = export(&env, "export.zip", &files);
    let ran = env.run(&["-C", ARCHIVE, "import", "moves", &export, "--json"]).code(1);
    let said = &ran.stderr;
    assert!(said.contains("moves: 4 new") && said.contains("storyline_20160101.json"), "{said}");
    let report: Value = serde_json::from_str(&ran.stdout).unwrap();
    let failed = &report["providers"]["moves"]["failed"];
    assert_eq!((failed.as_array().unwrap().len(), &failed[0]["date"]), (1, &json!("2016-01-01")), "{failed}");
    assert!(failed[0]["reason"].as_str().unwrap().contains("storyline_20160101.json"), "{failed}");
    assert!(root.join("data/moves/2016/01/02.json").exists() && !root.join("data/moves/2016/01/01.json").exists());
    demand_clean(&env, ARCHIVE);
    demand_whole(&env, ARCHIVE);
}

#[test]
fn a_day_that_canonical_form_refuses_leaves_the_document_held_as_it_is() {
    let env = ArchiveEnv::new();
    let root = filled(&env);
    let held = fs::read(root.join("data/moves/2016/01/01.json")).unwrap();
    let mut files = later_files();
    files.retain(|path, _| path.contains("/daily/storyline/"));
    files.insert(NEW_YEAR.to_owned(), b"[{\"date\": \"20160101\", \"segments\": [], \"segments\": null}]".to_vec());
    let ran = import(&env, &export(&env, "export.zip", &files)).code(1);
    assert!(ran.stderr.contains("1 new") && ran.stderr.contains("\"segments\""), "{}", ran.stderr);
    assert_eq!(fs::read(root.join("data/moves/2016/01/01.json")).unwrap(), held);
    demand_clean(&env, ARCHIVE);
}
