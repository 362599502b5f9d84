//! What the pretend Fitbit says, in the shapes of the Web API.

use std::collections::BTreeMap;
use std::fmt::Write;

use chrono::{Datelike, NaiveDate, NaiveTime, Offset, TimeDelta};

use super::world::World;

/// Ids beyond 2^53, which floating point would spoil.
const FIRST_ID: i64 = 9_007_199_254_740_993;

/// What has no day: the scope that it needs, and the text.
pub(super) fn account(world: &World, path: &str) -> Option<(&'static str, String)> {
    let (scope, text) = match path {
        "profile" => ("profile", profile(world)),
        "devices" => ("settings", devices(world)),
        "badges" => {
            ("profile", "{\"badges\":[{\"encodedId\":\"228TM8\",\"timesAchieved\":4,\"cheers\":[]}]}".to_owned())
        }
        "activities" => {
            let steps = world.flicker() / 60;
            let text = format!(
                "{{\"best\":{{\"total\":{{\"steps\":{{\"date\":\"2015-05-02\",\"value\":28011}}}}}},\
                                \"lifetime\":{{\"total\":{{\"steps\":{steps}}}}}}}"
            );
            ("activity", text)
        }
        "activities/goals/daily" => ("activity", "{\"goals\":{\"distance\":8.05,\"steps\":10000}}".to_owned()),
        "activities/goals/weekly" => ("activity", "{\"goals\":{\"distance\":56.33,\"steps\":70000}}".to_owned()),
        "sleep/goal" => ("sleep", "{\"goal\":{\"minDuration\":450,\"updatedOn\":\"2015-01-01\"}}".to_owned()),
        "body/log/weight/goal" => ("weight", "{\"goal\":{\"goalType\":\"MAINTAIN\",\"weight\":70}}".to_owned()),
        "body/log/fat/goal" => ("weight", "{\"goal\":{\"fat\":21}}".to_owned()),
        "foods/log/goal" => ("nutrition", "{\"goals\":{\"calories\":2286}}".to_owned()),
        "foods/log/water/goal" => ("nutrition", "{\"goal\":{\"goal\":1900,\"startDate\":\"2015-01-01\"}}".to_owned()),
        "irn/profile" => ("irregular_rhythm_notifications", "{\"onboarded\":false,\"enrolled\":false}".to_owned()),
        _ => return None,
    };
    Some((scope, text))
}

fn profile(world: &World) -> String {
    let (zone, now) = (world.options.zone, world.clock.now());
    let offset = now.with_timezone(&zone).offset().fix().local_minus_utc();
    format!(
        "{{\"user\":{{\"encodedId\":\"{}\",\"displayName\":\"Ada\",\"memberSince\":\"{}\",\"timezone\":\"{zone}\",\
         \"offsetFromUTCMillis\":{},\"averageDailySteps\":{},\"age\":29,\"distanceUnit\":\"METRIC\",\
         \"strideLengthWalking\":70.60000000000001}}}}",
        world.options.user,
        world.options.first_day,
        i64::from(offset) * 1_000,
        7_000 + world.flicker() / 86_400 % 500
    )
}

fn devices(world: &World) -> String {
    let synced = world.local(world.known_until()).format("%Y-%m-%dT%H:%M:%S.000");
    format!(
        "[{{\"battery\":\"High\",\"batteryLevel\":{},\"deviceVersion\":\"Charge HR\",\"id\":\"5656888\",\
         \"lastSyncTime\":\"{synced}\",\"mac\":\"FE1111111111\",\"type\":\"TRACKER\"}}]",
        50 + world.flicker() / 3_600 % 50
    )
}

/// The answers that are about one day.
pub(super) fn whole(world: &World, what: &str, day: NaiveDate) -> Option<String> {
    let steps = world.sum(day, 2);
    Some(match what {
        "activities" => {
            let activities: Vec<String> = activity(world, day)
                .map(|id| {
                    format!(
                        "{{\"logId\":{id},\"activityId\":90009,\"name\":\"Run\",\"startDate\":\"{day}\",\
                         \"startTime\":\"17:30\",\"duration\":1800000,\"isFavorite\":false}}"
                    )
                })
                .into_iter()
                .collect();
            format!(
                "{{\"activities\":[{}],\"goals\":{{\"steps\":10000,\"activeMinutes\":30}},\"summary\":{{\"steps\":{steps},\
                 \"caloriesOut\":{},\"activeScore\":-1,\"distances\":[{{\"activity\":\"total\",\"distance\":{}}}]}}}}",
                activities.join(","),
                1_600 + steps / 20,
                kilometres(steps)
            )
        }
        "foods/log" => {
            "{\"foods\":[],\"goals\":{\"calories\":2286},\"summary\":{\"calories\":0,\"water\":0}}".to_owned()
        }
        "foods/log/water" if world.knows(day, 9, 0) => {
            let id = 500_000_000 + i64::from(day.num_days_from_ce());
            format!("{{\"summary\":{{\"water\":250}},\"water\":[{{\"amount\":250,\"logId\":{id}}}]}}")
        }
        "foods/log/water" => "{\"summary\":{\"water\":0},\"water\":[]}".to_owned(),
        _ => return None,
    })
}

/// The samples of a day.
pub(super) fn samples(world: &World, what: &str, day: NaiveDate, detail: &str) -> Option<String> {
    let name = what.replace('/', "-");
    let mut set = String::new();
    match what {
        "activities/heart" => {
            let mut last = None;
            for beat in world.heart(day) {
                let time = match detail {
                    "1min" => beat.time.format("%H:%M:00").to_string(),
                    _ => beat.time.format("%H:%M:%S").to_string(),
                };
                if last.as_ref() != Some(&time) {
                    let comma = if set.is_empty() { "" } else { "," };
                    let _ = write!(set, "{comma}{{\"time\":\"{time}\",\"value\":{}}}", beat.rate);
                }
                last = Some(time);
            }
        }
        "activities/active-zone-minutes" => {
            let minutes: Vec<String> = world
                .minutes(day, 3)
                .iter()
                .filter(|(_, count)| *count > 60)
                .map(|(time, _)| format!("{{\"minute\":\"{time}\",\"value\":{{\"activeZoneMinutes\":1}}}}"))
                .collect();
            let minutes = minutes.join(",");
            return Some(format!("{{\"{name}-intraday\":[{{\"dateTime\":\"{day}\",\"minutes\":[{minutes}]}}]}}"));
        }
        _ => {
            for (time, count) in world.minutes(day, matter(what)?) {
                let comma = if set.is_empty() { "" } else { "," };
                let more = if what == "activities/calories" { "\"level\":0,\"mets\":10," } else { "" };
                let _ = write!(set, "{comma}{{{more}\"time\":\"{time}\",\"value\":{}}}", value(what, count));
            }
        }
    }
    let kind = if what == "activities/heart" && detail == "1sec" { "second" } else { "minute" };
    let block = match world.options.has_intraday {
        true => {
            format!(",\"{name}-intraday\":{{\"dataset\":[{set}],\"datasetInterval\":1,\"datasetType\":\"{kind}\"}}")
        }
        false => String::new(),
    };
    Some(format!("{{\"{name}\":[{}]{block}}}", of_day(world, what, day, false)?))
}

/// What each activity series counts.
fn matter(what: &str) -> Option<u64> {
    let word = what.strip_prefix("activities/")?;
    let word = word.strip_prefix("tracker/").unwrap_or(word);
    Some(match word {
        "steps" => 2,
        "calories" | "caloriesBMR" | "activityCalories" => 4,
        "distance" => 5,
        "floors" => 6,
        "elevation" => 7,
        "minutesSedentary" | "minutesLightlyActive" | "minutesFairlyActive" | "minutesVeryActive" => 8,
        "swimming-strokes" => 9,
        _ => return None,
    })
}

fn value(what: &str, count: i64) -> String {
    match what.rsplit('/').next() {
        Some("calories") => format!("1.1857000589370{:03}", count),
        Some("distance") => kilometres(count),
        Some("elevation") => format!("{}.048", count / 10),
        Some("floors") => (count / 40).to_string(),
        _ => count.to_string(),
    }
}

fn kilometres(steps: i64) -> String {
    format!("{}.{:02}", steps / 1_300, steps % 1_300 / 13)
}

/// The element of a day in a list of days; none where such a list leaves the day out.
fn of_day(world: &World, what: &str, day: NaiveDate, in_full: bool) -> Option<String> {
    let night = world.night(day) == Some(true);
    let number = |low, high| world.number(day, 11, low, high);
    Some(match what {
        "activities/heart" => {
            let resting = if world.night(day).is_some() {
                format!(",\"restingHeartRate\":{}", number(52, 57))
            } else {
                String::new()
            };
            let minutes = world.sum(day, 10) / 10;
            format!(
                "{{\"dateTime\":\"{day}\",\"value\":{{\"customHeartRateZones\":[],\"heartRateZones\":[{{\"caloriesOut\":\
                 {}.22723,\"max\":133,\"min\":95,\"minutes\":{minutes},\"name\":\"Fat Burn\"}}]{resting}}}}}",
                minutes * 6
            )
        }
        "activities/active-zone-minutes" => {
            let minutes = world.minutes(day, 3).iter().filter(|(_, count)| *count > 60).count();
            if minutes == 0 {
                return None;
            }
            format!("{{\"dateTime\":\"{day}\",\"value\":{{\"activeZoneMinutes\":{minutes}}}}}")
        }
        "spo2" if !night => format!("{{\"dateTime\":\"{day}\"}}"),
        "spo2" if in_full => format!(
            "{{\"dateTime\":\"{day}\",\"minutes\":[{{\"minute\":\"{day}T04:02:17\",\"value\":95.7}},\
             {{\"minute\":\"{day}T04:03:17\",\"value\":{}}}]}}",
            number(94, 99)
        ),
        "spo2" => {
            format!("{{\"dateTime\":\"{day}\",\"value\":{{\"avg\":{}.5,\"max\":100.0,\"min\":94.0}}}}", number(95, 98))
        }
        "hrv" | "br" | "temp/skin" | "cardioscore" if !night => return None,
        "hrv" if in_full => format!(
            "{{\"dateTime\":\"{day}\",\"minutes\":[{{\"minute\":\"{day}T04:10:00.000\",\"value\":{{\"coverage\":0.935,\
             \"rmssd\":{}.617}}}}]}}",
            number(20, 60)
        ),
        "hrv" => {
            format!("{{\"dateTime\":\"{day}\",\"value\":{{\"dailyRmssd\":{}.9,\"deepRmssd\":31.6}}}}", number(20, 60))
        }
        "br" if in_full => format!(
            "{{\"dateTime\":\"{day}\",\"value\":{{\"fullSleepSummary\":{{\"breathingRate\":{}.8}},\
             \"remSleepSummary\":{{\"breathingRate\":-1}}}}}}",
            number(14, 18)
        ),
        "br" => format!("{{\"dateTime\":\"{day}\",\"value\":{{\"breathingRate\":{}.8}}}}", number(14, 18)),
        "temp/skin" => format!(
            "{{\"dateTime\":\"{day}\",\"logType\":\"dedicated_temp_sensor\",\"value\":{{\"nightlyRelative\":0.{}}}}}",
            number(1, 9)
        ),
        "cardioscore" => format!("{{\"dateTime\":\"{day}\",\"value\":{{\"vo2Max\":\"42-46\"}}}}"),
        "sleep" => return sleep(world, day),
        "body/log/weight" if day.day() == 5 && world.knows(day, 8, 0) => format!(
            "{{\"bmi\":23.57,\"date\":\"{day}\",\"logId\":{}000,\"source\":\"Aria\",\"time\":\"08:00:00\",\"weight\":{}.5}}",
            1_436_000_000 + i64::from(day.num_days_from_ce()),
            number(70, 74)
        ),
        "body/log/weight" | "body/log/fat" | "temp/core" => return None,
        "body/bmi" | "body/weight" | "body/fat" | "foods/log/caloriesIn" | "foods/log/water" => {
            format!("{{\"dateTime\":\"{day}\",\"value\":\"{}.25\"}}", number(20, 24))
        }
        _ => {
            let sum = world.sum(day, matter(what)?);
            let told = if what.contains("alories") { (1_600 + sum / 4).to_string() } else { value(what, sum) };
            format!("{{\"dateTime\":\"{day}\",\"value\":\"{told}\"}}")
        }
    })
}

/// The night that ends on a day: `classic` at first, with stages by noon.
fn sleep(world: &World, day: NaiveDate) -> Option<String> {
    let staged = world.night(day)?;
    let (before, id) = (day - TimeDelta::days(1), 30_000_000_000 + i64::from(day.num_days_from_ce()));
    let minutes = world.number(day, 12, 380, 455);
    let (kind, levels) = match staged {
        false => (
            "classic",
            format!(
                "\"data\":[{{\"dateTime\":\"{before}T23:10:00.000\",\"level\":\"asleep\",\"seconds\":{}}}]",
                minutes * 60
            ),
        ),
        true => (
            "stages",
            format!(
                "\"data\":[{{\"dateTime\":\"{before}T23:10:00.000\",\"level\":\"light\",\"seconds\":5400}},\
                 {{\"dateTime\":\"{day}T00:40:00.000\",\"level\":\"deep\",\"seconds\":3600}},\
                 {{\"dateTime\":\"{day}T01:40:00.000\",\"level\":\"rem\",\"seconds\":{}}}],\
                 \"shortData\":[{{\"dateTime\":\"{day}T03:15:30.000\",\"level\":\"wake\",\"seconds\":90}}]",
                minutes * 60 - 9_000
            ),
        ),
    };
    let average = world.flicker() / 86_400 % 40;
    let summary = if staged {
        format!("\"deep\":{{\"count\":1,\"minutes\":60,\"thirtyDayAvgMinutes\":{average}}}")
    } else {
        String::new()
    };
    Some(format!(
        "{{\"dateOfSleep\":\"{day}\",\"duration\":{},\"efficiency\":95,\"endTime\":\"{day}T07:05:30.000\",\"infoCode\":{},\
         \"isMainSleep\":true,\"levels\":{{{levels},\"summary\":{{{summary}}}}},\"logId\":{id},\"logType\":\"auto_detected\",\
         \"minutesAsleep\":{minutes},\"startTime\":\"{before}T23:10:00.000\",\"timeInBed\":475,\"type\":\"{kind}\"}}",
        minutes * 60_000,
        if staged { 0 } else { 1 }
    ))
}

/// A list of days.
pub(super) fn range(
    world: &World,
    what: &str,
    first: NaiveDate,
    last: NaiveDate,
    in_full: bool,
    in_miles: bool,
) -> Option<String> {
    let days: Vec<String> = first
        .iter_days()
        .take_while(|day| *day <= last)
        .filter_map(|day| of_day(world, what, day, in_full))
        .map(|text| if in_miles { text.replace("\"value\":\"", "\"value\":\"0") } else { text })
        .collect();
    let days = days.join(",");
    let list = match what {
        "spo2" => return Some(format!("[{days}]")),
        "temp/skin" => "tempSkin".to_owned(),
        "temp/core" => "tempCore".to_owned(),
        "cardioscore" => "cardioScore".to_owned(),
        "hrv" | "br" | "sleep" => what.to_owned(),
        "body/log/weight" => "weight".to_owned(),
        "body/log/fat" => "fat".to_owned(),
        what if what.starts_with("activities/") && matter(what).is_some() => what.replace('/', "-"),
        "activities/heart" | "activities/active-zone-minutes" => what.replace('/', "-"),
        what if what.starts_with("body/") || what.starts_with("foods/") => what.replace('/', "-"),
        _ => return None,
    };
    Some(format!("{{\"{list}\":[{days}]}}"))
}

/// The id of the activity of a day: a run every third day.
pub(super) fn activity(world: &World, day: NaiveDate) -> Option<i64> {
    let number = i64::from(day.num_days_from_ce());
    (number % 3 == 0 && world.knows(day, 18, 15)).then_some(FIRST_ID + number)
}

/// A page of a list, from the day after `afterDate` on.
pub(super) fn page(world: &World, list: &str, asked: &BTreeMap<String, String>, most: usize) -> Option<String> {
    let get = |name: &str| asked.get(name).map(String::as_str);
    let after: NaiveDate = get("afterDate")?.get(..10)?.parse().ok()?;
    let (offset, limit): (usize, usize) = (get("offset")?.parse().ok()?, get("limit")?.parse().ok()?);
    if get("sort") != Some("asc") || limit > most || limit == 0 {
        return None;
    }
    let today = world.local(world.clock.now()).date();
    let days =
        after.max(world.options.first_day).iter_days().take_while(|day| *day <= today).filter(|day| *day > after);
    let all: Vec<String> = days.filter_map(|day| entry(world, list, day)).collect();
    let items = all.iter().skip(offset).take(limit).cloned().collect::<Vec<_>>().join(",");
    let next = match all.len() > offset + limit {
        true => format!(
            "https://api.fitbit.com/1/user/-/{list}/list.json?offset={}&limit={limit}&sort=asc&afterDate={after}",
            offset + limit
        ),
        false => String::new(),
    };
    let name = match list {
        "ecg" => "ecgReadings",
        "irn/alerts" => "alerts",
        other => other,
    };
    Some(format!(
        "{{\"{name}\":[{items}],\"pagination\":{{\"afterDate\":\"{after}\",\"limit\":{limit},\"next\":\"{next}\",\
         \"offset\":{offset},\"previous\":\"\",\"sort\":\"asc\"}}}}"
    ))
}

fn entry(world: &World, list: &str, day: NaiveDate) -> Option<String> {
    match list {
        "activities" => {
            let id = activity(world, day)?;
            let start =
                world.moment(day.and_time(NaiveTime::from_hms_opt(17, 30, 0)?)).with_timezone(&world.options.zone);
            let start = start.format("%Y-%m-%dT%H:%M:%S.000%:z");
            Some(format!(
                "{{\"activeDuration\":1800000,\"activityName\":\"Run\",\"activityTypeId\":90009,\"averageHeartRate\":{},\
                 \"calories\":310,\"heartRateLink\":\"https://api.fitbit.com/1/user/-/activities/heart/date/{day}/{day}/1sec/\
                 time/17:30:00/18:00:00.json\",\"lastModified\":\"{day}T15:31:00.000Z\",\"logId\":{id},\"logType\":\"tracker\",\
                 \"originalStartTime\":\"{start}\",\"startTime\":\"{start}\",\"steps\":4400,\
                 \"tcxLink\":\"https://api.fitbit.com/1/user/-/activities/{id}.tcx\"}}",
                world.number(day, 13, 130, 160)
            ))
        }
        "ecg" if day.day() == 10 && world.knows(day, 9, 30) => Some(format!(
            "{{\"averageHeartRate\":70,\"numberOfWaveformSamples\":4,\"resultClassification\":\"Normal Sinus Rhythm\",\
             \"samplingFrequencyHz\":\"250\",\"scalingFactor\":10922,\"startTime\":\"{day}T09:25:30.123\",\
             \"waveformSamples\":[1176,252,-48,-36]}}"
        )),
        _ => None,
    }
}

/// The track of an activity.
pub(super) fn track(world: &World, id: &str) -> Option<String> {
    let number = id.parse::<i64>().ok()?.checked_sub(FIRST_ID)?;
    let day = NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)?;
    activity(world, day)?;
    Some(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<TrainingCenterDatabase><Activities><Activity Sport=\"Running\">\
         <Id>{day}T17:30:00.000+03:00</Id></Activity></Activities></TrainingCenterDatabase>\n"
    ))
}
