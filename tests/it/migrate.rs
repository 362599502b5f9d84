//! `fitsnap migrate`

use std::collections::BTreeMap;

use crate::days::{archive, day, list_hashes, write};
use crate::env::ArchiveEnv;

const FOUR: &str = "data/moves/2015/07/04.json";
const FIVE: &str = "data/moves/2015/07/05.json";
const LIST: &str = "data/moves/2015/07/SHA256SUMS";

/// A document in a spelling of its own.
const ODD: &str = "{\"provider\":\"moves\",\r\n\t\"date\":\"2015-07-05\",\"resources\":{\"storyline\":[{\"steps\":70E2,\
                   \"place\":\"caf\\u00e9\",\"lat\":60.1699000,\"id\":2693271924383944911}]}}";

/// An archive whose days and lists another tool wrote: whole, in another form.
fn scene() -> ArchiveEnv {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, FIVE, ODD);
    list_hashes(&env, "data/moves/2015/07");
    let lines = text(&env, LIST);
    let lines: Vec<String> = lines.lines().rev().map(|line| line.replace("  ", " *") + "\r\n").collect();
    write(&env, LIST, &lines.concat());
    foreign(&env);
    env
}

fn foreign(env: &ArchiveEnv) {
    env.git("", &["add", "-A"]);
    env.git("", &["commit", "-qnm", "by another tool"]);
}

fn text(env: &ArchiveEnv, path: &str) -> String {
    std::fs::read_to_string(env.path(path)).unwrap()
}

/// The values of a document as another reader of JSON understands them.
fn values(text: &str) -> BTreeMap<String, serde_json::Value> {
    let mut root: serde_json::Value = serde_json::from_str(text).unwrap();
    let steps = root.pointer_mut("/resources/storyline/0/steps").unwrap();
    *steps = steps.as_f64().unwrap().into();
    serde_json::from_value(root).unwrap()
}

#[test]
fn what_is_in_another_form_is_respelled_and_no_value_changes() {
    let env = scene();
    env.run(&["verify"]).code(5);
    let head = env.git("", &["rev-parse", "HEAD"]);
    let shown = env.run(&["migrate", "--dry-run"]).code(0).stdout;
    assert_eq!(
        shown,
        format!("{FIVE}: spelled in canonical form\n{LIST}: made again from the files\n"),
        "what differs and nothing else"
    );
    assert_eq!((env.git("", &["rev-parse", "HEAD"]), text(&env, FIVE)), (head, ODD.to_owned()));
    env.run(&["migrate"]).code(0).stdout(&shown);
    assert_eq!(values(&text(&env, FIVE)), values(ODD));
    assert!(text(&env, FIVE).contains("2693271924383944911") && text(&env, FIVE).contains("\"steps\": 7000"));
    assert_eq!(text(&env, FOUR), day("2015-07-04", 4000));
    env.run(&["verify"]).code(0);
    env.run_program("sh", &["-c", "cd data/moves/2015/07 && sha256sum --quiet --strict -c SHA256SUMS"]).code(0);
    assert_eq!(env.git("", &["status", "--porcelain"]), "");
    let message = env.git("", &["log", "-1", "--format=%an %s%n%b"]);
    for line in [
        "Ada Archivist moves: 2 files reformatted",
        "Fitsnap-Provider: moves",
        "Fitsnap-Action: migrate",
        "Fitsnap-Format: 1",
    ] {
        assert!(message.contains(line), "{message}");
    }
    let log = env.run(&["log", "--json", "--kind", "reformatted"]).code(0).stdout;
    let revision: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert_eq!((&revision["date"], &revision["action"]), (&"2015-07-05".into(), &"migrate".into()));
    assert!(!env.run(&["log"]).code(0).stdout.contains("migrate"), "hidden unless asked for");
    let again = env.run(&["migrate"]).code(0);
    assert!(again.stdout.is_empty() && again.stderr.contains("nothing to migrate"), "{}", again.stderr);
}

#[test]
fn what_is_not_the_file_of_its_list_is_left_to_repair() {
    let env = scene();
    write(&env, FOUR, &day("2015-07-04", 1));
    foreign(&env);
    let head = env.git("", &["rev-parse", "HEAD"]);
    let ran = env.run(&["migrate"]).code(5);
    assert!(ran.stdout.contains(&format!("left to you: {FIVE}")) && !ran.stdout.contains("spelled"), "{}", ran.stdout);
    assert!(ran.stdout.contains("fitsnap repair"), "{}", ran.stdout);
    assert_eq!((env.git("", &["rev-parse", "HEAD"]), text(&env, FIVE)), (head, ODD.to_owned()));
    env.run(&["repair", "--yes"]).code(0);
    env.run(&["migrate"]).code(0);
}

#[test]
fn own_edits_stop_it_and_a_newer_format_is_refused() {
    let env = scene();
    write(&env, "data/moves/account.json", "{}");
    let said = env.run(&["migrate"]).code(6).stderr;
    assert!(said.contains("data/moves/account.json") && said.contains("git stash"), "{said}");
    env.git("", &["checkout", "-q", "data"]);
    let settings = text(&env, "fitsnap.toml");
    write(&env, "fitsnap.toml", &settings.replace("format = 1", "format = 2"));
    for command in ["migrate", "repair", "sync", "status", "verify"] {
        let said = env.run(&[command]).code(2).stderr;
        assert!(said.contains("format 2") && said.contains("install the newest fitsnap"), "{command}: {said}");
    }
    assert_eq!(text(&env, FIVE), ODD);
}

#[test]
fn a_list_of_nothing_is_no_matter_of_form() {
    let env = scene();
    env.run(&["migrate"]).code(0);
    std::fs::create_dir_all(env.path("data/moves/2014/06")).unwrap();
    write(&env, "data/moves/2014/06/SHA256SUMS", "");
    foreign(&env);
    env.run(&["verify"]).code(5);
    let ran = env.run(&["migrate"]).code(5);
    assert!((ran.stdout + &ran.stderr).contains("data/moves/2014/06/SHA256SUMS"));
}
