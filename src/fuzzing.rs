//! Fuzz targets: checks that must hold for any bytes.
//!
//! Each is a test like any other. `cargo test` gives it the files below `fixtures/fuzz/NAME`, and those again
//! with some damage; under `cargo bolero test ROOM::fuzz::NAME` libFuzzer looks for bytes that no one thought of.
#![allow(clippy::unwrap_used)]

/// Makes a test `name` of a check that takes any bytes.
macro_rules! fuzz_target {
    ($name:ident, $check:expr) => {
        #[test]
        fn $name() {
            let check: fn(&[u8]) = $check;
            #[cfg(fuzzing)]
            bolero::check!(name = crate::fuzzing::folder(stringify!($name)).display())
                .for_each(|bytes: &[u8]| check(bytes));
            #[cfg(not(fuzzing))]
            crate::fuzzing::run(stringify!($name), check);
        }
    };
}

pub(crate) use fuzz_target;

use std::path::PathBuf;

/// Where the files of a target lie: `corpus`, and `crashes` while there are any.
pub fn folder(target: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz").join(target)
}

/// The parts of an input that has several, each behind a line `--- NAME`, by their names.
pub fn parts(bytes: &[u8]) -> Vec<(String, &[u8])> {
    const MARK: &[u8] = b"--- ";
    let starts = memchr::memmem::find_iter(bytes, MARK).filter(|at| *at == 0 || bytes[at - 1] == b'\n');
    let starts: Vec<usize> = starts.collect();
    let ends = starts.iter().skip(1).copied().chain([bytes.len()]);
    let part = |(start, end): (&usize, usize)| {
        let text = &bytes[start + MARK.len()..end];
        let line = memchr::memchr(b'\n', text).unwrap_or(text.len());
        (String::from_utf8_lossy(&text[..line]).into_owned(), text.get(line + 1..).unwrap_or_default())
    };
    starts.iter().zip(ends).map(part).collect()
}

#[cfg(not(fuzzing))]
pub use damage::run;

#[cfg(not(fuzzing))]
mod damage {
    use std::fmt;
    use std::panic::catch_unwind;

    use proptest::prelude::*;
    use proptest::sample::Index;
    use proptest::test_runner::{Config, TestRunner};

    /// How many damaged inputs a target gets.
    const CASES: u32 = 64;

    /// What readers stumble over.
    const WORDS: [&str; 28] = [
        "\"",
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\n",
        "\r\n",
        "\0",
        "\u{feff}",
        "null",
        "-1",
        "0",
        "1e400",
        "-0.0",
        "\\ud83d",
        "99999999999999999999",
        "2147483648",
        "0000-00-00",
        "9999-12-31",
        "2016-02-30",
        "+262142-12-31T23:59:59",
        "<",
        "]]>",
        "&#0;",
        "..",
        "--- ",
    ];

    /// What happens to an input.
    #[derive(Clone, Debug)]
    enum Damage {
        /// A byte becomes another.
        Byte(Index, u8),
        /// A stretch is lost.
        Lost(Index, Index),
        /// A stretch comes twice.
        Twice(Index, Index),
        /// A word stands in between.
        Word(Index, &'static str),
        /// A stretch of another input follows from here on.
        Other(Index, Index, Index),
    }

    /// An input as a failure shows it.
    struct Input(Vec<u8>);

    impl fmt::Debug for Input {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "b\"{}\"", self.0.escape_ascii())
        }
    }

    fn damage() -> impl Strategy<Value = Damage> {
        let at = any::<Index>;
        prop_oneof![
            (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Byte(at, byte)),
            (at(), at()).prop_map(|(one, other)| Damage::Lost(one, other)),
            (at(), at()).prop_map(|(one, other)| Damage::Twice(one, other)),
            (at(), prop::sample::select(&WORDS[..])).prop_map(|(at, word)| Damage::Word(at, word)),
            (at(), at(), at()).prop_map(|(at, other, from)| Damage::Other(at, other, from)),
        ]
    }

    impl Damage {
        fn to(&self, bytes: &mut Vec<u8>, all: &[Vec<u8>]) {
            let place = |at: &Index, bytes: &[u8]| at.index(bytes.len() + 1);
            let stretch = |one: &Index, other: &Index, bytes: &[u8]| {
                let start = place(one, bytes);
                // Most of it stays.
                start..start + other.index((bytes.len() - start).min(32) + 1)
            };
            match self {
                Damage::Byte(at, byte) => {
                    let at = place(at, bytes);
                    bytes.splice(at..(at + 1).min(bytes.len()), [*byte]);
                }
                Damage::Lost(one, other) => drop(bytes.drain(stretch(one, other, bytes))),
                Damage::Twice(one, other) => {
                    let stretch = stretch(one, other, bytes);
                    let again = bytes[stretch.clone()].to_vec();
                    bytes.splice(stretch.end..stretch.end, again);
                }
                Damage::Word(at, word) => {
                    let at = place(at, bytes);
                    bytes.splice(at..at, word.bytes());
                }
                Damage::Other(at, other, from) => {
                    let other = other.get(all);
                    bytes.truncate(place(at, bytes));
                    bytes.extend_from_slice(&other[place(from, other)..]);
                }
            }
        }
    }

    /// Gives a check all inputs of its corpus, and some of them damaged.
    pub fn run(target: &str, check: fn(&[u8])) {
        let mut inputs = Vec::new();
        for kind in ["corpus", "crashes"] {
            let files = std::fs::read_dir(super::folder(target).join(kind)).into_iter().flatten();
            let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
            files.sort();
            for file in files {
                let bytes = std::fs::read(&file).unwrap();
                assert!(catch_unwind(|| check(&bytes)).is_ok(), "{} fails", file.display());
                inputs.push(bytes);
            }
        }
        assert!(!inputs.is_empty(), "{target} has no corpus");
        let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
        let damaged = (any::<Index>(), prop::collection::vec(damage(), 1..6)).prop_map(|(at, damages)| {
            let mut bytes = at.get(&inputs).clone();
            damages.iter().for_each(|damage| damage.to(&mut bytes, &inputs));
            Input(bytes)
        });
        let ended = TestRunner::new(config).run(&damaged, |Input(bytes)| {
            check(&bytes);
            Ok(())
        });
        ended.unwrap_or_else(|error| panic!("{error}"));
    }
}
