//! Asking the Health Graph: the type that each answer must have, its letters, its times, its refusals.

use chrono::NaiveDateTime;

use crate::auth::Session;
use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind, Value};
use crate::model::Refusal;
use crate::providers::reading::parse_as;

const TITLE: &str = "Runkeeper";

/// Asks for what stands at an address of the Health Graph, in its type (`FitnessActivityFeed`).
pub(super) async fn ask(
    session: &Session,
    address: &str,
    kind: &str,
    what: &str,
    shape: Kind,
) -> Result<Json, FetchError> {
    let accept = format!("application/vnd.com.runkeeper.{kind}+json");
    let answer = session.get_as(address, &[], Some(&accept)).await?;
    parse_as(TITLE, &in_utf8(answer), what, shape)
}

/// Whether nothing stands at an address any more.
pub(super) async fn is_gone(session: &Session, address: &str, kind: &str) -> Result<bool, FetchError> {
    let accept = format!("application/vnd.com.runkeeper.{kind}+json");
    let answer = session.get_as(address, &[], Some(&accept)).await?;
    if answer.status == 404 {
        return Ok(true);
    }
    parse_as(TITLE, &in_utf8(answer), address, Kind::Object).map(|_| false)
}

/// Recorded answers say that they are in Latin-1, and are.
pub(super) fn in_utf8(mut answer: Answer) -> Answer {
    let kind = answer.content_type.as_deref().unwrap_or_default();
    if kind.contains("charset=iso-8859-1") || kind.contains("charset=\"iso-8859-1\"") {
        answer.body = answer.body.iter().map(|byte| char::from(*byte)).collect::<String>().into_bytes();
    }
    answer
}

/// The local start of an entry: `Sat, 1 Jan 2011 00:00:00`, without a zone.
pub(super) fn start(entry: Value<'_>) -> Option<String> {
    let text = ["start_time", "startTime", "timestamp"].into_iter().find_map(|name| entry.get(name)?.as_str())?;
    // The day of the week is told wrongly now and then, and says nothing.
    let (_, date) = text.split_once(',')?;
    let time = NaiveDateTime::parse_from_str(date.trim(), "%d %b %Y %H:%M:%S").ok()?;
    Some(time.format("%Y-%m-%dT%H:%M:%S").to_string())
}

/// What a refusal means, by its words: `{"reason": "Revoked"}`.
pub(super) fn refusal(status: u16, body: &[u8]) -> Option<Refusal> {
    let json = Json::parse(body.to_vec()).ok()?;
    let reason = json.root().get("reason")?.as_str()?.into_owned();
    match status {
        403 if reason == "Revoked" => {
            Some(Refusal::SignIn("the permission was taken back at Runkeeper (Revoked)".to_owned()))
        }
        429 => Some(Refusal::TooOften(too_often(&reason))),
        _ => None,
    }
}

/// How long a limit lasts: `rate limit is 5000 calls per 15 minutes`, `300000 calls per days1`.
fn too_often(reason: &str) -> u32 {
    const USUAL: u32 = 900;
    let Some((_, per)) = reason.to_ascii_lowercase().rsplit_once(" per ").map(|(a, b)| (a.to_owned(), b.to_owned()))
    else {
        return USUAL;
    };
    let digits: String = per.chars().filter(char::is_ascii_digit).collect();
    let unit = [("second", 1), ("minute", 60), ("hour", 3_600), ("day", 86_400)];
    let unit = unit.into_iter().find(|(word, _)| per.contains(word)).map(|(_, seconds)| seconds);
    let count = digits.parse::<u32>().unwrap_or(1).max(1);
    unit.map_or(USUAL, |unit| count.saturating_mul(unit).min(86_400))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn times_are_wall_clock_times_in_english() {
        let of = |text: &str| start(Json::parse(format!("{{\"start_time\":\"{text}\"}}")).unwrap().root());
        assert_eq!(of("Sat, 1 Jan 2011 00:00:00").as_deref(), Some("2011-01-01T00:00:00"));
        assert_eq!(of("Mon, 10 Oct 2011 01:31:47").as_deref(), Some("2011-10-10T01:31:47"));
        assert_eq!(of("Fri, 31 Feb 2011 00:00:00"), None);
        assert_eq!(of("2011-01-01T00:00:00"), None);
    }

    #[test]
    fn a_limit_lasts_as_long_as_its_text_says() {
        let of = |text: &str| refusal(429, format!("{{\"reason\":\"Rate-limit exceeded. {text}\"}}").as_bytes());
        assert_eq!(of("rate limit is 5000 calls per 15 minutes"), Some(Refusal::TooOften(900)));
        assert_eq!(of("rate limit is 300000 calls per days1"), Some(Refusal::TooOften(86_400)));
        assert_eq!(of("rate limit is 10 calls per 30 seconds"), Some(Refusal::TooOften(30)));
        assert_eq!(of("wait"), Some(Refusal::TooOften(900)));
        assert!(matches!(
            refusal(403, b"{\"reason\":\"Revoked\",\"delete_health\":\"true\"}"),
            Some(Refusal::SignIn(_))
        ));
        assert_eq!(refusal(403, b"{\"reason\":\"Insufficient permission\"}"), None);
    }

    #[test]
    fn latin_1_is_read_where_the_header_says_so() {
        let kind = |kind: &str| Some(format!("application/vnd.com.runkeeper.user+json;charset={kind}"));
        let latin = Answer { status: 200, content_type: kind("iso-8859-1"), body: vec![b'"', 0xe4, b'"'] };
        assert_eq!(in_utf8(latin).body, "\"ä\"".as_bytes());
        let plain = Answer { status: 200, content_type: kind("utf-8"), body: "\"ä\"".as_bytes().to_vec() };
        assert_eq!(in_utf8(plain).body, "\"ä\"".as_bytes());
    }
}
