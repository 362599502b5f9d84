//! What a document says, volatile members aside, as one text.

use crate::json::{Kind, Name, Value, write};

use super::RecordRules;
use super::patterns::{Down, Frame, Patterns};

/// What the `resources` of a day document say, volatile members aside: canonical spelling on one line.
/// The texts of two are equal where [`compare`](super::compare) finds nothing but volatile edits in them.
pub fn substance(resources: Value<'_>, rules: &RecordRules) -> Vec<u8> {
    let (volatile, top) = Patterns::new(rules.volatile.iter().copied());
    let mut writer = Writer { volatile, out: vec![b'{'] };
    for (name, resource) in resources.members() {
        let frame = writer.volatile.enter(top, Down::Member(name));
        writer.member(name, resource, frame);
        writer.volatile.leave(frame);
    }
    writer.out.push(b'}');
    writer.out
}

struct Writer {
    volatile: Patterns,
    out: Vec<u8>,
}

impl Writer {
    fn member(&mut self, name: Name<'_>, value: Value<'_>, frame: Frame) {
        self.next();
        write::name(value.doc, name.index, &mut self.out);
        self.value(value, frame);
    }

    /// Parts one member or item from the one before.
    fn next(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.extend_from_slice(b", ");
        }
    }

    fn value(&mut self, value: Value<'_>, frame: Frame) {
        match value.kind() {
            Kind::Object if !Patterns::hopeless(frame) => {
                self.out.push(b'{');
                for (name, member) in value.members() {
                    let inside = self.volatile.enter(frame, Down::Member(name));
                    if self.volatile.found(inside).is_none() {
                        self.member(name, member, inside);
                    }
                    self.volatile.leave(inside);
                }
                self.out.push(b'}');
            }
            Kind::Array if !Patterns::hopeless(frame) => {
                self.out.push(b'[');
                let inside = self.volatile.enter(frame, Down::Item);
                for item in value.items() {
                    self.next();
                    self.value(item, inside);
                }
                self.volatile.leave(inside);
                self.out.push(b']');
            }
            _ => write::line(value.doc, value.index, &mut self.out),
        }
    }
}
