//! Any bytes as an answer of Strava.

use super::{account, parts};
use crate::fuzzing::fuzz_target;
use crate::json::Json;
use crate::model::{JsonText, Resources};
use crate::providers::Part;
use crate::providers::fuzz::answer;

fuzz_target!(strava_answer, |bytes| {
    let answer = answer(bytes);
    let what = "an activity";
    let told =
        [parts::detail(&answer, "9007199254740993", what), parts::streams(&answer, what), parts::list(&answer, what)];
    for told in told {
        match told {
            Ok(Part::Told(text)) => assert!(Json::parse(text.as_bytes()).is_ok()),
            Ok(Part::Absent(reason)) => assert!(!reason.is_empty()),
            Ok(Part::NotYet) => {}
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    if let Ok(Part::Told(text)) = parts::detail(&answer, "9007199254740993", what) {
        let account = Resources::from([("athlete".to_owned(), text)]);
        assert_eq!(account::person(&account).as_deref(), Some("9007199254740993"));
    }
    if let Ok(json) = Json::parse(answer.body.as_slice()) {
        let held = ["athlete", "gear", "routes"].map(|name| (name.to_owned(), JsonText::of(json.root())));
        let asked = account::gear_to_ask(&Resources::from(held), &Default::default());
        assert!(asked.len() <= answer.body.len());
    }
});
