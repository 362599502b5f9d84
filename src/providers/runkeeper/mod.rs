//! Runkeeper's Health Graph (runkeeper.com), as its documentation and recordings of 2011 to 2021 show it.
//! Everything is found from `/user`: each feed is a list by pages, and goes to its own days under the
//! name that `/user` gives it. Whether it still answers could not be established.

mod answer;
mod changes;
#[cfg(test)]
mod fuzz;
mod twins;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Identity, Json, Kind, RecordRules};
use crate::model::{AppProof, Description, Export, JsonText, Resource, Resources, Revocation, SignIn, Twins, Zone};

use super::{ActivityProvider, Answer, Changes, Feed, Next, Opening, Page, Part, Provider, Way};
use answer::{ask, refusal, start};

/// The service.
pub struct Runkeeper;

/// What the Health Graph calls the things it keeps: the name in `/user`, the type of the feed, that of
/// an item where the feed's entry is not all there is.
const FEEDS: [(&str, &str, Option<&str>); 8] = [
    ("fitness_activities", "FitnessActivityFeed", Some("FitnessActivity")),
    ("strength_training_activities", "StrengthTrainingActivityFeed", Some("StrengthTrainingActivity")),
    ("background_activities", "BackgroundActivitySetFeed", None),
    ("sleep", "SleepSetFeed", None),
    ("nutrition", "NutritionSetFeed", None),
    ("weight", "WeightSetFeed", None),
    ("general_measurements", "GeneralMeasurementSetFeed", None),
    ("diabetes", "DiabetesMeasurementSetFeed", None),
];

/// What has no day: the name in `/user` and its type.
const ACCOUNT: [(&str, &str); 3] = [("profile", "Profile"), ("settings", "Settings"), ("records", "Records")];

/// Without it the feed ends at the day of the request, and what is dated later is left out.
const FAR_AHEAD: &str = "2099-12-31";

static DESCRIPTION: Description = Description {
    kind: "runkeeper",
    title: "Runkeeper",
    today: "no new apps since 2018; whether the API still answers the old ones is not known",
    costs: "nothing",
    export: Export { from: "https://runkeeper.com, Settings, Export Data", file: "runkeeper-export.zip" },
    origin: "https://api.runkeeper.com",
    closes: None,
    gone: None,
    api_alone: None,
    sign_in: SignIn {
        authorize: "https://runkeeper.com/apps/authorize",
        token: "https://runkeeper.com/apps/token",
        app: AppProof::Form,
        pkce: false,
        revoke: Some(Revocation::AccessToken("https://runkeeper.com/apps/de-authorize")),
        // What an app may see was chosen when it was registered.
        scopes: &[],
        more_scopes: &[],
        scope_separator: " ",
        parameters: &[],
        lasts: None,
        less_than_asked: "days come without what was not allowed",
        refusal,
        register: "https://runkeeper.com/partner (closed since 2018)",
        takes_new_apps: false,
    },
    // Limits were given to each app; an answer with status 429 says which.
    quota: &[],
    resources: &[
        resource("fitness_activities", "runs, rides and so on (under the name activities), with path and heart rate"),
        resource("strength_training_activities", "strength training with its exercises"),
        resource("background_activities", "steps and calories of the day"),
        resource("sleep", "sleep"),
        resource("nutrition", "meals and water"),
        resource("weight", "weight and body fat"),
        resource("general_measurements", "blood pressure, cholesterol and so on"),
        resource("diabetes", "glucose and insulin"),
        resource("list", "an activity as its feed tells it; always kept, it says which activity it is"),
        resource("detail", "an activity as its own address tells it"),
        resource("profile", "the profile (in account.json)"),
        resource("settings", "the settings (in account.json)"),
        resource("records", "personal records (in account.json)"),
    ],
    rules: RecordRules {
        identities: &[
            Identity { array: "activities", keys: &["list/uri"] },
            Identity { array: "strength_training_activities", keys: &["list/uri"] },
            Identity { array: "background_activities", keys: &["uri"] },
            Identity { array: "sleep", keys: &["uri"] },
            Identity { array: "export~1activities", keys: &["Date", "Type"] },
            Identity { array: "export~1measurements", keys: &["Date", "Type"] },
            Identity { array: "export~1files", keys: &["file"] },
            Identity { array: "nutrition", keys: &["uri"] },
            Identity { array: "weight", keys: &["uri"] },
            Identity { array: "general_measurements", keys: &["uri"] },
            Identity { array: "diabetes", keys: &["uri"] },
            Identity { array: "activities/*/detail/images", keys: &["timestamp"] },
            Identity { array: "activities/*/detail/*", keys: &["timestamp"] },
            Identity { array: "records", keys: &["activity_type"] },
            Identity { array: "records/*/stats", keys: &["stat_type"] },
        ],
        volatile: &[
            // The neighbours of an activity: they change when another one comes or goes.
            "**/previous",
            "**/next",
            "**/nearest_fitness_activity",
            "**/nearest_strength_training_activity",
            "**/nearest_background_activity",
            "**/nearest_sleep",
            "**/nearest_nutrition",
            "**/nearest_weight",
            "**/nearest_general_measurement",
            "**/nearest_diabetes",
            "**/nearest_teammate_fitness_activities",
            "**/nearest_teammate_strength_training_activities",
            "**/nearest_teammate_background_activities",
            "**/nearest_teammate_sleep",
            "**/nearest_teammate_nutrition",
            "**/nearest_teammate_weight",
            "**/nearest_teammate_general_measurements",
            "**/nearest_teammate_diabetes",
            // Addresses of pictures move from host to host.
            "activities/*/detail/images/*/uri",
            "activities/*/detail/images/*/thumbnail_uri",
            "profile/small_picture",
            "profile/normal_picture",
            "profile/medium_picture",
            "profile/large_picture",
            // This week and last month are others every time.
            "records/*/stats",
        ],
    },
};

const fn resource(name: &'static str, about: &'static str) -> Resource {
    Resource { name, by_default: true, about }
}

impl Provider for Runkeeper {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn open<'a>(&'a self, session: &'a Session) -> Answer<'a, Result<Opening, FetchError>> {
        Box::pin(async move {
            let json = ask(session, "/user", "User", "the user", Kind::Object).await?;
            let account = Resources::from([("user".to_owned(), JsonText::of(json.root()))]);
            let person = self.person(&account);
            if person.is_none() {
                return Err(FetchError::Malformed {
                    reason: "Runkeeper's answer is no user: it has no userID".to_owned(),
                    body: json.root().raw().to_vec(),
                    divisible: false,
                });
            }
            // Times are wall clock times without a zone.
            let zone = session.settings().time_zone.unwrap_or(Zone::UTC);
            Ok(Opening { account, person, first_day: None, zone, troubles: Vec::new() })
        })
    }

    fn person(&self, account: &Resources) -> Option<String> {
        let user = Json::parse(account.get("user")?.as_bytes()).ok()?;
        let id = user.root().get("userID")?;
        Some(id.as_number().or_else(|| id.as_str())?.into_owned())
    }

    fn called(&self, account: &Resources) -> Option<String> {
        let id = self.person(account)?;
        let profile = account.get("profile").and_then(|profile| Json::parse(profile.as_bytes()).ok());
        let name = profile.and_then(|profile| Some(profile.root().get("name")?.as_str()?.into_owned()));
        Some(name.map_or_else(|| id.clone(), |name| format!("{name} ({id})")))
    }

    fn way(&self) -> Way<'_> {
        Way::Activities(self)
    }

    fn twins(&self) -> &'static [Twins] {
        twins::TWINS
    }
}

impl ActivityProvider for Runkeeper {
    fn feeds(&self, account: &Resources, resources: &[String]) -> Vec<Feed> {
        let wants = |name: &str| resources.iter().any(|one| one == name);
        let feeds = FEEDS.iter().filter_map(|(name, _, item)| {
            let is_fitness = *name == "fitness_activities";
            if !wants(name) && !(item.is_some() && (wants("list") || wants("detail"))) {
                return None;
            }
            let place = place(account, name)?;
            Some(Feed {
                resource: if is_fitness { "activities".to_owned() } else { (*name).to_owned() },
                place,
                key: "uri",
                parts: if item.is_some() { &["detail"] } else { &[] },
                is_bare: item.is_none(),
                start,
                kinds: if is_fitness { &["type"] } else { &[] },
                mentions: None,
            })
        });
        feeds.collect()
    }

    fn page<'a>(
        &'a self,
        session: &'a Session,
        feed: &'a Feed,
        at: Option<&'a str>,
    ) -> Answer<'a, Result<Page, FetchError>> {
        Box::pin(async move {
            let first = || format!("{}?pageSize=1000&noLaterThan={FAR_AHEAD}", feed.place);
            let address = at.map_or_else(first, str::to_owned);
            let what = format!("a page of {}", feed.resource);
            let json = ask(session, &address, kind_of(feed).0, &what, Kind::Object).await?;
            let root = json.root();
            if root.get("items").is_none_or(|items| items.kind() != Kind::Array) {
                return Err(FetchError::Malformed {
                    reason: format!("Runkeeper's answer to {what} has no items"),
                    body: root.raw().to_vec(),
                    divisible: false,
                });
            }
            let next = root.get("next").and_then(|next| next.as_str()).filter(|next| !next.is_empty());
            let next = next.map_or(Next::End, |next| Next::At(next.into_owned()));
            let size = root.get("size").and_then(|size| size.as_u64());
            Ok(Page { json, member: Some("items"), next, size })
        })
    }

    fn part<'a>(
        &'a self,
        session: &'a Session,
        feed: &'a Feed,
        id: &'a str,
        part: &'a str,
    ) -> Answer<'a, Result<Part, FetchError>> {
        Box::pin(async move {
            let json = ask(session, id, kind_of(feed).1, &format!("{part} of {id}"), Kind::Object).await?;
            let told = json.root().get("uri").and_then(|uri| uri.as_str());
            if told.is_some_and(|told| told != id) {
                return Err(FetchError::Malformed {
                    reason: format!("Runkeeper's answer to {id} is of another activity"),
                    body: json.root().raw().to_vec(),
                    divisible: false,
                });
            }
            // Some booleans arrive as text.
            let live = json.root().get("is_live");
            let live =
                live.is_some_and(|live| live.as_bool() == Some(true) || live.as_str().as_deref() == Some("true"));
            Ok(if live { Part::NotYet } else { Part::Told(JsonText::of(json.root())) })
        })
    }

    fn is_gone<'a>(
        &'a self,
        session: &'a Session,
        feed: &'a Feed,
        id: &'a str,
    ) -> Answer<'a, Result<bool, FetchError>> {
        Box::pin(answer::is_gone(session, id, kind_of(feed).1))
    }

    fn changes<'a>(
        &'a self,
        session: &'a Session,
        account: &'a Resources,
        since: Option<DateTime<Utc>>,
        now: DateTime<Utc>,
    ) -> Answer<'a, Result<Changes, FetchError>> {
        Box::pin(async move {
            match place(account, "change_log") {
                Some(place) => changes::ask_all(session, &place, since, now).await,
                None => Ok(Changes::default()),
            }
        })
    }

    fn account<'a>(
        &'a self,
        session: &'a Session,
        resources: &'a [String],
        held: &'a Resources,
        _: &'a BTreeSet<String>,
    ) -> Answer<'a, Result<Resources, FetchError>> {
        Box::pin(async move {
            let mut account = Resources::new();
            for (name, kind) in ACCOUNT.iter().filter(|(name, _)| resources.iter().any(|one| one == name)) {
                let Some(place) = place(held, name) else { continue };
                let shape = if *name == "records" { Kind::Array } else { Kind::Object };
                let json = ask(session, &place, kind, &format!("the {name}"), shape).await?;
                if !json.root().is_empty() {
                    account.insert((*name).to_owned(), JsonText::of(json.root()));
                }
            }
            Ok(account)
        })
    }

    fn account_requests(&self, resources: &[String], _: &Resources, _: &BTreeSet<String>) -> u64 {
        ACCOUNT.iter().filter(|(name, _)| resources.iter().any(|one| one == name)).count() as u64
    }

    fn covers(&self, _: &str, _: &str) -> bool {
        // There are no scopes: an app sees what it was registered for, whoever signs in.
        true
    }
}

/// Where `/user` says that something is.
fn place(account: &Resources, name: &str) -> Option<String> {
    let user = Json::parse(account.get("user")?.as_bytes()).ok()?;
    Some(user.root().get(name)?.as_str()?.into_owned())
}

/// The types of a feed and of its items.
fn kind_of(feed: &Feed) -> (&'static str, &'static str) {
    let name = if feed.resource == "activities" { "fitness_activities" } else { feed.resource.as_str() };
    let known = FEEDS.iter().find(|(known, ..)| *known == name);
    known.map_or(("", ""), |(_, feed, item)| (feed, item.unwrap_or_else(|| feed.trim_end_matches("Feed"))))
}
