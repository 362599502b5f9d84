//! The import of a synthetic Google Takeout beside `unzip` of it and `git add -A && git commit` of the same
//! result: twelve years of steps, distance and calories by the minute, and the pulse by the minute and, in
//! the last 240 days, by the second (3.5 GB in 5,000 files, two zips).
//!
//! `cargo bench --bench takeout`; `cargo bench --bench takeout -- YEARS DAYS` has so many years, and so many
//! days with a pulse by the second. `FITSNAP_BENCH_FOLDER` names a folder with room for three times of it.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod tools;

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate, NaiveDateTime, TimeDelta};
use tools::{git, identity, timed};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const LAST: (i32, u32, u32) = (2026, 6, 9);
const FOLDER: &str = "Takeout/Fitbit/Global Export Data";

/// The person lives at UTC-8.
const MIDNIGHT: TimeDelta = TimeDelta::hours(8);

fn main() {
    // `cargo test --benches` only wants to know whether it builds.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    let numbers: Vec<u64> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let (years, by_second) = (numbers.first().copied().unwrap_or(12), numbers.get(1).copied().unwrap_or(240));
    let chosen = std::env::var_os("FITSNAP_BENCH_FOLDER").map(PathBuf::from);
    let temp = chosen.map_or_else(tempfile::tempdir, tempfile::tempdir_in).unwrap();
    let folder = temp.path();
    let made = make(folder, years * 365, by_second);
    println!(
        "{years} years, {by_second} days by the second: {} records, {} MB unpacked",
        made.records,
        made.bytes / 1_000_000
    );

    let archive = folder.join("archive");
    git(folder, &["init", "-q", "-b", "main", "archive"]);
    fs::write(archive.join("fitsnap.toml"), "format = 1\n[providers.fitbit]\ntime_zone = \"Etc/GMT+8\"\n").unwrap();
    fs::write(archive.join(".gitattributes"), "data/** -text\n").unwrap();
    git(&archive, &["add", "-A"]);
    git(&archive, &["commit", "-q", "-m", "new"]);
    let (first, peak) = import(folder, &archive, &made.zips);
    let rate = made.records as f64 / first.as_secs_f64();
    println!(
        "import: {first:.1?}, {rate:.0} records a second, {:.0} MB a second, peak memory {} MiB",
        made.bytes as f64 / 1e6 / first.as_secs_f64(),
        peak >> 10
    );
    let before = head(&archive);
    let (second, peak) = import(folder, &archive, &made.zips);
    assert_eq!(head(&archive), before);
    println!("the same again: {second:.1?}, peak memory {} MiB", peak >> 10);

    let start = Instant::now();
    for zip in &made.zips {
        let status = Command::new("unzip").arg("-q").arg(zip).arg("-d").arg(folder.join("unpacked")).status();
        assert!(status.unwrap().success());
    }
    let unzip = start.elapsed();
    fs::remove_dir_all(folder.join("unpacked")).unwrap();
    git(folder, &["init", "-q", "plain"]);
    let plain = folder.join("plain");
    fs::rename(archive.join("data"), plain.join("data")).unwrap();
    let start = Instant::now();
    git(&plain, &["add", "-A"]);
    git(&plain, &["commit", "-q", "-m", "all"]);
    let added = start.elapsed();
    println!("unzip: {unzip:.1?}; git add and commit of the same result: {added:.1?}");
    println!("  ratio {:.2}", first.as_secs_f64() / (unzip + added).as_secs_f64());
}

/// A Takeout as it was made.
struct Made {
    zips: Vec<PathBuf>,
    records: u64,
    bytes: u64,
}

/// Adds the files of one step, each a name and its text, and tells how many records they hold.
type Fill<'a> = dyn FnMut(&mut Vec<(String, String)>) -> u64 + 'a;

fn make(folder: &Path, days: u64, by_second: u64) -> Made {
    let last = NaiveDate::from_ymd_opt(LAST.0, LAST.1, LAST.2).unwrap();
    let first = last - Days::new(days - 1);
    let mut made = Made { zips: Vec::new(), records: 0, bytes: 0 };
    let mut random = 88_172_645_463_325_252_u64;
    let mut pulse = 70_i64;
    let part = |number: usize, made: &mut Made, fill: &mut Fill<'_>| {
        let path = folder.join(format!("takeout-20260610T000000Z-{number:03}.zip"));
        let mut zip = ZipWriter::new(BufWriter::new(File::create(&path).unwrap()));
        let options = SimpleFileOptions::default().compression_level(Some(6));
        let mut files = Vec::new();
        loop {
            let records = fill(&mut files);
            if files.is_empty() {
                break;
            }
            made.records += records;
            for (name, text) in files.drain(..) {
                made.bytes += text.len() as u64;
                zip.start_file(format!("{FOLDER}/{name}"), options).unwrap();
                zip.write_all(text.as_bytes()).unwrap();
            }
        }
        zip.finish().unwrap().flush().unwrap();
        made.zips.push(path);
    };
    // The shards of 30 days lie in one part and the days in the other, newest first.
    let mut shard = 0;
    part(1, &mut made, &mut |files| {
        let start = first + Days::new(shard * 30);
        shard += 1;
        if start > last {
            return 0;
        }
        let span = 30.min(last.signed_duration_since(start).num_days() + 1);
        for stream in ["steps", "distance", "calories"] {
            let text = records(start, TimeDelta::minutes(1), span * 1_440, |out| {
                let value = next(&mut random) % 120;
                write!(out, "  \"value\" : \"{value}\"").unwrap();
            });
            files.push((format!("{stream}-{start}.json"), text));
        }
        3 * 1_440 * span as u64
    });
    let mut back = 0;
    part(2, &mut made, &mut |files| {
        let day = last - Days::new(back);
        if day < first {
            return 0;
        }
        let (step, count) = if back < by_second { (1, 86_400) } else { (60, 1_440) };
        back += 1;
        let text = records(day, TimeDelta::seconds(step), count, |out| {
            pulse = (pulse + (next(&mut random) % 7) as i64 - 3).clamp(45, 180);
            let confidence = next(&mut random) % 4;
            write!(out, "  \"value\" : {{\n    \"bpm\" : {pulse},\n    \"confidence\" : {confidence}\n  }}").unwrap();
        });
        files.push((format!("heart_rate-{day}.json"), text));
        count as u64
    });
    made
}

/// An array of records from a person's midnight on, spelled as Takeout does.
fn records(day: NaiveDate, step: TimeDelta, count: i64, mut value: impl FnMut(&mut String)) -> String {
    let start: NaiveDateTime = day.and_hms_opt(0, 0, 0).unwrap() + MIDNIGHT;
    let mut out = String::from("[");
    for number in 0..count {
        let time = start + step * number as i32;
        let comma = if number > 0 { "," } else { "" };
        write!(out, "{comma}{{\n  \"dateTime\" : \"{}\",\n", time.format("%m/%d/%y %H:%M:%S")).unwrap();
        value(&mut out);
        out.push_str("\n}");
    }
    out.push(']');
    out
}

/// Marsaglia's xorshift: the same Takeout every time.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// How long an import takes, and the most memory it held, in KiB (on Linux).
fn import(home: &Path, archive: &Path, zips: &[PathBuf]) -> (Duration, u64) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fitsnap"));
    command
        .env("FITSNAP_STATE_DIR", home.join("state"))
        .env("FITSNAP_CONFIG_DIR", home.join("config"))
        .envs(identity())
        .stdout(Stdio::null());
    let (time, memory, _) =
        timed(command.arg("-C").arg(archive).args(["import", "fitbit"]).args(zips).spawn().unwrap());
    (time, memory)
}

fn head(archive: &Path) -> Vec<u8> {
    Command::new("git").arg("-C").arg(archive).args(["rev-parse", "HEAD"]).output().unwrap().stdout
}
