//! Tokens, and which of those at hand count.

use std::fmt;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::store::{StoreError, TokenStore};
use crate::config::{Environment, Secrets};
use crate::model::{ContentHash, ProviderName};

/// The tokens of one sign-in, as they stand in the state folder.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// What opens the API; nothing where only a refresh token was given.
    pub access_token: Option<String>,
    /// What brings a new access token.
    pub refresh_token: Option<String>,
    /// When the access token stops opening anything, as the provider said.
    pub expires_at: Option<DateTime<Utc>>,
    /// When the refresh token stops bringing new ones, where the provider said.
    pub ends_at: Option<DateTime<Utc>>,
    /// What the person allowed, as the provider says it.
    pub scope: Option<String>,
    /// Who the person is to the provider, as it says it.
    pub user_id: Option<String>,
    /// The kind of token, `bearer`.
    pub token_type: Option<String>,
    /// When fitsnap got the tokens.
    pub obtained_at: Option<DateTime<Utc>>,
    /// SHA-256 of the refresh token with which this chain of renewals began. While
    /// the outside still gives that one, these tokens are its successors and count in its place.
    pub from: Option<String>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// What is known of a sign-in without asking the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInState {
    /// When the access token expires, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
    /// Whether fitsnap can renew it without the person.
    pub renewable: bool,
    /// When that ends, if the provider said.
    pub ends_at: Option<DateTime<Utc>>,
}

impl SignInState {
    /// Whether only the person can bring it back to life.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        let is_past = |time: Option<DateTime<Utc>>| time.is_some_and(|time| time <= now);
        is_past(self.ends_at) && is_past(self.expires_at)
    }
}

/// How the provider's tokens for this archive stand, without asking the provider.
/// Nothing when there are none, or when those there cannot be read.
pub fn signed_in(environment: &Environment, archive_root: &Path, provider: &ProviderName) -> Option<SignInState> {
    let secrets = Secrets::find(environment, provider).ok()?;
    let saved = TokenStore::new(environment, archive_root, provider).and_then(|store| store.read()).ok()?;
    let tokens = choose(&secrets, saved)?;
    Some(SignInState {
        expires_at: tokens.expires_at,
        renewable: tokens.refresh_token.is_some(),
        ends_at: tokens.ends_at,
    })
}

/// Every secret at hand for a provider in this archive, each with the word for it, so that it can be
/// looked for where it must not be. What cannot be read is left out.
pub fn known_secrets(
    environment: &Environment,
    archive_root: &Path,
    provider: &ProviderName,
) -> Vec<(&'static str, String)> {
    let given = Secrets::find(environment, provider).unwrap_or_default();
    let saved = TokenStore::new(environment, archive_root, provider).and_then(|store| store.read());
    let saved = saved.ok().flatten().unwrap_or_default();
    [
        ("client secret", given.client_secret),
        ("access token", given.access_token),
        ("refresh token", given.refresh_token),
        ("access token", saved.access_token),
        ("refresh token", saved.refresh_token),
    ]
    .into_iter()
    .filter_map(|(word, value)| Some((word, value?)))
    .collect()
}

/// Forgets the provider's tokens for this archive. Tells whether there were any.
///
/// # Errors
/// When they are there and cannot be removed.
pub fn forget(environment: &Environment, archive_root: &Path, provider: &ProviderName) -> Result<bool, StoreError> {
    TokenStore::new(environment, archive_root, provider)?.remove()
}

/// The tokens that count: those given from outside, unless the saved ones are their successors; else
/// the saved ones.
pub(super) fn choose(secrets: &Secrets, saved: Option<Tokens>) -> Option<Tokens> {
    match (&secrets.access_token, &secrets.refresh_token) {
        (None, None) => saved,
        (access_token, Some(refresh_token)) => {
            let from = Some(fingerprint(refresh_token));
            Some(saved.filter(|saved| saved.from == from).unwrap_or_else(|| Tokens {
                access_token: access_token.clone(),
                refresh_token: Some(refresh_token.clone()),
                from,
                ..Tokens::default()
            }))
        }
        (access_token, None) => Some(Tokens { access_token: access_token.clone(), ..Tokens::default() }),
    }
}

pub(super) fn fingerprint(refresh_token: &str) -> String {
    ContentHash::of(refresh_token.as_bytes()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn saved(access_token: &str, from: Option<&str>) -> Option<Tokens> {
        let access_token = Some(access_token.to_owned());
        Some(Tokens { access_token, from: from.map(fingerprint), ..Tokens::default() })
    }

    fn given(access_token: Option<&str>, refresh_token: Option<&str>) -> Secrets {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        Secrets { access_token: owned(access_token), refresh_token: owned(refresh_token), ..Secrets::default() }
    }

    fn chosen(secrets: &Secrets, saved: Option<Tokens>) -> Option<String> {
        choose(secrets, saved)?.access_token
    }

    #[test]
    fn what_is_given_from_outside_comes_before_what_login_saved() {
        assert_eq!(chosen(&given(None, None), saved("login", None)).as_deref(), Some("login"));
        assert_eq!(chosen(&given(Some("outside"), None), saved("login", None)).as_deref(), Some("outside"));
        assert_eq!(chosen(&given(None, Some("r1")), saved("login", None)), None);
        assert_eq!(choose(&given(None, None), None), None);
    }

    #[test]
    fn successors_of_a_refresh_token_count_until_the_outside_gives_another() {
        assert_eq!(chosen(&given(None, Some("r1")), saved("newer", Some("r1"))).as_deref(), Some("newer"));
        assert_eq!(chosen(&given(Some("old"), Some("r1")), saved("newer", Some("r1"))).as_deref(), Some("newer"));
        let changed = choose(&given(None, Some("r2")), saved("newer", Some("r1")));
        assert_eq!(changed.and_then(|tokens| tokens.refresh_token).as_deref(), Some("r2"));
    }

    #[test]
    fn tokens_never_show_themselves() {
        let tokens = Tokens { access_token: Some("hush".into()), ..Tokens::default() };
        assert!(!format!("{tokens:?}").contains("hush"));
    }
}
