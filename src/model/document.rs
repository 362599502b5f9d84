//! The day document and the account document: what fitsnap keeps of a provider, unmapped.

use std::borrow::Borrow;
use std::collections::BTreeMap;

use super::{Day, ProviderName};
use crate::json::{Json, JsonError, Kind, Name, Value, quote};

/// Resources by name, each the JSON of the provider's answer as it was sent.
pub type Resources = BTreeMap<String, JsonText>;

/// The text of exactly one JSON value. It can only be made from values that were parsed, so that
/// putting texts together never lets a provider's answer leak out of its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonText(Vec<u8>);

impl JsonText {
    /// The text of a value, spelled as in its source.
    pub fn of(value: Value<'_>) -> JsonText {
        JsonText(value.raw().to_vec())
    }

    /// A text that is JSON as it stands.
    ///
    /// # Errors
    /// When canonical form refuses it.
    pub fn parse(text: &[u8]) -> Result<JsonText, JsonError> {
        Ok(JsonText::of(Json::parse(text)?.root()))
    }

    /// An array of these values, in this order.
    pub fn list<'j>(items: impl IntoIterator<Item = Value<'j>>) -> JsonText {
        JsonText::joined(items.into_iter().map(Value::raw), 0)
    }

    /// An array of these texts, in this order.
    pub fn array<'t>(items: impl IntoIterator<Item = &'t JsonText>) -> JsonText {
        JsonText::joined(items.into_iter().map(JsonText::as_bytes), 0)
    }

    /// An array of these texts, each that of one value.
    pub(super) fn joined<'t>(texts: impl Iterator<Item = &'t [u8]>, capacity: usize) -> JsonText {
        let mut text = Vec::with_capacity(capacity);
        text.push(b'[');
        for (at, item) in texts.enumerate() {
            if at > 0 {
                text.push(b',');
            }
            text.extend_from_slice(item);
        }
        text.push(b']');
        JsonText(text)
    }

    /// An object of these members; the names must differ.
    pub fn object<'n, T: Borrow<JsonText>>(members: impl IntoIterator<Item = (&'n str, T)>) -> JsonText {
        let mut text = Vec::new();
        write_object(&mut text, members);
        JsonText(text)
    }

    /// A JSON string.
    pub fn string(text: &str) -> JsonText {
        JsonText(quote(text).into_bytes())
    }

    /// The text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// All that a provider says of one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayDocument {
    /// Whose day it is.
    pub provider: ProviderName,
    /// The day.
    pub day: Day,
    /// The provider's answers.
    pub resources: Resources,
    /// Resources that are lastingly not to be had, with the reason.
    pub absent: BTreeMap<String, String>,
    /// Members beside those of fitsnap's: whoever put them there finds them again.
    pub others: BTreeMap<String, JsonText>,
}

/// What a provider says that has no day: profile, devices, gear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Whose account it is.
    pub provider: ProviderName,
    /// The provider's answers.
    pub resources: Resources,
    /// Resources that are lastingly not to be had, with the reason.
    pub absent: BTreeMap<String, String>,
    /// Members beside those of fitsnap's: whoever put them there finds them again.
    pub others: BTreeMap<String, JsonText>,
}

/// A file that is JSON but not the document its place asks for.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum DocumentError {
    /// The file is not JSON that canonical form takes.
    #[error("it is not readable JSON: {0}")]
    Json(#[from] JsonError),
    /// The file lacks a member or has one of the wrong type.
    #[error("it is no document of fitsnap's: {0}")]
    Shape(&'static str),
    /// The members say another day or provider than the file's place.
    #[error("it says it is {said}, but stands where {place} belongs")]
    Place {
        /// What the members say.
        said: String,
        /// What the path says.
        place: String,
    },
}

impl DayDocument {
    /// A document of a day with no resources yet.
    pub fn new(provider: ProviderName, day: Day) -> DayDocument {
        DayDocument { provider, day, resources: Resources::new(), absent: BTreeMap::new(), others: BTreeMap::new() }
    }

    /// The document as JSON; its file is the canonical form of that.
    ///
    /// # Errors
    /// When a resource is not JSON that canonical form takes.
    pub fn json(&self) -> Result<Json, JsonError> {
        let day = self.day.to_string();
        compose(&[("date", &day), ("provider", self.provider.as_str())], &self.resources, &self.absent, &self.others)
    }

    /// Reads a document back, checking that it is the one of this provider and day.
    ///
    /// # Errors
    /// When it is not a day document, or one of another place.
    pub fn read(text: impl Into<Vec<u8>>, provider: &ProviderName, day: Day) -> Result<DayDocument, DocumentError> {
        DayDocument::read_but(text, provider, day, |_| false)
    }

    /// Reads a document back as `read` does, without the resources of these names: one that is about to be
    /// replaced may be large.
    ///
    /// # Errors
    /// As `read`.
    pub fn read_but(
        text: impl Into<Vec<u8>>,
        provider: &ProviderName,
        day: Day,
        without: impl Fn(&str) -> bool,
    ) -> Result<DayDocument, DocumentError> {
        let json = DayDocument::open(text, provider, day)?;
        let (resources, absent) = parts(&json, without)?;
        let others = others(&json, &["absent", "date", "provider", "resources"])?;
        Ok(DayDocument { provider: provider.clone(), day, resources, absent, others })
    }

    /// Parses a document, checking that it is the one of this provider and day, and leaves it as it is.
    ///
    /// # Errors
    /// When it is not a day document, or one of another place.
    pub fn open(text: impl Into<Vec<u8>>, provider: &ProviderName, day: Day) -> Result<Json, DocumentError> {
        let json = Json::parse(text)?;
        let root = json.root();
        let word = |name: &str| root.get(name).and_then(|value| value.as_str());
        let date = word("date").ok_or(DocumentError::Shape("the member \"date\" is missing or no text"))?;
        let said = word("provider").ok_or(DocumentError::Shape("the member \"provider\" is missing or no text"))?;
        if date != day.to_string() || said != provider.as_str() {
            return Err(DocumentError::Place { said: format!("{said} {date}"), place: format!("{provider} {day}") });
        }
        resources_of(&json)?;
        Ok(json)
    }
}

impl Account {
    /// An account document with no resources yet.
    pub fn new(provider: ProviderName) -> Account {
        Account { provider, resources: Resources::new(), absent: BTreeMap::new(), others: BTreeMap::new() }
    }

    /// The document as JSON; its file is the canonical form of that.
    ///
    /// # Errors
    /// When a resource is not JSON that canonical form takes.
    pub fn json(&self) -> Result<Json, JsonError> {
        compose(&[("provider", self.provider.as_str())], &self.resources, &self.absent, &self.others)
    }

    /// Reads an account document back, checking that it is this provider's.
    ///
    /// # Errors
    /// When it is not an account document, or another provider's.
    pub fn read(text: &[u8], provider: &ProviderName) -> Result<Account, DocumentError> {
        let json = Json::parse(text)?;
        let said = json
            .root()
            .get("provider")
            .and_then(|value| value.as_str())
            .ok_or(DocumentError::Shape("the member \"provider\" is missing or no text"))?;
        if said != provider.as_str() {
            return Err(DocumentError::Place { said: said.into_owned(), place: provider.to_string() });
        }
        let (resources, absent) = parts(&json, |_| false)?;
        let others = others(&json, &["absent", "provider", "resources"])?;
        Ok(Account { provider: provider.clone(), resources, absent, others })
    }
}

/// Puts the JSON texts together as they are; canonical form respells the whole. A day's texts may be large:
/// they are copied once.
fn compose(
    head: &[(&str, &str)],
    resources: &Resources,
    absent: &BTreeMap<String, String>,
    others: &BTreeMap<String, JsonText>,
) -> Result<Json, JsonError> {
    let size = |(name, value): (&String, &JsonText)| name.len() + value.0.len() + 8;
    let mut text = Vec::with_capacity(resources.iter().map(size).sum::<usize>() + 256);
    text.push(b'{');
    for (name, word) in head {
        text.extend_from_slice(format!("{}:{},", quote(name), quote(word)).as_bytes());
    }
    if !absent.is_empty() {
        text.extend_from_slice(b"\"absent\":");
        write_object(&mut text, absent.iter().map(|(name, reason)| (name.as_str(), JsonText::string(reason))));
        text.push(b',');
    }
    for (name, value) in others {
        text.extend_from_slice(format!("{}:", quote(name)).as_bytes());
        text.extend_from_slice(&value.0);
        text.push(b',');
    }
    text.extend_from_slice(b"\"resources\":");
    write_object(&mut text, resources.iter().map(|(name, value)| (name.as_str(), value)));
    text.push(b'}');
    Json::parse(text)
}

fn write_object<'n, T: Borrow<JsonText>>(text: &mut Vec<u8>, members: impl IntoIterator<Item = (&'n str, T)>) {
    text.push(b'{');
    for (at, (name, value)) in members.into_iter().enumerate() {
        if at > 0 {
            text.push(b',');
        }
        text.extend_from_slice(quote(name).as_bytes());
        text.push(b':');
        text.extend_from_slice(&value.borrow().0);
    }
    text.push(b'}');
}

fn parts(json: &Json, without: impl Fn(&str) -> bool) -> Result<(Resources, BTreeMap<String, String>), DocumentError> {
    let root = json.root();
    let resources = resources_of(json)?
        .members()
        .filter(|(name, _)| !without(&name.as_str()))
        .map(|(name, value)| Ok((called(name)?, JsonText::of(value))))
        .collect::<Result<_, DocumentError>>()?;
    let mut absent = BTreeMap::new();
    if let Some(reasons) = root.get("absent") {
        if reasons.kind() != Kind::Object {
            return Err(DocumentError::Shape("the member \"absent\" is no object"));
        }
        for (name, reason) in reasons.members() {
            let reason = reason.as_str().ok_or(DocumentError::Shape("a reason under \"absent\" is no text"))?;
            absent.insert(called(name)?, reason.into_owned());
        }
    }
    Ok((resources, absent))
}

/// The members beside these.
fn others(json: &Json, known: &[&str]) -> Result<BTreeMap<String, JsonText>, DocumentError> {
    let others = json.root().members().filter(|(name, _)| !known.iter().any(|known| *name == **known));
    others.map(|(name, value)| Ok((called(name)?, JsonText::of(value)))).collect()
}

/// The name of a member or a resource. One with half a letter in it could not be written again as it stands.
fn called(name: Name<'_>) -> Result<String, DocumentError> {
    let text = name.as_str().into_owned();
    if name == text.as_str() {
        Ok(text)
    } else {
        Err(DocumentError::Shape("the name of a resource or a member is no text"))
    }
}

fn resources_of(json: &Json) -> Result<Value<'_>, DocumentError> {
    json.root()
        .get("resources")
        .filter(|value| value.kind() == Kind::Object)
        .ok_or(DocumentError::Shape("the member \"resources\" is missing or no object"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_others_put_beside_fitsnaps_members_comes_back_as_it_was() {
        let moves: ProviderName = "moves".parse().unwrap();
        let text =
            "{\"date\":\"2015-07-05\",\"note\":[1.50,\"\\u00e9\"],\"provider\":\"moves\",\"resources\":{},\"z\":{}}";
        let day = "2015-07-05".parse().unwrap();
        let document = DayDocument::read(text, &moves, day).unwrap();
        assert_eq!(document.others.keys().collect::<Vec<_>>(), ["note", "z"]);
        assert_eq!(document.json().unwrap().canonical(), crate::json::canonical(text.as_bytes()).unwrap());
        // An account is of no day.
        let account = Account::read(text.as_bytes(), &moves).unwrap();
        assert_eq!(account.others.keys().collect::<Vec<_>>(), ["date", "note", "z"]);
        assert_eq!(account.json().unwrap().canonical(), document.json().unwrap().canonical());
        let odd = text.replace("\"z\"", "\"absent\"").replace("{}}", "[]}");
        assert!(DayDocument::read(odd, &moves, day).unwrap_err().to_string().contains("\"absent\" is no object"));
    }

    #[test]
    fn a_resource_has_a_name_that_can_be_written_again() {
        let read = |resources: &str, absent: &str| {
            let text = format!("{{\"provider\":\"moves\",\"resources\":{{{resources}}},\"absent\":{{{absent}}}}}");
            Account::read(text.as_bytes(), &"moves".parse().unwrap()).map_err(|error| error.to_string())
        };
        let account = read("\"\\ud83c\\udfc3\":1", "\"b\":\"gone\"").unwrap();
        assert_eq!(account.resources.keys().collect::<Vec<_>>(), ["\u{1F3C3}"]);
        for said in [read("\"\\ud83d\":1,\"\\ud83e\":2", ""), read("", "\"\\udc4d\":\"gone\"")] {
            assert!(said.unwrap_err().contains("is no text"));
        }
    }
}
