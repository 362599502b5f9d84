//! A year of one-second heart rates from loopback, beside fetching the same addresses with curl and
//! committing with git; a second sync; and what git keeps of it, beside the same days as `serde_json` prints
//! them.
//!
//! `cargo bench --bench days`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod tools;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, Utc};
use fitsnap::pretend::{FitbitOptions, PretendFitbit};
use tools::{git, identity, timed};

const DAYS: u64 = 365;

/// One every five seconds, as a tracker keeps them.
const SAMPLES: u32 = 17_280;

fn main() {
    let now: DateTime<Utc> = "2015-07-11T22:00:00Z".parse().unwrap();
    let first = now.date_naive() - Days::new(DAYS - 1);
    let mut options = FitbitOptions::new(first, now);
    options.zone = chrono_tz::UTC;
    (options.heart_samples, options.hour_limit) = (SAMPLES, 1_000_000);
    let fitbit = PretendFitbit::start(options).unwrap();
    // The day that runs must not grow between two runs.
    fitbit.hand_over(Some(now));
    let token = fitbit.issue_tokens().0;
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("archive");
    git(folder.path(), &["init", "-q", "-b", "main", "archive"]);
    let settings = format!("format = 1\n[providers.fitbit]\nbase_url = \"{}\"\n", fitbit.base_url());
    fs::write(archive.join("fitsnap.toml"), settings).unwrap();
    fs::write(archive.join(".gitattributes"), "data/** -text\n").unwrap();
    git(&archive, &["add", "-A"]);
    git(&archive, &["commit", "-q", "-m", "new"]);

    let (whole, memory, _) = timed(fitsnap(folder.path(), &archive, &token, now));
    let requests = fitbit.take_log().len();
    println!(
        "first sync of {DAYS} days of {SAMPLES} heart rates: {whole:.2?}, {requests} requests, {} MiB",
        memory >> 10
    );
    let (again, memory, _) = timed(fitsnap(folder.path(), &archive, &token, now));
    println!("second sync: {again:.2?}, {} requests, {} MiB", fitbit.take_log().len(), memory >> 10);
    let plain = curled(&fitbit, folder.path(), &token, first);
    println!(
        "curl --parallel, git add and commit: {plain:.2?}; ratio {:.2}",
        whole.as_secs_f64() / plain.as_secs_f64()
    );
    let (ours, files) = packed(&archive);
    let pretty = folder.path().join("pretty");
    git(folder.path(), &["init", "-q", "pretty"]);
    for path in days(&archive.join("data/fitbit")) {
        let document: serde_json::Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let place = pretty.join(path.strip_prefix(&archive).unwrap());
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, serde_json::to_string_pretty(&document).unwrap()).unwrap();
    }
    git(&pretty, &["add", "-A"]);
    git(&pretty, &["commit", "-q", "-m", "all"]);
    let (theirs, their_files) = packed(&pretty);
    println!(
        "git keeps {} KiB of {} KiB; of serde_json's pretty print {} KiB of {} KiB; ratio {:.2}",
        ours >> 10,
        files >> 10,
        theirs >> 10,
        their_files >> 10,
        ours as f64 / theirs as f64
    );
}

/// Fetches the samples of every day with curl and commits them with git.
fn curled(fitbit: &PretendFitbit, folder: &Path, token: &str, first: chrono::NaiveDate) -> Duration {
    let mut list = String::new();
    for day in first.iter_days().take(DAYS as usize) {
        let address = format!("{}/1/user/-/activities/heart/date/{day}/1d/1sec.json", fitbit.base_url());
        list += &format!("url = \"{address}\"\noutput = \"data/{}.json\"\n", day.format("%Y/%m/%d"));
    }
    git(folder, &["init", "-q", "plain"]);
    let plain = folder.join("plain");
    fs::write(folder.join("list"), list).unwrap();
    let start = Instant::now();
    let mut curl = Command::new("curl");
    curl.current_dir(&plain).args(["--parallel", "--silent", "--no-progress-meter", "--create-dirs", "--header"]);
    curl.arg(format!("Authorization: Bearer {token}")).arg("--config").arg(folder.join("list"));
    assert!(curl.status().unwrap().success());
    git(&plain, &["add", "-A"]);
    git(&plain, &["commit", "-q", "-m", "all"]);
    start.elapsed()
}

/// How many bytes git keeps of a repository, and how many its day documents have.
fn packed(repository: &Path) -> (u64, u64) {
    git(repository, &["gc", "-q", "--prune=now"]);
    let size = |path: &Path| fs::metadata(path).unwrap().len();
    let packs = files(&repository.join(".git/objects")).iter().map(|path| size(path)).sum();
    (packs, days(&repository.join("data/fitbit")).iter().map(|path| size(path)).sum())
}

/// The day documents below a folder.
fn days(folder: &Path) -> Vec<std::path::PathBuf> {
    let is_day = |path: &std::path::PathBuf| {
        path.extension().is_some_and(|end| end == "json") && !path.ends_with("account.json")
    };
    files(folder).into_iter().filter(is_day).collect()
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let (mut found, mut open) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found
}

fn fitsnap(home: &Path, archive: &Path, token: &str, now: DateTime<Utc>) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitsnap"));
    command
        .env("FITSNAP_STATE_DIR", home.join("state"))
        .env("FITSNAP_CONFIG_DIR", home.join("config"))
        .env("FITSNAP_NOW", now.to_rfc3339())
        .env("FITSNAP_FITBIT_ACCESS_TOKEN", token)
        .envs(identity())
        .stdout(Stdio::null());
    command.arg("-C").arg(archive).args(["sync", "--only", "heart"]).spawn().unwrap()
}
