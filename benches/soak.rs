//! Two years of two syncs a day on four services, each sync a process of its own: what grows with the years.
//! In the last month a second archive is begun beside the old one and synced in turn with it: the ratio of the two
//! owes nothing to what else the machine does.
//!
//! `cargo bench --bench soak`, `cargo bench --bench soak -- 90` for so many days
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "../tests/it/household.rs"]
mod household;
mod tools;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use chrono::{DateTime, Days, TimeDelta, Utc};
use household::Household;
use tools::{git, identity, timed};

const SERVICES: [&str; 4] = ["fitbit", "moves", "runkeeper", "strava"];

/// Days of a month.
const MONTH: u64 = 30;

fn main() {
    let wanted = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let days: u64 = wanted.unwrap_or(730).max(2 * MONTH);
    let begin: DateTime<Utc> = "2013-07-01T06:00:00Z".parse().unwrap();
    let (start, mut runs) = (Instant::now(), 0);
    let old = Archive::begin(begin);
    let (mut first, mut last, mut fresh) = (Month::default(), Month::default(), Month::default());
    let (mut month, mut most_loose) = (Month::default(), 0);
    println!(" days   median  fastest   CPU  MiB  loose  packs  .git KiB  fitsnap KiB");
    let mut young = None;
    for day in 0..days {
        for hours in [0, 12] {
            let now = begin + TimeDelta::days(day as i64) + TimeDelta::hours(hours);
            let cost = old.sync(now, hours == 0);
            runs += 1;
            month.add(cost);
            if day < MONTH {
                first.add(cost);
            }
            if day + MONTH >= days {
                last.add(cost);
                let young = young.get_or_insert_with(|| Archive::begin(now));
                fresh.add(young.sync(now, hours == 0));
            }
        }
        most_loose = most_loose.max(old.loose());
        if (day + 1) % MONTH == 0 || day + 1 == days {
            let Size { loose, packs, git, own } = old.size();
            let Cost { time, cpu, memory } = month.median();
            println!(
                "{:5} {time:8.1?} {:8.1?} {:5} {:4} {loose:6} {packs:6} {git:9} {own:12}",
                day + 1,
                month.fastest(),
                format!("{:.0?}", cpu),
                memory >> 10
            );
            month = Month::default();
        }
    }
    let ratio = |one: Duration, other: Duration| one.as_secs_f64() / other.as_secs_f64();
    println!("{runs} syncs in {:.0?}; at most {most_loose} loose objects at the end of a day", start.elapsed());
    for (what, other) in [("its own first month", &first), ("the first month of one begun beside it", &fresh)] {
        println!(
            "the last month beside {what}: median {:.2}, fastest {:.2}, CPU {:.2}, memory {:.2}",
            ratio(last.median().time, other.median().time),
            ratio(last.fastest(), other.fastest()),
            ratio(last.median().cpu, other.median().cpu),
            last.median().memory as f64 / other.median().memory as f64
        );
    }
    old.check();
}

/// What a sync costs.
#[derive(Clone, Copy)]
struct Cost {
    time: Duration,
    /// Of the process alone, not of those that it starts.
    cpu: Duration,
    /// KiB.
    memory: u64,
}

/// What the syncs of a month cost.
#[derive(Default)]
struct Month(Vec<Cost>);

impl Month {
    fn add(&mut self, cost: Cost) {
        self.0.push(cost);
    }

    /// The median of each.
    fn median(&self) -> Cost {
        let middle = self.0.len() / 2;
        let of = |part: fn(&Cost) -> Duration| {
            let mut all: Vec<_> = self.0.iter().map(part).collect();
            all.sort();
            all[middle]
        };
        let mut memory: Vec<_> = self.0.iter().map(|cost| cost.memory).collect();
        memory.sort_unstable();
        Cost { time: of(|cost| cost.time), cpu: of(|cost| cost.cpu), memory: memory[middle] }
    }

    fn fastest(&self) -> Duration {
        self.0.iter().map(|cost| cost.time).min().unwrap()
    }
}

/// What lies in `.git`.
struct Size {
    loose: usize,
    packs: usize,
    /// KiB.
    git: u64,
    /// KiB of fitsnap's own folder in it.
    own: u64,
}

/// An archive, its person's folders and services.
struct Archive {
    folder: tempfile::TempDir,
    home: Household,
}

impl Archive {
    /// A person who has had the services for two weeks, signed in.
    fn begin(now: DateTime<Utc>) -> Archive {
        let home = Household::new(now.date_naive() - Days::new(14), now);
        let archive = Archive { folder: tempfile::tempdir().unwrap(), home };
        git(archive.folder.path(), &["init", "-q", "-b", "main", "archive"]);
        fs::write(archive.root().join("fitsnap.toml"), archive.home.settings(&SERVICES)).unwrap();
        fs::write(archive.root().join(".gitattributes"), "data/** -text\n").unwrap();
        git(&archive.root(), &["add", "-A"]);
        git(&archive.root(), &["commit", "-q", "-m", "new"]);
        for service in SERVICES {
            let (access, refresh) = archive.home.issue_tokens(service);
            let mut login = archive.fitsnap(now);
            login.args(["login", service, "--token", "-"]).stdin(Stdio::piped()).stderr(Stdio::null());
            let mut child = login.spawn().unwrap();
            writeln!(child.stdin.take().unwrap(), "{access}\n{refresh}").unwrap();
            assert!(child.wait().unwrap().success());
        }
        archive
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("archive")
    }

    fn fitsnap(&self, now: DateTime<Utc>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fitsnap"));
        command
            .env("FITSNAP_STATE_DIR", self.folder.path().join("state"))
            .env("FITSNAP_CONFIG_DIR", self.folder.path().join("config"))
            .env("FITSNAP_NOW", now.to_rfc3339())
            .envs(identity())
            .stdout(Stdio::null());
        for service in SERVICES {
            command.env(format!("FITSNAP_{}_CLIENT_ID", service.to_uppercase()), fitsnap::pretend::APP.0);
            command.env(format!("FITSNAP_{}_CLIENT_SECRET", service.to_uppercase()), fitsnap::pretend::APP.1);
        }
        command.arg("-C").arg(self.root());
        command
    }

    /// Lets a day begin where it does, and syncs.
    fn sync(&self, now: DateTime<Utc>, is_morning: bool) -> Cost {
        self.home.set_now(now);
        if is_morning {
            self.home.live(now.date_naive());
        }
        let child = self.fitsnap(now).arg("sync").stderr(Stdio::null()).spawn().unwrap();
        let (time, memory, cpu) = timed(child);
        self.home.take_logs();
        Cost { time, cpu, memory }
    }

    fn loose(&self) -> usize {
        let objects = self.root().join(".git/objects");
        let folders = fs::read_dir(objects).unwrap().flatten().filter(|entry| entry.file_name().len() == 2);
        folders.map(|folder| fs::read_dir(folder.path()).map_or(0, Iterator::count)).sum()
    }

    fn size(&self) -> Size {
        let git = self.root().join(".git");
        let packs = fs::read_dir(git.join("objects/pack")).unwrap().flatten();
        let packs = packs.filter(|entry| entry.path().extension().is_some_and(|end| end == "pack")).count();
        Size { loose: self.loose(), packs, git: bytes(&git) >> 10, own: bytes(&git.join("fitsnap")) >> 10 }
    }

    /// Git and fitsnap find nothing amiss.
    fn check(&self) {
        git(&self.root(), &["fsck", "--strict", "--no-dangling", "--no-progress"]);
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        assert!(self.fitsnap(now).args(["verify", "--history"]).status().unwrap().success());
    }
}

/// The length of all files below a folder; what goes meanwhile does not count.
fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let length = |entry: fs::DirEntry| match entry.metadata() {
        Ok(about) if about.is_dir() => bytes(&entry.path()),
        Ok(about) => about.len(),
        Err(_) => 0,
    };
    entries.map(length).sum()
}
