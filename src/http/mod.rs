//! Talking to a provider: one client, its limits, what came of a request.

mod anybody;
mod attempt;
mod client;
#[cfg(test)]
mod fuzz;
mod quota;
mod stop;

use std::time::Duration;

use chrono::{DateTime, Utc};

pub use anybody::{Seen, ask_anybody};
pub use client::{Answer, Client, ClientOptions, Patience, Request};
pub use quota::{Forecast, Left, RateLimits};
pub use stop::Stop;

/// Why a request brought nothing that can be used.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The person must sign in (again): no token, revoked, expired for good.
    #[error("{reason}")]
    SignIn {
        /// What the provider or the lack of a token said, in words.
        reason: String,
    },
    /// The service no longer exists: neither waiting nor signing in helps.
    #[error("{reason}")]
    Gone {
        /// Since when, and the way out.
        reason: String,
    },
    /// The quota is used up until then; nothing was asked.
    #[error("{reason}")]
    Wait {
        /// Which limit it is.
        reason: String,
        /// When it is worth asking again, by fitsnap's clock.
        until: DateTime<Utc>,
    },
    /// The provider or the network is down: no answer, 5xx, stalls, after all retries.
    #[error("{reason}")]
    Unreachable {
        /// What was seen last.
        reason: String,
    },
    /// The provider answered, but not with what was asked for: cut off, no JSON, a page, another shape.
    #[error("{reason}")]
    Malformed {
        /// What is wrong with it.
        reason: String,
        /// The body as it came, for the quarantine.
        body: Vec<u8>,
        /// Whether asking for each day alone may tell which one is at fault.
        divisible: bool,
    },
    /// The provider said no for good: 4xx other than sign-in and quota, or an error object.
    #[error("{reason}")]
    Refused {
        /// What it said, in words.
        reason: String,
    },
    /// The person asked fitsnap to stop.
    #[error("interrupted")]
    Interrupted,
    /// Something on this machine failed, such as writing the rotated token.
    #[error("{reason}")]
    Local {
        /// What failed.
        reason: String,
    },
}

/// How long one request may take, its answer's body included, before it counts as stalled.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);
