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
    pub fn row<'c>(&mut self, cells: impl IntoIterator<Item = Cow<'c, str>>) -> Result<(), ExportError> {
        let mut count = 0;
        for cell in cells {
            self.writer.write_field(cell.as_bytes())?;
            count += 1;
        }
        self.writer.write_record(None::<&[u8]>)?;
        self.rows += 1;
        if count == self.width { Ok(()) } else { Err(ExportError::Width { cells: count, columns: self.width }) }
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

/// The CSV of one resource of 2015-07-10, without the line of names.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) fn rows_of(service: &super::service::Service, table: &str, resource: &str) -> String {
    use crate::json::Json;
    let table = service.table(table).unwrap();
    let text = format!("{{\"resources\": {{\"{}\": {resource}}}}}", table.resource);
    let json = Json::parse(text).unwrap();
    let provider = service.kind.parse().unwrap();
    let page = Page { provider: &provider, day: "2015-07-10".parse().unwrap(), zone: None, json: &json };
    let (mut sheet, mut names, mut rows) = (Sheet::new(table.columns).unwrap(), Vec::new(), Vec::new());
    sheet.take(&mut names).unwrap();
    (table.rows)(&page, page.resource(table.resource).unwrap(), &mut sheet).unwrap();
    sheet.take(&mut rows).unwrap();
    String::from_utf8(rows).unwrap()
}
