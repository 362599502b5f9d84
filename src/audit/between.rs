//! What two resources of one day say of the same thing.

use std::collections::HashMap;

use chrono::NaiveDateTime;

use super::finding::{About, Finding, Wanted, compared};
use crate::json::{Json, Kind, RecordRules, Value, quote, unified};
use crate::model::{Day, Reading, Twin, Twins};

/// Metres of a unit of length.
const LENGTHS: [(&str, f64); 5] = [("km", 1000.0), ("mi", 1609.344), ("m", 1.0), ("ft", 0.3048), ("yd", 0.9144)];

/// Compares two resources of a day document. Where `twins` says what they have in common, just that is
/// compared, and two spellings of one thing are the same; else both are taken as they stand.
///
/// # Errors
/// The resource that the document does not have.
pub fn between(
    document: Value<'_>,
    (one, other): (&str, &str),
    twins: Option<&Twins>,
    rules: &RecordRules,
    day: Day,
    wanted: Wanted,
) -> Result<Finding, String> {
    let resource = |name: &str| document.get("resources").and_then(|all| all.get(name)).ok_or(name.to_owned());
    let (left, right) = (resource(one)?, resource(other)?);
    let (left, right, rules) = match twins {
        Some(twins) if twins.one == one => {
            let (left, right) = projected(left, right, twins);
            (left, right, &twins.rules)
        }
        Some(twins) => {
            let (right, left) = projected(right, left, twins);
            (left, right, &twins.rules)
        }
        None => (left.line(), right.line(), rules),
    };
    let name = twins.map_or(one, |twins| twins.one);
    let as_document = |resource: &str| Json::parse(format!("{{\"resources\":{{{}:{resource}}}}}", quote(name)));
    let (Ok(left), Ok(right)) = (as_document(&left), as_document(&right)) else {
        return Ok(Finding { problem: Some("they cannot be compared".to_owned()), ..Finding::default() });
    };
    let about = About { rules, day: Some(day), name: None };
    let mut finding = compared(left.root(), right.root(), &about, wanted);
    if wanted == Wanted::Lines {
        finding.lines = unified(&left.canonical(), &right.canonical());
    }
    Ok(finding)
}

/// Both lists in the words they share; of records that both have only what both tell.
fn projected(one: Value<'_>, other: Value<'_>, twins: &Twins) -> (String, String) {
    let keys = twins.rules.identities.first().map_or([].as_slice(), |identity| identity.keys);
    let key = |record: Value<'_>, paths: fn(&Twin) -> &'static [&'static str]| -> String {
        let members = twins.members.iter().filter(|member| keys.contains(&member.name));
        members
            .map(|member| told(record, paths(member), member.reading).map_or(String::new(), |told| told.text))
            .collect()
    };
    let mut others: HashMap<String, Vec<Value<'_>>> = HashMap::new();
    for record in other.items().collect::<Vec<_>>().into_iter().rev() {
        others.entry(key(record, |twin| twin.other)).or_default().push(record);
    }
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for record in one.items() {
        match others.get_mut(&key(record, |twin| twin.one)).and_then(Vec::pop) {
            Some(same) => {
                let (mine, theirs) = pair(record, same, twins);
                left.push(mine);
                right.push(theirs);
            }
            None => left.push(alone(record, twins, |twin| twin.one)),
        }
    }
    right.extend(others.into_values().flatten().map(|record| alone(record, twins, |twin| twin.other)));
    (format!("[{}]", left.join(",")), format!("[{}]", right.join(",")))
}

/// What two records both tell.
fn pair(one: Value<'_>, other: Value<'_>, twins: &Twins) -> (String, String) {
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for member in twins.members {
        let mine = told(one, member.one, member.reading);
        let Some((mine, theirs)) = mine.zip(told(other, member.other, member.reading)) else { continue };
        let name = quote(member.name);
        let theirs = if mine.is_like(&theirs) { mine.json.clone() } else { theirs.json };
        left.push(format!("{name}:{}", mine.json));
        right.push(format!("{name}:{theirs}"));
    }
    (format!("{{{}}}", left.join(",")), format!("{{{}}}", right.join(",")))
}

fn alone(record: Value<'_>, twins: &Twins, paths: fn(&Twin) -> &'static [&'static str]) -> String {
    let members = twins.members.iter().filter_map(|member| {
        let told = told(record, paths(member), member.reading)?;
        Some(format!("{}:{}", quote(member.name), told.json))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// What a record tells of a member.
struct Told {
    /// What is compared, where it is no number.
    text: String,
    /// A number, and how far it may be off by its last digit.
    number: Option<(f64, f64)>,
    /// How it is shown.
    json: String,
}

impl Told {
    fn is_like(&self, other: &Told) -> bool {
        match (self.number, other.number) {
            // A hair more, for what doubles cannot hold.
            (Some((mine, off)), Some((theirs, by))) => (mine - theirs).abs() <= off.max(by) * 1.000_001 + 1e-9,
            _ => self.text == other.text,
        }
    }
}

/// Reads the first of these members that is there and says something.
fn told(record: Value<'_>, paths: &[&str], reading: Reading) -> Option<Told> {
    paths.iter().find_map(|path| {
        let value = path.split('/').try_fold(record, |value, name| value.get(name))?;
        let text = match value.kind() {
            Kind::String => value.as_str()?.trim().to_owned(),
            Kind::Number => value.as_number()?.into_owned(),
            Kind::Bool => value.as_bool()?.to_string(),
            Kind::Null | Kind::Array | Kind::Object => return None,
        };
        let factor = || {
            let unit = record.get(&format!("{path}_unit")).and_then(|unit| unit.as_str());
            unit.and_then(|unit| LENGTHS.iter().find(|(name, _)| *name == unit)).map_or(1.0, |(_, metres)| *metres)
        };
        if text.is_empty() { None } else { read(&text, reading, factor) }
    })
}

fn read(text: &str, reading: Reading, factor: impl Fn() -> f64) -> Option<Told> {
    let plain = |text: String| Told { json: quote(&text), text, number: None };
    Some(match reading {
        Reading::Text => plain(text.to_owned()),
        Reading::Word => plain(text.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()),
        Reading::Number => number(text, 1.0)?,
        Reading::Length => number(text, factor())?,
        Reading::Duration => match text.contains(':') {
            true => {
                let parts: Vec<f64> = text.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
                number(&parts.iter().fold(0.0, |sum, part| sum * 60.0 + part).to_string(), 1.0)?
            }
            false => number(text, 1.0)?,
        },
        Reading::Start => {
            let date = text.split_once(',').map_or(text, |(_, date)| date.trim());
            let formats = ["%Y-%m-%d %H:%M:%S", "%d %b %Y %H:%M:%S"];
            let start = formats.iter().find_map(|format| NaiveDateTime::parse_from_str(date, format).ok())?;
            plain(start.format("%Y-%m-%dT%H:%M:%S").to_string())
        }
        Reading::Truth => plain(match text.to_lowercase().as_str() {
            "true" | "1" | "1.0" => "true".to_owned(),
            "false" | "0" | "0.0" => "false".to_owned(),
            other => other.to_owned(),
        }),
    })
}

/// A number, and half of what its last digit is worth.
fn number(text: &str, factor: f64) -> Option<Told> {
    let value: f64 = text.parse().ok().filter(|value: &f64| value.is_finite())?;
    let digits = text.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    let off = 0.5 * 10_f64.powi(-i32::try_from(digits).ok()?) * factor;
    let shown = if factor == 1.0 { value.to_string() } else { format!("{:.1}", value * factor) };
    Some(Told { text: shown.clone(), number: Some((value * factor, off)), json: shown })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::audit::Detail;
    use crate::providers;

    fn words(kind: &str, one: &str, other: &str) -> (Vec<String>, std::collections::BTreeMap<String, [usize; 3]>) {
        let text = format!("{{\"resources\":{{\"activities\":{one},\"export/activities\":{other}}}}}");
        let json = Json::parse(text).unwrap();
        let twins = providers::provider(kind).unwrap().twins().first();
        let wanted = Wanted::Words { detail: Detail::FULL, volatile: false };
        let day = "2022-10-06".parse().unwrap();
        let names = ("activities", "export/activities");
        let finding = between(json.root(), names, twins, &RecordRules::default(), day, wanted).unwrap();
        let lines = finding.words.iter().map(|line| line.map(|(_, piece)| piece).collect::<String>());
        (lines.collect(), finding.resources)
    }

    #[test]
    fn two_spellings_of_one_thing_are_the_same() {
        let api = r#"[{"list":{"id":7926971219,"name":"Run","type":"WeightTraining","distance":2432.8,"elapsed_time":979,
            "commute":false,"moving_time":971,"average_heartrate":165.6},"detail":{"calories":199,"description":null}}]"#;
        let row = r#"[{"Activity ID":"7926971219","Activity Name":"Run","Activity Type":"Weight Training","Distance":"2.43",
            "Distance (2)":"2432.77001953125","Elapsed Time":"979","Elapsed Time (2)":"979.0","Commute":"false",
            "Moving Time":"","Average Heart Rate":"165.57888793945312","Calories":"199.0","Activity Description":""}]"#;
        assert_eq!(words("strava", api, row), (vec![], std::collections::BTreeMap::new()));
    }

    #[test]
    fn differences_are_told_by_activity() {
        let api = r#"[{"list":{"id":1,"name":"Run","distance":2432.8}},{"list":{"id":2,"name":"Only there"}}]"#;
        let rows = r#"[{"Activity ID":"1","Activity Name":"Morning run","Distance (2)":"2440.0"},
            {"Activity ID":"3","Activity Name":"Only here"}]"#;
        let (said, counts) = words("strava", api, rows);
        let said = said.join("\n");
        assert!(said.contains("activity Run: distance 2432.8 -> 2440, name \"Run\" -> \"Morning run\""), "{said}");
        assert!(said.contains("Only there removed") && said.contains("Only here added"), "{said}");
        assert_eq!(counts["activities"], [1, 1, 1]);
    }

    #[test]
    fn without_a_common_id_start_and_type_tell_which_is_which() {
        let api = r#"[{"list":{"uri":"/fitnessActivities/1","start_time":"Thu, 6 Oct 2022 08:30:15","type":"Running",
            "total_distance":6968.5,"duration":2525.4}}]"#;
        let rows = r#"[{"Date":"2022-10-06 08:30:15","Type":"Running","Distance":"4.33","Distance_unit":"mi",
            "Duration":"42:05","Notes":"slow"}]"#;
        assert_eq!(words("runkeeper", api, rows).0, [""; 0]);
        let (said, _) = words("runkeeper", api, &rows.replace("42:05", "1:42:05"));
        assert!(said.join("\n").contains("duration 2525.4 -> 6125"), "{said:?}");
    }

    #[test]
    fn what_has_no_words_in_common_is_compared_as_it_stands() {
        let json = Json::parse(r#"{"resources":{"a":[{"id":1,"v":2}],"b":[{"id":1,"v":3}]}}"#).unwrap();
        let day = "2022-10-06".parse().unwrap();
        let rules = RecordRules::default();
        let finding = between(json.root(), ("a", "b"), None, &rules, day, Wanted::Counts).unwrap();
        assert_eq!(finding.resources["a"], [1, 0, 0]);
        let missing = between(json.root(), ("a", "c"), None, &rules, day, Wanted::Counts);
        assert_eq!(missing, Err("c".to_owned()));
    }
}
