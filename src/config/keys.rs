//! The keys of a provider in `fitsnap.toml`: the one list from which the reader, `fitsnap config` and the
//! schema for editors take them.

/// A key of a provider's table.
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// What its value is.
    pub shape: Shape,
    /// What it means, for people.
    pub about: &'static str,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The word for a service.
    Service,
    /// A day, as text or as TOML's own date.
    Day,
    /// A whole number from the one to the other.
    Count(i64, i64),
    /// An address.
    Address,
    /// Texts, at least one.
    Texts,
    /// The name of a zone of the IANA database.
    Zone,
    /// One of these words; the first is meant where nothing is said.
    Word(&'static [&'static str]),
}

/// The longest window, about a century.
const MOST_DAYS: i64 = 36_500;

/// Every key that a provider's table may have.
pub const KEYS: [Key; 9] = [
    key("kind", Shape::Service, "which service it is, where the table's name is another"),
    key("since", Shape::Day, "the first day wanted; else the provider's own first day"),
    key("window", Shape::Count(1, MOST_DAYS), "days, today included, that every sync downloads again; 7 unless set"),
    key("base_url", Shape::Address, "every origin of the provider; plain http only to this machine"),
    key("resources", Shape::Texts, "the resources wanted; else the provider's default set"),
    key("time_zone", Shape::Zone, "the zone of data that does not say its own"),
    key("detail", Shape::Word(&["1sec", "1min"]), "fitbit: how fine heart rate is asked for"),
    key("types", Shape::Texts, "strava, runkeeper: only these kinds of activity"),
    key(
        "stream",
        Shape::Word(&["reconcile", "list"]),
        "googlehealth: the one stream that Google makes of all sources, or each source for itself",
    ),
];

const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, about }
}
