//! The upper floors of a day document: `resources`, `absent` and what else there is.

use crate::json::{Kind, Name, Value};

use super::patterns::Down;
use super::walk::{Step, Walk, for_each_name, records_in};
use super::{Change, ChangeKind, Comparison, Counts};

const RESOURCES: &str = "resources";
const ABSENT: &str = "absent";

impl<'v> Walk<'v, '_> {
    /// Compares two whole day documents.
    pub(super) fn documents(mut self, old: Value<'v>, new: Value<'v>) -> Comparison {
        if old.kind() != Kind::Object || new.kind() != Kind::Object {
            if !old.same(new) {
                self.counts.altered += 1;
                self.note(Change::MemberAltered, Some(old), Some(new), ChangeKind::Revised);
            }
            return self.finish();
        }
        for_each_name(Some(old), Some(new), |name, old_member, new_member| {
            let floor = [RESOURCES, ABSENT].into_iter().find(|floor| name == *floor);
            // Where a floor is missing, everything on it came or went.
            let is_floor = |member: Option<Value<'_>>| member.is_none_or(|member| member.kind() == Kind::Object);
            let bare = |member: Option<Value<'_>>| member.is_none_or(|member| member.is_empty());
            match floor {
                Some(floor)
                    if is_floor(old_member)
                        && is_floor(new_member)
                        && (old_member.is_some() == new_member.is_some()
                            || !(bare(old_member) && bare(new_member))) =>
                {
                    self.steps.push(Step::Top(floor));
                    self.floor(floor, old, new);
                    self.steps.pop();
                }
                _ => self.other(name, old_member, new_member),
            }
        });
        self.finish()
    }

    /// Compares all that stands in `resources` or in `absent`.
    fn floor(&mut self, floor: &str, old: Value<'v>, new: Value<'v>) {
        for_each_name(old.get(floor), new.get(floor), |name, old_value, new_value| {
            self.begin(name.as_str().into_owned());
            self.steps.push(Step::Member(name));
            if floor == RESOURCES {
                self.resource_values(name, old_value, new_value);
            } else {
                let held = |document: Value<'v>| document.get(RESOURCES)?.get(&name.as_str());
                self.reasons(old_value, new_value, held(old).is_some(), held(new).is_some());
            }
            self.steps.pop();
        });
    }

    fn resource_values(&mut self, name: Name<'v>, old: Option<Value<'v>>, new: Option<Value<'v>>) {
        match (old, new) {
            (Some(old), Some(new)) => {
                let place = self.enter(self.top, Down::Member(name));
                let mut altered = false;
                self.values(place, old, new, &mut altered);
                self.counts.altered += usize::from(altered);
                self.leave(place);
            }
            (None, Some(new)) => {
                self.counts.added += whole(new);
                self.note(Change::MemberAdded, None, Some(new), ChangeKind::Grown);
            }
            (Some(old), None) => {
                self.counts.removed += whole(old);
                self.note(Change::MemberRemoved, Some(old), None, ChangeKind::Shrunk);
            }
            (None, None) => {}
        }
    }

    /// Compares why a resource is lastingly not to be had. `held` tells whether the older and newer document hold it.
    fn reasons(&mut self, old: Option<Value<'v>>, new: Option<Value<'v>>, old_held: bool, new_held: bool) {
        let (change, kind) = match (old, new) {
            (Some(old), Some(new)) if old.same(new) => return,
            (Some(_), Some(_)) => (Change::MemberAltered, ChangeKind::Revised),
            (None, _) => (Change::MemberAdded, ChangeKind::Grown),
            (_, None) if new_held && !old_held => (Change::MemberRemoved, ChangeKind::Grown),
            (_, None) => (Change::MemberRemoved, ChangeKind::Revised),
        };
        self.counts.altered += usize::from(old_held == new_held);
        self.note(change, old, new, kind);
    }

    /// Compares a top-level member of no resource.
    fn other(&mut self, name: Name<'v>, old: Option<Value<'v>>, new: Option<Value<'v>>) {
        let change = match (old, new) {
            (Some(old), Some(new)) if old.same(new) => return,
            (Some(_), Some(_)) => Change::MemberAltered,
            (None, _) => Change::MemberAdded,
            (_, None) => Change::MemberRemoved,
        };
        self.begin(String::new());
        self.steps.push(Step::Member(name));
        self.counts.altered = 1;
        self.note(change, old, new, ChangeKind::Revised);
        self.steps.pop();
    }

    /// Turns to another resource.
    fn begin(&mut self, resource: String) {
        self.put_counts_away();
        self.resource = resource;
    }

    fn put_counts_away(&mut self) {
        let counts = std::mem::take(&mut self.counts);
        if self.found.edits.last().is_some_and(|edit| edit.resource == self.resource) {
            let sum: &mut Counts = self.found.resources.entry(self.resource.clone()).or_default();
            // What `absent` says of a resource, or of several other members, is still one change of one thing.
            sum.altered = if self.resource.is_empty() { 1 } else { sum.altered + counts.altered };
            sum.added += counts.added;
            sum.removed += counts.removed;
        }
    }

    fn finish(mut self) -> Comparison {
        self.put_counts_away();
        self.found
    }
}

/// How many records come or go with a whole resource: those of a list, or the resource itself.
fn whole(resource: Value<'_>) -> usize {
    match resource.kind() {
        Kind::Array if resource.is_empty() => 0,
        Kind::Array => records_in(resource).max(1),
        _ => 1,
    }
}
