//! What differs between any two documents.

use super::{RULES, differ};
use crate::fuzzing::{fuzz_target, parts};
use crate::json::Json;

fuzz_target!(difference, |bytes| {
    let document = |(_, text): (String, &[u8])| {
        let text = std::str::from_utf8(text).ok().filter(|text| !text.contains("\\u") && Json::parse(*text).is_ok())?;
        let whole =
            format!("{{\"date\":\"2015-07-05\",\"provider\":\"moves\",\"resources\":{{\"storyline\":{text}}}}}");
        Json::parse(whole.as_str()).is_ok().then_some(whole)
    };
    let documents: Vec<String> = parts(bytes).into_iter().filter_map(document).collect();
    if let [old, new, ..] = documents.as_slice() {
        let there = differ(old, new, &RULES);
        let back = differ(new, old, &RULES);
        assert_eq!(there.edits.is_empty(), back.edits.is_empty());
        assert_eq!(differ(old, old, &RULES).edits, []);
    }
});
