//! Looking at single settings in the text of `fitsnap.toml`, and changing them without touching the rest.

use toml_edit::{Array, Document, DocumentMut, Item, Table, TableLike, Value};

use super::keys::{KEYS, Key, Shape};
use super::settings::{ArchiveSettings, SettingsError};
use crate::model::{NameError, ProviderName, nearest};

/// A setting's place: `providers.strava.types`.
#[derive(Clone)]
pub struct Place {
    provider: ProviderName,
    key: &'static Key,
}

/// A setting cannot be looked at or changed.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// No setting has this name.
    #[error("\"{place}\" is no setting; write it like providers.moves.window")]
    NoSetting {
        /// What was given.
        place: String,
        /// The setting that was perhaps meant.
        nearest: Option<String>,
    },
    /// The format, which no hand sets.
    #[error("\"format\" in fitsnap.toml says in which form the archive is written; it is not set by hand")]
    Format,
    /// The name in the middle cannot name a provider.
    #[error(transparent)]
    Name(#[from] NameError),
    /// One value was wanted.
    #[error("{place} takes one value, not {count}")]
    OneValue {
        /// The setting.
        place: String,
        /// How many were given.
        count: usize,
    },
    /// The table of the provider is none.
    #[error("fitsnap.toml: {what} should be a table")]
    NoTable {
        /// What is no table.
        what: String,
    },
    /// The settings as they stand, or as they would stand, cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
}

impl Place {
    /// Reads `providers.NAME.KEY`.
    ///
    /// # Errors
    /// When no setting has this name.
    pub fn read(text: &str) -> Result<Place, EditError> {
        let no_setting = |nearest: Option<String>| EditError::NoSetting { place: text.to_owned(), nearest };
        let known = || KEYS.iter().map(|key| key.name);
        match text.split('.').collect::<Vec<_>>()[..] {
            ["providers", name, key] => {
                let found = KEYS.iter().find(|known| known.name == key);
                let meant = || nearest(key, known()).map(|key| format!("providers.{name}.{key}"));
                Ok(Place { key: found.ok_or_else(|| no_setting(meant()))?, provider: name.parse()? })
            }
            [name, key] if known().any(|known| known == key) => {
                Err(no_setting(Some(format!("providers.{name}.{key}"))))
            }
            ["format"] => Err(EditError::Format),
            _ => Err(no_setting(None)),
        }
    }

    /// The provider whose setting it is.
    pub fn provider(&self) -> &ProviderName {
        &self.provider
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "providers.{}.{}", self.provider, self.key.name)
    }
}

/// Every setting that a provider may have, with its place and what it means.
pub fn settings_of(provider: &str) -> impl Iterator<Item = (String, String)> {
    KEYS.iter().map(move |key| (format!("providers.{provider}.{}", key.name), key.about.to_owned()))
}

/// Every setting that the text has, with its value in TOML on one line.
///
/// # Errors
/// When the text is no TOML.
pub fn list(text: &str) -> Result<Vec<(String, String)>, EditError> {
    let mut found = Vec::new();
    flatten(&read(text)?, "", &mut found);
    Ok(found)
}

fn flatten(table: &toml::Table, above: &str, found: &mut Vec<(String, String)>) {
    for (name, value) in table {
        let place = format!("{above}{name}");
        match value {
            toml::Value::Table(table) => flatten(table, &format!("{place}."), found),
            value => found.push((place, value.to_string())),
        }
    }
}

/// The value of a setting, a text a value of a list; what holds where the text does not set it. None where
/// nothing holds.
///
/// # Errors
/// When the text is no TOML.
pub fn get(text: &str, place: &Place) -> Result<Option<Vec<String>>, EditError> {
    let table = read(text)?;
    let entry = table.get("providers").and_then(|providers| providers.get(place.provider.as_str()));
    let plain = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    Ok(match entry.and_then(|entry| entry.get(place.key.name)) {
        Some(toml::Value::Array(list)) => Some(list.iter().map(plain).collect()),
        Some(value) => Some(vec![plain(value)]),
        None => by_default(place).map(|value| vec![value]),
    })
}

fn by_default(place: &Place) -> Option<String> {
    match (place.key.name, place.key.shape) {
        ("window", _) => Some(super::ProviderSettings::default().window.to_string()),
        (_, Shape::Word(words)) => words.first().map(|word| (*word).to_owned()),
        (_, Shape::Service) => Some(place.provider.to_string()),
        _ => None,
    }
}

/// The text with a setting set to this value, or to these where it is a list. All else stays as it is,
/// comments too.
///
/// # Errors
/// When the reader of settings refuses what would come of it.
pub fn set(text: &str, place: &Place, values: &[String], kinds: &[&'static str]) -> Result<String, EditError> {
    let mut document: DocumentMut = text.parse().map_err(syntax)?;
    let mut fresh = value_of(place, values)?;
    let entry = entry(&mut document, &place.provider)?;
    match entry.get_mut(place.key.name).and_then(Item::as_value_mut) {
        Some(old) => {
            *fresh.decor_mut() = old.decor().clone();
            *old = fresh;
        }
        None => {
            entry.insert(place.key.name, Item::Value(fresh));
        }
    }
    checked(document, kinds)
}

/// The text with a table for a provider, with nothing set in it, where there is none yet.
///
/// # Errors
/// When the reader of settings refuses what would come of it.
pub fn add(text: &str, provider: &ProviderName, kinds: &[&'static str]) -> Result<String, EditError> {
    let mut document: DocumentMut = text.parse().map_err(syntax)?;
    entry(&mut document, provider)?;
    checked(document, kinds)
}

/// The text without a setting, so that what holds by default does. Its own line goes; what was remarked behind
/// the value stays, as does all else. The same text where the setting is not set.
///
/// # Errors
/// When the reader of settings refuses what would come of it.
pub fn unset(text: &str, place: &Place, kinds: &[&'static str]) -> Result<String, EditError> {
    let document = Document::parse(text).map_err(syntax)?;
    let providers = document.get("providers").and_then(Item::as_table_like);
    let Some(item) = providers.and_then(|providers| providers.get(place.provider.as_str())) else {
        return Ok(text.to_owned());
    };
    let found = item.as_table_like().and_then(|entry| entry.get_key_value(place.key.name));
    let Some((key, value)) = found else { return Ok(text.to_owned()) };
    let text = match (key.span(), value.span()) {
        // Of a table with a line a setting.
        (Some(key), Some(value)) if item.as_table().is_some_and(|table| !table.is_dotted()) => {
            let line = text[..key.start].rfind('\n').map_or(0, |at| at + 1);
            let end = text[value.end..].find('\n').map_or(text.len(), |at| value.end + at + 1);
            format!("{}{}{}", &text[..line], text[value.end..end].trim_start(), &text[end..])
        }
        _ => {
            let mut document: DocumentMut = text.parse().map_err(syntax)?;
            entry(&mut document, &place.provider)?.remove(place.key.name);
            document.to_string()
        }
    };
    ArchiveSettings::read(&text, kinds)?;
    Ok(text)
}

fn syntax(error: toml_edit::TomlError) -> SettingsError {
    SettingsError::Syntax(error.to_string())
}

fn checked(document: DocumentMut, kinds: &[&'static str]) -> Result<String, EditError> {
    let text = document.to_string();
    ArchiveSettings::read(&text, kinds)?;
    Ok(text)
}

/// The table of a provider, made at the text's end where there is none.
fn entry<'d>(document: &'d mut DocumentMut, provider: &ProviderName) -> Result<&'d mut dyn TableLike, EditError> {
    let table = |what: String| EditError::NoTable { what };
    let has = document.get("providers").is_some_and(|item| item.get(provider.as_str()).is_some());
    let rest = document.trailing().as_str().unwrap_or_default().to_owned();
    if !has {
        document.set_trailing("");
    }
    let providers = document.entry("providers").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let providers = providers.as_table_like_mut().ok_or_else(|| table("providers".to_owned()))?;
    let entry = providers.entry(provider.as_str()).or_insert_with(|| {
        let mut entry = Table::new();
        // What stands at the text's end speaks of what comes after it.
        entry.decor_mut().set_prefix(format!("{}\n", if rest.trim().is_empty() { "" } else { &rest }));
        Item::Table(entry)
    });
    entry.as_table_like_mut().ok_or_else(|| table(format!("[providers.{provider}]")))
}

fn value_of(place: &Place, values: &[String]) -> Result<Value, EditError> {
    match (place.key.shape, values) {
        (Shape::Texts, values) => Ok(values.iter().map(String::as_str).collect::<Array>().into()),
        // What is no number is left for the reader to refuse, in its own words.
        (Shape::Count(..), [value]) => Ok(value.parse::<i64>().map_or_else(|_| value.as_str().into(), Value::from)),
        (_, [value]) => Ok(value.as_str().into()),
        (_, values) => Err(EditError::OneValue { place: place.to_string(), count: values.len() }),
    }
}

/// The settings as they stand, whether the reader takes them or not.
///
/// # Errors
/// When the text is no TOML.
pub fn read(text: &str) -> Result<toml::Table, EditError> {
    text.parse().map_err(|error: toml::de::Error| SettingsError::Syntax(error.to_string()).into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const KINDS: [&str; 2] = ["moves", "strava"];

    fn place(text: &str) -> Place {
        Place::read(text).unwrap()
    }

    fn change(text: &str, at: &str, values: &[&str]) -> Result<String, EditError> {
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        set(text, &place(at), &values, &KINDS)
    }

    #[test]
    fn a_change_touches_nothing_else() {
        let text = "# mine\nformat = 1   # the first\n\n[providers.moves] # walks\nwindow = 7      # days\n\
                    since = \"2014-09-29\"\n# the end\n";
        assert_eq!(change(text, "providers.moves.window", &["9"]).unwrap(), text.replace("= 7 ", "= 9 "));
        assert_eq!(
            change(text, "providers.moves.resources", &["storyline"]).unwrap(),
            text.replace("29\"\n", "29\"\nresources = [\"storyline\"]\n")
        );
        let inline = "format = 1\nproviders = { moves = { window = 3 } }\n";
        assert_eq!(change(inline, "providers.moves.window", &["4"]).unwrap(), inline.replace('3', "4"));
    }

    #[test]
    fn a_new_provider_comes_after_what_is_there() {
        let text = "format = 1\n\n# A table for each provider.\n# [providers.moves]\n";
        let once = change(text, "providers.strava.types", &["Run", "Ride"]).unwrap();
        assert_eq!(once, format!("{text}\n[providers.strava]\ntypes = [\"Run\", \"Ride\"]\n"));
        let twice = change(&once, "providers.moves.window", &["9"]).unwrap();
        assert_eq!(twice, format!("{once}\n[providers.moves]\nwindow = 9\n"));
    }

    #[test]
    fn a_provider_gets_an_empty_table_once() {
        let text = "format = 1\n# mine\n";
        let once = add(text, &"moves".parse().unwrap(), &KINDS).unwrap();
        assert_eq!(once, format!("{text}\n[providers.moves]\n"));
        assert_eq!(add(&once, &"moves".parse().unwrap(), &KINDS).unwrap(), once);
        assert!(add(text, &"walks".parse().unwrap(), &KINDS).is_err());
    }

    #[test]
    fn what_is_unset_leaves_every_remark() {
        let take = |text: &str, at: &str| unset(text, &place(at), &KINDS).unwrap();
        let text = "format = 1\n[providers.moves] # walks\n# long, because\nwindow = 7      # days\n\
                    resources = [\n  \"storyline\", # all\n]\nsince = \"2014-09-29\"";
        assert_eq!(take(text, "providers.moves.window"), text.replace("window = 7      # days", "# days"));
        let list = "resources = [\n  \"storyline\", # all\n]\n";
        assert_eq!(take(text, "providers.moves.resources"), text.replace(list, ""));
        assert_eq!(take(text, "providers.moves.since"), text.replace("since = \"2014-09-29\"", ""));
        assert_eq!(take(text, "providers.moves.types"), text);
        assert_eq!(take(text, "providers.strava.types"), text);
        let inline = "format = 1\nproviders = { moves = { window = 3, since = \"2014-09-29\" } }\n";
        let less = take(inline, "providers.moves.window");
        assert!(!less.contains("window") && less.contains("since"), "{less}");
        assert_eq!(take("format = 1\nproviders.moves.window = 3\n", "providers.moves.window").trim(), "format = 1");
        // Without its kind a name of one's own names no service.
        assert!(unset("format = 1\n[providers.a]\nkind = \"moves\"\n", &place("providers.a.kind"), &KINDS).is_err());
    }

    #[test]
    fn what_the_reader_refuses_is_not_set() {
        let text = "format = 1\n[providers.moves]\n";
        for (at, values, words) in [
            ("providers.moves.window", &["0"][..], "1 or more"),
            ("providers.moves.window", &["soon"], "whole number"),
            ("providers.moves.since", &["2014-02-30"], "no day"),
            ("providers.moves.detail", &["2sec"], "1sec"),
            ("providers.moves.base_url", &["http://example.com"], "plain http"),
            ("providers.walks.window", &["3"], "\"walks\" is no service"),
            ("providers.moves.window", &["1", "2"], "takes one value"),
            ("providers.moves.resources", &[], "list of texts"),
        ] {
            let said = change(text, at, values).unwrap_err().to_string();
            assert!(said.contains(words), "{at} {values:?}: {said}");
        }
        assert!(matches!(change("format =", "providers.moves.window", &["3"]), Err(EditError::Settings(_))));
    }

    #[test]
    fn settings_are_named_in_full() {
        for (text, meant) in [
            ("providers.moves.windwo", Some("providers.moves.window")),
            ("moves.window", Some("providers.moves.window")),
            ("window", None),
            ("formats", None),
        ] {
            match Place::read(text) {
                Err(EditError::NoSetting { nearest, .. }) => assert_eq!(nearest.as_deref(), meant, "{text}"),
                other => panic!("{text}: {:?}", other.map(|place| place.to_string())),
            }
        }
        assert!(matches!(Place::read("providers.Moves.window"), Err(EditError::Name(_))));
        assert!(matches!(Place::read("format"), Err(EditError::Format)));
    }

    #[test]
    fn what_is_not_set_has_what_holds_without_it() {
        let text = "format = 1\n[providers.walks]\nkind = \"moves\"\nresources = [\"a\", \"b\"]\nsince = 2014-09-29\n";
        let of = |key: &str| get(text, &place(&format!("providers.walks.{key}"))).unwrap();
        assert_eq!(of("kind").unwrap(), ["moves"]);
        assert_eq!(of("resources").unwrap(), ["a", "b"]);
        assert_eq!(of("since").unwrap(), ["2014-09-29"]);
        assert_eq!(of("window").unwrap(), ["7"]);
        assert_eq!(of("stream").unwrap(), ["reconcile"]);
        assert_eq!(of("time_zone"), None);
        assert_eq!(get("format = 1\n", &place("providers.moves.kind")).unwrap().unwrap(), ["moves"]);
        let listed = list(text).unwrap();
        assert_eq!(listed[2], ("providers.walks.resources".to_owned(), "[\"a\", \"b\"]".to_owned()));
        assert_eq!(listed.len(), 4);
    }
}
