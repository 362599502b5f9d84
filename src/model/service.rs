//! What a service is, needs and offers, as data.

use crate::json::RecordRules;

/// A service: everything about it that is not code.
pub struct Description {
    /// The word for it in settings and commands.
    pub kind: &'static str,
    /// Its own name, for messages.
    pub title: &'static str,
    /// What a person must know of it today, with dates.
    pub today: &'static str,
    /// What it costs to ask it, for people.
    pub costs: &'static str,
    /// The export that a person can have of it without its API.
    pub export: Export,
    /// Where its API is, without a slash at the end.
    pub origin: &'static str,
    /// The last day on which it was announced to answer, where its end was announced: `2026-11-02`.
    pub closes: Option<&'static str>,
    /// Why nobody answers at `origin` any more, as a sentence with the way out; nothing while it runs.
    pub gone: Option<&'static str>,
    /// Hosts that a `base_url` may name and that have the API alone, if there are any.
    pub api_alone: Option<ApiAlone>,
    /// How one signs in.
    pub sign_in: SignIn,
    /// How often it may be asked, one entry a window.
    pub quota: &'static [QuotaWindow],
    /// What it offers.
    pub resources: &'static [Resource],
    /// How its records are told apart, and which members are volatile.
    pub rules: RecordRules,
}

/// A service's own export of a person's data.
#[derive(Clone, Copy, Debug)]
pub struct Export {
    /// Where a person gets it, for people.
    pub from: &'static str,
    /// What its file is usually called.
    pub file: &'static str,
}

/// Hosts of an API without the sign-in, which stays at the service's `origin`.
#[derive(Clone, Copy, Debug)]
pub struct ApiAlone {
    /// Their names.
    pub hosts: &'static [&'static str],
    /// What the paths of the API begin with at `origin`, and not there.
    pub without: &'static str,
}

/// One kind of thing a provider offers.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// Its name in settings and documents.
    pub name: &'static str,
    /// Whether it is asked for when the settings say nothing.
    pub by_default: bool,
    /// What it holds, for people.
    pub about: &'static str,
}

/// The OAuth 2.0 code grant of a service.
pub struct SignIn {
    /// The path or address of the page where a person allows the app.
    pub authorize: &'static str,
    /// Where codes and refresh tokens are exchanged.
    pub token: &'static str,
    /// How the app proves at `token` that it is itself.
    pub app: AppProof,
    /// Whether the code is bound to the sign-in that asked for it (PKCE with S256, RFC 7636).
    pub pkce: bool,
    /// How a token is taken back, if the service can.
    pub revoke: Option<Revocation>,
    /// What the app asks to see.
    pub scopes: &'static [&'static str],
    /// What it asks to see only where the settings name a resource: the resource and the scope.
    pub more_scopes: &'static [(&'static str, &'static str)],
    /// What stands between the scopes in the address.
    pub scope_separator: &'static str,
    /// What the address carries besides what every service takes.
    pub parameters: &'static [(&'static str, &'static str)],
    /// How long a sign-in lasts, where a person should know.
    pub lasts: Option<&'static str>,
    /// What a person should know who allowed less than `scopes`.
    pub less_than_asked: &'static str,
    /// What an answer with a status of 400 or above means beyond its status, by the service's own words.
    pub refusal: fn(u16, &[u8]) -> Option<Refusal>,
    /// Where a person registers an app, for messages.
    pub register: &'static str,
    /// Whether a person without an app can register one today.
    pub takes_new_apps: bool,
}

/// How an app with a secret proves that it is itself; one without only names itself in the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppProof {
    /// Id and secret stand in the form.
    Form,
    /// They stand in the header of HTTP Basic.
    Basic,
}

/// How a service takes a token back.
#[derive(Clone, Copy, Debug)]
pub enum Revocation {
    /// RFC 7009 at this path, the app named by HTTP Basic, one without a secret in the form; the refresh token dies with all that came of it.
    Standard(&'static str),
    /// A form with `access_token` to this path.
    AccessToken(&'static str),
    /// A form with nothing but `token` to this path; all that came of the sign-in dies.
    Token(&'static str),
}

/// What a service's refusal means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The person must sign in again, for this reason.
    SignIn(String),
    /// Neither waiting nor signing in helps: a sentence with the way out.
    Gone(String),
    /// Asked too often: worth asking again after so many seconds.
    TooOften(u32),
}

/// For services whose refusals say nothing beyond their status.
pub fn no_more_than_its_status(_: u16, _: &[u8]) -> Option<Refusal> {
    None
}

/// A limit on requests, counted from the top of each minute, hour or day (UTC).
#[derive(Clone, Copy, Debug)]
pub struct QuotaWindow {
    /// The word for it (`minute`), for messages.
    pub name: &'static str,
    /// How long it is, in seconds; windows begin at multiples of it.
    pub seconds: u32,
    /// How many requests it allows where no header says otherwise.
    pub requests: u32,
    /// The header that tells the limit; empty where none does.
    pub limit_header: &'static str,
    /// The header that tells how many requests are left, or were made.
    pub count_header: CountHeader,
    /// The header that tells in how many seconds a new window begins, where the service has one.
    pub reset_header: Option<&'static str>,
    /// Which of the numbers, separated by commas, both headers mean.
    pub place: usize,
    /// How many seconds after its end the service was seen to begin a new one.
    pub late: u32,
}

/// The header by which a service counts requests. Names are compared without regard to case.
#[derive(Clone, Copy, Debug)]
pub enum CountHeader {
    /// It tells how many are left.
    Remaining(&'static str),
    /// It tells how many were made.
    Used(&'static str),
    /// None does: only a refusal shows that it was too often.
    Untold,
}
