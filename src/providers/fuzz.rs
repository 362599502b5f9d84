//! What holds for the answers of every service, whatever their bytes.
#![allow(clippy::unwrap_used)]

use super::{ALL, DayAnswer, Told, Way};
use crate::config::ProviderSettings;
use crate::fuzzing::{fuzz_target, parts};
use crate::http::Answer;
use crate::json::{Json, Value};
use crate::model::{Day, DayRange, JsonText, Refusal, Resources};

/// The days that answers are said to be of.
pub(super) fn range() -> DayRange {
    DayRange::new("2015-07-03".parse().unwrap(), "2015-07-05".parse().unwrap()).unwrap()
}

/// An answer: status and type on its first line, then its body.
pub(super) fn answer(bytes: &[u8]) -> Answer {
    let end = memchr::memchr(b'\n', bytes).unwrap_or(bytes.len());
    let head = String::from_utf8_lossy(&bytes[..end]);
    let (status, kind) = head.split_once(' ').unwrap_or((&head, "application/json"));
    Answer {
        status: status.parse().ok().filter(|status| (100..=599).contains(status)).unwrap_or(200),
        content_type: Some(kind.to_owned()),
        body: bytes.get(end + 1..).unwrap_or_default().to_vec(),
    }
}

/// Checks that each day asked for has one answer and no other day has any, and that what is told of a day is
/// JSON whose records are its own.
pub(super) fn assert_days(days: &[DayAnswer], range: DayRange, day_of: impl Fn(Value<'_>) -> Option<Day>) {
    let mut told: Vec<Day> = days.iter().map(|day| day.day).collect();
    told.sort();
    assert_eq!(told, range.days().collect::<Vec<_>>());
    for DayAnswer { day, outcome } in days {
        match outcome {
            Ok(Told::Data(text)) => {
                let json = Json::parse(text.as_bytes()).unwrap();
                assert!(
                    json.root().items().filter_map(&day_of).all(|said| said == *day),
                    "{day}: {}",
                    json.root().line()
                );
            }
            Ok(Told::Absent(reason)) => assert!(!reason.is_empty()),
            Err(problem) => assert!(!problem.is_empty()),
        }
    }
}

fuzz_target!(refusals, |bytes| {
    let answer = answer(bytes);
    for provider in ALL {
        match (provider.description().sign_in.refusal)(answer.status, &answer.body) {
            Some(Refusal::SignIn(words) | Refusal::Gone(words)) => assert!(!words.is_empty()),
            Some(Refusal::TooOften(seconds)) => assert!((1..=86_400).contains(&seconds)),
            None => {}
        }
    }
    let words = super::reading::own_words(&answer.body);
    assert!(words.is_none_or(|words| !words.is_empty() && words.len() <= 1_000));
});

fuzz_target!(accounts, |bytes| {
    let parts = parts(bytes);
    let account: Resources =
        parts.into_iter().filter_map(|(name, text)| Some((name, JsonText::parse(text).ok()?))).collect();
    for provider in ALL {
        let person = provider.person(&account);
        assert_eq!(person.is_some(), provider.called(&account).is_some());
        let kept = provider.kept(&account, account.clone());
        assert_eq!(provider.person(&kept), person);
        match provider.way() {
            Way::Days(days) => drop(days.synced_until(&account, crate::model::Zone::named("Asia/Tokyo").unwrap())),
            Way::Activities(lists) => {
                let chosen = super::chosen_resources(*provider, &ProviderSettings::default()).unwrap();
                assert!(lists.feeds(&account, &chosen).iter().all(|feed| !feed.resource.is_empty()));
                assert!(lists.account_requests(&chosen, &account, &Default::default()) < 1_000_000);
            }
        }
    }
});
