//! What can be wrong with a JSON text, and where.

use super::string::quote;

/// A text that is no JSON document fitsnap takes: what is wrong, and the place of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct JsonError {
    /// Line of the fault, from 1.
    pub line: usize,
    /// Column of the fault in characters, from 1.
    pub column: usize,
    /// Byte offset of the fault in the text as given, from 0.
    pub offset: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a JSON text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    #[error("the bytes here are not UTF-8")]
    NotUtf8,
    /// Holds the name as a JSON string literal, cut short when it is long.
    #[error("the member name {0} stands twice in one object")]
    NameTwice(String),
    #[error("expected {wanted}, found {found}")]
    Unexpected { wanted: &'static str, found: String },
    #[error("expected {wanted}, but the text ends")]
    CutOff { wanted: &'static str },
    #[error("{0} stands after the end of the JSON value")]
    Trailing(String),
    #[error("a control character in a string must be written as an escape such as `\\n`")]
    Control,
    #[error("a backslash in a string must begin one of the escapes of JSON")]
    Escape,
    #[error("arrays and objects stand more than 127 deep")]
    TooDeep,
    #[error("the text is 4 GiB or larger")]
    TooLarge,
}

/// A problem while the place is still only a byte offset.
///
/// Boxed wherever it travels, so that the results of the parser's hot paths stay a word wide.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) offset: usize,
    pub(super) problem: Problem,
}

impl Fault {
    pub(super) fn new(offset: usize, problem: Problem) -> Box<Fault> {
        Box::new(Fault { offset, problem })
    }

    /// The fault that something else than `wanted` stands at `offset` of `text`.
    pub(super) fn unexpected(text: &[u8], offset: usize, wanted: &'static str) -> Box<Fault> {
        let problem = match first_char(text, offset) {
            Some(found) => Problem::Unexpected { wanted, found },
            None => Problem::CutOff { wanted },
        };
        Fault::new(offset, problem)
    }

    /// Counts lines and columns in `text`, which is UTF-8 up to the fault.
    pub(super) fn locate(self, text: &[u8]) -> JsonError {
        let before = text.get(..self.offset).unwrap_or(text);
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        let line = before.iter().filter(|&&b| b == b'\n').count() + 1;
        let last_line = before.get(line_start..).unwrap_or_default();
        let last_line = last_line.strip_prefix(super::parse::BYTE_ORDER_MARK).unwrap_or(last_line);
        // Every byte but the continuation bytes begins a character.
        let column = last_line.iter().filter(|&&b| b & 0xC0 != 0x80).count() + 1;
        JsonError { line, column, offset: self.offset, problem: self.problem }
    }
}

/// The character at `offset`, as a message shows it.
pub(super) fn first_char(text: &[u8], offset: usize) -> Option<String> {
    let rest = text.get(offset..)?;
    let width = match rest.first()? {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    };
    let bytes = rest.get(..width.min(rest.len()))?;
    let shown = String::from_utf8_lossy(bytes);
    // A quotation mark inside quotation marks would read badly.
    Some(if shown == "\"" { "`\"`".to_owned() } else { quote(&shown) })
}
