//! Rows put by until their day comes: in memory while they are few, else in a file without a name.

use std::io::{self, Read, Seek, SeekFrom, Write};

use tempfile::SpooledTempFile;

use crate::model::JsonText;

/// What is held in memory.
const MEMORY: usize = 8 << 20;

/// The objects of rows.
pub struct Rows {
    file: SpooledTempFile,
    end: u64,
}

/// Where an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    offset: u64,
    length: usize,
}

impl Rows {
    /// None yet.
    pub fn new() -> Rows {
        Rows { file: SpooledTempFile::new(MEMORY), end: 0 }
    }

    /// Puts an object by.
    ///
    /// # Errors
    /// When there is no room left on the disk.
    pub fn put(&mut self, row: &JsonText) -> io::Result<Slot> {
        let slot = Slot { offset: self.end, length: row.as_bytes().len() };
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file.write_all(row.as_bytes())?;
        self.end += slot.length as u64;
        Ok(slot)
    }

    /// Gives an object back.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&mut self, slot: Slot) -> io::Result<JsonText> {
        let mut text = vec![0; slot.length];
        self.file.seek(SeekFrom::Start(slot.offset))?;
        self.file.read_exact(&mut text)?;
        JsonText::parse(&text).map_err(|error| io::Error::other(error.to_string()))
    }
}
