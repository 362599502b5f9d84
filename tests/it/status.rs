//! `fitsnap status`, and what the tool tells of itself

use serde_json::{Value, json};

use crate::days::{archive, day, list_hashes, write};
use crate::env::ArchiveEnv;

fn status(env: &ArchiveEnv) -> Value {
    serde_json::from_str(&env.run(&["status", "--json"]).code(0).stdout).unwrap()
}

#[test]
fn status_tells_days_gaps_sign_in_and_commits_not_pushed() {
    let env = ArchiveEnv::new();
    archive(&env);
    assert_eq!(
        status(&env),
        json!({"providers": {"moves": {"days": 2, "first": "2015-07-04", "last": "2015-07-05", "gaps": [],
            "last_sync": null, "signed_in": false}}, "unpushed": null})
    );
    write(&env, "data/moves/2015/07/09.json", &day("2015-07-09", 1));
    list_hashes(&env, "data/moves/2015/07");
    env.git("", &["add", "data"]);
    let message =
        "moves: 1 new\n\nnew  2015-07-09\n\nFitsnap-Provider: moves\nFitsnap-Action: sync\nFitsnap-Format: 1\n";
    env.set("GIT_COMMITTER_DATE", "2015-07-10T06:00:03Z");
    env.git("", &["commit", "-qm", message]);
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    env.git("", &["remote", "add", "origin", "../remote.git"]);
    assert_eq!(status(&env)["unpushed"], 3);
    env.git("", &["push", "-q", "origin", "main~1:refs/heads/main"]);
    env.set("FITSNAP_MOVES_ACCESS_TOKEN", "hush-9d2f7c55e1aa0b34");
    let now = status(&env);
    assert_eq!(now["unpushed"], 1);
    assert_eq!(now["providers"]["moves"]["gaps"], json!(["2015-07-06", "2015-07-07", "2015-07-08"]));
    assert_eq!(now["providers"]["moves"]["last_sync"], "2015-07-10T06:00:03Z");
    assert_eq!(now["providers"]["moves"]["signed_in"], true);
    env.run(&["status"]).code(0).stdout(
        "moves: 3 days, 2015-07-04 to 2015-07-09\n  3 missing between: 2015-07-06 to 2015-07-08\n  \
         last sync: 2015-07-10T06:00:03Z\n  signed in\n1 commit is not pushed\n",
    );
    env.git("", &["push", "-qu", "origin", "main"]);
    assert_eq!(status(&env)["unpushed"], 0);
}

#[test]
fn status_lists_a_provider_that_has_no_day_yet_and_says_where_no_archive_is() {
    let env = ArchiveEnv::new();
    let said = env.run(&["status"]).code(2).stderr;
    assert!(said.contains("no fitsnap archive") && said.contains("fitsnap init"), "{said}");
    env.run(&["init"]).code(0);
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\n");
    let now = status(&env);
    assert_eq!(now["providers"]["moves"]["days"], 0);
    assert_eq!(now["providers"]["moves"]["first"], Value::Null);
}

#[test]
fn providers_tells_what_each_service_offers() {
    let env = ArchiveEnv::new();
    let said = env.run(&["providers"]).code(0).stdout;
    assert!(said.contains("moves: ") && said.contains("storyline") && said.contains("days a request"), "{said}");
    let line: Value = serde_json::from_str(&env.run(&["providers", "moves", "--json"]).code(0).stdout).unwrap();
    assert_eq!(line["kind"], "moves");
    assert_eq!(line["resources"][0]["name"], "storyline");
    let said = env.run(&["providers", "garmin"]).code(2).stderr;
    assert!(said.contains("garmin") && said.contains("it knows moves"), "{said}");
}

#[test]
fn the_manual_knows_the_commands_but_not_the_hidden_ones() {
    let env = ArchiveEnv::new();
    let page = env.run(&["man"]).code(0).stdout;
    assert!(page.contains(".TH FITSNAP 1") && page.contains("verify"), "{page}");
    assert!(page.contains(".SH EXAMPLES\n.nf\n  fitsnap demo ") && !page.contains("EXTRA"), "{page}");
    env.run(&["man", "--out", "pages"]).code(0);
    let mut names: Vec<String> = std::fs::read_dir(env.path("pages"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert!(names.contains(&"fitsnap.1".to_owned()) && names.contains(&"fitsnap-verify.1".to_owned()), "{names:?}");
    assert!(!names.iter().any(|name| name.contains("hook") || name.contains("help")), "{names:?}");
}
