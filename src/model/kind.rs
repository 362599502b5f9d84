//! What a revision is called, and what made it.

use std::fmt;
use std::str::FromStr;

use super::nearest;

/// The kind of a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RevisionKind {
    /// The first content of the day.
    New,
    /// Only additions.
    Grown,
    /// Values altered, or records in another order.
    Revised,
    /// Records or members gone, whatever else.
    Shrunk,
    /// The document is gone.
    Withdrawn,
    /// An earlier content again.
    Restored,
    /// Another spelling of the same data: ours, not the provider's.
    Reformatted,
}

impl RevisionKind {
    /// All kinds, in the order in which they are listed.
    pub const ALL: [RevisionKind; 7] = [
        RevisionKind::New,
        RevisionKind::Grown,
        RevisionKind::Revised,
        RevisionKind::Shrunk,
        RevisionKind::Withdrawn,
        RevisionKind::Restored,
        RevisionKind::Reformatted,
    ];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            RevisionKind::New => "new",
            RevisionKind::Grown => "grown",
            RevisionKind::Revised => "revised",
            RevisionKind::Shrunk => "shrunk",
            RevisionKind::Withdrawn => "withdrawn",
            RevisionKind::Restored => "restored",
            RevisionKind::Reformatted => "reformatted",
        }
    }
}

impl fmt::Display for RevisionKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl FromStr for RevisionKind {
    type Err = String;

    fn from_str(text: &str) -> Result<RevisionKind, String> {
        RevisionKind::ALL.into_iter().find(|kind| kind.word() == text).ok_or_else(|| {
            let words: Vec<_> = RevisionKind::ALL.iter().map(|kind| kind.word()).collect();
            let meant = nearest(text, words.iter().copied()).map(|meant| format!("; did you mean {meant}?"));
            let meant = meant.unwrap_or_default();
            format!("\"{text}\" is no kind of revision; it is one of {}{meant}", words.join(", "))
        })
    }
}

/// What made a commit, as its `Fitsnap-Action` line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A download from a provider.
    Sync,
    /// A provider's own export.
    Import,
    /// Damage mended.
    Repair,
    /// A new archive format.
    Migrate,
}

impl Action {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Action::Sync => "sync",
            Action::Import => "import",
            Action::Repair => "repair",
            Action::Migrate => "migrate",
        }
    }

    /// The action of a word, if it is one.
    pub fn from_word(word: &str) -> Option<Action> {
        [Action::Sync, Action::Import, Action::Repair, Action::Migrate].into_iter().find(|action| action.word() == word)
    }
}
