//! The vectors of the canonical form, and what must hold for any document.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::{Json, Kind, canonical};

/// One line of a file of vectors; `None` where the canonical form is to be refused with these words.
struct Vector {
    input: Vec<u8>,
    output: Option<String>,
    error: String,
}

fn vectors(text: &str) -> Vec<Vector> {
    text.lines()
        .map(|line| {
            let json = Json::parse(line).unwrap();
            let root = json.root();
            let text = |name| root.get(name).and_then(|value| value.as_str());
            let input = match text("in_hex") {
                Some(hex) => {
                    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
                }
                None => text("in").unwrap().into_owned().into_bytes(),
            };
            let output = text("out").map(|out| out.into_owned());
            Vector { input, output, error: text("error").unwrap_or_default().into_owned() }
        })
        .collect()
}

fn check(vectors: &[Vector]) {
    for vector in vectors {
        let shown = String::from_utf8_lossy(&vector.input);
        match (&vector.output, canonical(&vector.input)) {
            (Some(wanted), Ok(got)) => {
                let got = String::from_utf8(got).unwrap();
                assert_eq!(&got, wanted, "of {shown}");
                let again = canonical(got.as_bytes()).unwrap();
                assert_eq!(String::from_utf8(again).unwrap(), got, "a second time");
            }
            (None, Err(error)) => {
                let message = error.to_string();
                assert!(message.contains(&vector.error), "{message:?} should say {:?} of {shown}", vector.error);
            }
            (Some(_), Err(error)) => panic!("{error}, but {shown} is sound"),
            (None, Ok(got)) => panic!("{shown} became {}", String::from_utf8_lossy(&got)),
        }
    }
}

#[test]
fn vectors_hold() {
    let vectors = vectors(include_str!("../../fixtures/json/canonical.jsonl"));
    assert!(vectors.len() > 200);
    check(&vectors);
}

#[test]
fn published_vectors_hold_where_they_are_at_hand() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/vectors/canonical.jsonl");
    if let Ok(text) = std::fs::read_to_string(path) {
        check(&vectors(&text));
    }
}

#[test]
fn a_document_a_byte_too_deep_is_refused_at_any_size() {
    let error = canonical("[".repeat(1_000_000).as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column, error.offset), (1, 128, 127));
}

#[test]
fn the_tape_is_six_times_a_text_of_ones() {
    let text = format!("[{}1]", "1,".repeat(100_000));
    let nodes = super::parse::parse(text.as_bytes()).unwrap();
    assert_eq!(nodes.len(), 100_002);
    assert!(nodes.capacity() * size_of::<super::parse::Node>() < 7 * text.len());
}

#[test]
fn errors_say_what_and_where() {
    let message = |text: &str| canonical(text.as_bytes()).unwrap_err().to_string();
    assert_eq!(message(""), "line 1, column 1: expected a value, but the text ends");
    assert_eq!(message("[1, x]"), "line 1, column 5: expected a value, found \"x\"");
    assert_eq!(message("{\n  \"é\": 1 \"b\"}"), "line 2, column 10: expected `,` or `}`, found `\"`");
    assert_eq!(message("[1]\n]"), "line 2, column 1: \"]\" stands after the end of the JSON value");
    assert_eq!(
        message("\"a\u{1}\""),
        "line 1, column 3: a control character in a string must be written as an escape such as `\\n`"
    );
    let long = "n".repeat(1000);
    let message = message(&format!("{{\"{long}\":1,\"{long}\":2}}"));
    assert!(message.len() < 200, "{message}");
}

#[test]
fn long_names_sort_and_repeat_like_short_ones() {
    let long = "n".repeat(70_000);
    let text = format!("{{\"{long}b\":[1],\"{long}\\u0061\":2,\"a\":3}}");
    let json = Json::parse(text).unwrap();
    let names: Vec<_> = json.root().members().map(|(name, _)| name.as_str().into_owned()).collect();
    assert_eq!(names, ["a".to_owned(), format!("{long}a"), format!("{long}b")]);
    assert_eq!(json.root().get(&format!("{long}a")).unwrap().as_u64(), Some(2));
    assert!(canonical(format!("{{\"{long}\":1,\"a\":2,\"{long}\":3}}").as_bytes()).is_err());
}

#[test]
fn values_are_found_and_read() {
    let text = r#" {"b/c": [1, "two", null, true, {"~": -0.50}], "a": {}, "n": 1e3, "big": 1e400, "\ud83d": 9} "#;
    let json = Json::parse(text).unwrap();
    let root = json.root();
    assert_eq!((root.kind(), root.len(), root.is_empty()), (Kind::Object, 5, false));
    let names: Vec<_> = root.members().map(|(name, _)| name.as_str().into_owned()).collect();
    assert_eq!(names, ["a", "b/c", "big", "n", "\u{fffd}"]);
    let list = root.get("b/c").unwrap();
    assert_eq!((list.kind(), list.len()), (Kind::Array, 5));
    assert_eq!(list.raw(), br#"[1, "two", null, true, {"~": -0.50}]"#);
    assert_eq!(root.pointer("/b~1c/4/~0").unwrap().as_number().unwrap(), "-0.5");
    assert_eq!(root.pointer("/b~1c/1").unwrap().as_str().unwrap(), "two");
    assert!(root.pointer("").unwrap().same(root));
    for nowhere in ["/b~1c/05", "/b~1c/+1", "/b~1c/5", "/b~1c/-", "/b~1c/", "/b~1c/0/0", "/c", "a", "/"] {
        assert!(root.pointer(nowhere).is_none(), "{nowhere}");
    }
    assert!(list.items().nth(2).unwrap().is_null());
    assert_eq!(list.items().nth(3).unwrap().as_bool(), Some(true));
    let number = root.get("n").unwrap();
    assert_eq!((number.as_u64(), number.as_i64(), number.as_f64()), (Some(1000), Some(1000), Some(1000.0)));
    assert_eq!(root.get("big").unwrap().as_f64(), None);
    assert_eq!(number.as_str(), None);
    assert_eq!(number.items().count() + number.members().count() + list.members().count(), 0);
    assert_eq!(root.get("a").unwrap().canonical(), b"{}\n");
    assert_eq!(list.line(), r#"[1, "two", null, true, {"~": -0.5}]"#);
    assert_eq!(root.line().len(), String::from_utf8(json.canonical()).unwrap().trim_end().len());
}

#[test]
fn the_same_value_may_be_spelled_otherwise() {
    let same = |a: &str, b: &str| Json::parse(a).unwrap().root().same(Json::parse(b).unwrap().root());
    assert!(same(r#"{"a":1.0,"b":["\u0078",{"\u0064":2,"c":1E2}]}"#, r#"{"b":["x",{"c":100,"d":2}],"a":1}"#));
    for (a, b) in [
        ("1", "2"),
        ("1", "1.5"),
        ("1", "\"1\""),
        ("[1]", "[1,1]"),
        ("[1,2]", "[2,1]"),
        ("{}", "[]"),
        ("\"a\"", "\"b\""),
    ] {
        assert!(!same(a, b), "{a} {b}");
    }
    assert!(!same(r#"{"a":1}"#, r#"{"b":1}"#));
    assert!(!same(r#"{"a":1}"#, r#"{"a":2}"#));
    assert!(!same("\"\\ud800\"", "\"\u{fffd}\""));
    assert!(!same("1e999999999999999999999", "1e999999999999999999998"));
}

#[test]
fn the_text_of_a_document_is_that_of_its_value() {
    for value in ["{\"a\": [1, {}]}", "[]", "\"a \"", "7"] {
        let json = Json::parse(format!("\u{feff} \t{value} \r\n ")).unwrap();
        assert_eq!(json.root().raw(), value.as_bytes());
    }
}

/// Documents that `serde_json` reads exactly: numbers it keeps, strings without surrogates.
fn document() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        (-1000i32..1000, 0u32..5).prop_map(|(n, shift)| (f64::from(n) / f64::from(10u32.pow(shift))).into()),
        ".{0,12}".prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 60, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map("[a-c\u{e9}\u{1F600}\"\\\\]{0,3}", inner, 0..8)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Checks the layout rule on the output alone: what stands on one line fits, what is broken would not have.
fn check_layout(text: &str) {
    let lines: Vec<&str> = text.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        let bare = line.strip_suffix(',').unwrap_or(line);
        if bare.ends_with([']', '}']) && bare.trim_start().len() > 2 && !bare.ends_with("[]") && !bare.ends_with("{}") {
            assert!(bare.len() <= 100, "too long: {line}");
        }
        if line.ends_with(['[', '{']) {
            let indent = line.len() - line.trim_start().len();
            let end =
                (at + 1..lines.len()).find(|&end| lines[end].len() - lines[end].trim_start().len() == indent).unwrap();
            let inside: Vec<&str> = lines[at + 1..end].iter().map(|line| line.trim_start()).collect();
            // Joining the children gives the one line only where they are on one line each.
            if inside.iter().all(|line| !line.ends_with(['[', '{']))
                && !inside.iter().any(|line| line.starts_with([']', '}']))
            {
                let joined = line.len() + inside.join(" ").len() + 1;
                assert!(joined > 100, "would fit: {line} {}", inside.join(" "));
            }
        }
    }
}

proptest! {
    #[test]
    fn the_value_is_kept_and_spelled_once(document in document(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&document) } else { serde_json::to_string(&document) }.unwrap();
        let once = canonical(text.as_bytes()).unwrap();
        let back: serde_json::Value = serde_json::from_slice(&once).unwrap();
        prop_assert_eq!(&back, &respelled(&document));
        prop_assert_eq!(&canonical(&once).unwrap(), &once);
        let (json, other) = (Json::parse(text).unwrap(), Json::parse(once.clone()).unwrap());
        prop_assert!(json.root().same(other.root()));
        prop_assert_eq!(json.root().line(), other.root().line());
        check_layout(std::str::from_utf8(&once).unwrap());
    }

    #[test]
    fn any_bytes_are_taken_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = canonical(&bytes);
    }

    #[test]
    fn near_json_is_taken_or_refused(text in r#"[\[\]{}:,"\\0-9eE.+\-a-fnrtu \n]{0,60}"#) {
        match (canonical(text.as_bytes()), serde_json::from_str::<serde_json::Value>(&text)) {
            (Err(error), Ok(_)) => prop_assert!(error.to_string().contains("stands twice"), "{} of {}", error, text),
            (Ok(once), _) => prop_assert_eq!(canonical(&once).unwrap(), once),
            _ => {}
        }
    }

    #[test]
    fn numbers_keep_their_value(whole in "0|[1-9][0-9]{0,24}", fraction in "(\\.[0-9]{1,24})?", power in "([eE][+-]?[0-9]{1,2})?") {
        let text = format!("{whole}{fraction}{power}");
        let json = Json::parse(text.clone()).unwrap();
        let spelled = json.root().as_number().unwrap().into_owned();
        prop_assert_eq!(decimal(&spelled), decimal(&text), "{} became {}", text, spelled);
        let (digits, last) = decimal(&text);
        let point = digits.len() as i64 + last;
        prop_assert_eq!(spelled.contains('e'), !digits.is_empty() && !(-5..=21).contains(&point), "{}", spelled);
        let again = Json::parse(spelled.clone()).unwrap();
        prop_assert_eq!(again.root().as_number().unwrap(), spelled);
    }

    #[test]
    fn strings_come_back(text in any::<String>()) {
        let json = Json::parse(super::quote(&text)).unwrap();
        prop_assert_eq!(json.root().as_str().unwrap(), text.as_str());
        prop_assert_eq!(json.root().line(), super::quote(&text));
        let escaped: String = text.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let json = Json::parse(format!("\"{escaped}\"")).unwrap();
        prop_assert_eq!(json.root().as_str().unwrap(), text.as_str());
        prop_assert_eq!(json.root().line(), super::quote(&text));
    }
}

/// `1.0` and `1` differ for `serde_json`; whole doubles below 2^64 are read back as integers.
fn respelled(value: &serde_json::Value) -> serde_json::Value {
    match value {
        serde_json::Value::Number(number) => {
            let json = Json::parse(number.to_string()).unwrap();
            serde_json::from_str(&json.root().as_number().unwrap()).unwrap()
        }
        serde_json::Value::Array(items) => items.iter().map(respelled).collect(),
        serde_json::Value::Object(members) => members
            .iter()
            .map(|(name, member)| (name.clone(), respelled(member)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
        other => other.clone(),
    }
}

/// A number's significant digits and the power of ten of the last of them.
fn decimal(text: &str) -> (String, i64) {
    let (mantissa, power) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let digits = all.trim_end_matches('0');
    let power = power.trim_start_matches('+').parse::<i64>().unwrap() - fraction.len() as i64;
    match digits.trim_start_matches('0') {
        "" => (String::new(), 0),
        significant => (significant.to_owned(), power + (all.len() - digits.len()) as i64),
    }
}
