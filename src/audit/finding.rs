//! What comparing two contents of a day found.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::words::{Detail, Line, describe};
use crate::archive::{BlobId, BlobReader};
use crate::json::{ChangeKind, Comparison, Counts, Edit, Json, Kind, RecordRules, Value, compare, quote, unified};
use crate::model::{Day, RevisionKind};

/// What is to be found out about the difference of two contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Its kind and counts only.
    Counts,
    /// And the changes in words.
    Words {
        /// How many words.
        detail: Detail,
        /// Volatile members too.
        volatile: bool,
    },
    /// And the changes as JSON.
    Edits {
        /// Volatile members too.
        volatile: bool,
    },
    /// And the difference of their lines.
    Lines,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// What the changes come to, by the data alone.
    #[serde(with = "kind")]
    pub kind: Option<RevisionKind>,
    /// Altered, added and removed records of each resource.
    pub resources: BTreeMap<String, [usize; 3]>,
    /// The changes in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<Line>,
    /// The changes as JSON, one object each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edits: Vec<String>,
    /// The unified difference of the lines.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub lines: String,
    /// Why it cannot be said, where a content is no JSON.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

mod kind {
    //! A kind by its word.

    use serde::{Deserialize, Deserializer, Serializer};

    use crate::model::RevisionKind;

    pub(super) fn serialize<S: Serializer>(kind: &Option<RevisionKind>, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(kind.map_or("", RevisionKind::word))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<RevisionKind>, D::Error> {
        Ok(String::deserialize(from)?.parse().ok())
    }
}

type Parsed = Arc<Result<Json, String>>;

/// Reads and compares contents, each read once as long as it is fresh: the older content of one
/// revision is the newer one of the next.
pub(super) struct Comparer {
    blobs: BlobReader,
    recent: VecDeque<(BlobId, usize, Parsed)>,
    held: usize,
}

impl Comparer {
    /// The most bytes of contents that are kept.
    const MOST: usize = 4 << 20;

    pub(super) fn new(blobs: BlobReader) -> Comparer {
        Comparer { blobs, recent: VecDeque::new(), held: 0 }
    }

    fn read(&mut self, blob: BlobId) -> Parsed {
        if let Some((_, _, parsed)) = self.recent.iter().find(|(id, ..)| *id == blob) {
            return Arc::clone(parsed);
        }
        let bytes = self.blobs.blob(blob);
        let size = bytes.as_ref().map_or(0, Vec::len);
        let parsed = Arc::new(match bytes {
            Ok(bytes) => Json::parse(bytes).map_err(|error| format!("not readable: {error}")),
            Err(error) => Err(match std::error::Error::source(&error) {
                Some(cause) => format!("not readable: {error}: {cause}"),
                None => format!("not readable: {error}"),
            }),
        });
        self.held += size;
        self.recent.push_back((blob, size, Arc::clone(&parsed)));
        while self.held > Comparer::MOST && self.recent.len() > 2 {
            if let Some((_, size, _)) = self.recent.pop_front() {
                self.held -= size;
            }
        }
        parsed
    }

    /// Compares two contents, of which one may be missing.
    pub(super) fn find(
        &mut self,
        old: Option<BlobId>,
        new: Option<BlobId>,
        rules: &RecordRules,
        day: Option<Day>,
        wanted: Wanted,
    ) -> Finding {
        let (old, new) = (old.map(|blob| self.read(blob)), new.map(|blob| self.read(blob)));
        let (before, after) = match (side(&old), side(&new)) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(problem), _) | (_, Err(problem)) => {
                return Finding { problem: Some(problem.to_owned()), ..Finding::default() };
            }
        };
        let mut finding = match (before, after) {
            (Some(before), Some(after)) => compared(before.root(), after.root(), rules, day, wanted),
            (Some(json), None) => Finding { resources: whole(json.root(), 2), ..Finding::default() },
            (None, Some(json)) => Finding { resources: whole(json.root(), 1), ..Finding::default() },
            (None, None) => Finding::default(),
        };
        if wanted == Wanted::Lines {
            let text = |json: Option<&Json>| json.map(Json::canonical).unwrap_or_default();
            finding.lines = unified(&text(before), &text(after));
        }
        finding
    }
}

fn side(parsed: &Option<Parsed>) -> Result<Option<&Json>, &str> {
    match parsed.as_deref() {
        None => Ok(None),
        Some(Ok(json)) => Ok(Some(json)),
        Some(Err(problem)) => Err(problem),
    }
}

fn compared(old: Value<'_>, new: Value<'_>, rules: &RecordRules, day: Option<Day>, wanted: Wanted) -> Finding {
    let comparison = compare(old, new, rules);
    let mut finding = Finding {
        kind: Some(match comparison.kind() {
            ChangeKind::Unchanged => RevisionKind::Reformatted,
            ChangeKind::Grown => RevisionKind::Grown,
            ChangeKind::Revised => RevisionKind::Revised,
            ChangeKind::Shrunk => RevisionKind::Shrunk,
        }),
        resources: counts(&comparison),
        ..Finding::default()
    };
    match wanted {
        Wanted::Counts | Wanted::Lines => {}
        Wanted::Words { detail, volatile } => {
            finding.words = describe(old, new, &comparison.edits, day, detail);
            if volatile && !comparison.volatile_edits.is_empty() {
                let lines = describe(old, new, &comparison.volatile_edits, day, detail);
                finding.words.extend(lines.into_iter().map(|mut line| {
                    line.insert(0, (super::words::Tone::Dim, "volatile: ".to_owned()));
                    line
                }));
            }
        }
        Wanted::Edits { volatile } => {
            finding.edits = comparison.edits.iter().map(|edit| spelled(edit, false)).collect();
            if volatile {
                finding.edits.extend(comparison.volatile_edits.iter().map(|edit| spelled(edit, true)));
            }
        }
    }
    finding
}

fn counts(comparison: &Comparison) -> BTreeMap<String, [usize; 3]> {
    let row = |counts: &Counts| [counts.altered, counts.added, counts.removed];
    comparison.resources.iter().map(|(name, counts)| (name.clone(), row(counts))).collect()
}

/// The counts of a document that came or went as a whole, in the given place: the records of each
/// resource that is a list of them, else one.
fn whole(document: Value<'_>, place: usize) -> BTreeMap<String, [usize; 3]> {
    let resources = document.get("resources").into_iter().flat_map(|resources| resources.members());
    let counted = resources.map(|(name, value)| {
        let records = value.items().filter(|item| item.kind() == Kind::Object).count();
        let mut row = [0; 3];
        row[place] = if value.kind() == Kind::Array && (records > 0 || value.is_empty()) { records } else { 1 };
        (name.as_str().into_owned(), row)
    });
    counted.collect()
}

/// An edit as JSON.
fn spelled(edit: &Edit, volatile: bool) -> String {
    let mut text = format!("{{\"path\": {}", quote(&edit.path));
    for (name, value) in [("old", &edit.old), ("new", &edit.new)] {
        if let Some(value) = value {
            text.push_str(&format!(", \"{name}\": {value}"));
        }
    }
    if volatile {
        text.push_str(", \"volatile\": true");
    }
    text.push('}');
    text
}
