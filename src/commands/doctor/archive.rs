//! The archive: whether a sync may write, the hooks, the remotes.

use chrono::{DateTime, TimeDelta, Utc};

use super::Context;
use super::check::Check;
use crate::archive::{Apart, Archive, ArchiveError, HookLook, in_public, without_user};
use crate::cli::{CommandError, ExitCode, span_in_words};
use crate::commands::attention::PUSHED_WITHIN;
use crate::commands::{runtime, signals};
use crate::http::{Patience, Seen, ask_anybody};

/// How far the clocks of two machines may be apart.
const CLOCKS_DIFFER: TimeDelta = TimeDelta::minutes(5);

pub(super) fn look(archive: &Archive, context: &Context<'_>, checks: &mut Vec<Check>) -> Result<(), CommandError> {
    checks.push(writable(archive, context));
    hooks(archive, checks)?;
    let now = context.clock.now();
    checks.push(pushed(archive.apart()?, now));
    clock(archive, context, checks)?;
    remotes(archive, context, checks)
}

fn writable(archive: &Archive, context: &Context<'_>) -> Check {
    // What a stopped run left is settled first, as the next command would, and is nobody's edit.
    let settled = archive.settle("doctor", context.clock);
    match settled.map(drop).and_then(|()| archive.check_writable()) {
        Ok(()) => Check::well("archive", format!("{} can be written", archive.root().display())),
        Err(ArchiveError::Busy { holder }) => Check::well("archive", format!("another fitsnap is at work: {holder}")),
        Err(error) => Check::of_error("archive", error.into()),
    }
}

fn hooks(archive: &Archive, checks: &mut Vec<Check>) -> Result<(), CommandError> {
    let looks = archive.look_at_hooks()?;
    let count = looks.len();
    let mut well = 0;
    for (path, look) in looks {
        let path = path.display();
        checks.push(match look {
            HookLook::Works => {
                well += 1;
                continue;
            }
            HookLook::Missing => Check::warning("hooks", format!("{path} is missing"), "fitsnap init"),
            HookLook::NotExecutable => Check::warning(
                "hooks",
                format!("{path} is not executable: git passes over it"),
                format!("chmod +x {path}"),
            ),
            HookLook::Yours(line) => {
                Check::warning("hooks", format!("{path} does not call fitsnap"), format!("add this line to it: {line}"))
            }
        });
    }
    if well == count {
        checks.push(Check::well("hooks", "in place"));
    }
    Ok(())
}

fn pushed(apart: Option<Apart>, now: DateTime<Utc>) -> Check {
    let Some(apart) = apart else {
        return Check::warning(
            "remote",
            "there is none: the archive is on this machine only",
            "git remote add origin URL, then git push -u origin HEAD; choose a private repository",
        );
    };
    if apart.unpulled > 0 {
        let says = format!("it has {} that this clone lacks, so a push is refused", commits(apart.unpulled));
        return Check::warning("remote", says, "git pull");
    }
    let waits = apart.oldest.map(|oldest| now - oldest).filter(|waits| *waits > PUSHED_WITHIN);
    match (apart.unpushed, waits.and_then(|waits| waits.to_std().ok())) {
        (0, _) => Check::well("remote", "has every commit"),
        (count, None) => Check::well("remote", format!("{} to push", commits(count))),
        (count, Some(waits)) => {
            let says = format!("lacks {}, the oldest since {}", commits(count), span_in_words(waits));
            Check::warning("remote", says, "git push")
        }
    }
}

fn commits(count: usize) -> String {
    if count == 1 { "1 commit".to_owned() } else { format!("{count} commits") }
}

fn clock(archive: &Archive, context: &Context<'_>, checks: &mut Vec<Check>) -> Result<(), CommandError> {
    let now = context.clock.now();
    let shows = now.format("%Y-%m-%d %H:%M UTC");
    let ahead = archive.head_time()?.map(|head| head - now).filter(|ahead| *ahead > CLOCKS_DIFFER);
    checks.push(match ahead.and_then(|ahead| ahead.to_std().ok()) {
        Some(ahead) => Check::warning(
            "clock",
            format!("it shows {shows}, {} before the newest commit", span_in_words(ahead)),
            "set the clock; what is committed meanwhile bears wrong times",
        ),
        None if context.clock.is_pinned() => Check::warning(
            "clock",
            format!("FITSNAP_NOW sets it to {shows}: every run believes it is then"),
            "unset FITSNAP_NOW",
        ),
        None => Check::well("clock", format!("shows {shows}")),
    });
    Ok(())
}

fn remotes(archive: &Archive, context: &Context<'_>, checks: &mut Vec<Check>) -> Result<(), CommandError> {
    let remotes = archive.remotes()?;
    if remotes.is_empty() {
        return Ok(());
    }
    let stop = signals()?;
    let runtime = runtime()?;
    let mut skewed = false;
    for (name, address) in remotes {
        let shown = format!("{name} ({})", without_user(&address));
        let Some(url) = in_public(&address) else { continue };
        let seen = runtime.block_on(ask_anybody(&url, Patience::of(context.environment), &stop));
        if stop.is_set() {
            return Err(CommandError::new(ExitCode::Interrupted, "interrupted"));
        }
        checks.push(public(&shown, seen));
        let off = seen.and_then(|seen| seen.date).filter(|_| !context.clock.is_pinned() && !skewed);
        let off = off.map(|date| (date - context.clock.now()).abs()).filter(|off| *off > CLOCKS_DIFFER);
        if let Some(off) = off.and_then(|off| off.to_std().ok()) {
            skewed = true;
            let says = format!("it is {} off that of {shown}", span_in_words(off));
            checks.push(Check::warning("clock", says, "set the clock, or let the system set it (NTP)"));
        }
    }
    Ok(())
}

/// What the answer to anybody's question says of who may read the remote.
fn public(shown: &str, seen: Option<Seen>) -> Check {
    match seen.map(|seen| seen.status) {
        Some(200) => Check::warning(
            "public",
            format!("anybody can read {shown}: where you live, work and sleep"),
            "make the repository private at its host",
        ),
        Some(401 | 403 | 404) => Check::well("public", format!("{shown} shows nothing without a sign-in")),
        Some(status) => Check::warning(
            "public",
            format!("whether anybody can read {shown} could not be told: its host answered {status}"),
            "look at its settings there: the repository should be private",
        ),
        None => Check::warning(
            "public",
            format!("whether anybody can read {shown} could not be asked: no answer"),
            "run this again when the network is there",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    #[test]
    fn only_an_open_answer_means_public_and_none_means_nothing() {
        let state = |status: Option<u16>| public("origin", status.map(|status| Seen { status, date: None })).state;
        assert_eq!(state(Some(200)), State::Warning);
        assert_eq!(state(Some(401)), State::Well);
        assert_eq!(state(Some(404)), State::Well);
        assert_eq!(state(Some(302)), State::Warning);
        assert_eq!(state(None), State::Warning);
    }

    #[test]
    fn commits_may_wait_less_than_a_day_for_their_push() {
        let now: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        let at = |hours: i64| {
            pushed(Some(Apart { unpushed: 3, oldest: Some(now - TimeDelta::hours(hours)), unpulled: 0 }), now)
        };
        assert_eq!(at(20).state, State::Well);
        assert_eq!(at(72).state, State::Warning);
        assert_eq!(at(72).says, "lacks 3 commits, the oldest since 3 d 0 h");
        assert_eq!(pushed(Some(Apart { unpulled: 1, ..Apart::default() }), now).todo.as_deref(), Some("git pull"));
    }
}
