//! A JSON schema of `fitsnap.toml`, by which editors complete and check it.

use serde_json::{Map, Value, json};

use super::keys::{KEYS, Key, Shape};
use crate::model::FORMAT;

/// The schema. `kinds` are the services that this fitsnap knows.
pub fn schema(kinds: &[&'static str]) -> Value {
    let keys: Map<String, Value> = KEYS.iter().map(|key| (key.name.to_owned(), of(key, kinds))).collect();
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "fitsnap.toml",
        "type": "object",
        "required": ["format"],
        "additionalProperties": false,
        "properties": {
            "format": {"type": "integer", "minimum": 1, "maximum": FORMAT, "description": "the archive format"},
            "providers": {
                "type": "object",
                "description": "a table a provider; its name is the folder under data/",
                "propertyNames": {"pattern": "^[a-z][a-z0-9-]{0,63}$"},
                "additionalProperties": {"type": "object", "additionalProperties": false, "properties": keys},
            },
        },
    })
}

fn of(key: &Key, kinds: &[&'static str]) -> Value {
    let mut value = match key.shape {
        Shape::Service => json!({"type": "string", "enum": kinds}),
        Shape::Day => json!({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
        Shape::Count(least, most) => json!({"type": "integer", "minimum": least, "maximum": most}),
        Shape::Address => json!({"type": "string", "pattern": "^https?://"}),
        Shape::Texts => json!({"type": "array", "minItems": 1, "items": {"type": "string"}}),
        Shape::Zone => json!({"type": "string", "examples": ["Europe/Helsinki"]}),
        Shape::Word(words) => json!({"type": "string", "enum": words, "default": words.first()}),
    };
    value["description"] = key.about.into();
    value
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::ArchiveSettings;

    /// Whether a value fits a schema, as far as the schema uses these words.
    fn fits(schema: &Value, value: &toml::Value) -> bool {
        let kind = match value {
            toml::Value::Table(_) => "object",
            toml::Value::Array(_) => "array",
            toml::Value::Integer(_) => "integer",
            // Editors see a date of TOML as text.
            toml::Value::String(_) | toml::Value::Datetime(_) => "string",
            _ => "other",
        };
        let text = || value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        schema["type"] == kind
            && schema["enum"].as_array().is_none_or(|words| words.contains(&text().into()))
            && schema["minimum"].as_i64().is_none_or(|least| value.as_integer() >= Some(least))
            && schema["maximum"].as_i64().is_none_or(|most| value.as_integer() <= Some(most))
            && schema["minItems"].as_u64().is_none_or(|least| value.as_array().unwrap().len() as u64 >= least)
            && value.as_array().is_none_or(|items| items.iter().all(|item| fits(&schema["items"], item)))
            && value.as_table().is_none_or(|table| {
                table.iter().all(|(name, value)| {
                    let known = schema["properties"].get(name).or(schema.get("additionalProperties"));
                    known.is_some_and(|known| *known != Value::Bool(false) && fits(known, value))
                })
            })
            && schema["required"]
                .as_array()
                .is_none_or(|names| names.iter().all(|name| value.get(name.as_str().unwrap()).is_some()))
    }

    #[test]
    fn the_schema_takes_what_the_reader_takes() {
        let kinds = ["moves", "strava"];
        let schema = schema(&kinds);
        let mut lines = vec![
            ("kind = \"strava\"".to_owned(), true),
            ("kind = \"garmin\"".to_owned(), false),
            ("since = \"2014-09-29\"".to_owned(), true),
            ("since = 2014-09-29".to_owned(), true),
            ("since = 7".to_owned(), false),
            ("window = 1".to_owned(), true),
            ("window = 36500".to_owned(), true),
            ("window = 0".to_owned(), false),
            ("window = 36501".to_owned(), false),
            ("window = \"7\"".to_owned(), false),
            ("base_url = \"https://example.com\"".to_owned(), true),
            ("resources = [\"storyline\"]".to_owned(), true),
            ("resources = []".to_owned(), false),
            ("resources = [7]".to_owned(), false),
            ("types = \"Run\"".to_owned(), false),
            ("time_zone = \"Europe/Helsinki\"".to_owned(), true),
            ("windwo = 7".to_owned(), false),
        ];
        for key in KEYS {
            if let Shape::Word(words) = key.shape {
                lines.extend(words.iter().map(|word| (format!("{} = \"{word}\"", key.name), true)));
                lines.push((format!("{} = \"other\"", key.name), false));
            }
        }
        for (line, good) in lines {
            let text = format!("format = 1\n[providers.moves]\n{line}\n");
            assert_eq!(ArchiveSettings::read(&text, &kinds).is_ok(), good, "reader: {line}");
            assert_eq!(fits(&schema, &text.parse::<toml::Table>().unwrap().into()), good, "schema: {line}");
        }
        for (text, good) in [("format = 1", true), ("", false), ("format = 2", false), ("format = 1\nx = 1", false)] {
            assert_eq!(ArchiveSettings::read(text, &kinds).is_ok(), good, "reader: {text}");
            assert_eq!(fits(&schema, &text.parse::<toml::Table>().unwrap().into()), good, "schema: {text}");
        }
    }
}
