//! Ended at any system call of any thread, by a kill or by a power cut after which only that is there which
//! was synced, fitsnap leaves an archive that is whole, and the next run makes good the rest.
//!
//! One run is written down by strace. A model of the disk takes its calls one by one; after each the disks
//! that may be left are laid out and healed. So no call of any thread is left out, and no run has to come by
//! the same way twice.

use std::collections::HashSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::calls::{Calls, Done, options};
use crate::disk::Cut;
use crate::scene::{FITSNAP, Scene};

/// What a power cut may leave.
const POWER: [Cut; 6] = [Cut::Promised, Cut::Journaled, Cut::Emptied, Cut::Mixed(0), Cut::Mixed(1), Cut::Mixed(2)];

/// How many of the disks that may be left are tried; FITSNAP_TEST_STRIDE=1 tries each.
fn stride(usual: usize) -> usize {
    std::env::var("FITSNAP_TEST_STRIDE").ok().and_then(|stride| stride.parse().ok()).unwrap_or(usual)
}

/// A run, written down.
struct Written {
    lines: Vec<String>,
    /// The commit that the run made.
    head: String,
}

impl Scene {
    /// Runs, and demands that the model knows what the run did. None where strace is missing.
    fn write_down(&self) -> Option<Written> {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        self.reset();
        let mut command = self.command("strace", &[options(&log), vec![FITSNAP.to_owned()]].concat());
        if !command.status().is_ok_and(|status| status.success()) {
            eprintln!("skipped: strace is missing or not permitted here");
            return None;
        }
        let lines: Vec<String> = fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect();
        let (mut disk, mut calls) = (self.start.clone(), self.calls());
        for line in &lines {
            calls.take(line, &mut disk);
        }
        disk.after(Cut::Kill).demand_same(&crate::disk::Disk::of(self.env.home()).after(Cut::Kill));
        Some(Written { lines, head: self.head() })
    }

    fn calls(&self) -> Calls {
        Calls::of(self.env.home(), &self.env.path(""))
    }

    fn head(&self) -> String {
        self.env.git(self.folder, &["rev-parse", "HEAD"]).trim_end().to_owned()
    }

    /// Heals every disk that may be left after each call of a run, or every `stride`th. `after` may disturb
    /// what is left, too.
    fn end_everywhere(&self, what: &str, cuts: &[Cut], stride: usize, after: impl Fn(&Scene)) {
        let Some(written) = self.write_down() else { return };
        let (mut disk, mut calls) = (self.start.clone(), self.calls());
        let (mut points, mut disks, mut known, mut told) = (0, 0, HashSet::new(), false);
        let mut failed = Vec::new();
        for (at, line) in written.lines.iter().enumerate() {
            match calls.take(line, &mut disk) {
                Done::Nothing => continue,
                Done::Disk => points += 1,
                Done::Said(text) => told |= String::from_utf8_lossy(&text).contains(&written.head),
            }
            for (number, cut) in cuts.iter().enumerate() {
                if (points * cuts.len() + number) % stride != 0 {
                    continue;
                }
                let left = disk.after(*cut);
                if !known.insert((left.mark(), told)) {
                    continue;
                }
                disks += 1;
                left.lay_out(self.env.home());
                let call = line.split_whitespace().nth(1).unwrap().split('(').next().unwrap();
                let point = format!("{what}: {cut:?} after call {at}, {call}");
                let healed = catch_unwind(AssertUnwindSafe(|| {
                    if told {
                        assert_eq!(self.head(), written.head, "what was told is lost");
                    }
                    after(self);
                    self.demand_healing(&point);
                }));
                if healed.is_err() {
                    eprintln!("NOT MADE GOOD: {point}");
                    failed.push(point);
                }
            }
        }
        eprintln!("{what}: {disks} disks tried after {points} calls, one in {stride}");
        assert!(disks > 0 && failed.is_empty(), "not made good: {failed:#?}");
    }
}

#[test]
fn an_import_ended_at_any_call_of_any_thread_is_made_good() {
    Scene::small_import().end_everywhere("small import", &[Cut::Kill], stride(151), |_| {});
    Scene::daily_import().end_everywhere("daily import", &[Cut::Kill], stride(83), |_| {});
}

#[test]
fn a_sync_ended_at_any_call_of_any_thread_is_made_good() {
    Scene::first_sync().end_everywhere("first sync", &[Cut::Kill], stride(251), |_| {});
    Scene::daily_sync().end_everywhere("daily sync", &[Cut::Kill], stride(89), |_| {});
}

#[test]
fn an_archive_whose_making_was_ended_anywhere_is_made_by_the_next_run() {
    Scene::init().end_everywhere("init", &[Cut::Kill], stride(61), |_| {});
    Scene::init().end_everywhere("init", &POWER, stride(397), |_| {});
}

#[test]
fn an_import_loses_nothing_in_a_power_cut() {
    Scene::small_import().end_everywhere("small import", &POWER, stride(907), |_| {});
    Scene::daily_import().end_everywhere("daily import", &POWER, stride(499), |_| {});
}

#[test]
fn a_sync_loses_nothing_in_a_power_cut() {
    Scene::first_sync().end_everywhere("first sync", &POWER, stride(1507), |_| {});
    Scene::daily_sync().end_everywhere("daily sync", &POWER, stride(601), |_| {});
}

#[test]
fn a_large_import_loses_nothing_in_a_power_cut() {
    Scene::large_import(80).end_everywhere("large import", &POWER, stride(5003), |_| {});
}
