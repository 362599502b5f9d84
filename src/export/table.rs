//! Tables: what rows a resource of a service comes to, and CSV of them.

use std::borrow::Cow;

use super::ExportError;
use super::page::Page;
use crate::json::Value;

/// A table that can be made of a service's days.
pub struct Table {
    /// The name that a person asks for it by.
    pub name: &'static str,
    /// The resource of the day documents that it is made of.
    pub resource: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// The names of its columns, in order; each never changes its meaning.
    pub columns: &'static [&'static str],
    /// Gives the rows of a day from its resource.
    pub rows: fn(&Page<'_>, Value<'_>, &mut Sheet) -> Result<(), ExportError>,
}

/// Rows on their way to CSV (RFC 4180, but lines end with a line feed; UTF-8).
pub struct Sheet {
    writer: csv::Writer<Vec<u8>>,
    width: usize,
    rows: u64,
}

impl Sheet {
    /// A sheet that begins with the names of its columns.
    pub(super) fn new<S: AsRef<str>>(columns: &[S]) -> Result<Sheet, ExportError> {
        let mut sheet = Sheet { writer: csv::Writer::from_writer(Vec::new()), width: columns.len(), rows: 0 };
        sheet.writer.write_record(columns.iter().map(|name| name.as_ref().as_bytes()))?;
        Ok(sheet)
    }

    /// Adds a row: a cell for each column.
    ///
    /// # Errors
    /// When there are more or fewer cells than columns.
    pub fn row(&mut self, cells: &[Cow<'_, str>]) -> Result<(), ExportError> {
        if cells.len() != self.width {
            return Err(ExportError::Width { cells: cells.len(), columns: self.width });
        }
        self.rows += 1;
        Ok(self.writer.write_record(cells.iter().map(|cell| cell.as_bytes()))?)
    }

    /// How many rows there were so far.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    /// Moves what was written since the last call to `out`.
    pub(super) fn take(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let written = std::mem::replace(&mut self.writer, csv::Writer::from_writer(Vec::new()));
        out.append(&mut written.into_inner().map_err(|error| csv::Error::from(error.into_error()))?);
        Ok(())
    }
}
