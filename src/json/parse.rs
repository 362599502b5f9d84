//! The parser: from a text to a tape of nodes, one for each value and member name, in the order of the text.
//!
//! A node is twelve bytes and says only what the text cannot say at once, so that even `[1,1,1,…]` takes six times
//! its own size.

use std::cmp::Ordering;

use super::error::{Fault, JsonError, Problem};
use super::value::Doc;
use super::{number, string};

/// How deep arrays and objects may stand in one another.
pub(super) const MAX_DEPTH: u32 = 127;
/// What some editors put before UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
/// The width of what is longer than any line that the layout allows.
pub(super) const TOO_WIDE: u8 = u8::MAX;
/// A name of this many bytes or more has its length looked up in the text.
pub(super) const LONG_NAME: u16 = u16::MAX;

type Parsed<T> = Result<T, Box<Fault>>;

/// A value or a member name on the tape. An array's items follow it; an object's names and values, in turn.
#[derive(Clone, Copy)]
pub(super) struct Node {
    /// Offset in the text.
    pub(super) start: u32,
    /// Of an array or object: the index of the node behind all of it. Of a number or string: its length in the text.
    /// Of a name in an object that is not [`SORTED`]: the index of the name that follows by order, the smallest one
    /// following the greatest.
    pub(super) link: u32,
    /// Of a name: its length in the text, [`LONG_NAME`] when longer.
    pub(super) name_len: u16,
    /// Length of the canonical spelling on one line, [`TOO_WIDE`] when longer than any line.
    pub(super) width: u8,
    pub(super) flags: u8,
}

/// The node is a number or string whose spelling in the text is canonical.
pub(super) const CANONICAL: u8 = 1;
/// The node is a string or name that holds a backslash.
pub(super) const ESCAPED: u8 = 2;
/// The node is an object whose names stand in canonical order.
pub(super) const SORTED: u8 = 4;
/// The node is the smallest name of an object that is not [`SORTED`].
pub(super) const SMALLEST: u8 = 8;

/// Parses a whole text.
pub(super) fn parse(text: &[u8]) -> Result<Vec<Node>, JsonError> {
    parse_text(text).map_err(|fault| fault.locate(text))
}

fn parse_text(text: &[u8]) -> Parsed<Vec<Node>> {
    if u32::try_from(text.len()).is_err() {
        return Err(Fault::new(0, Problem::TooLarge));
    }
    if let Err(error) = std::str::from_utf8(text) {
        return Err(Fault::new(error.valid_up_to(), Problem::NotUtf8));
    }
    let pos = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
    let mut parser = Parser { text, pos, nodes: Vec::with_capacity(text.len() / 16 + 1), order: Vec::new() };
    parser.skip_space();
    parser.value(0)?;
    parser.skip_space();
    if let Some(found) = super::error::first_char(text, parser.pos) {
        return Err(Fault::new(parser.pos, Problem::Trailing(found)));
    }
    Ok(parser.nodes)
}

struct Parser<'a> {
    text: &'a [u8],
    pos: usize,
    nodes: Vec<Node>,
    /// The names of the object being sorted; kept only for its allocation.
    order: Vec<u32>,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.pos += 1;
        }
    }

    fn unexpected<T>(&self, wanted: &'static str) -> Parsed<T> {
        Err(Fault::unexpected(self.text, self.pos, wanted))
    }

    /// Adds a node that begins here, and gives its index.
    fn push(&mut self, link: usize, name_len: u16, width: usize, flags: u8) -> usize {
        if self.nodes.len() == self.nodes.capacity() {
            self.grow();
        }
        let index = self.nodes.len();
        let width = u8::try_from(width).unwrap_or(TOO_WIDE);
        self.nodes.push(Node { start: self.pos as u32, link: link as u32, name_len, width, flags });
        index
    }

    /// Makes room for as many nodes as the rest of the text will need if it goes on as so far, a quarter more at
    /// least. Doubling could leave half of a large tape unused.
    #[cold]
    fn grow(&mut self) {
        let (len, read, rest) = (self.nodes.len(), self.pos.max(1), self.text.len() - self.pos);
        let expected = (len as u64 * rest as u64 / read as u64) as usize;
        self.nodes.reserve_exact(expected.clamp(len / 4 + 16, len + 1024));
    }

    /// Parses the value that begins here, `depth` containers deep; gives its width.
    fn value(&mut self, depth: u32) -> Parsed<usize> {
        match self.peek() {
            Some(b'"') => {
                let scan = string::scan(self.text, self.pos)?;
                self.push(scan.len, 0, scan.width, string_flags(&scan));
                self.pos += scan.len;
                Ok(scan.width)
            }
            Some(b'-' | b'0'..=b'9') => {
                let scan = number::scan(self.text, self.pos)?;
                let raw = &self.text[self.pos..self.pos + scan.len];
                let width = if scan.canonical { scan.len } else { spelled_len(raw) };
                self.push(scan.len, 0, width, if scan.canonical { CANONICAL } else { 0 });
                self.pos += scan.len;
                Ok(width)
            }
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b't') => self.word("true"),
            Some(b'f') => self.word("false"),
            Some(b'n') => self.word("null"),
            _ => self.unexpected("a value"),
        }
    }

    fn word(&mut self, word: &'static str) -> Parsed<usize> {
        if !self.text[self.pos..].starts_with(word.as_bytes()) {
            return self.unexpected("a value");
        }
        self.push(word.len(), 0, word.len(), CANONICAL);
        self.pos += word.len();
        Ok(word.len())
    }

    /// Steps into an array or object; gives the index of its node.
    fn open(&mut self, depth: u32) -> Parsed<usize> {
        if depth == MAX_DEPTH {
            return Err(Fault::new(self.pos, Problem::TooDeep));
        }
        let index = self.push(0, 0, 0, 0);
        self.pos += 1;
        self.skip_space();
        Ok(index)
    }

    /// Steps out of the array or object at `index`, whose children on one line take `inside` bytes.
    fn close(&mut self, index: usize, inside: usize, flags: u8) -> usize {
        self.pos += 1;
        let width = inside + 2;
        let behind = self.nodes.len() as u32;
        let node = &mut self.nodes[index];
        node.link = behind;
        node.width = u8::try_from(width).unwrap_or(TOO_WIDE);
        node.flags = flags;
        width
    }

    fn array(&mut self, depth: u32) -> Parsed<usize> {
        let index = self.open(depth)?;
        if self.peek() == Some(b']') {
            return Ok(self.close(index, 0, 0));
        }
        let mut inside = 0;
        loop {
            inside += self.value(depth + 1)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => {
                    inside += 2;
                    self.pos += 1;
                    self.skip_space();
                }
                Some(b']') => return Ok(self.close(index, inside, 0)),
                _ => return self.unexpected("`,` or `]`"),
            }
        }
    }

    fn object(&mut self, depth: u32) -> Parsed<usize> {
        let index = self.open(depth)?;
        if self.peek() == Some(b'}') {
            return Ok(self.close(index, 0, SORTED));
        }
        let mut inside = 0;
        let mut sorted = true;
        let mut last = None;
        loop {
            let name = self.name(&mut inside)?;
            if let Some(last) = last
                && sorted
            {
                match self.doc().compare_names(last, name) {
                    Ordering::Less => {}
                    Ordering::Equal => return Err(self.name_twice(name)),
                    Ordering::Greater => sorted = false,
                }
            }
            last = Some(name);
            inside += self.value(depth + 1)?;
            self.skip_space();
            match self.peek() {
                Some(b',') => {
                    inside += 2;
                    self.pos += 1;
                    self.skip_space();
                }
                Some(b'}') => break,
                _ => return self.unexpected("`,` or `}`"),
            }
        }
        if !sorted {
            self.sort(index)?;
        }
        Ok(self.close(index, inside, if sorted { SORTED } else { 0 }))
    }

    /// Parses a member's name and the colon; gives the index of its node and adds what both take to `inside`.
    fn name(&mut self, inside: &mut usize) -> Parsed<usize> {
        if self.peek() != Some(b'"') {
            return self.unexpected("a member name in quotation marks");
        }
        let scan = string::scan(self.text, self.pos)?;
        let len = u16::try_from(scan.len).unwrap_or(LONG_NAME);
        let index = self.push(0, len, scan.width, string_flags(&scan));
        self.pos += scan.len;
        self.skip_space();
        if self.peek() != Some(b':') {
            return self.unexpected("`:`");
        }
        self.pos += 1;
        self.skip_space();
        *inside += scan.width + 2;
        Ok(index)
    }

    fn doc(&self) -> Doc<'_> {
        Doc { text: self.text, nodes: &self.nodes }
    }

    /// Links the names of the object at `index`, whose last member is the end of the tape, in canonical order.
    fn sort(&mut self, index: usize) -> Parsed<()> {
        let mut order = std::mem::take(&mut self.order);
        order.clear();
        let doc = self.doc();
        let mut name = index + 1;
        while name < self.nodes.len() {
            order.push(name as u32);
            name = doc.behind(name + 1);
        }
        // Equal names stay in the order of the text, so that the second one is blamed.
        order.sort_unstable_by(|&a, &b| doc.compare_names(a as usize, b as usize).then(a.cmp(&b)));
        let twice = order.windows(2).filter(|pair| {
            let [a, b] = [pair[0] as usize, pair[1] as usize];
            doc.compare_names(a, b) == Ordering::Equal
        });
        if let Some(first) = twice.map(|pair| pair[1]).min() {
            return Err(self.name_twice(first as usize));
        }
        if let (Some(&smallest), Some(&greatest)) = (order.first(), order.last()) {
            for pair in order.windows(2) {
                self.nodes[pair[0] as usize].link = pair[1];
            }
            self.nodes[greatest as usize].link = smallest;
            self.nodes[smallest as usize].flags |= SMALLEST;
        }
        self.order = order;
        Ok(())
    }

    #[cold]
    fn name_twice(&self, name: usize) -> Box<Fault> {
        const SHOWN: usize = 60;
        let mut text = string::decode_text(self.doc().inner(name));
        if text.chars().count() > SHOWN {
            text = text.chars().take(SHOWN).collect();
            text.push('…');
        }
        Fault::new(self.nodes[name].start as usize, Problem::NameTwice(string::quote(&text)))
    }
}

fn string_flags(scan: &string::Scan) -> u8 {
    (if scan.canonical { CANONICAL } else { 0 }) | (if scan.escaped { ESCAPED } else { 0 })
}

#[cold]
fn spelled_len(raw: &[u8]) -> usize {
    let mut spelled = Vec::with_capacity(raw.len() + 24);
    number::write(raw, &mut spelled);
    spelled.len()
}
