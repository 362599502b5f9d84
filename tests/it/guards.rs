//! What stops fitsnap before it writes: nothing of a person's own is overwritten, and the message says
//! what to do.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use crate::archive::{
    ARCHIVE, below, commits, demand_clean, export, filled, import, later_files, make, many_days, tree,
};
use crate::env::{ArchiveEnv, Ran};
use crate::pack::moves_files;

const DAY: &str = "data/moves/2016/01/01.json";

/// A day that only the later export has.
const NEW_DAY: &str = "data/moves/2016/01/05.json";

/// A machine with an archive that holds the fixture export, and a later export to import.
fn scene() -> (ArchiveEnv, std::path::PathBuf, String) {
    let env = ArchiveEnv::new();
    let root = filled(&env);
    let later = export(&env, "later.zip", &later_files());
    (env, root, later)
}

/// All that a person could miss: every file of the work tree, the index, every reference.
fn state(env: &ArchiveEnv, root: &Path) -> (BTreeMap<String, Vec<u8>>, String, String) {
    let own = |path: &String| !path.starts_with(root.join(".git").to_str().unwrap());
    let read = |path: String| {
        let bytes = match fs::symlink_metadata(&path).unwrap().is_symlink() {
            true => fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            false => fs::read(&path).unwrap(),
        };
        (path, bytes)
    };
    let files = below(root).into_iter().filter(own).map(read).collect();
    (files, env.git(ARCHIVE, &["ls-files", "--stage"]), env.git(ARCHIVE, &["show-ref", "--head"]))
}

/// Imports, and demands that a guard stops it, changing nothing, with one message that names all this.
#[track_caller]
fn guarded(env: &ArchiveEnv, root: &Path, export: &str, names: &[&str]) {
    let before = state(env, root);
    let ran = import(env, export).code(6).stdout("");
    demand_message(&ran.stderr, names);
    assert!(state(env, root) == before);
    assert!(!root.join(".git/fitsnap/journal.json").exists());
}

/// Demands one message that names all this and tells what to do.
#[track_caller]
pub fn demand_message(said: &str, names: &[&str]) {
    assert_eq!(said.matches("error: ").count(), 1, "{said}");
    assert!(said.contains("hint: "), "{said}");
    assert!(names.iter().all(|name| said.contains(name)), "{names:?}: {said}");
    assert!(!["Some(", "Err(", "Error {", "panicked"].iter().any(|debug| said.contains(debug)), "{said}");
}

#[test]
fn an_index_that_cannot_be_read_is_named_with_the_way_to_make_it_whole() {
    for (make, whole) in [
        (vec!["update-index", "--split-index"], vec!["update-index", "--no-split-index"]),
        (
            vec!["sparse-checkout", "set", "--cone", "--sparse-index", "notes"],
            vec!["sparse-checkout", "reapply", "--no-sparse-index"],
        ),
    ] {
        let (env, root, later) = scene();
        env.git(ARCHIVE, &make);
        guarded(&env, &root, &later, &["split or sparse", &format!("git {}", whole.join(" "))]);
        env.git(ARCHIVE, &whole);
        import(&env, &later).code(0);
    }
}

#[test]
fn a_detached_head_stops_it() {
    let (env, root, later) = scene();
    env.git(ARCHIVE, &["checkout", "-q", "--detach"]);
    guarded(&env, &root, &later, &["HEAD is detached", "git switch"]);
    env.git(ARCHIVE, &["switch", "-q", "main"]);
    import(&env, &later).code(0);
}

#[test]
fn a_merge_a_rebase_and_their_kind_under_way_stop_it() {
    let (env, root, later) = scene();
    let commit = |text: &str| {
        fs::write(root.join("notes.txt"), text).unwrap();
        env.git(ARCHIVE, &["add", "notes.txt"]);
        env.git(ARCHIVE, &["commit", "-qm", text]);
    };
    env.git(ARCHIVE, &["switch", "-qc", "other"]);
    commit("one");
    env.git(ARCHIVE, &["switch", "-q", "main"]);
    commit("two");
    for (begin, words, leave) in [
        ("merge", "a merge", vec!["merge", "--abort"]),
        ("rebase", "a rebase", vec!["rebase", "--abort"]),
        ("cherry-pick", "a cherry-pick", vec!["cherry-pick", "--abort"]),
        ("revert", "a revert", vec!["revert", "--abort"]),
    ] {
        let begun = env.try_git(ARCHIVE, &[begin, "other"]);
        assert_ne!(begun.status, 0, "{begin}");
        let before = state(&env, &root);
        let ran = import(&env, &later).code(6);
        // In a rebase HEAD is detached too, but it is the rebase that the person knows of.
        demand_message(&ran.stderr, &[words, "is under way", &leave.join(" ")]);
        assert!(state(&env, &root) == before, "{begin}");
        env.git(ARCHIVE, &leave);
    }
    import(&env, &later).code(0);
}

#[test]
fn edits_of_the_persons_own_under_data_stop_it() {
    let (env, root, later) = scene();
    let day = root.join(DAY);
    let whole = fs::read(&day).unwrap();
    let other: Vec<u8> = whole.iter().map(|byte| if *byte == b'H' { b'h' } else { *byte }).collect();
    let write = |bytes: &[u8]| fs::write(&day, bytes).unwrap();
    let git = |args: &[&str]| drop(env.git(ARCHIVE, args));
    let cases: [(&str, &dyn Fn()); 7] = [
        ("modified", &|| write(b"{}\n")),
        ("modified, size and time kept", &|| {
            // Git looked at it long after it was written, so it trusts the times.
            let written = std::fs::metadata(&day).unwrap().modified().unwrap();
            let time = written - std::time::Duration::from_secs(3600);
            let set = || File::options().write(true).open(&day).unwrap().set_modified(time).unwrap();
            set();
            git(&["add", DAY]);
            write(&other);
            set();
        }),
        ("staged", &|| {
            write(b"{}\n");
            git(&["add", DAY]);
        }),
        ("deleted", &|| fs::remove_file(&day).unwrap()),
        ("deleted and staged", &|| git(&["rm", "-q", DAY])),
        ("staged, then put back", &|| {
            write(b"{}\n");
            git(&["add", DAY]);
            write(&whole);
        }),
        ("taken out of the index only", &|| git(&["rm", "-q", "--cached", DAY])),
    ];
    for (what, edit) in cases {
        edit();
        eprintln!("{what}");
        guarded(&env, &root, &later, &["edits of your own under data/", DAY, "git status", "git stash"]);
        git(&["restore", "--staged", "--worktree", "data"]);
    }
    fs::write(root.join("data/moves/notes.json"), "{}").unwrap();
    git(&["add", "data"]);
    guarded(&env, &root, &later, &["data/moves/notes.json"]);
    git(&["rm", "-qf", "data/moves/notes.json"]);
    import(&env, &later).code(0);
    demand_clean(&env, ARCHIVE);
}

#[test]
fn a_file_of_the_persons_own_where_a_document_would_go_stops_it() {
    let (env, root, later) = scene();
    let place = root.join(NEW_DAY);
    fs::write(&place, "mine").unwrap();
    guarded(&env, &root, &later, &[NEW_DAY, "your own", "move it away"]);
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    fs::write(place.join("mine"), "mine").unwrap();
    guarded(&env, &root, &later, &[NEW_DAY]);
    fs::remove_dir_all(&place).unwrap();
    import(&env, &later).code(0);
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_folder_stops_it_and_nothing_is_written_through_it() {
    for (folder, is_filled) in [
        ("data", true),
        ("data/moves", true),
        ("data/moves/2016", true),
        ("data/moves/2016/01", true),
        ("data", false),
        ("data/moves", false),
    ] {
        let env = ArchiveEnv::new();
        let root = if is_filled { filled(&env) } else { make(&env) };
        let later = export(&env, "later.zip", &later_files());
        let (place, elsewhere) = (root.join(folder), env.path("elsewhere"));
        if is_filled {
            fs::rename(&place, &elsewhere).unwrap();
        } else {
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            fs::create_dir(&elsewhere).unwrap();
        }
        std::os::unix::fs::symlink(&elsewhere, &place).unwrap();
        let held = below(&elsewhere).into_iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>();
        guarded(&env, &root, &later, &[folder, "move it away"]);
        assert_eq!(below(&elsewhere).into_iter().map(|path| fs::read(path).unwrap()).collect::<Vec<_>>(), held);
    }
}

#[test]
fn what_a_person_keeps_out_of_the_work_tree_stays_out_and_stops_nothing() {
    let (env, root, later) = scene();
    env.git(ARCHIVE, &["update-index", "--skip-worktree", DAY]);
    fs::remove_file(root.join(DAY)).unwrap();
    let held = env.git(ARCHIVE, &["rev-parse", &format!("HEAD:{DAY}")]);
    import(&env, &later).code(0);
    assert_ne!(env.git(ARCHIVE, &["rev-parse", &format!("HEAD:{DAY}")]), held);
    assert!(!root.join(DAY).exists());
    assert_eq!(env.git(ARCHIVE, &["ls-files", "-t", DAY]), format!("S {DAY}\n"));
    demand_clean(&env, ARCHIVE);
    import(&env, &export(&env, "first.zip", &moves_files())).code(0);
}

#[test]
fn what_git_holds_of_a_commit_that_is_gone_is_young_again_when_it_is_used_again() {
    let (env, root, later) = scene();
    import(&env, &later).code(0);
    let blob = env.git(ARCHIVE, &["rev-parse", &format!("HEAD:{DAY}")]);
    let (folder, name) = blob.trim_end().split_at(2);
    let object = root.join(".git/objects").join(folder).join(name);
    env.git(ARCHIVE, &["reset", "-q", "--hard", "HEAD~1"]);
    let old = fs::metadata(&object).unwrap().modified().unwrap() - std::time::Duration::from_secs(30 * 86_400);
    File::open(&object).unwrap().set_modified(old).unwrap();
    import(&env, &later).code(0);
    let age = fs::metadata(&object).unwrap().modified().unwrap().elapsed().unwrap_or_default();
    assert!(age.as_secs() < 86_400, "{age:?}");
    crate::archive::demand_whole(&env, ARCHIVE);
}

#[test]
fn a_lock_of_a_living_git_stops_it_before_the_commit_and_stays() {
    let (env, root, later) = scene();
    let lock = root.join(".git/index.lock");
    for bytes in [&b""[..], b"DIRC\0\0\0\x02"] {
        fs::write(&lock, bytes).unwrap();
        guarded(&env, &root, &later, &["git is at work", "index.lock", "wait until git is done"]);
        assert_eq!(fs::read(&lock).unwrap(), bytes);
        fs::remove_file(&lock).unwrap();
    }
    let lock = root.join(".git/refs/heads/main.lock");
    fs::write(&lock, "").unwrap();
    guarded(&env, &root, &later, &["git is at work", "main.lock"]);
    assert!(lock.exists());
    fs::remove_file(&lock).unwrap();
    import(&env, &later).code(0);
    demand_clean(&env, ARCHIVE);
}

#[test]
fn a_lock_of_a_dead_fitsnap_does_not() {
    let (env, root, later) = scene();
    for lock in [".git/index.lock", ".git/refs/heads/main.lock"] {
        fs::write(root.join(lock), "fitsnap holds this lock, process 1\n").unwrap();
    }
    import(&env, &later).code(0);
    demand_clean(&env, ARCHIVE);
}

/// Imports, and leaves all as a stop between the reference and the first file does.
fn stop_after_the_reference(env: &ArchiveEnv, root: &Path, later: &str) {
    let before = env.path("before");
    crate::archive::copy(root, &before);
    import(env, later).code(0);
    let head = env.git(ARCHIVE, &["rev-parse", "HEAD"]);
    let blob = |revision: &str, path: &str| {
        let told = env.try_git(ARCHIVE, &["rev-parse", "-q", "--verify", &format!("{revision}:{path}")]);
        (told.status == 0).then(|| told.stdout.trim_end().to_owned())
    };
    let paths: Vec<_> = [DAY, NEW_DAY, "data/moves/2016/01/SHA256SUMS"]
        .iter()
        .map(|path| serde_json::json!([path, blob("HEAD~1", path), blob("HEAD", path)]))
        .collect();
    let journal = serde_json::json!({"branch": "refs/heads/main", "commit": head.trim_end(), "paths": paths});
    fs::remove_dir_all(root.join("data")).unwrap();
    crate::archive::copy(&before.join("data"), &root.join("data"));
    fs::copy(before.join(".git/index"), root.join(".git/index")).unwrap();
    fs::write(root.join(".git/fitsnap/journal.json"), journal.to_string()).unwrap();
}

#[test]
fn a_commit_of_the_persons_after_a_stop_keeps_what_was_undone_from_being_taken_for_edits() {
    let (env, root, later) = scene();
    stop_after_the_reference(&env, &root, &later);
    let whole = tree(&root);
    fs::write(root.join("notes.txt"), "mine").unwrap();
    env.git(ARCHIVE, &["add", "notes.txt"]);
    env.git(ARCHIVE, &["commit", "-qm", "Notes", "--only", "--", "notes.txt"]);
    // A power cut emptied one of the files that stood already.
    fs::write(root.join(NEW_DAY), "").unwrap();
    assert_ne!(tree(&root), whole);
    import(&env, &later).code(0);
    assert_eq!(commits(&root), 4);
    demand_clean(&env, ARCHIVE);
}

#[test]
fn a_checkout_of_the_persons_after_a_stop_does_not_keep_them_from_going_back() {
    let (env, root, later) = scene();
    stop_after_the_reference(&env, &root, &later);
    // One file had followed already. Git takes that for an edit of theirs, and would not write over it.
    fs::write(root.join(DAY), env.git(ARCHIVE, &["show", &format!("HEAD:{DAY}")])).unwrap();
    env.git(ARCHIVE, &["checkout", "-q", "HEAD~1"]);
    assert_ne!(env.try_git(ARCHIVE, &["switch", "-q", "main"]).status, 0);
    demand_message(&import(&env, &later).code(6).stderr, &["HEAD is detached", "git switch"]);
    assert_eq!(env.git(ARCHIVE, &["status", "--porcelain"]), "");
    env.git(ARCHIVE, &["switch", "-q", "main"]);
    import(&env, &later).code(0);
    assert_eq!(commits(&root), 3);
    demand_clean(&env, ARCHIVE);
}

#[test]
fn without_an_archive_or_with_one_of_another_making_it_is_a_matter_of_usage() {
    let env = ArchiveEnv::new();
    let zip = export(&env, "first.zip", &moves_files());
    let refused = |args: &[&str], names: &[&str]| demand_message(&env.run(args).code(2).stdout("").stderr, names);
    refused(&["import", "moves", &zip], &["no fitsnap archive", "fitsnap init"]);
    refused(&["-C", "nowhere", "import", "moves", &zip], &["nowhere", "fitsnap init"]);
    let root = make(&env);
    let here = ["-C", ARCHIVE, "import", "moves", &zip];
    refused(&["-C", ARCHIVE, "import", "mooves", &zip], &["\"mooves\"", "moves"]);
    let settings = |text: &str| fs::write(root.join("fitsnap.toml"), text).unwrap();
    settings("format = 2\n");
    refused(&here, &["format 2", "install the newest fitsnap"]);
    settings("format = 1\n[providers.moves]\nwindw = 7\n");
    refused(&here, &["windw", "did you mean", "window"]);
    settings("format = 1\n[providers.moves]\nsince = \"2015-02-30\"\n");
    let said = env.run(&here).code(2).stderr;
    assert!(said.contains("2015-02-30") && said.contains("fitsnap.toml"), "{said}");
    assert_eq!(commits(&root), 1);
    assert!(!root.join("data").exists());
}

#[test]
fn without_a_git_identity_the_two_commands_that_set_it_are_told() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    fs::write(env.home().join(".gitconfig"), "").unwrap();
    let ran = import(&env, &export(&env, "first.zip", &moves_files())).code(2);
    demand_message(&ran.stderr, &["git config --global user.name", "git config --global user.email"]);
    assert!(!root.join("data").exists());
    env.set("GIT_AUTHOR_NAME", "Eve");
    env.set("GIT_AUTHOR_EMAIL", "eve@example.com");
    env.set("GIT_COMMITTER_NAME", "Cron");
    env.set("GIT_COMMITTER_EMAIL", "cron@example.com");
    import(&env, env.path("first.zip").to_str().unwrap()).code(0);
    assert_eq!(
        env.git(ARCHIVE, &["log", "-1", "--format=%an %ae %cn %ce"]),
        "Eve eve@example.com Cron cron@example.com\n"
    );
}

#[test]
fn another_fitsnap_at_work_is_named() {
    let (env, root, later) = scene();
    let path = root.join(".git/fitsnap/lock");
    let words = fs::read_to_string(&path).unwrap();
    assert!(words.starts_with("fitsnap import, process "), "{words}");
    let lock = File::options().read(true).write(true).open(&path).unwrap();
    lock.lock().unwrap();
    let before = state(&env, &root);
    let ran = import(&env, &later).code(7);
    demand_message(&ran.stderr, &["another fitsnap", words.trim_end(), "wait until it is done"]);
    assert!(state(&env, &root) == before);
    drop(lock);
    import(&env, &later).code(0);
}

/// Runs a script as root of a name space of its own, where it may mount; none where that is not allowed.
#[cfg(target_os = "linux")]
pub fn with_mounts(env: &ArchiveEnv, script: &str) -> Option<Ran> {
    let may = env.command("unshare").args(["-rm", "true"]).output().is_ok_and(|output| output.status.success());
    if !may {
        eprintln!("skipped: no name space of its own is to be had here");
        return None;
    }
    Some(env.run_program("unshare", &["-rm", "sh", "-ec", script]))
}

#[cfg(target_os = "linux")]
#[test]
fn a_read_only_file_system_is_told_in_one_message() {
    let (env, root, _) = scene();
    let before = state(&env, &root);
    let script = "mount --bind archive archive && mount -o remount,bind,ro archive || exit 77
        exec fitsnap -C archive import moves later.zip";
    let Some(ran) = with_mounts(&env, script).filter(|ran| ran.status != 77) else { return };
    demand_message(&ran.code(1).stderr, &["archive/.git/fitsnap", "read-only"]);
    assert!(state(&env, &root) == before);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_and_the_next_run_with_room_ends_as_if_nothing_had_been() {
    let unbroken = ArchiveEnv::new();
    make(&unbroken);
    import(&unbroken, &export(&unbroken, "many.zip", &many_days(300))).code(0);
    let whole = tree(&unbroken.path(ARCHIVE));
    for free in [0, 200, 400, 1200] {
        let env = ArchiveEnv::new();
        let root = make(&env);
        export(&env, "many.zip", &many_days(300));
        // What stands on the small disk at the end is copied back to be looked at.
        let script = format!(
            "mkdir small && mount -t tmpfs -o size=64m none small || exit 77
            cp -a archive small/
            used=$(df --output=used small | tail -1); mount -o remount,size=$((used + {free}))k small
            code=0; fitsnap -C small/archive import moves many.zip || code=$?
            mount -o remount,size=64m small; rm -rf archive; cp -a small/archive .; exit $code"
        );
        let Some(ran) = with_mounts(&env, &script).filter(|ran| ran.status != 77) else { return };
        eprintln!("{free} KiB free: {}", ran.stderr);
        demand_message(&ran.code(1).stderr, &["cannot", "No space left", "the disk is full; make room"]);
        crate::archive::demand_whole(&env, ARCHIVE);
        import(&env, "many.zip").code(0);
        assert_eq!((tree(&root), commits(&root)), (whole, 2));
        demand_clean(&env, ARCHIVE);
    }
}

#[cfg(unix)]
#[test]
fn a_limit_on_the_size_of_files_is_told_and_leaves_the_archive_whole() {
    let env = ArchiveEnv::new();
    let root = make(&env);
    export(&env, "many.zip", &many_days(300));
    // In blocks of 512 bytes. The signal that would end the process is turned off, as shells do.
    for blocks in [1, 4, 16, 64] {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec fitsnap -C archive import moves many.zip");
        let ran = env.run_program("sh", &["-c", &script]).code(1);
        eprintln!("{}", ran.stderr);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains("too large"), "{}", ran.stderr);
        crate::archive::demand_whole(&env, ARCHIVE);
    }
    import(&env, "many.zip").code(0);
    assert_eq!(commits(&root), 2);
    demand_clean(&env, ARCHIVE);
}
