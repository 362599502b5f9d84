//! When a photo was taken, as its EXIF says.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek};
use std::path::Path;

use exif::{Exif, In, Reader, Tag, Value};

use super::moment::Moment;

/// A photo does not say when it was taken.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// It cannot be read.
    #[error("cannot read it")]
    Read(#[source] io::Error),
    /// It is no image that EXIF stands in.
    #[error("it has no EXIF data: {0}")]
    NoExif(exif::Error),
    /// There is EXIF, but no time that could be right.
    #[error("its EXIF data has no time")]
    NoTime,
}

/// Where the time stands, with the tag of its zone; the first that is there counts.
const TIMES: [(Tag, Tag); 3] = [
    (Tag::DateTimeOriginal, Tag::OffsetTimeOriginal),
    (Tag::DateTimeDigitized, Tag::OffsetTimeDigitized),
    (Tag::DateTime, Tag::OffsetTime),
];

/// When a photo was taken, by the camera's clock; with an offset from UTC where the camera told it.
///
/// # Errors
/// When it cannot be read or does not say.
pub fn taken(path: &Path) -> Result<Moment, PhotoError> {
    taken_in(&mut BufReader::new(File::open(path).map_err(PhotoError::Read)?))
}

/// The same of a photo's bytes.
pub(super) fn taken_in(image: &mut (impl BufRead + Seek)) -> Result<Moment, PhotoError> {
    let exif = Reader::new().read_from_container(image).map_err(|error| match error {
        exif::Error::Io(error) => PhotoError::Read(error),
        other => PhotoError::NoExif(other),
    })?;
    let time = TIMES.iter().find_map(|(time, offset)| {
        // `2015:07:10 14:03:21`
        let clock = ascii(&exif, *time)?;
        let (date, time) = clock.split_once(' ')?;
        let local = format!("{}T{time}", date.replace(':', "-"));
        let with_offset = ascii(&exif, *offset).and_then(|offset| Moment::read(&format!("{local}{offset}")));
        with_offset.or_else(|| Moment::read(&local))
    });
    time.ok_or(PhotoError::NoTime)
}

fn ascii(exif: &Exif, tag: Tag) -> Option<String> {
    match &exif.get_field(tag, In::PRIMARY)?.value {
        Value::Ascii(texts) => Some(String::from_utf8_lossy(texts.first()?).trim().to_owned()),
        _ => None,
    }
}
