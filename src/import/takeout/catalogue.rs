//! The known files of a Takeout and of the older exports of fitbit.com, as a table.
//!
//! There is no specification of them; what stands here was seen in real exports. Nearly everything is in
//! there twice: as JSON (`heart_rate-2024-03-01.json`, in `Global Export Data` and by other names in older
//! exports) and as CSV in the folders that end in `_GoogleData` (`heart_rate_2024-03-01.csv`), and both are
//! taken, each as a resource of its own. Files are known by their own names, because the folders above them
//! were renamed more than once; only where a name could be anyone's its folder must be right too.

use crate::model::Day;

/// A kind of file.
#[derive(Debug)]
pub struct Stream {
    /// The resource that its records become.
    pub resource: &'static str,
    /// How its records are written.
    pub format: Format,
    /// The members or columns that tell the time of a record, the first that is there.
    pub time: &'static [&'static str],
    /// The column that tells how far the record's own clock was from UTC.
    pub offset: Option<&'static str>,
    /// What a time means.
    pub clock: Clock,
    /// How the stream is cut into files.
    pub cut: Cut,
    folder: Option<&'static str>,
    stem: &'static str,
    tail: Tail,
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// An array of objects.
    Json,
    /// Rows under a header.
    Csv,
    /// An activity's track, a file each.
    Tcx,
}

/// What a time means that does not itself tell its zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// A moment, in UTC.
    Utc,
    /// The person's own clock.
    Local,
    /// A day: its date where the time is midnight, else the day of that moment in UTC. Some files have the
    /// date at midnight UTC, others the person's own midnight in UTC.
    Daily,
    /// Nothing: the file belongs to no day.
    Timeless,
}

/// How a stream is cut into files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A file for each of the person's days, named after it.
    Day,
    /// At the person's midnights, into files of about a month or a year that are named after their first day.
    Midnight,
    /// Somewhere, into files that are named after their first day.
    Anywhere,
    /// Not at all, or in a way that the names do not tell.
    Untold,
}

/// What may stand in a file's name between the stem and the ending.
#[derive(Clone, Copy, Debug)]
enum Tail {
    Nothing,
    /// A date or a number.
    Number,
    /// Nothing, or an underscore and a date.
    MaybeDate,
    /// Anything.
    Any,
}

/// The resource that tells of the files kept beside a document, with their points.
pub const FILES: &str = "export/files";

/// The resource of the account that tells the person's zone.
pub const PROFILE: &str = "export/profile";

const PHYSICAL: &str = "Physical Activity_GoogleData";
const FITNESS: &str = "Health Fitness Data_GoogleData";

/// A stream of the JSON files.
const fn json(stem: &'static str, resource: &'static str, clock: Clock, cut: Cut) -> Stream {
    let (format, time, folder) = (Format::Json, &["dateTime"], None);
    Stream { resource, format, time, offset: None, clock, cut, folder, stem, tail: Tail::Number }
}

/// A stream of the CSV files that are older than Google's, named after a day or month.
const fn csv(stem: &'static str, resource: &'static str, time: &'static [&'static str], clock: Clock) -> Stream {
    let (format, folder) = (Format::Csv, None);
    let cut = if matches!(clock, Clock::Utc) { Cut::Anywhere } else { Cut::Midnight };
    Stream { resource, format, time, offset: None, clock, cut, folder, stem, tail: Tail::Number }
}

/// A CSV file of all years.
const fn whole(stem: &'static str, resource: &'static str, time: &'static [&'static str], clock: Clock) -> Stream {
    Stream { tail: Tail::Nothing, cut: Cut::Untold, ..csv(stem, resource, time, clock) }
}

/// A stream of Google's own CSV files.
const fn google(stem: &'static str, resource: &'static str, clock: Clock) -> Stream {
    let time = &["timestamp", "start time"];
    Stream { folder: Some(PHYSICAL), tail: Tail::MaybeDate, ..csv(stem, resource, time, clock) }
}

/// One of Google's own tables of sleep and exercise, with a column for the distance from UTC. Their files
/// are few, and the dates in their names were seen to be no first days.
const fn table(
    stem: &'static str,
    resource: &'static str,
    time: &'static [&'static str],
    offset: &'static str,
) -> Stream {
    let one = csv(stem, resource, time, Clock::Utc);
    Stream { folder: Some(FITNESS), cut: Cut::Untold, offset: Some(offset), ..one }
}

/// What has no day.
const fn account(folder: &'static str, stem: &'static str, resource: &'static str) -> Stream {
    Stream { folder: Some(folder), ..whole(stem, resource, &[], Clock::Timeless) }
}

/// The tracks of activities, kept as files beside the days.
const TRACKS: Stream = Stream {
    resource: FILES,
    format: Format::Tcx,
    time: &[],
    offset: None,
    clock: Clock::Utc,
    cut: Cut::Untold,
    folder: Some("Activities"),
    stem: "",
    tail: Tail::Any,
};

use Clock::{Daily, Local, Utc};
use Cut::{Anywhere, Midnight, Untold};

/// The known streams.
pub static STREAMS: &[Stream] = &[
    json("heart_rate-", "export/heart_rate", Utc, Cut::Day),
    json("steps-", "export/steps", Utc, Midnight),
    json("distance-", "export/distance", Utc, Midnight),
    json("calories-", "export/calories", Utc, Midnight),
    json("altitude-", "export/altitude", Utc, Midnight),
    json("swim_lengths_data-", "export/swim_lengths_data", Utc, Anywhere),
    json("sedentary_minutes-", "export/sedentary_minutes", Daily, Midnight),
    json("lightly_active_minutes-", "export/lightly_active_minutes", Daily, Midnight),
    json("moderately_active_minutes-", "export/moderately_active_minutes", Daily, Midnight),
    json("very_active_minutes-", "export/very_active_minutes", Daily, Midnight),
    json("time_in_heart_rate_zones-", "export/time_in_heart_rate_zones", Daily, Midnight),
    json("resting_heart_rate-", "export/resting_heart_rate", Daily, Midnight),
    json("demographic_vo2_max-", "export/demographic_vo2_max", Daily, Midnight),
    json("run_vo2_max-", "export/run_vo2_max", Daily, Midnight),
    json("height-", "export/height", Daily, Midnight),
    Stream { time: &["dateOfSleep"], ..json("sleep-", "export/sleep", Local, Midnight) },
    Stream { time: &["startTime"], ..json("exercise-", "export/exercise", Utc, Untold) },
    Stream { time: &["date"], ..json("weight-", "export/weight", Local, Midnight) },
    Stream {
        cut: Cut::Day,
        ..csv("estimated_oxygen_variation-", "export/estimated_oxygen_variation", &["timestamp"], Utc)
    },
    csv("Minute SpO2 - ", "export/minute_spo2", &["timestamp"], Utc),
    csv("Daily SpO2 - ", "export/daily_spo2", &["timestamp"], Daily),
    csv("Heart Rate Variability Details - ", "export/heart_rate_variability_details", &["timestamp"], Local),
    csv("Heart Rate Variability Histogram - ", "export/heart_rate_variability_histogram", &["timestamp"], Local),
    csv("Daily Heart Rate Variability Summary - ", "export/daily_heart_rate_variability", &["timestamp"], Local),
    csv("Daily Respiratory Rate Summary - ", "export/daily_respiratory_rate", &["timestamp"], Local),
    csv("Respiratory Rate Summary - ", "export/respiratory_rate", &["timestamp"], Local),
    csv("Active Zone Minutes - ", "export/active_zone_minutes", &["date_time"], Local),
    csv("Computed Temperature - ", "export/computed_temperature", &["sleep_end", "sleep_start"], Local),
    csv("Device Temperature - ", "export/device_temperature", &["recorded_time", "timestamp"], Local),
    csv("Wrist Temperature - ", "export/wrist_temperature", &["recorded_time", "timestamp"], Local),
    csv("Manual Temperature - ", "export/manual_temperature", &["recorded_time", "timestamp"], Local),
    csv("Daily Readiness Score - ", "export/daily_readiness", &["date"], Local),
    csv("Snore Details - ", "export/snore", &["timestamp"], Local),
    Stream { cut: Untold, ..csv("afib_ecg_reading_", "export/ecg", &["reading_time"], Utc) },
    csv("Mindfulness Eda Data Sessions - ", "export/mindfulness_eda", &["timestamp"], Utc),
    whole("mindfulness_eda_data_sessions", "export/mindfulness_eda", &["timestamp"], Utc),
    whole("mindfulness_sessions", "export/mindfulness_sessions", &["start_date_time"], Local),
    whole("Mindfulness Sessions", "export/mindfulness_sessions", &["start_date_time"], Local),
    whole("Heart Rate Notifications Alerts", "export/heart_rate_alerts", &["start_timestamp"], Local),
    whole("Stress Score", "export/stress_score", &["DATE"], Local),
    whole("sleep_score", "export/sleep_score", &["timestamp"], Utc),
    whole("Sleep Profile", "export/sleep_profile", &["creation_date"], Local),
    whole("menstrual_health_cycles", "export/menstrual_cycles", &["cycle_start_date"], Local),
    whole("menstrual_health_symptoms", "export/menstrual_symptoms", &["timestamp", "date"], Local),
    whole("Pixel Body Temperatures", "export/pixel_body_temperatures", &["measurement_timestamp"], Utc),
    google("heart_rate", "export/google/heart_rate", Utc),
    google("steps", "export/google/steps", Utc),
    google("distance", "export/google/distance", Utc),
    google("calories", "export/google/calories", Utc),
    google("active_energy_burned", "export/google/active_energy_burned", Utc),
    google("floors", "export/google/floors", Utc),
    google("altitude", "export/google/altitude", Utc),
    google("active_minutes", "export/google/active_minutes", Utc),
    google("active_zone_minutes", "export/google/active_zone_minutes", Utc),
    google("activity_level", "export/google/activity_level", Utc),
    google("sedentary_period", "export/google/sedentary_period", Utc),
    google("time_in_heart_rate_zone", "export/google/time_in_heart_rate_zone", Utc),
    google("calories_in_heart_rate_zone", "export/google/calories_in_heart_rate_zone", Utc),
    google("cardio_load", "export/google/cardio_load", Utc),
    google("live_pace", "export/google/live_pace", Utc),
    google("gps_location", "export/google/gps_location", Utc),
    google("swim_lengths_data", "export/google/swim_lengths_data", Utc),
    google("oxygen_saturation", "export/google/oxygen_saturation", Utc),
    google("heart_rate_variability", "export/google/heart_rate_variability", Utc),
    google("resting_heart_rate", "export/google/resting_heart_rate", Utc),
    google("heart_rate_notification", "export/google/heart_rate_notification", Utc),
    google("respiratory_rate_sleep_summary", "export/google/respiratory_rate_sleep_summary", Utc),
    google("body_temperature", "export/google/body_temperature", Utc),
    google("core_body_temperature", "export/google/core_body_temperature", Utc),
    google("body_fat", "export/google/body_fat", Utc),
    google("weight", "export/google/weight", Utc),
    google("height", "export/google/height", Utc),
    google("vo2_max", "export/google/vo2_max", Utc),
    google("run_vo2_max", "export/google/run_vo2_max", Utc),
    google("demographic_vo2_max", "export/google/demographic_vo2_max", Utc),
    google("hydration_log", "export/google/hydration_log", Utc),
    google("mindfulness_session", "export/google/mindfulness_session", Utc),
    google("daily_resting_heart_rate", "export/google/daily_resting_heart_rate", Daily),
    google("daily_heart_rate_variability", "export/google/daily_heart_rate_variability", Daily),
    google("daily_respiratory_rate", "export/google/daily_respiratory_rate", Daily),
    google("daily_oxygen_saturation", "export/google/daily_oxygen_saturation", Daily),
    google("daily_readiness", "export/google/daily_readiness", Daily),
    google("daily_sleep_temperature_derivations", "export/google/daily_sleep_temperature_derivations", Daily),
    table("UserSleeps_", "export/google/sleeps", &["sleep_end"], "end_utc_offset"),
    table("UserSleepStages_", "export/google/sleep_stages", &["sleep_stage_start"], "start_utc_offset"),
    table("UserSleepScores_", "export/google/sleep_scores", &["score_time"], "score_utc_offset"),
    table("UserExercises_", "export/google/exercises", &["exercise_start"], "utc_offset"),
    TRACKS,
    // Its rows are dated from 1970-01-01 on, a day each: they are zones, not days.
    account(PHYSICAL, "daily_heart_rate_zones", "export/google/daily_heart_rate_zones"),
    account("Your Profile", "Profile", PROFILE),
    account("Personal & Account", "Profile", PROFILE),
    account("user-profile", "Profile", PROFILE),
    account("Paired Devices", "Devices", "export/devices"),
    account("Paired Devices", "Trackers", "export/trackers"),
    account("Paired Devices", "Scales", "export/scales"),
];

/// A file that is known: its stream, by the number in [`STREAMS`], and the day that it is named after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The number of its stream.
    pub stream: usize,
    /// The day in its name.
    pub named: Option<Day>,
}

/// The stream that a path belongs to.
pub fn known(path: &str) -> Option<Known> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let (stem, ending) = name.rsplit_once('.')?;
    let format = match ending {
        "json" => Format::Json,
        "csv" => Format::Csv,
        "tcx" => Format::Tcx,
        _ => return None,
    };
    STREAMS.iter().enumerate().filter(|(_, stream)| stream.format == format).find_map(|(at, stream)| {
        let tail = stream.tail(stem)?;
        let is_there = stream.folder.is_none_or(|folder| folders.split('/').any(|part| part == folder));
        is_there.then(|| Known { stream: at, named: day_of(tail) })
    })
}

impl Stream {
    /// What stands behind the stem in a name of this stream.
    fn tail<'n>(&self, name: &'n str) -> Option<&'n str> {
        let tail = name.strip_prefix(self.stem)?;
        let begins_with_digit = |text: &str| text.starts_with(|first: char| first.is_ascii_digit());
        match self.tail {
            Tail::Nothing => tail.is_empty().then_some(tail),
            Tail::Number => begins_with_digit(tail).then_some(tail),
            Tail::Any => Some(""),
            Tail::MaybeDate if tail.is_empty() => Some(tail),
            Tail::MaybeDate => tail.strip_prefix('_').filter(|tail| begins_with_digit(tail)),
        }
    }
}

/// The day at the beginning of a name's tail. `2020-11-(15)` and `2020-11-` were seen; they give the month's
/// first day, before which such a file has nothing.
fn day_of(tail: &str) -> Option<Day> {
    let day = tail.get(..10).and_then(|day| day.parse().ok());
    day.or_else(|| {
        let month = tail.get(..8).filter(|month| month.ends_with('-'))?;
        format!("{month}01").parse().ok()
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn resource(path: &str) -> Option<(&'static str, Option<String>)> {
        known(path).map(|known| (STREAMS[known.stream].resource, known.named.map(|day| day.to_string())))
    }

    #[test]
    fn files_are_known_by_name_in_every_layout() {
        let heart = Some(("export/heart_rate", Some("2020-01-31".to_owned())));
        for folder in [
            "Takeout/Fitbit/Global Export Data",
            "Takeout/Google Health/Global Export Data",
            "AdaArchivist/user-site-export",
            "MyFitbitData/Ada/Physical Activity",
        ] {
            assert_eq!(resource(&format!("{folder}/heart_rate-2020-01-31.json")), heart, "{folder}");
        }
        assert_eq!(resource("heart_rate-2020-01-31.json"), heart);
        let google = "Takeout/Google Health/Physical Activity_GoogleData";
        for (path, found) in [
            ("heart_rate_2024-03-01.csv", ("export/google/heart_rate", Some("2024-03-01"))),
            ("Heart Rate/heart_rate_2024-03-01.csv", ("export/google/heart_rate", Some("2024-03-01"))),
            ("heart_rate_variability_2024-03-01.csv", ("export/google/heart_rate_variability", Some("2024-03-01"))),
            ("weight.csv", ("export/google/weight", None)),
            ("daily_heart_rate_zones.csv", ("export/google/daily_heart_rate_zones", None)),
        ] {
            let (name, named) = found;
            assert_eq!(resource(&format!("{google}/{path}")), Some((name, named.map(str::to_owned))), "{path}");
        }
        for (path, found) in [
            ("Global Export Data/exercise-100.json", ("export/exercise", None)),
            ("Sleep Score/sleep_score.csv", ("export/sleep_score", None)),
            (
                "Heart Rate Variability/Daily Heart Rate Variability Summary - 2020-11-(15).csv",
                ("export/daily_heart_rate_variability", Some("2020-11-01")),
            ),
            (
                "Oxygen Saturation (SpO2)/Daily SpO2 - 2020-09-01-2020-12-09.csv",
                ("export/daily_spo2", Some("2020-09-01")),
            ),
            ("Takeout/Fitbit/Activities/32998101.tcx", (FILES, None)),
            ("Health Fitness Data_GoogleData/UserSleeps_2026-10-01.csv", ("export/google/sleeps", Some("2026-10-01"))),
        ] {
            assert_eq!(resource(path), Some((found.0, found.1.map(str::to_owned))), "{path}");
        }
    }

    #[test]
    fn other_files_are_not() {
        for path in [
            "Takeout/Fitbit/Global Export Data/moon_phase-2020-01-01.json",
            "Takeout/Fitbit/Global Export Data/heart_rate.json",
            "Takeout/Fitbit/Global Export Data/heart_rate-2020-01-31.json.bak",
            "Takeout/Fitbit/Physical Activity_GoogleData/steps_readme.txt",
            "Takeout/Fitbit/Physical Activity_GoogleData/UserActivityProbabilities_2026-01-01.csv",
            "Takeout/Fit/weight.csv",
            "Devices.csv",
            "",
        ] {
            assert_eq!(resource(path), None, "{path}");
        }
    }

    #[test]
    fn no_two_streams_take_one_name() {
        let names: BTreeSet<_> =
            STREAMS.iter().map(|stream| (stream.folder, stream.stem, stream.format as u8)).collect();
        assert_eq!(names.len(), STREAMS.len());
        assert!(STREAMS.iter().all(|stream| stream.resource.starts_with("export/")));
        let timeless = STREAMS.iter().filter(|stream| stream.time.is_empty() && stream.format != Format::Tcx);
        assert!(timeless.clone().all(|stream| stream.clock == Clock::Timeless) && timeless.count() == 7);
    }
}
