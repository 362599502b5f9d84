//! `fitsnap config`: single settings, comments kept, a schema for editors.

use serde_json::Value;

use crate::days::write;
use crate::env::ArchiveEnv;

const SETTINGS: &str = "# Ada's archive\nformat = 1\n\n[providers.moves] # gone since 2018\nwindow = 9       # days\n";

fn archive() -> ArchiveEnv {
    let env = ArchiveEnv::new();
    env.run(&["init"]).code(0);
    write(&env, "fitsnap.toml", SETTINGS);
    env
}

fn settings(env: &ArchiveEnv) -> String {
    std::fs::read_to_string(env.path("fitsnap.toml")).unwrap()
}

#[test]
fn a_setting_is_read_and_set_and_the_comments_stay() {
    let env = archive();
    env.run(&["config", "get", "providers.moves.window"]).code(0).stdout("9\n");
    env.run(&["config", "get", "providers.moves.kind"]).code(0).stdout("moves\n");
    let said = env.run(&["config", "get", "providers.moves.since"]).code(1).stderr;
    assert!(said.contains("providers.moves.since is not set"), "{said}");
    let ran = env.run(&["config", "set", "providers.moves.window", "14"]).code(0);
    assert_eq!(settings(&env), SETTINGS.replace('9', "14"));
    assert!(ran.stdout.is_empty() && ran.stderr.contains("git commit"), "{}", ran.stderr);
    assert!(env.run(&["config", "set", "providers.moves.window", "14"]).code(0).stderr.contains("is that already"));
    env.run(&["config", "set", "providers.strava.types", "Run", "Ride"]).code(0);
    env.run(&["config", "get", "providers.strava.types"]).code(0).stdout("Run\nRide\n");
    env.run(&["config", "list"])
        .code(0)
        .stdout("format = 1\nproviders.moves.window = 14\nproviders.strava.types = [\"Run\", \"Ride\"]\n");
    let listed: Value = serde_json::from_str(&env.run(&["config", "list", "--json"]).code(0).stdout).unwrap();
    assert_eq!(listed["providers"]["strava"]["types"][1], "Ride");
    env.run(&["config", "unset", "providers.strava.types"]).code(0);
    env.run(&["config", "get", "providers.strava.types"]).code(1);
    assert!(env.run(&["config", "unset", "providers.strava.types"]).code(0).stderr.contains("is not set"));
    // From a folder below, as every command.
    let folder = env.path("data");
    std::fs::create_dir_all(&folder).unwrap();
    env.run(&["-C", "data", "config", "set", "providers.moves.window", "3"]).code(0);
    assert!(settings(&env).contains("window = 3       # days"));
}

#[test]
fn what_a_sync_would_refuse_is_refused_and_nothing_is_written() {
    let env = archive();
    for (args, words) in [
        (&["providers.moves.window", "0"][..], "1 or more"),
        (&["providers.moves.windwo", "3"], "did you mean \"providers.moves.window\"?"),
        (&["moves.window", "3"], "did you mean \"providers.moves.window\"?"),
        (&["providers.moves.resources", "storylin"], "offers no resource \"storylin\""),
        (&["providers.walks.window", "3"], "\"walks\" is no service"),
        (&["providers.moves.base_url", "http://example.com"], "plain http"),
        (&["format", "2"], "is not set by hand\nhint: fitsnap config list shows it; fitsnap migrate "),
    ] {
        let said = env.run(&[&["config", "set"], args].concat()).code(2).stderr;
        assert!(said.contains(words), "{args:?}: {said}");
        assert_eq!(settings(&env), SETTINGS);
    }
    write(&env, "fitsnap.toml", "format = ");
    assert!(env.run(&["config", "set", "providers.moves.window", "3"]).code(2).stderr.contains("not TOML"));
    assert!(env.run(&["config", "list"]).code(2).stderr.contains("not TOML"));
}

#[test]
fn the_schema_knows_the_services_and_needs_no_archive() {
    let env = ArchiveEnv::new();
    let schema: Value = serde_json::from_str(&env.run(&["config", "schema"]).code(0).stdout).unwrap();
    let keys = &schema["properties"]["providers"]["additionalProperties"]["properties"];
    assert!(keys["kind"]["enum"].as_array().unwrap().contains(&"strava".into()), "{keys}");
    assert_eq!(keys["detail"]["enum"][0], "1sec");
}
