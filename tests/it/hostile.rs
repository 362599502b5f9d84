//! A repository of somebody else's making: whatever is in it, fitsnap stays inside the archive.
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::process::Stdio;

use crate::archive::{ARCHIVE, export, import, later_files, make};
use crate::days::{archive, day, list_hashes, write};
use crate::env::ArchiveEnv;
use crate::pack::moves_files;

const FIVE: &str = "data/moves/2015/07/05.json";

/// Git's words on standard input, its answer without the line's end.
fn plumb(env: &ArchiveEnv, args: &[&str], input: &[u8]) -> String {
    let mut command = env.command("git");
    let mut child = command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap().trim().to_owned()
}

/// A tree object of these entries, as no git would make one.
fn tree(env: &ArchiveEnv, entries: &[(&str, &[u8], &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(mode.as_bytes());
        bytes.push(b' ');
        bytes.extend_from_slice(name);
        bytes.push(0);
        bytes.extend((0..20).map(|at| u8::from_str_radix(&id[at * 2..at * 2 + 2], 16).unwrap()));
    }
    plumb(env, &["hash-object", "-t", "tree", "-w", "--literally", "--stdin"], &bytes)
}

/// Moves main to a commit of a tree beside which `fitsnap.toml` stands, as fitsnap's own commits say it.
fn commit(env: &ArchiveEnv, data: &str) {
    let settings = env.git("", &["rev-parse", "HEAD:fitsnap.toml"]);
    let root = tree(env, &[("40000", b"data", data), ("100644", b"fitsnap.toml", settings.trim())]);
    let message = "moves: 1 new\n\nFitsnap-Provider: moves\nFitsnap-Action: sync\nFitsnap-Format: 1";
    let made = env.git("", &["commit-tree", &root, "-p", "HEAD", "-m", message]);
    env.git("", &["update-ref", "refs/heads/main", made.trim()]);
}

/// Runs what reads and writes, none of which may panic, hang, or touch what is beside the archive.
fn try_all(env: &ArchiveEnv) {
    fs::write(env.home().join("export.zip"), crate::pack::moves_zip(&moves_files())).unwrap();
    let zip = env.home().join("export.zip");
    for args in [
        &["status"][..],
        &["log"],
        &["log", "-p"],
        &["stats"],
        &["verify"],
        &["verify", "--history"],
        &["repair", "--yes"],
        &["repair", "--yes", "--set-aside"],
        &["import", "moves", zip.to_str().unwrap()],
        &["show", "moves", "2015-07-05"],
        &["report", "-o", "/dev/null"],
        &["init"],
    ] {
        let ran = env.run(args);
        assert!((0..=7).contains(&ran.status) && !ran.stderr.contains("panicked"), "{args:?}: {}", ran.stderr);
    }
}

#[test]
fn entries_of_trees_that_lead_outside_are_found_and_never_followed() {
    let env = ArchiveEnv::new();
    archive(&env);
    let blob = plumb(&env, &["hash-object", "-w", "--stdin"], b"planted\n");
    let day = env.git("", &["rev-parse", &format!("HEAD:{FIVE}")]);
    let folder = |entries: &[(&str, &[u8], &str)]| tree(&env, entries);
    // data/../../planted: beside the archive.
    let up = folder(&[("100644", b"planted", &blob)]);
    let up = folder(&[("40000", b"..", &up)]);
    let demand_nothing_planted = || {
        let places = [env.home().parent().unwrap().to_owned(), env.home().to_owned(), env.path(""), env.path(".git")];
        assert!(places.iter().all(|place| !place.join("planted").exists()));
        assert!(env.path(".git").is_dir());
    };
    // As after a stop, with all that fitsnap knew of it gone: index and work tree stand before the commit.
    let moves = env.git("", &["rev-parse", "HEAD:data/moves"]);
    commit(&env, &folder(&[("40000", b"..", &up), ("40000", b"moves", moves.trim())]));
    fs::remove_dir_all(env.path(".git/fitsnap")).unwrap();
    try_all(&env);
    demand_nothing_planted();
    let names = folder(&[
        ("100644", b"..", &blob),
        ("100644", b".git", &blob),
        ("100644", b"a\xff\xfeb.gpx", &blob),
        ("160000", b"module", day.trim()),
    ]);
    let month = folder(&[("40000", b"..", &up), ("40000", b"05", &names), ("120000", b"05.json", &blob)]);
    let year = folder(&[("40000", b"..", &up), ("40000", b"07", &month)]);
    let moves = folder(&[("40000", b"..", &up), ("40000", b".git", &up), ("40000", b"2015", &year)]);
    commit(&env, &folder(&[("40000", b"..", &up), ("40000", b"moves", &moves)]));
    let found = env.run(&["verify"]).code(5).stdout;
    for path in ["data/..", "data/moves/..", "data/moves/.git", "data/moves/2015/07/05.json", "05/module", "05/a"] {
        assert!(found.contains(path), "{path}: {found}");
    }
    fs::remove_dir_all(env.path(".git/fitsnap")).unwrap();
    try_all(&env);
    demand_nothing_planted();
}

#[test]
fn a_journal_that_lies_writes_nothing_outside() {
    let env = ArchiveEnv::new();
    archive(&env);
    let head = env.git("", &["rev-parse", "HEAD"]);
    let blob = env.git("", &["rev-parse", &format!("HEAD:{FIVE}")]);
    let outside = env.home().join("elsewhere");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("kept"), "mine").unwrap();
    let lie = |path: &str| {
        let journal = serde_json::json!({"commit": head.trim(), "paths": [[path, null, blob.trim()]]});
        fs::write(env.path(".git/fitsnap/journal.json"), journal.to_string()).unwrap();
        env.run(&["verify"]).code(if path == FIVE { 5 } else { 0 });
        assert!(!env.path(".git/fitsnap/journal.json").exists(), "{path}: it was not done with");
    };
    for path in ["../planted", "data/../../planted", "/tmp/fitsnap-planted", ".git/planted"] {
        lie(path);
        let places = [env.home().to_owned(), env.path(""), env.path(".git"), "/tmp".into()];
        assert!(places.iter().all(|place| !place.join("planted").exists()), "{path}");
        assert!(!std::path::Path::new("/tmp/fitsnap-planted").exists());
    }
    // A folder on the way was made a link.
    fs::rename(env.path("data/moves/2015"), env.path("aside")).unwrap();
    symlink(&outside, env.path("data/moves/2015")).unwrap();
    lie(FIVE);
    assert!(!outside.join("07").exists());
    assert_eq!(fs::read_to_string(outside.join("kept")).unwrap(), "mine");
}

#[test]
fn links_in_place_of_what_is_fitsnaps_own_stop_every_command() {
    let env = ArchiveEnv::new();
    archive(&env);
    let outside = env.home().join("elsewhere");
    fs::create_dir_all(outside.join("tmp")).unwrap();
    fs::write(outside.join("tmp/mine"), "mine").unwrap();
    fs::write(outside.join("lock"), "mine").unwrap();
    let own = env.path(".git/fitsnap");
    let demand_untouched = |what: &str| {
        for args in [&["status"][..], &["log"], &["verify"], &["repair", "--yes"], &["init"]] {
            let ran = env.run(args).code(2);
            assert!(ran.stderr.contains(" is a link") && ran.stderr.contains("rm "), "{what} {args:?}: {}", ran.stderr);
        }
        assert_eq!(fs::read_to_string(outside.join("tmp/mine")).unwrap(), "mine", "{what}");
        assert_eq!(fs::read_to_string(outside.join("lock")).unwrap(), "mine", "{what}");
    };
    for name in ["lock", "tmp", "journal.json", "checked"] {
        let _ = fs::remove_file(own.join(name)).or_else(|_| fs::remove_dir_all(own.join(name)));
        symlink(outside.join(if name == "lock" { "lock" } else { "tmp" }), own.join(name)).unwrap();
        demand_untouched(name);
        fs::remove_file(own.join(name)).unwrap();
    }
    fs::remove_dir_all(&own).unwrap();
    symlink(&outside, &own).unwrap();
    demand_untouched("the folder");
    fs::remove_file(&own).unwrap();
    env.run(&["verify"]).code(0);
}

#[test]
fn settings_of_git_that_point_elsewhere_are_refused() {
    let env = ArchiveEnv::new();
    archive(&env);
    fs::create_dir(env.home().join("elsewhere")).unwrap();
    fs::write(env.home().join("elsewhere/mine"), "mine").unwrap();
    env.git("", &["config", "core.worktree", env.home().join("elsewhere").to_str().unwrap()]);
    for args in [&["status"][..], &["verify"], &["repair", "--yes"]] {
        let ran = env.run(args).code(2);
        assert!(ran.stderr.contains("core.worktree"), "{args:?}: {}", ran.stderr);
    }
    env.git(".git", &["config", "--file", "config", "--unset", "core.worktree"]);
    for (key, value) in
        [("core.fsmonitor", "touch planted"), ("core.sshCommand", "touch planted"), ("diff.external", "touch planted")]
    {
        env.git("", &["config", key, value]);
    }
    try_all(&env);
    assert!(!env.path("planted").exists());
    env.git("", &["config", "core.bare", "true"]);
    let ran = env.run(&["verify"]).code(2);
    assert!(ran.stderr.contains("bare repository"), "{}", ran.stderr);
}

#[test]
fn what_is_too_large_for_memory_is_told_and_not_read() {
    let env = ArchiveEnv::new();
    archive(&env);
    // A gigabyte of nothing, for git as for the disk hardly any.
    let large = fs::File::create(env.home().join("large")).unwrap();
    large.set_len(1 << 30).unwrap();
    let blob =
        env.git("", &["-c", "core.compression=1", "-c", "core.bigFileThreshold=1m", "hash-object", "-w", "../large"]);
    for path in [FIVE, "data/moves/2015/07/06.json", "data/moves/2015/07/05/run.gpx", "data/moves/SHA256SUMS"] {
        env.git("", &["update-index", "--add", "--cacheinfo", &format!("100644,{},{path}", blob.trim())]);
    }
    env.git("", &["commit", "-qnm", "large"]);
    // With less memory than one of them takes, all that is left is not to read it.
    let limited = |args: &str| {
        let ran = env.run_program("sh", &["-c", &format!("ulimit -v 900000; exec fitsnap {args}")]);
        assert!((0..=7).contains(&ran.status), "{args}: {} {}", ran.status, ran.stderr);
        ran.stdout + &ran.stderr
    };
    let found = limited("verify");
    assert!(found.contains("06.json: it has 1073741824 bytes"), "{found}");
    for args in
        ["status", "log", "log -p", "stats", "show moves 2015-07-05", "repair --yes --set-aside", "verify --history"]
    {
        limited(args);
    }
    fs::write(env.path("fitsnap.toml"), "").unwrap();
    fs::File::options().write(true).open(env.path("fitsnap.toml")).unwrap().set_len(1 << 30).unwrap();
    assert!(limited("status").contains("fitsnap.toml has more than 1048576 bytes"));
}

#[test]
fn an_import_goes_round_strangers_and_never_through_them() {
    let env = ArchiveEnv::new();
    make(&env);
    let first = export(&env, "first.zip", &moves_files());
    import(&env, &first).code(0);
    let outside = env.path("outside.json");
    fs::write(&outside, "mine").unwrap();
    // A link committed in place of a day document, a submodule beside them.
    let path = "data/moves/2016/01/01.json";
    fs::remove_file(env.path(ARCHIVE).join(path)).unwrap();
    symlink("../../../../../outside.json", env.path(ARCHIVE).join(path)).unwrap();
    let head = env.git(ARCHIVE, &["rev-parse", "HEAD"]);
    env.git(
        ARCHIVE,
        &["update-index", "--add", "--cacheinfo", &format!("160000,{},data/moves/2016/module", head.trim())],
    );
    env.git(ARCHIVE, &["add", path]);
    env.git(ARCHIVE, &["commit", "-qnm", "strange"]);
    let ran = import(&env, &export(&env, "later.zip", &later_files()));
    assert!(matches!(ran.status, 1 | 6), "{}", ran.stderr);
    assert!(ran.stderr.contains("2016-01-01") || ran.stderr.contains(path), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(&outside).unwrap(), "mine");
    assert!(env.path(ARCHIVE).join(path).is_symlink());
}

#[test]
fn a_tag_is_looked_through_for_secrets_before_it_is_pushed() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    archive(&env);
    env.git("", &["remote", "add", "origin", "../remote.git"]);
    env.git("", &["push", "-qu", "origin", "main"]);
    let secret = "\"refresh_token\": \"hush-9d2f7c55e1aa0b34\"";
    let refused = |words: &str| {
        let ran = env.try_git("", &["push", "-q", "origin", "v1"]);
        assert!(ran.status != 0 && ran.stderr.contains(words), "{}", ran.stderr);
        assert!(!ran.stderr.contains("hush-9d2f"), "{}", ran.stderr);
        env.git("", &["tag", "-d", "v1"]);
    };
    env.git("", &["tag", "-m", &format!("release\n\n{secret}"), "v1"]);
    refused("the message of tag");
    env.git("", &["tag", "-m", secret, "inner"]);
    env.git("", &["tag", "-m", "a tag of a tag", "v1", "inner"]);
    refused("the message of tag");
    let blob = plumb(&env, &["hash-object", "-w", "--stdin"], secret.as_bytes());
    env.git("", &["tag", "v1", &blob]);
    refused("file ");
    write(&env, "notes.txt", secret);
    env.git("", &["add", "notes.txt"]);
    let folder = env.git("", &["write-tree"]);
    env.git("", &["rm", "-q", "--cached", "notes.txt"]);
    env.git("", &["tag", "v1", folder.trim()]);
    refused("notes.txt");
    env.git("", &["tag", "-m", "a good one", "v1"]);
    env.git("", &["push", "-q", "origin", "v1"]);
    // Nothing of the day documents changed on the way.
    list_hashes(&env, "data/moves/2015/07");
    assert_eq!(env.git("", &["show", &format!("v1:{FIVE}")]), day("2015-07-05", 5000));
}
