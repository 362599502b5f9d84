//! Any bytes as an answer of Fitbit.

use super::endpoint::{Cut, Shape};
use super::{account, cut, lists, table, tracks};
use crate::fuzzing::{fuzz_target, parts};
use crate::json::Json;
use crate::model::{DayRange, Resources, Zone};
use crate::providers::Opening;
use crate::providers::fuzz::{answer, assert_days, range};

// The name of the part says the resource.
fuzz_target!(fitbit_answer, |bytes| {
    for (resource, bytes) in parts(bytes) {
        let answer = answer(bytes);
        let Some(endpoint) = table::endpoint(&resource) else {
            let Ok(json) = Json::parse(answer.body.as_slice()) else { continue };
            let (account, zone) = (Resources::new(), Zone::UTC);
            let mut opening = Opening { account, person: None, first_day: None, zone, troubles: Vec::new() };
            if account::read_profile(json.root(), &mut opening).is_ok() {
                assert!(opening.person.is_some());
            }
            continue;
        };
        match endpoint.cut {
            Cut::Answer(shape) => {
                let first = range().first;
                let range = if endpoint.reach > 1 { range() } else { DayRange { first, last: first } };
                let member = match shape {
                    Shape::Daily => "dateTime",
                    Shape::Records { day, .. } => day,
                    // They are kept whole.
                    Shape::Samples { .. } | Shape::Whole { .. } => "",
                };
                match cut::read(endpoint, shape, &answer, range) {
                    Ok(days) => assert_days(&days, range, |record| cut::day_of(record, member)),
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
            }
            Cut::Pages(pages) | Cut::Tracks(pages) => {
                let Ok(json) = Json::parse(answer.body.as_slice()) else { continue };
                if let Ok((records, next)) = lists::page(&json, "/1/user/-/activities/list.json", pages) {
                    assert!(next.is_none_or(|next| next.len() <= answer.body.len()));
                    assert_days(&lists::by_day(&records, range()), range(), |one| cut::day_of(one, pages.day));
                }
                if let Ok(track) = tracks::track(&answer, "the track") {
                    assert!(Json::parse(track.as_bytes()).is_ok_and(|text| text.root().as_str().is_some()));
                }
            }
        }
    }
});
