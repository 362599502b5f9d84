//! What a person or the browser hands over at a sign-in: an address with a code in it, a code, a token.

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::login::{Allowed, LoginError};
use super::tokens::Tokens;

/// Reads what the provider's answer carries: a code, or a refusal.
///
/// # Errors
/// `WrongState` before all else, `Denied`, `NoCode`.
pub(super) fn read_answer(url: &Url, state: &str) -> Result<Allowed, LoginError> {
    let value = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    if value("state").as_deref() != Some(state) {
        return Err(LoginError::WrongState);
    }
    if let Some(error) = value("error") {
        let words = value("error_description").map(|words| format!(" ({words})")).unwrap_or_default();
        return Err(LoginError::Denied { reason: format!("{error}{words}") });
    }
    let code = value("code").filter(|code| !code.is_empty()).ok_or(LoginError::NoCode)?;
    Ok(Allowed { code, scope: value("scope").filter(|scope| !scope.is_empty()) })
}

/// Reads what a person pasted: the whole address that the browser ended up at, whose state must be
/// the one sent, or the code alone.
///
/// # Errors
/// `WrongState`, `Denied`, `NoCode`.
pub fn read_pasted(text: &str, state: &str) -> Result<Allowed, LoginError> {
    // Fitbit ends its redirects in this; it is no part of the code.
    let text = text.trim().trim_end_matches("#_=_");
    if text.contains("://") || text.contains(['?', '=', '&']) {
        let address = match text.split_once('?') {
            Some((_, query)) => format!("http://localhost/?{query}"),
            None => format!("http://localhost/?{text}"),
        };
        let url = Url::parse(&address).map_err(|_| LoginError::NoCode)?;
        let nothing = !url.query_pairs().any(|(name, _)| name == "code" || name == "error");
        return if nothing { Err(LoginError::NoCode) } else { read_answer(&url, state) };
    }
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(LoginError::NoCode);
    }
    Ok(Allowed { code: text.to_owned(), scope: None })
}

/// Reads the tokens that a person pasted: the access token on the first line and a refresh token on the
/// second, if any; or the whole address that an implicit grant ended up at, whose fragment tells what it
/// allows and for how long.
///
/// # Errors
/// `NoToken`, `Denied`.
pub fn read_tokens(text: &str, now: DateTime<Utc>) -> Result<Tokens, LoginError> {
    let mut lines = text.lines().map(str::trim);
    let first = lines.next().filter(|line| !line.is_empty()).ok_or(LoginError::NoToken { problem: "" })?;
    let refresh_token = lines.next().filter(|line| !line.is_empty()).map(str::to_owned);
    let odd = |text: &str| text.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    let spaced = LoginError::NoToken { problem: ": there is a space in it" };
    if odd(first) || refresh_token.as_deref().is_some_and(odd) {
        return Err(spaced);
    }
    let obtained_at = Some(now);
    // A token may end in "=", but it has no fragment and no pairs.
    let pairs = first.split_once('#').map(|(_, fragment)| fragment).unwrap_or(first);
    if !first.contains('#') && !first.contains("access_token=") {
        return Ok(Tokens { access_token: Some(first.to_owned()), refresh_token, obtained_at, ..Tokens::default() });
    }
    let value = |name: &str| {
        let mut pairs = url::form_urlencoded::parse(pairs.as_bytes());
        pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    };
    if let Some(reason) = value("error") {
        return Err(LoginError::Denied { reason });
    }
    let access_token = value("access_token").ok_or(LoginError::NoToken { problem: " but an address" })?;
    if odd(&access_token) {
        return Err(spaced);
    }
    let life = value("expires_in").and_then(|seconds| seconds.parse().ok()).and_then(TimeDelta::try_seconds);
    Ok(Tokens {
        access_token: Some(access_token),
        refresh_token,
        expires_at: life.and_then(|life| now.checked_add_signed(life)),
        scope: value("scope"),
        user_id: value("user_id"),
        token_type: value("token_type"),
        obtained_at,
        ..Tokens::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pasted_address_needs_the_state_and_a_code_stands_alone() {
        let read = |text| read_pasted(text, "s1").map(|allowed| allowed.code).map_err(|error| error.to_string());
        let scope = read_pasted("code=abc&scope=read,activity:read&state=s1", "s1").ok().and_then(|told| told.scope);
        assert_eq!(scope.as_deref(), Some("read,activity:read"));
        assert_eq!(read(" http://127.0.0.1:9/?code=a%2Fb&state=s1\n"), Ok("a/b".to_owned()));
        assert_eq!(read("code=abc&state=s1"), Ok("abc".to_owned()));
        assert_eq!(read("12345678"), Ok("12345678".to_owned()));
        for (text, words) in [
            ("http://127.0.0.1:9/?code=abc&state=s2", "another sign-in"),
            ("http://127.0.0.1:9/?code=abc", "another sign-in"),
            ("http://127.0.0.1:9/?error=access_denied&state=s1", "access_denied"),
            ("http://127.0.0.1:9/?state=s1", "no code"),
            ("http://127.0.0.1:9/?code=&state=s1", "no code"),
            ("two words", "no code"),
            ("", "no code"),
        ] {
            let said = read(text);
            assert!(said.as_ref().is_err_and(|said| said.contains(words)), "{text}: {said:?}");
        }
    }

    #[test]
    fn a_token_comes_alone_with_its_refresh_token_or_in_the_address_of_an_implicit_grant() {
        let now = DateTime::UNIX_EPOCH;
        let read = |text: &str| {
            let tokens = read_tokens(text, now).map_err(|error| error.to_string())?;
            let until = tokens.expires_at.map(|end| end.timestamp());
            Ok((tokens.access_token.unwrap_or_default(), tokens.refresh_token, tokens.scope, until))
        };
        let word = |text: &str| Some(text.to_owned());
        assert_eq!(read(" ab.c=\n\n"), Ok(("ab.c=".into(), None, None, None)));
        assert_eq!(read("abc\r\ndef\r\n"), Ok(("abc".into(), word("def"), None, None)));
        let address =
            "https://me.example/#access_token=a.b&user_id=ABC&scope=sleep+heartrate&token_type=Bearer&expires_in=86400";
        assert_eq!(read(address), Ok(("a.b".into(), None, word("sleep heartrate"), Some(86_400))));
        assert_eq!(read("access_token=a.b&scope=sleep"), Ok(("a.b".into(), None, word("sleep"), None)));
        for (text, words) in [
            ("", "no token"),
            ("\nabc", "no token"),
            ("two words", "a space"),
            ("abc\nd e", "a space"),
            ("https://me.example/#state=1", "an address"),
            ("https://me.example/#error=access_denied", "access_denied"),
            ("https://me.example/#access_token=a+b", "a space"),
            ("https://me.example/#access_token=a%0D%0Ab", "a space"),
        ] {
            let said: Result<_, String> = read(text);
            assert!(said.as_ref().is_err_and(|said| said.contains(words)), "{text}: {said:?}");
        }
    }
}
