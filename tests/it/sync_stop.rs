//! `fitsnap sync` that is interrupted, killed, or made to wait.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;
use std::time::{Duration, Instant};

use fitsnap::pretend::{Fault, Misbehaviour};

use crate::machine::{Machine, Running, options, wait_until};

/// The tree of `data` after a first sync that nothing disturbs.
fn unbroken() -> String {
    Machine::synced().data()
}

/// Demands that a run ended as an interrupted one does.
#[track_caller]
fn assert_interrupted(running: Running) {
    let (status, said) = running.end();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("moves: interrupted") && said.contains("goes on from there"), "{said}");
}

#[test]
fn a_stop_in_the_middle_commits_what_came_and_the_next_sync_goes_on() {
    let whole = unbroken();
    for signal in ["INT", "TERM"] {
        let machine = Machine::new();
        machine.moves.misbehave(Misbehaviour::of(Fault::Stall).on("2015-06-25".parse().unwrap()));
        let running = machine.start(&["sync"]);
        let mut asked = Vec::new();
        wait_until("the last range is asked for", || {
            asked.extend(machine.asked());
            asked.len() == 4
        });
        running.signal(signal);
        assert_interrupted(running);
        assert_eq!(machine.asked(), [""; 0]);
        assert_eq!(machine.days().len(), 14);
        assert_eq!(machine.env.git("", &["log", "-1", "--format=%s"]), "moves: 14 new\n");
        machine.assert_sound();
        machine.moves.behave();
        machine.sync(&[]).code(0);
        assert_eq!(machine.asked(), ["profile", "20150705-20150711", "20150621-20150627"]);
        assert_eq!(machine.data(), whole);
        machine.assert_sound();
    }
}

#[test]
fn before_a_long_wait_what_came_is_committed_and_a_stop_ends_the_wait() {
    let machine = Machine::new();
    machine.at("2015-07-11T06:30:00Z");
    machine.moves.leave(60, 2);
    let mut running = machine.start(&["sync", "--max-wait", "2h"]);
    wait_until("a checkpoint is committed", || machine.commits() == 3);
    assert!(running.runs());
    assert_eq!(machine.days().len(), 7);
    assert_eq!(machine.asked(), ["profile", "20150705-20150711"]);
    running.signal("TERM");
    let (status, said) = running.end();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(said.contains("moves: waiting ") && said.contains("requests per hour"), "{said}");
    machine.assert_sound();
    machine.at("2015-07-11T07:00:10Z");
    machine.sync(&[]).code(0);
    assert_eq!(machine.data(), unbroken());
}

#[test]
fn a_stop_before_anything_came_leaves_nothing() {
    let machine = Machine::new();
    machine.moves.misbehave(Misbehaviour::of(Fault::Stall));
    let head = machine.head();
    let running = machine.start(&["sync", "--json"]);
    wait_until("the profile is asked for", || !machine.asked().is_empty());
    running.signal("INT");
    assert_interrupted(running);
    assert_eq!(machine.head(), head);
    assert_eq!(machine.env.git("", &["status", "--porcelain"]), "");
}

/// Waits for the last request of a first sync of sixty days.
fn wait_for_the_last_request(machine: &Machine) {
    let mut seen = BTreeSet::new();
    wait_until("the last range is asked for", || {
        seen.extend(machine.asked());
        seen.len() == 10
    });
}

#[test]
fn a_kill_at_any_moment_costs_time_and_nothing_else() {
    let machine = Machine::with(options("2015-05-13"));
    let (work, fresh) = (machine.env.path(""), machine.env.home().join("fresh"));
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let _ = std::fs::remove_dir_all(to);
        assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
    };
    copy(&work, &fresh);
    let running = machine.start(&["sync"]);
    wait_for_the_last_request(&machine);
    let start = Instant::now();
    assert_eq!(running.end().0.code(), Some(0));
    let span = start.elapsed();
    let whole = machine.data();
    let mut killed = 0;
    for moment in 0..10 {
        copy(&fresh, &work);
        machine.asked();
        machine.moves.set_now(crate::machine::NOW.parse().unwrap());
        machine.moves.leave(60, 2_000);
        let running = machine.start(&["sync"]);
        match moment {
            0 => wait_until("it begins", || !machine.asked().is_empty()),
            _ => {
                wait_for_the_last_request(&machine);
                std::thread::sleep((span * (moment - 1) / 9).min(Duration::from_secs(1)));
            }
        }
        running.signal("KILL");
        killed += usize::from(running.end().0.signal() == Some(9));
        machine.sync(&[]).code(0);
        assert_eq!(machine.data(), whole, "moment {moment}");
        assert_eq!(machine.env.git("", &["status", "--porcelain"]), "", "moment {moment}");
        let fsck = machine.env.try_git("", &["fsck", "--strict", "--no-dangling"]).code(0);
        assert_eq!(fsck.stdout + &fsck.stderr, "");
        machine.env.run(&["verify", "--history"]).code(0);
    }
    // On a busy machine the later moments may come too late; the first cannot.
    assert!(killed > 0, "none of 10 was still running");
}
