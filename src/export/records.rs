//! Tables of resources that have none of their own: a row for each record, its columns are found in
//! the days themselves.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::page::{Page, scalar};
use super::table::Sheet;
use super::{ExportError, Maker};
use crate::json::{Kind, Value};

/// The first column: the day of the document.
const DATE: &str = "date";

/// Rows of a resource, whatever its shape. The first pass over the days finds the columns.
pub(super) struct Records {
    resource: String,
    columns: BTreeSet<String>,
    sheet: Option<Sheet>,
}

impl Records {
    pub(super) fn of(resource: &str) -> Records {
        Records { resource: resource.to_owned(), columns: BTreeSet::new(), sheet: None }
    }
}

impl Maker for Records {
    fn passes(&self) -> u32 {
        2
    }

    fn begin(&mut self, pass: u32, out: &mut Vec<u8>) -> Result<(), ExportError> {
        if pass == 1 {
            let names: Vec<&str> = std::iter::once(DATE).chain(self.columns.iter().map(String::as_str)).collect();
            self.sheet.insert(Sheet::new(&names)?).take(out)?;
        }
        Ok(())
    }

    fn day(&mut self, _: u32, page: &Page<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let Some(resource) = page.resource(&self.resource) else { return Ok(()) };
        let Some(sheet) = &mut self.sheet else {
            each(resource, &mut |record| {
                self.columns.extend(cells(record).into_keys());
                Ok(())
            })?;
            return Ok(());
        };
        each(resource, &mut |record| {
            let mut cells = cells(record);
            let named = self.columns.iter().map(|name| cells.remove(name).unwrap_or_default());
            sheet.row(std::iter::once(page.date()).chain(named))
        })?;
        sheet.take(out)
    }

    fn made(&self) -> u64 {
        self.sheet.as_ref().map_or(0, Sheet::rows)
    }
}

/// The records of a resource: the items of a list, else the value itself.
fn each(resource: Value<'_>, take: &mut dyn FnMut(Value<'_>) -> Result<(), ExportError>) -> Result<(), ExportError> {
    match resource.kind() {
        Kind::Array => resource.items().try_for_each(take),
        Kind::Null => Ok(()),
        _ => take(resource),
    }
}

/// The values in a record by their names, those of objects inside after a dot (`list.distance`). Lists
/// are left out: they are no value of one row.
fn cells(record: Value<'_>) -> BTreeMap<String, Cow<'_, str>> {
    let mut cells = BTreeMap::new();
    flatten(record, String::new(), &mut cells);
    cells
}

fn flatten<'j>(value: Value<'j>, name: String, cells: &mut BTreeMap<String, Cow<'j, str>>) {
    match value.kind() {
        Kind::Object => {
            for (member, value) in value.members() {
                let member = member.as_str();
                let name = if name.is_empty() { member.into_owned() } else { format!("{name}.{member}") };
                flatten(value, name, cells);
            }
        }
        Kind::Array | Kind::Null => {}
        _ => {
            // The first column is the document's day; a member of that name stands beside it.
            let name = match name.as_str() {
                "" => "value".to_owned(),
                DATE => format!("record.{DATE}"),
                _ => name,
            };
            cells.insert(name, scalar(value));
        }
    }
}
