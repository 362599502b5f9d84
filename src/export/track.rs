//! Where a person was, as the services tell it: tracks with points, and stays at places.

use super::moment::Moment;

/// What a day tells of where the person was.
#[derive(Debug, Default)]
pub struct Traces {
    /// The ways, in the order of the day.
    pub tracks: Vec<Track>,
    /// The places, in the order of the day.
    pub stays: Vec<Stay>,
}

/// A way.
#[derive(Debug)]
pub struct Track {
    /// What a person calls it.
    pub name: String,
    /// The kind of movement, in the service's word.
    pub kind: String,
    /// Its points; a new segment begins where the recording paused.
    pub segments: Vec<Vec<Point>>,
}

/// A point of a way.
#[derive(Clone, Copy, Debug, Default)]
pub struct Point {
    /// Degrees north, WGS 84.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// Metres above the sea.
    pub altitude: Option<f64>,
    /// When the person was there.
    pub time: Option<Moment>,
    /// Heart beats a minute.
    pub heart_rate: Option<f64>,
    /// Steps or turns a minute.
    pub cadence: Option<f64>,
    /// Degrees Celsius.
    pub temperature: Option<f64>,
}

/// A stay at a place.
#[derive(Debug)]
pub struct Stay {
    /// The place's name, where it has one.
    pub name: Option<String>,
    /// The kind of place, in the service's word.
    pub kind: String,
    /// Degrees north, WGS 84.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// When the person came.
    pub from: Option<Moment>,
    /// When the person left.
    pub to: Option<Moment>,
}

/// Whether these degrees are a place on Earth.
pub fn is_on_earth(lat: f64, lon: f64) -> bool {
    (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon)
}
