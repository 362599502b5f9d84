//! Documents are made, known edits are made to them, and exactly those must be found.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::differ;
use crate::json::{Change, ChangeKind, Counts, Identity, RecordRules};

const RULES: RecordRules =
    RecordRules { identities: &[Identity { array: "**/declared", keys: &["from", "to"] }], volatile: &["**/kudos"] };

/// How the records of a list are told apart.
#[derive(Clone, Copy, PartialEq)]
enum Keyed {
    Declared,
    Guessed,
    Not,
}

/// Random choices, all zero once they run out, which means the plainest document and no edits.
struct Choices {
    bytes: std::vec::IntoIter<u8>,
    /// No value is used twice, so that records are alike only where they are the same.
    unique: u32,
}

impl Choices {
    fn below(&mut self, bound: u8) -> usize {
        usize::from(self.bytes.next().unwrap_or(0) % bound)
    }

    fn unique(&mut self) -> u32 {
        self.unique += 1;
        self.unique
    }
}

/// What is to be found.
#[derive(Default)]
struct Wanted {
    edits: BTreeSet<String>,
    volatile: BTreeSet<String>,
    counts: Counts,
    kind: ChangeKind,
}

impl Wanted {
    fn edit(&mut self, change: Change, path: &str, kind: ChangeKind) {
        assert!(self.edits.insert(format!("{change:?} {path}")));
        self.kind = self.kind.max(kind);
    }
}

/// A place in both documents.
#[derive(Clone)]
struct Paths {
    old: String,
    new: String,
}

impl Paths {
    fn down(&self, old: impl std::fmt::Display, new: impl std::fmt::Display) -> Paths {
        Paths { old: format!("{}/{old}", self.old), new: format!("{}/{new}", self.new) }
    }
}

/// A value in both documents.
type Both = (String, String);

/// One value that is no record, of a random type.
fn leaf(choices: &mut Choices) -> String {
    let a = choices.unique();
    match choices.below(5) {
        0 => format!("{a}"),
        1 => format!("\"text {a}\""),
        2 => format!("[{a}, 0.{}]", choices.unique()),
        3 => format!("{{\"in/side\": {a}}}"),
        _ => format!("{a}.25"),
    }
}

/// Makes a member and perhaps changes it.
fn member(choices: &mut Choices, at: &Paths, edit: bool, wanted: &mut Wanted, altered: &mut bool) -> Both {
    let old = leaf(choices);
    if !edit {
        // The same value, spelled in another way.
        let new = match choices.below(3) {
            0 if old.ends_with(".25") => format!("{}25.00e-2", old.trim_end_matches(".25")),
            1 => old.replace("text", "\\u0074ext").replace(", ", " ,\n"),
            _ => old.clone(),
        };
        return (old, new);
    }
    *altered = true;
    let mut path = at.new.clone();
    let new = match (choices.below(2), old.as_bytes()[0]) {
        (0, b'{') => {
            path += "/in~1side";
            format!("{{\"in/side\": {}}}", choices.unique())
        }
        (0, b'[') => old.replace("0.", "1."),
        (0, b'"') => format!("\"{}\"", choices.unique()),
        (0, _) => choices.unique().to_string(),
        (_, b'"') => choices.unique().to_string(),
        _ => format!("\"{}\"", choices.unique()),
    };
    wanted.edit(Change::MemberAltered, &path, ChangeKind::Revised);
    (old, new)
}

/// Makes a record and perhaps makes one edit to it.
fn record(choices: &mut Choices, keyed: Keyed, depth: usize, at: &Paths, edit: bool, wanted: &mut Wanted) -> Both {
    let (mut old, mut new) = (Vec::new(), Vec::new());
    let mut altered = false;
    let what = if edit { 1 + choices.below(if keyed == Keyed::Not { 3 } else { 4 }) } else { 0 };
    let keys: &[&str] = match keyed {
        Keyed::Declared => &["from", "to"],
        Keyed::Guessed => &["startTime"],
        Keyed::Not => &[],
    };
    for (place, key) in keys.iter().enumerate() {
        let value = choices.unique();
        old.push(format!("\"{key}\":\"{value}\""));
        if what == 4 && place == 0 {
            altered = true;
            wanted.edit(Change::MemberAltered, &at.down(key, key).new, ChangeKind::Revised);
            new.push(format!("\"{key}\":\"{}\"", choices.unique()));
        } else {
            new.push(format!("\"{key}\":\"{value}\""));
        }
    }
    let count = 6 + choices.below(3);
    let chosen = choices.below(count as u8);
    for index in 0..count {
        let name = format!("m{index}");
        let here = at.down(&name, &name);
        match what {
            2 if index == chosen => {
                altered = true;
                wanted.edit(Change::MemberAdded, &here.new, ChangeKind::Grown);
                new.push(format!("\"{name}\":{}", leaf(choices)));
            }
            3 if index == chosen => {
                altered = true;
                wanted.edit(Change::MemberRemoved, &here.old, ChangeKind::Shrunk);
                old.push(format!("\"{name}\":{}", leaf(choices)));
            }
            _ => {
                let (a, b) = member(choices, &here, what == 1 && index == chosen, wanted, &mut altered);
                old.push(format!("\"{name}\":{a}"));
                new.push(format!("\"{name}\":{b}"));
            }
        }
    }
    if choices.below(3) == 1 {
        let (a, b) = (choices.unique(), choices.unique());
        wanted.volatile.insert(at.down("kudos", "kudos").new);
        old.push(format!("\"kudos\":{a}"));
        new.push(format!("\"kudos\":{b}"));
    }
    // What is inside would count for whether the record is still the same, where its key does not say so.
    if depth < 2 && keyed != Keyed::Not && what != 4 {
        let (name, inner) =
            [("declared", Keyed::Declared), ("guessed", Keyed::Guessed), ("free", Keyed::Not)][choices.below(3)];
        let (a, b) = list(choices, inner, depth + 1, &at.down(name, name), wanted, &mut altered);
        old.push(format!("\"{name}\":{a}"));
        new.push(format!("\"{name}\":{b}"));
    }
    wanted.counts.altered += usize::from(altered);
    // Members stand in no order.
    let shift = choices.below(5) % new.len();
    new.rotate_left(shift);
    (format!("{{{}}}", old.join(",")), format!("{{{}}}", new.join(",")))
}

/// Makes a list of records, of which some come, go, change or move.
fn list(
    choices: &mut Choices,
    keyed: Keyed,
    depth: usize,
    at: &Paths,
    wanted: &mut Wanted,
    altered: &mut bool,
) -> Both {
    let count = choices.below(5);
    let (mut order, mut removed, mut edited) = (Vec::new(), vec![false; count], vec![false; count]);
    for index in 0..count {
        match choices.below(8) {
            1 => removed[index] = true,
            2 => order.extend([None, Some(index)]),
            3 => {
                edited[index] = true;
                order.push(Some(index));
            }
            _ => order.push(Some(index)),
        }
    }
    if choices.below(4) == 1 {
        order.push(None);
    }
    if choices.below(4) == 1 && !order.is_empty() {
        order.rotate_left(1);
    }
    let kept: Vec<usize> = order.iter().copied().flatten().collect();
    if !kept.is_sorted() {
        *altered = true;
        wanted.edit(Change::Reordered, &at.new, ChangeKind::Revised);
    }
    let (mut old, mut new) = (vec![String::new(); count], Vec::new());
    for (index, slot) in old.iter_mut().enumerate().filter(|(index, _)| removed[*index]) {
        wanted.counts.removed += 1;
        wanted.edit(Change::RecordRemoved, &at.down(index, index).old, ChangeKind::Shrunk);
        // What would change inside of it is not to be looked at; neither below.
        *slot = record(choices, keyed, depth, at, false, &mut Wanted::default()).0;
    }
    for (to, from) in order.into_iter().enumerate() {
        if let Some(from) = from {
            let (a, b) = record(choices, keyed, depth, &at.down(from, to), edited[from], wanted);
            old[from] = a;
            new.push(b);
        } else {
            wanted.counts.added += 1;
            wanted.edit(Change::RecordAdded, &at.down(to, to).new, ChangeKind::Grown);
            new.push(record(choices, keyed, depth, at, false, &mut Wanted::default()).1);
        }
    }
    (format!("[{}]", old.join(",")), format!("[{}]", new.join(",")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn exactly_the_edits_made_are_found(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let mut choices = Choices { bytes: bytes.into_iter(), unique: 0 };
        let mut documents = (Vec::new(), Vec::new());
        let mut all = Wanted::default();
        let mut counts = Vec::new();
        for (name, keyed) in [("declared", Keyed::Declared), ("guessed", Keyed::Guessed), ("free", Keyed::Not)] {
            let path = format!("/resources/{name}");
            let at = Paths { old: path.clone(), new: path };
            let mut wanted = Wanted { edits: std::mem::take(&mut all.edits), volatile: std::mem::take(&mut all.volatile), ..all };
            wanted.counts = Counts::default();
            let before = wanted.edits.len();
            let mut altered = false;
            let (old, new) = list(&mut choices, keyed, 0, &at, &mut wanted, &mut altered);
            wanted.counts.altered += usize::from(altered);
            if wanted.edits.len() > before {
                counts.push((name.to_owned(), wanted.counts));
            }
            all = wanted;
            documents.0.push(format!("\"{name}\":{old}"));
            documents.1.push(format!("\"{name}\":{new}"));
        }
        let day = |resources: Vec<String>| format!("{{\"resources\":{{{}}}}}", resources.join(","));
        let found = differ(&day(documents.0), &day(documents.1), &RULES);
        let edits: BTreeSet<_> = found.edits.iter().map(|edit| format!("{:?} {}", edit.change, edit.path)).collect();
        let volatile: BTreeSet<_> = found.volatile_edits.iter().map(|edit| edit.path.clone()).collect();
        prop_assert_eq!(edits.len(), found.edits.len());
        prop_assert_eq!(edits, all.edits);
        prop_assert_eq!(volatile, all.volatile);
        prop_assert_eq!(found.resources, counts.into_iter().collect());
        prop_assert_eq!(found.kind, all.kind);
    }

    #[test]
    fn any_two_documents_are_told_apart_and_made_equal(old in tangle(), new in tangle()) {
        // `differ` checks it all.
        differ(&old, &new, &RULES);
    }
}

/// Documents of few values, so that records are alike, keys repeat or are missing, and types mix.
fn tangle() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec!["null", "1", "2", "\"x\"", "[]", "{}"]).prop_map(str::to_owned);
    let value = leaf.prop_recursive(5, 40, 5, |inner| {
        let name = prop::sample::select(vec!["a", "b", "id", "from", "declared", "kudos", "s"]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::btree_map(name, inner, 0..5).prop_map(|members| {
                let members: Vec<_> = members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    });
    let named = prop::collection::btree_map(prop::sample::select(vec!["a", "b", "declared"]), value, 0..4);
    (named, any::<bool>()).prop_map(|(resources, absent)| {
        let resources: Vec<_> = resources.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let absent = if absent { "\"absent\":{\"a\":\"gone\"}," } else { "" };
        format!("{{{absent}\"resources\":{{{}}}}}", resources.join(","))
    })
}
