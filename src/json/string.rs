//! Strings: checking, decoding and spelling them.
//!
//! A decoded string is WTF-8: UTF-8 in which an unpaired surrogate stands as the three bytes its code point would take.

use std::borrow::Cow;

use super::error::{Fault, Problem};

/// A string as it stands in a text.
pub(super) struct Scan {
    /// Length in bytes, with both quotation marks.
    pub(super) len: usize,
    /// Length of the canonical spelling in bytes.
    pub(super) width: usize,
    /// Whether any escape stands in it.
    pub(super) escaped: bool,
    /// Whether it is already spelled canonically.
    pub(super) canonical: bool,
}

/// Checks the string whose opening quotation mark is at `start`.
pub(super) fn scan(text: &[u8], start: usize) -> Result<Scan, Box<Fault>> {
    let mut pos = start + 1;
    let (mut escaped, mut canonical) = (false, true);
    let mut width = 2;
    loop {
        let run = plain_len(text.get(pos..).unwrap_or_default());
        pos += run;
        width += run;
        match text.get(pos) {
            Some(b'"') => return Ok(Scan { len: pos + 1 - start, width, escaped, canonical }),
            Some(b'\\') => {
                let (unit, len) = escape(&text[pos..]).ok_or_else(|| Fault::new(pos, Problem::Escape))?;
                let mut spelled = [0; 6];
                let spelling = unit.spell(&mut spelled);
                canonical &= spelling == &text[pos..pos + len];
                width += spelling.len();
                escaped = true;
                pos += len;
            }
            Some(_) => return Err(Fault::new(pos, Problem::Control)),
            None => return Err(Fault::unexpected(text, pos, "the end of the string")),
        }
    }
}

/// Length of a string that is known to be sound and begins at the start of `text`, with both quotation marks.
pub(super) fn len(text: &[u8]) -> usize {
    let mut pos = 1;
    while let Some(rest) = text.get(pos..) {
        pos += plain_len(rest);
        match text.get(pos) {
            Some(b'\\') => pos += 2,
            _ => break,
        }
    }
    (pos + 1).min(text.len())
}

/// How many bytes at the start are neither quotation mark, backslash nor control character.
pub(super) fn plain_len(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHS: u64 = ONES << 7;
    let mut pos = 0;
    while let Some(chunk) = bytes.get(pos..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*chunk);
        let quote = word ^ (ONES * 0x22);
        let backslash = word ^ (ONES * 0x5C);
        // A byte below the bound borrows from its top bit. The lowest hit is exact, and only that one is used.
        let hits = (quote.wrapping_sub(ONES) & !quote)
            | (backslash.wrapping_sub(ONES) & !backslash)
            | (word.wrapping_sub(ONES * 0x20) & !word);
        let hits = hits & HIGHS;
        if hits != 0 {
            return pos + hits.trailing_zeros() as usize / 8;
        }
        pos += 8;
    }
    let rest = bytes.get(pos..).unwrap_or_default();
    pos + rest.iter().take_while(|&&b| b >= 0x20 && b != b'"' && b != b'\\').count()
}

/// What an escape stands for.
enum Unit {
    Char(char),
    Surrogate(u16),
}

impl Unit {
    /// The canonical spelling inside a string.
    fn spell<'b>(&self, buffer: &'b mut [u8; 6]) -> &'b [u8] {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let unit = match *self {
            Unit::Char(c) => {
                if let Some(letter) = short_escape(c) {
                    buffer[..2].copy_from_slice(&[b'\\', letter]);
                    return &buffer[..2];
                }
                if c >= ' ' {
                    return c.encode_utf8(buffer).as_bytes();
                }
                c as u16
            }
            Unit::Surrogate(unit) => unit,
        };
        buffer[..2].copy_from_slice(b"\\u");
        for (place, slot) in buffer[2..].iter_mut().enumerate() {
            *slot = HEX[usize::from(unit >> (12 - 4 * place) & 0xF)];
        }
        buffer
    }
}

fn short_escape(c: char) -> Option<u8> {
    Some(match c {
        '"' => b'"',
        '\\' => b'\\',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        _ => return None,
    })
}

/// Reads the escape, or the pair of escapes, at the start of `text`; gives its meaning and its length in bytes.
fn escape(text: &[u8]) -> Option<(Unit, usize)> {
    let c = match text.get(1)? {
        b'"' => '"',
        b'\\' => '\\',
        b'/' => '/',
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let unit = hex(text.get(2..6)?)?;
            if let Some(c) = char::from_u32(u32::from(unit)) {
                return Some((Unit::Char(c), 6));
            }
            if unit < 0xDC00
                && let Some([b'\\', b'u']) = text.get(6..8)
                && let Some(low @ 0xDC00..=0xDFFF) = text.get(8..12).and_then(hex)
            {
                let code = 0x10000 + ((u32::from(unit) & 0x3FF) << 10) + (u32::from(low) & 0x3FF);
                return Some((Unit::Char(char::from_u32(code)?), 12));
            }
            return Some((Unit::Surrogate(unit), 6));
        }
        _ => return None,
    };
    Some((Unit::Char(c), 2))
}

fn hex(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |sum, &b| {
        let digit = char::from(b).to_digit(16)?;
        Some(sum << 4 | digit as u16)
    })
}

/// A stretch of a string.
enum Piece<'a> {
    Plain(&'a [u8]),
    Escaped(Unit),
}

/// Walks a sound string without its quotation marks: plain runs as they are, escapes by their meaning.
fn walk(inner: &[u8], mut each: impl FnMut(Piece<'_>)) {
    let mut rest = inner;
    while !rest.is_empty() {
        let run = plain_len(rest);
        each(Piece::Plain(&rest[..run]));
        rest = &rest[run..];
        let Some((unit, len)) = escape(rest) else { break };
        each(Piece::Escaped(unit));
        rest = &rest[len..];
    }
}

/// Appends the canonical spelling of a sound string, given without its quotation marks.
pub(super) fn write(inner: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    walk(inner, |piece| match piece {
        Piece::Plain(run) => out.extend_from_slice(run),
        Piece::Escaped(unit) => out.extend_from_slice(unit.spell(&mut [0; 6])),
    });
    out.push(b'"');
}

/// Decodes a sound string, given without its quotation marks, to WTF-8.
pub(super) fn decode(inner: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(inner.len());
    walk(inner, |piece| match piece {
        Piece::Plain(run) => out.extend_from_slice(run),
        Piece::Escaped(Unit::Char(c)) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Piece::Escaped(Unit::Surrogate(unit)) => {
            let [high, low] = [(unit >> 6 & 0x3F) as u8, (unit & 0x3F) as u8];
            out.extend_from_slice(&[0xE0 | (unit >> 12) as u8, 0x80 | high, 0x80 | low]);
        }
    });
    out
}

/// Decodes a sound string, given without its quotation marks; an unpaired surrogate becomes U+FFFD.
pub(super) fn decode_text(inner: &[u8]) -> String {
    let mut out = String::with_capacity(inner.len());
    walk(inner, |piece| match piece {
        Piece::Plain(run) => out.push_str(&text_of(run)),
        Piece::Escaped(Unit::Char(c)) => out.push(c),
        Piece::Escaped(Unit::Surrogate(_)) => out.push(char::REPLACEMENT_CHARACTER),
    });
    out
}

/// The text of bytes that were checked to be UTF-8.
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Gives a text as a JSON string literal in canonical spelling, quotation marks included.
pub fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        if c < ' ' || c == '"' || c == '\\' {
            out.push_str(&text_of(Unit::Char(c).spell(&mut [0; 6])));
        } else {
            out.push(c);
        }
    }
    out.push('"');
    out
}
