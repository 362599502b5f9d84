//! Where a person was at a moment: the stay or the way that says it best.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};

use super::moment::Moment;
use super::page::Page;
use super::service::service;
use super::track::{Point, Stay, Traces, Track};
use super::{ExportError, Source};
use crate::archive::Archive;
use crate::model::{Day, DayDocument};

/// A moment that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// By the wall clock of the person, wherever that was.
    Local(NaiveDateTime),
    /// In UTC.
    Utc(DateTime<Utc>),
}

/// How an answer was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// The person stayed there.
    Stay,
    /// Between two points of a way.
    Between,
    /// The nearest point of a way, or end of a stay.
    Nearest,
}

/// Where the person was, as one provider tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Degrees north, WGS 84.
    pub lat: f64,
    /// Degrees east.
    pub lon: f64,
    /// The place's name, where it is a place that has one.
    pub place: Option<String>,
    /// The way's name and kind of movement, where it is on a way.
    pub way: Option<(String, String)>,
    /// The provider's name in the archive.
    pub provider: String,
    /// The day whose document tells it.
    pub day: Day,
    /// How it was found.
    pub how: How,
    /// How far off what was recorded is in time, in seconds; 0 during a stay.
    pub seconds_off: f64,
    /// When the nearest thing was recorded.
    pub time: Moment,
}

/// What the archive says of a moment.
#[derive(Debug, Default)]
pub struct Whereabouts {
    /// The best answer of each provider, the best of all first.
    pub answers: Vec<Answer>,
    /// The providers whose times could not be compared, because their zone is not known.
    pub zoneless: Vec<String>,
    /// The days that cannot be read, each with the reason.
    pub problems: Vec<String>,
}

impl When {
    /// The moment that a text or a photo tells.
    pub fn of(moment: Moment) -> When {
        moment.utc().map_or(When::Local(moment.local), When::Utc)
    }

    /// The days whose documents may tell: tracks run over midnight, and days differ around the Earth.
    fn days(self) -> impl Iterator<Item = Day> {
        let date = match self {
            When::Local(local) => local.date(),
            When::Utc(time) => time.date_naive(),
        };
        Day::from_date(date).into_iter().flat_map(|day| [day.plus(-1), day, day.plus(1)])
    }

    /// How long after `moment` this is, in seconds; nothing where that cannot be told.
    fn after(self, moment: Moment) -> Option<f64> {
        let span: TimeDelta = match self {
            When::Local(local) => local - moment.local,
            When::Utc(time) => time - moment.utc()?,
        };
        Some(span.num_milliseconds() as f64 / 1_000.0)
    }
}

/// Looks where a person was at a moment, in the last commit: the day itself and those beside it.
///
/// # Errors
/// When the archive cannot be read.
pub fn whereabouts(archive: &Archive, sources: &[Source], when: When) -> Result<Whereabouts, ExportError> {
    let snapshot = archive.snapshot()?;
    let mut found = Whereabouts::default();
    for source in sources {
        let Some(service) = service(&source.kind).filter(|service| !service.traces.is_empty()) else { continue };
        let mut search = Search { when, best: None, zoneless: false };
        for day in when.days() {
            let Some(text) = snapshot.day(&source.name, day)? else { continue };
            match DayDocument::open(text, &source.name, day) {
                Ok(json) => {
                    let page = Page { provider: &source.name, day, zone: source.zone, json: &json };
                    search.look(&page, &service.traces(&page, None));
                }
                Err(error) => found.problems.push(format!("{} {day}: {error}", source.name)),
            }
        }
        found.answers.extend(search.best);
        if search.zoneless {
            found.zoneless.push(source.name.to_string());
        }
    }
    found.answers.sort_by(|one, other| one.seconds_off.total_cmp(&other.seconds_off));
    Ok(found)
}

struct Search {
    when: When,
    best: Option<Answer>,
    zoneless: bool,
}

impl Search {
    fn look(&mut self, page: &Page<'_>, traces: &Traces) {
        for stay in &traces.stays {
            self.stay(page, stay);
        }
        for track in &traces.tracks {
            for segment in &track.segments {
                self.segment(page, track, segment);
            }
        }
    }

    fn after(&mut self, page: &Page<'_>, moment: Moment) -> Option<f64> {
        let after = self.when.after(moment.in_zone(page.zone));
        self.zoneless |= after.is_none();
        after
    }

    fn offer(&mut self, answer: Answer) {
        // As near as a point, yet truer: between it and the next.
        let truer = |best: &Answer| answer.how == How::Between && answer.seconds_off == best.seconds_off;
        if self.best.as_ref().is_none_or(|best| answer.seconds_off < best.seconds_off || truer(best)) {
            self.best = Some(answer);
        }
    }

    fn stay(&mut self, page: &Page<'_>, stay: &Stay) {
        let (Some(from), Some(to)) = (stay.from, stay.to) else { return };
        let (Some(after_start), Some(after_end)) = (self.after(page, from), self.after(page, to)) else { return };
        let (how, seconds_off, time) = if after_start < 0.0 {
            (How::Nearest, -after_start, from)
        } else if after_end > 0.0 {
            (How::Nearest, after_end, to)
        } else {
            (How::Stay, 0.0, if after_start < -after_end { from } else { to })
        };
        self.offer(Answer {
            lat: stay.lat,
            lon: stay.lon,
            place: stay.name.clone(),
            way: None,
            provider: page.provider.to_string(),
            day: page.day,
            how,
            seconds_off,
            time: time.in_zone(page.zone),
        });
    }

    fn segment(&mut self, page: &Page<'_>, track: &Track, segment: &[Point]) {
        let mut before: Option<(f64, &Point)> = None;
        for point in segment {
            let Some(time) = point.time else { continue };
            let Some(after) = self.after(page, time) else { return };
            let answer = |lat, lon, how, seconds_off: f64, time: Moment| Answer {
                lat,
                lon,
                place: None,
                way: Some((track.name.clone(), track.kind.clone())),
                provider: page.provider.to_string(),
                day: page.day,
                how,
                seconds_off,
                time: time.in_zone(page.zone),
            };
            if let Some((earlier, from)) = before.filter(|(earlier, _)| *earlier > 0.0 && after < 0.0) {
                let share = earlier / (earlier - after);
                let (lat, lon) = between(from, point, share);
                let nearest = if earlier < -after { from.time.unwrap_or(time) } else { time };
                self.offer(answer(lat, lon, How::Between, earlier.min(-after), nearest));
            } else {
                self.offer(answer(point.lat, point.lon, How::Nearest, after.abs(), time));
            }
            before = Some((after, point));
        }
    }
}

/// The position a share of the way from one point to another, the short way round the Earth. Points of a
/// track are so near to each other that degrees may be taken for a plane.
fn between(from: &Point, to: &Point, share: f64) -> (f64, f64) {
    let mut east = to.lon - from.lon;
    if east.abs() > 180.0 {
        east -= 360.0_f64.copysign(east);
    }
    let mut lon = from.lon + east * share;
    if lon.abs() > 180.0 {
        lon -= 360.0_f64.copysign(lon);
    }
    let round = |degrees: f64| (degrees * 1e7).round() / 1e7;
    (round(from.lat + (to.lat - from.lat) * share), round(lon))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::json::Json;
    use crate::model::Zone;

    fn moment(text: &str) -> Moment {
        Moment::read(text).unwrap()
    }

    fn point(time: &str, lat: f64, lon: f64) -> Point {
        Point { lat, lon, time: Some(moment(time)), ..Point::default() }
    }

    /// A stay from 8 to 12 at 60/24, then a walk with a point at 12:10 and one at 12:20.
    fn look(when: &str, offset: &str, zone: Option<Zone>) -> Option<Answer> {
        let at = |time: &str| format!("2015-07-10T{time}{offset}");
        let stay = Stay {
            name: Some("Home".into()),
            kind: "home".into(),
            lat: 60.0,
            lon: 24.0,
            from: Some(moment(&at("08:00"))),
            to: Some(moment(&at("12:00"))),
        };
        let segments = vec![vec![point(&at("12:10"), 60.0, 179.9), point(&at("12:20"), 60.1, -179.9)]];
        let walk = Track { name: "a walk".into(), kind: "walking".into(), segments };
        let json = Json::parse("{}").unwrap();
        let provider = "moves".parse().unwrap();
        let page = Page { provider: &provider, day: "2015-07-10".parse().unwrap(), zone, json: &json };
        let mut search = Search { when: When::of(moment(when)), best: None, zoneless: false };
        search.look(&page, &Traces { tracks: vec![walk], stays: vec![stay] });
        assert_eq!(search.zoneless, search.best.is_none());
        search.best
    }

    #[test]
    fn a_stay_holds_between_its_ends_and_is_near_beyond_them() {
        let found = look("2015-07-10T09:30", "+03:00", None).unwrap();
        assert_eq!((found.how, found.seconds_off, found.place.as_deref()), (How::Stay, 0.0, Some("Home")));
        let found = look("2015-07-10T12:03", "+03:00", None).unwrap();
        assert_eq!(
            (found.how, found.seconds_off, found.time.clock().as_str()),
            (How::Nearest, 180.0, "2015-07-10T12:00:00")
        );
    }

    #[test]
    fn between_two_points_the_way_is_shared_by_time_across_the_date_line_too() {
        let found = look("2015-07-10T12:15", "+03:00", None).unwrap();
        assert_eq!((found.how, found.lat, found.lon.abs()), (How::Between, 60.05, 180.0));
        assert_eq!((found.seconds_off, found.way.unwrap().1.as_str()), (300.0, "walking"));
        let found = look("2015-07-10T12:12:30", "+03:00", None).unwrap();
        assert_eq!((found.how, found.seconds_off, found.lon), (How::Between, 150.0, 179.95));
        let found = look("2015-07-10T12:21", "+03:00", None).unwrap();
        assert_eq!((found.how, found.seconds_off, found.lat), (How::Nearest, 60.0, 60.1));
    }

    #[test]
    fn a_moment_with_a_zone_is_compared_in_utc_and_one_without_by_the_wall_clock() {
        assert_eq!(look("2015-07-10T06:30Z", "+03:00", None).unwrap().how, How::Stay);
        assert_eq!(look("2015-07-10T09:30", "", None).unwrap().how, How::Stay);
        // What does not tell its zone cannot be compared, unless the settings do.
        assert_eq!(look("2015-07-10T06:30Z", "", None), None);
        assert_eq!(look("2015-07-10T06:30Z", "", Zone::named("Europe/Helsinki")).unwrap().how, How::Stay);
    }
}
