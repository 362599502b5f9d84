//! What a run brought, day by day.

use std::collections::BTreeMap;

use super::{Action, Day, ProviderName, RevisionKind};
use crate::json::Counts;

/// The counts of one provider's run, and the days that failed.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests made.
    pub requests: u64,
    /// Days asked for.
    pub asked: usize,
    /// Documents written, by kind.
    pub kinds: BTreeMap<RevisionKind, usize>,
    /// Documents that came back as they were.
    pub unchanged: usize,
    /// Days that could not be had, with the reason.
    pub failed: Vec<(Day, String)>,
    /// The commits made.
    pub commits: Vec<String>,
}

impl Tally {
    /// How many documents of a kind were written.
    pub fn count(&self, kind: RevisionKind) -> usize {
        self.kinds.get(&kind).copied().unwrap_or_default()
    }

    /// `2 new, 1 revised`; empty where nothing was written.
    pub fn words(&self) -> String {
        let parts: Vec<_> = self.kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        parts.join(", ")
    }
}

/// What a document's revision changed: its kind, and how many records of each resource.
#[derive(Clone, Debug)]
pub struct DayChange {
    /// The kind of the revision.
    pub kind: RevisionKind,
    /// The records altered, added and removed.
    pub resources: BTreeMap<String, Counts>,
}

impl DayChange {
    /// `storyline: 3 altered, 1 added`; empty where the kind says it all.
    pub fn words(&self) -> String {
        if matches!(self.kind, RevisionKind::New | RevisionKind::Withdrawn) {
            return String::new();
        }
        let parts: Vec<_> = self.resources.iter().filter_map(|(name, counts)| words_of(name, counts)).collect();
        parts.join("; ")
    }
}

fn words_of(name: &str, counts: &Counts) -> Option<String> {
    let parts: Vec<_> = [(counts.altered, "altered"), (counts.added, "added"), (counts.removed, "removed")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    // A document that another tool wrote may have a name of several lines, and a line here means something.
    let name = name.replace(char::is_control, " ");
    (!parts.is_empty()).then(|| format!("{name}: {}", parts.join(", ")))
}

/// The message of a commit: what came of each day, and the lines by which a program knows it.
pub fn commit_message(
    provider: &ProviderName,
    action: Action,
    changes: &BTreeMap<Day, DayChange>,
    account_changed: bool,
) -> String {
    let mut kinds: BTreeMap<RevisionKind, usize> = BTreeMap::new();
    for change in changes.values() {
        *kinds.entry(change.kind).or_default() += 1;
    }
    let tally = Tally { kinds, ..Tally::default() };
    let mut subject = tally.words();
    if subject.is_empty() {
        subject = if account_changed { "account".to_owned() } else { "no day".to_owned() };
    }
    let width = changes.values().map(|change| change.kind.word().len()).max().unwrap_or_default();
    let mut message = format!("{provider}: {subject}\n\n");
    for (day, change) in changes {
        let line = format!("{:width$}  {day}  {}", change.kind, change.words());
        message.push_str(line.trim_end());
        message.push('\n');
    }
    if !changes.is_empty() {
        message.push('\n');
    }
    message.push_str(&format!(
        "Fitsnap-Provider: {provider}\nFitsnap-Action: {}\nFitsnap-Format: {}\n",
        action.word(),
        crate::model::FORMAT
    ));
    message
}

/// What made a commit, as the lines at the end of its message say. A commit of another tool says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The provider that it is about.
    pub provider: Option<ProviderName>,
    /// What was done.
    pub action: Option<Action>,
}

impl Origin {
    /// Reads the lines that [`commit_message`] wrote, whatever other lines a person or a hook put among them.
    pub fn of(message: &str) -> Origin {
        let lines = message.trim_end().lines().rev().take_while(|line| !line.trim().is_empty());
        let mut origin = Origin::default();
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            match name {
                "Fitsnap-Provider" => origin.provider = origin.provider.or_else(|| value.trim().parse().ok()),
                "Fitsnap-Action" => origin.action = origin.action.or_else(|| Action::from_word(value.trim())),
                _ => {}
            }
        }
        origin
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_message_is_the_one_of_the_contract() {
        let altered = Counts { altered: 3, added: 1, removed: 0 };
        let change = |kind, counts: &[(&str, Counts)]| DayChange {
            kind,
            resources: counts.iter().map(|(name, counts)| ((*name).to_owned(), *counts)).collect(),
        };
        let changes = BTreeMap::from([
            ("2015-07-10".parse().unwrap(), change(RevisionKind::New, &[("storyline", altered)])),
            ("2015-07-05".parse().unwrap(), change(RevisionKind::Revised, &[("storyline", altered)])),
            ("2015-07-09".parse().unwrap(), change(RevisionKind::New, &[])),
        ]);
        let message = commit_message(&"moves".parse().unwrap(), Action::Sync, &changes, true);
        assert_eq!(
            message,
            "moves: 2 new, 1 revised\n\nrevised  2015-07-05  storyline: 3 altered, 1 added\nnew      2015-07-09\n\
             new      2015-07-10\n\nFitsnap-Provider: moves\nFitsnap-Action: sync\nFitsnap-Format: 1\n"
        );
    }

    #[test]
    fn the_origin_is_read_from_the_last_lines_only() {
        let of = |message: &str| Origin::of(message).action;
        let message =
            "moves: 1 new\n\nnew 2015-07-09\n\nFitsnap-Provider: moves\nFitsnap-Action: sync\nFitsnap-Format: 1\n";
        assert_eq!(of(message), Some(Action::Sync));
        assert_eq!(Origin::of(&format!("{message}and this was said by a hook\n")), Origin::of(message));
        assert_eq!(of("Fitsnap-Action: sync\n\nand then some prose\n"), None);
        assert_eq!(of("moves\n\nFitsnap-Action: dance\n"), None);
    }

    #[test]
    fn no_name_makes_a_line_of_its_own() {
        let counts = Counts { altered: 1, ..Counts::default() };
        let resources = [("a\n\nFitsnap-Action: import\r".to_owned(), counts)].into();
        let change = DayChange { kind: RevisionKind::Revised, resources };
        assert_eq!(change.words(), "a  Fitsnap-Action: import : 1 altered");
    }
}
