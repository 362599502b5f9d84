//! Strava (strava.com), API v3. The list of all activities is walked in every sync; detail, streams and
//! whatever else the settings name are asked for one activity at a time.

mod account;
#[cfg(test)]
mod fuzz;
mod parts;
mod refusal;
mod twins;

use std::collections::BTreeSet;

use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Identity, Kind, RecordRules, Value};
use crate::model::{
    ApiAlone, AppProof, CountHeader, Description, Export, JsonText, QuotaWindow, Resource, Resources, Revocation,
    SignIn, Twins, Zone,
};

use super::reading::parse_as;
use super::{ActivityProvider, Answer, Feed, Next, Opening, Page, Part, Provider, Way};

const TITLE: &str = "Strava";

/// The scope without which private activities are left out of the list, and their addresses say 404.
const ALL_ACTIVITIES: &str = "activity:read_all";

/// The most that a page may hold.
const PER_PAGE: &str = "200";

/// The service.
pub struct Strava;

static DESCRIPTION: Description = Description {
    kind: "strava",
    title: TITLE,
    today: "answers; since 2026-06-30 only apps whose owner pays for a Strava subscription. \
            From 2027-01-04 its API is announced at https://api-v3.strava.com too, which base_url reaches",
    costs: "a Strava subscription of the app's owner; the export is free",
    export: Export {
        from: "https://www.strava.com, Settings, My Account, Download or Delete Your Account",
        file: "export_12345678.zip",
    },
    origin: "https://www.strava.com",
    closes: None,
    gone: None,
    // Announced in June 2026 for 2027-01-04, under the one name or the other.
    api_alone: Some(ApiAlone { hosts: &["api-v3.strava.com", "www.api-v3.strava.com"], without: "/api/v3" }),
    sign_in: SignIn {
        authorize: "/oauth/authorize",
        token: "/oauth/token",
        app: AppProof::Form,
        pkce: false,
        // The older /oauth/deauthorize ends on 2027-06-01.
        revoke: Some(Revocation::Standard("/oauth/revoke")),
        scopes: &["read_all", "profile:read_all", ALL_ACTIVITIES],
        more_scopes: &[],
        scope_separator: ",",
        parameters: &[],
        lasts: None,
        less_than_asked: "without activity:read_all the archive silently lacks private activities, \
                          without the others private routes, gear and zones",
        refusal: refusal::meaning,
        register: "https://www.strava.com/settings/api",
        takes_new_apps: true,
    },
    // Windows begin on the quarter hour, days at midnight UTC; everything that fitsnap asks is a read.
    quota: &[
        quota("quarter hour", 900, 100, READ, 0),
        quota("day", 86_400, 1_000, READ, 1),
        quota("quarter hour", 900, 200, ALL, 0),
        quota("day", 86_400, 2_000, ALL, 1),
    ],
    resources: &[
        resource("list", true, "the activity as the list tells it; always kept, it says which activity it is"),
        resource("detail", true, "description, calories, laps, splits, segment efforts, gear"),
        resource("streams", true, "time, position, altitude, heart rate, power and so on, every point"),
        resource("gear", true, "bikes and shoes, the retired ones too (in account.json)"),
        resource("athlete", true, "the profile, and the zones of heart rate and power (in account.json)"),
        resource("laps", false, "laps on their own; detail has them too"),
        resource("zones", false, "time in each zone of an activity (subscribers only)"),
        resource("comments", false, "comments"),
        resource("kudos", false, "who gave kudos, as far as Strava tells"),
        resource("photos", false, "what is known of photos, not the pictures"),
        resource("routes", false, "planned routes (in account.json)"),
    ],
    rules: RecordRules {
        identities: &[
            Identity { array: "activities", keys: &["list/id"] },
            Identity { array: "activities/*/detail/splits_metric", keys: &["split"] },
            Identity { array: "activities/*/detail/splits_standard", keys: &["split"] },
            // Their ids are new every time Strava reckons them again; a distance has one best effort.
            Identity { array: "activities/*/detail/best_efforts", keys: &["name"] },
            Identity { array: "activities/*/photos", keys: &["unique_id"] },
            Identity { array: "activities/*/zones", keys: &["type"] },
            Identity { array: "**/laps", keys: &["id"] },
            Identity { array: "**/segment_efforts", keys: &["id"] },
            Identity { array: "activities/*/comments", keys: &["id"] },
            Identity { array: "export~1activities", keys: &["Activity ID"] },
            Identity { array: "export~1local_times", keys: &["Activity ID"] },
            Identity { array: "export~1files", keys: &["file"] },
            Identity { array: "export~1route_files", keys: &["file"] },
            Identity { array: "gear", keys: &["id"] },
            Identity { array: "routes", keys: &["id"] },
            Identity { array: "athlete/bikes", keys: &["id"] },
            Identity { array: "athlete/shoes", keys: &["id"] },
            Identity { array: "athlete/clubs", keys: &["id"] },
        ],
        volatile: &[
            // What others do: it goes on for years and says nothing of the activity.
            "activities/*/*/kudos_count",
            "activities/*/*/comment_count",
            "activities/*/*/has_kudoed",
            "activities/*/detail/highlighted_kudosers",
            // Differs between two requests of one minute (1 or 193 for the same race).
            "activities/*/*/athlete_count",
            // Grows with every later activity that is alike.
            "activities/*/detail/similar_activities",
            // A copy of the gear as it is today: account.json has it.
            "activities/*/detail/gear",
            // Addresses of pictures move from host to host.
            "activities/*/detail/photos/primary/urls",
            "activities/*/photos/*/urls",
            "activities/*/photos/*/placeholder_image",
            // Follow the other people's efforts on the segment, not this one.
            "**/segment/athlete_segment_stats",
            "**/segment/athlete_pr_effort",
            "**/segment/effort_count",
            "**/segment/athlete_count",
            "**/segment/star_count",
            // The athlete among others, and pictures of them.
            "athlete/follower_count",
            "athlete/friend_count",
            "athlete/mutual_friend_count",
            "athlete/profile",
            "athlete/profile_medium",
            "athlete/updated_at",
            "athlete/clubs/*/member_count",
            "athlete/clubs/*/profile",
            "athlete/clubs/*/profile_medium",
            "athlete/clubs/*/cover_photo",
            "athlete/clubs/*/cover_photo_small",
        ],
    },
};

/// Headers of the limits on reading, and of those on all requests.
const READ: (&str, &str) = ("x-readratelimit-limit", "x-readratelimit-usage");
const ALL: (&str, &str) = ("x-ratelimit-limit", "x-ratelimit-usage");

const fn quota(
    name: &'static str,
    seconds: u32,
    requests: u32,
    headers: (&'static str, &'static str),
    place: usize,
) -> QuotaWindow {
    let (limit_header, used) = headers;
    QuotaWindow {
        name,
        seconds,
        requests,
        limit_header,
        count_header: CountHeader::Used(used),
        reset_header: None,
        place,
        late: 0,
    }
}

const fn resource(name: &'static str, by_default: bool, about: &'static str) -> Resource {
    Resource { name, by_default, about }
}

impl Provider for Strava {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn open<'a>(&'a self, session: &'a Session) -> Answer<'a, Result<Opening, FetchError>> {
        Box::pin(async move {
            let answer = session.get("/api/v3/athlete", &[]).await?;
            let json = parse_as(TITLE, &answer, "the athlete", Kind::Object)?;
            let account = Resources::from([("athlete".to_owned(), JsonText::of(json.root()))]);
            let person = account::person(&account);
            if person.is_none() {
                let reason = "Strava's answer is no athlete: it has no id".to_owned();
                return Err(super::reading::malformed(&answer, reason));
            }
            // The athlete has no zone; each activity says its own local time.
            let zone = session.settings().time_zone.unwrap_or(Zone::UTC);
            Ok(Opening { account, person, first_day: None, zone, troubles: Vec::new() })
        })
    }

    fn person(&self, account: &Resources) -> Option<String> {
        account::person(account)
    }

    fn called(&self, account: &Resources) -> Option<String> {
        account::called(account)
    }

    fn kept(&self, held: &Resources, mut told: Resources) -> Resources {
        if account::depth(held) > account::depth(&told) {
            told.remove("athlete");
        }
        told
    }

    fn way(&self) -> Way<'_> {
        Way::Activities(self)
    }

    fn twins(&self) -> &'static [Twins] {
        twins::TWINS
    }
}

impl ActivityProvider for Strava {
    fn feeds(&self, _: &Resources, _: &[String]) -> Vec<Feed> {
        vec![Feed {
            resource: "activities".to_owned(),
            place: "/api/v3/athlete/activities".to_owned(),
            key: "id",
            parts: &["detail", "streams", "laps", "zones", "comments", "kudos", "photos"],
            is_bare: false,
            start,
            kinds: &["type", "sport_type"],
            mentions: Some("gear_id"),
        }]
    }

    fn page<'a>(
        &'a self,
        session: &'a Session,
        feed: &'a Feed,
        at: Option<&'a str>,
    ) -> Answer<'a, Result<Page, FetchError>> {
        Box::pin(async move {
            let page = at.unwrap_or("1");
            let answer = session.get(&feed.place, &[("page", page), ("per_page", PER_PAGE)]).await?;
            let json = parse_as(TITLE, &answer, &format!("page {page} of the activities"), Kind::Array)?;
            // A short page is not said to be the end, so only an empty one is taken for it.
            let after = (page.parse::<u64>().unwrap_or(1) + 1).to_string();
            let next = if json.root().is_empty() { Next::EmptyBefore(after) } else { Next::At(after) };
            Ok(Page { json, member: None, next, size: None })
        })
    }

    fn part<'a>(
        &'a self,
        session: &'a Session,
        _: &'a Feed,
        id: &'a str,
        part: &'a str,
    ) -> Answer<'a, Result<Part, FetchError>> {
        Box::pin(parts::ask(session, id, part))
    }

    fn part_requests(&self, part: &str) -> u64 {
        parts::requests(part)
    }

    fn is_gone<'a>(&'a self, session: &'a Session, _: &'a Feed, id: &'a str) -> Answer<'a, Result<bool, FetchError>> {
        Box::pin(async move {
            let answer = session.get(&format!("/api/v3/activities/{id}"), &[]).await?;
            if answer.status == 404 {
                return Ok(true);
            }
            parse_as(TITLE, &answer, &format!("activity {id}"), Kind::Object).map(|_| false)
        })
    }

    fn account<'a>(
        &'a self,
        session: &'a Session,
        resources: &'a [String],
        held: &'a Resources,
        mentioned: &'a BTreeSet<String>,
    ) -> Answer<'a, Result<Resources, FetchError>> {
        Box::pin(account::ask(session, resources, held, mentioned))
    }

    fn account_requests(&self, resources: &[String], held: &Resources, mentioned: &BTreeSet<String>) -> u64 {
        account::requests(resources, held, mentioned)
    }

    fn covers(&self, seen_under: &str, now: &str) -> bool {
        let scopes = |text: &str| -> BTreeSet<String> { text.split([',', ' ']).map(str::to_owned).collect() };
        let (seen, now) = (scopes(seen_under), scopes(now));
        // Only the scopes on activities decide what the list shows.
        let about = |scope: &&String| scope.starts_with("activity:") || scope.starts_with("sign-in:");
        now.contains(ALL_ACTIVITIES)
            || (!seen_under.is_empty() && seen.iter().filter(about).all(|one| now.contains(one)))
    }
}

/// `start_date_local` is the wall clock with a `Z` that does not belong there.
fn start(entry: Value<'_>) -> Option<String> {
    Some(entry.get("start_date_local")?.as_str()?.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrower_or_unknown_grant_does_not_cover_a_wider_one() {
        let covers = |seen, now| Strava.covers(seen, now);
        assert!(covers("read,activity:read", "activity:read,read"));
        assert!(covers("", "read,activity:read_all"));
        assert!(covers("sign-in:a", "sign-in:a"));
        assert!(!covers("activity:read_all", "activity:read"));
        assert!(!covers("activity:read_all", "sign-in:a"));
        assert!(!covers("sign-in:a", "sign-in:b"));
        assert!(!covers("", "activity:read"));
    }
}
