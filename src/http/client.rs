//! The client of one provider: its limits kept, passing failures tried again, redirects not followed.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::sync::Notify;
use url::Url;

use super::attempt::{BODY_LIMIT, Failure, Received, attempt, in_words, is_server_fault};
use super::{FetchError, Forecast, REQUEST_TIMEOUT, RateLimits, Stop};
use crate::config::Environment;
use crate::model::{Clock, QuotaWindow, Refusal};

/// How long a connection may take to come about.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How many requests may be under way at once: enough not to wait for each in turn, and no hail.
const MOST_AT_ONCE: u32 = 6;

/// How many times a request is tried again after the first time.
const RETRIES: usize = 3;

/// How long fitsnap bears with a provider.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long one request may take.
    pub request: Duration,
    /// How long the pause before the first retry is at least; each further one is twice as long.
    pub pause: Duration,
}

impl Default for Patience {
    fn default() -> Patience {
        Patience { request: REQUEST_TIMEOUT, pause: REQUEST_TIMEOUT / 120 }
    }
}

impl Patience {
    /// How long an answer may still take once the person wishes to stop: one that is on its way comes
    /// in that time, and nobody waits longer for a prompt.
    fn grace(&self) -> Duration {
        self.request / 12
    }

    /// How long to wait for what is only looked at in passing.
    pub(super) fn glance(&self) -> Duration {
        self.request / 6
    }

    /// The usual patience, or what `FITSNAP_PATIENCE` allows for one request in milliseconds, with
    /// pauses in the same proportion. It is there for the tests, which have none.
    pub fn of(environment: &Environment) -> Patience {
        match environment.get("FITSNAP_PATIENCE").and_then(|text| text.parse().ok()) {
            Some(milliseconds @ 1..) => {
                let request = Duration::from_millis(milliseconds);
                Patience { request, pause: request / 120 }
            }
            _ => Patience::default(),
        }
    }
}

/// What a client is made for.
pub struct ClientOptions<'a> {
    /// The provider's own name, for messages.
    pub title: &'static str,
    /// Where it is: tells whether certificates are needed.
    pub origin: &'a Url,
    /// Its documented limits.
    pub quota: &'static [QuotaWindow],
    /// How long to bear with it.
    pub patience: Patience,
    /// What its refusals mean beyond their status.
    pub refusal: fn(u16, &[u8]) -> Option<Refusal>,
    /// The clock.
    pub clock: Clock,
    /// The person's wish to stop.
    pub stop: Stop,
}

/// A request.
pub enum Request<'a> {
    /// Asks for something, with an access token; counts against the quota.
    Get {
        /// The address, with its query.
        url: Url,
        /// The access token.
        bearer: &'a str,
        /// The kind of answer wanted, where the provider offers several.
        accept: Option<&'a str>,
    },
    /// Asks for something that a JSON body describes, with an access token. It reads as `Get` does: it
    /// counts against the quota, and asking again does no harm.
    Query {
        /// The address.
        url: Url,
        /// The access token.
        bearer: &'a str,
        /// The JSON.
        body: &'a str,
    },
    /// Sends a form to the provider's sign-in, which has no quota.
    Form {
        /// The address.
        url: Url,
        /// Headers besides those of every request.
        headers: Vec<(String, Vec<u8>)>,
        /// The form, encoded.
        body: Vec<u8>,
    },
}

/// An answer other than 3xx, 429 and 5xx, which the client deals with itself.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status: 2xx or 4xx.
    pub status: u16,
    /// The `Content-Type`, in lower case.
    pub content_type: Option<String>,
    /// The body, unpacked.
    pub body: Vec<u8>,
}

/// Talks to one provider.
pub struct Client {
    inner: reqwest::Client,
    title: &'static str,
    patience: Patience,
    refusal: fn(u16, &[u8]) -> Option<Refusal>,
    clock: Clock,
    stop: Stop,
    limits: RefCell<RateLimits>,
    /// How far the provider's clock is ahead of ours.
    skew: Cell<TimeDelta>,
    requests: Cell<u64>,
    /// How many requests that count against the quota are under way.
    under_way: Cell<u32>,
    /// Tells those that wait for their turn that one of them came.
    came: Notify,
}

/// A request under way that counts against the quota.
struct UnderWay<'c>(&'c Client);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.under_way.set(self.0.under_way.get() - 1);
        self.0.came.notify_waiters();
    }
}

impl Request<'_> {
    /// Method and path: the query and the headers may hold secrets.
    fn in_words(&self) -> String {
        match self {
            Request::Get { url, .. } => format!("GET {}", url.path()),
            Request::Query { url, .. } | Request::Form { url, .. } => format!("POST {}", url.path()),
        }
    }
}

/// What talks to a place: no redirect is followed, no certificate that this machine does not trust is taken.
pub(super) fn build(origin: &Url) -> reqwest::Result<reqwest::Client> {
    // Another client of this process may have installed it: then there is nothing to do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder()
        .user_agent(concat!("fitsnap/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false);
    match origin.scheme() {
        // Plain http is only for this machine: no certificates to look for, no proxy to go through.
        "http" => builder.tls_certs_only([]).no_proxy(),
        _ => builder.https_only(true),
    }
    .build()
}

impl Client {
    /// A client for one provider.
    ///
    /// # Errors
    /// When the machine has no certificates to check an https provider by.
    pub fn new(options: ClientOptions<'_>) -> Result<Client, FetchError> {
        let inner = build(options.origin).map_err(|_| FetchError::Local {
            reason: format!(
                "this machine has no CA certificates to check {} by; install them (Debian: apt install ca-certificates)",
                options.title
            ),
        })?;
        Ok(Client {
            inner,
            title: options.title,
            patience: options.patience,
            refusal: options.refusal,
            clock: options.clock,
            stop: options.stop,
            limits: RefCell::new(RateLimits::documented(options.quota)),
            skew: Cell::new(TimeDelta::zero()),
            requests: Cell::new(0),
            under_way: Cell::new(0),
            came: Notify::new(),
        })
    }

    /// Sends a request, again where that may help, and receives the answer.
    ///
    /// # Errors
    /// `Wait` when the quota forbids it (nothing is asked) or the provider says 429; `Unreachable`,
    /// `Malformed` for a body that stays cut off or is too large, `Refused` for a redirect, `Interrupted`.
    pub async fn send(&self, request: &Request<'_>) -> Result<Answer, FetchError> {
        let _under_way = match request {
            Request::Form { .. } => None,
            _ => Some(self.admit().await?),
        };
        let tries = Cell::new(0);
        let once = || async {
            if self.stop.is_set() {
                return Err(Failure::Interrupted);
            }
            tries.set(tries.get() + 1);
            self.once(request).await
        };
        let stop = self.stop.clone();
        let pause = move |length| {
            let stop = stop.clone();
            async move {
                tokio::select! {
                    () = tokio::time::sleep(length) => {}
                    () = stop.wait() => {}
                }
            }
        };
        let pauses =
            ExponentialBuilder::default().with_min_delay(self.patience.pause).with_max_times(RETRIES).with_jitter();
        let ended = once.retry(pauses).sleep(pause).when(Failure::is_passing).await;
        match ended {
            Ok(received) => self.judge(request, received),
            Err(failure) => Err(self.give_up(request, failure, tries.get())),
        }
    }

    /// Lets a request begin as soon as the quota has room for it beside those under way.
    async fn admit(&self) -> Result<UnderWay<'_>, FetchError> {
        loop {
            let now = self.server_now();
            if let Some(used_up) = self.limits.borrow().used_up(now) {
                let reason = format!(
                    "{} allows {} requests per {}, and they are used up",
                    self.title, used_up.limit, used_up.window
                );
                return Err(FetchError::Wait { reason, until: self.by_our_clock(used_up.until) });
            }
            let under_way = self.under_way.get();
            if under_way == 0 || under_way < self.limits.borrow().left(now) {
                self.under_way.set(under_way + 1);
                return Ok(UnderWay(self));
            }
            self.came.notified().await;
        }
    }

    /// How many requests were sent, retries included.
    pub fn requests(&self) -> u64 {
        self.requests.get()
    }

    /// How many requests may be under way at once: never more than are left in every quota.
    pub fn breadth(&self) -> usize {
        self.limits.borrow().left(self.server_now()).clamp(1, MOST_AT_ONCE) as usize
    }

    /// When so many requests could be made, by fitsnap's clock.
    pub fn forecast(&self, requests: u64) -> Forecast {
        let forecast = self.limits.borrow().forecast(requests, self.server_now());
        Forecast { until: self.by_our_clock(forecast.until), ..forecast }
    }

    async fn once(&self, request: &Request<'_>) -> Result<Received, Failure> {
        self.requests.set(self.requests.get() + 1);
        let unsendable = || Failure::Lasting("cannot be asked: the access token holds what no header can".to_owned());
        let with_token = |builder: reqwest::RequestBuilder, bearer: &str| {
            let mut value = HeaderValue::from_str(&format!("Bearer {bearer}")).map_err(|_| unsendable())?;
            value.set_sensitive(true);
            Ok(builder.header(reqwest::header::AUTHORIZATION, value))
        };
        let builder = match request {
            Request::Get { url, bearer, accept } => {
                let builder = with_token(self.inner.get(url.clone()), bearer)?;
                match accept {
                    // Some old services answer in Latin-1 unless they are asked not to.
                    Some(kind) => builder.header(reqwest::header::ACCEPT, *kind).header("accept-charset", "utf-8"),
                    None => builder,
                }
            }
            Request::Query { url, bearer, body } => with_token(self.inner.post(url.clone()), bearer)?
                .header(reqwest::header::CONTENT_TYPE, "application/json")
                .body((*body).to_owned()),
            Request::Form { url, headers, body } => {
                let mut map = HeaderMap::new();
                for (name, value) in headers {
                    let name = HeaderName::try_from(name.as_str()).map_err(|_| unsendable())?;
                    let mut value = HeaderValue::from_bytes(value).map_err(|_| unsendable())?;
                    value.set_sensitive(true);
                    map.insert(name, value);
                }
                self.inner.post(url.clone()).headers(map).body(body.clone())
            }
        };
        let attempt = attempt(builder, self.patience.request);
        let ended = match request {
            Request::Get { .. } | Request::Query { .. } => tokio::select! {
                ended = attempt => ended,
                () = self.stopped() => Err(Failure::Interrupted),
            },
            // The answer may hold the only good tokens there are.
            Request::Form { .. } => attempt.await,
        };
        let received = ended.map_err(|failure| match failure {
            Failure::CutOff { status, .. } if is_server_fault(status) => {
                Failure::Passing(format!("answered {}", in_words(status)))
            }
            other => other,
        })?;
        self.learn(&received.headers);
        if is_server_fault(received.status) {
            return Err(Failure::Passing(format!("answered {}", in_words(received.status))));
        }
        Ok(received)
    }

    /// The person wishes to stop, and what is in flight has had its time to come.
    async fn stopped(&self) {
        self.stop.wait().await;
        tokio::time::sleep(self.patience.grace()).await;
    }

    fn learn(&self, headers: &HeaderMap) {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(date) = text("date").and_then(http_date).filter(|_| !self.clock.is_pinned()) {
            let skew = date - self.clock.now();
            // The header has whole seconds, and the answer was on its way.
            self.skew.set(if skew.num_seconds().abs() < 2 { TimeDelta::zero() } else { skew });
        }
        self.limits.borrow_mut().learn(self.server_now(), text);
    }

    fn judge(&self, request: &Request<'_>, received: Received) -> Result<Answer, FetchError> {
        let Received { status, headers, body } = received;
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let what = request.in_words();
        match status {
            429 => {
                let now = self.server_now();
                let until = text("retry-after").and_then(|value| retry_after(value, now));
                let said = || match (self.refusal)(status, &body) {
                    Some(Refusal::TooOften(seconds)) => Some(now + TimeDelta::seconds(i64::from(seconds))),
                    _ => None,
                };
                let until = until.or_else(said).unwrap_or_else(|| self.limits.borrow().after_refusal(now));
                // "At once", or a time that is over, must not become a hail of requests.
                let until = until.max(now + self.patience.pause);
                let reason = format!("{} says that it was asked too often ({what}: {})", self.title, in_words(status));
                Err(FetchError::Wait { reason, until: self.by_our_clock(until) })
            }
            300..=399 => {
                let reason = format!(
                    "{} sends {what} elsewhere ({}), and fitsnap does not send your sign-in to another address",
                    self.title,
                    in_words(status)
                );
                Err(FetchError::Refused { reason })
            }
            _ => {
                let refusal = if status >= 400 { (self.refusal)(status, &body) } else { None };
                match refusal {
                    Some(Refusal::SignIn(reason)) => return Err(FetchError::SignIn { reason }),
                    Some(Refusal::Gone(reason)) => return Err(FetchError::Gone { reason }),
                    Some(Refusal::TooOften(_)) | None => {}
                }
                let content_type = text("content-type").map(str::to_ascii_lowercase);
                Ok(Answer { status, content_type, body })
            }
        }
    }

    fn give_up(&self, request: &Request<'_>, failure: Failure, tries: u32) -> FetchError {
        let (title, what) = (self.title, request.in_words());
        let times = if tries == 1 { String::new() } else { format!(", {tries} times") };
        match failure {
            Failure::Passing(seen) => FetchError::Unreachable { reason: format!("{title} {seen}{times} ({what})") },
            Failure::CutOff { body, .. } => FetchError::Malformed {
                reason: format!("the answer to {what} broke off after {} bytes{times}", body.len()),
                body,
                divisible: true,
            },
            Failure::TooLarge => FetchError::Malformed {
                reason: format!("the answer to {what} is larger than {} MiB", BODY_LIMIT >> 20),
                body: Vec::new(),
                divisible: true,
            },
            Failure::Lasting(seen) => FetchError::Unreachable { reason: format!("{title} {seen} ({what})") },
            Failure::Interrupted => FetchError::Interrupted,
        }
    }

    fn server_now(&self) -> DateTime<Utc> {
        self.clock.now() + self.skew.get()
    }

    fn by_our_clock(&self, time: DateTime<Utc>) -> DateTime<Utc> {
        time - self.skew.get()
    }
}

/// Reads `Retry-After`: seconds, or a date.
pub(super) fn retry_after(value: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    match value.trim().parse::<u32>() {
        Ok(seconds) => Some(now + TimeDelta::seconds(i64::from(seconds))),
        Err(_) => http_date(value),
    }
}

/// Reads the date of a header, in a year of at most four digits: what is reckoned with it stays within
/// what a time can be.
pub(super) fn http_date(value: &str) -> Option<DateTime<Utc>> {
    let date = DateTime::parse_from_rfc2822(value.trim()).ok()?.to_utc();
    (0..=9999).contains(&date.year()).then_some(date)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn client(origin: &str) -> Result<Client, FetchError> {
        Client::new(ClientOptions {
            title: "Moves",
            origin: &origin.parse().unwrap(),
            quota: &[],
            patience: Patience::default(),
            refusal: crate::model::no_more_than_its_status,
            clock: Clock::starting_at("2015-07-11T06:00:30Z".parse().unwrap()),
            stop: Stop::new(),
        })
    }

    #[test]
    fn a_client_is_made_or_says_what_this_machine_lacks() {
        assert!(client("http://127.0.0.1:1").is_ok());
        let made = client("https://api.moves-app.com").map(|_| ());
        assert!(made.as_ref().is_err_and(|error| error.to_string().contains("CA certificates")) || made.is_ok());
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = "2015-07-11T06:00:30Z".parse().unwrap();
        assert_eq!(retry_after(" 90 ", now), Some("2015-07-11T06:02:00Z".parse().unwrap()));
        let date = retry_after("Sat, 11 Jul 2015 07:00:00 GMT", now);
        assert_eq!(date, Some("2015-07-11T07:00:00Z".parse().unwrap()));
        assert_eq!(retry_after("soon", now), None);
        assert_eq!(retry_after("Fri, 31 Dec 262142 23:00:00 GMT", now), None);
    }

    #[test]
    fn a_refusal_that_says_no_time_to_come_is_still_waited_for() {
        let client = client("http://127.0.0.1:1").unwrap();
        let url: Url = "http://127.0.0.1:1/day".parse().unwrap();
        for value in ["0", "Sat, 11 Jul 2015 05:00:00 GMT"] {
            let headers = HeaderMap::from_iter([(reqwest::header::RETRY_AFTER, HeaderValue::from_static(value))]);
            let received = Received { status: 429, headers, body: Vec::new() };
            let before = client.clock.now();
            let judged = client.judge(&Request::Get { url: url.clone(), bearer: "x", accept: None }, received);
            let Err(FetchError::Wait { until, .. }) = judged else { panic!("{value} is no reason to wait") };
            assert!(until >= before + client.patience.pause, "{value}: {until}");
        }
    }

    #[test]
    fn the_servers_clock_counts_unless_ours_is_set() {
        let mut client = client("http://127.0.0.1:1").unwrap();
        let headers =
            HeaderMap::from_iter([(reqwest::header::DATE, HeaderValue::from_static("Sat, 11 Jul 2015 07:00:00 GMT"))]);
        client.learn(&headers);
        assert_eq!(client.skew.get(), TimeDelta::zero());
        client.clock = Clock::machine();
        client.learn(&headers);
        let ahead = client.server_now() - DateTime::parse_from_rfc3339("2015-07-11T07:00:00Z").unwrap().to_utc();
        assert!(ahead.num_seconds().abs() < 60, "{ahead}");
        assert!((client.by_our_clock(client.server_now()) - client.clock.now()).num_seconds().abs() < 60);
    }
}
