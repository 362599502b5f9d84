//! The time zone of a place.

use std::sync::LazyLock;

use tzf_rs::EmbeddedFinder;

use crate::model::Zone;

/// A map of the world's time zones, as OpenStreetMap has their borders. It is part of the program, and opened
/// when it is first needed.
static ATLAS: LazyLock<EmbeddedFinder> = LazyLock::new(EmbeddedFinder::new);

/// The zone of a position, latitude and longitude in degrees; none where the map has one of a name that
/// the rules of time do not know.
pub fn zone_at((lat, lon): (f64, f64)) -> Option<Zone> {
    Zone::named(ATLAS.get_tz_name(lon, lat))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_have_the_zone_of_their_country() {
        let zone = |lat, lon| zone_at((lat, lon)).map(|zone| zone.to_string());
        assert_eq!(zone(60.17, 24.94).as_deref(), Some("Europe/Helsinki"));
        assert_eq!(zone(-33.87, 151.21).as_deref(), Some("Australia/Sydney"));
        assert_eq!(zone(40.71, -74.01).as_deref(), Some("America/New_York"));
        // The open sea has zones by longitude.
        assert!(zone(30.0, -40.0).is_some());
    }
}
