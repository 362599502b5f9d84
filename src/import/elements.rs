//! The elements of a JSON array, one at a time, so that a file of years takes the memory of a day.
//!
//! Only the array's own structure is looked at here: brackets and strings are followed far enough to
//! know where an element ends. What the element says is for the JSON parser to judge.

use std::io::{self, Read};

/// The longest element that is taken. A day of a month's real export has at most 0.14 MiB, and one with a
/// point for each of its seconds would have about 8 MiB; the parser's memory is a multiple of this.
pub const MAX_ELEMENT: usize = 16 << 20;

const CHUNK: u64 = 64 << 10;
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// One element and where it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub struct Element {
    /// Bytes before it.
    pub offset: u64,
    /// Its text.
    pub text: Vec<u8>,
}

/// Why the elements end before the array does.
#[derive(Debug, thiserror::Error)]
pub enum ElementsError {
    /// The file cannot be read to its end: nothing that came before can be trusted.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is whole, but no array; the elements that came before are.
    #[error("{0}")]
    Shape(String),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    Array,
    FirstOrEnd,
    Element,
    CommaOrEnd,
    Nothing,
}

/// Reads an array's elements from a stream. After the last one or an error of shape, the rest of the
/// stream has been read to its end, so that a checksum over the whole was compared.
pub struct Elements<R> {
    reader: R,
    chunk: Vec<u8>,
    at: usize,
    passed: u64,
    expect: Expect,
    ended: bool,
}

impl<R: Read> Elements<R> {
    /// The elements of the array in this stream.
    pub fn new(reader: R) -> Elements<R> {
        Elements { reader, chunk: Vec::new(), at: 0, passed: 0, expect: Expect::Array, ended: false }
    }

    fn offset(&self) -> u64 {
        self.passed + self.at as u64
    }

    /// The byte at hand, unless the stream is at its end.
    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at == self.chunk.len() {
            self.passed += self.chunk.len() as u64;
            self.at = 0;
            self.chunk.clear();
            self.reader.by_ref().take(CHUNK).read_to_end(&mut self.chunk)?;
        }
        Ok(self.chunk.get(self.at).copied())
    }

    fn step(&mut self) -> Result<Option<Element>, ElementsError> {
        if self.expect == Expect::Array && self.offset() == 0 {
            self.peek()?;
            if self.chunk.starts_with(BYTE_ORDER_MARK) {
                self.at = BYTE_ORDER_MARK.len();
            }
        }
        loop {
            let Some(byte) = self.peek()? else {
                return match self.expect {
                    Expect::Nothing => Ok(None),
                    Expect::Array => Err(self.shape("the file is empty")),
                    _ => Err(self.shape("the file is cut off")),
                };
            };
            let next = match (self.expect, byte) {
                (_, b' ' | b'\t' | b'\n' | b'\r') => self.expect,
                (Expect::Array, b'[') => Expect::FirstOrEnd,
                (Expect::FirstOrEnd | Expect::CommaOrEnd, b']') => Expect::Nothing,
                (Expect::CommaOrEnd, b',') => Expect::Element,
                (Expect::FirstOrEnd | Expect::Element, byte) if !matches!(byte, b']' | b',' | b'}') => {
                    let element = self.element()?;
                    self.expect = Expect::CommaOrEnd;
                    return Ok(Some(element));
                }
                (Expect::Array, _) => return Err(self.shape("the file is no JSON array")),
                (Expect::Nothing, _) => return Err(self.shape("something stands after the end of the array")),
                _ => return Err(self.shape("the array is malformed")),
            };
            self.expect = next;
            self.at += 1;
        }
    }

    fn element(&mut self) -> Result<Element, ElementsError> {
        let offset = self.offset();
        let mut text = Vec::new();
        let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
        while self.peek()?.is_some() {
            let rest = &self.chunk[self.at..];
            let mut ended = None;
            for (at, byte) in rest.iter().enumerate() {
                if in_string {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' => escaped = true,
                        b'"' => in_string = false,
                        _ => continue,
                    }
                    if !in_string && depth == 0 {
                        ended = Some(at + 1);
                        break;
                    }
                    continue;
                }
                match byte {
                    b'"' => in_string = true,
                    b'[' | b'{' => depth += 1,
                    b']' | b'}' | b',' | b' ' | b'\t' | b'\n' | b'\r' if depth == 0 => {
                        ended = Some(at);
                        break;
                    }
                    b']' | b'}' => {
                        depth -= 1;
                        if depth == 0 {
                            ended = Some(at + 1);
                            break;
                        }
                    }
                    _ => {}
                }
            }
            let taken = ended.unwrap_or(rest.len());
            if text.len() + taken > MAX_ELEMENT {
                return Err(self.shape(&format!("an element is longer than {} MiB", MAX_ELEMENT >> 20)));
            }
            text.extend_from_slice(&rest[..taken]);
            self.at += taken;
            if ended.is_some() {
                return Ok(Element { offset, text });
            }
        }
        Err(self.shape("the file is cut off"))
    }

    fn shape(&self, what: &str) -> ElementsError {
        ElementsError::Shape(format!("{what} (at byte {})", self.offset()))
    }

    /// Reads what is left, for the sake of the errors that may come of it.
    fn drain(&mut self) -> io::Result<()> {
        self.at = self.chunk.len();
        while self.peek()?.is_some() {
            self.at = self.chunk.len();
        }
        Ok(())
    }
}

impl<R: Read> Iterator for Elements<R> {
    type Item = Result<Element, ElementsError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let stepped = self.step();
        self.ended = !matches!(stepped, Ok(Some(_)));
        if let Err(ElementsError::Shape(_)) = &stepped
            && let Err(error) = self.drain()
        {
            return Some(Err(error.into()));
        }
        stepped.transpose()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Gives a byte at a time: every border lies somewhere.
    struct Dribble<'t>(&'t [u8]);

    impl Read for Dribble<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(1).min(room.len());
            room[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn split(text: &str) -> (Vec<String>, Option<String>) {
        let (mut found, mut wrong) = (Vec::new(), None);
        for element in Elements::new(text.as_bytes()) {
            match element {
                Ok(element) => {
                    let start = element.offset as usize;
                    assert_eq!(element.text, &text.as_bytes()[start..start + element.text.len()]);
                    found.push(String::from_utf8(element.text).unwrap());
                }
                Err(error) => wrong = Some(error.to_string()),
            }
        }
        let dribbled: Vec<_> = Elements::new(Dribble(text.as_bytes())).flatten().map(|one| one.text).collect();
        assert_eq!(dribbled, found.iter().map(|text| text.as_bytes().to_vec()).collect::<Vec<_>>());
        (found, wrong)
    }

    #[test]
    fn elements_come_as_they_stand() {
        let (found, wrong) =
            split("\u{feff} [ {\n \"a]\" : \"}\\\"]\" , \"b\":[1, [ ]]\n}, 1.0 ,\"x,\\\\\",null,[ ] ]\n");
        assert_eq!(found, ["{\n \"a]\" : \"}\\\"]\" , \"b\":[1, [ ]]\n}", "1.0", "\"x,\\\\\"", "null", "[ ]"]);
        assert_eq!(wrong, None);
        assert_eq!(split("[ ]"), (vec![], None));
    }

    #[test]
    fn what_came_before_a_cut_is_whole() {
        let (found, wrong) = split("[{\"a\":1},{\"b\":2");
        assert_eq!(found, ["{\"a\":1}"]);
        assert!(wrong.unwrap().contains("cut off"));
    }

    #[test]
    fn what_is_no_array_is_refused() {
        for (text, word) in [
            ("", "empty"),
            ("<html>", "no JSON array"),
            ("{\"error\":1}", "no JSON array"),
            ("[1,]", "malformed"),
            ("[,1]", "malformed"),
            ("[1 2]", "malformed"),
            ("[1]]", "after the end"),
            ("[", "cut off"),
            ("[\"a", "cut off"),
        ] {
            let wrong = split(text).1.unwrap_or_default();
            assert!(wrong.contains(word), "{text}: {wrong}");
        }
    }

    #[test]
    fn a_stream_that_fails_after_a_wrong_shape_is_a_failed_stream() {
        struct Failing;
        impl Read for Failing {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("bad checksum"))
            }
        }
        // The failure lies behind what is read ahead.
        let text = format!("[1 2{}", " ".repeat(CHUNK as usize));
        let mut elements = Elements::new(text.as_bytes().chain(Failing));
        assert!(elements.next().unwrap().is_ok());
        assert!(matches!(elements.next(), Some(Err(ElementsError::Read(_)))));
        assert!(elements.next().is_none());
    }
}
