//! A parsed document, and looking around in it.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::error::JsonError;
use super::parse::{self, CANONICAL, ESCAPED, LONG_NAME, Node, SMALLEST, SORTED};
use super::{number, string, write};

/// A parsed document: the text as given, and a tape of nodes that says where its values stand.
///
/// Takes up to seven times the size of the text in all.
#[derive(Clone)]
pub struct Json {
    text: Vec<u8>,
    nodes: Vec<Node>,
}

impl Json {
    /// Parses one JSON value (RFC 8259, UTF-8, a byte-order mark is dropped).
    ///
    /// # Errors
    ///
    /// The text is refused, with the place named, when it is no JSON or no UTF-8, when a member name stands twice in
    /// one object, when anything follows the value, when arrays and objects stand more than 127 deep, and when it is
    /// 4 GiB or larger.
    pub fn parse(text: impl Into<Vec<u8>>) -> Result<Json, JsonError> {
        let text = text.into();
        let nodes = parse::parse(&text)?;
        Ok(Json { text, nodes })
    }

    /// The value that the document is.
    pub fn root(&self) -> Value<'_> {
        Value { doc: Doc { text: &self.text, nodes: &self.nodes }, index: 0 }
    }

    /// The document in canonical form 1, with the line feed at its end.
    pub fn canonical(&self) -> Vec<u8> {
        self.root().canonical()
    }
}

impl std::fmt::Debug for Json {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.root().line())
    }
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    Null,
    Bool,
    Number,
    String,
    Array,
    Object,
}

/// A value in a parsed document.
#[derive(Clone, Copy)]
pub struct Value<'j> {
    pub(super) doc: Doc<'j>,
    pub(super) index: usize,
}

impl<'j> Value<'j> {
    /// What the value is.
    pub fn kind(self) -> Kind {
        match self.doc.first_byte(self.index) {
            b'{' => Kind::Object,
            b'[' => Kind::Array,
            b'"' => Kind::String,
            b't' | b'f' => Kind::Bool,
            b'n' => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// Whether the value is `null`.
    pub fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// The truth value, or `None` for anything else.
    pub fn as_bool(self) -> Option<bool> {
        match self.doc.first_byte(self.index) {
            b't' => Some(true),
            b'f' => Some(false),
            _ => None,
        }
    }

    /// The text of a string, or `None` for anything else. An unpaired surrogate is shown as U+FFFD.
    pub fn as_str(self) -> Option<Cow<'j, str>> {
        (self.kind() == Kind::String).then(|| self.doc.string(self.index))
    }

    /// The canonical spelling of a number, or `None` for anything else.
    pub fn as_number(self) -> Option<Cow<'j, str>> {
        if self.kind() != Kind::Number {
            return None;
        }
        let raw = self.doc.raw(self.index);
        if self.doc.flag(self.index, CANONICAL) {
            return Some(string::text_of(raw));
        }
        let mut spelled = Vec::with_capacity(raw.len() + 24);
        number::write(raw, &mut spelled);
        Some(Cow::Owned(string::text_of(&spelled).into_owned()))
    }

    /// A number that is whole and fits, however it is spelled.
    pub fn as_u64(self) -> Option<u64> {
        self.as_number()?.parse().ok()
    }

    /// A number that is whole and fits, however it is spelled.
    pub fn as_i64(self) -> Option<i64> {
        self.as_number()?.parse().ok()
    }

    /// The double nearest to a number, or `None` for anything else and for numbers beyond all doubles.
    pub fn as_f64(self) -> Option<f64> {
        self.as_number()?.parse().ok().filter(|number: &f64| number.is_finite())
    }

    /// How many items or members the value has, 0 unless it is an array or object. Counts them one by one.
    pub fn len(self) -> usize {
        match self.kind() {
            Kind::Array => self.items().count(),
            Kind::Object => self.members().count(),
            _ => 0,
        }
    }

    /// Whether the value has no items or members.
    pub fn is_empty(self) -> bool {
        self.items().next().is_none() && self.members().next().is_none()
    }

    /// The items of an array in order; none unless it is one.
    pub fn items(self) -> Items<'j> {
        let end = if self.kind() == Kind::Array { self.doc.behind(self.index) } else { 0 };
        Items { doc: self.doc, next: self.index + 1, end }
    }

    /// The members of an object in canonical order of their names; none unless it is one.
    pub fn members(self) -> Members<'j> {
        let (doc, end) = (self.doc, self.doc.behind(self.index));
        if self.kind() != Kind::Object || end == self.index + 1 {
            return Members { doc, next: None, end, sorted: true };
        }
        let sorted = doc.flag(self.index, SORTED);
        let mut first = self.index + 1;
        if !sorted {
            while !doc.flag(first, SMALLEST) {
                first = doc.nodes[first].link as usize;
            }
        }
        Members { doc, next: Some(first), end, sorted }
    }

    /// The member of an object with this name. Looks at the names one by one.
    pub fn get(self, name: &str) -> Option<Value<'j>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let end = self.doc.behind(self.index);
        let mut at = self.index + 1;
        while at < end {
            let found = if self.doc.flag(at, ESCAPED) {
                *self.doc.name_bytes(at) == *name.as_bytes()
            } else {
                self.doc.inner(at) == name.as_bytes()
            };
            if found {
                return Some(Value { doc: self.doc, index: at + 1 });
            }
            at = self.doc.behind(at + 1);
        }
        None
    }

    /// The value that a JSON Pointer (RFC 6901) leads to from here.
    pub fn pointer(self, pointer: &str) -> Option<Value<'j>> {
        if pointer.is_empty() {
            return Some(self);
        }
        pointer.strip_prefix('/')?.split('/').try_fold(self, |value, token| match value.kind() {
            Kind::Object => value.get(&token.replace("~1", "/").replace("~0", "~")),
            Kind::Array if token == "0" || !token.starts_with(['0', '+']) => value.items().nth(token.parse().ok()?),
            _ => None,
        })
    }

    /// The value as it stands in the text.
    pub fn raw(self) -> &'j [u8] {
        self.doc.raw(self.index)
    }

    /// A number, string or word as it stands in the text, if that is its canonical spelling.
    pub(super) fn canonical_raw(self) -> Option<&'j [u8]> {
        self.doc.flag(self.index, CANONICAL).then(|| self.raw())
    }

    pub(super) fn is_scalar(self) -> bool {
        !matches!(self.kind(), Kind::Array | Kind::Object)
    }

    /// The value alone in canonical form 1, with the line feed at its end.
    pub fn canonical(self) -> Vec<u8> {
        write::canonical(self.doc, self.index)
    }

    /// The value in canonical spelling, but on one line whatever its length and without a line feed.
    pub fn line(self) -> String {
        let mut out = Vec::new();
        write::line(self.doc, self.index, &mut out);
        String::from_utf8(out).unwrap_or_else(|error| string::text_of(error.as_bytes()).into_owned())
    }

    /// Appends what [`Value::line`] gives.
    pub fn write_line(self, out: &mut Vec<u8>) {
        write::line(self.doc, self.index, out);
    }

    /// Whether both are the same value, so that their canonical forms are equal.
    pub fn same(self, other: Value<'_>) -> bool {
        let kind = self.kind();
        if kind != other.kind() || self.doc.nodes[self.index].width != other.doc.nodes[other.index].width {
            return false;
        }
        match kind {
            Kind::Array => {
                let (mut mine, mut theirs) = (self.items(), other.items());
                loop {
                    match (mine.next(), theirs.next()) {
                        (Some(a), Some(b)) if a.same(b) => {}
                        (None, None) => return true,
                        _ => return false,
                    }
                }
            }
            Kind::Object => {
                let (mut mine, mut theirs) = (self.members(), other.members());
                loop {
                    match (mine.next(), theirs.next()) {
                        (Some((a_name, a)), Some((b_name, b))) if a_name == b_name && a.same(b) => {}
                        (None, None) => return true,
                        _ => return false,
                    }
                }
            }
            _ => {
                let both = self.doc.flag(self.index, CANONICAL) && other.doc.flag(other.index, CANONICAL);
                self.raw() == other.raw() || (!both && self.line() == other.line())
            }
        }
    }
}

impl std::fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.line())
    }
}

/// The items of an array.
#[derive(Clone)]
pub struct Items<'j> {
    doc: Doc<'j>,
    next: usize,
    end: usize,
}

impl<'j> Iterator for Items<'j> {
    type Item = Value<'j>;

    fn next(&mut self) -> Option<Value<'j>> {
        if self.next >= self.end {
            return None;
        }
        let value = Value { doc: self.doc, index: self.next };
        self.next = self.doc.behind(self.next);
        Some(value)
    }
}

/// The members of an object in canonical order of their names.
#[derive(Clone)]
pub struct Members<'j> {
    doc: Doc<'j>,
    next: Option<usize>,
    end: usize,
    sorted: bool,
}

impl<'j> Iterator for Members<'j> {
    type Item = (Name<'j>, Value<'j>);

    fn next(&mut self) -> Option<(Name<'j>, Value<'j>)> {
        let index = self.next?;
        self.next = if self.sorted {
            Some(self.doc.behind(index + 1)).filter(|&next| next < self.end)
        } else {
            let next = self.doc.nodes[index].link as usize;
            Some(next).filter(|&next| !self.doc.flag(next, SMALLEST))
        };
        Some((Name { doc: self.doc, index }, Value { doc: self.doc, index: index + 1 }))
    }
}

/// The name of a member. Compares as the canonical form sorts.
#[derive(Clone, Copy)]
pub struct Name<'j> {
    doc: Doc<'j>,
    pub(super) index: usize,
}

impl<'j> Name<'j> {
    /// The text of the name. An unpaired surrogate is shown as U+FFFD.
    pub fn as_str(self) -> Cow<'j, str> {
        self.doc.string(self.index)
    }

    /// The bytes that names are sorted by: UTF-8, with an unpaired surrogate as three bytes of its own (WTF-8).
    pub fn bytes(self) -> Cow<'j, [u8]> {
        self.doc.name_bytes(self.index)
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Name<'_> {}

impl PartialOrd for Name<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.doc.flag(self.index, ESCAPED) || other.doc.flag(other.index, ESCAPED) {
            self.bytes().cmp(&other.bytes())
        } else {
            self.doc.inner(self.index).cmp(other.doc.inner(other.index))
        }
    }
}

impl PartialEq<str> for Name<'_> {
    fn eq(&self, other: &str) -> bool {
        *self.bytes() == *other.as_bytes()
    }
}

impl PartialEq<&str> for Name<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl std::fmt::Debug for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.as_str())
    }
}

/// A text and its tape.
#[derive(Clone, Copy)]
pub(super) struct Doc<'j> {
    pub(super) text: &'j [u8],
    pub(super) nodes: &'j [Node],
}

impl<'j> Doc<'j> {
    pub(super) fn first_byte(self, index: usize) -> u8 {
        self.text[self.nodes[index].start as usize]
    }

    pub(super) fn flag(self, index: usize, flag: u8) -> bool {
        self.nodes[index].flags & flag != 0
    }

    /// The index of the node behind the value at `index` and all that it holds.
    pub(super) fn behind(self, index: usize) -> usize {
        match self.first_byte(index) {
            b'{' | b'[' => self.nodes[index].link as usize,
            _ => index + 1,
        }
    }

    /// The value at `index` as it stands in the text.
    pub(super) fn raw(self, index: usize) -> &'j [u8] {
        let node = self.nodes[index];
        let rest = &self.text[node.start as usize..];
        match rest[0] {
            // Nothing but white space follows the value that the document is.
            b'{' | b'[' if index == 0 => rest.trim_ascii_end(),
            b'{' | b'[' => &rest[..container_len(rest)],
            _ => &rest[..node.link as usize],
        }
    }

    /// The name at `index` as it stands in the text.
    pub(super) fn raw_name(self, index: usize) -> &'j [u8] {
        let node = self.nodes[index];
        let rest = &self.text[node.start as usize..];
        let len = if node.name_len == LONG_NAME { string::len(rest) } else { usize::from(node.name_len) };
        &rest[..len]
    }

    /// The string or name at `index` as it stands in the text, without its quotation marks.
    pub(super) fn inner(self, index: usize) -> &'j [u8] {
        let node = self.nodes[index];
        let raw = if node.name_len == 0 { self.raw(index) } else { self.raw_name(index) };
        &raw[1..raw.len() - 1]
    }

    fn string(self, index: usize) -> Cow<'j, str> {
        let inner = self.inner(index);
        if self.flag(index, ESCAPED) { Cow::Owned(string::decode_text(inner)) } else { string::text_of(inner) }
    }

    fn name_bytes(self, index: usize) -> Cow<'j, [u8]> {
        let inner = self.inner(index);
        if self.flag(index, ESCAPED) { Cow::Owned(string::decode(inner)) } else { Cow::Borrowed(inner) }
    }

    pub(super) fn compare_names(self, a: usize, b: usize) -> Ordering {
        Name { doc: self, index: a }.cmp(&Name { doc: self, index: b })
    }
}

/// Length of the sound array or object at the start of `text`.
fn container_len(text: &[u8]) -> usize {
    let (mut pos, mut depth) = (0, 0u32);
    while let Some(&byte) = text.get(pos) {
        match byte {
            b'"' => pos += string::len(&text[pos..]) - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        pos += 1;
        if depth == 0 {
            break;
        }
    }
    pos
}
