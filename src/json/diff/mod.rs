//! What differs between two day documents, told by record.
//!
//! A *record* is an object in an array. The records of two arrays are brought together by the keys that a provider
//! declares, else by a member that looks like a key, else by their content; never by their index alone. What is left
//! on both sides and is nearly the same is one record whose key changed. Everything else about two values follows from
//! their kinds, see [`compare`].

mod content;
mod document;
mod patterns;
mod records;
mod substance;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::Value;

pub use substance::{PathStep, Substance};

/// How the records of a provider's arrays are told apart, and which members are volatile.
///
/// Paths lead from below `/resources`, without a slash ahead, by the names of members. `*` stands for any one step (an
/// item of an array, as a rule) and `**` for any number of steps, none among them. In a name `~1` stands for a slash and
/// `~0` for a tilde, as in a JSON Pointer.
#[derive(Debug, Clone, Copy, Default)]
pub struct RecordRules {
    /// The first whose path fits an array says what tells its records apart.
    pub identities: &'static [Identity],
    /// The paths of volatile members, `activities/*/kudos_count`.
    pub volatile: &'static [&'static str],
}

/// What tells the records of an array apart.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// The path of the array, `storyline/*/segments`.
    pub array: &'static str,
    /// The members that make the key together. `start/date` is the member `date` of the member `start`.
    pub keys: &'static [&'static str],
}

/// What differs between two day documents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many records changed in each resource that differs. Top-level members other than `resources` and `absent`
    /// stand under an empty name.
    pub resources: BTreeMap<String, Counts>,
    /// The changes of the data, in the order of the documents.
    pub edits: Vec<Edit>,
    /// The changes of volatile members. They count for nothing else.
    pub volatile_edits: Vec<Edit>,
    kind: ChangeKind,
}

impl Comparison {
    /// Whether the data is the same, volatile members aside.
    pub fn is_empty(&self) -> bool {
        self.edits.is_empty()
    }

    /// What the changes come to.
    pub fn kind(&self) -> ChangeKind {
        self.kind
    }
}

/// Numbers of records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Records of which something changed that no record inside them holds.
    pub altered: usize,
    pub added: usize,
    pub removed: usize,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The resource it belongs to, empty for what belongs to none.
    pub resource: String,
    pub change: Change,
    /// A JSON Pointer into the newer document, into the older one for what is gone.
    pub path: String,
    /// The whole value before, on one line as [`Value::line`]; `None` for what was added.
    pub old: Option<String>,
    /// The whole value after; `None` for what is gone.
    pub new: Option<String>,
}

/// What happened at the path of an [`Edit`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Change {
    /// Another value stands there, of which no part is told apart as a record.
    MemberAltered,
    MemberAdded,
    MemberRemoved,
    RecordAdded,
    RecordRemoved,
    /// The records of the array stand in another order; the values are whole arrays. What changed in a record, came or
    /// went besides has edits of its own.
    Reordered,
}

/// What the changes between two documents come to; the later ones go before the earlier ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    #[default]
    Unchanged,
    /// Only additions.
    Grown,
    /// Values altered, a series of another length or records in another order among them.
    Revised,
    /// Records or members gone, whatever else.
    Shrunk,
}

/// Compares two whole day documents (`resources`, `absent` and so on).
///
/// - An altered record counts once, at the innermost record that holds the change; where none does, the resource itself
///   counts as one. A record added or gone counts once, whatever it holds, and not for what holds it.
/// - A series (an array without objects anywhere in it) is one value.
/// - A list of records that becomes something else has lost its records; a null that becomes a value is an addition, of
///   that many records if the value is a list of them. An object with members that becomes null has lost them.
/// - Records inside a member that came or went count as added or removed, beside its holder, which counts as altered. Of
///   a resource that came or went as a whole, the list's records count, or 1 if it is no list of records.
/// - `absent` belongs to the resource it names. A reason that makes way for the resource, or comes in its place, counts
///   for nothing beside it; else a new reason is an addition, another reason or none a revision, of one record.
/// - Other top-level members are single values under no resource, and always revised.
pub fn compare(old: Value<'_>, new: Value<'_>, rules: &RecordRules) -> Comparison {
    walk::Walk::new(rules).documents(old, new)
}
