//! Packs exports as the services do: real zips, written as a stream, zips inside them.
// The tests beside the code use some of it, those through the binary all.
#![allow(clippy::unwrap_used, dead_code)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Files by path, as they lie in a zip or a folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files of the small export of Moves that the tests share: `json/...`.
pub fn moves_files() -> Files {
    fixture("moves/export")
}

/// The files of the small Takeout that the tests share, two days of someone at UTC-8: `Takeout/Fitbit/...`.
pub fn takeout_files() -> Files {
    fixture("takeout")
}

/// The files below a folder of the fixtures.
fn fixture(folder: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    let mut files = Files::new();
    let mut open = vec![root.clone()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let below = path.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
                files.insert(below, std::fs::read(&path).unwrap());
            }
        }
    }
    files
}

/// A zip of these files, the sizes behind each entry's data, not in front of it.
pub fn zip(files: &Files) -> Vec<u8> {
    let mut zip = ZipWriter::new_stream(Vec::new());
    for (path, bytes) in files {
        zip.start_file(path, SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// The zip that Moves gave a person: the files of each format in a zip of their own.
pub fn moves_zip(json: &Files) -> Vec<u8> {
    let csv = Files::from([("csv/full/activities.csv".to_owned(), b"Date,Activity\n".to_vec())]);
    zip(&Files::from([
        ("About Moves Data Export Formats.pdf".to_owned(), b"%PDF-1.4\n".to_vec()),
        ("csv.zip".to_owned(), zip(&csv)),
        ("json.zip".to_owned(), zip(json)),
    ]))
}

/// Writes the files below a folder.
pub fn unpack(files: &Files, folder: &Path) {
    for (path, bytes) in files {
        let path = folder.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

/// A point of a FIT file.
#[derive(Clone, Copy)]
pub struct FitPoint {
    /// Seconds after the start.
    pub second: u32,
    /// Degrees.
    pub lat: f64,
    /// Degrees.
    pub lon: f64,
    /// Metres.
    pub altitude: f64,
    /// A minute; 255 where there is none.
    pub heart_rate: u8,
}

/// A FIT file of a run. `start` counts seconds from 1989-12-31; `None` among the points is a pause;
/// `offset` is how far the watch's clock is east of UTC.
pub fn fit(start: u32, points: &[Option<FitPoint>], offset: Option<i32>) -> Vec<u8> {
    let mut data = Vec::new();
    // Each field is its number, its size and its type; sint32 is 0x85, uint32 0x86, uint16 0x84, uint8 0x02.
    let define = |data: &mut Vec<u8>, local: u8, global: u16, fields: &[[u8; 3]]| {
        data.extend([0x40 | local, 0, 0]);
        data.extend(global.to_le_bytes());
        data.push(fields.len() as u8);
        data.extend(fields.iter().flatten());
    };
    define(&mut data, 0, 20, &[[253, 4, 0x86], [0, 4, 0x85], [1, 4, 0x85], [2, 2, 0x84], [3, 1, 0x02]]);
    define(&mut data, 1, 21, &[[253, 4, 0x86], [0, 1, 0x00], [1, 1, 0x00]]);
    let mut time = start;
    for point in points {
        let Some(point) = point else {
            data.push(1);
            data.extend(time.to_le_bytes());
            data.extend([0, 4]);
            continue;
        };
        let semicircles = |degrees: f64| (degrees / 180.0 * 2_f64.powi(31)).round() as i32;
        time = start + point.second;
        data.push(0);
        data.extend(time.to_le_bytes());
        data.extend(semicircles(point.lat).to_le_bytes());
        data.extend(semicircles(point.lon).to_le_bytes());
        data.extend((((point.altitude + 500.0) * 5.0).round() as u16).to_le_bytes());
        data.push(point.heart_rate);
    }
    define(&mut data, 2, 18, &[[253, 4, 0x86], [5, 1, 0x00]]);
    data.push(2);
    data.extend(time.to_le_bytes());
    data.push(1);
    if let Some(offset) = offset {
        define(&mut data, 3, 34, &[[253, 4, 0x86], [5, 4, 0x86]]);
        data.push(3);
        data.extend(time.to_le_bytes());
        data.extend(time.wrapping_add_signed(offset).to_le_bytes());
    }
    fit_of(&data)
}

/// A FIT file of these messages, its checksums sound.
pub fn fit_of(data: &[u8]) -> Vec<u8> {
    let mut file = vec![14, 0x10, 0x54, 0x08];
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(b".FIT");
    let crc = fit_crc(&file);
    file.extend(crc.to_le_bytes());
    file.extend_from_slice(data);
    let crc = fit_crc(&file);
    file.extend(crc.to_le_bytes());
    file
}

/// The CRC-16 of FIT (ARC: polynomial 0xA001, reflected).
fn fit_crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 })
    })
}

/// Packs bytes as `gzip` does.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
