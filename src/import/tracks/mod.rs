//! Activity files (GPX, TCX, FIT, each plain or packed with gzip): their points in one shape.
//!
//! A point has `time` (as the file spells it; FIT in UTC), `lat` and `lon` (degrees), `ele` (metres), `hr` and
//! `cad` (a minute), `power` (watts), `temp` (°C), `distance` (metres from the start), `speed` (metres a
//! second), as far as the file tells, and whatever else it tells under the file's own name for it.

mod fit;
#[cfg(test)]
mod fuzz;
mod writer;
mod xml;
mod zone;

use std::io::{self, Read};

use chrono::{DateTime, Utc};
use flate2::read::MultiGzDecoder;

use super::source::{MAX_RATIO, RATIO_FREE};
use crate::model::JsonText;

pub use zone::zone_at;

/// The largest activity file, unpacked, in bytes. A day of points a second has 30 MiB as TCX.
pub const MAX_TRACK: u64 = 256 << 20;

/// How a file tells its points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// GPX 1.0 or 1.1.
    Gpx,
    /// Garmin's Training Center XML.
    Tcx,
    /// Garmin's FIT.
    Fit,
}

/// What an activity file tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Track {
    /// An array with an object for each track of the file; its member `segments` has an array of points for
    /// each stretch without a pause.
    pub tracks: JsonText,
    /// The time of the first point.
    pub start: Option<DateTime<Utc>>,
    /// The first position, latitude and longitude in degrees.
    pub position: Option<(f64, f64)>,
    /// How far the file's own clock is east of UTC, in seconds, where it tells.
    pub offset: Option<i32>,
}

impl Format {
    /// The format of a file by its name.
    pub fn of(name: &str) -> Option<Format> {
        let lower = name.to_ascii_lowercase();
        match lower.strip_suffix(".gz").unwrap_or(&lower).rsplit_once('.')?.1 {
            "gpx" => Some(Format::Gpx),
            "tcx" => Some(Format::Tcx),
            "fit" => Some(Format::Fit),
            _ => None,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Format::Gpx => "gpx",
            Format::Tcx => "tcx",
            Format::Fit => "fit",
        }
    }

    /// Reads a file's points.
    ///
    /// # Errors
    /// What is wrong with the file, and where.
    pub fn read(self, bytes: &[u8]) -> Result<Track, String> {
        let unpacked;
        let bytes = match bytes {
            [0x1f, 0x8b, ..] => {
                unpacked = unpack(bytes)?;
                &unpacked
            }
            _ => bytes,
        };
        match self {
            Format::Gpx => xml::read(bytes, &xml::GPX),
            Format::Tcx => xml::read(bytes, &xml::TCX),
            Format::Fit => fit::read(bytes),
        }
    }
}

/// Unpacks gzip, within the limits that hold for zips.
fn unpack(packed: &[u8]) -> Result<Vec<u8>, String> {
    let most = MAX_TRACK.min((packed.len() as u64).saturating_mul(MAX_RATIO).max(RATIO_FREE));
    let mut bytes = Vec::new();
    let read = MultiGzDecoder::new(packed).take(most + 1).read_to_end(&mut bytes);
    read.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => "it is cut off".to_owned(),
        _ => format!("it cannot be unpacked: {error}"),
    })?;
    if bytes.len() as u64 > most {
        return Err(format!(
            "it unpacks to more than {} MiB from {} bytes, as no export does",
            most >> 20,
            packed.len()
        ));
    }
    Ok(bytes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::pack::gzip;
    use super::*;

    #[test]
    fn the_name_tells_the_format() {
        assert_eq!(Format::of("activities/12.fit.gz"), Some(Format::Fit));
        assert_eq!(Format::of("12.GPX"), Some(Format::Gpx));
        assert_eq!(Format::of("a.b/12.tcx"), Some(Format::Tcx));
        assert_eq!(Format::of("media/12.jpg"), None);
        assert_eq!(Format::of("gpx"), None);
    }

    #[test]
    fn packed_files_are_unpacked_within_reason() {
        let gpx = b"<gpx><trk><trkseg><trkpt lat=\"1\" lon=\"2\"/></trkseg></trk></gpx>";
        let plain = Format::Gpx.read(gpx).unwrap();
        let packed = gzip(gpx);
        assert_eq!(Format::Gpx.read(&packed), Ok(plain));
        assert_eq!(Format::Gpx.read(&packed[..packed.len() - 9]).unwrap_err(), "it is cut off");
        let mut altered = packed.clone();
        let crc = altered.len() - 8;
        altered[crc] ^= 1;
        assert!(Format::Gpx.read(&altered).unwrap_err().starts_with("it cannot be unpacked"));
        let bomb = gzip(&vec![b' '; 32 << 20]);
        assert!(Format::Gpx.read(&bomb).unwrap_err().contains("as no export does"));
    }
}
