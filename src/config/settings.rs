//! `fitsnap.toml`: what an archive holds and how each provider is asked.

use std::collections::BTreeMap;

use toml::{Table, Value};
use url::Url;

use super::keys::KEYS;
use crate::model::{Day, FORMAT, ProviderName, Zone, nearest};

/// The file at the archive's root.
pub const SETTINGS_FILE: &str = "fitsnap.toml";

/// The settings of an archive.
#[derive(Clone, Debug, Default)]
pub struct ArchiveSettings {
    /// The providers by name.
    pub providers: BTreeMap<ProviderName, ProviderSettings>,
}

/// The settings of one provider.
#[derive(Clone, Debug)]
pub struct ProviderSettings {
    /// Which service it is; the name where nothing else is said.
    pub kind: String,
    /// The first day wanted; the provider's own first day where not set.
    pub since: Option<Day>,
    /// How many days, today included, every sync downloads again.
    pub window: u32,
    /// Every origin of the provider, in place of its own.
    pub base_url: Option<Url>,
    /// The resources wanted; the provider's default set where not set.
    pub resources: Option<Vec<String>>,
    /// The zone of data that does not say its own.
    pub time_zone: Option<Zone>,
    /// How fine a series is asked for.
    pub detail: Detail,
    /// Only these kinds of activity.
    pub types: Option<Vec<String>>,
    /// Which of the provider's views of its data is asked for.
    pub stream: Stream,
}

/// How fine a series is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// A value a second.
    Second,
    /// A value a minute.
    Minute,
}

/// Which of a provider's views of its data is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// The one stream of truth that the provider makes of all sources.
    Reconcile,
    /// Every source for itself.
    List,
}

/// `fitsnap.toml` cannot be used as it is.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// It is not TOML.
    #[error("fitsnap.toml is not TOML: {0}")]
    Syntax(String),
    /// A key that fitsnap does not know.
    #[error("fitsnap.toml has the unknown key \"{key}\" in {table}")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The table that holds it, as a person would write it.
        table: String,
        /// The known key that is nearest to it.
        nearest: Option<&'static str>,
    },
    /// A value that does not fit its key.
    #[error("fitsnap.toml: {key} in {table} {problem}")]
    Value {
        /// The key.
        key: String,
        /// The table that holds it.
        table: String,
        /// What is wrong and what it should be.
        problem: String,
    },
    /// The archive was made by a newer fitsnap.
    #[error("this archive has format {found}; this fitsnap reads format {FORMAT} and older")]
    NewerFormat {
        /// The format it has.
        found: i64,
    },
    /// `format` is missing.
    #[error("fitsnap.toml lacks \"format\"; its first line should be: format = {FORMAT}")]
    NoFormat,
}

const TOP_KEYS: [&str; 2] = ["format", "providers"];

impl Default for ProviderSettings {
    fn default() -> ProviderSettings {
        ProviderSettings {
            kind: String::new(),
            since: None,
            window: 7,
            base_url: None,
            resources: None,
            time_zone: None,
            detail: Detail::Second,
            types: None,
            stream: Stream::Reconcile,
        }
    }
}

impl ProviderSettings {
    /// The settings of a provider that `fitsnap.toml` does not mention.
    pub fn of_kind(kind: &str) -> ProviderSettings {
        ProviderSettings { kind: kind.to_owned(), ..ProviderSettings::default() }
    }
}

impl ArchiveSettings {
    /// Reads the text of `fitsnap.toml`. `kinds` are the services that this fitsnap knows.
    ///
    /// # Errors
    /// When it is not TOML, has an unknown key or a value that does not fit, or is of a newer format.
    pub fn read(text: &str, kinds: &[&'static str]) -> Result<ArchiveSettings, SettingsError> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| SettingsError::Syntax(error.to_string()))?;
        match table.get("format") {
            None => return Err(SettingsError::NoFormat),
            Some(Value::Integer(found)) if *found > FORMAT => return Err(SettingsError::NewerFormat { found: *found }),
            Some(Value::Integer(1..)) => {}
            Some(_) => return Err(misfit("format", "the file's head", format!("should be {FORMAT}"))),
        }
        check_keys(&table, &TOP_KEYS, "the file's head")?;
        let mut settings = ArchiveSettings::default();
        match table.get("providers") {
            None => {}
            Some(Value::Table(providers)) => {
                for (name, value) in providers {
                    let place = format!("[providers.{name}]");
                    let name: ProviderName =
                        name.parse().map_err(|error| misfit(name, "[providers]", format!("is no name: {error}")))?;
                    let Value::Table(entry) = value else {
                        return Err(misfit(name.as_str(), "[providers]", format!("should be a table, {place}")));
                    };
                    settings.providers.insert(name.clone(), read_provider(&name, entry, &place, kinds)?);
                }
            }
            Some(_) => {
                return Err(misfit("providers", "the file's head", "should be tables, [providers.NAME]".into()));
            }
        }
        Ok(settings)
    }
}

fn read_provider(
    name: &ProviderName,
    entry: &Table,
    place: &str,
    kinds: &[&'static str],
) -> Result<ProviderSettings, SettingsError> {
    check_keys(entry, &KEYS.map(|key| key.name), place)?;
    let bad = |key: &str, problem: String| misfit(key, place, problem);
    let kind = text(entry, "kind", place)?.unwrap_or(name.as_str());
    if !kinds.contains(&kind) {
        let known = kinds.join(", ");
        let problem = if entry.contains_key("kind") {
            format!("is \"{kind}\", but fitsnap knows {known}")
        } else {
            format!("is missing, and \"{name}\" is no service; fitsnap knows {known}")
        };
        return Err(bad("kind", problem));
    }
    let mut settings = ProviderSettings::of_kind(kind);
    settings.since = match entry.get("since") {
        None => None,
        // TOML has dates of its own; a person may leave the quotes out.
        Some(Value::Datetime(date)) => Some(date.to_string().parse().map_err(|e| bad("since", format!("says {e}")))?),
        Some(Value::String(day)) => Some(day.parse().map_err(|error| bad("since", format!("says {error}")))?),
        Some(_) => return Err(bad("since", "should be a day in quotes, like \"2014-09-29\"".into())),
    };
    if let Some(window) = entry.get("window") {
        settings.window = window
            .as_integer()
            .and_then(|days| u32::try_from(days).ok())
            .filter(|days| (1..=36_500).contains(days))
            .ok_or_else(|| bad("window", "should be a whole number of days, 1 or more".into()))?;
    }
    settings.base_url =
        text(entry, "base_url", place)?.map(base_url).transpose().map_err(|problem| bad("base_url", problem))?;
    settings.resources = texts(entry, "resources", place)?;
    settings.types = texts(entry, "types", place)?;
    settings.time_zone = match text(entry, "time_zone", place)? {
        None => None,
        Some(zone) => Some(Zone::named(zone).ok_or_else(|| {
            bad("time_zone", format!("is \"{zone}\", which is no IANA time zone; write it like \"Europe/Helsinki\""))
        })?),
    };
    settings.detail = match text(entry, "detail", place)? {
        None | Some("1sec") => Detail::Second,
        Some("1min") => Detail::Minute,
        Some(other) => return Err(bad("detail", format!("is \"{other}\"; it should be \"1sec\" or \"1min\""))),
    };
    settings.stream = match text(entry, "stream", place)? {
        None | Some("reconcile") => Stream::Reconcile,
        Some("list") => Stream::List,
        Some(other) => return Err(bad("stream", format!("is \"{other}\"; it should be \"reconcile\" or \"list\""))),
    };
    Ok(settings)
}

/// A provider's address; plain http only to this machine, so that no token crosses a network in the clear.
fn base_url(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("is no address: {error}"))?;
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err("holds a user name or password; an archive holds no secret".into())
        }
        "https" if url.host().is_some() => Ok(url),
        "http" if loopback => Ok(url),
        "http" => Err(format!("is \"{text}\"; plain http is only for this machine (127.0.0.1), use https")),
        _ => Err(format!("is \"{text}\"; it should begin with https://")),
    }
}

fn check_keys(table: &Table, known: &[&'static str], place: &str) -> Result<(), SettingsError> {
    match table.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(SettingsError::UnknownKey {
            key: key.clone(),
            table: place.to_owned(),
            nearest: nearest(key, known.iter().copied()),
        }),
    }
}

fn text<'t>(table: &'t Table, key: &str, place: &str) -> Result<Option<&'t str>, SettingsError> {
    match table.get(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(misfit(key, place, "should be text in quotes".into())),
    }
}

fn texts(table: &Table, key: &str, place: &str) -> Result<Option<Vec<String>>, SettingsError> {
    let Some(value) = table.get(key) else { return Ok(None) };
    let list = value.as_array().filter(|list| !list.is_empty());
    let list = list.and_then(|list| list.iter().map(|item| item.as_str().map(str::to_owned)).collect());
    list.map(Some).ok_or_else(|| misfit(key, place, "should be a list of texts, like [\"storyline\"]".into()))
}

fn misfit(key: &str, table: &str, problem: String) -> SettingsError {
    SettingsError::Value { key: key.to_owned(), table: table.to_owned(), problem }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KINDS: [&str; 2] = ["moves", "strava"];

    fn message(text: &str) -> String {
        ArchiveSettings::read(text, &KINDS).unwrap_err().to_string()
    }

    #[test]
    fn reads_what_the_design_shows() {
        let text = "format = 1\n[providers.moves]\nsince = \"2014-09-29\"\nwindow = 9\nbase_url = \"http://127.0.0.1:8080\"\n\
                    resources = [\"storyline\"]\ntime_zone = \"Europe/Helsinki\"\n[providers.strava-work]\nkind = \"strava\"\n";
        let settings = ArchiveSettings::read(text, &KINDS).unwrap();
        let moves = &settings.providers[&"moves".parse().unwrap()];
        assert_eq!((moves.window, moves.kind.as_str()), (9, "moves"));
        assert_eq!(moves.since.unwrap().to_string(), "2014-09-29");
        assert_eq!(settings.providers[&"strava-work".parse().unwrap()].kind, "strava");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_nearest() {
        let error = ArchiveSettings::read("format = 1\n[providers.moves]\nwindos = 3\n", &KINDS).unwrap_err();
        assert!(matches!(&error, SettingsError::UnknownKey { key, nearest: Some("window"), .. } if key == "windos"));
        assert!(error.to_string().contains("[providers.moves]"), "{error}");
    }

    #[test]
    fn values_that_do_not_fit_say_key_and_table() {
        for (line, words) in [
            ("since = \"2014-02-30\"", "\"2014-02-30\" is no day"),
            ("window = 0", "1 or more"),
            ("base_url = \"http://example.com\"", "only for this machine"),
            ("base_url = \"https://me:secret@example.com\"", "no secret"),
            ("time_zone = \"Helsinki\"", "no IANA time zone"),
            ("detail = \"2sec\"", "1sec"),
            ("resources = []", "list of texts"),
            ("kind = \"garmin\"", "fitsnap knows moves, strava"),
        ] {
            let said = message(&format!("format = 1\n[providers.moves]\n{line}\n"));
            assert!(said.contains(words) && said.contains("[providers.moves]"), "{line}: {said}");
        }
    }

    #[test]
    fn formats_other_than_ours_are_refused() {
        assert!(message("format = 2\nnews = true\n").contains("format 2"));
        assert!(message("").contains("lacks \"format\""));
        assert!(message("format = \"1\"").contains("should be 1"));
    }
}
