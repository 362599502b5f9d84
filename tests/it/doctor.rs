//! `fitsnap doctor`: what could stop tomorrow's sync, seen before it does.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::Value;

use crate::days::{archive, write};
use crate::env::ArchiveEnv;
use crate::machine::Machine;

/// What it says, after ending with this code.
#[track_caller]
fn look(env: &ArchiveEnv, code: i32) -> Vec<Value> {
    let told: Value = serde_json::from_str(&env.run(&["doctor", "--json"]).code(code).stdout).unwrap();
    assert_eq!(told["code"], code);
    told["checks"].as_array().unwrap().clone()
}

/// `problem sign-in moves: not signed in -> fitsnap login moves`, a line a check that is not well.
#[track_caller]
fn ails(env: &ArchiveEnv, code: i32) -> String {
    let checks = look(env, code);
    let text = |check: &Value, member: &str| check[member].as_str().unwrap_or_default().to_owned();
    let lines = checks.iter().filter(|check| check["state"] != "well").map(|check| {
        let about = [text(check, "state"), text(check, "check"), text(check, "provider")].join(" ");
        format!("{}: {} -> {}\n", about.trim_end(), text(check, "says"), text(check, "do"))
    });
    // The tests' own clock is set by hand.
    lines.filter(|line| !line.contains("FITSNAP_NOW sets it")).collect()
}

/// A host that answers every request with this status.
fn host(status: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 2_048]);
            let _ = write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    format!("http://{address}/ada/life.git")
}

#[test]
fn a_machine_that_is_well_ends_with_0() {
    let machine = Machine::synced();
    machine.env.git("", &["init", "-q", "--bare", "../remote.git"]);
    machine.env.git("", &["remote", "add", "origin", "../remote.git"]);
    machine.env.git("", &["push", "-qu", "origin", "main"]);
    assert_eq!(ails(&machine.env, 0), "");
    let said = machine.run(&["doctor"]).code(0).stdout;
    for line in [
        "well    sign-in moves: fitsnap renews it by itself\n",
        "well    remote: has every commit\n",
        "well    hooks: in place\n",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    assert!(said.contains("well    git: git version ") && said.contains("1 to look at"), "{said}");
}

#[test]
fn what_stops_a_sync_is_named_with_its_code_and_what_to_do() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\nbase_url = \"http://127.0.0.1:9\"\n");
    assert!(ails(&env, 3).contains("problem sign-in moves: not signed in -> fitsnap login moves\n"));
    // A service that is gone, unless something else speaks its API.
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\n");
    let said = ails(&env, 3);
    assert!(said.contains("problem service moves: Moves was shut down on 2018-07-31"), "{said}");
    env.set("FITSNAP_MOVES_ACCESS_TOKEN", "hush-9d2f7c55e1aa0b34");
    write(&env, "data/moves/2015/07/05.json", "mine");
    let said = ails(&env, 3);
    assert!(
        said.contains("problem archive: there are edits of your own under data/") && said.contains("git stash"),
        "{said}"
    );
    // The lowest code of all.
    write(
        &env,
        "fitsnap.toml",
        "format = 1\n[providers.moves]\nresources = [\"storylin\"]\nbase_url = \"http://127.0.0.1:9\"\n",
    );
    assert!(ails(&env, 2).contains("moves offers no resource \"storylin\""));
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\nwindos = 3\n");
    let said = ails(&env, 2);
    assert!(said.contains("problem settings: ") && said.contains("did you mean \"window\"?"), "{said}");
    write(&env, "fitsnap.toml", "format = 1\n");
    assert!(ails(&env, 6).contains("warning settings: fitsnap.toml names no provider"));
    env.git("", &["checkout", "-q", "--", "data"]);
    env.git("", &["checkout", "-q", "--detach"]);
    assert!(ails(&env, 6).contains("problem archive: HEAD is detached"));
}

#[test]
fn hooks_that_git_passes_over_are_seen() {
    let env = ArchiveEnv::new();
    archive(&env);
    env.run_program("chmod", &["-x", ".git/hooks/pre-commit"]).code(0);
    std::fs::remove_file(env.path(".git/hooks/pre-push")).unwrap();
    let said = ails(&env, 0);
    assert!(said.contains("pre-commit is not executable") && said.contains("-> chmod +x "), "{said}");
    assert!(said.contains("pre-push is missing -> fitsnap init\n"), "{said}");
    env.run(&["init"]).code(0);
    assert!(!ails(&env, 0).contains("hooks"));
    write(&env, ".git/hooks/pre-push", "#!/bin/sh\nexit 0\n");
    assert!(ails(&env, 0).contains("add this line to it: fitsnap hook pre-push \"$@\" || exit 1"));
}

#[test]
fn a_remote_that_anybody_can_read_or_that_lags_behind_is_seen() {
    let env = ArchiveEnv::new();
    archive(&env);
    assert!(ails(&env, 0).contains("warning remote: there is none: the archive is on this machine only"));
    let public = host("200 OK").replace("http://", "http://ada:hunter2@");
    env.git("", &["remote", "add", "origin", &public]);
    let said = ails(&env, 0);
    assert!(said.contains("warning public: anybody can read origin (http://127.0.0.1:"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
    env.git("", &["remote", "set-url", "origin", &host("401 Unauthorized")]);
    assert!(!ails(&env, 0).contains("public"));
    // Nobody listens there: that is no answer, and no answer is not "private".
    env.git("", &["remote", "set-url", "origin", "http://127.0.0.1:9/life.git"]);
    assert!(ails(&env, 0).contains("could not be asked: no answer"));
    env.git("", &["remote", "set-url", "origin", "../remote.git"]);
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    env.set_now("2099-01-01T00:00:00Z");
    let said = ails(&env, 0);
    assert!(
        said.contains("warning remote: lacks 2 commits, the oldest since ") && said.contains(" -> git push\n"),
        "{said}"
    );
    env.git("", &["push", "-qu", "origin", "main"]);
    env.git("", &["reset", "-q", "--hard", "HEAD~1"]);
    assert!(ails(&env, 0).contains("it has 1 commit that this clone lacks, so a push is refused -> git pull"));
}

#[test]
fn a_clock_behind_the_newest_commit_is_seen() {
    let env = ArchiveEnv::new();
    archive(&env);
    env.set_now("2001-01-01T00:00:00Z");
    let said = ails(&env, 0);
    assert!(
        said.contains("warning clock: it shows 2001-01-01 00:00 UTC, ") && said.contains("before the newest commit"),
        "{said}"
    );
}
