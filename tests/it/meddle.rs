//! What others do to an archive while a sync is at work in it, and between two syncs: nothing is lost, one
//! message tells what was in the way, and the next sync ends as one that nobody disturbed.
#![cfg(unix)]

use std::fs;

use fitsnap::pretend::{Fault, Misbehaviour};

use crate::archive::{demand_clean, demand_whole};
use crate::env::Ran;
use crate::guards::demand_message;
use crate::machine::{Machine, NOW, Running, wait_until};

/// A first sync that waits for the last of its answers, and gets it when the provider behaves.
fn half_way(machine: &Machine) -> Running {
    machine.env.set("FITSNAP_PATIENCE", "1000");
    machine.moves.misbehave(Misbehaviour::of(Fault::Stall).on("2015-06-25".parse().unwrap()).times(1));
    let running = machine.start(&["sync"]);
    let mut asked = Vec::new();
    wait_until("the last range is asked for", || {
        asked.extend(machine.asked());
        asked.len() == 4
    });
    running
}

/// Demands that a sync that was meddled with ended with a code, saying all this in one message, and that the
/// next one ends as if nothing had been.
#[track_caller]
fn demand_end(machine: &Machine, running: Running, code: i32, names: &[&str]) {
    let (status, said) = running.end();
    assert_eq!(status.code(), Some(code), "{said}");
    demand_message(&said, names);
    demand_whole(&machine.env, "");
    machine.env.git("", &["switch", "-q", "main"]);
    demand_next(machine);
}

#[track_caller]
fn demand_next(machine: &Machine) {
    machine.sync(&[]).code(0);
    assert_eq!(machine.data(), Machine::synced().data());
    demand_whole(&machine.env, "");
    demand_clean(&machine.env, "");
}

#[test]
fn its_own_folder_may_be_deleted_in_the_middle() {
    let machine = Machine::new();
    let running = half_way(&machine);
    fs::remove_dir_all(machine.env.path(".git/fitsnap")).unwrap();
    demand_end(&machine, running, 6, &[".git/fitsnap/lock was removed", "run the command again"]);
}

#[test]
fn with_its_lock_removed_another_sync_goes_through_and_the_first_gives_way() {
    let machine = Machine::new();
    let running = half_way(&machine);
    fs::remove_file(machine.env.path(".git/fitsnap/lock")).unwrap();
    machine.sync(&[]).code(0);
    let commits = machine.commits();
    demand_end(&machine, running, 6, &[".git/fitsnap/lock was removed", "run the command again"]);
    assert_eq!(machine.commits(), commits);
}

#[test]
fn a_person_may_check_out_an_old_commit_in_the_middle() {
    let machine = Machine::new();
    let running = half_way(&machine);
    machine.env.git("", &["checkout", "-q", "HEAD~1"]);
    demand_end(&machine, running, 6, &["HEAD is detached", "git switch"]);
}

#[test]
fn a_person_may_commit_in_the_middle() {
    let machine = Machine::new();
    let running = half_way(&machine);
    fs::write(machine.env.path("notes.txt"), "mine").unwrap();
    machine.env.git("", &["add", "notes.txt"]);
    machine.env.git("", &["commit", "-qm", "Notes"]);
    demand_end(&machine, running, 6, &["refs/heads/main moved", "run the command again"]);
    assert_eq!(machine.env.git("", &["show", "HEAD:notes.txt"]), "mine");
}

#[test]
fn old_commits_are_visited_between_syncs() {
    let machine = Machine::synced();
    machine.env.git("", &["checkout", "-q", "HEAD~1"]);
    demand_message(&machine.sync(&[]).code(6).stderr, &["HEAD is detached", "git switch main"]);
    machine.env.git("", &["switch", "-q", "main"]);
    demand_next(&machine);
}

#[test]
fn a_clock_set_back_a_year_takes_nothing_away() {
    let machine = Machine::synced();
    let (head, data) = (machine.head(), machine.data());
    for back in ["2014-07-11T06:00:00Z", "2015-06-30T06:00:00Z"] {
        machine.env.set_now(back);
        machine.sync(&[]).code(0);
        assert_eq!((machine.head(), machine.data()), (head.clone(), data.clone()), "{back}");
        machine.env.run(&["verify", "--history"]).code(0);
    }
    machine.at(NOW);
    machine.sync(&[]).code(0);
    assert_eq!((machine.head(), machine.data()), (head, data));
    machine.assert_sound();
}

#[test]
fn a_first_sync_under_a_clock_a_year_behind_is_completed_under_the_right_one() {
    let machine = Machine::new();
    machine.env.set_now("2014-07-11T06:00:00Z");
    machine.sync(&[]);
    demand_whole(&machine.env, "");
    machine.at(NOW);
    demand_next(&machine);
}

/// Runs a sync in a script that prepares the file system below `work`; none where that is not allowed.
#[cfg(target_os = "linux")]
fn sync_on(machine: &Machine, prepare: &str) -> Option<Ran> {
    let script = format!("{prepare}; exec fitsnap sync");
    crate::guards::with_mounts(&machine.env, &script).filter(|ran| ran.status != 77)
}

#[cfg(target_os = "linux")]
#[test]
fn a_sync_on_a_read_only_file_system_is_told_before_anything_is_asked() {
    let machine = Machine::new();
    let here = "cd ..; mount --bind work work && mount -o remount,bind,ro work || exit 77; cd work";
    let Some(ran) = sync_on(&machine, here) else { return };
    demand_message(&ran.code(1).stderr, &[".git/fitsnap", "read-only"]);
    assert_eq!(machine.asked(), [""; 0]);
    demand_next(&machine);
}

#[cfg(target_os = "linux")]
#[test]
fn a_sync_on_a_full_disk_is_told_and_goes_on_when_there_is_room() {
    for free in [0, 8, 40, 120, 200] {
        let machine = Machine::new();
        // What stands on the small disk at the end is copied back to be looked at.
        let script = format!(
            "cd ..; mkdir small; mount -t tmpfs -o size=64m none small || exit 77
            cp -a work/. small/
            used=$(df --output=used small | tail -1); mount -o remount,size=$((used + {free}))k small
            mount --bind small work
            code=0; fitsnap -C work sync || code=$?
            umount work; mount -o remount,size=64m small
            find work -mindepth 1 -delete; cp -a small/. work/; exit $code"
        );
        let Some(ran) = crate::guards::with_mounts(&machine.env, &script).filter(|ran| ran.status != 77) else {
            return;
        };
        eprintln!("{free} KiB free: {}", ran.stderr);
        demand_message(&ran.code(1).stderr, &["cannot", "No space left", "the disk is full; make room"]);
        demand_whole(&machine.env, "");
        demand_next(&machine);
    }
}

#[test]
fn a_limit_on_the_size_of_files_is_told_by_a_sync_too() {
    for blocks in [1, 2, 4] {
        let machine = Machine::new();
        // In blocks of 512 bytes. The signal that would end the process is turned off, as shells do.
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec fitsnap sync");
        let ran = machine.env.run_program("sh", &["-c", &script]).code(1);
        demand_message(&ran.stderr, &["too large", "ulimit -f"]);
        demand_whole(&machine.env, "");
        demand_next(&machine);
    }
}
