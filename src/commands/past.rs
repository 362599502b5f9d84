//! What the commands that look at the past have in common: which archive, which days, which dates,
//! and how a revision looks to a person.

use chrono::{DateTime, Days, Months, NaiveTime, TimeDelta, Utc};

use crate::archive::{Archive, ArchiveError, RevisionError, Scope};
use crate::audit::{Facts, Finding, Tone};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui, columns};
use crate::config::ArchiveSettings;
use crate::model::{Day, DayRange, ProviderName, RevisionKind};
use crate::providers;

/// What is known of the archive's providers. Settings that cannot be used do not keep the past from
/// being read.
pub fn facts(archive: &Archive, ui: &mut Ui) -> Result<Facts, CommandError> {
    match archive.settings(&providers::kinds()) {
        Ok(settings) => facts_of(&settings, archive),
        Err(error) => {
            ui.warn(format!("{error}; a window of 7 days is assumed"));
            facts_of(&ArchiveSettings::default(), archive)
        }
    }
}

/// What is known of the archive's providers under these settings.
pub fn facts_of(settings: &ArchiveSettings, archive: &Archive) -> Result<Facts, CommandError> {
    Ok(Facts::of_archive(settings, &archive.snapshot()?.providers()?))
}

/// A provider that the archive has, or had.
pub fn known_provider(archive: &Archive, facts: &Facts, name: &str) -> Result<ProviderName, CommandError> {
    let names: Vec<&str> = facts.providers.keys().map(ProviderName::as_str).collect();
    let unknown = || {
        let error = CommandError::new(ExitCode::Usage, format!("this archive has no provider \"{name}\""));
        match names.is_empty() {
            true => error.hint("it has none at all yet; name one under [providers.NAME] in fitsnap.toml"),
            false => error.hint(format!("it has {}", names.join(", "))).meant(name, names.iter().copied()),
        }
    };
    let provider: ProviderName = name.parse().map_err(|_| unknown())?;
    if facts.providers.contains_key(&provider) || archive.history(Scope::Provider(provider.clone()))?.step()?.is_some()
    {
        return Ok(provider);
    }
    Err(unknown())
}

/// Reads `D` or `D..E`.
pub fn days(text: &str) -> Result<DayRange, String> {
    let day = |text: &str| text.parse::<Day>().map_err(|error| error.to_string());
    let (first, last) = match text.split_once("..") {
        None => (day(text)?, day(text)?),
        Some((first, last)) => (day(first)?, day(last.trim_start_matches('.'))?),
    };
    DayRange::new(first, last).ok_or_else(|| format!("{last} is before {first}; write the earlier day first"))
}

/// Which end of a date is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// From its first moment.
    Since,
    /// Through its last.
    Until,
}

/// Reads a moment: a date, a time in RFC 3339, or `2 weeks ago`, as git does. `Until` gives the
/// first moment that is too late.
pub fn moment(text: &str, edge: Edge, now: DateTime<Utc>) -> Result<DateTime<Utc>, CommandError> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(match edge {
            Edge::Since => day.date().and_time(NaiveTime::MIN).and_utc(),
            Edge::Until => day.end_utc(),
        });
    }
    let through = |time: DateTime<Utc>| if edge == Edge::Until { time + TimeDelta::seconds(1) } else { time };
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(through(time.to_utc()));
    }
    ago(text, now).map(through).ok_or_else(|| {
        CommandError::new(
            ExitCode::Usage,
            format!("\"{text}\" is no date; write it like 2015-07-01, 2015-07-01T06:00:00Z or \"2 weeks ago\""),
        )
    })
}

/// `now`, `yesterday`, `2 weeks ago`, `2.weeks.ago`.
fn ago(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let text = text.to_ascii_lowercase().replace('.', " ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let (count, unit) = match words[..] {
        ["now"] => return Some(now),
        ["today"] => return Some(now.date_naive().and_time(NaiveTime::MIN).and_utc()),
        ["yesterday"] => (1, "day"),
        [count, unit, "ago"] => (count.parse::<u32>().ok()?, unit.strip_suffix('s').unwrap_or(unit)),
        _ => return None,
    };
    match unit {
        "second" => now.checked_sub_signed(TimeDelta::seconds(count.into())),
        "minute" => now.checked_sub_signed(TimeDelta::minutes(count.into())),
        "hour" => now.checked_sub_signed(TimeDelta::hours(count.into())),
        "day" => now.checked_sub_days(Days::new(count.into())),
        "week" => now.checked_sub_days(Days::new(u64::from(count) * 7)),
        "month" => now.checked_sub_months(Months::new(count)),
        "year" => now.checked_sub_months(Months::new(count.checked_mul(12)?)),
        _ => None,
    }
}

impl From<RevisionError> for CommandError {
    fn from(error: RevisionError) -> CommandError {
        let hint = match error {
            RevisionError::Archive(error) => return error.into(),
            RevisionError::Unknown { .. } => {
                "name a commit, a tag, a branch, HEAD~1, or a date like 2016-01-01; see: git log --oneline"
            }
            RevisionError::NotHere { .. } => "fetch the rest of it: git fetch --unshallow",
            RevisionError::TooEarly { .. } => "name a later date",
            RevisionError::Empty => "fill it: fitsnap sync",
        };
        CommandError::of(ExitCode::Usage, &error).hint(hint)
    }
}

/// Says what of the past this clone cannot know.
pub fn tell_boundary(commits: &[crate::archive::CommitId], ui: &mut Ui) {
    for commit in commits {
        ui.warn(format!("what came before commit {} is not in this clone, nor what it changed", commit.short()));
    }
    if !commits.is_empty() {
        ui.hint("fetch the rest of it: git fetch --unshallow");
    }
}

/// How a kind looks.
pub fn style(kind: RevisionKind) -> Style {
    match kind {
        RevisionKind::New | RevisionKind::Grown => Style::Green,
        RevisionKind::Revised => Style::Yellow,
        RevisionKind::Shrunk | RevisionKind::Withdrawn => Style::Red,
        RevisionKind::Restored => Style::Cyan,
        RevisionKind::Reformatted => Style::Dim,
    }
}

/// The counts of several resources are summed where they take more letters than this.
const COUNTS_WIDTH: usize = 50;

/// `storyline: 3 altered, 1 added`; of many resources `8 resources: 3 altered, 96 added`.
pub fn counts(finding: &Finding) -> String {
    let said = |counts: &[usize; 3]| {
        let words = ["altered", "added", "removed"];
        let counts = counts.iter().zip(words).filter(|(count, _)| **count > 0);
        counts.map(|(count, word)| format!("{count} {word}")).collect::<Vec<_>>().join(", ")
    };
    let each = finding.resources.iter().map(|(name, counts)| {
        let counts = said(counts);
        let name = if name.is_empty() { "document" } else { name };
        if counts.is_empty() { name.to_owned() } else { format!("{name}: {counts}") }
    });
    let each = each.collect::<Vec<_>>().join("; ");
    let count = finding.resources.len();
    if count < 2 || columns(&each) <= COUNTS_WIDTH {
        return each;
    }
    let sum = |at: usize| finding.resources.values().map(|counts| counts[at]).sum();
    format!("{count} resources: {}", said(&[sum(0), sum(1), sum(2)]))
}

/// How many columns of a line of words are easily read at once: an old terminal's width.
pub const WIDTH: usize = 80;

/// Writes a line of words, indented; what is too long for a terminal goes on below, further in.
pub fn print_words<'w>(indent: &str, pieces: impl Iterator<Item = (Tone, &'w str)>, ui: &mut Ui) {
    for line in folded(indent, pieces, ui.columns(WIDTH)) {
        let text = line.into_iter().fold(Text::new(), |text, (tone, piece)| {
            let style = match tone {
                Tone::Plain => Style::Plain,
                Tone::Name => Style::Bold,
                Tone::Old => Style::Red,
                Tone::New => Style::Green,
                Tone::Dim => Style::Dim,
            };
            text.with(style, piece)
        });
        ui.data(text.hanging(indent.len() + 4));
    }
}

/// The pieces as lines of so many columns, broken only before the members that they tell of.
fn folded<'w>(indent: &str, pieces: impl Iterator<Item = (Tone, &'w str)>, wide: usize) -> Vec<Vec<(Tone, String)>> {
    let mut members: Vec<(&str, Vec<(Tone, &str)>)> = vec![("", Vec::new())];
    for piece in pieces {
        match piece {
            (Tone::Plain, joint @ (", " | " ")) => members.push((joint, Vec::new())),
            piece => members.last_mut().into_iter().for_each(|(_, member)| member.push(piece)),
        }
    }
    let mut lines = vec![vec![(Tone::Plain, indent.to_owned())]];
    let mut width = columns(indent);
    for (joint, member) in members {
        let long: usize = member.iter().map(|(_, piece)| columns(piece)).sum();
        let Some(line) = lines.last_mut() else { break };
        // A comma may follow.
        if !joint.is_empty() && width + joint.len() + long + 1 > wide {
            line.push((Tone::Plain, joint.trim_end().to_owned()));
            width = columns(indent) + 4 + long;
            lines.push(vec![(Tone::Plain, format!("{indent}    "))]);
        } else {
            line.push((Tone::Plain, joint.to_owned()));
            width += joint.len() + long;
        }
        if let Some(line) = lines.last_mut() {
            line.extend(member.into_iter().map(|(tone, piece)| (tone, piece.to_owned())));
        }
    }
    lines
}

/// Writes the difference of lines.
pub fn print_lines(lines: &str, ui: &mut Ui) {
    ui.lines(lines, |line| match line.as_bytes().first() {
        Some(b'+') => Style::Green,
        Some(b'-') => Style::Red,
        Some(b'@') => Style::Cyan,
        _ => Style::Plain,
    });
}

/// `2015-07-11 06:00 UTC`
pub fn minute(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// The days held that are nearest to one that is not.
pub fn nearest(archive: &Archive, provider: &ProviderName, day: Day) -> Result<Option<Day>, ArchiveError> {
    let days = archive.snapshot()?.days(provider)?;
    let before = days.range(..day).next_back().map(|(near, _)| *near);
    let after = days.range(day..).next().map(|(near, _)| *near);
    let far = |near: &Day| near.days_since(day).abs();
    Ok(before.into_iter().chain(after).min_by_key(far))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_times_or_so_long_ago() {
        let now: DateTime<Utc> = "2015-07-11T06:00:00Z".parse().unwrap();
        let read = |text: &str, edge| moment(text, edge, now).map(crate::model::timestamp).ok();
        for (text, since, until) in [
            ("2015-07-01", "2015-07-01T00:00:00Z", "2015-07-02T00:00:00Z"),
            ("2015-07-01T06:00:00+02:00", "2015-07-01T04:00:00Z", "2015-07-01T04:00:01Z"),
            ("2 weeks ago", "2015-06-27T06:00:00Z", "2015-06-27T06:00:01Z"),
            ("1.month.ago", "2015-06-11T06:00:00Z", "2015-06-11T06:00:01Z"),
            ("yesterday", "2015-07-10T06:00:00Z", "2015-07-10T06:00:01Z"),
        ] {
            assert_eq!(read(text, Edge::Since).as_deref(), Some(since), "{text}");
            assert_eq!(read(text, Edge::Until).as_deref(), Some(until), "{text}");
        }
        for text in ["", "soon", "two weeks ago", "3 blue ago", "2015-13-01", "99999999999 days ago"] {
            assert_eq!(read(text, Edge::Since), None, "{text}");
        }
    }

    #[test]
    fn day_ranges_run_forward() {
        assert_eq!(days("2015-07-01..2015-07-03").map(|range| range.len()), Ok(3));
        assert_eq!(days("2015-07-01").map(|range| range.len()), Ok(1));
        assert!(days("2015-07-03..2015-07-01").unwrap_err().contains("before"));
        assert!(days("2015-07-03..").is_err());
    }
}
