//! What has no day: who it is, profile, settings, devices; and what they tell of the days.

use chrono::{DateTime, Utc};

use super::civil;
use super::pages::{How, List, On};
use super::refusal::{self, No};
use super::types::{IRN, PROFILE, SETTINGS};
use super::{TITLE, since};
use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Json, Value};
use crate::model::{Day, JsonText, Resources, Zone};
use crate::providers::Opening;
use crate::providers::grant::Grant;

/// Asks for the account. What the sign-in does not open is left out; what could not be asked for is told
/// as a trouble, but for that without which nothing goes on: the identity, and what tells since when there is
/// anything and which day it is, unless the archive's settings do.
///
/// # Errors
/// As [`Session::get`]; `SignIn` where the account as a whole is refused.
pub(super) async fn open(session: &Session) -> Result<Opening, FetchError> {
    let mut account = Resources::new();
    let mut troubles = Vec::new();
    let answer = session.get("/v4/users/me/identity", &[]).await?;
    let identity =
        refusal::read(&answer, "the identity", false)?.map_err(|no| refusal::of_account(no, "the identity"))?;
    account.insert("identity".to_owned(), JsonText::of(identity.root()));
    let person = person(&account).ok_or_else(|| FetchError::Malformed {
        reason: format!("{TITLE}'s answer is no identity: it has no healthUserId"),
        body: answer.body.clone(),
        divisible: false,
    })?;
    let grant = Grant::of(session);
    let (since, time_zone) = (session.settings().since, session.settings().time_zone);
    for (name, scope) in [("profile", PROFILE), ("settings", SETTINGS), ("devices", SETTINGS), ("irnProfile", IRN)] {
        if grant.denies(scope) {
            continue;
        }
        match part(session, name, grant.tells(scope)).await {
            Ok(Ok(part)) => drop(account.insert(name.to_owned(), part)),
            Ok(Err(No::NotGranted)) => {}
            // Who never enrolled has none.
            Ok(Err(_)) if name == "irnProfile" => {}
            Ok(Err(no @ No::NotReady(_))) => return Err(refusal::of_account(no, name)),
            Ok(Err(no)) => troubles.push(no.words(&format!("the {name}"))),
            // Guessed wrongly, days would be archived as empty that there never were.
            Err(error) if (name == "profile" && since.is_none()) || (name == "settings" && time_zone.is_none()) => {
                return Err(error);
            }
            Err(
                FetchError::Malformed { reason, .. }
                | FetchError::Refused { reason }
                | FetchError::Unreachable { reason },
            ) => troubles.push(reason),
            Err(error) => return Err(error),
        }
    }
    let zone = parsed(&account, "settings").and_then(|settings| zone(settings.root()));
    let zone = zone.or(time_zone).unwrap_or(Zone::UTC);
    let member_since = parsed(&account, "profile").and_then(|profile| membership(profile.root()));
    let first_day = match (member_since, since) {
        (Some(day), _) => Some(day),
        (None, Some(_)) => None,
        (None, None) => since::first_month(session, zone).await?,
    };
    Ok(Opening { account, person: Some(person), first_day, zone, troubles })
}

async fn part(session: &Session, name: &str, is_granted: bool) -> Result<Result<JsonText, No>, FetchError> {
    if name != "devices" {
        let answer = session.get(&format!("/v4/users/me/{name}"), &[]).await?;
        let what = format!("the {name}");
        return match refusal::read(&answer, &what, is_granted)? {
            // An error told with a good status passes; it is no lasting refusal.
            Err(no) if answer.status < 400 => Err(FetchError::Refused { reason: no.words(&what) }),
            read => Ok(read.map(|json| JsonText::of(json.root()))),
        };
    }
    let ask = How::Get(&[("pageSize", "100")]);
    let list =
        List { path: "/v4/users/me/pairedDevices", what: "the devices", items: "pairedDevices", is_granted, ask };
    let mut devices: Vec<(String, JsonText)> = Vec::new();
    let read = list.read(session, |items| {
        devices.extend(
            items.into_iter().map(|item| (item.get("name").map(Value::line).unwrap_or_default(), JsonText::of(item))),
        );
        Ok(On::Next)
    });
    let read = read.await?;
    devices.sort_by(|one, other| one.0.cmp(&other.0));
    Ok(read.map(|()| JsonText::array(devices.iter().map(|(_, text)| text))))
}

/// Whose account it is.
pub(super) fn person(account: &Resources) -> Option<String> {
    Some(parsed(account, "identity")?.root().get("healthUserId")?.as_str()?.into_owned())
}

fn parsed(account: &Resources, name: &str) -> Option<Json> {
    Json::parse(account.get(name)?.as_bytes()).ok()
}

/// The zone of the settings by its name, else by its offset.
pub(super) fn zone(settings: Value<'_>) -> Option<Zone> {
    let named = settings.get("timeZone").and_then(|name| name.as_str()).and_then(|name| Zone::named(&name));
    let fixed = || i32::try_from(civil::seconds(settings.get("utcOffset")?)?).ok().and_then(Zone::fixed);
    named.or_else(fixed)
}

/// The day the account was made. The profile may leave it out, or tell only the year.
pub(super) fn membership(profile: Value<'_>) -> Option<Day> {
    let date = profile.get("membershipStartDate")?;
    let part = |name: &str| date.get(name).and_then(Value::as_i64).and_then(|number| u32::try_from(number).ok());
    let or_first = |name: &str| part(name).filter(|number| *number > 0).unwrap_or(1);
    Day::new(i32::try_from(part("year")?).ok()?, or_first("month"), or_first("day"))
}

/// When a tracker last handed over what it recorded. Trackers put away long ago do not count, and
/// scales say nothing of a day.
pub(super) fn synced_until(account: &Resources) -> Option<DateTime<Utc>> {
    let devices = parsed(account, "devices")?;
    let is_tracker =
        |device: &Value<'_>| device.get("deviceType").and_then(|kind| kind.as_str()).as_deref() != Some("SCALE");
    let synced = |device: Value<'_>| DateTime::parse_from_rfc3339(&device.get("lastSyncTime")?.as_str()?).ok();
    Some(devices.root().items().filter(is_tracker).filter_map(synced).max()?.to_utc())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json {
        Json::parse(text).unwrap()
    }

    #[test]
    fn the_zone_is_named_or_an_offset() {
        let zone = |text: &str| zone(json(text).root());
        assert_eq!(zone("{\"timeZone\":\"Europe/Helsinki\",\"utcOffset\":\"3600s\"}"), Zone::named("Europe/Helsinki"));
        assert_eq!(zone("{\"timeZone\":\"Mars/Base\",\"utcOffset\":\"-18000s\"}"), Zone::fixed(-18_000));
        assert_eq!(zone("{}"), None);
    }

    #[test]
    fn a_membership_may_be_told_in_part_or_not_at_all() {
        let day = |text: &str| membership(json(text).root()).map(|day| day.to_string());
        assert_eq!(
            day("{\"membershipStartDate\":{\"year\":2019,\"month\":2,\"day\":3}}").as_deref(),
            Some("2019-02-03")
        );
        assert_eq!(day("{\"membershipStartDate\":{\"year\":2019}}").as_deref(), Some("2019-01-01"));
        assert_eq!(day("{\"age\":50}"), None);
    }

    #[test]
    fn the_tracker_that_synced_last_tells_until_when_days_are_whole() {
        let until = |text: &str| {
            let account = Resources::from([("devices".to_owned(), JsonText::of(json(text).root()))]);
            synced_until(&account).map(|time| time.to_rfc3339())
        };
        let devices = "[{\"deviceType\":\"SCALE\",\"lastSyncTime\":\"2026-11-21T06:00:00Z\"},\
                        {\"deviceType\":\"TRACKER\",\"lastSyncTime\":\"2026-11-19T22:30:00Z\"},\
                        {\"deviceType\":\"TRACKER\",\"lastSyncTime\":\"2021-01-01T00:00:00Z\"},\
                        {\"deviceType\":\"TRACKER\",\"lastSyncTime\":\"soon\"},{\"deviceType\":\"TRACKER\"}]";
        assert_eq!(until(devices).as_deref(), Some("2026-11-19T22:30:00+00:00"));
        assert_eq!(until("[]"), None);
    }
}
