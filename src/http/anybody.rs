//! What a place tells anybody, without a sign-in.

use chrono::{DateTime, Utc};
use url::Url;

use super::client::build;
use super::{Patience, Stop};

/// What a place told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The status of the answer.
    pub status: u16,
    /// The time by the place's own clock, where it told one.
    pub date: Option<DateTime<Utc>>,
}

/// Asks a place once, without a sign-in. None where no answer came, or the person wishes to stop.
pub async fn ask_anybody(url: &Url, patience: Patience, stop: &Stop) -> Option<Seen> {
    let request = build(url).ok()?.get(url.clone()).timeout(patience.glance());
    // Dropping the answer closes the connection: its head says all that is wanted.
    let answer = tokio::select! {
        answer = request.send() => answer.ok()?,
        () = stop.wait() => return None,
    };
    let date = answer.headers().get(reqwest::header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    Some(Seen { status: answer.status().as_u16(), date: date.map(|date| date.to_utc()) })
}
