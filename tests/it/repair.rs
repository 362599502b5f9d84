//! `fitsnap repair`

use crate::days::{archive, day, list_hashes, write};
use crate::env::{ArchiveEnv, Ran};

const FOUR: &str = "data/moves/2015/07/04.json";
const FIVE: &str = "data/moves/2015/07/05.json";
const LIST: &str = "data/moves/2015/07/SHA256SUMS";

/// An archive with two days and an account.
fn scene() -> ArchiveEnv {
    let env = ArchiveEnv::new();
    archive(&env);
    env
}

/// Commits all that stands in the work tree, as another tool does that knows nothing of fitsnap.
fn foreign(env: &ArchiveEnv) {
    env.git("", &["add", "-A"]);
    env.git("", &["commit", "-qnm", "by hand"]);
}

fn text(env: &ArchiveEnv, path: &str) -> String {
    std::fs::read_to_string(env.path(path)).unwrap()
}

/// Repairs, and demands that the archive is whole then, and each of these words told.
#[track_caller]
fn repaired(env: &ArchiveEnv, words: &[&str]) -> Ran {
    env.run(&["verify"]).code(5);
    let shown = env.run(&["repair", "--dry-run"]).code(0);
    let ran = env.run(&["repair", "--yes"]).code(0);
    assert!(ran.stdout.starts_with(&shown.stdout), "{}\nnot as shown:\n{}", ran.stdout, shown.stdout);
    for word in words {
        assert!(ran.stdout.contains(word), "{word}: {}", ran.stdout);
    }
    env.run(&["verify"]).code(0);
    assert_eq!(env.git("", &["status", "--porcelain"]), "");
    ran
}

/// The text of the only file of this name that was kept.
fn kept(env: &ArchiveEnv, path: &str) -> String {
    let folders = std::fs::read_dir(env.path(".git/fitsnap-kept")).unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<_> = folders.map(|folder| folder.join(path)).filter(|file| file.exists()).collect();
    assert_eq!(found.len(), 1, "{found:?}");
    std::fs::read_to_string(&found[0]).unwrap()
}

#[test]
fn damaged_and_missing_files_come_back_and_the_damaged_are_kept() {
    let env = scene();
    std::fs::write(env.path(FIVE), "\0\0\0").unwrap();
    std::fs::remove_file(env.path(LIST)).unwrap();
    std::fs::remove_file(env.path(FOUR)).unwrap();
    let head = env.git("", &["rev-parse", "HEAD"]);
    let ran = repaired(&env, &[FIVE, LIST, FOUR, "restored from git, the damaged file kept"]);
    assert!(ran.stderr.contains(".git/fitsnap-kept/20150711T06"), "{}", ran.stderr);
    assert_eq!(kept(&env, FIVE), "\0\0\0");
    assert_eq!(env.git("", &["rev-parse", "HEAD"]), head);
    env.run(&["repair"]).code(0);
}

#[test]
fn a_foreign_commit_is_respelled_and_listed_and_its_values_stay() {
    let env = scene();
    write(&env, FIVE, "{\"date\":\"2015-07-05\",\"provider\":\"moves\",\"resources\":{\"storyline\":[{\"steps\":7}]}}");
    write(&env, FOUR, &day("2015-07-04", 4001));
    foreign(&env);
    repaired(&env, &["05.json: spelled in canonical form", "SHA256SUMS: made again from the files"]);
    assert_eq!(text(&env, FIVE), day("2015-07-05", 7));
    assert_eq!(text(&env, FOUR), day("2015-07-04", 4001));
    let message = env.git("", &["log", "-1", "--format=%an %s%n%b"]);
    for line in ["Ada Archivist moves: 2 files repaired", "Fitsnap-Provider: moves", "Fitsnap-Action: repair"] {
        assert!(message.contains(line), "{message}");
    }
    let log = env.run(&["log", "--json", "--kind", "reformatted"]).code(0).stdout;
    assert!(log.contains("\"action\": \"repair\""), "{log}");
    assert_eq!(env.git("", &["fsck", "--strict"]), "");
}

#[test]
fn what_a_foreign_commit_broke_comes_back_from_the_last_commit_that_had_it_whole() {
    let env = scene();
    let good = env.git("", &["rev-parse", "--short=10", "HEAD"]);
    write(&env, FIVE, "{\"date\": \"2015-07-05\", \"prov");
    std::fs::remove_file(env.path(FOUR)).unwrap();
    write(&env, "data/moves/SHA256SUMS", "nonsense\n");
    foreign(&env);
    write(&env, FIVE, &day("2015-07-06", 1));
    list_hashes(&env, "data/moves/2015/07");
    write(&env, LIST, &format!("{}  04.json\n{}", "0".repeat(64), text(&env, LIST)));
    foreign(&env);
    let from = format!("restored from commit {}", good.trim());
    let ran =
        repaired(&env, &[&format!("04.json: {from}"), &format!("05.json: {from}"), "data/moves/SHA256SUMS: made"]);
    assert!(ran.stderr.contains("mended"), "{}", ran.stderr);
    assert_eq!((text(&env, FOUR), text(&env, FIVE)), (day("2015-07-04", 4000), day("2015-07-05", 5000)));
}

#[test]
fn what_no_commit_has_whole_is_taken_out_and_stays_in_the_history() {
    let env = scene();
    write(&env, "data/moves/2015/07/06.json", "{\"steps\": ");
    foreign(&env);
    repaired(&env, &["06.json: taken out, no commit has it whole; a sync asks for it again"]);
    assert!(!env.path("data/moves/2015/07/06.json").exists());
    assert_eq!(env.git("", &["show", "HEAD~1:data/moves/2015/07/06.json"]), "{\"steps\": ");
    // A folder with nothing whole in it goes, its list with it.
    write(&env, "data/moves/2015/08/01.json", "no");
    write(&env, "data/moves/2015/08/SHA256SUMS", "no");
    foreign(&env);
    repaired(&env, &["2015/08/01.json: taken out", "2015/08/SHA256SUMS: taken out"]);
    assert!(!env.path("data/moves/2015/08").exists());
}

#[test]
fn own_edits_and_strangers_are_left_alone_unless_they_are_to_be_set_aside() {
    let env = scene();
    let stranger = "data/moves/2015/07/06.json";
    write(&env, FIVE, &day("2015-07-05", 99));
    write(&env, FOUR, &day("2015-07-04", 98));
    env.git("", &["add", FOUR]);
    write(&env, stranger, &day("2015-07-06", 97));
    std::fs::rename(env.path("data/moves/account.json"), env.path("account.json")).unwrap();
    std::os::unix::fs::symlink("../../account.json", env.path("data/moves/account.json")).unwrap();
    let ran = env.run(&["repair", "--yes"]).code(5);
    assert!(ran.stdout.contains(&format!("left to you: {FIVE}")) && ran.stdout.contains("git stash"), "{}", ran.stdout);
    assert_eq!(text(&env, FIVE), day("2015-07-05", 99));
    assert!(!env.path(".git/fitsnap-kept").exists());
    let ran = env.run(&["repair", "--yes", "--set-aside"]).code(0);
    assert!(ran.stderr.contains("kept in .git/fitsnap-kept/"), "{}", ran.stderr);
    env.run(&["verify"]).code(0);
    assert_eq!((text(&env, FIVE), text(&env, FOUR)), (day("2015-07-05", 5000), day("2015-07-04", 4000)));
    assert_eq!((kept(&env, FIVE), kept(&env, FOUR)), (day("2015-07-05", 99), day("2015-07-04", 98)));
    assert_eq!(kept(&env, stranger), day("2015-07-06", 97));
    assert!(!env.path(stranger).exists() && !env.path("data/moves/account.json").is_symlink());
    assert_eq!(env.git("", &["status", "--porcelain"]), "?? account.json\n");
}

#[test]
fn own_edits_beside_what_is_to_be_committed_stop_it_before_anything_is_done() {
    let env = scene();
    write(&env, FIVE, "{\"date\":\"2015-07-05\",\"provider\":\"moves\",\"resources\":{}}");
    foreign(&env);
    write(&env, FOUR, &day("2015-07-04", 98));
    std::fs::remove_file(env.path("data/moves/account.json")).unwrap();
    let ran = env.run(&["repair", "--yes"]).code(6);
    assert!(ran.stderr.contains(FOUR) && ran.stderr.contains("--set-aside"), "{}", ran.stderr);
    assert!(!env.path("data/moves/account.json").exists());
    env.run(&["repair", "--yes", "--set-aside"]).code(0);
    assert_eq!(kept(&env, FOUR), day("2015-07-04", 98));
    env.git("", &["checkout", "-q", "--detach"]);
    write(&env, FIVE, "{}");
    env.run(&["repair", "--yes"]).code(6);
}

#[test]
fn it_asks_on_a_terminal_and_does_nothing_where_it_cannot_ask() {
    let env = scene();
    std::fs::remove_file(env.path(FIVE)).unwrap();
    let ran = env.run(&["repair"]).code(2);
    assert!(ran.stdout.contains(FIVE) && ran.stderr.contains("--yes"), "{}", ran.stderr);
    assert!(!env.path(FIVE).exists());
    if env.command("script").arg("--version").output().is_err() {
        eprintln!("skipped: script is missing here");
        return;
    }
    env.set("NO_COLOR", "1");
    let answer = |answer: &str| {
        let typed = format!("printf '{answer}\\n' | script -qec 'fitsnap repair' /dev/null");
        let ran = env.run_program("sh", &["-c", &typed]).code(0).stdout;
        assert!(ran.contains("go on? [y/N]"), "{ran}");
        ran
    };
    assert!(answer("n").contains("nothing was changed"));
    assert!(!env.path(FIVE).exists());
    assert!(answer("y").contains("mended"));
    assert!(env.path(FIVE).exists());
}

#[test]
fn an_object_that_rotted_is_made_again_from_its_file() {
    let env = scene();
    let id = env.git("", &["rev-parse", &format!("HEAD:{FIVE}")]);
    let object = env.path(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()));
    std::fs::remove_file(&object).unwrap();
    std::fs::write(&object, "rotten").unwrap();
    repaired(&env, &["05.json: git's damaged object of it made again"]);
    assert_eq!(env.git("", &["fsck", "--strict"]), "");
    // Where the file is gone as well only another clone can help.
    std::fs::remove_file(&object).unwrap();
    std::fs::remove_file(env.path(FIVE)).unwrap();
    let ran = env.run(&["repair", "--yes"]).code(5);
    assert!(ran.stdout.contains("git fsck names what is damaged"), "{}", ran.stdout);
}

#[cfg(target_os = "linux")]
#[test]
fn a_dry_run_needs_no_leave_to_write() {
    let env = scene();
    write(&env, FIVE, "\0\0\0");
    let shown = env.run(&["repair", "--dry-run"]).code(0).stdout;
    assert!(shown.starts_with(FIVE), "{shown}");
    let read_only = |command: &str| {
        let here = "cd ..; mount --bind work work && mount -o remount,bind,ro work || exit 77; cd work";
        crate::guards::with_mounts(&env, &format!("{here}; exec {command}")).filter(|ran| ran.status != 77)
    };
    for is_new in [false, true] {
        if is_new {
            std::fs::remove_dir_all(env.path(".git/fitsnap")).unwrap();
        }
        let Some(ran) = read_only("fitsnap repair --dry-run") else { return };
        assert_eq!((ran.code(0).stdout, env.path(".git/fitsnap").exists()), (shown.clone(), !is_new));
        let ran = read_only("fitsnap migrate --dry-run").unwrap().code(5);
        assert!(ran.stdout.starts_with(&format!("left to you: {FIVE}")), "{}", ran.stdout);
        let ran = read_only("fitsnap repair --yes").unwrap().code(1);
        assert!(ran.stderr.contains(".git/fitsnap") && ran.stderr.contains("ead-only"), "{}", ran.stderr);
    }
    // Where it can be seen that another fitsnap is at work, what it does would look like damage.
    env.run(&["repair", "--dry-run"]).code(0);
    let lock = std::fs::File::open(env.path(".git/fitsnap/lock")).unwrap();
    lock.lock().unwrap();
    for command in ["repair", "migrate"] {
        env.run(&[command, "--dry-run"]).code(7);
    }
}
