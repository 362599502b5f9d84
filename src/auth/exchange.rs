//! The OAuth 2.0 exchanges: the address to allow the app at, a code for tokens, a refresh token for
//! new ones.

use std::pin::Pin;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use oauth2::basic::{BasicErrorResponse, BasicErrorResponseType, BasicTokenType};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, ExtraTokenFields,
    HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RefreshToken, RequestTokenError,
    Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Tokens;
use crate::config::{AppSecrets, ProviderSettings};
use crate::http::{Client, FetchError, Request};
use crate::model::{AppProof, Description, Revocation};

/// The addresses of a provider: its own, or those under the settings' `base_url`.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub origin: Url,
    pub authorize: Url,
    pub token: Url,
    pub revoke: Option<Url>,
    /// What the paths of the API lack there.
    without: &'static str,
}

/// What some providers add to the token response.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Extra {
    user_id: Option<serde_json::Value>,
    refresh_token_expires_in: Option<u64>,
}

impl ExtraTokenFields for Extra {}

type Response = StandardTokenResponse<Extra, BasicTokenType>;
type ExchangeError = RequestTokenError<FetchError, BasicErrorResponse>;
type OAuthClient<A, T> = oauth2::Client<
    BasicErrorResponse,
    Response,
    oauth2::basic::BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    oauth2::basic::BasicRevocationErrorResponse,
    A,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    T,
>;

impl Places {
    /// Where the provider is, by its description and the archive's settings.
    ///
    /// # Errors
    /// When they make no address.
    pub fn of(description: &Description, settings: &ProviderSettings) -> Result<Places, FetchError> {
        let host = settings.base_url.as_ref().and_then(Url::host_str);
        let alone = description.api_alone.filter(|alone| host.is_some_and(|host| alone.hosts.contains(&host)));
        let base = settings.base_url.as_ref().map(|url| url.as_str().trim_end_matches('/'));
        let place_at = |base: Option<&str>, text: &str| {
            let url = match (base, text.strip_prefix('/')) {
                (Some(base), Some(path)) => Url::parse(&format!("{base}/{path}")),
                (None, Some(path)) => Url::parse(&format!("{}/{path}", description.origin)),
                (Some(base), None) => Url::parse(text).and_then(|url| Url::parse(&format!("{base}{}", url.path()))),
                (None, None) => Url::parse(text),
            };
            url.map_err(|error| FetchError::Local { reason: format!("{text} makes no address: {error}") })
        };
        let place = |text: &str| place_at(base.filter(|_| alone.is_none()), text);
        Ok(Places {
            origin: place_at(base, "/")?,
            authorize: place(description.sign_in.authorize)?,
            token: place(description.sign_in.token)?,
            revoke: match description.sign_in.revoke {
                Some(Revocation::Standard(path) | Revocation::AccessToken(path) | Revocation::Token(path)) => {
                    Some(place(path)?)
                }
                None => None,
            },
            without: alone.map_or("", |alone| alone.without),
        })
    }

    /// The address of a resource.
    pub fn resource(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, FetchError> {
        let path = path.strip_prefix(self.without).unwrap_or(path).trim_start_matches('/');
        let text = format!("{}/{path}", self.origin.as_str().trim_end_matches('/'));
        let mut url = Url::parse(&text)
            .map_err(|error| FetchError::Local { reason: format!("{path} makes no address: {error}") })?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }
}

/// What binds the provider's answer to the sign-in that asked for it.
#[derive(Debug)]
pub(super) struct Binding {
    /// What the answer must carry.
    pub state: String,
    /// What the code is exchanged with, where the service knows PKCE.
    pub verifier: Option<PkceCodeVerifier>,
}

/// The app at the provider's sign-in.
pub(super) struct Exchange<'a> {
    pub description: &'static Description,
    pub places: &'a Places,
    pub app: &'a AppSecrets,
}

impl Exchange<'_> {
    fn client(&self) -> OAuthClient<oauth2::EndpointSet, oauth2::EndpointSet> {
        let client = oauth2::Client::new(ClientId::new(self.app.client_id.clone()))
            .set_auth_uri(AuthUrl::from_url(self.places.authorize.clone()))
            .set_token_uri(TokenUrl::from_url(self.places.token.clone()))
            .set_auth_type(match self.description.sign_in.app {
                AppProof::Form => AuthType::RequestBody,
                AppProof::Basic => AuthType::BasicAuth,
            });
        match &self.app.client_secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.clone())),
            None => client,
        }
    }

    /// The address at which the person allows the app to see these scopes, and what binds its answer to this sign-in.
    pub fn authorize(&self, scopes: &[&str], redirect: &Url) -> (Url, Binding) {
        let client = self.client().set_redirect_uri(RedirectUrl::from_url(redirect.clone()));
        let sign_in = &self.description.sign_in;
        let scopes = Some(scopes.join(sign_in.scope_separator)).filter(|scopes| !scopes.is_empty());
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let request = client.authorize_url(CsrfToken::new_random).add_scopes(scopes.map(Scope::new));
        let request =
            sign_in.parameters.iter().fold(request, |request, (name, value)| request.add_extra_param(*name, *value));
        let (mut url, state) = match sign_in.pkce {
            true => request.set_pkce_challenge(challenge).url(),
            false => request.url(),
        };
        // Moves was seen to refuse a "+" between scopes; every server takes %20.
        let query = url.query().map(|query| query.replace('+', "%20"));
        url.set_query(query.as_deref());
        (url, Binding { state: state.into_secret(), verifier: sign_in.pkce.then_some(verifier) })
    }

    /// Exchanges a code for tokens.
    pub async fn by_code(
        &self,
        client: &Client,
        code: String,
        redirect: &Url,
        verifier: Option<&PkceCodeVerifier>,
        now: DateTime<Utc>,
    ) -> Result<Tokens, FetchError> {
        let oauth = self.client().set_redirect_uri(RedirectUrl::from_url(redirect.clone()));
        let wire = Wire(client);
        let request = oauth.exchange_code(AuthorizationCode::new(code));
        let request = match verifier {
            Some(verifier) => request.set_pkce_verifier(PkceCodeVerifier::new(verifier.secret().clone())),
            None => request,
        };
        let response = request.request_async(&wire).await;
        self.tokens(response, now, "the code (used already, too old, or of another app)")
    }

    /// Exchanges a refresh token for new tokens.
    pub async fn by_refresh(
        &self,
        client: &Client,
        refresh_token: &str,
        now: DateTime<Utc>,
    ) -> Result<Tokens, FetchError> {
        let token = RefreshToken::new(refresh_token.to_owned());
        let wire = Wire(client);
        let oauth = self.client();
        let response = oauth.exchange_refresh_token(&token).request_async(&wire).await;
        let mut tokens = self.tokens(response, now, "the saved sign-in (revoked or expired)")?;
        // A provider that keeps the refresh token as it is may leave it out.
        tokens.refresh_token.get_or_insert_with(|| refresh_token.to_owned());
        Ok(tokens)
    }

    fn tokens(
        &self,
        response: Result<Response, ExchangeError>,
        now: DateTime<Utc>,
        refused: &str,
    ) -> Result<Tokens, FetchError> {
        let title = self.description.title;
        let response = response.map_err(|error| match error {
            RequestTokenError::Request(error) => error,
            RequestTokenError::ServerResponse(said) if *said.error() == BasicErrorResponseType::InvalidGrant => {
                FetchError::SignIn { reason: format!("{title} no longer accepts {refused}") }
            }
            RequestTokenError::ServerResponse(said) => {
                let words = said.error_description().map(|words| format!(": {words}")).unwrap_or_default();
                FetchError::SignIn { reason: format!("{title} refuses to sign in: {}{words}", said.error().as_ref()) }
            }
            // The body may hold tokens: it goes nowhere, not even to the quarantine.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => FetchError::Malformed {
                reason: format!("{title} answered to the sign-in with something that holds no tokens"),
                body: Vec::new(),
                divisible: false,
            },
        })?;
        let end_of = |life: Option<Duration>| now.checked_add_signed(TimeDelta::from_std(life?).ok()?);
        let expires_at = end_of(response.expires_in());
        let ends_at = end_of(response.extra_fields().refresh_token_expires_in.map(Duration::from_secs));
        let scopes = response.scopes().map(|scopes| scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>());
        let user_id = response.extra_fields().user_id.as_ref().map(|id| match id {
            serde_json::Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        Ok(Tokens {
            access_token: Some(response.access_token().secret().clone()),
            refresh_token: response.refresh_token().map(|token| token.secret().clone()),
            expires_at,
            ends_at,
            scope: scopes.map(|scopes| scopes.join(" ")),
            user_id,
            token_type: Some(response.token_type().as_ref().to_owned()),
            obtained_at: Some(now),
            from: None,
        })
    }
}

/// The request that takes the tokens of a sign-in back; none where there is nothing to take back or no way.
pub(super) fn revocation(
    description: &Description,
    places: &Places,
    app: Option<&AppSecrets>,
    tokens: &Tokens,
) -> Option<Request<'static>> {
    let url = places.revoke.clone()?;
    let form = |pairs: &[(&str, &str)]| {
        url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().into_bytes()
    };
    let kind = ("content-type".to_owned(), b"application/x-www-form-urlencoded".to_vec());
    match description.sign_in.revoke? {
        Revocation::Standard(_) => {
            let app = app?;
            let (token, hint) = match (&tokens.refresh_token, &tokens.access_token) {
                (Some(token), _) => (token, "refresh_token"),
                (None, token) => (token.as_ref()?, "access_token"),
            };
            let (mut headers, mut fields) = (vec![kind], vec![("token", token.as_str()), ("token_type_hint", hint)]);
            match &app.client_secret {
                Some(secret) => {
                    let basic = format!("Basic {}", STANDARD.encode(format!("{}:{secret}", app.client_id)));
                    headers.push(("authorization".to_owned(), basic.into_bytes()));
                }
                None => fields.push(("client_id", &app.client_id)),
            }
            Some(Request::Form { url, headers, body: form(&fields) })
        }
        Revocation::Token(_) => {
            let token = tokens.refresh_token.as_ref().or(tokens.access_token.as_ref())?;
            Some(Request::Form { url, headers: vec![kind], body: form(&[("token", token)]) })
        }
        Revocation::AccessToken(_) => {
            let body = form(&[("access_token", tokens.access_token.as_ref()?)]);
            Some(Request::Form { url, headers: vec![kind], body })
        }
    }
}

/// Carries the exchanges over fitsnap's own client.
struct Wire<'a>(&'a Client);

impl<'c> AsyncHttpClient<'c> for Wire<'_> {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let url = Url::parse(&request.uri().to_string())
                .map_err(|_| FetchError::Local { reason: "the sign-in's address is none".to_owned() })?;
            let headers = request
                .headers()
                .iter()
                .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
                .collect();
            let form = Request::Form { url, headers, body: request.into_body() };
            let answer = self.0.send(&form).await?;
            let mut response = HttpResponse::new(answer.body);
            *response.status_mut() = answer
                .status
                .try_into()
                .map_err(|_| FetchError::Local { reason: format!("status {} is none", answer.status) })?;
            Ok(response)
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::RecordRules;
    use crate::model::{ApiAlone, Export, SignIn, no_more_than_its_status};

    #[test]
    fn an_id_of_the_services_leads_nowhere_but_to_the_service() {
        let origin = Url::parse("https://api.example.org/").unwrap();
        let (authorize, token) = (origin.clone(), origin.clone());
        let places = Places { origin: origin.clone(), without: "/api/v3", authorize, token, revoke: None };
        for id in [
            "https://elsewhere.example/x",
            "//elsewhere.example/x",
            "/\\elsewhere.example/x",
            "@elsewhere.example/x",
            ":8080@elsewhere.example",
            ".elsewhere.example",
            "/../..//elsewhere.example",
            "\r\nhost: elsewhere.example",
            "\u{1b}[2J",
            "/api/v3//elsewhere.example/x",
            "",
        ] {
            let url = places.resource(id, &[("a", "1")]).unwrap();
            assert_eq!((url.origin(), url.username()), (origin.origin(), ""), "{id:?}: {url}");
        }
    }

    #[test]
    fn a_base_url_stands_for_every_origin_unless_it_has_the_api_alone() {
        let service = |authorize| Description {
            kind: "strava",
            title: "Strava",
            today: "",
            costs: "",
            export: Export { from: "", file: "" },
            origin: "https://www.strava.com",
            closes: None,
            gone: None,
            api_alone: Some(ApiAlone { hosts: &["api-v3.strava.com"], without: "/api/v3" }),
            sign_in: SignIn {
                authorize,
                token: "/oauth/token",
                app: AppProof::Form,
                pkce: false,
                revoke: Some(Revocation::Standard("/oauth/revoke")),
                scopes: &[],
                more_scopes: &[],
                scope_separator: " ",
                parameters: &[],
                lasts: None,
                less_than_asked: "",
                refusal: no_more_than_its_status,
                register: "",
                takes_new_apps: false,
            },
            quota: &[],
            resources: &[],
            rules: RecordRules { identities: &[], volatile: &[] },
        };
        let places = |authorize, base: &str| {
            let base_url = Some(base).filter(|base| !base.is_empty()).map(|base| base.parse().unwrap());
            let settings = ProviderSettings { base_url, ..ProviderSettings::of_kind("strava") };
            let places = Places::of(&service(authorize), &settings).unwrap();
            let athlete = places.resource("/api/v3/athlete", &[("page", "1")]).unwrap();
            [athlete, places.authorize, places.token, places.revoke.unwrap()].map(|url| url.to_string())
        };
        let own = "https://www.strava.com/oauth/authorize";
        let there = |api: &str, sign_in: &str| {
            let at = |path: &str| format!("{sign_in}/oauth/{path}");
            [format!("{api}/athlete?page=1"), at("authorize"), at("token"), at("revoke")]
        };
        let usual = there("https://www.strava.com/api/v3", "https://www.strava.com");
        assert_eq!([places("/oauth/authorize", ""), places(own, "")], [usual.clone(), usual]);
        let here = there("http://127.0.0.1:8/x/api/v3", "http://127.0.0.1:8/x");
        assert_eq!(
            [places("/oauth/authorize", "http://127.0.0.1:8/x/"), places(own, "http://127.0.0.1:8/x")],
            [here.clone(), here]
        );
        let alone = there("https://api-v3.strava.com", "https://www.strava.com");
        assert_eq!(
            [places("/oauth/authorize", "https://api-v3.strava.com"), places(own, "https://api-v3.strava.com/")],
            [alone.clone(), alone]
        );
    }
}
