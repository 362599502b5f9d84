//! What a value says, volatile members aside, as one text.

use crate::json::{Kind, Name, Value, write};

use super::RecordRules;
use super::patterns::{Down, Frame, Patterns};

/// Tells what values say, by the rules of a provider.
pub struct Substance {
    volatile: Patterns,
    top: Frame,
}

/// A step down from the resources of a day document.
#[derive(Clone, Copy, Debug)]
pub enum PathStep<'a> {
    /// To the member of this name.
    Member(&'a str),
    /// To an item.
    Item,
}

impl Substance {
    /// By these rules.
    pub fn new(rules: &RecordRules) -> Substance {
        let (volatile, top) = Patterns::new(rules.volatile.iter().copied());
        Substance { volatile, top }
    }

    /// What a value says that stands at the end of this way, volatile members aside: canonical spelling on one line.
    /// The texts of two are equal where [`compare`](super::compare) finds nothing but volatile edits in them.
    pub fn of(&mut self, way: &[PathStep<'_>], value: Value<'_>) -> Vec<u8> {
        let (mut out, mut frame) = (Vec::new(), self.top);
        for step in way {
            let down = match step {
                PathStep::Member(name) => Down::Named(name),
                PathStep::Item => Down::Item,
            };
            frame = self.volatile.enter(frame, down);
        }
        Writer { volatile: &mut self.volatile, out: &mut out }.value(value, frame);
        self.volatile.back_to(self.top);
        out
    }
}

struct Writer<'a> {
    volatile: &'a mut Patterns,
    out: &'a mut Vec<u8>,
}

impl Writer<'_> {
    fn member(&mut self, name: Name<'_>, value: Value<'_>, frame: Frame) {
        self.next();
        write::name(value.doc, name.index, self.out);
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
            _ => write::line(value.doc, value.index, self.out),
        }
    }
}
