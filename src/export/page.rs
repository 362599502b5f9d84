//! A day document that is read for another tool.

use std::borrow::Cow;

use super::moment::Moment;
use crate::json::{Json, Kind, Members, Value};
use crate::model::{Day, ProviderName, Zone};

/// A day document, with what the settings say of its provider.
pub struct Page<'a> {
    /// Whose day it is.
    pub provider: &'a ProviderName,
    /// The day.
    pub day: Day,
    /// The zone of times that do not say their own.
    pub zone: Option<Zone>,
    /// The document.
    pub json: &'a Json,
}

impl<'a> Page<'a> {
    /// The resources of the day, by name.
    pub fn resources(&self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        let members: Option<Members<'a>> = self.json.root().get("resources").map(Value::members);
        members.into_iter().flatten().map(|(name, value)| (name.as_str(), value))
    }

    /// A resource of the day.
    pub fn resource(&self, name: &str) -> Option<Value<'a>> {
        self.json.root().get("resources")?.get(name)
    }

    /// The day, as it stands in a cell.
    pub fn date(&self) -> Cow<'static, str> {
        self.day.to_string().into()
    }
}

/// What stands at a JSON Pointer below a value, as text: a string as it is, a number in its canonical
/// spelling, `true` or `false`; nothing for what is missing, null, a list or an object.
pub fn text<'j>(value: Value<'j>, pointer: &str) -> Cow<'j, str> {
    value.pointer(pointer).map(scalar).unwrap_or_default()
}

/// What stands at each of these JSON Pointers below a value, as [`text`] gives it.
pub fn texts<'j, const N: usize>(value: Value<'j>, pointers: [&str; N]) -> [Cow<'j, str>; N] {
    pointers.map(|pointer| text(value, pointer))
}

/// A value as text, as [`text`] gives it.
pub fn scalar(value: Value<'_>) -> Cow<'_, str> {
    match value.kind() {
        Kind::String => value.as_str().unwrap_or_default(),
        Kind::Number => value.as_number().unwrap_or_default(),
        Kind::Bool => if value.as_bool() == Some(true) { "true" } else { "false" }.into(),
        Kind::Null | Kind::Array | Kind::Object => "".into(),
    }
}

/// The number at a JSON Pointer below a value, if one stands there.
pub fn number(value: Value<'_>, pointer: &str) -> Option<f64> {
    value.pointer(pointer)?.as_f64()
}

/// The moment at a JSON Pointer below a value, if one stands there.
pub fn moment(value: Value<'_>, pointer: &str) -> Option<Moment> {
    Moment::read(&value.pointer(pointer)?.as_str()?)
}

/// The two cells of a moment: the wall clock and its offset from UTC, each empty where not known.
pub fn clock_cells(moment: Option<Moment>) -> [Cow<'static, str>; 2] {
    moment.map_or_else(Default::default, |moment| [moment.clock().into(), moment.offset_text().into()])
}
