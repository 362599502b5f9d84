//! The values of an array, one after another, each with its place: what is sorted and put together anew
//! before it becomes an array again.

use std::io::{self, Read, Write};

use super::JsonText;
use crate::json::Value;

/// JSON values, each with its text. Like [`JsonText`] they can only be made from values
/// that were parsed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JsonList {
    text: Vec<u8>,
    ends: Vec<u32>,
}

impl JsonList {
    /// Takes a value.
    pub fn push(&mut self, value: Value<'_>) {
        value.write_line(&mut self.text);
        self.ends.push(self.text.len() as u32);
    }

    /// Takes a value as its text has it.
    pub fn push_text(&mut self, text: &JsonText) {
        self.text.extend_from_slice(text.as_bytes());
        self.ends.push(self.text.len() as u32);
    }

    /// Takes the value at a place in another list.
    pub fn push_from(&mut self, other: &JsonList, at: usize) {
        self.text.extend_from_slice(other.get(at));
        self.ends.push(self.text.len() as u32);
    }

    /// The text of the value at a place; empty where there is none.
    pub fn get(&self, at: usize) -> &[u8] {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize);
        self.ends.get(at).and_then(|end| self.text.get(start..*end as usize)).unwrap_or_default()
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes their texts have together, less than 4 GiB.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// An array of the values at these places.
    pub fn array(&self, places: impl IntoIterator<Item = usize>) -> JsonText {
        JsonText::joined(places.into_iter().map(|at| self.get(at)), self.text.len() + self.ends.len() + 2)
    }

    /// Writes the list, for [`JsonList::read_on`].
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(&(self.ends.len() as u32).to_le_bytes())?;
        for end in &self.ends {
            to.write_all(&end.to_le_bytes())?;
        }
        to.write_all(&self.text)
    }

    /// Takes all values of a list that was written.
    ///
    /// # Errors
    /// When the reader fails or gives another thing.
    pub fn read_on(&mut self, from: &mut impl Read) -> io::Result<()> {
        let mut four = [0; 4];
        let mut number = |from: &mut dyn Read| from.read_exact(&mut four).map(|()| u32::from_le_bytes(four));
        let count = number(from)?;
        let (before, mut length) = (self.text.len(), 0);
        for _ in 0..count {
            length = number(from)?;
            self.ends.push(before as u32 + length);
        }
        if from.take(length.into()).read_to_end(&mut self.text)? != length as usize {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Json;

    #[test]
    fn values_are_sorted_written_and_read_back() {
        let json = Json::parse(br#"[{"b": 1.0, "a":"x"},[ 2 ],null]"#.as_slice()).unwrap();
        let mut list = JsonList::default();
        json.root().items().for_each(|item| list.push(item));
        let mut written = Vec::new();
        list.write(&mut written).unwrap();
        let mut again = JsonList::default();
        again.push_from(&list, 2);
        again.read_on(&mut written.as_slice()).unwrap();
        assert_eq!((again.len(), again.get(1), again.get(9)), (4, br#"{"a": "x", "b": 1}"#.as_slice(), [].as_slice()));
        assert_eq!(again.array([3, 1]).as_bytes(), br#"[null,{"a": "x", "b": 1}]"#);
        assert_eq!(again.array([]).as_bytes(), b"[]");
        assert!(again.read_on(&mut &written[..written.len() - 1]).is_err());
    }
}
