//! Ended at any instant, or with a disk that fails at any call, fitsnap leaves an archive that is whole, and
//! the next run makes good the rest. Here the runs are real; `power` goes through all calls in a model.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::process::{Output, Stdio};
use std::time::Instant;

use crate::scene::{FITSNAP, Scene, stride};

impl Scene {
    /// Ends the run after so many delays, spread over the time that it takes.
    fn kill_at_times(&self, count: u32) {
        self.reset();
        let start = Instant::now();
        self.command(FITSNAP, &[]).status().unwrap();
        let whole = start.elapsed();
        for at in 0..count {
            self.reset();
            let delay = whole * at / count;
            let mut child = self.command(FITSNAP, &[]).spawn().unwrap();
            std::thread::sleep(delay);
            child.kill().unwrap();
            child.wait().unwrap();
            self.demand_healing(&format!("killed after {delay:?}"));
        }
    }

    /// Runs under strace; none where that is missing.
    fn run_traced(&self, options: &[&str]) -> Option<Output> {
        let options: Vec<String> =
            ["-f", "-qq"].iter().chain(options).chain([&FITSNAP]).map(|&one| one.to_owned()).collect();
        self.reset();
        self.command("strace", &options).stderr(Stdio::piped()).output().ok()
    }

    /// Disturbs the run at counted system calls: the first of each kind, the second, ... Only every
    /// `stride`th is tried. strace counts each thread by itself: a kill comes with whichever is the first to
    /// reach the count, and an error with each of them that does.
    fn disturb_calls(&self, what: &str, fault: Fault, stride: usize) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let calls = fault.calls();
        let traced = self.run_traced(&["-o", log.to_str().unwrap(), "-e", &format!("trace={}", calls.join(","))]);
        if !traced.is_some_and(|output| output.status.success()) {
            eprintln!("skipped: strace is missing or not permitted here");
            return;
        }
        // How often each call comes in the thread that makes it most often.
        let mut counts: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let text = fs::read_to_string(&log).unwrap();
        for (thread, rest) in text.lines().filter_map(|line| line.split_once(' ')) {
            if let Some((call, _)) = rest.trim_start().split_once('(') {
                *counts.entry((call, thread)).or_default() += 1;
            }
        }
        let (mut seen, mut tried) = (0, 0);
        for call in calls {
            let count = counts.iter().filter(|((made, _), _)| made == call).map(|(_, count)| *count).max();
            for at in 1..=count.unwrap_or(0) {
                seen += 1;
                if seen % stride != 0 {
                    continue;
                }
                let point = format!("{what}: {} {call} {at} of {}", fault.word(), count.unwrap_or(0));
                let inject = format!("inject={call}:{}:when={at}", fault.word());
                let output = self.run_traced(&["-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject]);
                let output = output.unwrap();
                fault.demand_end(output.status.code(), &String::from_utf8_lossy(&output.stderr), &point);
                self.demand_healing(&point);
                tried += 1;
            }
        }
        eprintln!("{what}, {}: {tried} of {seen} points tried", fault.word());
        assert!(tried > 0);
    }
}

/// What befalls a system call.
#[derive(Clone, Copy)]
enum Fault {
    Kill,
    Full,
    Broken,
}

impl Fault {
    /// In the words of strace.
    fn word(self) -> &'static str {
        match self {
            Fault::Kill => "signal=KILL",
            Fault::Full => "error=ENOSPC",
            Fault::Broken => "error=EIO",
        }
    }

    /// The calls that change what is on the disk, or settle it, and can suffer this.
    fn calls(self) -> &'static [&'static str] {
        match self {
            Fault::Kill => &[
                "rename",
                "renameat",
                "renameat2",
                "link",
                "linkat",
                "unlink",
                "unlinkat",
                "mkdir",
                "rmdir",
                "fsync",
                "fdatasync",
                "syncfs",
                "ftruncate",
                "fchmod",
                "openat",
                "write",
            ],
            Fault::Full => &["rename", "renameat", "link", "linkat", "mkdir", "openat", "write", "copy_file_range"],
            Fault::Broken => &[
                "rename",
                "renameat",
                "link",
                "linkat",
                "unlink",
                "unlinkat",
                "mkdir",
                "fsync",
                "fdatasync",
                "syncfs",
                "fchmod",
                "read",
                "write",
            ],
        }
    }

    /// A kill ends the run. An error ends it with a message and a documented code, unless what failed was of
    /// no weight; 127 is the system's loader, which could not even begin.
    #[track_caller]
    fn demand_end(self, code: Option<i32>, said: &str, point: &str) {
        match self {
            Fault::Kill => assert_ne!(code, Some(0), "{point} never came"),
            // Waking the listener for signals is a write, too, but to nothing that could be full.
            Fault::Full | Fault::Broken if said.contains("failed to wake I/O driver") => {}
            Fault::Full | Fault::Broken => {
                assert!(matches!(code, Some(0..=4 | 127)), "{point}: {code:?} {said}");
                // Of a message whose own writing failed in its turn there may be only a part.
                let is_told = ["error: ", "because: ", "failed"].iter().any(|word| said.contains(word));
                let is_told = is_told || matches!(code, Some(0 | 127));
                assert!(is_told && !said.contains("panicked"), "{point}: {code:?} {said}");
            }
        }
    }
}

/// How many ends to try: a few in every test run, many hundred when asked for.
fn kills(usual: u32) -> u32 {
    std::env::var("FITSNAP_TEST_KILLS").ok().and_then(|count| count.parse().ok()).unwrap_or(usual)
}

#[test]
fn an_import_ended_at_any_time_is_made_good() {
    Scene::small_import().kill_at_times(kills(4));
    Scene::daily_import().kill_at_times(kills(4));
}

#[test]
fn a_large_import_ended_at_any_time_is_made_good() {
    Scene::large_import(400).kill_at_times(kills(5));
}

#[test]
fn a_sync_ended_at_any_time_is_made_good() {
    Scene::first_sync().kill_at_times(kills(4));
    Scene::daily_sync().kill_at_times(kills(4));
}

#[test]
fn a_run_ended_before_a_system_call_is_made_good() {
    Scene::small_import().disturb_calls("small import", Fault::Kill, stride(97));
    Scene::daily_import().disturb_calls("daily import", Fault::Kill, stride(83));
    Scene::first_sync().disturb_calls("first sync", Fault::Kill, stride(151));
    Scene::daily_sync().disturb_calls("daily sync", Fault::Kill, stride(97));
}

#[test]
fn a_disk_that_is_full_at_any_call_of_an_import_loses_nothing() {
    Scene::daily_import().disturb_calls("daily import", Fault::Full, stride(61));
}

#[test]
fn a_disk_that_is_full_at_any_call_of_a_sync_loses_nothing() {
    Scene::first_sync().disturb_calls("first sync", Fault::Full, stride(101));
    Scene::daily_sync().disturb_calls("daily sync", Fault::Full, stride(71));
}

#[test]
fn a_disk_that_fails_at_any_call_of_an_import_loses_nothing() {
    Scene::daily_import().disturb_calls("daily import", Fault::Broken, stride(101));
}

#[test]
fn a_disk_that_fails_at_any_call_of_a_sync_loses_nothing() {
    Scene::first_sync().disturb_calls("first sync", Fault::Broken, stride(151));
    Scene::daily_sync().disturb_calls("daily sync", Fault::Broken, stride(113));
}
