//! The archive's work beside git's own, as ratios within one run:
//! a first sync of ten years over HTTP, and a daily sync in an archive of forty provider-years.
//!
//! `cargo bench --bench archive`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, NaiveDate, Utc};
use fitsnap::pretend::{Pretend, PretendOptions};
use sha2::{Digest, Sha256};

const DAYS: u64 = 3_650;
const PROVIDERS: [&str; 4] = ["moves", "moves-b", "moves-c", "moves-d"];
const CHANGED: u64 = 8;
const ROUNDS: usize = 3;

fn main() {
    let now: DateTime<Utc> = "2015-07-11T06:00:00Z".parse().unwrap();
    // `cargo bench --bench archive -- daily` runs that one alone.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let runs = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    if runs("first") {
        first_sync(now);
    }
    if runs("daily") {
        daily_sync(now);
    }
}

/// Ten years of days of about 8 KB from loopback, HTTP included, beside writing the same files and
/// `git add -A && git commit`.
fn first_sync(now: DateTime<Utc>) {
    let (mut ours, mut gits, mut peak, mut size) = (Vec::new(), Vec::new(), 0, 0);
    for _ in 0..ROUNDS {
        let folder = tempfile::tempdir().unwrap();
        let moves = pretend(now, now.date_naive() - Days::new(DAYS - 1));
        let archive = folder.path().join("archive");
        make_archive(folder.path(), &archive, &moves);
        assert!(Command::new("sync").status().unwrap().success());
        let (time, memory) = timed(fitsnap(folder.path(), &moves, now).args(["-C"]).arg(&archive).arg("sync"));
        ours.push(time);
        peak = peak.max(memory);

        let files = collect(&archive.join("data"));
        size = files.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() / files.len();
        assert!(Command::new("sync").status().unwrap().success());
        let plain = folder.path().join("plain");
        git(folder.path(), &["init", "-q", "plain"]);
        let start = Instant::now();
        for (path, bytes) in &files {
            let path = plain.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        git(&plain, &["add", "-A"]);
        git(&plain, &["commit", "-q", "-m", "all"]);
        gits.push(start.elapsed());
    }
    let (ours, gits) = (median(ours), median(gits));
    println!("first sync of {DAYS} days of {size} bytes: {ours:.2?}, peak memory {} MiB", peak / 1_024);
    println!("  writing the same files, git add and commit: {gits:.2?}; ratio {:.2}", ratio(ours, gits));
}

/// Eight changed days in an archive of 14,600 files and 3,650 commits, beside git on the same change.
fn daily_sync(now: DateTime<Utc>) {
    let folder = tempfile::tempdir().unwrap();
    let first = now.date_naive() - Days::new(DAYS - 1);
    let moves = pretend(now, first);
    let base = folder.path().join("base");
    fast_import(folder.path(), &base, &moves, first);
    for ago in 0..CHANGED {
        let day = now.date_naive() - Days::new(ago);
        if moves.alter_segment(day).is_err() {
            moves.replace_day(day, &format!("{{\"date\":\"{}\",\"segments\":[]}}", day.format("%Y%m%d")));
        }
    }
    let (mut ours, mut gits) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let synced = copy(&base, &folder.path().join(format!("synced-{round}")));
        // The first run of all pays once for what fitsnap keeps of the history; every later one does not.
        let warm = &["sync", "--since", "2015-06-01", "--until", "2015-06-01"];
        let _ = timed(fitsnap(folder.path(), &moves, now).arg("-C").arg(&synced).args(warm));
        let sync = ["sync", "moves", "--window", "8", "--accept-loss"];
        ours.push(timed(fitsnap(folder.path(), &moves, now).arg("-C").arg(&synced).args(sync)).0);

        let plain = copy(&base, &folder.path().join(format!("plain-{round}")));
        let changed = git(&synced, &["diff", "--name-only", "HEAD~1"]);
        for path in changed.lines() {
            fs::create_dir_all(plain.join(path).parent().unwrap()).unwrap();
            fs::copy(synced.join(path), plain.join(path)).unwrap();
        }
        let start = Instant::now();
        git(&plain, &["add", "-A"]);
        git(&plain, &["commit", "-q", "-m", "day"]);
        gits.push(start.elapsed());
        assert!(changed.lines().count() as u64 >= CHANGED, "{changed}");
    }
    let (ours, gits) = (median(ours), median(gits));
    println!("daily sync of {CHANGED} changed days in {} files and {DAYS} commits: {ours:.2?}", DAYS * 4);
    println!("  git add and commit there: {gits:.2?}; ratio {:.2}", ratio(ours, gits));
}

fn pretend(now: DateTime<Utc>, first: NaiveDate) -> Pretend {
    let mut options = PretendOptions::new(first, now);
    (options.minute_limit, options.hour_limit) = (1_000_000, 1_000_000);
    Pretend::start(options).unwrap()
}

fn fitsnap(home: &Path, moves: &Pretend, now: DateTime<Utc>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitsnap"));
    command
        .env("FITSNAP_STATE_DIR", home.join("state"))
        .env("FITSNAP_CONFIG_DIR", home.join("config"))
        .env("FITSNAP_NOW", now.to_rfc3339())
        .env("FITSNAP_MOVES_ACCESS_TOKEN", moves.issue_tokens().0)
        .envs(identity())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit());
    command
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

fn settings(moves: &Pretend) -> String {
    format!("format = 1\n[providers.moves]\nbase_url = \"{}\"\n", moves.base_url())
}

fn make_archive(home: &Path, archive: &Path, moves: &Pretend) {
    git(home, &["init", "-q", "-b", "main", archive.to_str().unwrap()]);
    fs::write(archive.join("fitsnap.toml"), settings(moves)).unwrap();
    fs::write(archive.join(".gitattributes"), "data/** -text\n").unwrap();
    git(archive, &["add", "-A"]);
    git(archive, &["commit", "-q", "-m", "new"]);
}

/// A commit a day, each with a new document of every provider and its hash list.
fn fast_import(home: &Path, archive: &Path, moves: &Pretend, first: NaiveDate) {
    make_archive(home, archive, moves);
    let mut stream = Vec::new();
    let mut lists: std::collections::BTreeMap<String, String> = std::collections::BTreeMap::new();
    for number in 0..DAYS {
        let day = first + Days::new(number);
        let seconds = day.and_hms_opt(22, 0, 0).unwrap().and_utc().timestamp();
        let from = if number == 0 { "from refs/heads/main^0\n" } else { "" };
        write!(stream, "commit refs/heads/main\ncommitter B <b@example.com> {seconds} +0000\ndata 4\nday\n\n{from}")
            .unwrap();
        for provider in PROVIDERS {
            let text = format!(
                "{{\"date\":\"{day}\",\"provider\":\"{provider}\",\"resources\":{{\"storyline\":[{}]}}}}",
                moves.day(day)
            );
            let bytes = fitsnap::json::canonical(text.as_bytes()).unwrap();
            let folder = format!("data/{provider}/{}", day.format("%Y/%m"));
            let list = lists.entry(folder.clone()).or_default();
            let mut hash = String::new();
            Sha256::digest(&bytes).iter().for_each(|byte| write!(hash, "{byte:02x}").unwrap());
            writeln!(list, "{hash}  {}.json", day.format("%d")).unwrap();
            file(&mut stream, &format!("{folder}/{}.json", day.format("%d")), &bytes);
            file(&mut stream, &format!("{folder}/SHA256SUMS"), list.as_bytes());
        }
    }
    let mut child = Command::new("git");
    let mut child =
        child.arg("-C").arg(archive).args(["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(&stream).unwrap();
    assert!(child.wait().unwrap().success());
    git(archive, &["reset", "-q", "--hard"]);
}

fn file(stream: &mut Vec<u8>, path: &str, bytes: &[u8]) {
    write!(stream, "M 100644 inline {path}\ndata {}\n", bytes.len()).unwrap();
    stream.extend_from_slice(bytes);
    stream.push(b'\n');
}

/// A copy whose index knows its files, as an archive in use has it.
fn copy(from: &Path, to: &Path) -> std::path::PathBuf {
    assert!(Command::new("cp").arg("-a").arg(from).arg(to).status().unwrap().success());
    // What the copy left to be written must not wait for the first of the two that syncs.
    assert!(Command::new("sync").status().unwrap().success());
    // Files as young as the index must be read again by any git; a second lets them grow older.
    std::thread::sleep(Duration::from_millis(1_100));
    git(to, &["update-index", "-q", "--refresh"]);
    git(to, &["status", "--porcelain"]);
    to.to_owned()
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).envs(identity()).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// How long a command takes, and its peak memory in KiB where /proc tells it.
fn timed(command: &mut Command) -> (Duration, u64) {
    let start = Instant::now();
    let mut child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        if let Ok(text) = fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let memory = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
            peak = peak.max(memory.unwrap_or(0));
        }
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "{command:?}: {status}");
            return (start.elapsed(), peak);
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn collect(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    files
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ratio(ours: Duration, theirs: Duration) -> f64 {
    ours.as_secs_f64() / theirs.as_secs_f64()
}
