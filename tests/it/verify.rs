//! `fitsnap verify`

use serde_json::Value;

use crate::days::{archive, day, list_hashes, write};
use crate::env::ArchiveEnv;

const FOUR: &str = "data/moves/2015/07/04.json";
const FIVE: &str = "data/moves/2015/07/05.json";
const LIST: &str = "data/moves/2015/07/SHA256SUMS";

/// Path, cause and problem of each finding.
fn findings(env: &ArchiveEnv, args: &[&str]) -> Vec<(String, String, String)> {
    let report = report(env, args, 5);
    let text = |value: &Value, name: &str| value[name].as_str().unwrap().to_owned();
    let list = report["findings"].as_array().unwrap();
    list.iter().map(|one| (text(one, "path"), text(one, "cause"), text(one, "problem"))).collect()
}

fn report(env: &ArchiveEnv, args: &[&str], code: i32) -> Value {
    let ran = env.run(&[&["verify", "--json"], args].concat()).code(code);
    serde_json::from_str(&ran.stdout).unwrap()
}

#[track_caller]
fn only(found: &[(String, String, String)], path: &str, cause: &str, words: &str) {
    let fits = |one: &(String, String, String)| one.0 == path && one.1 == cause && one.2.contains(words);
    assert!(found.len() == 1 && fits(&found[0]), "not just [{cause}] {path} {words}: {found:#?}");
}

/// Runs a remedy as a person would, and finds the archive whole.
fn mend(env: &ArchiveEnv, args: &[&str]) {
    let report = report(env, args, 5);
    for finding in report["findings"].as_array().unwrap() {
        let output = env.command("sh").args(["-c", finding["remedy"].as_str().unwrap()]).output().unwrap();
        assert!(output.status.success(), "{finding}: {}", String::from_utf8_lossy(&output.stderr));
    }
    env.run(&["verify"]).code(0);
}

/// Changes bytes of a file and keeps its time, as a failing disk would.
fn rot(env: &ArchiveEnv, path: &str, from: &str, to: &str) {
    let place = env.path(path);
    let time = std::fs::metadata(&place).unwrap().modified().unwrap();
    let text = std::fs::read_to_string(&place).unwrap().replacen(from, to, 1);
    std::fs::write(&place, text).unwrap();
    std::fs::File::options().write(true).open(&place).unwrap().set_modified(time).unwrap();
}

#[test]
fn a_whole_archive_is_counted() {
    let env = ArchiveEnv::new();
    archive(&env);
    env.run(&["verify"]).code(0).stdout("well: 3 files in 1 commit\n");
    write(&env, FIVE, &day("2015-07-05", 5001));
    list_hashes(&env, "data/moves/2015/07");
    env.git("", &["commit", "-qam", "more steps"]);
    env.run(&["verify", "--history"]).code(0).stdout("well: 4 files in 3 commits\n");
    let report = env.run(&["verify", "--json"]).code(0);
    report.stdout("{\"files\":3,\"commits\":1,\"findings\":[]}\n");
    env.run(&["verify", "moves"]).code(0).stdout("well: 3 files in 1 commit\n");
    let said = env.run(&["verify", "strava"]).code(2).stderr;
    assert!(said.contains("no provider named strava"), "{said}");
}

#[test]
fn bit_rot_is_told_from_an_edit_and_mended() {
    let env = ArchiveEnv::new();
    archive(&env);
    rot(&env, FIVE, "5000", "5004");
    only(&findings(&env, &[]), FIVE, "bit rot", "differ from its hash in SHA256SUMS and from git");
    std::fs::write(env.path(FIVE), "\0\0\0").unwrap();
    only(&findings(&env, &[]), FIVE, "bit rot", "not readable JSON");
    mend(&env, &[]);
}

#[test]
fn edits_of_the_persons_own_are_told_staged_or_not() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, FIVE, &day("2015-07-05", 99));
    only(&findings(&env, &[]), FIVE, "own edit", "an edit in no commit");
    env.git("", &["add", FIVE]);
    only(&findings(&env, &[]), FIVE, "own edit", "staged");
    list_hashes(&env, "data/moves/2015/07");
    let found = findings(&env, &[]);
    assert_eq!(found.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), [FIVE, LIST], "{found:#?}");
    mend(&env, &[]);
    write(&env, LIST, "nonsense\n");
    let found = findings(&env, &[]);
    assert!(found.len() == 1 && found[0].0 == LIST, "{found:#?}");
    mend(&env, &[]);
}

#[test]
fn a_foreign_commit_is_named_and_its_remedy_mends_it() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, FIVE, "{\"date\":\"2015-07-05\",\"provider\":\"moves\",\"resources\":{}}");
    env.git("", &["commit", "-qnam", "by hand"]);
    let culprit = env.git("", &["rev-parse", "HEAD"]);
    write(&env, FOUR, &day("2015-07-04", 4001));
    list_hashes(&env, "data/moves/2015/07");
    rot(&env, LIST, "a", "b");
    env.git("", &["checkout", "-q", "HEAD", "--", "data"]);
    env.git("", &["commit", "-q", "--allow-empty", "-m", "later"]);
    let found = findings(&env, &[]);
    only(&found, FIVE, "foreign commit", "not in canonical form; its bytes differ from its hash");
    let report = report(&env, &["--history"], 5);
    assert_eq!(report["findings"][0]["commit"].as_str().unwrap(), culprit.trim());
    mend(&env, &[]);
    // The old commit is still as it is, and nothing is to be done about it.
    let ran = env.run(&["verify", "--history"]).code(5).stdout;
    assert!(ran.contains("a later commit mended it") && ran.contains("1 finding: "), "{ran}");
}

#[test]
fn wrong_places_missing_lists_and_strangers_in_a_commit_are_found() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, "data/moves/2015/07/06.json", &day("2015-07-05", 5000));
    list_hashes(&env, "data/moves/2015/07");
    write(&env, "data/moves/notes.txt", "hello\n");
    std::os::unix::fs::symlink("/etc/passwd", env.path("data/moves/2015/07/07.json")).unwrap();
    std::fs::remove_file(env.path("data/moves/SHA256SUMS")).unwrap();
    env.git("", &["add", "-A"]);
    env.git("", &["commit", "-qnm", "a mess"]);
    let found = findings(&env, &[]);
    let told = |path: &str, cause: &str, words: &str| {
        assert!(found.iter().any(|one| one.0 == path && one.1 == cause && one.2.contains(words)), "{path}: {found:#?}");
    };
    told("data/moves/2015/07/06.json", "foreign commit", "says it is moves 2015-07-05");
    told("data/moves/notes.txt", "extra", "never puts there");
    told("data/moves/2015/07/07.json", "extra", "a symbolic link");
    told("data/moves/SHA256SUMS", "foreign commit", "the list of hashes is missing");
}

#[test]
fn missing_and_extra_files_of_the_work_tree_are_told() {
    let env = ArchiveEnv::new();
    archive(&env);
    std::fs::remove_file(env.path(FIVE)).unwrap();
    only(&findings(&env, &[]), FIVE, "missing", "missing from the work tree");
    mend(&env, &[]);
    std::fs::remove_file(env.path(LIST)).unwrap();
    only(&findings(&env, &[]), LIST, "missing", "missing from the work tree");
    mend(&env, &[]);
    write(&env, "data/moves/2015/07/06.json", &day("2015-07-06", 1));
    only(&findings(&env, &[]), "data/moves/2015/07/06.json", "extra", "does not know it");
    std::fs::remove_file(env.path("data/moves/2015/07/06.json")).unwrap();
    // What git is told to ignore is nobody's matter.
    write(&env, ".git/info/exclude", ".DS_Store\n");
    write(&env, "data/moves/.DS_Store", "x");
    env.run(&["verify"]).code(0);
}

#[test]
fn a_folder_that_is_a_link_is_found_and_not_followed() {
    let env = ArchiveEnv::new();
    archive(&env);
    std::fs::rename(env.path("data/moves"), env.path("elsewhere")).unwrap();
    std::os::unix::fs::symlink("../elsewhere", env.path("data/moves")).unwrap();
    only(&findings(&env, &[]), "data/moves", "extra", "symbolic link");
}

#[test]
fn a_damaged_object_is_found_though_the_file_is_whole_and_mended_from_it() {
    let env = ArchiveEnv::new();
    archive(&env);
    let id = env.git("", &["rev-parse", &format!("HEAD:{FIVE}")]);
    let object = env.path(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()));
    let mut permissions = std::fs::metadata(&object).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o644);
    std::fs::set_permissions(&object, permissions).unwrap();
    std::fs::write(&object, "rotten").unwrap();
    only(&findings(&env, &[]), FIVE, "damaged object", "git cannot read its object");
    only(&findings(&env, &["--history"]), FIVE, "damaged object", "git cannot read its object");
    mend(&env, &[]);
    // An object of another content under the name is damage as well.
    let other = env.git("", &["rev-parse", &format!("HEAD:{FOUR}")]);
    std::fs::remove_file(&object).unwrap();
    std::fs::copy(env.path(&format!(".git/objects/{}/{}", &other[..2], other[2..].trim())), &object).unwrap();
    only(&findings(&env, &[]), FIVE, "damaged object", "git cannot read its object");
    mend(&env, &[]);
}

#[test]
fn a_damaged_folder_or_commit_is_one_finding_and_not_one_a_file() {
    let env = ArchiveEnv::new();
    archive(&env);
    let damage = |name: &str| {
        let id = env.git("", &["rev-parse", name]);
        let object = env.path(&format!(".git/objects/{}/{}", &id[..2], id[2..].trim()));
        std::fs::remove_file(&object).unwrap();
    };
    damage("HEAD:data/moves/2015/07");
    only(&findings(&env, &[]), "data/moves/2015/07", "damaged object", "git cannot read the folder: it is missing");
    damage("HEAD");
    only(&findings(&env, &[]), ".git", "damaged object", "cannot be read: it is missing");
}

#[test]
fn a_message_shows_the_finding_and_its_remedy() {
    let env = ArchiveEnv::new();
    archive(&env);
    std::fs::remove_file(env.path(FIVE)).unwrap();
    let ran = env.run(&["verify"]).code(5).stdout;
    assert_eq!(
        ran,
        format!(
            "{FIVE}: it is missing from the work tree; git has it [missing]\n    mend it: git checkout HEAD -- {FIVE}\n\
             1 finding: 3 files in 1 commit\n"
        )
    );
}

#[test]
fn an_archive_before_its_first_commit_has_nothing_to_verify() {
    let env = ArchiveEnv::new();
    env.git("", &["init", "-q"]);
    write(&env, "fitsnap.toml", "format = 1\n");
    env.run(&["verify"]).code(0).stdout("well: 0 files in 0 commits\n");
}
