//! CSV files, a row at a time.
//!
//! A row becomes an object by the names in the header, its text as it stands. The second of two equal
//! names is `Distance (2)`. A unit that the header carries leaves the name and stands beside the value:
//! `Distance (km)` becomes `Distance` and `Distance_unit`.

use std::io::{self, BufRead, BufReader, Read};

use csv_core::{ReadRecordResult, ReaderBuilder};
use memchr::memchr_iter;

use super::text::Utf8;
use crate::model::JsonText;

/// The longest row, in bytes. A person's own words are the longest part of one.
const MAX_ROW: usize = 1 << 20;

/// What stands between the fields, the usual one first.
const DELIMITERS: [u8; 3] = [b',', b';', b'\t'];

/// What counts as a unit behind a name. Anything else in brackets is part of the name.
const UNITS: [&str; 34] = [
    "km", "mi", "m", "ft", "yd", "mm", "cm", "in", "km/h", "kmh", "mph", "m/s", "min/km", "min/mi", "bpm", "rpm",
    "spm", "kg", "lb", "lbs", "g", "mg", "kcal", "cal", "kJ", "W", "s", "ms", "min", "h", "%", "°C", "°F", "mmHg",
];

/// A CSV file.
pub struct Table<R> {
    lines: Lines<R>,
    fields: Fields,
    columns: Vec<Column>,
    /// Behind this line a broken row ends: until then lines that are none are not told one by one.
    broken_to: u64,
    ended: bool,
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The header's name for it, as it stands.
    pub header: String,
    /// The member of a row's object.
    pub member: String,
    /// The member for its unit, and the unit.
    pub unit: Option<(String, String)>,
}

/// A row, of as many fields as the table has columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The line that it begins on, the header's being 1.
    pub line: u64,
    text: String,
    ends: Vec<usize>,
}

/// A row that cannot be used; the next one can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// The line that it begins on.
    pub line: u64,
    /// What is wrong.
    pub reason: String,
}

/// Why a table ends early.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file cannot be read to its end.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
    /// What should be the header is none.
    #[error("{0}")]
    Header(String),
}

impl Row {
    /// The text of a field; empty where there is no such column.
    pub fn field(&self, column: usize) -> &str {
        let start = if column == 0 { 0 } else { self.ends.get(column - 1).copied().unwrap_or(self.text.len()) };
        let end = self.ends.get(column).copied().unwrap_or(start);
        self.text.get(start..end).unwrap_or_default()
    }

    /// How many fields it has.
    pub fn len(&self) -> usize {
        self.ends.len()
    }
}

impl<R: Read> Table<R> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// When it cannot be read, is empty or no text.
    pub fn open(file: R) -> Result<Table<R>, TableError> {
        let mut lines = Lines::new(BufReader::new(Utf8::new(file)?));
        let header = |what: &str| TableError::Header(format!("its first line {what}"));
        let Some(first) = lines.next()? else { return Err(TableError::Header("it is empty".to_owned())) };
        let parsed = |delimiter: u8| Fields::new(delimiter).split(&first.bytes, first.number).ok();
        let best = DELIMITERS.into_iter().rev().max_by_key(|one| parsed(*one).map_or(0, |row| row.len()));
        let mut fields = Fields::new(best.unwrap_or(DELIMITERS[0]));
        let row = fields.split(&first.bytes, first.number).map_err(|reason| header(&reason))?;
        if row.text.trim().is_empty() {
            return Err(header("names no column"));
        }
        let columns = columns((0..row.len()).map(|at| row.field(at)));
        Ok(Table { lines, fields, columns, broken_to: 0, ended: false })
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Where the column is that has one of these headers.
    pub fn column(&self, headers: &[&str]) -> Option<usize> {
        self.columns.iter().position(|column| headers.contains(&column.header.as_str()))
    }

    /// The next row; none at the end. After a broken row come the rows behind it, and where a quotation
    /// mark too many makes one row of several, those are found again.
    ///
    /// # Errors
    /// When the file cannot be read any further.
    pub fn next(&mut self) -> Result<Option<Result<Row, BrokenRow>>, TableError> {
        while !self.ended {
            let Some(lines) = self.lines.next()? else {
                self.ended = true;
                break;
            };
            if lines.bytes.iter().all(u8::is_ascii_whitespace) {
                continue;
            }
            let row = self.fields.split(&lines.bytes, lines.number).and_then(|row| self.fitted(row));
            let told = lines.number > self.broken_to;
            match row {
                Ok(row) => {
                    self.broken_to = 0;
                    return Ok(Some(Ok(row)));
                }
                Err(reason) => {
                    let line = lines.number;
                    self.broken_to = self.broken_to.max(line + lines.count - 1);
                    self.lines.put_back_all_but_the_first(lines);
                    if told {
                        return Ok(Some(Err(BrokenRow { line, reason })));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Takes a row back whose fields cannot be what they should: where it spans several lines the rows in
    /// them are looked for.
    pub fn reject(&mut self, row: &Row) {
        if let Some(lines) = self.lines.last_of_many(row.line) {
            self.broken_to = lines.number + lines.count - 1;
            self.lines.put_back_all_but_the_first(lines);
        }
    }

    /// A row as an object.
    pub fn object(&self, row: &Row) -> JsonText {
        let mut members: Vec<(&str, JsonText)> = Vec::with_capacity(self.columns.len() * 2);
        for (at, column) in self.columns.iter().enumerate() {
            members.push((&column.member, JsonText::string(row.field(at))));
            if let Some((name, unit)) = &column.unit {
                members.push((name, JsonText::string(unit)));
            }
        }
        JsonText::object(members)
    }

    /// A row with as many fields as there are columns. Delimiters too many at its end say nothing.
    fn fitted(&self, mut row: Row) -> Result<Row, String> {
        let (wanted, found) = (self.columns.len(), row.len());
        if found > wanted && (wanted..found).all(|at| row.field(at).is_empty()) {
            row.ends.truncate(wanted);
        }
        if row.len() == wanted {
            return Ok(row);
        }
        Err(format!("has {found} fields, and the header names {wanted}"))
    }
}

/// The members that the names of a header become.
fn columns<'h>(headers: impl Iterator<Item = &'h str>) -> Vec<Column> {
    let mut taken: Vec<String> = Vec::new();
    let mut free = |name: &str, ending: &str| {
        let spelled =
            |count: usize| if count == 1 { format!("{name}{ending}") } else { format!("{name} ({count}){ending}") };
        let found = (1..).map(spelled).find(|member| !taken.contains(member)).unwrap_or_default();
        taken.push(found.clone());
        found
    };
    let headers: Vec<&str> = headers.collect();
    let mut columns = Vec::with_capacity(headers.len());
    for header in headers {
        let unit =
            header.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")).filter(|(_, unit)| UNITS.contains(unit));
        let name = unit.map_or(header, |(name, _)| name);
        let member = free(name, "");
        let unit = unit.map(|(_, unit)| (free(&member, "_unit"), unit.to_owned()));
        columns.push(Column { header: header.to_owned(), member, unit });
    }
    columns
}

/// Finds the fields of rows.
struct Fields {
    delimiter: u8,
    /// Made once: it costs more than a row.
    reader: csv_core::Reader,
}

impl Fields {
    fn new(delimiter: u8) -> Fields {
        Fields { delimiter, reader: ReaderBuilder::new().delimiter(delimiter).build() }
    }

    /// The fields of a row.
    fn split(&mut self, bytes: &[u8], line: u64) -> Result<Row, String> {
        let end = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        let bytes = end.strip_suffix(b"\r").unwrap_or(end);
        self.reader.reset();
        let most = 16 + memchr_iter(self.delimiter, bytes).count();
        let (mut text, mut ends) = (vec![0; bytes.len() + 1], vec![0; most]);
        let (mut read, mut written, mut fields) = (0, 0, 0);
        loop {
            let (result, r, w, f) = self.reader.read_record(&bytes[read..], &mut text[written..], &mut ends[fields..]);
            (read, written, fields) = (read + r, written + w, fields + f);
            match result {
                // Told of the end by an empty input, it closes the record.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err("is too long".to_owned());
                }
            }
        }
        if read < bytes.len() {
            return Err("has a quotation mark in the middle of a field".to_owned());
        }
        text.truncate(written);
        ends.truncate(fields);
        let text = String::from_utf8(text).map_err(|_| "is no text in UTF-8".to_owned())?;
        Ok(Row { line, text, ends })
    }
}

/// Lines of a file that belong together: a quotation mark that is open at a line's end joins it to the next.
struct Lines<R> {
    file: BufReader<Utf8<R>>,
    /// Lines put back, the next one last.
    back: Vec<Vec<u8>>,
    next: u64,
    /// What was given last, where that was more than one line.
    last: Option<Joined>,
}

#[derive(Clone)]
struct Joined {
    /// The first line's number.
    number: u64,
    /// How many lines they are.
    count: u64,
    bytes: Vec<u8>,
}

impl<R: Read> Lines<R> {
    fn new(file: BufReader<Utf8<R>>) -> Lines<R> {
        Lines { file, back: Vec::new(), next: 1, last: None }
    }

    fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        if let Some(line) = self.back.pop() {
            return Ok(Some(line));
        }
        let mut line = Vec::new();
        self.file.by_ref().take(MAX_ROW as u64).read_until(b'\n', &mut line)?;
        Ok((!line.is_empty()).then_some(line))
    }

    fn next(&mut self) -> io::Result<Option<Joined>> {
        let Some(mut bytes) = self.line()? else { return Ok(None) };
        let mut open = is_odd(&bytes);
        let mut count = 1;
        while open && bytes.len() < MAX_ROW {
            let Some(more) = self.line()? else { break };
            open ^= is_odd(&more);
            bytes.extend_from_slice(&more);
            count += 1;
        }
        let number = self.next;
        self.next += count;
        let joined = Joined { number, count, bytes };
        self.last = (count > 1).then(|| joined.clone());
        Ok(Some(joined))
    }

    fn last_of_many(&mut self, number: u64) -> Option<Joined> {
        self.last.take().filter(|joined| joined.number == number)
    }

    fn put_back_all_but_the_first(&mut self, joined: Joined) {
        let lines: Vec<&[u8]> = joined.bytes.split_inclusive(|byte| *byte == b'\n').collect();
        self.back.extend(lines.iter().skip(1).rev().map(|line| line.to_vec()));
        self.next = joined.number + 1;
    }
}

fn is_odd(line: &[u8]) -> bool {
    memchr_iter(b'"', line).count() % 2 == 1
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// A row's line and fields, or the line of a broken one and what is wrong.
    type Told = Result<(u64, Vec<String>), (u64, String)>;

    fn rows(text: &[u8]) -> Vec<Told> {
        let mut table = Table::open(text).unwrap();
        let mut rows = Vec::new();
        while let Some(row) = table.next().unwrap() {
            rows.push(match row {
                Ok(row) => Ok((row.line, (0..row.len()).map(|at| row.field(at).to_owned()).collect())),
                Err(broken) => Err((broken.line, broken.reason)),
            });
        }
        rows
    }

    fn whole(line: u64, fields: &[&str]) -> Told {
        Ok((line, fields.iter().map(|field| (*field).to_owned()).collect()))
    }

    #[test]
    fn rows_come_with_their_lines() {
        let text = "a,b\r\n1,\"x, \"\"y\"\"\r\nz\"\r\n\r\n2,\n3,é";
        assert_eq!(
            rows(text.as_bytes()),
            [whole(2, &["1", "x, \"y\"\r\nz"]), whole(5, &["2", ""]), whole(6, &["3", "é"])]
        );
        assert_eq!(rows(b"a;b\n1;2,5\n"), [whole(2, &["1", "2,5"])]);
        assert_eq!(rows(b"a,b\n1,2,,\n"), [whole(2, &["1", "2"])]);
    }

    #[test]
    fn a_broken_row_is_named_and_the_rest_is_read() {
        let found = rows(b"a,b\n1,2\n3\n4,5,6\n7,\xfc\n8,9\n");
        assert_eq!(found[0], whole(2, &["1", "2"]));
        assert_eq!(found[1], Err((3, "has 1 fields, and the header names 2".to_owned())));
        assert_eq!(found[2], Err((4, "has 3 fields, and the header names 2".to_owned())));
        assert_eq!(found[3], Err((5, "is no text in UTF-8".to_owned())));
        assert_eq!(found[4], whole(6, &["8", "9"]));
    }

    #[test]
    fn a_quotation_mark_too_many_costs_one_row() {
        let found = rows(b"a,b,c\n1,\"2,3\n4,5,6\n7,8,9\n");
        assert_eq!(found.len(), 3, "{found:?}");
        assert_eq!(found[0].as_ref().unwrap_err().0, 2);
        assert_eq!(found[1..], [whole(3, &["4", "5", "6"]), whole(4, &["7", "8", "9"])]);
    }

    #[test]
    fn a_row_taken_back_gives_the_rows_in_it() {
        let text = b"a,b\n\"1,x\n2,y\n3\",z\n4,w\n";
        let mut table = Table::open(text.as_slice()).unwrap();
        let row = table.next().unwrap().unwrap().unwrap();
        assert_eq!((row.line, row.len()), (2, 2));
        table.reject(&row);
        let mut next = || table.next().unwrap().unwrap();
        let row = next().unwrap();
        assert_eq!((row.line, row.field(0), row.field(1)), (3, "2", "y"));
        // After a row that was found nothing is passed over in silence.
        assert_eq!(next().unwrap_err().line, 4);
        assert_eq!(next().unwrap().line, 5);
    }

    #[test]
    fn names_that_occur_twice_are_numbered_and_units_stand_beside() {
        let names = ["Distance (km)", "Distance", "Distance (mi)", "Distance (2)", "Notes (mine)", "", "", "Pace_unit"];
        let found = columns(names.into_iter());
        let members: Vec<&str> = found.iter().map(|column| column.member.as_str()).collect();
        assert_eq!(
            members,
            ["Distance", "Distance (2)", "Distance (3)", "Distance (2) (2)", "Notes (mine)", "", " (2)", "Pace_unit"]
        );
        assert_eq!(found[0].unit, Some(("Distance_unit".to_owned(), "km".to_owned())));
        assert_eq!(found[2].unit, Some(("Distance (3)_unit".to_owned(), "mi".to_owned())));
        let mut table = Table::open(b"Distance (km),Distance\n3.02,3020\n".as_slice()).unwrap();
        let row = table.next().unwrap().unwrap().unwrap();
        let object = table.object(&row);
        let text = "{\"Distance\":\"3.02\",\"Distance_unit\":\"km\",\"Distance (2)\":\"3020\"}";
        assert_eq!(String::from_utf8_lossy(object.as_bytes()), text);
    }

    #[test]
    fn a_file_without_a_header_is_refused() {
        let wrong = |text: &[u8]| Table::open(text).err().unwrap().to_string();
        assert_eq!(wrong(b""), "it is empty");
        assert_eq!(wrong(b"\n1,2\n"), "its first line names no column");
        assert_eq!(wrong(b"\xfc,b\n"), "its first line is no text in UTF-8");
    }
}
