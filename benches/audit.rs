//! Reading the past beside git: an archive of ten years and four providers, 14,600 day documents in
//! 3,650 commits, each of eight documents, as ratios to what `git log` takes in the same run.
//!
//! `cargo bench --bench audit`; with `FITSNAP_BENCH_FOLDER` the archive is made there, and kept.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};

const COMMITS: u64 = 3_650;
const PROVIDERS: [&str; 4] = ["moves", "fitbit", "runkeeper", "strava"];
const ROUNDS: usize = 5;

fn main() {
    // `cargo test --benches` only wants to know whether it builds.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("FITSNAP_BENCH_FOLDER").map_or(temporary.path().to_owned(), PathBuf::from);
    let folder = folder.as_path();
    if !folder.join(".git").exists() {
        std::fs::create_dir_all(folder).unwrap();
        build(folder);
    }
    let git = |args: &[&str]| time(folder, "git", args, |_| {});
    let fitsnap = |args: &[&str], cold: bool| {
        let forget = |folder: &Path| {
            if cold {
                let _ = std::fs::remove_dir_all(folder.join(".git/fitsnap"));
            }
        };
        time(folder, env!("CARGO_BIN_EXE_fitsnap"), args, forget)
    };
    let names = git(&["log", "--name-status", "--", "data/moves"]);
    let lines = git(&["log", "-p", "--", "data/moves"]);
    let one = git(&["log", "--", "data/moves/2016/03/04.json"]);
    println!("git log --name-status {names:?}, git log -p {lines:?}, git log -- FILE {one:?}");
    let moves = ["log", "--provider", "moves"];
    let page = ["log", "--provider", "moves", "-n", "20"];
    let json = ["log", "--provider", "moves", "--json"];
    let day = ["log", "--provider", "moves", "--day", "2016-03-04"];
    let rows = [
        ("first page, cold", fitsnap(&page, true), names / 10, "a tenth of git log --name-status"),
        ("whole list, cold", fitsnap(&moves, true), lines, "git log -p"),
        ("whole list, warm", fitsnap(&moves, false), names, "git log --name-status"),
        ("first page, warm", fitsnap(&page, false), names / 10, "a tenth of git log --name-status"),
        ("whole list as JSON, cold", fitsnap(&json, true), lines, "git log -p"),
        ("whole list as JSON, warm", fitsnap(&json, false), names, "git log --name-status"),
        ("one day, warm", fitsnap(&day, false), one, "git log -- FILE"),
        ("one day, cold", fitsnap(&day, true), one, "git log -- FILE"),
    ];
    for (what, took, beside, whose) in rows {
        println!("{what:26} {:5.2} of {whose} ({took:?})", took.as_secs_f64() / beside.as_secs_f64());
    }
}

/// The shortest time of several runs.
fn time(folder: &Path, program: &str, args: &[&str], before: impl Fn(&Path)) -> Duration {
    let run = |_| {
        before(folder);
        let begin = Instant::now();
        let mut command = Command::new(program);
        command.current_dir(folder).args(args).stdout(Stdio::null()).stderr(Stdio::null());
        assert!(command.env("GIT_PAGER", "cat").status().unwrap().success(), "{program} {args:?}");
        begin.elapsed()
    };
    (0..ROUNDS).map(run).min().unwrap()
}

fn build(folder: &Path) {
    let git = |args: &[&str]| {
        assert!(Command::new("git").current_dir(folder).args(args).status().unwrap().success(), "git {args:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    let mut import =
        Command::new("git").current_dir(folder).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    let mut input = std::io::BufWriter::new(import.stdin.take().unwrap());
    for at in 0..COMMITS {
        write!(input, "commit refs/heads/main\ncommitter A <a@example.com> {} +0000\ndata 5\nsync\n", seconds(at))
            .unwrap();
        if at == 0 {
            write!(input, "M 644 inline fitsnap.toml\ndata 11\nformat = 1\n\n").unwrap();
        }
        for provider in PROVIDERS {
            put(&mut input, provider, at, 0);
        }
        // Moves goes on changing a day for four days.
        for version in 1..=4.min(at) {
            put(&mut input, "moves", at - version, version);
        }
        writeln!(input).unwrap();
    }
    input.into_inner().unwrap();
    assert!(import.wait().unwrap().success());
    git(&["reset", "-q", "--hard"]);
    git(&["gc", "-q"]);
}

fn date(at: u64) -> NaiveDate {
    NaiveDate::from_ymd_opt(2010, 1, 1).unwrap() + Days::new(at)
}

fn seconds(at: u64) -> i64 {
    date(at).and_hms_opt(23, 0, 0).unwrap().and_utc().timestamp()
}

fn put(input: &mut impl std::io::Write, provider: &str, at: u64, version: u64) {
    let date = date(at);
    let text = document(provider, at, version);
    let (sums, path) = (date.format("%Y/%m/SHA256SUMS"), date.format("%Y/%m/%d.json"));
    write!(input, "M 644 inline data/{provider}/{path}\ndata {}\n{text}\n", text.len()).unwrap();
    let list = format!("{at} {version}\n");
    write!(input, "M 644 inline data/{provider}/{sums}\ndata {}\n{list}\n", list.len()).unwrap();
}

/// A day of about eight kilobytes; each version alters some points and adds one.
fn document(provider: &str, at: u64, version: u64) -> String {
    let day = date(at).format("%Y%m%d");
    let mut text = format!(
        "{{\n  \"date\": \"{}\",\n  \"provider\": \"{provider}\",\n  \"resources\": {{\n    \"storyline\": [\n      {{\n        \
         \"date\": \"{day}\",\n        \"segments\": [\n",
        date(at)
    );
    let mut noise = at.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        noise
    };
    let points = 80 + version;
    for point in 0..points {
        let (lat, lon) = (next() % 100_000, next() % 100_000);
        let altered = if point % 40 == version { version } else { 0 };
        let comma = if point + 1 < points { "," } else { "" };
        writeln!(
            text,
            "          {{\"lat\": 60.{lat:05}1, \"lon\": 24.{lon:05}1, \"startTime\": \"{day}T{:02}{:02}00+0300\", \"steps\": {}}}{comma}",
            point / 60 + 8,
            point % 60,
            point + altered
        )
        .unwrap();
    }
    text.push_str("        ]\n      }\n    ]\n  }\n}\n");
    text
}
