//! What every provider's answer must be before it is looked at: JSON with status 2xx.

use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind};

/// How much of a provider's own words goes into a message.
const WORDS_LIMIT: usize = 200;

/// Parses an answer, or tells why it is none. `title` is the service, `what` the thing asked for.
///
/// # Errors
/// `Refused` for a 4xx and for an object that tells an error, `Malformed` for what is no JSON.
pub(super) fn parse(title: &str, answer: &Answer, what: &str) -> Result<Json, FetchError> {
    if !(200..=299).contains(&answer.status) {
        let words = own_words(&answer.body).map(|words| format!(": {words}")).unwrap_or_default();
        return Err(FetchError::Refused { reason: format!("{title} refuses {what} ({}){words}", answer.status) });
    }
    let start = answer.body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    let page = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/html"));
    match start {
        None => Err(malformed(answer, format!("{title} answered nothing to {what}"))),
        Some(b'<') => Err(malformed(answer, format!("{title} answered {what} with a web page"))),
        Some(_) if page => Err(malformed(answer, format!("{title} answered {what} with a web page"))),
        Some(_) => {
            let json = Json::parse(answer.body.clone()).map_err(|error| {
                spoilt(answer, format!("{title}'s answer to {what} is no JSON that can be kept: {error}"))
            })?;
            // Some say an error with status 200; kept, it would stand for the data.
            let root = json.root();
            let errors = root.get("errors").is_some_and(|errors| !errors.is_empty());
            if errors || root.get("error").is_some() {
                let words = own_words(&answer.body).unwrap_or_else(|| "it tells an error".to_owned());
                return Err(FetchError::Refused { reason: format!("{title} refuses {what}: {words}") });
            }
            Ok(json)
        }
    }
}

/// Parses an answer that must be of a kind.
///
/// # Errors
/// As [`parse`], and `Malformed` for another kind of value.
pub(super) fn parse_as(title: &str, answer: &Answer, what: &str, kind: Kind) -> Result<Json, FetchError> {
    let json = parse(title, answer, what)?;
    if json.root().kind() == kind {
        return Ok(json);
    }
    let wanted = if kind == Kind::Array { "list" } else { "object" };
    Err(malformed(answer, format!("{title}'s answer to {what} is no {wanted}")))
}

/// An answer of the right kind that has something wrong in it: of several days it may be one alone.
pub(super) fn spoilt(answer: &Answer, reason: String) -> FetchError {
    FetchError::Malformed { reason, body: answer.body.clone(), divisible: true }
}

/// An answer that cannot be used.
pub(super) fn malformed(answer: &Answer, reason: String) -> FetchError {
    FetchError::Malformed { reason, body: answer.body.clone(), divisible: false }
}

/// What the provider itself says is wrong: the members of an error object and its codes, or a short text.
pub(super) fn own_words(body: &[u8]) -> Option<String> {
    let words = match Json::parse(body.to_vec()) {
        Ok(json) => {
            let said = json.root();
            let word = |name: &str| said.get(name).map(|value| value.as_str().map_or_else(|| value.line(), Into::into));
            let words: Vec<String> =
                ["error", "error_description", "message", "reason"].into_iter().filter_map(word).collect();
            let codes = said.get("errors").into_iter().flat_map(|errors| errors.items().collect::<Vec<_>>());
            let code = |one: crate::json::Value<'_>| {
                let part = |name: &str| one.get(name).and_then(|text| text.as_str()).unwrap_or_default().into_owned();
                // Fitbit's words of tokens quote them.
                match part("errorType").as_str() {
                    "" => {}
                    "validation" => return part("message"),
                    kind => return kind.to_owned(),
                }
                format!("{}/{}/{}", part("resource"), part("field"), part("code"))
            };
            words.into_iter().chain(codes.map(code)).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(", ")
        }
        Err(_) => std::str::from_utf8(body).ok().filter(|text| !text.trim_start().starts_with('<'))?.trim().to_owned(),
    };
    if words.is_empty() {
        return None;
    }
    let short: String = words.chars().take(WORDS_LIMIT).collect();
    Some(if short.len() < words.len() { format!("{short}...") } else { short })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str) -> String {
        let answer = Answer { status, content_type: None, body: body.as_bytes().to_vec() };
        match parse_as("Strava", &answer, "the list", Kind::Array) {
            Ok(json) => format!("{} items", json.root().len()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn what_is_no_json_of_the_kind_wanted_says_what_it_is() {
        assert_eq!(said(200, "[1,2]"), "2 items");
        for (status, body, words) in [
            (200, "", "nothing"),
            (200, "<html>", "web page"),
            (200, "{}", "is no list"),
            (200, "[1,", "no JSON"),
            (200, "{\"error\":\"internal_error\"}", "refuses the list: internal_error"),
            (200, "{\"errors\":[{\"errorType\":\"system\"}],\"success\":false}", "refuses the list: system"),
            (200, "{\"error\":{\"code\":500}}", "refuses the list: "),
            (200, "{\"errors\":[]}", "is no list"),
            (404, "", "refuses the list (404)"),
            (404, "{\"message\":\"Record Not Found\",\"errors\":[]}", "(404): Record Not Found"),
            (
                400,
                "{\"message\":\"Bad Request\",\"errors\":[{\"resource\":\"Application\",\"field\":\"after\",\"code\":\"future\"}]}",
                "Bad Request, Application/after/future",
            ),
            (403, "{\"reason\":\"Insufficient permission\"}", "Insufficient permission"),
            (400, "{\"errors\":[{\"errorType\":\"validation\",\"message\":\"Invalid date\"}]}", "Invalid date"),
            (401, "{\"errors\":[{\"errorType\":\"expired_token\",\"message\":\"hush\"}]}", "list (401): expired_token"),
            (400, "<html>no</html>", "refuses the list (400)"),
        ] {
            let said = said(status, body);
            assert!(said.contains(words), "{body}: {said}");
        }
    }
}
