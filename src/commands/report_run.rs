//! What `sync` and `import` tell of a run, in words and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::{Style, Text, Ui};
use crate::model::{Day, DayRange, ProviderName, RevisionKind, Tally};

/// The `--json` of a run.
#[derive(Default, Serialize)]
pub(super) struct RunReport {
    providers: BTreeMap<String, ProviderReport>,
}

#[derive(Serialize)]
struct ProviderReport {
    requests: u64,
    asked: usize,
    new: usize,
    grown: usize,
    revised: usize,
    shrunk: usize,
    withdrawn: usize,
    restored: usize,
    unchanged: usize,
    failed: Vec<Failure>,
    commits: Vec<String>,
}

#[derive(Serialize)]
struct Failure {
    /// The day; null where a file of an export names none.
    date: Option<String>,
    reason: String,
}

impl RunReport {
    /// Takes what came of one provider; `files` are troubles of an export that belong to no day.
    pub(super) fn add(&mut self, name: &ProviderName, tally: &Tally, files: &[String]) {
        let days =
            tally.failed.iter().map(|(day, reason)| Failure { date: Some(day.to_string()), reason: reason.clone() });
        let files = files.iter().map(|reason| Failure { date: None, reason: reason.clone() });
        let report = ProviderReport {
            requests: tally.requests,
            asked: tally.asked,
            new: tally.count(RevisionKind::New),
            grown: tally.count(RevisionKind::Grown),
            revised: tally.count(RevisionKind::Revised),
            shrunk: tally.count(RevisionKind::Shrunk),
            withdrawn: tally.count(RevisionKind::Withdrawn),
            restored: tally.count(RevisionKind::Restored),
            unchanged: tally.unchanged,
            failed: days.chain(files).collect(),
            commits: tally.commits.clone(),
        };
        self.providers.insert(name.to_string(), report);
    }

    /// Writes the JSON object.
    pub(super) fn print(&self, ui: &mut Ui) {
        if let Ok(text) = serde_json::to_string(self) {
            ui.exact(&text);
        }
    }
}

/// Tells a person what came of one provider's run.
pub(super) fn tell(ui: &mut Ui, name: &ProviderName, tally: &Tally, files: &[String]) {
    let mut words = tally.words();
    if words.is_empty() {
        words = if tally.commits.is_empty() { "nothing new" } else { "no day new, the account changed" }.to_owned();
    }
    if tally.unchanged > 0 {
        words.push_str(&format!(", {} unchanged", tally.unchanged));
    }
    let failures = tally.failed.len() + files.len();
    if failures > 0 {
        words.push_str(&format!(", {failures} failed"));
    }
    let mut line = Text::new().with(Style::Bold, name.as_str()).plain(format!(": {words}"));
    if let Some(commit) = tally.commits.last() {
        let more =
            if tally.commits.len() > 1 { format!(" and {} before", tally.commits.len() - 1) } else { String::new() };
        line = line.with(Style::Dim, format!(" ({}{more})", &commit[..10]));
    }
    ui.note(line);
    for (days, reason) in joined(&tally.failed) {
        ui.say(Text::new().with(Style::Red, "failed ").plain(format!("{name} {days}: {reason}")));
    }
    for reason in files {
        ui.say(Text::new().with(Style::Red, "failed ").plain(format!("{name}: {reason}")));
    }
}

/// Neighbouring days that failed for the same reason, as one. The days come sorted.
fn joined(failed: &[(Day, String)]) -> Vec<(DayRange, &str)> {
    let mut ranges: Vec<(DayRange, &str)> = Vec::new();
    for (day, reason) in failed {
        match ranges.last_mut() {
            Some((range, same)) if *same == reason && day.days_since(range.last) <= 1 => range.last = *day,
            _ => ranges.push((DayRange { first: *day, last: *day }, reason)),
        }
    }
    ranges
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_with_one_reason_are_one_line() {
        let failed: Vec<_> =
            [("2015-07-01", "down"), ("2015-07-02", "down"), ("2015-07-03", "odd"), ("2015-07-05", "odd")]
                .map(|(day, reason)| (day.parse().unwrap(), reason.to_owned()))
                .to_vec();
        let lines: Vec<_> = joined(&failed).iter().map(|(days, reason)| format!("{days}: {reason}")).collect();
        assert_eq!(lines, ["2015-07-01 to 2015-07-02: down", "2015-07-03: odd", "2015-07-05: odd"]);
    }
}
