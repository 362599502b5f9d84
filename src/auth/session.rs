//! A signed-in conversation with one provider.

use std::cell::RefCell;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::exchange::{Exchange, Places};
use super::store::{StoreError, TokenStore};
use super::tokens::{Tokens, choose, fingerprint};
use crate::config::{Environment, ProviderSettings, Secrets};
use crate::http::{Answer, Client, ClientOptions, FetchError, Forecast, Patience, Request, Stop};
use crate::model::{Clock, Description, ProviderName};

/// How long before its end an access token is renewed.
const RENEW_BEFORE: TimeDelta = TimeDelta::seconds(60);

/// Whom to talk to, on whose behalf.
#[derive(Clone)]
pub struct SessionOptions<'a> {
    /// The provider's name in the archive.
    pub provider: &'a ProviderName,
    /// What the service is.
    pub description: &'static Description,
    /// How the archive asks it.
    pub settings: &'a ProviderSettings,
    /// The root of the archive, for which the tokens are kept.
    pub archive_root: &'a Path,
    /// Variables and folders.
    pub environment: &'a Environment,
    /// The clock.
    pub clock: Clock,
    /// The person's wish to stop.
    pub stop: Stop,
}

/// A signed-in conversation with one provider. It renews its tokens by itself, once however many
/// requests are under way.
pub struct Session {
    description: &'static Description,
    settings: ProviderSettings,
    places: Places,
    client: Client,
    secrets: Secrets,
    store: TokenStore,
    tokens: RefCell<Tokens>,
    renewing: tokio::sync::Mutex<()>,
    clock: Clock,
    stop: Stop,
}

/// What is asked at an address.
#[derive(Clone, Copy)]
enum Question<'q> {
    /// The kind of answer wanted, where the provider offers several.
    Get(Option<&'q str>),
    /// The JSON that says what is wanted.
    Json(&'q str),
}

impl Session {
    /// Begins a conversation with the tokens at hand. Nothing is asked yet.
    ///
    /// # Errors
    /// `Gone` for a service that no longer exists, `SignIn` where there are no tokens, `Local` where
    /// secrets or tokens cannot be read.
    pub fn open(options: SessionOptions<'_>) -> Result<Session, FetchError> {
        refuse_gone(options.description, options.settings)?;
        let secrets = Secrets::find(options.environment, options.provider).map_err(|error| {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            FetchError::Local { reason: format!("{error}{cause}") }
        })?;
        let store = TokenStore::new(options.environment, options.archive_root, options.provider)?;
        let tokens = choose(&secrets, store.read()?).ok_or_else(|| FetchError::SignIn {
            reason: format!("you are not signed in to {} in this archive", options.description.title),
        })?;
        Session::with(options, secrets, store, tokens)
    }

    pub(super) fn with(
        options: SessionOptions<'_>,
        secrets: Secrets,
        store: TokenStore,
        tokens: Tokens,
    ) -> Result<Session, FetchError> {
        let places = Places::of(options.description, options.settings)?;
        let client = client(&options, &places)?;
        Ok(Session {
            description: options.description,
            settings: options.settings.clone(),
            places,
            client,
            secrets,
            store,
            tokens: RefCell::new(tokens),
            renewing: tokio::sync::Mutex::new(()),
            clock: options.clock,
            stop: options.stop,
        })
    }

    /// Asks for a resource. `resource_path` begins with a slash; the answer is 2xx or a 4xx other
    /// than 401 and 429.
    ///
    /// # Errors
    /// `SignIn` when the provider no longer takes the tokens, also renewed; otherwise as
    /// [`Client::send`].
    pub async fn get(&self, resource_path: &str, query: &[(&str, &str)]) -> Result<Answer, FetchError> {
        self.get_as(resource_path, query, None).await
    }

    /// Asks for a resource as [`Session::get`] does, for this kind of answer (the `Accept` header).
    ///
    /// # Errors
    /// As [`Session::get`].
    pub async fn get_as(
        &self,
        resource_path: &str,
        query: &[(&str, &str)],
        accept: Option<&str>,
    ) -> Result<Answer, FetchError> {
        self.ask(self.places.resource(resource_path, query)?, Question::Get(accept)).await
    }

    /// Asks for what a JSON body describes, by POST; such a request only reads.
    ///
    /// # Errors
    /// As [`Session::get`].
    pub async fn query(&self, resource_path: &str, body: &str) -> Result<Answer, FetchError> {
        self.ask(self.places.resource(resource_path, &[])?, Question::Json(body)).await
    }

    async fn ask(&self, url: Url, question: Question<'_>) -> Result<Answer, FetchError> {
        let mut bearer = {
            let tokens = self.tokens.borrow();
            let ends = tokens.expires_at.is_some_and(|end| end - RENEW_BEFORE <= self.clock.now());
            tokens.access_token.clone().filter(|_| !ends || tokens.refresh_token.is_none())
        };
        let mut renewed = false;
        if bearer.is_none() {
            let stale = self.tokens.borrow().access_token.clone();
            bearer = Some(self.renew(stale.as_deref()).await?);
        }
        loop {
            let token = bearer.as_deref().unwrap_or_default();
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                let reason =
                    format!("the access token of {} holds what no token has, such as a space", self.description.title);
                return Err(FetchError::SignIn { reason });
            }
            let request = match question {
                Question::Get(accept) => Request::Get { url: url.clone(), bearer: token, accept },
                Question::Json(body) => Request::Query { url: url.clone(), bearer: token, body },
            };
            let answer = self.client.send(&request).await?;
            if answer.status != 401 {
                return Ok(answer);
            }
            let title = self.description.title;
            if renewed {
                return Err(FetchError::SignIn { reason: format!("{title} refuses its own new access token") });
            }
            if self.tokens.borrow().refresh_token.is_none() {
                let reason = format!("{title} no longer accepts the access token, and there is none to renew it with");
                return Err(FetchError::SignIn { reason });
            }
            bearer = Some(self.renew(bearer.as_deref()).await?);
            renewed = true;
        }
    }

    /// What the person allowed. Where the provider did not say, a fingerprint of the sign-in stands for it.
    pub fn grant(&self) -> String {
        let scope = self.tokens.borrow().scope.clone();
        scope.unwrap_or_else(|| self.sign_in())
    }

    /// A fingerprint of the sign-in, which stays the same however often its tokens are renewed.
    pub fn sign_in(&self) -> String {
        let Tokens { from, refresh_token, access_token, .. } = &*self.tokens.borrow();
        let token = refresh_token.as_ref().or(access_token.as_ref());
        format!("sign-in:{}", from.clone().unwrap_or_else(|| fingerprint(token.map_or("", String::as_str))))
    }

    /// The time now, by fitsnap's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// How the archive asks this provider.
    pub fn settings(&self) -> &ProviderSettings {
        &self.settings
    }

    /// How many requests were sent so far, those to the sign-in and retries included.
    pub fn requests(&self) -> u64 {
        self.client.requests()
    }

    /// How many requests may be under way at once.
    pub fn breadth(&self) -> usize {
        self.client.breadth()
    }

    /// When so many requests could be made under the limits, by fitsnap's clock.
    pub fn forecast(&self, requests: u64) -> Forecast {
        self.client.forecast(requests)
    }

    /// Gets new tokens in place of a stale access token, unless another request has just done so, and
    /// gives the access token. They are on disk before anything uses them: the provider may have taken
    /// the old ones back already.
    async fn renew(&self, stale: Option<&str>) -> Result<String, FetchError> {
        let _alone = self.renewing.lock().await;
        let tokens = self.tokens.borrow().clone();
        if let Some(fresh) = tokens.access_token.as_deref().filter(|fresh| Some(*fresh) != stale) {
            return Ok(fresh.to_owned());
        }
        let _held = self.store.hold(&self.stop).await?;
        // Another fitsnap may have renewed them while this one waited.
        let newer = choose(&self.secrets, self.store.read()?).filter(|at_hand| *at_hand != tokens);
        if let Some((newer, access)) = newer.and_then(|newer| newer.access_token.clone().map(|access| (newer, access)))
        {
            self.tokens.replace(newer);
            return Ok(access);
        }
        let title = self.description.title;
        let refresh_token = tokens
            .refresh_token
            .as_ref()
            .ok_or_else(|| FetchError::SignIn { reason: format!("there is no token to sign in to {title} with") })?;
        let app = self.secrets.app().ok_or_else(|| FetchError::SignIn {
            reason: format!("the sign-in to {title} must be renewed, and the app's client id is not known"),
        })?;
        let exchange = Exchange { description: self.description, places: &self.places, app: &app };
        let fresh = exchange.by_refresh(&self.client, refresh_token, self.clock.now()).await?;
        // A refresh token that stays the same still ends when it was said to.
        let ends_at = tokens.ends_at.filter(|_| fresh.refresh_token == tokens.refresh_token);
        let fresh = Tokens {
            ends_at: fresh.ends_at.or(ends_at),
            scope: fresh.scope.or(tokens.scope),
            user_id: fresh.user_id.or(tokens.user_id),
            from: tokens.from.or_else(|| Some(fingerprint(refresh_token))),
            ..fresh
        };
        self.store.write(&fresh)?;
        let access = fresh.access_token.clone().unwrap_or_default();
        self.tokens.replace(fresh);
        Ok(access)
    }
}

/// The client for a provider.
pub(super) fn client(options: &SessionOptions<'_>, places: &Places) -> Result<Client, FetchError> {
    Client::new(ClientOptions {
        title: options.description.title,
        origin: &places.origin,
        quota: options.description.quota,
        patience: Patience::of(options.environment),
        refusal: options.description.sign_in.refusal,
        clock: options.clock,
        stop: options.stop.clone(),
    })
}

/// Says so where nobody would answer.
pub(super) fn refuse_gone(description: &Description, settings: &ProviderSettings) -> Result<(), FetchError> {
    match description.gone {
        Some(gone) if settings.base_url.is_none() => Err(FetchError::Gone { reason: gone.to_owned() }),
        _ => Ok(()),
    }
}

impl From<StoreError> for FetchError {
    fn from(error: StoreError) -> FetchError {
        match error {
            StoreError::Interrupted => FetchError::Interrupted,
            other => FetchError::Local { reason: other.to_string() },
        }
    }
}
