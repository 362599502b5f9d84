//! Settings, and changes of single ones, of any text.

use super::edit::{self, Place};
use super::{ArchiveSettings, schema};
use crate::fuzzing::{fuzz_target, parts};

const KINDS: [&str; 3] = ["moves", "strava", "googlehealth"];

fuzz_target!(settings, |bytes| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match ArchiveSettings::read(text, &KINDS) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(settings) => {
            let listed = edit::list(text).unwrap_or_default();
            assert!(listed.iter().any(|(place, _)| place == "format"));
            for (name, provider) in &settings.providers {
                assert!((1..=36_500).contains(&provider.window) && KINDS.contains(&provider.kind.as_str()));
                let kind = Place::read(&format!("providers.{name}.kind")).and_then(|kind| edit::get(text, &kind));
                assert_eq!(kind.ok().flatten(), Some(vec![provider.kind.clone()]));
            }
        }
    }
    assert!(schema(&KINDS).is_object());
});

fuzz_target!(changed_setting, |bytes| {
    let found = parts(bytes);
    let [(change, text), ..] = found.as_slice() else { return };
    let Ok(text) = std::str::from_utf8(text) else { return };
    let mut words = change.split('\t').map(str::to_owned);
    let Some(Ok(place)) = words.next().map(|place| Place::read(&place)) else { return };
    let values: Vec<String> = words.collect();
    let Ok(fresh) = edit::set(text, &place, &values, &KINDS) else { return };
    let name = place.to_string();
    let told = edit::get(&fresh, &place).ok().flatten().unwrap_or_default();
    // A number may be given with zeros in front.
    let number = |told: &[String]| told.first().and_then(|told| told.parse::<i64>().ok());
    assert!(told == values || (number(&told).is_some() && number(&told) == number(&values)), "{told:?} {values:?}");
    let rest = |text: &str| {
        let mut all = edit::list(text).unwrap_or_default();
        all.retain(|(other, _)| *other != name);
        all
    };
    assert_eq!(rest(text), rest(&fresh), "{fresh}");
    assert_eq!(edit::set(&fresh, &place, &values, &KINDS).ok().as_deref(), Some(fresh.as_str()));
    // Whatever line does not hold the old value stays, comments too, and in its order.
    let old = edit::get(text, &place).ok().flatten().unwrap_or_default();
    let key = name.rsplit('.').next().unwrap_or_default();
    let stays = |line: &&str| !line.contains(key) && !old.iter().any(|value| line.contains(value.as_str()));
    if !text.contains('\r') && !text.contains("'''") && !text.contains("\"\"\"") && !text.contains("[\n") {
        let mut lines = fresh.lines();
        for line in text.lines().filter(stays).filter(|line| line.trim_start().starts_with('#')) {
            assert!(lines.any(|kept| kept.trim() == line.trim()), "{line:?} is gone from {fresh}");
        }
    }
});
