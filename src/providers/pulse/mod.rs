//! Pulse, a service that does not exist: the worked example of the README, built and tried with the tests.

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Identity, Json, Kind, RecordRules};
use crate::model::{
    AppProof, CountHeader, Description, Export, JsonText, QuotaWindow, Resource, Resources, SignIn, Zone,
    no_more_than_its_status,
};

use super::reading::{malformed, parse_as};
use super::{Answer, Ask, DayAnswer, DayProvider, Opening, Provider, Told, Way};

pub struct Pulse;

static DESCRIPTION: Description = Description {
    kind: "pulse",
    title: "Pulse",
    today: "works; any account may register an app (2026-11)",
    costs: "nothing",
    export: Export { from: "pulse.example/me/export", file: "pulse.zip" },
    origin: "https://api.pulse.example",
    closes: None,
    gone: None,
    api_alone: None,
    sign_in: SignIn {
        authorize: "/oauth/authorize",
        token: "/oauth/token",
        app: AppProof::Basic,
        pkce: true,
        revoke: None,
        scopes: &["beats"],
        more_scopes: &[],
        scope_separator: " ",
        parameters: &[],
        lasts: None,
        less_than_asked: "days come without what was not allowed",
        refusal: no_more_than_its_status,
        register: "https://pulse.example/apps",
        takes_new_apps: true,
    },
    quota: &[QuotaWindow {
        name: "minute",
        seconds: 60,
        requests: 100,
        limit_header: "x-limit",
        count_header: CountHeader::Remaining("x-left"),
        reset_header: None,
        place: 0,
        late: 0,
    }],
    resources: &[Resource { name: "beats", by_default: true, about: "heart beats, a record a minute" }],
    rules: RecordRules {
        // What tells records apart, and what changes without the data changing.
        identities: &[Identity { array: "beats/samples", keys: &["time"] }],
        volatile: &["beats/fetched_at"],
    },
};

impl Provider for Pulse {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    /// `{"id": "ada", "since": "2026-10-01"}`
    fn open<'a>(&'a self, session: &'a Session) -> Answer<'a, Result<Opening, FetchError>> {
        Box::pin(async move {
            let answer = session.get("/v1/me", &[]).await?;
            let json = parse_as(DESCRIPTION.title, &answer, "the account", Kind::Object)?;
            let account = Resources::from([("me".to_owned(), JsonText::of(json.root()))]);
            let first_day = json.root().get("since").and_then(|since| since.as_str()?.parse().ok());
            let zone = session.settings().time_zone.unwrap_or(Zone::UTC);
            let person = self.person(&account);
            Ok(Opening { account, person, first_day, zone, troubles: Vec::new() })
        })
    }

    fn person(&self, account: &Resources) -> Option<String> {
        let me = Json::parse(account.get("me")?.as_bytes()).ok()?;
        Some(me.root().get("id")?.as_str()?.into_owned())
    }

    fn way(&self) -> Way<'_> {
        Way::Days(self)
    }
}

impl DayProvider for Pulse {
    fn reach(&self, _resource: &str) -> u32 {
        1
    }

    /// `{"date": "2026-10-02", "samples": [{"time": "06:15", "beats": 61}]}`
    fn fetch<'a>(&'a self, session: &'a Session, ask: Ask<'a>) -> Answer<'a, Result<Vec<DayAnswer>, FetchError>> {
        Box::pin(async move {
            let day = ask.range.first;
            let answer = session.get(&format!("/v1/beats/{day}"), &[]).await?;
            let json = parse_as(DESCRIPTION.title, &answer, &format!("the beats of {day}"), Kind::Object)?;
            // An answer of another day must never be kept as this one's.
            if json.root().get("date").and_then(|date| date.as_str()).as_deref() != Some(&*day.to_string()) {
                return Err(malformed(&answer, format!("Pulse's answer for {day} is of another day")));
            }
            Ok(vec![DayAnswer { day, outcome: Ok(Told::Data(JsonText::of(json.root()))) }])
        })
    }
}
