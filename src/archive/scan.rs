//! Looks for secrets in bytes. Tells where one is and of which sort, never the secret itself.

use memchr::memmem;

/// Shorter values are words that a text may well hold.
const SHORTEST: usize = 8;

/// From this length on, what stands beside a telling name is taken for a token.
const TOKEN: usize = 16;

/// The names beside which a token stands, in lower case.
const NAMES: [&[u8]; 3] = [b"access_token", b"refresh_token", b"client_secret"];

/// A secret in a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Leak {
    /// The line, counted from 1.
    pub line: usize,
    /// Which sort of secret it is, for people.
    pub what: String,
}

/// What is looked for.
pub struct Scanner {
    known: Vec<(String, memmem::Finder<'static>)>,
    shapes: bool,
}

impl Scanner {
    /// Looks for these values, each with the words for it; with `shapes` also for whatever looks like
    /// a token beside its name.
    pub fn new(known: &[(String, String)], shapes: bool) -> Scanner {
        let mut finders = Vec::new();
        for (what, value) in known.iter().filter(|(_, value)| value.len() >= SHORTEST) {
            finders.push((what.clone(), memmem::Finder::new(value.as_bytes()).into_owned()));
            // As it stands in an address.
            let encoded: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
            if encoded != *value {
                finders.push((what.clone(), memmem::Finder::new(encoded.as_bytes()).into_owned()));
            }
        }
        Scanner { known: finders, shapes }
    }

    /// The secrets in a text, each sort at its first place.
    pub fn scan(&self, text: &[u8]) -> Vec<Leak> {
        let mut leaks: Vec<Leak> = Vec::new();
        for (what, finder) in &self.known {
            if let Some(at) = finder.find(text).filter(|_| !leaks.iter().any(|leak| leak.what == *what)) {
                leaks.push(Leak { line: line_of(text, at), what: what.clone() });
            }
        }
        if self.shapes && leaks.is_empty() {
            leaks.extend(shape(text));
        }
        leaks.sort();
        leaks
    }
}

fn line_of(text: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', &text[..at]).count() + 1
}

/// The first place where a telling name is followed by what can only be a token.
fn shape(text: &[u8]) -> Option<Leak> {
    // `_` is rarer than any letter of the names.
    memchr::memchr_iter(b'_', text).find_map(|at| {
        NAMES.iter().find_map(|name| {
            let start = at.checked_sub(name.iter().position(|byte| *byte == b'_')?)?;
            let found = text.get(start..start + name.len())?;
            let is_it = found.eq_ignore_ascii_case(name) && holds_token(&text[start + name.len()..]);
            is_it.then(|| Leak {
                line: line_of(text, at),
                what: format!("what looks like a token, beside \"{}\"", String::from_utf8_lossy(name)),
            })
        })
    })
}

/// `": "…`, ` = "…`, `=…`: a sign between name and value, quotes or not, and a value long enough. Of a
/// value without quotes only what could stand in an address or a shell's settings counts.
fn holds_token(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"\\").unwrap_or(rest);
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest).trim_ascii_start();
    let Some(rest) = rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"=")) else { return false };
    let value = rest.trim_ascii_start();
    let value = value.strip_prefix(b"\\").unwrap_or(value);
    let value = value.strip_prefix(b"\"").or_else(|| value.strip_prefix(b"'")).unwrap_or(value);
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=%".contains(byte);
    value.iter().take_while(|byte| is_token(byte)).count() >= TOKEN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(scanner: &Scanner, text: &str) -> Vec<usize> {
        scanner.scan(text.as_bytes()).iter().map(|leak| leak.line).collect()
    }

    #[test]
    fn known_values_are_found_wherever_they_stand_and_never_told() {
        let scanner = Scanner::new(&[("the access token of moves".into(), "Zq+9/secret".into())], false);
        let leaks = scanner.scan(b"one\ntwo Zq+9/secret three");
        assert_eq!(leaks, [Leak { line: 2, what: "the access token of moves".into() }]);
        assert_eq!(lines(&scanner, "a\n\nhttps://x/?t=Zq%2B9%2Fsecret"), [3]);
        assert_eq!(lines(&scanner, "Zq+9/secre"), [] as [usize; 0]);
        let short = Scanner::new(&[("x".into(), "steps".into())], false);
        assert_eq!(lines(&short, "steps"), [] as [usize; 0]);
    }

    #[test]
    fn a_token_beside_its_name_is_found_in_any_file() {
        let scanner = Scanner::new(&[], true);
        for text in [
            "{\"access_token\": \"abcdefgh12345678\"}",
            "{\"refresh_token\":\"abcdefgh-_345678\"}",
            "client_secret = \"abcdefgh12345678\"",
            "client_secret='abcdefgh12345678'",
            "FITSNAP_MOVES_ACCESS_TOKEN=abcdefgh12345678",
            "https://api.example.com/x?access_token=abcdefgh12345678&y",
            "\"{\\\"access_token\\\":\\\"abcdefgh12345678\\\"}\"",
        ] {
            assert_eq!(lines(&scanner, text), [1], "{text}");
        }
        for text in [
            "{\"access_token\": \"short\"}",
            "{\"access_token\": null}",
            "# client_secret = \"...\"",
            "the access_token is kept in the state folder, never here",
            "token_type: abcdefgh12345678",
        ] {
            assert_eq!(lines(&scanner, text), [] as [usize; 0], "{text}");
        }
    }
}
