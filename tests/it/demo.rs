//! `fitsnap demo`, on a machine of a person who has set up nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use serde_json::Value;

use crate::env::ArchiveEnv;

/// A machine without a git identity, whose git signs with what is not there.
fn bare_machine() -> ArchiveEnv {
    let env = ArchiveEnv::new();
    std::fs::write(env.home().join(".gitconfig"), "[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = no-such-gpg\n")
        .unwrap();
    env
}

#[test]
fn the_demo_shows_the_whole_tool_to_somebody_who_has_nothing() {
    let env = bare_machine();
    // Secrets for the real services are not for the pretend ones.
    env.set("STRAVA_ACCESS_TOKEN", "of-the-real-one");
    env.set("FITSNAP_RUNKEEPER_CLIENT_ID", "of-the-real-one");
    let ran = env.run(&["demo", "trial"]).code(0);
    for words in [
        "$ fitsnap init",
        "signed in to Fitbit as Ada (7QXBMP)\nsigned in to Google Health as 1184467440737095516\n\
         signed in to Moves as 23138311640030064\nsigned in to Runkeeper as 12345678\n\
         signed in to Strava as Ada Archivist (9007199254740993)\n",
        "$ fitsnap sync",
        "fitbit: 12 new",
        "googlehealth: 11 new",
        "moves: 93 new",
        "runkeeper: 16 new",
        "strava: 24 new",
        "fitbit: 1 new, 2 revised, 1 shrunk, 3 unchanged",
        "googlehealth: 1 new, 2 grown, 2 revised, 1 shrunk, 1 unchanged",
        "moves: 1 new, 2 revised, 2 shrunk, 2 unchanged",
        "runkeeper: 2 new, 1 revised, 1 shrunk, 1 withdrawn, 1 unchanged",
        "strava: 2 new, 1 revised, 2 withdrawn, 3 unchanged",
        "$ fitsnap log --since 2015-07-12",
        "$ fitsnap verify --history",
        "fitsnap status",
        env.path("trial").to_str().unwrap(),
    ] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert!(ran.stdout.contains("heart: 71 samples added 06:15-23:45, 3 altered"), "{}", ran.stdout);
    let said = ran.stdout.clone() + &ran.stderr;
    let told = |line: &&str| !line.contains(env.home().to_str().unwrap());
    let wide: Vec<&str> = said.lines().filter(told).filter(|line| line.chars().count() > 80).collect();
    assert_eq!(wide, Vec::<&str>::new());
    crate::machine::assert_silent(&said);

    assert_eq!(env.git("trial", &["status", "--porcelain"]), "");
    assert_eq!(env.git("trial", &["fsck", "--strict"]), "");
    let verified = env.run(&["-C", "trial", "verify", "--history", "--json"]).code(0).stdout;
    let verified: Value = serde_json::from_str(&verified).unwrap();
    assert_eq!(verified["findings"], serde_json::json!([]));
    // A walk uploaded late also alters the sums of its day: a revision.
    for (provider, expected) in [
        ("fitbit", &["revised", "revised", "shrunk"][..]),
        ("googlehealth", &["grown", "grown", "revised", "revised", "shrunk"]),
        ("moves", &["revised", "revised", "shrunk", "shrunk"]),
        ("runkeeper", &["revised", "shrunk", "withdrawn"]),
        ("strava", &["revised", "withdrawn", "withdrawn"]),
    ] {
        let kinds = ["--provider", provider, "--kind", "grown,revised,shrunk,withdrawn"];
        let log = env.run(&[&["-C", "trial", "log", "--json"], &kinds[..]].concat()).code(0).stdout;
        let told: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let mut kinds: Vec<_> = told.iter().map(|one| one["kind"].as_str().unwrap()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, expected, "{provider}");
        assert!(told.iter().all(|one| one["commit"] == told[0]["commit"]), "{provider}");
    }
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
    let hosts: Vec<&str> = settings.split("http://").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let say = |host: &str, method: &str, path: &str| {
        let mut stream = TcpStream::connect(host).unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    for (host, title) in hosts.iter().zip(["Fitbit", "Google Health", "Moves", "Runkeeper", "Strava"]) {
        let manual = say(host, "GET", "/");
        assert!(manual.contains(&format!("This is a pretend {title}")), "{manual}");
        assert!(manual.contains("/pretend/fault?kind=K"), "{manual}");
    }

    // What it tells to type works.
    exports.iter().for_each(|(name, value)| env.set(name, value));
    env.git("trial", &["config", "user.name", "Demo Person"]);
    env.git("trial", &["config", "user.email", "demo@example.com"]);
    let ran = env.run(&["-C", "trial", "sync"]).code(0);
    assert_eq!(
        ran.stderr,
        "fitbit: nothing new, 7 unchanged\ngooglehealth: nothing new, 7 unchanged\nmoves: nothing new, 7 unchanged\n\
         runkeeper: nothing new, 4 unchanged\nstrava: nothing new, 3 unchanged\n"
    );
    // And so do the tasks on the front pages, each in its own way.
    for (host, task) in [
        (hosts[0], "alter?day=2015-07-08&count=2"),
        (hosts[1], "late?day=2015-07-09"),
        (hosts[2], "alter?day=2015-07-06"),
        (hosts[3], "upload?feed=/sleep&day=2015-06-01"),
        (hosts[4], "upload?day=2015-06-01"),
    ] {
        assert!(say(host, "POST", &format!("/pretend/{task}")).contains("done"), "{task}");
        assert!(say(host, "POST", "/pretend/upload?day=June").starts_with("HTTP/1.1 400"), "{task}");
        assert!(say(host, "GET", "/pretend/log").contains("GET /"), "{task}");
    }
    let ran = env.run(&["-C", "trial", "sync"]).code(0);
    for words in
        ["fitbit: 1 revised", "googlehealth: 1 revised", "moves: 1 revised", "runkeeper: 1 new", "strava: 1 new"]
    {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    say(hosts[4], "POST", "/pretend/fault?kind=status-503&path=/athlete/activities");
    env.set("FITSNAP_PATIENCE", "6000");
    env.run(&["-C", "trial", "sync"]).code(4);
    let killed = env.command("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(killed.success());
    let status = child.wait().unwrap();
    assert!(matches!(status.code(), Some(0 | 130)), "{status}");
    assert!(hosts.iter().all(|host| TcpStream::connect(host).is_err()));
}
