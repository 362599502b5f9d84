//! What Fitbit's refusals mean. Their shape is `{"errors":[{"errorType","fieldName","message"}]}`.

use crate::http::Answer;
use crate::json::Json;
use crate::model::Refusal;
use crate::providers::NOT_GRANTED;

/// Why nothing can be had any more, with the way on.
const GONE: &str = "Fitbit has switched its Web API off (410 Gone), as it announced for 2026-11-02; the way on is the \
                    Google Health API (fitsnap login googlehealth), and what you have of Fitbit comes in from a Google \
                    Takeout: fitsnap import fitbit TAKEOUT.zip";

/// The word for a resource that the person's devices do not record.
pub(super) const NOT_OFFERED: &str = "not offered";

/// What an answer of 400 or above means beyond its status. Fitbit's own words quote tokens: they are not
/// repeated.
pub(super) fn meaning(status: u16, body: &[u8]) -> Option<Refusal> {
    if status == 410 {
        return Some(Refusal::Gone(GONE.to_owned()));
    }
    let says = |kind: &str| errors(body).iter().any(|error| error.kind == kind);
    if says("invalid_grant") {
        let reason = "Fitbit no longer accepts the code or the saved sign-in (used already, too old or revoked)";
        return Some(Refusal::SignIn(reason.to_owned()));
    }
    if says("invalid_client") {
        let reason = "Fitbit does not know this app by its client id and secret";
        return Some(Refusal::SignIn(reason.to_owned()));
    }
    None
}

/// Why an answer means that the resource is lastingly not to be had, if it does.
pub(super) fn absence(answer: &Answer) -> Option<&'static str> {
    let errors = errors(&answer.body);
    match answer.status {
        // A scope or a permission is missing. A page instead of errors may come from anyone on the way.
        403 if !errors.is_empty() => Some(NOT_GRANTED),
        // Trackers without an altimeter have neither floors nor elevation.
        400 if errors.iter().any(|error| error.kind == "validation" && error.words.contains("resource path")) => {
            Some(NOT_OFFERED)
        }
        _ => None,
    }
}

struct Fault {
    kind: String,
    words: String,
}

fn errors(body: &[u8]) -> Vec<Fault> {
    let Ok(json) = Json::parse(body) else { return Vec::new() };
    let errors = json.root().get("errors").into_iter().flat_map(|errors| errors.items().collect::<Vec<_>>());
    let faults = errors.filter_map(|error| {
        let word = |name: &str| error.get(name).and_then(|word| word.as_str()).map(|word| word.into_owned());
        Some(Fault { kind: word("errorType")?, words: word("message").unwrap_or_default() })
    });
    faults.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn fault(kind: &str, message: &str) -> String {
        format!("{{\"errors\":[{{\"errorType\":\"{kind}\",\"message\":\"{message}\"}}],\"success\":false}}")
    }

    #[test]
    fn refusals_say_whether_to_sign_in_or_to_go_elsewhere_and_no_token() {
        let said = meaning(400, fault("invalid_grant", "Refresh token invalid: hush").as_bytes());
        assert!(matches!(said, Some(Refusal::SignIn(words)) if !words.contains("hush")));
        let Some(Refusal::Gone(words)) = meaning(410, b"") else { panic!("410 is no end") };
        assert!(["2026-11-02", "googlehealth", "fitsnap import fitbit"].iter().all(|word| words.contains(word)));
        assert_eq!(meaning(403, fault("insufficient_scope", "").as_bytes()), None);
        assert_eq!(meaning(400, b"<html>"), None);
    }

    #[test]
    fn only_fitbits_own_words_make_a_resource_absent() {
        let absent = |status, body: String| absence(&Answer { status, content_type: None, body: body.into_bytes() });
        assert_eq!(absent(403, fault("insufficient_scope", "no permission")), Some(NOT_GRANTED));
        assert_eq!(absent(403, fault("insufficient_permissions", "API client is not authorized")), Some(NOT_GRANTED));
        let floors = "Invalid time series resource path: /activities/floors";
        assert_eq!(absent(400, fault("validation", floors)), Some(NOT_OFFERED));
        assert_eq!(absent(400, fault("validation", "Invalid date: 2015-02-30")), None);
        assert_eq!(absent(403, "<html>blocked</html>".to_owned()), None);
        assert_eq!(absent(404, fault("not_found", "")), None);
    }
}
