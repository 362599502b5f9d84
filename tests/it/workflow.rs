//! The README's CI workflow: its steps, run as a runner does that forgets everything but its cache

use crate::env::Ran;
use crate::machine::{Machine, assert_silent, options};

/// The script of a step of the workflow in the README.
fn script(step: &str) -> String {
    let readme = include_str!("../../README.md");
    let workflow = readme.split("<!-- workflow -->").nth(1).unwrap();
    let (_, rest) = workflow.split_once(&format!("- name: {step}\n")).unwrap();
    let lines = rest.lines().skip_while(|line| !line.ends_with("run: |")).skip(1);
    let lines = lines.take_while(|line| line.starts_with("          "));
    lines.map(|line| format!("{}\n", &line[10..])).collect()
}

#[test]
fn the_readmes_workflow_syncs_and_pushes_and_carries_rotated_tokens_on() {
    let machine = Machine::signed_out(options("2015-07-01"));
    let env = &machine.env;
    if env.command("gpg").arg("--version").output().is_err() {
        return;
    }
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    env.git("", &["push", "-q", "../remote.git", "main"]);
    let (_, refresh) = machine.moves.issue_tokens();
    for (name, value) in [
        ("FITSNAP_MOVES_REFRESH_TOKEN", refresh.as_str()),
        ("STATE_PASSPHRASE", "correct horse"),
        ("GITHUB_ACTOR", "ada"),
    ] {
        env.set(name, value);
    }
    let step = |name: &str| -> Ran {
        let script = format!("cd ../run && set -eo pipefail\n{}", script(name));
        let ran = env.run_program("bash", &["--noprofile", "--norc", "-c", &script]);
        assert_silent(&ran.stdout);
        assert_silent(&ran.stderr);
        ran
    };
    let begin = |now: &str| {
        machine.at(now);
        for folder in ["run", "state"] {
            let _ = std::fs::remove_dir_all(env.home().join(folder));
        }
        env.git("", &["clone", "-q", "../remote.git", "../run"]);
    };
    for now in ["2015-07-11T06:00:00Z", "2015-07-12T06:00:00Z"] {
        begin(now);
        // The token that was given is worth nothing from the first renewal on.
        machine.moves.expire_tokens();
        for name in ["tokens of the last run", "sync and push", "tokens for the next run"] {
            step(name).code(0);
        }
        let day = format!("data/moves/{}.json", now[..10].replace('-', "/"));
        env.git("../remote.git", &["cat-file", "-e", &format!("main:{day}")]);
    }
    let kept = std::fs::read(env.home().join("state.gpg")).unwrap();
    assert_silent(&String::from_utf8_lossy(&kept));
    // Without what was kept there is no way on.
    begin("2015-07-13T06:00:00Z");
    machine.moves.expire_tokens();
    env.run_program("rm", &["../state.gpg"]).code(0);
    step("tokens of the last run").code(0);
    step("sync and push").code(1);
    let _ = env.command("gpgconf").args(["--kill", "all"]).output();
}
