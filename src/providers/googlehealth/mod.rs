//! Google Health (health.googleapis.com), API v4, the successor of the Fitbit Web API. Points are asked
//! for by civil day and kept in the days of the person; totals of days stand beside them.

mod account;
mod civil;
#[cfg(test)]
mod fuzz;
mod pages;
mod points;
mod refusal;
mod since;
mod totals;
mod tracks;
mod types;

use chrono::{DateTime, Utc};

use crate::auth::Session;
use crate::http::FetchError;
use crate::json::RecordRules;
use crate::model::{
    AppProof, CountHeader, DayRange, Description, Export, QuotaWindow, Resources, Revocation, SignIn, Zone,
};

use super::grant::Grant;
use super::halves::by_halves;
use super::{Answer, Ask, DayAnswer, DayProvider, NOT_GRANTED, Opening, Provider, Told, Way};

use refusal::No;
use types::{DataType, How};

const TITLE: &str = "Google Health";

/// The service.
pub struct GoogleHealth;

static DESCRIPTION: Description = Description {
    kind: "googlehealth",
    title: TITLE,
    today: "answers since 2026-03-24, and is what the Fitbit Web API became; an app needs a Google Cloud project of \
            your own, and in autumn 2026 Google took no new ones for a while",
    costs: "nothing",
    export: Export { from: "https://takeout.google.com, Fitbit (or Google Health)", file: "takeout-*.zip" },
    origin: "https://health.googleapis.com",
    closes: None,
    gone: None,
    api_alone: None,
    sign_in: SignIn {
        authorize: "https://accounts.google.com/o/oauth2/v2/auth",
        app: AppProof::Form,
        pkce: true,
        token: "https://oauth2.googleapis.com/token",
        revoke: Some(Revocation::Token("https://oauth2.googleapis.com/revoke")),
        scopes: types::SCOPES,
        more_scopes: types::MORE_SCOPES,
        scope_separator: " ",
        // Without the second a repeated sign-in brings no refresh token.
        parameters: &[("access_type", "offline"), ("prompt", "consent")],
        less_than_asked: "days come without what was not allowed",
        lasts: Some(
            "fitsnap renews it every hour by itself; it ends when you take it back, after 6 months without a sync, \
             and after 7 days as long as the app's consent screen is in testing (publish it to lift that)",
        ),
        refusal: refusal::meaning,
        register: "https://console.cloud.google.com/apis/credentials (an OAuth client of the type Desktop app, \
                   with the Google Health API switched on)",
        takes_new_apps: true,
    },
    quota: &[QuotaWindow {
        name: "minute",
        seconds: 60,
        requests: 300,
        limit_header: "",
        count_header: CountHeader::Untold,
        reset_header: None,
        place: 0,
        late: 0,
    }],
    resources: &types::RESOURCES,
    rules: RecordRules {
        identities: &types::IDENTITIES,
        volatile: &[
            // Follow the last synchronisation, the charger, the calendar.
            "devices/*/lastSyncTime",
            "devices/*/batteryLevel",
            "devices/*/batteryStatus",
            "irnProfile/updateTime",
            "profile/age",
            "settings/utcOffset",
            // Says when the service reckoned a record again, not that anything came of it.
            "sleep/*/sleep/updateTime",
            "sleep/*/sleep/stages/*/updateTime",
            "sleep/*/sleep/shortAwakenings/*/updateTime",
            "exercise/*/exercise/updateTime",
        ],
    },
};

impl Provider for GoogleHealth {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn open<'a>(&'a self, session: &'a Session) -> Answer<'a, Result<Opening, FetchError>> {
        Box::pin(account::open(session))
    }

    fn person(&self, account: &Resources) -> Option<String> {
        account::person(account)
    }

    fn way(&self) -> Way<'_> {
        Way::Days(self)
    }
}

impl DayProvider for GoogleHealth {
    fn reach(&self, resource: &str) -> u32 {
        types::data_type(resource).map_or(1, |kind| kind.reach)
    }

    fn requests(&self, resource: &str, range: DayRange) -> u64 {
        types::data_type(resource).map_or(1, |kind| kind.pages(range.len()))
    }

    fn synced_until(&self, account: &Resources, _: Zone) -> Option<DateTime<Utc>> {
        account::synced_until(account)
    }

    fn fetch<'a>(&'a self, session: &'a Session, ask: Ask<'a>) -> Answer<'a, Result<Vec<DayAnswer>, FetchError>> {
        Box::pin(async move {
            let Some(kind) = types::data_type(ask.resource) else { return Ok(Vec::new()) };
            by_halves(ask.range, async |range| fetch(session, kind, &Ask { range, ..ask }).await).await
        })
    }
}

async fn fetch(session: &Session, kind: &DataType, ask: &Ask<'_>) -> Result<Vec<DayAnswer>, FetchError> {
    let every = |outcome: Result<Told, String>| {
        ask.range.days().map(|day| DayAnswer { day, outcome: outcome.clone() }).collect()
    };
    if Grant::of(session).denies(kind.scope) {
        return Ok(every(Ok(Told::Absent(NOT_GRANTED))));
    }
    let told = match kind.how {
        How::Points(time, ways) => points::ask(session, kind, (time, ways), ask).await?,
        How::Totals => totals::ask(session, kind, ask.range).await?,
        How::Tracks => tracks::ask(session, kind, ask).await?,
    };
    match told {
        Ok(days) => Ok(days),
        Err(No::NotGranted) => Ok(every(Ok(Told::Absent(NOT_GRANTED)))),
        Err(No::NotOffered) => Ok(every(Ok(Told::Absent("not offered")))),
        Err(no @ No::NotReady(_)) => Err(refusal::of_account(no, ask.resource)),
        // Each day alone would be refused in the same way.
        Err(no) => Ok(every(Err(no.words(ask.resource)))),
    }
}
