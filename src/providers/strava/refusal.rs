//! What Strava's refusals mean, by its own words: `{"message": …, "errors": [{"resource", "field", "code"}]}`.

use crate::json::Json;
use crate::model::Refusal;

/// What an answer of 400 or above means beyond its status.
pub(super) fn meaning(status: u16, body: &[u8]) -> Option<Refusal> {
    let json = Json::parse(body.to_vec()).ok()?;
    let error = json.root().get("errors")?.items().next()?;
    let word = |name: &str| error.get(name).and_then(|word| word.as_str()).unwrap_or_default().into_owned();
    let (resource, field, code) = (word("resource"), word("field"), word("code"));
    match (status, resource.as_str(), field.as_str(), code.as_str()) {
        (403, "Application", "Status", "Inactive") => Some(Refusal::Gone(
            "Strava has switched this API app off: since 2026-06-30 the owner of an app needs a paid Strava \
             subscription. Without one, the bulk export is still to be had (strava.com, Settings, My Account, \
             Download or Delete Your Account)"
                .to_owned(),
        )),
        (401, "AccessToken", permission, "missing") => Some(Refusal::SignIn(format!(
            "the sign-in to Strava does not allow {}",
            permission.trim_end_matches("_permission")
        ))),
        (400, "RefreshToken", ..) => {
            Some(Refusal::SignIn("Strava no longer accepts the saved sign-in (revoked or expired)".to_owned()))
        }
        (400, "RequestToken" | "AuthorizationCode", ..) => Some(Refusal::SignIn(
            "Strava no longer accepts the code (used already, too old, or of another app)".to_owned(),
        )),
        (400 | 401, "Application", "client_id" | "client_secret", _) => Some(Refusal::SignIn(
            "Strava does not know the app: client id and secret must be those of strava.com/settings/api".to_owned(),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(status: u16, resource: &str, field: &str, code: &str) -> Option<Refusal> {
        let body = format!(
            "{{\"message\":\"No\",\"errors\":[{{\"resource\":\"{resource}\",\"field\":\"{field}\",\"code\":\"{code}\"}}]}}"
        );
        meaning(status, body.as_bytes())
    }

    #[test]
    fn refusals_that_need_the_person_are_told_apart_from_those_that_pass() {
        let gone = of(403, "Application", "Status", "Inactive");
        assert!(
            matches!(gone, Some(Refusal::Gone(words)) if words.contains("subscription") && words.contains("export"))
        );
        let scope = of(401, "AccessToken", "activity:read_permission", "missing");
        assert_eq!(scope, Some(Refusal::SignIn("the sign-in to Strava does not allow activity:read".to_owned())));
        for resource in ["RefreshToken", "RequestToken", "AuthorizationCode"] {
            assert!(matches!(of(400, resource, "code", "invalid"), Some(Refusal::SignIn(_))), "{resource}");
        }
        // An expired token is renewed first; a missing page is just that.
        assert_eq!(of(401, "Athlete", "access_token", "invalid"), None);
        assert_eq!(of(401, "Application", "", "invalid"), None);
        assert_eq!(of(404, "resource", "path", "invalid"), None);
        assert_eq!(meaning(403, b"<html>"), None);
        assert_eq!(meaning(404, b""), None);
    }
}
