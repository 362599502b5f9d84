//! The name of a provider in an archive.

use std::fmt;
use std::str::FromStr;

/// A provider's name in an archive: the folder under `data/` and the table in `fitsnap.toml`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProviderName(String);

/// A text that cannot name a provider.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "\"{text}\" cannot name a provider; use lower-case letters, digits and \"-\", a letter first, like strava-work"
)]
pub struct NameError {
    text: String,
}

impl ProviderName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it stands in environment variables: upper case, `-` as `_`.
    pub fn in_environment(&self) -> String {
        self.0.to_ascii_uppercase().replace('-', "_")
    }
}

impl fmt::Display for ProviderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ProviderName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<ProviderName, NameError> {
        let fits = (1..=64).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if fits { Ok(ProviderName(text.to_owned())) } else { Err(NameError { text: text.to_owned() }) }
    }
}
