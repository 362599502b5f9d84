//! Packs exports as the services do: real zips, written as a stream, zips inside them.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Files by path, as they lie in a zip or a folder.
pub type Files = BTreeMap<String, Vec<u8>>;

/// The files of the small export of Moves that the tests share: `json/...`.
pub fn moves_files() -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/moves/export");
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
