//! `fitsnap schedule`, with a pretend systemctl on the PATH

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::env::{ArchiveEnv, Ran};
use crate::machine::{Machine, assert_silent};

/// What a person may call a folder.
const ODD: &str = "../my 100% $fit \"runs\"";

/// Puts a systemctl on the PATH that notes what it is told and shows what a file of its home says.
fn with_systemctl(env: &ArchiveEnv) {
    let folder = env.home().join("bin");
    std::fs::create_dir_all(&folder).unwrap();
    let script = "#!/bin/sh\n\
        test ! -e \"$HOME/no-manager\" || { echo 'Failed to connect to bus' >&2; exit 1; }\n\
        test \"$2\" = show-environment || echo \"$*\" >> \"$HOME/systemctl.log\"\n\
        case \"$2 $3\" in 'show '*.timer) cat \"$HOME/timer\" ;; 'show '*) cat \"$HOME/service\" ;; esac 2> /dev/null\nexit 0\n";
    std::fs::write(folder.join("systemctl"), script).unwrap();
    std::fs::set_permissions(folder.join("systemctl"), PermissionsExt::from_mode(0o755)).unwrap();
    set_path(env, &format!("{}:", folder.display()));
}

/// Sets the PATH to these folders, fitsnap's and those of the machine.
fn set_path(env: &ArchiveEnv, first: &str) {
    let bin = Path::new(env!("CARGO_BIN_EXE_fitsnap")).parent().unwrap();
    env.set("PATH", &format!("{first}{}:/usr/local/bin:/usr/bin:/bin", bin.display()));
}

fn told_to_systemctl(env: &ArchiveEnv) -> Vec<String> {
    let log = std::fs::read_to_string(env.home().join("systemctl.log")).unwrap_or_default();
    let _ = std::fs::remove_file(env.home().join("systemctl.log"));
    log.lines().map(str::to_owned).collect()
}

/// The units in a folder, the service first.
fn units(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

fn scene() -> (ArchiveEnv, PathBuf) {
    let env = ArchiveEnv::new();
    with_systemctl(&env);
    env.run(&["init"]).code(0);
    let folder = env.home().join(".config/systemd/user");
    (env, folder)
}

#[test]
fn a_timer_is_written_started_shown_and_removed() {
    let (env, folder) = scene();
    let said = env.run(&["schedule", "status"]).code(0).stdout;
    assert!(said.contains("no timer of this archive is installed"), "{said}");
    let said = env.run(&["schedule", "install", "--at", "05:45"]).code(0).stderr;
    assert!(said.contains("soon after 05:45") && said.contains("nothing is pushed"), "{said}");
    let [service, timer] = units(&folder).try_into().unwrap();
    let name = timer.file_stem().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("fitsnap-work-"), "{name}");
    let told = told_to_systemctl(&env);
    assert_eq!(told, ["--user daemon-reload".to_owned(), format!("--user enable --now {name}.timer")]);
    let text = std::fs::read_to_string(&timer).unwrap();
    for line in ["OnCalendar=*-*-* 05:45:00", "RandomizedDelaySec=30min", "Persistent=true", "WantedBy=timers.target"] {
        assert!(text.lines().any(|one| one == line), "{line}: {text}");
    }
    let text = std::fs::read_to_string(&service).unwrap();
    assert!(text.contains("SuccessExitStatus=4 7 130") && !text.contains(" push "), "{text}");
    // With a remote it is pushed too, and what fitsnap wrote it may write anew.
    env.git("", &["remote", "add", "origin", "../remote.git"]);
    let said = env.run(&["schedule", "install", "--quiet"]).code(0).stderr;
    assert_eq!(said, "");
    let text = std::fs::read_to_string(&service).unwrap();
    assert!(text.contains(" push --quiet --set-upstream origin HEAD\n"), "{text}");
    told_to_systemctl(&env);

    let write = |file: &str, text: &str| std::fs::write(env.home().join(file), text).unwrap();
    write(
        "timer",
        "UnitFileState=enabled\nActiveState=active\nNextElapseUSecRealtime=Sun 2015-07-12 05:51:09 UTC\n\
         LastTriggerUSec=Sat 2015-07-11 05:50:00 UTC\n",
    );
    write("service", "Result=exit-code\nExecMainStatus=3\nExecMainExitTimestamp=Sat 2015-07-11 05:50:10 UTC\n");
    let told: Value = serde_json::from_str(&env.run(&["schedule", "status", "--json"]).code(0).stdout).unwrap();
    assert_eq!(
        told,
        json!({"name": name, "installed": true, "altered": [], "enabled": true, "active": true,
            "next_run": "2015-07-12T05:51:09Z", "last_run": "2015-07-11T05:50:10Z",
            "ended": {"result": "exit-code", "code": 3}})
    );
    let said = env.run(&["schedule", "status"]).code(0).stdout;
    assert!(said.contains("enabled\n") && said.contains("failed: exit-code, code 3 (journalctl"), "{said}");

    told_to_systemctl(&env);
    std::fs::write(folder.join("other.timer"), "mine").unwrap();
    env.run(&["schedule", "remove"]).code(0);
    assert_eq!(units(&folder), [folder.join("other.timer")]);
    let told = told_to_systemctl(&env);
    assert_eq!(told, [format!("--user disable --now {name}.timer"), "--user daemon-reload".to_owned()]);
    let said = env.run(&["schedule", "remove"]).code(0).stderr;
    assert!(said.contains("nothing to remove") && told_to_systemctl(&env).is_empty(), "{said}");
}

#[test]
fn what_a_person_wrote_or_altered_is_never_overwritten_nor_removed() {
    let (env, folder) = scene();
    env.run(&["schedule", "install"]).code(0);
    let [service, timer] = units(&folder).try_into().unwrap();
    let altered = std::fs::read_to_string(&timer).unwrap().replace("30min", "2h");
    std::fs::write(&timer, &altered).unwrap();
    told_to_systemctl(&env);
    for verb in ["install", "remove"] {
        let said = env.run(&["schedule", verb]).code(6).stderr;
        assert!(said.contains("was altered") && said.contains("--force") && said.contains(".timer"), "{said}");
        assert_eq!(std::fs::read_to_string(&timer).unwrap(), altered);
        assert!(service.exists() && told_to_systemctl(&env).is_empty());
    }
    let said = env.run(&["schedule", "status"]).code(0).stdout;
    assert!(said.contains("yours, or altered: ") && said.contains(".timer"), "{said}");
    let said = env.run(&["schedule", "install", "--force"]).code(0).stderr;
    let aside = folder.join(format!("{}.yours", timer.file_name().unwrap().to_str().unwrap()));
    assert!(said.contains(aside.to_str().unwrap()), "{said}");
    assert_eq!(std::fs::read_to_string(&aside).unwrap(), altered);
    // A person's own, and a masked unit, are no business of fitsnap's at all.
    std::fs::write(&service, "[Service]\nExecStart=/bin/true\n").unwrap();
    std::fs::remove_file(&timer).unwrap();
    std::os::unix::fs::symlink("/dev/null", &timer).unwrap();
    for args in [&["install", "--force"][..], &["remove", "--force"]] {
        let said = env.run(&[&["schedule"], args].concat()).code(6).stderr;
        assert!(said.contains("is yours, not fitsnap's"), "{said}");
    }
    std::fs::remove_file(&service).unwrap();
    env.run(&["schedule", "remove", "--force"]).code(6);
    assert!(timer.is_symlink());
}

#[test]
fn each_archive_has_units_of_its_own_where_xdg_says() {
    let (env, _) = scene();
    env.set("XDG_CONFIG_HOME", env.home().join("xdg").to_str().unwrap());
    env.run(&["init", ODD]).code(0);
    for folder in [".", ODD] {
        env.run(&["-C", folder, "schedule", "install"]).code(0);
    }
    let folder = env.home().join("xdg/systemd/user");
    assert_eq!(units(&folder).len(), 4);
    env.run(&["-C", ODD, "schedule", "remove"]).code(0);
    let left: Vec<_> = units(&folder).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    assert!(left.len() == 2 && left[0].to_str().unwrap().starts_with("fitsnap-work-"), "{left:?}");
}

#[test]
fn where_systemd_cannot_be_reached_a_crontab_line_is_printed_and_nothing_written() {
    let (env, folder) = scene();
    std::fs::write(env.home().join("no-manager"), "").unwrap();
    let ran = env.run(&["schedule", "install", "--at", "06:07"]).code(0);
    assert!(ran.stdout.starts_with("7 6 * * *  export PATH=") && ran.stdout.lines().count() == 1, "{}", ran.stdout);
    assert!(ran.stderr.contains("Failed to connect to bus; put this line into your crontab"), "{}", ran.stderr);
    assert!(!folder.exists() && told_to_systemctl(&env).is_empty());
    let plist = env.run(&["schedule", "install", "--print", "launchd"]).code(0).stdout;
    assert!(plist.starts_with("<?xml") && plist.contains("<string>/bin/sh</string>"), "{plist}");
    let said = env.run(&["schedule", "install", "--at", "25:00"]).code(2).stderr;
    assert!(said.contains("no time of day"), "{said}");
}

/// A signed-in archive in a folder with an odd name, with a remote.
fn odd() -> Machine {
    let machine = Machine::new();
    let env = &machine.env;
    with_systemctl(env);
    env.git("", &["init", "-q", "--bare", "../remote.git"]);
    env.git("", &["clone", "-q", ".", ODD]);
    env.git(ODD, &["remote", "set-url", "origin", env.home().join("remote.git").to_str().unwrap()]);
    env.run(&["-C", ODD, "init"]).code(0);
    let (access, refresh) = machine.moves.issue_tokens();
    env.run_with_input(&["-C", ODD, "login", "moves", "--token", "-"], &format!("{access}\n{refresh}\n")).code(0);
    machine
}

/// Runs a command with nothing but what a timer or cron gives it.
fn run_bare(env: &ArchiveEnv, words: &[String], variables: &[(String, String)]) {
    let mut command = Command::new(&words[0]);
    command.args(&words[1..]).env_clear().current_dir("/");
    command.env("HOME", env.home()).env("FITSNAP_NOW", "2015-07-11T06:00:00Z").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.envs(variables.iter().map(|(name, value)| (name, value))).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{words:?}: {}: {said}", output.status);
}

/// Demands that the remote has all that the archive has, a sync among it.
fn assert_pushed(env: &ArchiveEnv) {
    let head = env.git(ODD, &["rev-parse", "HEAD"]);
    assert_eq!(env.git("../remote.git", &["rev-parse", "main"]), head);
    assert!(env.git(ODD, &["log", "-1", "--format=%s"]).starts_with("moves: 21 new"));
}

#[test]
fn the_line_of_a_crontab_syncs_and_pushes_from_nothing() {
    let machine = odd();
    let Ran { stdout: line, stderr, .. } = machine.run(&["-C", ODD, "schedule", "install", "--print", "cron"]).code(0);
    assert!(stderr.contains("FITSNAP_MOVES_CLIENT_SECRET is set in this shell") && stderr.contains("600"), "{stderr}");
    let command = line.splitn(6, ' ').last().unwrap().replace("\\%", "%");
    run_bare(&machine.env, &["sh".to_owned(), "-c".to_owned(), command], &[]);
    assert_pushed(&machine.env);
}

#[test]
fn the_units_commands_sync_and_push_from_nothing_and_systemd_takes_them() {
    let machine = odd();
    let env = &machine.env;
    machine.run(&["-C", ODD, "schedule", "install"]).code(0);
    let folder = env.home().join(".config/systemd/user");
    let [service, timer] = units(&folder).try_into().unwrap();
    let text = std::fs::read_to_string(&service).unwrap();
    assert_silent(&text);
    let values = |key: &str| -> Vec<Vec<String>> {
        text.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).map(words).collect()
    };
    let variables: Vec<(String, String)> = values("Environment")
        .into_iter()
        .map(|mut words| {
            let (name, value) =
                words.remove(0).split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
            (name, value)
        })
        .collect();
    let commands = values("ExecStart");
    assert_eq!(commands.len(), 2, "{text}");
    for command in commands {
        let command: Vec<String> = command.iter().map(|word| word.replace("$$", "$")).collect();
        run_bare(env, &command, &variables);
    }
    assert_pushed(env);
    // Where there is a systemd, it is asked whether it understands them.
    let mut verify = env.command("systemd-analyze");
    verify.env("XDG_RUNTIME_DIR", env.home()).args(["verify", "--user", "--man=no"]).arg(service).arg(timer);
    if let Ok(output) = verify.output() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}

/// The words of a value as systemd reads them.
fn words(value: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (vec![], String::new(), false);
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => is_quoted = !is_quoted,
            '\\' => word.extend(chars.next()),
            '%' => word.extend(chars.next()),
            ' ' if !is_quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words
}
