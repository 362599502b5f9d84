//! What a record holds, as numbers that are quick to compare. Volatile members are left out.
//!
//! Equal numbers only bring records together. Whether anything differs is always decided by the values themselves.

use std::hash::{DefaultHasher, Hasher};

use crate::json::{Kind, Value};

use super::patterns::{Down, Frame, Patterns};

/// A number for all that a value holds.
pub(super) fn hash(value: Value<'_>, volatile: &mut Patterns, frame: Frame) -> u64 {
    let mut hasher = DefaultHasher::new();
    add(value, volatile, frame, &mut hasher);
    hasher.finish()
}

/// A number for the key of a record, `None` if it has none of the members that make it.
pub(super) fn key(record: Value<'_>, keys: &[&str]) -> Option<u64> {
    let mut hasher = DefaultHasher::new();
    let mut any = false;
    for key in keys {
        match key.split('/').try_fold(record, |value, name| value.get(name)) {
            Some(value) => {
                any = true;
                // A key that is no scalar is rare; its text on one line serves as well.
                scalar(value, &mut hasher);
            }
            None => hasher.write_u8(0),
        }
    }
    any.then(|| hasher.finish())
}

/// Numbers for each scalar and empty container in a record, with the way to it, sorted. What the `keys` lead to is left out.
pub(super) fn leaves(record: Value<'_>, keys: &[&str], volatile: &mut Patterns, frame: Frame) -> Vec<u64> {
    let mut leaves = Vec::new();
    add_leaves(record, 0, keys, volatile, frame, &mut leaves);
    leaves.sort_unstable();
    leaves
}

/// How many numbers two sorted lists have in common.
pub(super) fn common(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut count) = (0, 0, 0);
    while let (Some(x), Some(y)) = (a.get(i), b.get(j)) {
        count += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    count
}

fn scalar(value: Value<'_>, hasher: &mut impl Hasher) {
    match value.canonical_raw() {
        Some(raw) => text(raw, hasher),
        None => text(value.line().as_bytes(), hasher),
    }
}

fn text(bytes: &[u8], hasher: &mut impl Hasher) {
    hasher.write_usize(bytes.len());
    hasher.write(bytes);
}

fn add(value: Value<'_>, volatile: &mut Patterns, frame: Frame, hasher: &mut DefaultHasher) {
    match value.kind() {
        Kind::Object => {
            hasher.write_u8(b'{');
            each_member(value, volatile, frame, |volatile, frame, name, member| {
                text(name, hasher);
                add(member, volatile, frame, hasher);
            });
            hasher.write_u8(b'}');
        }
        Kind::Array => {
            hasher.write_u8(b'[');
            let inside = volatile.enter(frame, Down::Item);
            for item in value.items() {
                add(item, volatile, inside, hasher);
            }
            volatile.leave(inside);
            hasher.write_u8(b']');
        }
        _ => scalar(value, hasher),
    }
}

fn add_leaves(value: Value<'_>, way: u64, keys: &[&str], volatile: &mut Patterns, frame: Frame, leaves: &mut Vec<u64>) {
    let step = |name: &[u8]| {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(way);
        text(name, &mut hasher);
        hasher.finish()
    };
    let before = leaves.len();
    match value.kind() {
        Kind::Object => each_member(value, volatile, frame, |volatile, frame, name, member| {
            let mut inside = Vec::new();
            for key in keys {
                match key.as_bytes().strip_prefix(name) {
                    Some([]) => return,
                    Some([b'/', ..]) => inside.push(&key[name.len() + 1..]),
                    _ => {}
                }
            }
            add_leaves(member, step(name), &inside, volatile, frame, leaves);
        }),
        Kind::Array => {
            // All items are one way, so that an item inserted among them changes no other leaf.
            let (way, inside) = (step(b"*"), volatile.enter(frame, Down::Item));
            for item in value.items() {
                add_leaves(item, way, &[], volatile, inside, leaves);
            }
            volatile.leave(inside);
        }
        _ => {}
    }
    let container = matches!(value.kind(), Kind::Object | Kind::Array);
    if leaves.len() == before && (!container || value.is_empty()) {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(way);
        scalar(value, &mut hasher);
        leaves.push(hasher.finish());
    }
}

/// Calls `each` for every member that is not volatile.
fn each_member<'v>(
    value: Value<'v>,
    volatile: &mut Patterns,
    frame: Frame,
    mut each: impl FnMut(&mut Patterns, Frame, &[u8], Value<'v>),
) {
    for (name, member) in value.members() {
        if Patterns::hopeless(frame) {
            each(volatile, frame, &name.bytes(), member);
            continue;
        }
        let inside = volatile.enter(frame, Down::Member(name));
        if volatile.found(inside).is_none() {
            each(volatile, inside, &name.bytes(), member);
        }
        volatile.leave(inside);
    }
}
