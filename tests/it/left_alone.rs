//! fitsnap left to a timer: what it says when nobody looks, and to whom.

use serde_json::{Value, json};

use crate::machine::Machine;

/// A machine whose archive has a remote and was pushed once.
fn pushed() -> Machine {
    let machine = Machine::synced();
    machine.env.git("", &["init", "-q", "--bare", "../remote.git"]);
    machine.env.git("", &["remote", "add", "origin", "../remote.git"]);
    machine.env.git("", &["push", "-qu", "origin", "main"]);
    machine
}

fn attention(machine: &Machine) -> Value {
    let told: Value = serde_json::from_str(&machine.run(&["status", "--json"]).code(0).stdout).unwrap();
    told["attention"].clone()
}

#[test]
fn a_good_sync_says_nothing_where_quiet_is_wished_and_a_bad_one_says_why() {
    let machine = Machine::new();
    for command in ["sync", "verify", "status", "migrate"] {
        let ran = machine.run(&["--quiet", command]).code(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), ("", ""), "{command}");
    }
    machine.at("2015-07-12T06:00:00Z");
    machine.moves.revoke();
    let said = machine.sync(&["-q"]).code(3).stderr;
    assert!(said.starts_with("error: moves: "), "{said}");
    std::fs::write(machine.env.path("data/moves/account.json"), "{}").unwrap();
    let ran = machine.run(&["verify", "-q"]).code(5);
    assert!(ran.stdout.contains("data/moves/account.json") && ran.stdout.contains("1 finding"), "{}", ran.stdout);
}

#[test]
fn five_days_without_a_good_sync_are_told_by_status_and_by_the_next_run() {
    let machine = Machine::synced();
    machine.at("2015-07-16T05:00:00Z");
    assert_eq!(attention(&machine), Value::Null);
    machine.at("2015-07-17T07:00:00Z");
    let says = "the last good sync was 6 d 1 h ago, on 2015-07-11 06:00 UTC";
    let told = attention(&machine);
    assert_eq!((&told[0]["provider"], &told[0]["says"]), (&json!("moves"), &json!(says)));
    assert!(told[0]["since"].as_str().unwrap().starts_with("2015-07-11T06:00:"), "{told}");
    let ran = machine.run(&["status", "--quiet"]).code(0);
    assert!(ran.stdout.is_empty() && ran.stderr.contains(&format!("warning: moves: {says}")), "{}", ran.stderr);
    // Losing what fitsnap remembers costs nothing: the commits tell.
    std::fs::remove_dir_all(machine.env.path(".git/fitsnap")).unwrap();
    let said = machine.sync(&["--quiet"]).code(0).stderr;
    assert!(said.contains(&format!("warning: moves: {says}")) && said.contains("fitsnap doctor"), "{said}");
    assert_eq!(machine.sync(&["--quiet"]).code(0).stderr, "");
}

#[test]
fn a_provider_that_never_came_through_is_told_since_it_was_named() {
    let machine = Machine::new();
    machine.env.set("GIT_AUTHOR_DATE", "2015-07-11T06:00:00Z");
    machine.env.set("GIT_COMMITTER_DATE", "2015-07-11T06:00:00Z");
    machine.env.git("", &["commit", "-q", "--amend", "--no-edit", "--reset-author"]);
    assert_eq!(attention(&machine), Value::Null);
    machine.at("2015-07-17T07:00:00Z");
    let told = attention(&machine);
    assert_eq!(told[0]["says"], "no good sync yet, and fitsnap.toml has named it since 2015-07-11 06:00 UTC");
}

#[test]
fn commits_that_nobody_pushed_are_told_by_the_next_days_sync_and_by_status() {
    let machine = pushed();
    machine.at("2015-07-12T06:00:00Z");
    assert_eq!(machine.sync(&["--quiet"]).code(0).stderr, "");
    assert_eq!(attention(&machine), Value::Null);
    machine.at("2015-07-13T05:30:00Z");
    let said = machine.sync(&["--quiet"]).code(0).stderr;
    assert!(said.contains("1 commit waits for its push since 2015-07-12 06:00 UTC"), "{said}");
    assert!(said.contains("see why with: git push"), "{said}");
    let told = attention(&machine);
    assert_eq!((&told[0]["provider"], &told[1]), (&Value::Null, &Value::Null), "{told}");
    assert!(told[0]["says"].as_str().unwrap().starts_with("2 commits wait"), "{told}");
    machine.env.git("", &["push", "-q"]);
    assert_eq!(attention(&machine), Value::Null);
}
