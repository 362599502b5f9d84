//! Entries of lists, of any bytes.
#![allow(clippy::unwrap_used)]

use super::entry::{Reader, place};
use crate::fuzzing::{fuzz_target, parts};
use crate::json::Json;
use crate::model::{Day, JsonText, Resources};
use crate::providers::{Way, provider};

// The name of the part says the service.
fuzz_target!(entries, |bytes| {
    let user = br#"{"fitness_activities":"/a","weight":"/w"}"#;
    let account = Resources::from([("user".to_owned(), JsonText::parse(user).unwrap())]);
    let all = ["fitness_activities", "weight", "list", "detail"].map(str::to_owned);
    for (kind, text) in parts(bytes) {
        let (Some(provider), Ok(json)) = (provider(&kind), Json::parse(text)) else { continue };
        let Way::Activities(lists) = provider.way() else { continue };
        let rules = &provider.description().rules;
        for feed in lists.feeds(&account, &all) {
            let mut reader = Reader::new(&feed, rules);
            for item in json.root().items() {
                match reader.entry(item) {
                    Err(unplaced) => assert!(!unplaced.problem.is_empty()),
                    Ok(entry) => {
                        let (start, _, id) = place(&feed, item);
                        assert_eq!((start[..10].parse::<Day>(), &id), (Ok(entry.day), &entry.id));
                        let spelled = Json::parse(item.canonical()).unwrap();
                        let again = reader.entry(spelled.root()).unwrap();
                        assert_eq!((again.id, again.substance), (entry.id, entry.substance));
                    }
                }
            }
        }
    }
});
