//! What Google's refusals mean, and what to do about them.

use super::TITLE;
use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind, Value};
use crate::model::Refusal;
use crate::providers::reading::{own_words, parse_as};

/// Where a person sees which apps may read their account.
const CONNECTIONS: &str = "https://myaccount.google.com/connections";

/// A refusal that does not end the run.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum No {
    /// The sign-in does not open it.
    NotGranted,
    /// The sign-in should open it, as far as is known, and does not.
    Forbidden(String),
    /// The data type cannot be asked for in this way.
    NotOffered,
    /// The filter is not taken.
    Filter(String),
    /// The range of days is not taken.
    Range(String),
    /// The account is not ready for it.
    NotReady(String),
    /// Anything else, in words.
    Other(String),
}

impl No {
    /// What it means and what to do, as the reason why a day failed.
    pub fn words(self, what: &str) -> String {
        match self {
            No::NotGranted => format!("the sign-in to {TITLE} does not allow {what}"),
            No::NotOffered => format!("{TITLE} does not offer {what}"),
            No::Forbidden(words) => format!(
                "{TITLE} refuses {what} ({words}), though the sign-in allows it: \
                 take fitsnap off the list at {CONNECTIONS} and sign in again"
            ),
            No::Filter(words) => {
                format!("{TITLE} does not take the filter for {what} ({words}): a newer fitsnap may know how to ask")
            }
            No::Range(words) => format!("{TITLE} does not take the days asked for, of {what} ({words})"),
            No::NotReady(words) | No::Other(words) => format!("{TITLE} refuses {what} ({words})"),
        }
    }
}

/// An error of Google's shape: `{"error": {"code", "message", "status", "details": [{"reason"}]}}`.
struct Said {
    message: String,
    status: String,
    reasons: Vec<String>,
}

impl Said {
    fn of(json: &Json) -> Option<Said> {
        let error = json.root().get("error").filter(|error| error.kind() == Kind::Object)?;
        let word = |value: Value<'_>, name: &str| value.get(name).and_then(|word| word.as_str().map(Into::into));
        let details = error.get("details").into_iter().flat_map(Value::items);
        Some(Said {
            message: word(error, "message").unwrap_or_default(),
            status: word(error, "status").unwrap_or_default(),
            reasons: details.filter_map(|detail| word(detail, "reason")).collect(),
        })
    }

    fn has(&self, reason: &str) -> bool {
        self.reasons.iter().any(|said| said.starts_with(reason))
    }

    /// `400 INVALID_TIME_RANGE: The range is too long`.
    fn words(&self, status: u16) -> String {
        let word = self.reasons.first().unwrap_or(&self.status);
        let parts = [status.to_string(), word.clone()].into_iter().filter(|part| !part.is_empty());
        let head = parts.collect::<Vec<_>>().join(" ");
        match own_words(self.message.as_bytes()) {
            Some(message) => format!("{head}: {message}"),
            None => head,
        }
    }
}

/// What an answer with a status of 400 or above means for the whole sign-in.
pub(super) fn meaning(status: u16, body: &[u8]) -> Option<Refusal> {
    let json = Json::parse(body.to_vec()).ok()?;
    // The sign-in's own address says its errors in another shape.
    if let Some(error) = json.root().get("error").and_then(|error| error.as_str()) {
        return (error == "invalid_grant").then(|| {
            Refusal::SignIn(
                "Google no longer accepts the saved sign-in: it was taken back, not used for 6 months, or is older \
                 than 7 days and the app's consent screen is still in testing"
                    .to_owned(),
            )
        });
    }
    let said = Said::of(&json)?;
    if said.has("ACCOUNT_NOT_LINKED") {
        return Some(Refusal::SignIn(
            "this Google Account is not linked to Google Health: sign in with it once in the Google Health app \
             (formerly Fitbit), or at https://fitbit.google.com/auth/signup"
                .to_owned(),
        ));
    }
    if status == 403 && said.has("SERVICE_DISABLED") {
        return Some(Refusal::SignIn(
            "the Google Health API is switched off in the app's Google Cloud project: switch it on at \
             https://console.cloud.google.com/apis/library/health.googleapis.com and wait some minutes"
                .to_owned(),
        ));
    }
    None
}

/// Parses an answer to the question for `what`, or tells what its refusal means. `is_told` says whether
/// it is known that the sign-in allows it.
///
/// # Errors
/// `Malformed` for a 2xx that is no JSON object.
pub(super) fn read(answer: &Answer, what: &str, is_told: bool) -> Result<Result<Json, No>, FetchError> {
    let is_good = (200..=299).contains(&answer.status);
    if is_good {
        match parse_as(TITLE, answer, what, Kind::Object) {
            // An error all the same.
            Err(FetchError::Refused { .. }) => {}
            read => return read.map(Ok),
        }
    }
    let json = Json::parse(answer.body.clone()).ok();
    let said = json.as_ref().and_then(Said::of);
    let words = match &said {
        Some(said) => said.words(answer.status),
        None if is_good => "it tells an error".to_owned(),
        None if answer.status == 404 => "404: there is no such address".to_owned(),
        None => answer.status.to_string(),
    };
    let has = |reason: &str| said.as_ref().is_some_and(|said| said.has(reason));
    Ok(Err(match answer.status {
        403 if has("ACCESS_TOKEN_SCOPE_INSUFFICIENT") || !is_told => No::NotGranted,
        403 => No::Forbidden(words),
        400 if has("INVALID_DATA_POINT_FILTER") => No::Filter(words),
        400 if has("INVALID_TIME_RANGE") => No::Range(words),
        400 if words.contains("data type") && words.contains("not supported") => No::NotOffered,
        412 => No::NotReady(words),
        _ => No::Other(words),
    }))
}

/// A refusal that concerns the whole account: without it nothing else can be asked.
pub(super) fn of_account(no: No, what: &str) -> FetchError {
    let reason = match no {
        No::NotReady(words) => {
            format!("this Google Account has no {TITLE} profile yet ({words}): sign in with it once in the {TITLE} app")
        }
        No::Forbidden(_) | No::NotGranted => format!(
            "{TITLE} refuses {what} (403): the sign-in was taken back, or the account is still one of the old \
             Fitbit; take fitsnap off the list at {CONNECTIONS} and sign in again"
        ),
        no => return FetchError::Refused { reason: no.words(what) },
    };
    FetchError::SignIn { reason }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        let content_type = Some(if body.starts_with('<') { "text/html" } else { "application/json" }.to_owned());
        Answer { status, content_type, body: body.as_bytes().to_vec() }
    }

    fn error(reason: &str, message: &str) -> String {
        format!(
            "{{\"error\":{{\"code\":400,\"message\":\"{message}\",\"status\":\"FAILED\",\
             \"details\":[{{\"@type\":\"a\"}},{{\"reason\":\"{reason}\"}}]}}}}"
        )
    }

    #[test]
    fn refusals_are_told_apart() {
        let of = |status, body: &str, is_told| read(&answer(status, body), "steps", is_told).unwrap().unwrap_err();
        assert_eq!(of(403, &error("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "no"), true), No::NotGranted);
        assert_eq!(of(403, &error("X", "no"), false), No::NotGranted);
        assert_eq!(of(403, &error("X", "no"), true), No::Forbidden("403 X: no".into()));
        assert_eq!(of(400, &error("", "The data type ID x is not supported."), true), No::NotOffered);
        assert!(matches!(of(400, &error("INVALID_DATA_POINT_FILTER_RESTRICTION", "no"), true), No::Filter(_)));
        assert!(matches!(of(400, &error("INVALID_TIME_RANGE", "no"), true), No::Range(_)));
        assert_eq!(of(412, "", true), No::NotReady("412".into()));
        assert_eq!(of(404, "<html>Error 404</html>", true), No::Other("404: there is no such address".into()));
        assert_eq!(of(400, "<html>", true), No::Other("400".into()));
        assert_eq!(of(200, &error("X", "no"), true), No::Other("200 X: no".into()));
        assert!(read(&answer(200, "<html>"), "steps", true).is_err());
    }

    #[test]
    fn what_concerns_the_whole_sign_in_says_what_to_do() {
        let said = |status, body: &str| match meaning(status, body.as_bytes()) {
            Some(Refusal::SignIn(reason)) => reason,
            other => format!("{other:?}"),
        };
        assert!(said(400, "{\"error\":\"invalid_grant\"}").contains("7 days"));
        assert!(said(400, &error("ACCOUNT_NOT_LINKED", "x")).contains("Google Health app"));
        assert!(said(403, &error("SERVICE_DISABLED", "x")).contains("switch it on"));
        for (status, body) in [(400, "{\"error\":\"invalid_client\"}"), (403, "<html>"), (400, "[]")] {
            assert_eq!(meaning(status, body.as_bytes()), None, "{body}");
        }
        assert_eq!(meaning(403, error("X", "no").as_bytes()), None);
    }
}
