//! Signing in: the address to allow the app at, the answer, the tokens kept.

use std::path::PathBuf;

use url::Url;

use super::exchange::{Binding, Exchange, Places, revocation};
use super::session::{client, refuse_gone};
use super::store::{StoreError, TokenStore};
use super::{Session, SessionOptions, Tokens};
use crate::config::{AppSecrets, CREDENTIALS_FILE, SecretError, Secrets};
use crate::http::FetchError;

/// Signing in did not come about.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The app has no id to introduce itself with.
    #[error("{title} lets only registered apps ask, and no client id is known for {provider}")]
    NoApp {
        /// The service's own name.
        title: &'static str,
        /// The provider in the archive.
        provider: String,
        /// The variable that can give it, `FITSNAP_MOVES_CLIENT_ID`.
        variable: String,
        /// The file that can give it.
        credentials: PathBuf,
        /// Where an app is registered.
        register: &'static str,
        /// Why an id would not help, where that is so.
        gone: Option<&'static str>,
    },
    /// The secrets given cannot be read.
    #[error(transparent)]
    Secrets(#[from] SecretError),
    /// The tokens cannot be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The provider did not do its part.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The person, or the provider for them, said no.
    #[error("the sign-in was refused: {reason}")]
    Denied {
        /// The provider's word for it.
        reason: String,
    },
    /// The answer belongs to another sign-in, or to nobody's.
    #[error("this address belongs to another sign-in: its state is not the one that was sent")]
    WrongState,
    /// What was given holds no code.
    #[error("this holds no code: paste the whole address that the browser ends up at, or the code alone")]
    NoCode,
    /// What was given holds no token.
    #[error("standard input holds no token{problem}")]
    NoToken {
        /// What it holds instead, as the end of the sentence.
        problem: &'static str,
    },
    /// Nobody answered.
    #[error("nobody answered for 10 minutes")]
    TimedOut,
    /// The listener has no place.
    #[error("cannot listen on 127.0.0.1 port {port}: {source}")]
    Listen {
        /// The port asked for, 0 for any.
        port: u16,
        /// Why not.
        source: std::io::Error,
    },
}

/// A sign-in to one provider for one archive.
pub struct Login<'a> {
    options: SessionOptions<'a>,
    places: Places,
    secrets: Secrets,
    store: TokenStore,
}

/// What the provider's answer carries.
#[derive(Clone, PartialEq, Eq)]
pub struct Allowed {
    /// To be exchanged for tokens.
    pub code: String,
    /// What the person allowed, where the provider says it there.
    pub scope: Option<String>,
}

impl std::fmt::Debug for Allowed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Allowed(..)")
    }
}

/// A sign-in that waits for the person.
#[derive(Debug)]
pub struct Begun {
    /// The address at which the person allows the app.
    pub address: Url,
    redirect: Url,
    binding: Binding,
}

impl Begun {
    /// What the answer must carry.
    pub fn state(&self) -> &str {
        &self.binding.state
    }
}

impl<'a> Login<'a> {
    /// Prepares a sign-in. Nothing is asked yet.
    ///
    /// # Errors
    /// When secrets cannot be read or there is no place for tokens.
    pub fn new(options: SessionOptions<'a>) -> Result<Login<'a>, LoginError> {
        let secrets = Secrets::find(options.environment, options.provider)?;
        let store = TokenStore::new(options.environment, options.archive_root, options.provider)?;
        let places = Places::of(options.description, options.settings)?;
        Ok(Login { options, places, secrets, store })
    }

    /// Whether tokens given from outside (the environment, `credentials.toml`) go before those that
    /// this sign-in brings.
    pub fn is_overruled(&self) -> bool {
        self.secrets.access_token.is_some() || self.secrets.refresh_token.is_some()
    }

    /// Makes the address at which the person allows the app; the answer goes to `redirect`.
    ///
    /// # Errors
    /// `NoApp`, or `Fetch` with `Gone` for a service that no longer exists.
    pub fn begin(&self, redirect: Url) -> Result<Begun, LoginError> {
        let app = self.app()?;
        refuse_gone(self.options.description, self.options.settings)?;
        let (address, binding) = self.exchange(&app).authorize(&self.scopes(), &redirect);
        Ok(Begun { address, redirect, binding })
    }

    /// Exchanges the code for tokens, keeps them and begins a conversation with them.
    ///
    /// # Errors
    /// When the provider refuses the code, or the tokens cannot be kept.
    pub async fn finish(&self, begun: &Begun, allowed: Allowed) -> Result<Session, LoginError> {
        let app = self.app()?;
        let client = client(&self.options, &self.places)?;
        let now = self.options.clock.now();
        let verifier = begun.binding.verifier.as_ref();
        let tokens = self.exchange(&app).by_code(&client, allowed.code, &begun.redirect, verifier, now).await?;
        // Where the tokens come without a word about it, the browser's way back told.
        self.keep(Tokens { scope: tokens.scope.clone().or(allowed.scope), ..tokens }).await
    }

    /// Keeps tokens that the person got by other means and begins a conversation with them.
    ///
    /// # Errors
    /// `Fetch` with `Gone` for a service that no longer exists; when the tokens cannot be kept.
    pub async fn with_tokens(&self, tokens: Tokens) -> Result<Session, LoginError> {
        refuse_gone(self.options.description, self.options.settings)?;
        self.keep(tokens).await
    }

    /// Which of the scopes asked for the person did not allow, where the provider says what they did.
    ///
    /// # Errors
    /// When the tokens cannot be read.
    pub fn not_allowed(&self) -> Result<Vec<&'static str>, LoginError> {
        let scope = self.kept()?.and_then(|tokens| tokens.scope);
        Ok(scope.map(|scope| missing_scopes(&self.scopes(), &scope)).unwrap_or_default())
    }

    /// What the app asks to see: what it always does, and what the resources of the settings need besides.
    fn scopes(&self) -> Vec<&'static str> {
        let sign_in = &self.options.description.sign_in;
        let named = |resource: &str| self.options.settings.resources.iter().flatten().any(|one| one == resource);
        let more = sign_in.more_scopes.iter().filter(|(resource, _)| named(resource)).map(|(_, scope)| *scope);
        let mut scopes = sign_in.scopes.to_vec();
        more.for_each(|scope| {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        });
        scopes
    }

    /// Asks the provider to take the tokens back that are kept. Tells whether it did; nothing where
    /// there was nothing to take back or the provider has no way.
    ///
    /// # Errors
    /// When the provider could not be asked or refuses.
    pub async fn revoke(&self) -> Result<Option<()>, LoginError> {
        let Some(tokens) = self.kept()? else { return Ok(None) };
        let (description, app) = (self.options.description, self.secrets.app());
        if refuse_gone(description, self.options.settings).is_err() {
            return Ok(None);
        }
        let Some(request) = revocation(description, &self.places, app.as_ref(), &tokens) else { return Ok(None) };
        let answer = client(&self.options, &self.places)?.send(&request).await?;
        if answer.status < 300 {
            return Ok(Some(()));
        }
        let reason = format!("{} refuses to take the tokens back ({})", description.title, answer.status);
        Err(FetchError::Refused { reason }.into())
    }

    /// The tokens that are kept now.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn kept(&self) -> Result<Option<Tokens>, LoginError> {
        Ok(self.store.read()?)
    }

    /// Puts back what was kept before, after the provider refused the tokens of this sign-in.
    ///
    /// # Errors
    /// When the file cannot be written or removed.
    pub fn put_back(&self, kept: Option<&Tokens>) -> Result<(), LoginError> {
        match kept {
            Some(tokens) => self.store.write(tokens)?,
            None => {
                self.store.remove()?;
            }
        }
        Ok(())
    }

    async fn keep(&self, tokens: Tokens) -> Result<Session, LoginError> {
        let _held = self.store.hold(&self.options.stop).await?;
        self.store.write(&tokens)?;
        // The conversation is about these tokens, whatever the outside gives besides.
        let secrets = Secrets { access_token: None, refresh_token: None, ..self.secrets.clone() };
        Ok(Session::with(self.options.clone(), secrets, self.store.clone(), tokens)?)
    }

    fn exchange<'e>(&'e self, app: &'e AppSecrets) -> Exchange<'e> {
        Exchange { description: self.options.description, places: &self.places, app }
    }

    fn app(&self) -> Result<AppSecrets, LoginError> {
        if let Some(app) = self.secrets.app() {
            return Ok(app);
        }
        let (description, provider) = (self.options.description, self.options.provider);
        let folder = self.options.environment.config_dir().map_err(SecretError::from)?;
        Err(LoginError::NoApp {
            title: description.title,
            provider: provider.to_string(),
            variable: format!("FITSNAP_{}_CLIENT_ID", provider.in_environment()),
            credentials: folder.join(CREDENTIALS_FILE),
            register: description.sign_in.register,
            gone: description.gone.filter(|_| self.options.settings.base_url.is_none()),
        })
    }
}

/// The scopes wanted that are not among those told, separated by commas or spaces.
fn missing_scopes(wanted: &[&'static str], told: &str) -> Vec<&'static str> {
    let told: Vec<&str> = told.split([',', ' ']).collect();
    wanted.iter().copied().filter(|scope| !told.contains(scope)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_told_with_commas_or_spaces() {
        let wanted = ["read_all", "activity:read_all"];
        assert_eq!(missing_scopes(&wanted, "read,read_all"), ["activity:read_all"]);
        assert!(missing_scopes(&wanted, "activity:read_all read_all").is_empty());
    }
}
