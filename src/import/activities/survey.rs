//! The lists of an export: every row, when it was, and which file it names.

use std::collections::HashMap;

use super::draft::TIMES;
use super::rows::{Rows, Slot};
use super::{Columns, Sheet, Start};
use crate::import::merge::Merger;
use crate::import::source::Export;
use crate::import::table::{Row, Table, TableError};
use crate::import::{ImportError, ImportProblem};
use crate::model::ContentHash;

/// So many rows are looked at to find out which column is which.
const SAMPLE: usize = 200;

/// A list that was found.
pub struct Found {
    /// The file of the export.
    pub entry: usize,
    /// What it is.
    pub sheet: &'static Sheet,
    /// The folder it lies in, with a slash at the end; empty at the root.
    pub base: String,
    /// Where its columns are.
    pub columns: Columns,
}

/// A row that has its place in time.
pub struct Listed {
    /// When it began.
    pub start: Start,
    /// Which of the lists it is from.
    pub list: usize,
    /// Others that have the same row.
    pub also: Vec<usize>,
    /// Its line there.
    pub line: u64,
    /// Its object.
    pub slot: Slot,
    /// What tells it apart, with the name of that column.
    pub id: Option<(String, String)>,
    /// The name of its file, as it stands.
    pub file: Option<String>,
    /// The names of its pictures.
    pub media: Vec<String>,
}

/// Finds the lists of these kinds in an export, the nearest to its root; none where the first kind, without
/// which the others are nothing, is not there. With them comes what is no such list though it is called so.
///
/// # Errors
/// When what should be the first list cannot be read.
pub fn find(export: &mut Export, sheets: &'static [Sheet]) -> Result<(Vec<Found>, Vec<ImportProblem>), ImportError> {
    let mut found: Vec<Found> = Vec::new();
    let mut unreadable = Vec::new();
    for sheet in sheets {
        let named: Vec<(usize, String)> = export
            .entries()
            .iter()
            .enumerate()
            .filter_map(|(at, entry)| Some((at, entry.path.strip_suffix(sheet.file)?.to_owned())))
            .filter(|(_, base)| base.is_empty() || base.ends_with('/'))
            .collect();
        let depth = |base: &str| base.matches('/').count();
        let nearest = named.iter().map(|(_, base)| depth(base)).min();
        for (entry, base) in named.into_iter().filter(|(_, base)| Some(depth(base)) == nearest) {
            match columns(export, entry, sheet) {
                Ok(Some(columns)) => found.push(Found { entry, sheet, base, columns }),
                Ok(None) => {}
                Err(error) => {
                    let reason = error.to_string();
                    unreadable.push(ImportProblem { file: name(export, entry), day: None, reason });
                }
            }
        }
        if found.is_empty() {
            break;
        }
    }
    match unreadable.pop() {
        Some(ImportProblem { file, reason, .. }) if found.is_empty() => {
            Err(ImportError::Damaged { name: file, problem: reason })
        }
        last => {
            unreadable.extend(last);
            Ok((found, unreadable))
        }
    }
}

fn columns(export: &mut Export, entry: usize, sheet: &Sheet) -> Result<Option<Columns>, TableError> {
    let mut table = Table::open(export.stream(entry)?)?;
    let mut sample = Vec::new();
    while sample.len() < SAMPLE
        && let Some(row) = table.next()?
    {
        sample.extend(row);
    }
    Ok((sheet.columns)(table.columns(), &sample))
}

/// Reads the rows of the lists.
pub struct Survey<'s> {
    /// The export.
    pub export: &'s mut Export,
    /// Where the objects go.
    pub rows: &'s mut Rows,
    /// What is listed.
    pub merger: &'s mut Merger,
    /// The kinds of activity that are wanted; all where none is named.
    pub types: Option<&'s [String]>,
    /// What could not be used.
    pub problems: &'s mut Vec<ImportProblem>,
    /// How many rows were of another kind.
    pub passed_over: usize,
    /// The names of the lists.
    names: Vec<String>,
    /// What each id told: its object, the list and line it stands in, and which of the rows it is.
    seen: HashMap<String, (ContentHash, usize, u64, usize)>,
}

impl<'s> Survey<'s> {
    /// Begins.
    pub fn new(
        export: &'s mut Export,
        rows: &'s mut Rows,
        merger: &'s mut Merger,
        types: Option<&'s [String]>,
        problems: &'s mut Vec<ImportProblem>,
        lists: &[Found],
    ) -> Survey<'s> {
        let names = lists.iter().map(|list| name(export, list.entry)).collect();
        Survey { export, rows, merger, types, problems, passed_over: 0, names, seen: HashMap::new() }
    }

    /// Reads a list to its end.
    pub fn read(&mut self, lists: &[Found], at: usize, into: &mut Vec<Listed>) {
        let Some(list) = lists.get(at) else { return };
        let name = name(self.export, list.entry);
        let mut problem = |merger: &mut Merger, reason: String| {
            merger.incomplete();
            self.problems.push(ImportProblem { file: name.clone(), day: None, reason });
        };
        let stream = match self.export.stream(list.entry) {
            Ok(stream) => stream,
            Err(error) => return problem(self.merger, format!("it cannot be read: {error}")),
        };
        let mut table = match Table::open(stream) {
            Ok(table) => table,
            Err(error) => return problem(self.merger, error.to_string()),
        };
        let id_column = list.columns.id.and_then(|column| Some((column, table.columns().get(column)?.member.clone())));
        id_column.iter().for_each(|(_, member)| self.merger.told_apart_by(member));
        loop {
            let row = match table.next() {
                Ok(None) => break,
                Ok(Some(Ok(row))) => row,
                Ok(Some(Err(broken))) => {
                    problem(self.merger, format!("line {} {}", broken.line, broken.reason));
                    continue;
                }
                Err(error) => {
                    problem(self.merger, error.to_string());
                    break;
                }
            };
            let id = id_column.clone().map(|(column, member)| (member, row.field(column).to_owned()));
            let start = match check(list, &row, id.as_ref().map(|(_, id)| id.as_str())) {
                Ok(start) => start,
                Err(reason) => {
                    table.reject(&row);
                    problem(self.merger, format!("line {} {reason}", row.line));
                    continue;
                }
            };
            let object = table.object(&row);
            if list.columns.kind.is_some_and(|kind| !wanted(self.types, row.field(kind))) {
                self.passed_over += 1;
                [list.sheet.resource, TIMES].iter().for_each(|resource| self.merger.list(resource, &object));
                continue;
            }
            // A row that another of several exports tells too, or that is listed twice.
            let (key, hash) = (id.as_ref().map(|(_, id)| id.clone()), ContentHash::of(object.as_bytes()));
            let key = key.unwrap_or_else(|| hash.to_string());
            match self.seen.get(&format!("{} {key}", list.sheet.resource)) {
                Some((same, other, _, row)) if *same == hash && (*other != at || id.is_some()) => {
                    into.get_mut(*row).into_iter().for_each(|row| row.also.push(at));
                    continue;
                }
                Some((_, other, line, _)) if id.is_some() => {
                    let first = self.names.get(*other).map(String::as_str).unwrap_or_default();
                    problem(
                        self.merger,
                        format!(
                            "line {} tells {key} otherwise than line {line} of {first}; import two exports one by \
                             one, the older first",
                            row.line
                        ),
                    );
                    continue;
                }
                _ => {}
            }
            let slot = match self.rows.put(&object) {
                Ok(slot) => slot,
                Err(error) => {
                    problem(self.merger, format!("its rows cannot be put by: {error}"));
                    break;
                }
            };
            let field = |column: Option<usize>| column.map(|column| row.field(column)).filter(|text| !text.is_empty());
            self.seen.insert(format!("{} {key}", list.sheet.resource), (hash, at, row.line, into.len()));
            into.push(Listed {
                start,
                list: at,
                also: Vec::new(),
                line: row.line,
                slot,
                id,
                file: field(list.columns.file).map(str::to_owned),
                media: field(list.columns.media).map(media).unwrap_or_default(),
            });
        }
    }
}

/// When a row was, or why it is none.
fn check(list: &Found, row: &Row, id: Option<&str>) -> Result<Start, String> {
    if id.is_some_and(str::is_empty) {
        return Err("has no id".to_owned());
    }
    let date = row.field(list.columns.date);
    (list.sheet.start)(date).ok_or_else(|| format!("has a date that cannot be read: \"{date}\""))
}

/// Whether an activity is of a kind that is wanted. Exports write `Weight Training`, the API `WeightTraining`.
fn wanted(types: Option<&[String]>, kind: &str) -> bool {
    let plain = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    types.is_none_or(|types| types.iter().any(|one| plain(one) == plain(kind)))
}

/// The pictures that a field names.
fn media(field: &str) -> Vec<String> {
    field.split(['|', ';', ',']).map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
}

/// A file of the export, for people.
pub fn name(export: &Export, entry: usize) -> String {
    export.entries().get(entry).map(|entry| entry.name.clone()).unwrap_or_default()
}
