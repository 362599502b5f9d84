//! What has no day: the person, the devices, goals and lifetime.

use chrono::{DateTime, NaiveDateTime, Utc};

use super::TITLE;
use super::refusal::absence;
use crate::auth::Session;
use crate::http::{Answer, FetchError};
use crate::json::{Json, Kind, Value};
use crate::model::{Day, JsonText, Resources, Zone};
use crate::providers::Opening;
use crate::providers::grant::Grant;
use crate::providers::reading::{malformed, parse_as};

const PROFILE: &str = "profile";
const DEVICES: &str = "devices";

/// What else is kept of the account: its name, address and scope.
const MORE: [(&str, &str, &str); 10] = [
    ("lifetime", "/1/user/-/activities.json", "activity"),
    ("badges", "/1/user/-/badges.json", "profile"),
    ("activity_goals_daily", "/1/user/-/activities/goals/daily.json", "activity"),
    ("activity_goals_weekly", "/1/user/-/activities/goals/weekly.json", "activity"),
    ("sleep_goal", "/1.2/user/-/sleep/goal.json", "sleep"),
    ("weight_goal", "/1/user/-/body/log/weight/goal.json", "weight"),
    ("fat_goal", "/1/user/-/body/log/fat/goal.json", "weight"),
    ("food_goal", "/1/user/-/foods/log/goal.json", "nutrition"),
    ("water_goal", "/1/user/-/foods/log/water/goal.json", "nutrition"),
    ("irn_profile", "/1/user/-/irn/profile.json", "irregular_rhythm_notifications"),
];

/// What changes from day to day without the person or Fitbit changing anything.
pub(super) const VOLATILE: &[&str] = &[
    "profile/user/age",
    "profile/user/averageDailySteps",
    "profile/user/weight",
    "profile/user/avatar",
    "profile/user/avatar150",
    "profile/user/avatar640",
    "profile/user/topBadges",
    // Where the person is now and in which season: it counts when something else changes too.
    "profile/user/offsetFromUTCMillis",
    "devices/*/lastSyncTime",
    "devices/*/battery",
    "devices/*/batteryLevel",
    "lifetime/lifetime",
    "badges/badges/*/cheers",
];

/// Asks for all of it. What was not granted is left out; of the rest, person and devices must come.
pub(super) async fn open(session: &Session) -> Result<Opening, FetchError> {
    let grant = Grant::of(session);
    let mut account = Resources::new();
    let mut opening = Opening {
        account: Resources::new(),
        person: None,
        first_day: None,
        zone: session.settings().time_zone.unwrap_or(Zone::UTC),
        troubles: Vec::new(),
    };
    if !grant.denies(PROFILE) {
        let answer = session.get("/1/user/-/profile.json", &[]).await?;
        if absence(&answer).is_none() {
            let json = parse_as(TITLE, &answer, "the profile", Kind::Object)?;
            read_profile(json.root(), &mut opening)
                .map_err(|problem| malformed(&answer, format!("{TITLE}'s answer is no profile: {problem}")))?;
            account.insert(PROFILE.to_owned(), JsonText::of(json.root()));
        }
    }
    if !grant.denies("settings") {
        let answer = session.get("/1/user/-/devices.json", &[]).await?;
        if absence(&answer).is_none() {
            let json = parse_as(TITLE, &answer, "the devices", Kind::Array)?;
            account.insert(DEVICES.to_owned(), JsonText::of(json.root()));
        }
    }
    for (name, path, scope) in MORE {
        if grant.denies(scope) {
            continue;
        }
        match session.get(path, &[]).await.and_then(|answer| one(&answer, name)) {
            Ok(told) => account.extend(told.map(|text| (name.to_owned(), text))),
            Err(
                FetchError::Malformed { reason, .. }
                | FetchError::Refused { reason }
                | FetchError::Unreachable { reason },
            ) => opening.troubles.push(reason),
            Err(error) => return Err(error),
        }
    }
    Ok(Opening { account, ..opening })
}

/// One of the others; none where the person has no such thing.
fn one(answer: &Answer, name: &str) -> Result<Option<JsonText>, FetchError> {
    if answer.status >= 400 {
        return Ok(None);
    }
    let json = parse_as(TITLE, answer, &format!("the {}", name.replace('_', " ")), Kind::Object)?;
    Ok(Some(JsonText::of(json.root())))
}

pub(super) fn read_profile(root: Value<'_>, opening: &mut Opening) -> Result<(), &'static str> {
    let user = root.get("user").filter(|user| user.kind() == Kind::Object).ok_or("\"user\" is missing")?;
    let word = |name: &str| user.get(name).and_then(|word| word.as_str());
    opening.person = Some(word("encodedId").ok_or("\"encodedId\" is missing")?.into_owned());
    opening.first_day = match word("memberSince") {
        Some(day) => Some(day.parse::<Day>().map_err(|_| "\"memberSince\" is no day")?),
        None => None,
    };
    let offset = || user.get("offsetFromUTCMillis")?.as_i64().and_then(|ms| i32::try_from(ms / 1_000).ok());
    let told = word("timezone").and_then(|name| Zone::named(&name)).or_else(|| offset().and_then(Zone::fixed));
    opening.zone = told.unwrap_or(opening.zone);
    Ok(())
}

/// Whose account it is.
pub(super) fn person(account: &Resources) -> Option<String> {
    word(account, "encodedId")
}

/// How a message calls the person.
pub(super) fn called(account: &Resources) -> Option<String> {
    let id = person(account)?;
    let name = word(account, "displayName").filter(|name| !name.is_empty());
    Some(name.map_or_else(|| id.clone(), |name| format!("{name} ({id})")))
}

fn word(account: &Resources, name: &str) -> Option<String> {
    let profile = Json::parse(account.get(PROFILE)?.as_bytes()).ok()?;
    Some(profile.root().get("user")?.get(name)?.as_str()?.into_owned())
}

/// When a tracker last handed over what it recorded; several may be worn in turn. A scale says nothing of days.
pub(super) fn synced_until(account: &Resources, zone: Zone) -> Option<DateTime<Utc>> {
    let devices = Json::parse(account.get(DEVICES)?.as_bytes()).ok()?;
    let time = |device: Value<'_>| {
        let word = |name: &str| device.get(name).and_then(|word| word.as_str());
        word("type").filter(|kind| kind == "TRACKER")?;
        NaiveDateTime::parse_from_str(&word("lastSyncTime")?, "%Y-%m-%dT%H:%M:%S%.f").ok()
    };
    devices.root().items().filter_map(time).max().map(|local| zone.moment(local))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn opening() -> Opening {
        let (account, zone) = (Resources::new(), Zone::UTC);
        Opening { account, person: None, first_day: None, zone, troubles: Vec::new() }
    }

    fn profile(user: &str) -> Result<Opening, &'static str> {
        let mut opening = opening();
        let json = Json::parse(format!("{{\"user\":{user}}}")).unwrap();
        read_profile(json.root(), &mut opening).map(|()| opening)
    }

    #[test]
    fn the_profile_tells_person_first_day_and_zone() {
        let told = profile(
            "{\"encodedId\":\"ABC\",\"memberSince\":\"2014-01-06\",\"timezone\":\"Europe/London\",\"offsetFromUTCMillis\":0}",
        )
        .unwrap();
        assert_eq!((told.person.as_deref(), told.zone), (Some("ABC"), Zone::named("Europe/London").unwrap()));
        assert_eq!(told.first_day.unwrap().to_string(), "2014-01-06");
        let told =
            profile("{\"encodedId\":\"A\",\"timezone\":\"Mars/Base\",\"offsetFromUTCMillis\":-25200000}").unwrap();
        assert_eq!((told.zone, told.first_day), (Zone::fixed(-25_200).unwrap(), None));
        assert!(profile("{}").unwrap_err().contains("encodedId"));
        assert!(profile("{\"encodedId\":\"A\",\"memberSince\":\"2014-02-30\"}").unwrap_err().contains("memberSince"));
        assert!(profile("[]").unwrap_err().contains("user"));
    }

    #[test]
    fn the_latest_of_the_trackers_counts_in_the_persons_zone() {
        let devices = |text: &str| {
            let json = Json::parse(text).unwrap();
            let account = Resources::from([(DEVICES.to_owned(), JsonText::of(json.root()))]);
            synced_until(&account, Zone::named("Europe/Helsinki").unwrap()).map(|time| time.to_rfc3339())
        };
        let list = "[{\"type\":\"TRACKER\",\"lastSyncTime\":\"2015-07-10T21:30:00.000\"},\
                     {\"type\":\"TRACKER\",\"lastSyncTime\":\"2015-03-01T08:00:00.000\"},\
                     {\"type\":\"SCALE\",\"lastSyncTime\":\"2015-07-11T07:00:00.000\"}]";
        assert_eq!(devices(list).as_deref(), Some("2015-07-10T18:30:00+00:00"));
        assert_eq!(devices("[{\"type\":\"SCALE\",\"lastSyncTime\":\"2015-07-11T07:00:00.000\"}]"), None);
        assert_eq!(devices("[{\"type\":\"TRACKER\"},{\"type\":\"TRACKER\",\"lastSyncTime\":\"soon\"}]"), None);
    }
}
