//! `fitsnap demo`, on a machine of a person who has set up nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use crate::env::ArchiveEnv;

/// A machine without a git identity.
fn bare_machine() -> ArchiveEnv {
    let env = ArchiveEnv::new();
    std::fs::write(env.home().join(".gitconfig"), "").unwrap();
    env
}

#[test]
fn the_demo_shows_the_whole_tool_to_somebody_who_has_nothing() {
    let env = bare_machine();
    let ran = env.run(&["demo", "trial"]).code(0);
    for words in [
        "$ fitsnap init",
        "signing in",
        "$ fitsnap sync",
        "moves: 93 new",
        "1 new, 2 revised, 2 shrunk, 2 unchanged",
        "$ fitsnap log",
        "$ fitsnap verify --history",
        "fitsnap status",
        env.path("trial").to_str().unwrap(),
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    crate::machine::assert_silent(&(ran.stdout + &ran.stderr));

    assert_eq!(env.git("trial", &["status", "--porcelain"]), "");
    assert_eq!(env.git("trial", &["fsck", "--strict"]), "");
    let verified = env.run(&["-C", "trial", "verify", "--history", "--json"]).code(0).stdout;
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified["findings"], serde_json::json!([]));
    let log = env.run(&["-C", "trial", "log", "--json", "--kind", "grown,revised,shrunk"]).code(0).stdout;
    let told: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    // A walk uploaded late also alters the sums of its day: a revision.
    let mut kinds: Vec<_> = told.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["revised", "revised", "shrunk", "shrunk"]);
    assert!(told.iter().all(|one| one["commit"] == told[0]["commit"] && one["resources"]["storyline"].is_object()));
}

#[test]
fn the_demo_touches_nothing_that_is_there() {
    let env = bare_machine();
    std::fs::create_dir(env.path("mine")).unwrap();
    std::fs::write(env.path("mine/notes.txt"), "mine\n").unwrap();
    for place in ["mine", "mine/notes.txt"] {
        let ran = env.run(&["demo", place]).code(2);
        assert!(
            ran.stderr.contains("not an empty folder") && ran.stderr.contains("fitsnap demo DIR"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(std::fs::read_dir(env.path("mine")).unwrap().count(), 1);
}

#[cfg(unix)]
#[test]
fn a_demo_that_serves_stays_for_trials_until_it_is_interrupted() {
    let env = bare_machine();
    let mut command = env.command(env!("CARGO_BIN_EXE_fitsnap"));
    command.args(["demo", "trial", "--serve"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let (mut exports, mut line) = (Vec::new(), String::new());
    while !line.contains("Ctrl-C ends it") {
        line.clear();
        assert_ne!(said.read_line(&mut line).unwrap(), 0, "it ended");
        if let Some((name, value)) = line.trim().strip_prefix("export ").and_then(|set| set.split_once('=')) {
            exports.push((name.to_owned(), value.to_owned()));
        }
    }
    let settings = std::fs::read_to_string(env.path("trial/fitsnap.toml")).unwrap();
    let host = settings.split("http://").nth(1).unwrap().split('"').next().unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut manual = String::new();
    stream.read_to_string(&mut manual).unwrap();
    assert!(manual.contains("This is a pretend Moves"), "{manual}");

    // What it tells to type works.
    exports.iter().for_each(|(name, value)| env.set(name, value));
    env.git("trial", &["config", "user.name", "Demo Person"]);
    env.git("trial", &["config", "user.email", "demo@example.com"]);
    let ran = env.run(&["-C", "trial", "sync"]).code(0);
    assert_eq!(ran.stderr, "moves: nothing new, 7 unchanged\n");
    let killed = env.command("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    assert!(matches!(status.code(), Some(0 | 130)), "{status}");
    assert!(TcpStream::connect(host).is_err());
}
