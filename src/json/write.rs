//! The writer of canonical form 1.

use super::parse::{CANONICAL, TOO_WIDE};
use super::value::{Doc, Value};
use super::{Kind, number, string};

/// The longest line that a container may take, with its indentation and member name.
const LINE: usize = 100;
const STEP: usize = 2;

/// The value at `index` in canonical form, with the line feed at its end.
pub(super) fn canonical(doc: Doc<'_>, index: usize) -> Vec<u8> {
    let capacity = if index == 0 { doc.text.len() + doc.text.len() / 4 } else { 0 };
    let mut out = Vec::with_capacity(capacity + 64);
    value(Value { doc, index }, 0, 0, &mut out);
    out.push(b'\n');
    out
}

/// Appends the value at `index` on one line.
pub(super) fn line(doc: Doc<'_>, index: usize, out: &mut Vec<u8>) {
    match doc.first_byte(index) {
        b'{' => {
            out.push(b'{');
            let empty = out.len();
            for (name, member) in (Value { doc, index }).members() {
                if out.len() > empty {
                    out.extend_from_slice(b", ");
                }
                self::name(doc, name.index, out);
                line(doc, member.index, out);
            }
            out.push(b'}');
        }
        b'[' => {
            out.push(b'[');
            let empty = out.len();
            for item in (Value { doc, index }).items() {
                if out.len() > empty {
                    out.extend_from_slice(b", ");
                }
                line(doc, item.index, out);
            }
            out.push(b']');
        }
        _ => scalar(doc, index, out),
    }
}

/// Appends a value whose line is indented by `indent` and begins with a name and colon of `ahead` bytes.
fn value(value: Value<'_>, indent: usize, ahead: usize, out: &mut Vec<u8>) {
    let Value { doc, index } = value;
    let width = doc.nodes[index].width;
    let kind = value.kind();
    let container = matches!(kind, Kind::Array | Kind::Object);
    if !container
        || (width != TOO_WIDE && indent + ahead + usize::from(width) <= LINE)
        || doc.behind(index) == index + 1
    {
        return line(doc, index, out);
    }
    let inner = indent + STEP;
    let mut first = true;
    let mut begin_line = |out: &mut Vec<u8>| {
        out.extend_from_slice(if first { b"\n" } else { b",\n" });
        first = false;
        spaces(inner, out);
    };
    if kind == Kind::Object {
        out.push(b'{');
        for (name, member) in value.members() {
            begin_line(out);
            let before = out.len();
            self::name(doc, name.index, out);
            let ahead = out.len() - before;
            self::value(member, inner, ahead, out);
        }
    } else {
        out.push(b'[');
        for item in value.items() {
            begin_line(out);
            self::value(item, inner, 0, out);
        }
    }
    out.push(b'\n');
    spaces(indent, out);
    out.push(if kind == Kind::Object { b'}' } else { b']' });
}

fn spaces(count: usize, out: &mut Vec<u8>) {
    const SPACES: [u8; 256] = [b' '; 256];
    out.extend_from_slice(&SPACES[..count]);
}

/// Appends the name at `index`, a colon and a space.
pub(super) fn name(doc: Doc<'_>, index: usize, out: &mut Vec<u8>) {
    if doc.flag(index, CANONICAL) {
        out.extend_from_slice(doc.raw_name(index));
    } else {
        string::write(doc.inner(index), out);
    }
    out.extend_from_slice(b": ");
}

fn scalar(doc: Doc<'_>, index: usize, out: &mut Vec<u8>) {
    if doc.flag(index, CANONICAL) {
        out.extend_from_slice(doc.raw(index));
    } else if doc.first_byte(index) == b'"' {
        string::write(doc.inner(index), out);
    } else {
        number::write(doc.raw(index), out);
    }
}
