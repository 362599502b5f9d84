//! The rooms of `src/` keep their order, and each outside package its room.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// From the top; rooms on one line do not know each other.
const LAYERS: [&[&str]; 11] = [
    &["commands"],
    &["cli"],
    &["sync", "import", "audit", "export"],
    &["providers"],
    &["auth"],
    &["http"],
    &["archive"],
    &["pretend"],
    &["config"],
    &["model"],
    &["json"],
];

/// Packages that only these rooms may name.
const PACKAGES: [(&str, &[&str]); 5] = [
    ("git2", &["archive"]),
    ("reqwest", &["http"]),
    ("indicatif", &["cli"]),
    ("similar", &["json"]),
    ("axum", &["pretend", "auth"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every file of a room's folder: its path below `src/`, and its text without comments.
fn files(room: &str) -> Vec<(String, String)> {
    let (mut found, mut open) = (Vec::new(), vec![root().join(room)]);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, code.collect::<Vec<_>>().join("\n")));
            }
        }
    }
    found
}

/// The rooms that a text names after `crate::`, in braces too.
fn named(code: &str) -> BTreeSet<String> {
    let word = |text: &str| {
        text.trim_start().split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default().to_owned()
    };
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(word(rest));
            continue;
        };
        let mut depth = 0;
        let mut start = true;
        for (at, c) in list.char_indices() {
            if start && depth == 0 {
                names.insert(word(&list[at..]));
            }
            start = c == ',' || (start && c.is_whitespace());
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ => {}
            }
        }
    }
    names
}

fn level(room: &str) -> Option<usize> {
    LAYERS.iter().position(|rooms| rooms.contains(&room))
}

#[test]
fn rooms_import_only_from_those_below() {
    let mut wrong = Vec::new();
    for (at, room) in LAYERS.iter().enumerate().flat_map(|(at, rooms)| rooms.iter().map(move |room| (at, *room))) {
        for (file, code) in files(room) {
            for other in named(&code) {
                if other != room && level(&other).is_some_and(|other| other <= at) {
                    wrong.push(format!("{file} names crate::{other}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "imports go down only:\n{}", wrong.join("\n"));
}

#[test]
fn every_folder_of_src_is_a_room() {
    let folders = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap()).filter(|entry| entry.path().is_dir());
    for folder in folders {
        let name = folder.file_name().into_string().unwrap();
        assert!(level(&name).is_some(), "src/{name} has no place among the layers");
    }
}

#[test]
fn packages_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for room in LAYERS.iter().flat_map(|rooms| rooms.iter()) {
        for (file, code) in files(room) {
            for (package, rooms) in PACKAGES {
                let uses = code.contains(&format!("{package}::")) || code.contains(&format!("use {package};"));
                if uses && !rooms.contains(room) {
                    wrong.push(format!("{file} names {package}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_test_file_is_forgotten() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    let main = std::fs::read_to_string(folder.join("main.rs")).unwrap();
    let shared: String =
        LAYERS.iter().flat_map(|rooms| rooms.iter()).flat_map(|room| files(room)).map(|(_, code)| code).collect();
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = name.strip_suffix(".rs").filter(|name| *name != "main") else { continue };
        // A helper may serve the tests beside the code instead.
        let listed = main.contains(&format!("mod {name};"));
        assert!(listed || shared.contains(&format!("/it/{name}.rs")), "tests/it/main.rs does not list {name}");
    }
}

#[test]
fn names_are_found_in_every_spelling() {
    let code = "use crate::archive::Archive;\nuse crate::{cli::{Ui, Text},\n    model};\nfn f() { crate::json::parse() }\npub(in crate::http) x";
    let found: Vec<String> = named(code).into_iter().collect();
    assert_eq!(found, ["archive", "cli", "http", "json", "model"]);
}
