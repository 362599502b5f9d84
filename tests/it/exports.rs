//! Exports of activities, packed as the services do.

use crate::env::ArchiveEnv;
use crate::pack::{Files, zip};

/// Writes a zip of these files into the work folder and tells its name.
pub fn write(env: &ArchiveEnv, name: &str, files: &Files) -> String {
    std::fs::write(env.path(name), zip(files)).unwrap();
    name.to_owned()
}

/// A GPX with a point a minute from this time on, in segments of so many points.
pub fn gpx(name: &str, start: &str, (lat, lon): (f64, f64), segments: &[u32]) -> Vec<u8> {
    let start: chrono::DateTime<chrono::Utc> = start.parse().unwrap();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gpx version=\"1.1\" creator=\"test\" \
         xmlns=\"http://www.topografix.com/GPX/1/1\">\n<trk><name><![CDATA[{name}]]></name>\n"
    );
    let mut minute = 0;
    for count in segments {
        text.push_str("<trkseg>\n");
        for _ in 0..*count {
            let time = start + chrono::TimeDelta::minutes(minute);
            let lat = lat + minute as f64 / 1000.0;
            text.push_str(&format!(
                "<trkpt lat=\"{lat:.6}\" lon=\"{lon:.6}\"><ele>12.5</ele><time>{}</time></trkpt>\n",
                time.format("%Y-%m-%dT%H:%M:%SZ")
            ));
            minute += 1;
        }
        text.push_str("</trkseg>\n");
    }
    text.push_str("</trk></gpx>\n");
    text.into_bytes()
}
