//! What a person sees at a terminal, a real one as far as the program can tell.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use unicode_width::UnicodeWidthStr;

use crate::days::{archive, list_hashes, write};
use crate::env::ArchiveEnv;

/// What a command shows on a terminal of so many columns to a person who types this, and its exit code.
fn at_terminal(env: &ArchiveEnv, columns: u16, args: &[&str], typed: &str) -> (String, i32) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(&master, size).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let slave = || Stdio::from(OpenOptions::new().read(true).write(true).open(&name).unwrap());
    let mut command: Command = env.command(env!("CARGO_BIN_EXE_fitsnap"));
    command.args(args).env("TERM", "xterm-256color").env("PAGER", "cat");
    let mut child = command.stdin(slave()).stdout(slave()).stderr(slave()).spawn().unwrap();
    // The terminal ends when the last who has it open goes: that is to be the child.
    drop(command);
    let mut master = File::from(master);
    master.write_all(typed.as_bytes()).unwrap();
    let (mut shown, mut some) = (Vec::new(), [0; 4_096]);
    while let Ok(count @ 1..) = master.read(&mut some) {
        shown.extend_from_slice(&some[..count]);
    }
    let code = child.wait().unwrap().code().unwrap();
    (String::from_utf8(shown).unwrap().replace("\r\n", "\n"), code)
}

/// A text without its colours, and of what moved only how it stood in the end.
fn plain(text: &str) -> String {
    let mut parts = text.split('\x1b');
    let first = parts.next().unwrap().to_owned();
    let text = parts.fold(first, |text, part| {
        text + part.split_once(|c: char| c.is_ascii_alphabetic()).map_or("", |(_, rest)| rest)
    });
    text.lines().fold(String::new(), |text, line| text + line.rsplit('\r').next().unwrap() + "\n")
}

fn settings(env: &ArchiveEnv) -> String {
    std::fs::read_to_string(env.path("fitsnap.toml")).unwrap()
}

#[test]
fn init_asks_which_services_there_are_and_says_what_comes_next() {
    let env = ArchiveEnv::new();
    env.set_now("2026-11-21T06:00:00Z");
    let (said, code) = at_terminal(&env, 80, &["init"], "7\n2, fitbit\n");
    let said = plain(&said);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("  1  moves         Moves\n") && said.contains("\"7\" is none of them"), "{said}");
    for (label, words) in [
        ("today", "since 2026-06-30 only apps whose owner pays"),
        ("app", "https://www.strava.com/settings/api"),
        ("costs", "a Strava subscription"),
        ("export", "fitsnap import strava export_12345678.zip"),
        ("today", "2026-11-02"),
        ("app", "closed to new apps"),
    ] {
        let unfolded = said.replace("\n            ", " ");
        assert!(unfolded.lines().any(|line| line.trim_start().starts_with(label) && line.contains(words)), "{said}");
    }
    // A service that takes no new apps is begun with its export.
    let next: Vec<&str> = said.lines().filter(|line| line.starts_with("next: ")).collect();
    assert!(next[next.len() - 2].ends_with("fitsnap login strava && fitsnap sync strava"), "{said}");
    assert!(said.trim_end().ends_with("next: fitsnap import fitbit takeout-*.zip"), "{said}");
    let text = settings(&env);
    assert!(text.contains("# What each one offers and needs: fitsnap providers\n"), "{text}");
    // Every sync would fail for one that nobody can sign in to any more.
    assert!(text.ends_with("\n[providers.strava]\n"), "{text}");
    assert_eq!(env.git("", &["status", "--porcelain"]), "");
    assert_eq!(env.git("", &["log", "-1", "--format=%s"]), "fitsnap: settings for strava\n");
    // An archive that names services is asked nothing.
    let (said, code) = at_terminal(&env, 80, &["init"], "");
    assert!(code == 0 && !said.contains("Which services"), "{said}");
}

#[test]
fn init_asks_nobody_who_does_not_sit_there_or_does_not_want_it() {
    let env = ArchiveEnv::new();
    let said = env.run_with_input(&["init"], "2\n").code(0).stderr;
    assert!(said.ends_with("then: fitsnap login PROVIDER\n") && !said.contains("Which services"), "{said}");
    assert!(!settings(&env).contains("\n[providers"));
    let (said, code) = at_terminal(&env, 80, &["init", "--no-questions"], "2\n");
    assert!(code == 0 && !said.contains("Which services"), "{said}");
    let (said, code) = at_terminal(&env, 80, &["init"], "\n");
    assert!(code == 0 && said.contains("Which services"), "{said}");
    assert!(!settings(&env).contains("\n[providers"));
    // Named beforehand they need no terminal; one that there is not stops it before anything is made.
    let env = ArchiveEnv::new();
    let said = env.run(&["init", "--services", "starva", "b"]).code(2).stderr;
    assert!(said.contains("did you mean \"strava\"?") && !env.path("b").exists(), "{said}");
    let said = env.run(&["init", "--services", "moves", "b"]).code(0).stderr;
    assert!(said.contains("next: cd ") && said.ends_with("next: fitsnap import moves moves_export.zip\n"), "{said}");
    assert!(!std::fs::read_to_string(env.path("b/fitsnap.toml")).unwrap().contains("\n[providers"));
    env.set_now("2026-11-21T06:00:00Z");
    let said = env.run(&["init", "--services", "strava", "b"]).code(0).stderr;
    assert!(said.contains("named in fitsnap.toml: strava") && !said.contains("nothing to do"), "{said}");
    // Both commits are of one second, and another follows.
    env.git("b", &["commit", "-q", "--allow-empty", "-m", "mine"]);
    env.set_now("2026-11-28T06:00:00Z");
    let said = env.run(&["-C", "b", "status"]).code(0).stderr;
    assert!(said.contains("strava") && said.contains("no good sync"), "{said}");
}

/// A day in canonical form with a place in Tokyo, whose name is this.
fn day(env: &ArchiveEnv, name: &str) -> String {
    let place = format!("{{\"id\": 7, \"location\": {{\"lat\": 35.68, \"lon\": 139.76}}, \"name\": \"{name}\"}}");
    let (start, end) = ("20150705T080000+0900", "20150705T170000+0900");
    let stay =
        format!("{{\"type\": \"place\", \"startTime\": \"{start}\", \"endTime\": \"{end}\", \"place\": {place}}}");
    let story = format!("[{{\"date\": \"20150705\", \"segments\": [{stay}]}}]");
    let day =
        format!("{{\"date\": \"2015-07-05\", \"provider\": \"moves\", \"resources\": {{\"storyline\": {story}}}}}");
    env.run_with_input(&["canon"], &day).code(0).stdout
}

#[test]
fn every_line_fits_the_terminal_whatever_the_places_are_called() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\n[providers.strava]\n");
    for name in [
        "\u{6771}\u{4eac}\u{99c5}\u{306e}\u{99c5}\u{524d}\u{5e83}\u{5834}",
        "\u{65b0}\u{5bbf}\u{5fa1}\u{82d1}\u{3068}\u{96e8}",
    ] {
        write(&env, "data/moves/2015/07/05.json", &day(&env, &name.repeat(3)));
        list_hashes(&env, "data/moves/2015/07");
        env.git("", &["add", "."]);
        env.git("", &["commit", "-qm", name]);
    }
    for columns in [60, 80, 200] {
        for args in [
            &["providers"][..],
            &["status"],
            &["doctor"],
            &["log"],
            &["diff", "moves", "2015-07-05"],
            &["stats"],
            &["verify"],
            &["where", "2015-07-05T10:00"],
            &["sync", "moves"],
            &["--help"],
        ] {
            let (said, _) = at_terminal(&env, columns, args, "");
            for line in plain(&said).lines() {
                // A word that is longer than a line, such as an address, stays whole.
                let words = line.trim_start().split(' ').count();
                assert!(line.width() <= columns.into() || words == 1, "{args:?} at {columns}: {line}");
            }
        }
    }
    let (said, _) = at_terminal(&env, 80, &["log", "-n", "1"], "");
    assert!(said.contains("\u{6771}\u{4eac}\u{99c5}"), "{said}");
}

#[test]
fn colours_follow_the_terminal_unless_something_else_is_asked_for() {
    let env = ArchiveEnv::new();
    archive(&env);
    let colours = |text: &str| text.contains("\x1b[");
    let shown = |args: &[&str]| at_terminal(&env, 80, args, "").0;
    assert!(colours(&shown(&["status"])) && !colours(&env.run(&["status"]).stdout));
    assert!(colours(&env.run(&["--color", "always", "status"]).stdout));
    assert!(colours(&env.run(&["status", "--color=always"]).stdout));
    assert!(!colours(&shown(&["status", "--color", "never"])));
    // Help and mistakes too, which come before the arguments are known.
    assert!(colours(&shown(&["sync", "--help"])) && !colours(&shown(&["--color=never", "sync", "--help"])));
    assert!(!colours(&shown(&["--color", "never", "snyc"])) && colours(&env.run(&["--color=always", "snyc"]).stderr));
    let said = env.run(&["--color", "sometimes", "status"]).code(2).stderr;
    assert!(said.contains("always") && said.contains("never"), "{said}");
    env.set("NO_COLOR", "1");
    assert!(!colours(&shown(&["status"])) && !colours(&shown(&["--help"])));
    assert!(colours(&shown(&["--color", "always", "status"])));
}

#[test]
fn a_shell_is_told_what_the_archive_at_hand_has() {
    let env = ArchiveEnv::new();
    archive(&env);
    write(&env, "fitsnap.toml", "format = 1\n[providers.moves]\n[providers.work]\nkind = \"strava\"\n");
    let offered = |words: &[&str]| {
        let mut command = env.command(env!("CARGO_BIN_EXE_fitsnap"));
        command.args(["--", "fitsnap"]).args(words).env("FITSNAP_COMPLETE", "bash");
        command.env("_CLAP_COMPLETE_INDEX", words.len().to_string()).env("_CLAP_IFS", " ");
        let output = command.output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty());
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(offered(&["show", "m"]), "moves");
    assert_eq!(offered(&["show", "moves", "2015-07"]), "2015-07-04 2015-07-05");
    assert_eq!(offered(&["log", "--day", "2015-07-04..2015-07-05"]), "2015-07-04..2015-07-05");
    assert_eq!(offered(&["sync", "work", "--only", "list,str"]), "list,streams");
    assert_eq!(offered(&["sync", "moves", "--only", "st"]), "storyline");
    assert_eq!(offered(&["export", "csv", "work", "act"]), "activities");
    assert_eq!(offered(&["log", "--kind", "sh"]), "shrunk");
    assert_eq!(offered(&["config", "get", "providers.work.wi"]), "providers.work.window");
    assert_eq!(offered(&["login", "fit"]), "fitbit");
    assert_eq!(offered(&["ver"]), "verify");
    assert_eq!(offered(&["-C", "~/work", "show", "moves", "2015-07-04"]), "2015-07-04");
    // Elsewhere there are no days, and no word about it either.
    let there = env.path("").display().to_string();
    assert_eq!(offered(&["-C", "/", "show", "moves", "2015"]), "");
    assert_eq!(offered(&["-C", &there, "show", "work", "2015"]), "");
    assert_eq!(offered(&["-C", "/", "show", "m"]), "moves");
    for (shell, words) in [("bash", "complete -o"), ("zsh", "#compdef fitsnap"), ("fish", "complete --keep-order")] {
        let script = env.run(&["completions", shell]).code(0).stdout;
        assert!(script.contains(words) && script.contains("FITSNAP_COMPLETE"), "{shell}: {script}");
    }
    let script = "eval \"$(fitsnap completions bash)\"; COMP_WORDS=(fitsnap show moves 2015-07-05); COMP_CWORD=3; \
                  _clap_complete_fitsnap fitsnap 2015-07-05 moves; echo \"${COMPREPLY[@]}\"";
    env.run_program("bash", &["-c", script]).code(0).stdout("2015-07-05\n");
}

#[test]
fn the_demo_asks_nothing_at_a_terminal() {
    let env = ArchiveEnv::new();
    let (said, code) = at_terminal(&env, 80, &["demo", "d"], "");
    assert!(code == 0 && !said.contains("Which services") && said.contains("well: "), "{said}");
}

#[test]
fn help_that_nobody_reads_to_the_end_is_no_failure() {
    let env = ArchiveEnv::new();
    let script = "set -o pipefail; for help in --help 'sync --help'; do fitsnap $help | head -1 || exit 9; done";
    if env.run_program("bash", &["-c", "true"]).status == 0 {
        for _ in 0..5 {
            env.run_program("bash", &["-c", script]).code(0);
        }
    }
}
