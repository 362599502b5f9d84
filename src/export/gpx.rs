//! GPX 1.1 (http://www.topografix.com/GPX/1/1): places as waypoints, ways as tracks.
//!
//! The schema wants all waypoints before the first track, so the days are gone through twice.

use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, BytesText, Event};

use super::moment::Moment;
use super::page::Page;
use super::service::Service;
use super::track::{Point, Stay, Track};
use super::{ExportError, Maker};
use crate::model::ProviderName;

const NAMESPACES: [(&str, &str); 4] = [
    ("xmlns", "http://www.topografix.com/GPX/1/1"),
    ("xmlns:xsi", "http://www.w3.org/2001/XMLSchema-instance"),
    ("xmlns:gpxtpx", "http://www.garmin.com/xmlschemas/TrackPointExtension/v1"),
    (
        "xsi:schemaLocation",
        "http://www.topografix.com/GPX/1/1 http://www.topografix.com/GPX/1/1/gpx.xsd \
         http://www.garmin.com/xmlschemas/TrackPointExtension/v1 \
         http://www.garmin.com/xmlschemas/TrackPointExtensionv1.xsd",
    ),
];

/// One GPX document of all days.
pub(super) struct Gpx {
    /// Only tracks of this resource.
    wanted: Option<String>,
    services: Vec<(ProviderName, &'static Service)>,
    made: u64,
    /// Where and when the last stay began: one over midnight stands in both days.
    last: Option<(f64, f64, Moment)>,
    /// Points whose time is left out: the provider tells no offset, and the settings no zone.
    timeless: u64,
}

impl Gpx {
    /// `services` tell for each provider, by its name in the archive, how its tracks are read.
    pub(super) fn new(wanted: Option<String>, services: Vec<(ProviderName, &'static Service)>) -> Gpx {
        Gpx { wanted, services, made: 0, last: None, timeless: 0 }
    }
}

impl Maker for Gpx {
    fn passes(&self) -> u32 {
        2
    }

    fn begin(&mut self, pass: u32, out: &mut Vec<u8>) -> Result<(), ExportError> {
        if pass == 0 {
            let mut xml = Xml::new(out);
            xml.0.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
            xml.line()?;
            let root = BytesStart::new("gpx").with_attributes([("version", "1.1"), ("creator", "fitsnap")]);
            xml.0.write_event(Event::Start(root.with_attributes(NAMESPACES)))?;
            xml.line()?;
        }
        Ok(())
    }

    fn day(&mut self, pass: u32, page: &Page<'_>, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let service = self.services.iter().find(|(name, _)| name == page.provider);
        let Some((_, service)) = service else { return Ok(()) };
        let traces = service.traces(page, self.wanted.as_deref());
        let mut xml = Xml::new(out);
        if pass == 0 {
            traces.stays.iter().try_for_each(|stay| self.stay(stay, page, &mut xml))
        } else {
            traces.tracks.iter().try_for_each(|track| self.track(track, page, &mut xml))
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ExportError> {
        let mut xml = Xml::new(out);
        xml.0.write_event(Event::End(BytesEnd::new("gpx")))?;
        Ok(xml.line()?)
    }

    fn made(&self) -> u64 {
        self.made
    }

    fn timeless(&self) -> u64 {
        self.timeless
    }
}

impl Gpx {
    fn stay(&mut self, stay: &Stay, page: &Page<'_>, xml: &mut Xml<'_>) -> Result<(), ExportError> {
        let place = stay.from.map(|from| (stay.lat, stay.lon, from));
        if place.is_some() && self.last == place {
            return Ok(());
        }
        self.last = place;
        self.made += 1;
        xml.open_at("wpt", stay.lat, stay.lon)?;
        if let Some(from) = stay.from {
            let time = from.in_zone(page.zone).utc_text();
            self.timeless += u64::from(time.is_none());
            xml.optional("time", time)?;
        }
        xml.optional("name", stay.name.clone())?;
        xml.text("src", page.provider.as_str())?;
        xml.text("type", &stay.kind)?;
        xml.close("wpt")?;
        Ok(xml.line()?)
    }

    fn track(&mut self, track: &Track, page: &Page<'_>, xml: &mut Xml<'_>) -> Result<(), ExportError> {
        self.made += 1;
        xml.open("trk")?;
        xml.text("name", &track.name)?;
        xml.text("src", page.provider.as_str())?;
        xml.text("type", &track.kind)?;
        xml.line()?;
        for segment in &track.segments {
            xml.open("trkseg")?;
            xml.line()?;
            for point in segment {
                self.point(point, page, xml)?;
            }
            xml.close("trkseg")?;
            xml.line()?;
        }
        xml.close("trk")?;
        Ok(xml.line()?)
    }

    fn point(&mut self, point: &Point, page: &Page<'_>, xml: &mut Xml<'_>) -> Result<(), ExportError> {
        xml.open_at("trkpt", point.lat, point.lon)?;
        xml.optional("ele", point.altitude.map(|metres| metres.to_string()))?;
        if let Some(time) = point.time {
            let time = time.in_zone(page.zone).utc_text();
            self.timeless += u64::from(time.is_none());
            xml.optional("time", time)?;
        }
        let body = [
            ("gpxtpx:atemp", point.temperature.map(|degrees| degrees.to_string())),
            ("gpxtpx:hr", whole(point.heart_rate)),
            ("gpxtpx:cad", whole(point.cadence)),
        ];
        if body.iter().any(|(_, value)| value.is_some()) {
            xml.open("extensions")?;
            xml.open("gpxtpx:TrackPointExtension")?;
            for (name, value) in body {
                xml.optional(name, value)?;
            }
            xml.close("gpxtpx:TrackPointExtension")?;
            xml.close("extensions")?;
        }
        xml.close("trkpt")?;
        Ok(xml.line()?)
    }
}

/// A count as the extension's schema takes it: a byte, and not nothing.
fn whole(count: Option<f64>) -> Option<String> {
    let count = count?.round();
    (1.0..=254.0).contains(&count).then(|| count.to_string())
}

/// XML on its way to a buffer.
struct Xml<'o>(Writer<&'o mut Vec<u8>>);

impl Xml<'_> {
    fn new(out: &mut Vec<u8>) -> Xml<'_> {
        Xml(Writer::new(out))
    }

    fn open(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::Start(BytesStart::new(name)))
    }

    /// Opens an element with a position. No number is spelled with an exponent: the schema wants decimals.
    fn open_at(&mut self, name: &str, lat: f64, lon: f64) -> io::Result<()> {
        // The schema ends longitudes just below 180, which is the same meridian as -180.
        let lon = if lon == 180.0 { -180.0 } else { lon };
        let (lat, lon) = (lat.to_string(), lon.to_string());
        let element = BytesStart::new(name).with_attributes([("lat", lat.as_str()), ("lon", lon.as_str())]);
        self.0.write_event(Event::Start(element))
    }

    fn close(&mut self, name: &str) -> io::Result<()> {
        self.0.write_event(Event::End(BytesEnd::new(name)))
    }

    fn text(&mut self, name: &str, text: &str) -> io::Result<()> {
        self.open(name)?;
        self.0.write_event(Event::Text(BytesText::new(&allowed(text))))?;
        self.close(name)
    }

    fn optional(&mut self, name: &str, text: Option<String>) -> io::Result<()> {
        text.map_or(Ok(()), |text| self.text(name, &text))
    }

    fn line(&mut self) -> io::Result<()> {
        self.0.write_event(Event::Text(BytesText::from_escaped("\n")))
    }
}

/// A text in which what XML 1.0 cannot hold at all is shown as U+FFFD.
fn allowed(text: &str) -> String {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|c| if fits(c) { c } else { char::REPLACEMENT_CHARACTER }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn point(point: Point) -> String {
        let mut out = Vec::new();
        let json = crate::json::Json::parse("{}").unwrap();
        let provider = "strava".parse().unwrap();
        let page = Page { provider: &provider, day: "2015-07-10".parse().unwrap(), zone: None, json: &json };
        Gpx::new(None, Vec::new()).point(&point, &page, &mut Xml::new(&mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_point_has_its_parts_in_the_order_of_the_schema_and_plain_decimals() {
        let time = Moment::read("2015-07-10T14:03:00+03:00");
        let full = Point {
            lat: 1e-7,
            lon: 180.0,
            altitude: Some(-0.5),
            time,
            heart_rate: Some(61.5),
            cadence: Some(0.0),
            temperature: Some(21.0),
        };
        assert_eq!(
            point(full),
            "<trkpt lat=\"0.0000001\" lon=\"-180\"><ele>-0.5</ele><time>2015-07-10T11:03:00Z</time><extensions>\
             <gpxtpx:TrackPointExtension><gpxtpx:atemp>21</gpxtpx:atemp><gpxtpx:hr>62</gpxtpx:hr>\
             </gpxtpx:TrackPointExtension></extensions></trkpt>\n"
        );
        // A time without a zone is no time in GPX, which knows only UTC.
        let local = Moment::read("2015-07-10T14:03:00");
        assert_eq!(point(Point { time: local, ..Point::default() }), "<trkpt lat=\"0\" lon=\"0\"></trkpt>\n");
    }

    #[test]
    fn what_xml_cannot_hold_does_not_reach_it() {
        let mut out = Vec::new();
        Xml::new(&mut out).text("name", "a<&>\u{1}\u{ffff}\u{1b}é 🏠").unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "<name>a&lt;&amp;&gt;\u{fffd}\u{fffd}\u{fffd}é 🏠</name>");
    }
}
