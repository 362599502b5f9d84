//! Ended at any system call of any thread, by a kill or by a power cut after which only that is there which
//! was synced, fitsnap leaves an archive that is whole, and the next run makes good the rest.
//!
//! One run is written down by strace. A model of the disk takes its calls one by one; after each the disks
//! that may be left are laid out and healed. So no call of any thread is left out, and no run has to come by
//! the same way twice.

use std::collections::HashSet;
use std::fs;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Stdio;

use crate::archive::tree;
use crate::calls::{self, Calls, Done};
use crate::disk::{Cut, Disk, Picture};
use crate::machine::{FIRST, Machine, options};
use crate::scene::{FITSNAP, Scene, stride};

/// What a power cut may leave.
const POWER: [Cut; 6] = [Cut::Promised, Cut::Journaled, Cut::Emptied, Cut::Mixed(0), Cut::Mixed(1), Cut::Mixed(2)];

/// Of what is known to be done, any part of what was not synced may still be missing.
const AT_THE_END: [Cut; 5] = [Cut::Promised, Cut::Emptied, Cut::Mixed(2), Cut::Mixed(5), Cut::Mixed(8)];

/// A run, written down.
struct Written {
    lines: Vec<String>,
    /// The commit that the run made.
    head: String,
}

/// The disks that have been tried.
struct Trial<'a> {
    scene: &'a Scene,
    /// The commit that the run made.
    head: &'a str,
    known: HashSet<(u64, bool)>,
    failed: Vec<String>,
}

impl Trial<'_> {
    /// Lays out a disk that was not tried yet and heals it; `told` is whether the run had told its commit.
    fn heal(&mut self, left: &Picture, told: bool, point: &str, after: &impl Fn(&Scene)) {
        if !self.known.insert((left.mark(), told)) {
            return;
        }
        left.lay_out(self.scene.env.home());
        let healed = catch_unwind(AssertUnwindSafe(|| {
            if told {
                assert_eq!(self.scene.head(), self.head, "what was told is lost");
            }
            after(self.scene);
            self.scene.demand_healing(point);
        }));
        if healed.is_err() {
            self.failed.push(point.to_owned());
        }
    }
}

impl Scene {
    /// Runs from the start, written down.
    fn write_down(&self) -> Option<Written> {
        self.reset();
        let lines = self.trace(&mut self.start.clone())?;
        Some(Written { lines, head: self.head() })
    }

    /// Runs, and demands that the model comes to know what the run did. None where strace is missing.
    fn trace(&self, disk: &mut Disk) -> Option<Vec<String>> {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        self.refresh();
        let mut command = self.command("strace", &[calls::options(&log), vec![FITSNAP.to_owned()]].concat());
        if !command.status().is_ok_and(|status| status.success()) {
            eprintln!("skipped: strace is missing or not permitted here");
            return None;
        }
        let lines: Vec<String> = fs::read_to_string(&log).unwrap().lines().map(str::to_owned).collect();
        let mut calls = self.calls();
        for line in &lines {
            calls.take(line, disk);
        }
        disk.after(Cut::Kill).demand_same(&Disk::of(self.env.home()).after(Cut::Kill));
        Some(lines)
    }

    fn calls(&self) -> Calls {
        Calls::of(self.env.home(), &self.env.path(""))
    }

    fn head(&self) -> String {
        self.env.git(self.folder, &["rev-parse", "HEAD"]).trim_end().to_owned()
    }

    /// Heals every disk that may be left after each call of a run, or every `stride`th, and those that may be
    /// left after its end. `after` may disturb what is left, too.
    fn end_everywhere(&self, what: &str, cuts: &[Cut], stride: usize, after: impl Fn(&Scene)) {
        let Some(written) = self.write_down() else { return };
        let (mut disk, mut calls) = (self.start.clone(), self.calls());
        let (mut points, mut told) = (0_usize, false);
        let mut trial = Trial { scene: self, head: &written.head, known: HashSet::new(), failed: Vec::new() };
        for line in &written.lines {
            match calls.take(line, &mut disk) {
                Done::Nothing => continue,
                Done::Disk => points += 1,
                Done::Said(text) => told |= String::from_utf8_lossy(&text).contains(&written.head),
            }
            for (number, cut) in cuts.iter().enumerate() {
                if (points * cuts.len() + number).is_multiple_of(stride) {
                    trial.heal(
                        &disk.after(*cut),
                        told,
                        &format!("{what}: {cut:?} after call {points}: {line:.80}"),
                        &after,
                    );
                }
            }
        }
        for cut in if cuts.contains(&Cut::Promised) { &AT_THE_END[..] } else { cuts } {
            trial.heal(&disk.after(*cut), true, &format!("{what}: {cut:?} after the end"), &after);
        }
        eprintln!("{what}: {} disks tried after {points} calls, one in {stride}", trial.known.len());
        assert!(trial.failed.is_empty(), "not made good: {:#?}", trial.failed);
    }

    /// Kills the run after each call, or every `stride`th, lets the next run go through, and cuts the power
    /// when that has ended: what the first left unsynced must not be missing then.
    fn end_twice(&self, what: &str, stride: usize) {
        let Some(written) = self.write_down() else { return };
        let (mut disk, mut calls) = (self.start.clone(), self.calls());
        let (mut points, mut disks) = (0_usize, 0);
        for line in &written.lines {
            if !matches!(calls.take(line, &mut disk), Done::Disk) {
                continue;
            }
            points += 1;
            if !points.is_multiple_of(stride) {
                continue;
            }
            disk.after(Cut::Kill).lay_out(self.env.home());
            let mut later = disk.clone();
            self.trace(&mut later).unwrap();
            for cut in [Cut::Promised, Cut::Emptied, Cut::Mixed(2)] {
                disks += 1;
                let point = format!("{what}: killed after {points} calls, run, then {cut:?}");
                eprintln!("{point}");
                later.after(cut).lay_out(self.env.home());
                assert_eq!(tree(&self.root()), self.tree, "{point}: what was told is lost");
                self.demand_healing(&point);
            }
        }
        eprintln!("{what}: {disks} disks tried after {points} calls and another run, one in {stride}");
        assert!(disks > 0);
    }
}

/// A person deletes what is fitsnap's own.
fn wipe(scene: &Scene) {
    let _ = fs::remove_dir_all(scene.root().join(".git/fitsnap"));
}

/// A person goes back to the commit before and, told that no sync can be made there, to the branch again.
fn go_back_and_forth(scene: &Scene) {
    let git = |args: &[&str]| scene.env.try_git(scene.folder, args);
    // Git may refuse for what the run left undone, or for a lock of it: then the person stays.
    if git(&["checkout", "-q", "HEAD~1"]).status != 0 {
        return;
    }
    let ran = scene.run_once();
    // Before the settings were committed there is nothing to sync either.
    let (code, words) = match scene.root().join("data").exists() || ran.status == 6 {
        true => (6, ["HEAD is detached", "git switch"]),
        false => (2, ["names no provider", "fitsnap.toml"]),
    };
    assert_eq!(ran.status, code, "{}{}", ran.stdout, ran.stderr);
    assert!(words.iter().all(|word| ran.stderr.contains(word)), "{}", ran.stderr);
    assert_eq!(git(&["status", "--porcelain"]).code(0).stdout, "");
    git(&["switch", "-q", "main"]).code(0);
}

#[test]
fn an_import_ended_at_any_call_of_any_thread_is_made_good() {
    Scene::small_import().end_everywhere("small import", &[Cut::Kill], stride(41), |_| {});
    Scene::daily_import().end_everywhere("daily import", &[Cut::Kill], stride(29), |_| {});
}

#[test]
fn a_sync_ended_at_any_call_of_any_thread_is_made_good() {
    Scene::first_sync().end_everywhere("first sync", &[Cut::Kill], stride(83), |_| {});
    Scene::daily_sync().end_everywhere("daily sync", &[Cut::Kill], stride(31), |_| {});
}

#[test]
fn a_sync_ended_at_any_call_is_made_good_without_its_own_folder() {
    Scene::first_sync().end_everywhere("first sync, folder deleted", &[Cut::Kill], stride(89), wipe);
    Scene::daily_sync().end_everywhere("daily sync, folder deleted", &[Cut::Kill], stride(37), wipe);
}

#[test]
fn who_goes_back_to_an_old_commit_after_a_stop_comes_back_to_the_branch() {
    Scene::first_sync().end_everywhere("first sync, checkout", &[Cut::Kill], stride(79), go_back_and_forth);
    Scene::daily_sync().end_everywhere("daily sync, checkout", &[Cut::Kill], stride(29), go_back_and_forth);
    Scene::small_import().end_everywhere("small import, checkout", &[Cut::Kill], stride(61), go_back_and_forth);
}

#[test]
fn an_archive_whose_making_was_ended_anywhere_is_made_by_the_next_run() {
    Scene::init().end_everywhere("init", &[Cut::Kill], stride(41), |_| {});
    Scene::init().end_everywhere("init", &POWER, stride(251), |_| {});
}

#[test]
fn a_repository_that_is_made_an_archive_keeps_its_settings_in_a_power_cut() {
    let demand_remote = |scene: &Scene| {
        let told = scene.env.git(scene.folder, &["config", "--get", "remote.origin.url"]);
        assert_eq!(told, "https://example.com/mine.git\n");
    };
    Scene::adoption().end_everywhere("adoption", &POWER, stride(251), demand_remote);
}

#[test]
fn an_import_loses_nothing_in_a_power_cut() {
    Scene::small_import().end_everywhere("small import", &POWER, stride(307), |_| {});
    Scene::daily_import().end_everywhere("daily import", &POWER, stride(199), |_| {});
}

#[test]
fn a_sync_loses_nothing_in_a_power_cut() {
    Scene::first_sync().end_everywhere("first sync", &POWER, stride(503), |_| {});
    Scene::daily_sync().end_everywhere("daily sync", &POWER, stride(211), |_| {});
}

#[test]
fn tokens_are_there_after_a_power_cut_with_the_folders_made_for_them() {
    let machine = Machine::signed_out(options(FIRST));
    let env = &machine.env;
    let state = env.home().join("local/state");
    env.set("FITSNAP_STATE_DIR", state.to_str().unwrap());
    let mut disk = Disk::of(env.home());
    let log = tempfile::NamedTempFile::new().unwrap();
    let mut command = env.command("strace");
    command.args(calls::options(log.path())).args([FITSNAP, "login", "moves", "--token", "-"]);
    let (access, refresh) = machine.moves.issue_tokens();
    let mut child = match command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn() {
        Ok(child) => child,
        Err(_) => return eprintln!("skipped: strace is missing here"),
    };
    writeln!(child.stdin.take().unwrap(), "{access}\n{refresh}").unwrap();
    if !child.wait().unwrap().success() {
        return eprintln!("skipped: strace is not permitted here");
    }
    let mut calls = Calls::of(env.home(), &env.path(""));
    fs::read_to_string(log.path()).unwrap().lines().for_each(|line| drop(calls.take(line, &mut disk)));
    for cut in AT_THE_END {
        disk.after(cut).lay_out(env.home());
        let files = fs::read_dir(state.join("tokens")).unwrap_or_else(|error| panic!("{cut:?}: {error}"));
        let kept: String = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        assert!(kept.contains(&refresh), "{cut:?}: {kept}");
    }
}

#[test]
fn a_large_import_loses_nothing_in_a_power_cut() {
    Scene::large_import(80).end_everywhere("large import", &[Cut::Kill], stride(501), |_| {});
    Scene::large_import(80).end_everywhere("large import", &POWER, stride(2003), |_| {});
}

#[test]
fn what_a_run_builds_on_an_ended_one_is_there_after_a_power_cut() {
    Scene::small_import().end_twice("small import", stride(53));
    Scene::daily_sync().end_twice("daily sync", stride(41));
}
