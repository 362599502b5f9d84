//! Documents and the messages of commits, of any bytes.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::{Account, Action, Day, DayChange, DayDocument, Origin, ProviderName, RevisionKind, Zone, commit_message};
use crate::fuzzing::fuzz_target;
use crate::json::{Counts, Json};

fn moves() -> ProviderName {
    "moves".parse().unwrap()
}

/// What a document's text says of its resources, and what it says written anew.
fn assert_kept(bytes: &[u8], written: &Json) {
    let read = Json::parse(bytes).unwrap();
    for (name, value) in read.root().members().filter(|(name, _)| *name != *"absent") {
        let again = written.root().get(&name.as_str()).map(|value| value.line());
        assert_eq!(again, Some(value.line()), "{}", name.as_str());
    }
}

fuzz_target!(day_document, |bytes| {
    let day: Day = "2015-07-05".parse().unwrap();
    let Ok(document) = DayDocument::read(bytes, &moves(), day) else { return };
    let written = document.json().unwrap();
    assert_kept(bytes, &written);
    let text = written.canonical();
    let again = DayDocument::read(text.clone(), &moves(), day).unwrap();
    assert_eq!(again.absent, document.absent);
    assert_eq!(again.json().unwrap().canonical(), text);
    assert!(DayDocument::read(text, &moves(), day.plus(1)).is_err());
});

fuzz_target!(account_document, |bytes| {
    let Ok(account) = Account::read(bytes, &moves()) else { return };
    let written = account.json().unwrap();
    assert_kept(bytes, &written);
    let text = written.canonical();
    let again = Account::read(&text, &moves()).unwrap();
    assert_eq!((&again.absent, again.json().unwrap().canonical()), (&account.absent, text));
});

/// A line `2015-07-05 revised storyline 3 1 0` a change; what is no such line names a resource.
fn changes(bytes: &[u8]) -> BTreeMap<Day, DayChange> {
    let text = String::from_utf8_lossy(bytes);
    let mut changes = BTreeMap::new();
    for (at, line) in text.split(';').enumerate() {
        let mut words = line.split(' ');
        let day = words.next().and_then(|day| day.trim().parse().ok());
        let day = day.unwrap_or(Day::new(2015, 7, 5).unwrap().plus(at as i64));
        let kind = words.next().and_then(|kind| kind.parse().ok()).unwrap_or(RevisionKind::Revised);
        let name = words.next().unwrap_or(line).to_owned();
        let mut count = || words.next().and_then(|count| count.parse().ok()).unwrap_or(1);
        let counts = Counts { altered: count(), added: count(), removed: count() };
        changes.insert(day, DayChange { kind, resources: BTreeMap::from([(name, counts)]) });
    }
    changes
}

fuzz_target!(commit_message_of_any_change, |bytes| {
    let changes = changes(bytes);
    for action in [Action::Sync, Action::Import] {
        let message = commit_message(&moves(), action, &changes, false);
        // Each change has its line, and nothing that a provider calls its resources makes another.
        let lines: Vec<&str> = message.lines().collect();
        assert_eq!(lines.len(), changes.len() + 6, "{message}");
        assert!(lines[0].starts_with("moves: ") && lines[1].is_empty());
        for (line, (day, change)) in lines[2..].iter().zip(&changes) {
            let mut words = line.split_whitespace();
            assert_eq!(words.next().and_then(|word| word.parse().ok()), Some(change.kind), "{line}");
            assert_eq!(words.next().and_then(|word| word.parse().ok()), Some(*day), "{line}");
        }
        let tail = format!("\nFitsnap-Provider: moves\nFitsnap-Action: {}\nFitsnap-Format: 1\n", action.word());
        assert!(message.ends_with(&tail), "{message}");
        assert_eq!(message.matches("\nFitsnap-").count(), 3, "{message}");
        assert_eq!(Origin::of(&message), Origin { provider: Some(moves()), action: Some(action) });
    }
});

fuzz_target!(commit_messages, |bytes| {
    let message = String::from_utf8_lossy(bytes);
    let told = Origin::of(&message);
    let last = message.trim_end().lines().rev().take_while(|line| !line.trim().is_empty());
    let says = |name: &str| last.clone().any(|line| line.starts_with(name));
    assert!(told.action.is_none() || says("Fitsnap-Action:"), "{message}");
    assert!(told.provider.is_none() || says("Fitsnap-Provider:"), "{message}");
    // Whatever stands above it, what fitsnap writes at the end is found.
    let whole = format!("{message}\n\n{}", commit_message(&moves(), Action::Sync, &BTreeMap::new(), true));
    assert_eq!(Origin::of(&whole), Origin { provider: Some(moves()), action: Some(Action::Sync) });
});

fuzz_target!(days_and_zones, |bytes| {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines() {
        if let Ok(day) = line.parse::<Day>() {
            assert_eq!(day.to_string(), line);
            assert_eq!(Day::from_compact(&day.compact()), Ok(day));
            assert!(day.plus(1) >= day && day.plus(-1) <= day && day.end_utc() >= day.plus(-1).end_utc());
        }
        if let Ok(day) = Day::from_compact(line) {
            assert_eq!((day.compact().as_str(), day.to_string().parse()), (line, Ok(day)));
        }
        let zones = [Zone::named("Europe/Helsinki"), Zone::fixed(-43_200), Zone::named("Africa/Monrovia")];
        for zone in zones.into_iter().flatten().chain(Zone::named(line)) {
            if let Ok(local) = chrono::NaiveDateTime::parse_from_str(line, "%Y-%m-%dT%H:%M:%S") {
                let moment = zone.moment(local);
                assert!((moment.naive_utc() - local).num_hours().abs() <= 26);
                assert!(zone.offset(moment).abs() < 86_400);
                let day = zone.day_of(moment);
                assert!(day.is_none_or(|day| day.to_string().parse() == Ok(day) && zone.nearest_day(moment) == day));
            }
        }
    }
});
