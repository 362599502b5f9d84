//! A first sync of 2,000 activities with long streams from loopback, beside fetching the same addresses
//! with curl and committing with git; then a second sync with nothing new.
//!
//! `cargo bench --bench activities`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod tools;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use fitsnap::pretend::{PretendStrava, StravaOptions};
use tools::{git, identity, timed};

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

    settle(folder.path());
    let (first, memory, _) = timed(fitsnap(folder.path(), &archive, &token, now));
    println!(
        "first sync of {ACTIVITIES} activities of {POINTS} points: {first:.2?}, {} MiB, {}",
        memory >> 10,
        asked(&strava)
    );
    let (second, memory, _) = timed(fitsnap(folder.path(), &archive, &token, now));
    println!("second sync: {second:.2?}, {} MiB, {}", memory >> 10, asked(&strava));

    settle(folder.path());
    let start = Instant::now();
    curled(&strava, folder.path(), &token);
    let plain = start.elapsed();
    // fitsnap returns when all is on the disk.
    settle(folder.path());
    let settled = start.elapsed();
    let ratio = |plain: Duration| first.as_secs_f64() / plain.as_secs_f64();
    println!("curl --parallel, git add and commit: {plain:.2?}; ratio {:.2}", ratio(plain));
    println!("the same until it is on the disk: {settled:.2?}; ratio {:.2}", ratio(settled));
}

/// What was asked since the last call.
fn asked(strava: &PretendStrava) -> String {
    let log = strava.take_log();
    let count = |part: &str| log.iter().filter(|one| one.path.contains(part)).count();
    let (lists, parts) = (count("/athlete/activities"), count("/api/v3/activities/"));
    let rest = log.len() - lists - parts;
    format!("{} requests: {lists} of the list, {parts} of activities, {rest} of the account", log.len())
}

/// Waits until all that was written is on the disk.
fn settle(folder: &Path) {
    assert!(Command::new("sync").arg("-f").arg(folder).status().unwrap().success());
}

/// Fetches detail and streams of every activity with curl and commits them with git.
fn curled(strava: &PretendStrava, folder: &Path, token: &str) {
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
    let mut curl = Command::new("curl");
    curl.current_dir(&plain).args(["--parallel", "--silent", "--create-dirs", "--header"]);
    curl.arg(format!("Authorization: Bearer {token}")).arg("--config").arg(folder.join("list"));
    assert!(curl.status().unwrap().success());
    git(&plain, &["add", "-A"]);
    git(&plain, &["commit", "-q", "-m", "all"]);
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
