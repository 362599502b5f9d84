//! GPX and TCX. No document type is read, so a file can neither declare entities nor name other files.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use super::Track;
use super::writer::{Point, TrackWriter, decimal};

/// How deep elements may lie in one another. GPX with extensions goes eight deep.
const MAX_DEPTH: usize = 64;

/// What the elements of a format mean.
pub struct Dialect {
    root: &'static str,
    track: &'static [&'static str],
    segment: &'static [&'static str],
    point: &'static [&'static str],
    /// Elements and attributes of a track that are told of it, and as what.
    about: &'static [(&'static str, &'static str)],
    /// What elements of a point are called in ours; others keep their names.
    names: &'static [(&'static str, &'static str)],
}

/// GPX.
pub const GPX: Dialect = Dialect {
    root: "gpx",
    track: &["trk", "rte"],
    segment: &["trkseg"],
    point: &["trkpt", "rtept"],
    about: &[("name", "name"), ("type", "type"), ("desc", "desc"), ("cmt", "cmt"), ("src", "src")],
    names: &[("atemp", "temp"), ("heartrate", "hr"), ("cadence", "cad"), ("PowerInWatts", "power")],
};

/// TCX.
pub const TCX: Dialect = Dialect {
    root: "TrainingCenterDatabase",
    track: &["Activity", "Course"],
    segment: &["Track"],
    point: &["Trackpoint"],
    about: &[("Sport", "type"), ("Id", "id"), ("Name", "name"), ("Notes", "notes")],
    names: &[
        ("Time", "time"),
        ("LatitudeDegrees", "lat"),
        ("LongitudeDegrees", "lon"),
        ("AltitudeMeters", "ele"),
        ("HeartRateBpm", "hr"),
        ("Cadence", "cad"),
        ("RunCadence", "cad"),
        ("Watts", "power"),
        ("DistanceMeters", "distance"),
        ("Speed", "speed"),
    ],
};

/// The element of a TCX that holds the number of the one around it.
const VALUE: &str = "Value";

/// Reads a file.
///
/// # Errors
/// What is wrong, and on which line.
pub fn read(bytes: &[u8], dialect: &Dialect) -> Result<Track, String> {
    let text = decoded(bytes)?;
    // Strava puts blanks in front of a TCX, where XML allows none.
    let text = text.trim_start();
    let mut walk = Walk { dialect, path: Vec::new(), leaf: None, point: None, writer: TrackWriter::default() };
    let mut reader = Reader::from_str(text);
    loop {
        let event = reader.read_event();
        let taken = match event {
            Ok(Event::Eof) => break,
            Ok(event) => walk.take(event),
            Err(error) => Err(format!("it is no sound XML: {error}")),
        };
        taken.map_err(|reason| {
            let at = usize::try_from(reader.buffer_position()).unwrap_or(text.len()).min(text.len());
            let line = 1 + memchr::memchr_iter(b'\n', &text.as_bytes()[..at]).count();
            format!("line {line}: {reason}")
        })?;
    }
    if !walk.path.is_empty() {
        return Err("it is cut off".to_owned());
    }
    walk.writer.finish()
}

/// The text, in whatever encoding the file says it is.
fn decoded(bytes: &[u8]) -> Result<Cow<'_, str>, String> {
    let encoding = match bytes {
        [0xff, 0xfe, ..] => UTF_16LE,
        [0xfe, 0xff, ..] => UTF_16BE,
        _ => announced(bytes)?,
    };
    let bytes = match bytes {
        [0xff, 0xfe, rest @ ..] | [0xfe, 0xff, rest @ ..] | [0xef, 0xbb, 0xbf, rest @ ..] => rest,
        bytes => bytes,
    };
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes);
    text.ok_or_else(|| format!("it says that it is in {}, but it is not", encoding.name()))
}

/// The encoding that the first line announces; UTF-8 where it announces none.
fn announced(bytes: &[u8]) -> Result<&'static Encoding, String> {
    let start = bytes.trim_ascii_start();
    let head = start.strip_prefix(b"<?xml").and_then(|rest| rest.split(|byte| *byte == b'>').next());
    let head = String::from_utf8_lossy(head.unwrap_or_default());
    let Some((_, label)) = head.split_once("encoding") else { return Ok(UTF_8) };
    let label = label.trim_start_matches(['=', ' ', '"', '\'']);
    let label = label.split(['"', '\'', '?', ' ']).next().unwrap_or_default();
    match Encoding::for_label(label.as_bytes()) {
        // A text that could be read up to here is in no such encoding.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err(format!("it is in an encoding that fitsnap does not know ({label})")),
    }
}

/// Where the walk through a file is.
struct Walk<'d> {
    dialect: &'d Dialect,
    path: Vec<String>,
    /// The text of the element at hand, as long as no other element was met in it.
    leaf: Option<String>,
    point: Option<Point>,
    writer: TrackWriter,
}

impl Walk<'_> {
    fn take(&mut self, event: Event<'_>) -> Result<(), String> {
        match event {
            Event::Start(element) => self.open(&element),
            Event::Empty(element) => {
                self.open(&element)?;
                self.close()
            }
            Event::End(_) => self.close(),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let resolved = resolve(&reference)?;
                self.text(&resolved)
            }
            Event::DocType(_) => Err("it has a document type, which may declare anything and is not read".to_owned()),
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Eof => Ok(()),
        }
    }

    fn open(&mut self, element: &BytesStart<'_>) -> Result<(), String> {
        let name = element.local_name().into_inner();
        let dialect = self.dialect;
        if self.path.is_empty() && name != dialect.root {
            return Err(format!("it begins with <{name}>, not with <{}>", dialect.root));
        }
        if self.path.len() == MAX_DEPTH {
            return Err(format!("its elements lie more than {MAX_DEPTH} deep"));
        }
        if dialect.track.contains(&name) {
            self.writer.end()?;
            self.attributes(element, |walk, name, value| {
                if let Some((_, told)) = dialect.about.iter().find(|(known, _)| *known == name) {
                    walk.writer.member(told, value);
                }
            })?;
        } else if dialect.segment.contains(&name) {
            self.writer.segment();
        } else if dialect.point.contains(&name) {
            self.point = Some(Point::default());
            self.attributes(element, |walk, name, value| {
                if let Some(point) = &mut walk.point {
                    point.tell(name, value);
                }
            })?;
            if dialect.root == GPX.root {
                self.demand(element)?;
            }
        }
        self.path.push(name.to_owned());
        self.leaf = Some(String::new());
        Ok(())
    }

    fn attributes(
        &mut self,
        element: &BytesStart<'_>,
        mut told: impl FnMut(&mut Self, &str, &str),
    ) -> Result<(), String> {
        for attribute in element.attributes() {
            let attribute = attribute.map_err(|error| format!("it is no sound XML: {error}"))?;
            let value = attribute
                .normalized_value(XmlVersion::Implicit1_0)
                .map_err(|error| format!("it is no sound XML: {error}"))?;
            told(self, attribute.key.local_name().into_inner(), &value);
        }
        Ok(())
    }

    /// A point of a GPX has a position.
    fn demand(&self, element: &BytesStart<'_>) -> Result<(), String> {
        for name in ["lat", "lon"] {
            let told = element.try_get_attribute(name).ok().flatten();
            let told = told.ok_or_else(|| format!("a point has no {name}"))?;
            check(name, &told.value)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        if let Some(leaf) = &mut self.leaf {
            leaf.push_str(text);
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), String> {
        let Some(name) = self.path.pop() else { return Ok(()) };
        let text = self.leaf.take().map(|text| text.trim().to_owned());
        let holder = self.path.last().map(String::as_str).unwrap_or_default();
        let dialect = self.dialect;
        if dialect.point.contains(&name.as_str()) {
            if let Some(point) = self.point.take() {
                self.writer.point(&point);
            }
        } else if dialect.track.contains(&name.as_str()) {
            self.writer.end()?;
        } else if let Some(text) = text.filter(|text| !text.is_empty()) {
            let own = if name == VALUE { holder } else { name.as_str() };
            match &mut self.point {
                Some(point) => {
                    let called =
                        dialect.names.iter().find(|(known, _)| *known == own).map_or(own, |(_, called)| called);
                    check(called, &text)?;
                    point.tell(called, &text);
                }
                None if dialect.track.contains(&holder) => {
                    if let Some((_, called)) = dialect.about.iter().find(|(known, _)| *known == own) {
                        self.writer.member(called, &text);
                    }
                }
                None => {}
            }
        }
        Ok(())
    }
}

/// Whether a number is one where only a number makes sense.
fn check(name: &str, text: &str) -> Result<(), String> {
    let most = match name {
        "lat" => 90.0,
        "lon" => 180.0,
        "ele" => f64::MAX,
        _ => return Ok(()),
    };
    let number = decimal(text).and_then(|number| number.parse::<f64>().ok());
    match number {
        Some(number) if number.abs() <= most => Ok(()),
        _ => Err(format!("{name} is \"{text}\"")),
    }
}

/// A character by number, or one of the five that XML knows by name.
fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let unknown = || format!("it refers to &{};, which no such file needs", &**reference);
    match reference.resolve_char_ref().map_err(|_| unknown())? {
        Some(character) => Ok(character.to_string()),
        None => quick_xml::escape::resolve_xml_entity(reference).map(str::to_owned).ok_or_else(unknown),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn gpx(points: &str) -> String {
        format!("<?xml version=\"1.0\"?>\n<gpx>\n<trk><name>N</name><trkseg>\n{points}</trkseg></trk></gpx>")
    }

    fn tracks(text: &[u8], dialect: &Dialect) -> Result<String, String> {
        read(text, dialect).map(|track| String::from_utf8(track.tracks.as_bytes().to_vec()).unwrap())
    }

    #[test]
    fn a_pause_begins_another_segment_and_extensions_are_points_members() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx xmlns:gpxtpx=\"x\"><metadata><name>File</name>\
            <time>2013-12-03T11:00:00Z</time></metadata><trk>\n<name><![CDATA[Running & <more>]]></name><type>9</type>\
            <trkseg><trkpt lat=\"21.858981000\" lon=\"-67.65\"><ele>183.2</ele><time>2013-12-03T11:45:00Z</time>\
            <extensions><gpxtpx:TrackPointExtension><gpxtpx:hr>98</gpxtpx:hr><gpxtpx:atemp>7.0</gpxtpx:atemp>\
            </gpxtpx:TrackPointExtension></extensions></trkpt></trkseg>\
            <trkseg><trkpt lat=\"21.9\" lon=\"-67.6\"/></trkseg></trk></gpx>";
        let track = read(text.as_bytes(), &GPX).unwrap();
        assert_eq!(
            String::from_utf8_lossy(track.tracks.as_bytes()),
            "[{\"name\":\"Running & <more>\",\"type\":\"9\",\"segments\":[[{\"lat\":21.858981000,\"lon\":-67.65,\
             \"ele\":183.2,\"time\":\"2013-12-03T11:45:00Z\",\"hr\":98,\"temp\":7.0}],[{\"lat\":21.9,\"lon\":-67.6}]]}]"
        );
        assert_eq!(track.start.unwrap().to_rfc3339(), "2013-12-03T11:45:00+00:00");
        assert_eq!((track.position, track.offset), (Some((21.858_981, -67.65)), None));
    }

    #[test]
    fn a_tcx_tells_its_points_in_the_same_words() {
        let text = "          <?xml version=\"1.0\"?><TrainingCenterDatabase xmlns:x=\"y\"><Activities>\
            <Activity Sport=\"Running\"><Id>2014-09-12T16:54:28Z</Id><Lap><Calories>9</Calories><Track><Trackpoint>\
            <Time>2014-09-12T16:54:28.000Z</Time><Position><LatitudeDegrees>1.5</LatitudeDegrees>\
            <LongitudeDegrees>2.5</LongitudeDegrees></Position><AltitudeMeters>10</AltitudeMeters>\
            <DistanceMeters>0.0</DistanceMeters><HeartRateBpm x:type=\"t\"><Value>120</Value></HeartRateBpm>\
            <Extensions><x:TPX><x:Speed>2.9</x:Speed><x:RunCadence>85</x:RunCadence></x:TPX></Extensions>\
            </Trackpoint></Track></Lap></Activity></Activities></TrainingCenterDatabase>";
        assert_eq!(
            tracks(text.as_bytes(), &TCX).unwrap(),
            "[{\"type\":\"Running\",\"id\":\"2014-09-12T16:54:28Z\",\"segments\":[[{\"time\":\
             \"2014-09-12T16:54:28.000Z\",\"lat\":1.5,\"lon\":2.5,\"ele\":10,\"distance\":0.0,\"hr\":120,\"speed\":2.9,\
             \"cad\":85}]]}]"
        );
    }

    #[test]
    fn a_bad_number_is_named_with_its_line() {
        for (point, said) in [
            ("<trkpt lat=\"abc\" lon=\"2\"/>", "line 4: lat is \"abc\""),
            ("<trkpt lat=\"91\" lon=\"2\"/>", "line 4: lat is \"91\""),
            ("<trkpt lat=\"1\" lon=\"1e999\"/>", "line 4: lon is \"1e999\""),
            ("<trkpt lat=\"1\" lon=\"NaN\"/>", "line 4: lon is \"NaN\""),
            ("<trkpt lat=\"1\"/>", "line 4: a point has no lon"),
            ("<trkpt lat=\"1\" lon=\"2\">\n<ele>high</ele></trkpt>", "line 5: ele is \"high\""),
        ] {
            assert_eq!(tracks(gpx(point).as_bytes(), &GPX).unwrap_err(), said);
        }
        let odd = "<trkpt lat=\"1\" lon=\"2\"><time>soon</time><hr>-</hr></trkpt>";
        assert!(tracks(gpx(odd).as_bytes(), &GPX).unwrap().contains("\"time\":\"soon\",\"hr\":\"-\""));
    }

    #[test]
    fn tricks_with_entities_are_refused() {
        let with = |head: &str, name: &str| format!("{head}<gpx><trk><name>{name}</name></trk></gpx>");
        let refused = |text: String, word: &str| {
            let said = tracks(text.as_bytes(), &GPX).unwrap_err();
            assert!(said.contains(word), "{said}");
        };
        let outside = "<!DOCTYPE gpx [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>";
        let laughs = "<!DOCTYPE gpx [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;\">]>";
        refused(with(outside, "&x;"), "document type");
        refused(with(laughs, "&b;"), "document type");
        refused(with("<!DOCTYPE gpx SYSTEM \"http://127.0.0.1/gpx.dtd\">", "n"), "document type");
        refused(with("", "&x;"), "&x;");
        refused(with("", "&#0;"), "&#0;");
        let named = tracks(with("", "A &amp; B &lt;&#x1F3C3;").as_bytes(), &GPX).unwrap();
        assert!(named.contains("\"A & B <🏃\""), "{named}");
        let deep = format!("<gpx>{}", "<a>".repeat(100));
        refused(deep, "deep");
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        let refused = |text: &[u8], word: &str| {
            let said = tracks(text, &GPX).unwrap_err();
            assert!(said.contains(word), "{said}");
        };
        refused(b"<html><body/></html>", "begins with <html>");
        refused(b"<gpx><trk></gpx>", "no sound XML");
        refused(b"<gpx><trk><name>x", "cut off");
        refused(b"\x1f\x8b\x08", "it says that it is in UTF-8");
        assert_eq!(tracks(b"<gpx/>", &GPX).unwrap(), "[]");
    }

    #[test]
    fn other_encodings_are_read_where_the_file_says_so() {
        let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><gpx><trk><name>Fr\xfchlauf</name></trk></gpx>";
        assert!(tracks(latin, &GPX).unwrap().contains("Frühlauf"));
        let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?><gpx><trk><name>Frühlauf</name></trk></gpx>";
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(tracks(&utf16, &GPX).unwrap().contains("Frühlauf"));
        let unsaid = b"<gpx><trk><name>Fr\xfchlauf</name></trk></gpx>";
        assert!(tracks(unsaid, &GPX).unwrap_err().contains("UTF-8"));
        let unknown = b"<?xml version='1.0' encoding='klingon'?><gpx/>";
        assert!(tracks(unknown, &GPX).unwrap_err().contains("klingon"));
    }
}
