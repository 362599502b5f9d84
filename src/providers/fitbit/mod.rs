//! Fitbit (fitbit.com), the Web API as its reference and recorded answers show it. Everything that it tells
//! by the day is a line in a table; what is asked in long ranges comes first, the samples cost a request a day.

mod account;
mod cut;
mod endpoint;
#[cfg(test)]
mod fuzz;
mod lists;
mod refusal;
mod table;
mod tracks;

use chrono::{DateTime, Utc};

use crate::auth::Session;
use crate::config::Detail;
use crate::http::FetchError;
use crate::json::RecordRules;
use crate::model::{AppProof, CountHeader, Description, Export, QuotaWindow, Resources, Revocation, SignIn, Zone};

use super::grant::Grant;
use super::halves::by_halves;
use super::{Answer, Ask, DayAnswer, DayProvider, NOT_GRANTED, Opening, Provider, Way};
use endpoint::Cut;

const TITLE: &str = "Fitbit";

/// The service.
pub struct Fitbit;

static DESCRIPTION: Description = Description {
    kind: "fitbit",
    title: TITLE,
    today: "its Web API was announced to be switched off on 2026-11-02 (410 Gone after that); \
            googlehealth is its successor",
    costs: "nothing",
    export: Export { from: "https://takeout.google.com, Fitbit (or Google Health)", file: "takeout-*.zip" },
    origin: "https://api.fitbit.com",
    closes: Some("2026-11-02"),
    gone: None,
    api_alone: None,
    sign_in: SignIn {
        authorize: "https://www.fitbit.com/oauth2/authorize",
        token: "/oauth2/token",
        app: AppProof::Basic,
        pkce: true,
        revoke: Some(Revocation::Standard("/oauth2/revoke")),
        scopes: &[
            "activity",
            "cardio_fitness",
            "electrocardiogram",
            "heartrate",
            "irregular_rhythm_notifications",
            "location",
            "nutrition",
            "oxygen_saturation",
            "profile",
            "respiratory_rate",
            "settings",
            "sleep",
            "temperature",
            "weight",
        ],
        more_scopes: &[],
        scope_separator: " ",
        parameters: &[],
        lasts: None,
        less_than_asked: "days come without what belongs to it, marked as absent; without profile and settings \
                          neither your time zone nor what your tracker has yet to hand over is known",
        refusal: refusal::meaning,
        register: "https://dev.fitbit.com/apps (closed to new apps since 2026)",
        takes_new_apps: false,
    },
    quota: &[QuotaWindow {
        name: "hour",
        seconds: 3_600,
        requests: 150,
        limit_header: "fitbit-rate-limit-limit",
        count_header: CountHeader::Remaining("fitbit-rate-limit-remaining"),
        reset_header: Some("fitbit-rate-limit-reset"),
        place: 0,
        // It tells whole seconds.
        late: 1,
    }],
    resources: &table::RESOURCES,
    rules: RecordRules { identities: &table::IDENTITIES, volatile: &table::VOLATILE },
};

impl Provider for Fitbit {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn open<'a>(&'a self, session: &'a Session) -> Answer<'a, Result<Opening, FetchError>> {
        Box::pin(account::open(session))
    }

    fn person(&self, account: &Resources) -> Option<String> {
        account::person(account)
    }

    fn called(&self, account: &Resources) -> Option<String> {
        account::called(account)
    }

    fn way(&self) -> Way<'_> {
        Way::Days(self)
    }
}

impl DayProvider for Fitbit {
    fn reach(&self, resource: &str) -> u32 {
        table::endpoint(resource).map_or(1, |endpoint| endpoint.reach)
    }

    fn fetch<'a>(&'a self, session: &'a Session, ask: Ask<'a>) -> Answer<'a, Result<Vec<DayAnswer>, FetchError>> {
        Box::pin(async move {
            let Some(endpoint) = table::endpoint(ask.resource) else { return Ok(Vec::new()) };
            let grant = Grant::of(session);
            if endpoint.scopes.iter().any(|scope| grant.denies(scope)) {
                return Ok(cut::everywhere(ask.range, NOT_GRANTED));
            }
            match endpoint.cut {
                Cut::Answer(shape) => {
                    let detail = match session.settings().detail {
                        Detail::Second => "1sec",
                        Detail::Minute => "1min",
                    };
                    by_halves(ask.range, async |part| {
                        let answer = session.get(&endpoint.address(part, detail), &[]).await?;
                        cut::read(endpoint, shape, &answer, part)
                    })
                    .await
                }
                Cut::Pages(pages) => match lists::ask(session, endpoint, pages, ask.range).await? {
                    lists::Listed::Records(records) => Ok(lists::by_day(&records, ask.range)),
                    lists::Listed::Absent(reason) => Ok(cut::everywhere(ask.range, reason)),
                },
                Cut::Tracks(pages) => tracks::ask(session, endpoint, pages, ask.range).await,
            }
        })
    }

    fn synced_until(&self, account: &Resources, zone: Zone) -> Option<DateTime<Utc>> {
        account::synced_until(account, zone)
    }
}
