//! The units of a systemd user timer, and what systemd knows of them.

use std::collections::BTreeMap;
use std::process::Command;

use chrono::{DateTime, NaiveDateTime, Utc};

use super::super::Context;
use super::task::{Task, on_path};
use super::unit_file::sealed;
use super::when::When;
use crate::cli::{CommandError, ExitCode};

/// The service that does the work of a task.
pub(super) fn service(task: &Task) -> String {
    let Task { archive, credentials, name, .. } = task;
    let mut text = format!(
        "# Changes of your own belong into a drop-in: systemctl --user edit {name}.service\n\
         # No secret stands here. The ids and secrets of apps are read from {credentials}\n\
         # (mode 0600), the sign-ins from where fitsnap login keeps them.\n\n\
         [Unit]\nDescription=fitsnap: the days of {}\n\n[Service]\nType=oneshot\n",
        archive.replace('%', "%%")
    );
    for (name, value) in &task.variables {
        text.push_str(&format!("Environment={}\n", quoted(&format!("{name}={value}"))));
    }
    text.push_str(
        "# 4: a limit or the network stopped it, and the next run goes on from there; 7: another fitsnap was at work;\n\
         # 130: it was stopped, and what came is kept. What is committed by then is pushed.\n\
         SuccessExitStatus=4 7 130\n",
    );
    task.commands.iter().for_each(|command| text.push_str(&format!("ExecStart={}\n", command_line(command))));
    text.push_str(
        "# A connection that hangs for ever must not keep tomorrow's run from starting.\nTimeoutStartSec=12h\n",
    );
    sealed(&text)
}

/// The timer of a task.
pub(super) fn timer(task: &Task, when: When) -> String {
    sealed(&format!(
        "# Changes of your own belong into a drop-in: systemctl --user edit {}.timer\n\n\
         [Unit]\nDescription=fitsnap, once a day: {}\n\n\
         [Timer]\nOnCalendar=*-*-* {when}:00\nRandomizedDelaySec=30min\n\
         # What was missed while the machine was off is made up for.\nPersistent=true\n\n\
         [Install]\nWantedBy=timers.target\n",
        task.name,
        task.archive.replace('%', "%%")
    ))
}

/// A command as systemd reads it back.
fn command_line(command: &[String]) -> String {
    // Systemd starts no program whose path holds one of these; a shell does.
    let by_shell = command.first().is_some_and(|program| program.contains(['\'', '"', '\\']));
    let shell = ["/bin/sh", "-c", "exec \"$0\" \"$@\""];
    let mut words = shell.into_iter().filter(|_| by_shell).chain(command.iter().map(String::as_str));
    let program = words.next().map(quoted).unwrap_or_default();
    // Only in what follows the program a dollar would begin a variable's name.
    words.fold(program, |line, word| format!("{line} {}", quoted(&word.replace('$', "$$"))))
}

/// A word as systemd reads it back, whatever it holds.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-=:$".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%"))
}

/// What systemd knows of a task.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Whether the timer starts with the person's session.
    pub(super) enabled: bool,
    /// Whether it waits for its time now.
    pub(super) active: bool,
    /// When it runs next.
    pub(super) next: Option<DateTime<Utc>>,
    /// When it ran last.
    pub(super) last: Option<DateTime<Utc>>,
    /// How the last run ended, as far as systemd has not forgotten it.
    pub(super) ended: Option<Ended>,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ended {
    /// In systemd's word: `success`, `exit-code`, `timeout`.
    pub(super) result: String,
    /// The code of the command that ran last.
    pub(super) code: Option<i32>,
}

/// The person's own systemd.
pub(super) struct Manager<'a> {
    context: &'a Context<'a>,
}

impl<'a> Manager<'a> {
    /// The manager of the person's services; the sentence is why there is none to be reached.
    pub(super) fn find(context: &'a Context<'a>) -> Result<Manager<'a>, String> {
        if on_path(context, "systemctl").is_none() {
            return Err("there is no systemd here".to_owned());
        }
        let manager = Manager { context };
        manager.call(&["show-environment"]).map(|_| manager)
    }

    /// Makes systemd read the units again.
    pub(super) fn reload(&self) -> Result<(), CommandError> {
        self.order(&["daemon-reload"])
    }

    /// Starts a task's timer, now and with every session.
    pub(super) fn enable(&self, task: &str) -> Result<(), CommandError> {
        self.order(&["enable", "--now", &format!("{task}.timer")])
    }

    /// Stops a task's timer, now and for good.
    pub(super) fn disable(&self, task: &str) -> Result<(), CommandError> {
        self.order(&["disable", "--now", &format!("{task}.timer")])
    }

    /// What systemd knows of a task.
    pub(super) fn known(&self, task: &str) -> Result<Known, CommandError> {
        let show =
            |unit: String, properties: &str| self.call(&["show", &unit, "--property", properties]).map_err(failed);
        let timer = show(format!("{task}.timer"), "UnitFileState,ActiveState,NextElapseUSecRealtime,LastTriggerUSec")?;
        let service = show(format!("{task}.service"), "Result,ExecMainStatus,ExecMainExitTimestamp")?;
        Ok(read(&timer, &service))
    }

    fn order(&self, words: &[&str]) -> Result<(), CommandError> {
        self.call(words).map(drop).map_err(failed)
    }

    /// Calls systemctl: what it says, or why it failed.
    fn call(&self, words: &[&str]) -> Result<String, String> {
        let mut command: Command = self.context.environment.command("systemctl");
        // Times come in the caller's zone, words in the caller's language.
        command.arg("--user").args(words).env("TZ", "UTC").env("LC_ALL", "C").stdin(std::process::Stdio::null());
        let shown = format!("systemctl --user {}", words.join(" "));
        let output = command.output().map_err(|error| format!("{shown} cannot be run: {error}"))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        Err(format!("{shown}: {said}"))
    }
}

fn failed(why: String) -> CommandError {
    CommandError::new(ExitCode::SomeFailed, why)
}

fn properties(told: &str) -> BTreeMap<&str, &str> {
    told.lines().filter_map(|line| line.split_once('=')).filter(|(_, value)| !value.is_empty()).collect()
}

/// What `systemctl show` told of a timer and of its service.
fn read(timer: &str, service: &str) -> Known {
    let (timer, service) = (properties(timer), properties(service));
    let is = |map: &BTreeMap<&str, &str>, key: &str, value: &str| map.get(key) == Some(&value);
    let exited = service.get("ExecMainExitTimestamp").and_then(|text| moment(text));
    Known {
        enabled: is(&timer, "UnitFileState", "enabled"),
        active: is(&timer, "ActiveState", "active"),
        next: timer.get("NextElapseUSecRealtime").and_then(|text| moment(text)),
        last: exited.max(timer.get("LastTriggerUSec").and_then(|text| moment(text))),
        ended: exited.map(|_| Ended {
            result: service.get("Result").copied().unwrap_or_default().to_owned(),
            code: service.get("ExecMainStatus").and_then(|code| code.parse().ok()),
        }),
    }
}

/// `Sun 2026-11-22 06:12:09 UTC`
fn moment(text: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(text, "%a %Y-%m-%d %H:%M:%S UTC").ok().map(|time| time.and_utc())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_as_systemd_reads_them() {
        assert_eq!(quoted("/usr/bin/git"), "/usr/bin/git");
        assert_eq!(quoted("/home/ada/my runs"), "\"/home/ada/my runs\"");
        assert_eq!(quoted("/100% \"fit\"\\"), "\"/100%% \\\"fit\\\"\\\\\"");
        assert_eq!(quoted("a;b"), "\"a;b\"");
        let line = |program: &str| command_line(&[program.to_owned(), "-C".to_owned(), "/my $runs".to_owned()]);
        assert_eq!(line("/$x/fitsnap"), "/$x/fitsnap -C \"/my $$runs\"");
        assert_eq!(
            line("/it's/fitsnap"),
            "/bin/sh -c \"exec \\\"$$0\\\" \\\"$$@\\\"\" \"/it's/fitsnap\" -C \"/my $$runs\""
        );
    }

    #[test]
    fn what_systemctl_shows_is_read() {
        let timer = "UnitFileState=enabled\nActiveState=active\nNextElapseUSecRealtime=Sun 2026-11-22 06:12:09 UTC\n\
                     LastTriggerUSec=Sat 2026-11-21 06:03:00 UTC\n";
        let service = "Result=exit-code\nExecMainStatus=3\nExecMainExitTimestamp=Sat 2026-11-21 06:03:10 UTC\n";
        let told = read(timer, service);
        assert!(told.enabled && told.active);
        assert_eq!(told.next.unwrap().to_rfc3339(), "2026-11-22T06:12:09+00:00");
        assert_eq!(told.last.unwrap().to_rfc3339(), "2026-11-21T06:03:10+00:00");
        assert_eq!(told.ended, Some(Ended { result: "exit-code".to_owned(), code: Some(3) }));
        let fresh = "Result=success\nExecMainStatus=0\nExecMainExitTimestamp=\n";
        assert_eq!(read("UnitFileState=\nActiveState=inactive\n", fresh), Known::default());
    }
}
