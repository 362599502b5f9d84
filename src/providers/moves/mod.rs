//! Moves (moves-app.com), shut down on 2018-07-31. Its API 1.1 as its documentation and recorded
//! answers show it: one storyline a day, seven days a request when track points are asked for.

mod answer;
#[cfg(test)]
mod fuzz;
mod profile;
#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests;

use crate::auth::Session;
use crate::http::FetchError;
use crate::json::{Identity, RecordRules};
use crate::model::{
    AppProof, CountHeader, Description, Export, QuotaWindow, Resource, Resources, SignIn, no_more_than_its_status,
};

use super::{Answer, Ask, DayAnswer, DayProvider, Opening, Provider, Way};

/// The one resource: summary, places and activities can all be derived from it.
const STORYLINE: &str = "storyline";

/// The service.
pub struct Moves;

static DESCRIPTION: Description = Description {
    kind: "moves",
    title: "Moves",
    today: "shut down on 2018-07-31; whatever else speaks its API is reached by base_url",
    costs: "nothing",
    export: Export { from: "the one that you downloaded before the end", file: "moves_export.zip" },
    origin: "https://api.moves-app.com",
    closes: None,
    gone: Some(
        "Moves was shut down on 2018-07-31 and nobody answers any more; \
         what you have of it comes in with: fitsnap import moves moves_export.zip",
    ),
    api_alone: None,
    sign_in: SignIn {
        authorize: "/oauth/v1/authorize",
        token: "/oauth/v1/access_token",
        app: AppProof::Form,
        pkce: false,
        revoke: None,
        scopes: &["activity", "location"],
        more_scopes: &[],
        scope_separator: " ",
        parameters: &[],
        lasts: None,
        less_than_asked: "days come without what was not allowed",
        refusal: no_more_than_its_status,
        register: "https://dev.moves-app.com/apps (gone since 2018-07-31)",
        takes_new_apps: false,
    },
    quota: &[
        // The minute was seen to begin about 14 s late.
        QuotaWindow {
            name: "minute",
            seconds: 60,
            requests: 60,
            limit_header: "x-ratelimit-minutelimit",
            count_header: CountHeader::Remaining("x-ratelimit-minuteremaining"),
            reset_header: None,
            place: 0,
            late: 15,
        },
        QuotaWindow {
            name: "hour",
            seconds: 3_600,
            requests: 2_000,
            limit_header: "x-ratelimit-hourlimit",
            count_header: CountHeader::Remaining("x-ratelimit-hourremaining"),
            reset_header: None,
            place: 0,
            late: 0,
        },
    ],
    resources: &[Resource {
        name: STORYLINE,
        by_default: true,
        about: "places, moves, activities and track points of the day, with a summary",
    }],
    rules: RecordRules {
        identities: &[
            Identity { array: "storyline", keys: &["date"] },
            Identity { array: "storyline/*/segments", keys: &["startTime"] },
            Identity { array: "storyline/*/summary", keys: &["activity", "group"] },
            Identity { array: "**/activities", keys: &["startTime"] },
            Identity { array: "**/trackPoints", keys: &["time"] },
        ],
        volatile: &[],
    },
};

impl Provider for Moves {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn open<'a>(&'a self, session: &'a Session) -> Answer<'a, Result<Opening, FetchError>> {
        Box::pin(async move {
            let answer = session.get("/api/1.1/user/profile", &[]).await?;
            profile::read(&answer, session.settings().time_zone)
        })
    }

    fn person(&self, account: &Resources) -> Option<String> {
        profile::person(account)
    }

    fn way(&self) -> Way<'_> {
        Way::Days(self)
    }
}

impl DayProvider for Moves {
    fn reach(&self, _resource: &str) -> u32 {
        7
    }

    fn fetch<'a>(&'a self, session: &'a Session, ask: Ask<'a>) -> Answer<'a, Result<Vec<DayAnswer>, FetchError>> {
        Box::pin(async move {
            let (from, to) = (ask.range.first.compact(), ask.range.last.compact());
            let query = [("from", from.as_str()), ("to", to.as_str()), ("trackPoints", "true")];
            let answer = session.get("/api/1.1/user/storyline/daily", &query).await?;
            answer::read(&answer, ask.range)
        })
    }
}
