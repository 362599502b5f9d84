//! Secrets a person gives: the environment, then `credentials.toml`. Tokens from `login` are not here.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use super::{Environment, FolderError};
use crate::model::ProviderName;

/// The file of secrets in the configuration folder.
pub const CREDENTIALS_FILE: &str = "credentials.toml";

const KEYS: [&str; 4] = ["client_id", "client_secret", "access_token", "refresh_token"];

/// Variables that other tools for a service read too: people have them set already.
const USUAL: [(&str, &str, &str); 3] = [
    ("strava", "client_id", "STRAVA_CLIENT_ID"),
    ("strava", "client_secret", "STRAVA_CLIENT_SECRET"),
    ("strava", "access_token", "STRAVA_ACCESS_TOKEN"),
];

/// The secrets a person gave for one provider, each from the first place that has it.
#[derive(Clone, Default)]
pub struct Secrets {
    /// The app's id.
    pub client_id: Option<String>,
    /// The app's secret.
    pub client_secret: Option<String>,
    /// A token given from outside.
    pub access_token: Option<String>,
    /// A refresh token given from outside.
    pub refresh_token: Option<String>,
}

/// The id and secret of the app that asks for the person.
#[derive(Clone)]
pub struct AppSecrets {
    /// The app's id.
    pub client_id: String,
    /// The app's secret, where the provider gives one.
    pub client_secret: Option<String>,
}

/// `credentials.toml` cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// There is no folder to look in.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// It is there and cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// It is not what it should be. The text of the file is never quoted.
    #[error("{path}: {problem}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
}

impl Secrets {
    /// Looks the secrets of a provider up.
    ///
    /// # Errors
    /// When `credentials.toml` is there and cannot be read.
    pub fn find(environment: &Environment, provider: &ProviderName) -> Result<Secrets, SecretError> {
        let file = read_file(environment, provider)?;
        let find = |key: &str| {
            let usual = USUAL.iter().find(|(name, known, _)| *name == provider.as_str() && *known == key);
            let given =
                environment.get(&variable(provider, key)).or_else(|| environment.get(usual?.2)).map(str::to_owned);
            given.or_else(|| file.get(key)?.as_str().map(str::to_owned))
        };
        Ok(Secrets {
            client_id: find("client_id"),
            client_secret: find("client_secret"),
            access_token: find("access_token"),
            refresh_token: find("refresh_token"),
        })
    }

    /// The variables that may hold secrets of a provider.
    pub fn variables(provider: &ProviderName) -> Vec<String> {
        let usual = USUAL.iter().filter(|(name, ..)| *name == provider.as_str()).map(|(.., usual)| (*usual).to_owned());
        KEYS.iter().map(|key| variable(provider, key)).chain(usual).collect()
    }

    /// The file of secrets, where other accounts of this machine can read it.
    pub fn open_to_others(environment: &Environment) -> Option<PathBuf> {
        let path = environment.config_dir().ok()?.join(CREDENTIALS_FILE);
        is_open_to_others(&path).then_some(path)
    }

    /// The app's id and secret, if the id is known.
    pub fn app(&self) -> Option<AppSecrets> {
        let client_id = self.client_id.clone()?;
        Some(AppSecrets { client_id, client_secret: self.client_secret.clone() })
    }
}

#[cfg(unix)]
fn is_open_to_others(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_path: &Path) -> bool {
    false
}

fn variable(provider: &ProviderName, key: &str) -> String {
    format!("FITSNAP_{}_{}", provider.in_environment(), key.to_uppercase())
}

/// Whether a variable gives a secret.
pub(super) fn is_secret(variable: &str) -> bool {
    let ours = variable
        .strip_prefix("FITSNAP_")
        .is_some_and(|rest| KEYS.iter().any(|key| rest.to_lowercase().ends_with(&format!("_{key}"))));
    ours || USUAL.iter().any(|(_, _, usual)| *usual == variable)
}

fn read_file(environment: &Environment, provider: &ProviderName) -> Result<Table, SecretError> {
    let path = environment.config_dir()?.join(CREDENTIALS_FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Table::new()),
        Err(source) => return Err(SecretError::Read { path, source }),
    };
    // The parser's own message quotes the line, which holds a secret: only the place is told.
    let bad = |problem: String| SecretError::Content { path: path.clone(), problem };
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        bad(line.map_or_else(|| "is not TOML".to_owned(), |line| format!("line {line} is not TOML")))
    })?;
    let entry = match table.get(provider.as_str()) {
        None => return Ok(Table::new()),
        Some(Value::Table(entry)) => entry.clone(),
        Some(_) => return Err(bad(format!("{provider} should be a table, [{provider}]"))),
    };
    for (key, value) in &entry {
        if !KEYS.contains(&key.as_str()) {
            return Err(bad(format!("unknown key \"{key}\" in [{provider}]; known are {}", KEYS.join(", "))));
        }
        if !value.is_str() {
            return Err(bad(format!("{key} in [{provider}] should be text in quotes")));
        }
    }
    Ok(entry)
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl fmt::Debug for AppSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AppSecrets(..)")
    }
}
