//! Walking down two values side by side, and noting what differs.

use std::cmp::Ordering;

use crate::json::{Kind, Name, Value};

use super::patterns::{Down, Frame, Patterns};
use super::records::matching;
use super::{Change, ChangeKind, Comparison, Counts, Edit, RecordRules};

/// A comparison under way.
pub(super) struct Walk<'v, 'r> {
    rules: &'r RecordRules,
    identities: Patterns,
    volatile: Patterns,
    /// Where the paths of the rules start from.
    pub(super) top: Place,
    pub(super) steps: Vec<Step<'v>>,
    /// The resource that changes belong to, and its counts.
    pub(super) resource: String,
    pub(super) counts: Counts,
    pub(super) found: Comparison,
}

/// A place in the document as the rules see it.
#[derive(Clone, Copy)]
pub(super) struct Place {
    identities: Frame,
    volatile: Frame,
}

/// A step from the document down to where the walk is.
#[derive(Clone, Copy)]
pub(super) enum Step<'v> {
    Top(&'static str),
    Member(Name<'v>),
    Item { old: usize, new: usize },
}

/// What an array holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    Nothing,
    /// Objects only.
    Records,
    /// No object anywhere.
    Series,
    /// Objects beside other items, or deeper down.
    Both,
}

impl<'v, 'r> Walk<'v, 'r> {
    pub(super) fn new(rules: &'r RecordRules) -> Walk<'v, 'r> {
        let (identities, identities_top) = Patterns::new(rules.identities.iter().map(|identity| identity.array));
        let (volatile, volatile_top) = Patterns::new(rules.volatile.iter().copied());
        Walk {
            rules,
            identities,
            volatile,
            top: Place { identities: identities_top, volatile: volatile_top },
            steps: Vec::new(),
            resource: String::new(),
            counts: Counts::default(),
            found: Comparison::default(),
        }
    }

    pub(super) fn enter(&mut self, place: Place, down: Down<'_>) -> Place {
        Place {
            identities: self.identities.enter(place.identities, down),
            volatile: self.volatile.enter(place.volatile, down),
        }
    }

    pub(super) fn leave(&mut self, place: Place) {
        self.identities.leave(place.identities);
        self.volatile.leave(place.volatile);
    }

    /// Notes a change of the data here, and what it makes of the document.
    pub(super) fn note(&mut self, change: Change, old: Option<Value<'v>>, new: Option<Value<'v>>, kind: ChangeKind) {
        let edit = self.edit(change, old, new);
        self.found.edits.push(edit);
        self.found.kind = self.found.kind.max(kind);
    }

    fn edit(&self, change: Change, old: Option<Value<'v>>, new: Option<Value<'v>>) -> Edit {
        Edit {
            resource: self.resource.clone(),
            change,
            path: self.pointer(matches!(change, Change::MemberRemoved | Change::RecordRemoved)),
            old: old.map(Value::line),
            new: new.map(Value::line),
        }
    }

    /// The JSON Pointer to where the walk is.
    fn pointer(&self, in_old: bool) -> String {
        let mut pointer = String::new();
        for step in &self.steps {
            pointer.push('/');
            match step {
                Step::Top(name) => pointer.push_str(name),
                Step::Member(name) => pointer.push_str(&name.as_str().replace('~', "~0").replace('/', "~1")),
                Step::Item { old, new } => pointer.push_str(&if in_old { old } else { new }.to_string()),
            }
        }
        pointer
    }

    /// Compares two values. `altered` becomes true if the innermost record around them counts as altered for it.
    pub(super) fn values(&mut self, place: Place, old: Value<'v>, new: Value<'v>, altered: &mut bool) {
        match (old.kind(), new.kind()) {
            (Kind::Object, Kind::Object) => self.objects(place, old, new, altered),
            (Kind::Array, Kind::Array) => self.arrays(place, old, new, altered),
            _ => {
                if !old.same(new) {
                    self.replaced(old, new, altered);
                }
            }
        }
    }

    fn objects(&mut self, place: Place, old: Value<'v>, new: Value<'v>, altered: &mut bool) {
        for_each_name(Some(old), Some(new), |name, old, new| {
            // Most members are scalars that did not change; they need no look at the rules.
            if let (Some(old), Some(new)) = (old, new)
                && old.is_scalar()
                && old.same(new)
            {
                return;
            }
            let inside = self.enter(place, Down::Member(name));
            self.steps.push(Step::Member(name));
            let volatile = self.volatile.found(inside.volatile).is_some();
            match (old, new) {
                (Some(old), Some(new)) if !volatile => self.values(inside, old, new, altered),
                (Some(a), Some(b)) if a.same(b) => {}
                (old, new) => {
                    let change = match (old, new) {
                        (None, _) => Change::MemberAdded,
                        (_, None) => Change::MemberRemoved,
                        _ => Change::MemberAltered,
                    };
                    if volatile {
                        let edit = self.edit(change, old, new);
                        self.found.volatile_edits.push(edit);
                    } else {
                        *altered = true;
                        self.counts.added += new.map_or(0, records_in);
                        self.counts.removed += old.map_or(0, records_in);
                        let kind = if old.is_none() { ChangeKind::Grown } else { ChangeKind::Shrunk };
                        self.note(change, old, new, kind);
                    }
                }
            }
            self.steps.pop();
            self.leave(inside);
        });
    }

    fn arrays(&mut self, place: Place, old: Value<'v>, new: Value<'v>, altered: &mut bool) {
        match (holds(old), holds(new)) {
            (Holds::Records | Holds::Nothing, Holds::Records | Holds::Nothing) => {
                self.records(place, old, new, altered);
            }
            (Holds::Both, Holds::Both) if alike(old, new) => {
                let inside = self.enter(place, Down::Item);
                for (index, (old, new)) in old.items().zip(new.items()).enumerate() {
                    self.steps.push(Step::Item { old: index, new: index });
                    if old.kind() == Kind::Object {
                        self.record(inside, old, new);
                    } else {
                        self.values(inside, old, new, altered);
                    }
                    self.steps.pop();
                }
                self.leave(inside);
            }
            _ => {
                if !old.same(new) {
                    self.replaced(old, new, altered);
                }
            }
        }
    }

    /// Compares two arrays that hold nothing but records.
    fn records(&mut self, place: Place, old: Value<'v>, new: Value<'v>, altered: &mut bool) {
        let keys = self.identities.found(place.identities).map(|index| self.rules.identities[index].keys);
        let inside = self.enter(place, Down::Item);
        let (old_items, new_items): (Vec<_>, Vec<_>) = (old.items().collect(), new.items().collect());
        let found = matching(&old_items, &new_items, keys, &mut self.volatile, inside.volatile);

        if found.reordered {
            *altered = true;
            self.note(Change::Reordered, Some(old), Some(new), ChangeKind::Revised);
        }
        for &index in &found.removed {
            self.steps.push(Step::Item { old: index, new: index });
            self.counts.removed += 1;
            self.note(Change::RecordRemoved, Some(old_items[index]), None, ChangeKind::Shrunk);
            self.steps.pop();
        }
        let mut added = found.added.into_iter().peekable();
        for (old, new) in found.pairs.into_iter().map(|(old, new)| (old, Some(new))).chain([(0, None)]) {
            while let Some(index) = added.next_if(|&index| new.is_none_or(|new| index < new)) {
                self.steps.push(Step::Item { old: index, new: index });
                self.counts.added += 1;
                self.note(Change::RecordAdded, None, Some(new_items[index]), ChangeKind::Grown);
                self.steps.pop();
            }
            if let Some(new) = new {
                self.steps.push(Step::Item { old, new });
                self.record(inside, old_items[old], new_items[new]);
                self.steps.pop();
            }
        }
        self.leave(inside);
    }

    /// Compares two states of one record.
    fn record(&mut self, place: Place, old: Value<'v>, new: Value<'v>) {
        let mut altered = false;
        self.objects(place, old, new, &mut altered);
        self.counts.altered += usize::from(altered);
    }

    /// Notes that one value stands in the place of another.
    fn replaced(&mut self, old: Value<'v>, new: Value<'v>, altered: &mut bool) {
        let lists = (old.kind() == Kind::Array, new.kind() == Kind::Array);
        let (mut gone, mut came) = (records_in(old), records_in(new));
        if lists == (true, true) {
            (gone, came) = (gone.saturating_sub(came), came.saturating_sub(gone));
        }
        self.counts.removed += gone;
        self.counts.added += came;
        let emptied = old.kind() == Kind::Object && !old.is_empty() && new.is_null();
        let kind = if gone > 0 || emptied {
            ChangeKind::Shrunk
        } else if old.is_null() {
            ChangeKind::Grown
        } else {
            ChangeKind::Revised
        };
        // Records that come or go as a list do not count for what holds the list.
        let only_records = (lists.0 && gone > 0) || (lists.1 && came > 0 && old.is_null());
        *altered |= !only_records;
        self.note(Change::MemberAltered, Some(old), Some(new), kind);
    }
}

/// Calls `each` for every name that either of two objects has, in canonical order. A missing one has no names.
pub(super) fn for_each_name<'v>(
    old: Option<Value<'v>>,
    new: Option<Value<'v>>,
    mut each: impl FnMut(Name<'v>, Option<Value<'v>>, Option<Value<'v>>),
) {
    let members = |object: Option<Value<'v>>| object.map(Value::members).into_iter().flatten().peekable();
    let (mut olds, mut news) = (members(old), members(new));
    loop {
        let order = match (olds.peek(), news.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return,
        };
        let old = if order.is_le() { olds.next() } else { None };
        let new = if order.is_ge() { news.next() } else { None };
        if let Some((name, _)) = old.or(new) {
            each(name, old.map(|(_, value)| value), new.map(|(_, value)| value));
        }
    }
}

/// How many records a value holds, those inside of others aside.
pub(super) fn records_in(value: Value<'_>) -> usize {
    match value.kind() {
        Kind::Object => value.members().map(|(_, member)| records_in(member)).sum(),
        Kind::Array => value.items().map(|item| if item.kind() == Kind::Object { 1 } else { records_in(item) }).sum(),
        _ => 0,
    }
}

fn holds(array: Value<'_>) -> Holds {
    let (mut objects, mut others, mut deeper) = (false, false, false);
    for item in array.items() {
        match item.kind() {
            Kind::Object => objects = true,
            Kind::Array => {
                others = true;
                deeper |= matches!(holds(item), Holds::Records | Holds::Both);
            }
            _ => others = true,
        }
    }
    match (objects, others) {
        (false, false) => Holds::Nothing,
        (true, false) => Holds::Records,
        (false, true) if !deeper => Holds::Series,
        _ => Holds::Both,
    }
}

/// Whether two arrays have items of the same kinds in the same places.
fn alike(old: Value<'_>, new: Value<'_>) -> bool {
    old.items().map(Value::kind).eq(new.items().map(Value::kind))
}
