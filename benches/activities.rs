//! A first sync of 2,000 activities with long streams from loopback, beside fetching the same addresses
//! with curl and committing with git; then a second sync with nothing new.
//!
//! `cargo bench --bench activities`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use fitsnap::pretend::{PretendStrava, StravaOptions};

const ACTIVITIES: usize = 2_000;
const POINTS: usize = 5_000;

fn main() {
    let now: DateTime<Utc> = "2015-07-11T06:00:00Z".parse().unwrap();
    let mut options = StravaOptions::new(ACTIVITIES, now);
    (options.points, options.quarter_limit, options.day_limit) = (POINTS, 1_000_000, 1_000_000);
    let strava = PretendStrava::start(options).unwrap();
    let token = strava.issue_tokens().0;
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    git(folder.path(), &["init", "-q", "-b", "main", "archive"]);
    let settings = format!("format = 1\n[providers.strava]\nbase_url = \"{}\"\n", strava.base_url());
    fs::write(archive.join("fitsnap.toml"), settings).unwrap();
    fs::write(archive.join(".gitattributes"), "data/** -text\n").unwrap();
    git(&archive, &["add", "-A"]);
    git(&archive, &["commit", "-q", "-m", "new"]);

    let (first, memory) = timed(fitsnap(folder.path(), &archive, &token, now));
    let requests = strava.take_log().len();
    println!(
        "first sync of {ACTIVITIES} activities of {POINTS} points: {first:.2?}, {requests} requests, {} MiB",
        memory >> 10
    );
    let (second, memory) = timed(fitsnap(folder.path(), &archive, &token, now));
    let asked = strava.take_log();
    let lists = asked.iter().filter(|one| one.path.ends_with("/athlete/activities")).count();
    println!("second sync: {second:.2?}, {} requests, {lists} of them the list, {} MiB", asked.len(), memory >> 10);

    let plain = curled(&strava, folder.path(), &token);
    let ratio = first.as_secs_f64() / plain.as_secs_f64();
    println!("curl --parallel, git add and commit: {plain:.2?}; ratio {ratio:.2}");
}

/// Fetches detail and streams of every activity with curl and commits them with git.
fn curled(strava: &PretendStrava, folder: &Path, token: &str) -> Duration {
    let keys = "time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth";
    let mut list = String::new();
    for (id, day) in strava.activities() {
        let address = format!("{}/api/v3/activities/{id}", strava.base_url());
        let file = format!("data/{}-{id}", day.format("%Y/%m/%d"));
        list += &format!("url = \"{address}?include_all_efforts=true\"\noutput = \"{file}.json\"\n");
        list +=
            &format!("url = \"{address}/streams?keys={keys}&key_by_type=true\"\noutput = \"{file}-streams.json\"\n");
    }
    git(folder, &["init", "-q", "plain"]);
    let plain = folder.join("plain");
    fs::write(folder.join("list"), list).unwrap();
    let start = Instant::now();
    let mut curl = Command::new("curl");
    curl.current_dir(&plain).args(["--parallel", "--silent", "--create-dirs", "--header"]);
    curl.arg(format!("Authorization: Bearer {token}")).arg("--config").arg(folder.join("list"));
    assert!(curl.status().unwrap().success());
    git(&plain, &["add", "-A"]);
    git(&plain, &["commit", "-q", "-m", "all"]);
    start.elapsed()
}

fn fitsnap(home: &Path, archive: &Path, token: &str, now: DateTime<Utc>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitsnap"));
    command
        .env("FITSNAP_STATE_DIR", home.join("state"))
        .env("FITSNAP_CONFIG_DIR", home.join("config"))
        .env("FITSNAP_NOW", now.to_rfc3339())
        .env("STRAVA_ACCESS_TOKEN", token)
        .envs(identity())
        .stdout(Stdio::null());
    command.arg("-C").arg(archive).arg("sync").spawn().unwrap()
}

fn identity() -> [(&'static str, &'static str); 6] {
    [
        ("GIT_AUTHOR_NAME", "Bench"),
        ("GIT_AUTHOR_EMAIL", "bench@example.com"),
        ("GIT_COMMITTER_NAME", "Bench"),
        ("GIT_COMMITTER_EMAIL", "bench@example.com"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
    ]
}

/// How long a run takes, and the most memory it held, in KiB (on Linux).
fn timed(mut child: Child) -> (Duration, u64) {
    let start = Instant::now();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
        peak = peak.max(held.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success());
            return (start.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn git(folder: &Path, args: &[&str]) {
    let mut git = Command::new("git");
    assert!(git.arg("-C").arg(folder).args(args).envs(identity()).status().unwrap().success());
}
