//! Canonical form, of any bytes.

use super::{Json, Problem, canonical, parse};
use crate::fuzzing::fuzz_target;

fuzz_target!(canonical_form, |bytes| {
    let other = serde_json::from_slice::<serde_json::Value>(bytes);
    let once = match canonical(bytes) {
        Ok(once) => once,
        Err(error) => {
            assert!(!error.to_string().is_empty() && error.offset <= bytes.len());
            // Of what another parser takes, only this is refused.
            let why = matches!(error.problem, Problem::NameTwice(_) | Problem::TooDeep);
            assert!(other.is_err() || why, "{error}");
            return;
        }
    };
    assert_eq!(canonical(&once).as_deref(), Ok(once.as_slice()));
    // An item of two bytes may stand on a line of its own, 254 spaces in; a number of four bytes becomes 22.
    assert!(once.len() < 160 * (bytes.len() + 1), "{} of {}", once.len(), bytes.len());
    let tape = parse::parse(bytes).map(|nodes| nodes.capacity() * size_of::<parse::Node>()).unwrap_or_default();
    assert!(tape < 16 * bytes.len() + 1_024, "{tape} of {}", bytes.len());
    if let (Ok(other), Ok(again)) = (other, serde_json::from_slice(&once)) {
        assert!(same(&other, &again), "{other} {again}");
    }
    let (Ok(one), Ok(other)) = (Json::parse(bytes), Json::parse(once)) else { panic!("taken, but not a second time") };
    assert!(one.root().same(other.root()));
    assert_eq!(one.root().line(), other.root().line());
});

/// Whether the other parser finds the same in both, numbers as far as a double tells them.
fn same(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value;
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => match (one.as_f64(), other.as_f64()) {
            (Some(one), Some(other)) => (one - other).abs() <= one.abs() * 1e-14,
            _ => false,
        },
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        (one, other) => one == other,
    }
}
