//! Archives made by hand: day documents and their hash lists, as fitsnap writes them.

use std::collections::BTreeMap;
use std::fmt::Write;

use sha2::{Digest, Sha256};

use crate::env::ArchiveEnv;

/// An archive in the work folder with two days and an account of Moves, committed, and nothing else.
pub fn archive(env: &ArchiveEnv) {
    env.run(&["init"]).code(0);
    write(env, "data/moves/account.json", "{\"provider\": \"moves\", \"resources\": {}}\n");
    write(env, "data/moves/2015/07/04.json", &day("2015-07-04", 4000));
    write(env, "data/moves/2015/07/05.json", &day("2015-07-05", 5000));
    list_hashes(env, "data/moves");
    list_hashes(env, "data/moves/2015/07");
    env.git("", &["add", "data"]);
    env.git("", &["commit", "-qm", "two days"]);
}

/// A day document in canonical form.
pub fn day(date: &str, steps: u32) -> String {
    format!(
        "{{\"date\": \"{date}\", \"provider\": \"moves\", \"resources\": {{\"storyline\": [{{\"steps\": {steps}}}]}}}}\n"
    )
}

/// Writes a file below the work folder.
pub fn write(env: &ArchiveEnv, path: &str, text: &str) {
    std::fs::create_dir_all(env.path(path).parent().unwrap()).unwrap();
    std::fs::write(env.path(path), text).unwrap();
}

/// Makes the hash list of a folder anew.
pub fn list_hashes(env: &ArchiveEnv, folder: &str) {
    let files = std::fs::read_dir(env.path(folder)).unwrap().map(|entry| entry.unwrap());
    let files = files.filter(|entry| entry.file_type().unwrap().is_file() && entry.file_name() != "SHA256SUMS");
    let hashes: BTreeMap<String, String> = files
        .map(|entry| {
            let hash = Sha256::digest(std::fs::read(entry.path()).unwrap());
            let text = hash.iter().fold(String::new(), |mut text, byte| {
                write!(text, "{byte:02x}").unwrap();
                text
            });
            (entry.file_name().into_string().unwrap(), text)
        })
        .collect();
    let text: String = hashes.iter().map(|(name, hash)| format!("{hash}  {name}\n")).collect();
    std::fs::write(env.path(folder).join("SHA256SUMS"), text).unwrap();
}
