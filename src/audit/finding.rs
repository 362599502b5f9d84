//! What comparing two contents of a day found.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::lines::{Lines, Tone};
use super::words::{Detail, describe, generic};
use crate::archive::{BlobId, BlobReader};
use crate::json::{
    Change, ChangeKind, Comparison, Counts, Edit, Json, JsonError, Kind, RecordRules, Value, compare, quote, unified,
};
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
    /// And which members changed, how often.
    Members,
    /// And the difference of their lines.
    Lines,
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// What the changes come to, by the data alone.
    pub kind: Option<RevisionKind>,
    /// Altered, added and removed records of each resource.
    pub resources: BTreeMap<String, [usize; 3]>,
    /// The changes in words.
    pub words: Lines,
    /// The changes as JSON, one object each, with commas between.
    pub edits: String,
    /// How often each member changed, by resource: its path with `*` for the indices.
    pub members: BTreeMap<String, BTreeMap<String, usize>>,
    /// The unified difference of the lines.
    pub lines: String,
    /// Why it cannot be said, where a content is no JSON.
    pub problem: Option<String>,
}

/// What two contents are about.
pub(super) struct About<'w> {
    /// How records are told apart.
    pub(super) rules: &'w RecordRules,
    /// The day that the document is of, if it is a day document.
    pub(super) day: Option<Day>,
    /// What the value is called, if it is any file: it is then compared as if it were a resource.
    pub(super) name: Option<&'w str>,
}

impl About<'_> {
    /// Where the value begins in what is compared.
    fn root(&self) -> Option<String> {
        self.name.map(|name| format!("/resources/{}", name.replace('~', "~0").replace('/', "~1")))
    }
}

type Parsed = Arc<Result<Json, String>>;

/// A content, what it is called, its size, and its value.
struct Recent(BlobId, Option<String>, usize, Parsed);

/// Reads and compares contents, each read once as long as it is fresh: the older content of one
/// revision is the newer one of the next.
pub(super) struct Comparer {
    blobs: BlobReader,
    recent: VecDeque<Recent>,
    held: usize,
}

impl Comparer {
    /// The most bytes of contents that are kept.
    const MOST: usize = 4 << 20;

    pub(super) fn new(blobs: BlobReader) -> Comparer {
        Comparer { blobs, recent: VecDeque::new(), held: 0 }
    }

    fn read(&mut self, blob: BlobId, name: Option<&str>) -> Parsed {
        if let Some(recent) = self.recent.iter().find(|recent| recent.0 == blob && recent.1.as_deref() == name) {
            return Arc::clone(&recent.3);
        }
        let bytes = self.blobs.blob(blob);
        let size = bytes.as_ref().map_or(0, Vec::len);
        let parsed = Arc::new(match (bytes, name) {
            (Ok(bytes), None) => Json::parse(bytes).map_err(|error| format!("not readable: {error}")),
            (Ok(bytes), Some(name)) => as_resource(&bytes, name).map_err(|error| format!("not readable: {error}")),
            (Err(error), _) => Err(match std::error::Error::source(&error) {
                Some(cause) => format!("not readable: {error}: {cause}"),
                None => format!("not readable: {error}"),
            }),
        });
        self.held += size;
        self.recent.push_back(Recent(blob, name.map(str::to_owned), size, Arc::clone(&parsed)));
        while self.held > Comparer::MOST && self.recent.len() > 2 {
            if let Some(Recent(_, _, size, _)) = self.recent.pop_front() {
                self.held -= size;
            }
        }
        parsed
    }

    /// Compares two contents, of which one may be missing.
    pub(super) fn find(
        &mut self,
        (old, new): (Option<BlobId>, Option<BlobId>),
        about: &About<'_>,
        wanted: Wanted,
    ) -> Finding {
        let (old, new) = (old.map(|blob| self.read(blob, about.name)), new.map(|blob| self.read(blob, about.name)));
        let (before, after) = match (side(&old), side(&new)) {
            (Ok(before), Ok(after)) => (before, after),
            (Err(problem), _) | (_, Err(problem)) => {
                return Finding { problem: Some(problem.to_owned()), ..Finding::default() };
            }
        };
        let mut finding = match (before, after) {
            (Some(before), Some(after)) => compared(before.root(), after.root(), about, wanted),
            (Some(json), None) => Finding { resources: whole(json.root(), 2), ..Finding::default() },
            (None, Some(json)) => Finding { resources: whole(json.root(), 1), ..Finding::default() },
            (None, None) => Finding::default(),
        };
        if wanted == Wanted::Lines {
            let text = |json: Option<&Json>| {
                let root = about.root().unwrap_or_default();
                json.and_then(|json| json.root().pointer(&root)).map(Value::canonical).unwrap_or_default()
            };
            finding.lines = unified(&text(before), &text(after));
        }
        finding
    }
}

/// A document of which the value is the only resource.
fn as_resource(text: &[u8], name: &str) -> Result<Json, JsonError> {
    // Parsed by itself first: what follows the value must not become part of the document.
    let json = Json::parse(text)?;
    let name = quote(name);
    Json::parse([b"{\"resources\":{", name.as_bytes(), b":", json.root().raw(), b"}}"].concat())
}

fn side(parsed: &Option<Parsed>) -> Result<Option<&Json>, &str> {
    match parsed.as_deref() {
        None => Ok(None),
        Some(Ok(json)) => Ok(Some(json)),
        Some(Err(problem)) => Err(problem),
    }
}

/// What differs between two documents.
pub(super) fn compared(old: Value<'_>, new: Value<'_>, about: &About<'_>, wanted: Wanted) -> Finding {
    let day = about.day;
    let comparison = compare(old, new, about.rules);
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
        Wanted::Members => {
            for edit in &comparison.edits {
                let members = finding.members.entry(edit.resource.clone()).or_default();
                *members.entry(member(edit)).or_default() += 1;
            }
        }
        Wanted::Words { detail, volatile } => {
            describe(old, new, &comparison.edits, day, detail).iter().for_each(|line| finding.words.push(line));
            if volatile && !comparison.volatile_edits.is_empty() {
                for mut line in describe(old, new, &comparison.volatile_edits, day, detail) {
                    line.insert(0, (Tone::Dim, "volatile: ".to_owned()));
                    finding.words.push(&line);
                }
            }
        }
        Wanted::Edits { volatile } => {
            let root = about.root().unwrap_or_default();
            let shown = if volatile { &comparison.volatile_edits[..] } else { &[] };
            let edits = comparison.edits.iter().map(|edit| spelled(edit, &root, false));
            let edits: Vec<String> = edits.chain(shown.iter().map(|edit| spelled(edit, &root, true))).collect();
            finding.edits = edits.join(", ");
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

/// `*/segments/*/endTime`; of a record that came or went, what happened to it as well.
fn member(edit: &Edit) -> String {
    let path = generic(&edit.path);
    let below = path.strip_prefix("/resources/").and_then(|path| path.split_once('/')).map(|(_, below)| below);
    let below = below.unwrap_or(path.trim_start_matches('/')).to_owned();
    match edit.change {
        Change::MemberAltered => below,
        Change::MemberAdded | Change::RecordAdded => format!("{below} added"),
        Change::MemberRemoved | Change::RecordRemoved => format!("{below} removed"),
        Change::Reordered => format!("{below} in another order"),
    }
}

/// An edit as JSON, its path from the root of the value on.
fn spelled(edit: &Edit, root: &str, volatile: bool) -> String {
    let path = edit.path.strip_prefix(root).unwrap_or(&edit.path);
    let mut text = format!("{{\"path\": {}", quote(path));
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
