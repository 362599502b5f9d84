//! What has no day in Strava's bulk export: profile, gear, routes. What other people wrote or did stays out
//! unless the settings name it.

use std::io::Read;

use crate::config::ProviderSettings;
use crate::import::ImportProblem;
use crate::import::merge::word;
use crate::import::source::Export;
use crate::import::table::Table;
use crate::import::tracks::{Format, MAX_TRACK};
use crate::json::Json;
use crate::model::{JsonText, Resources};

/// The CSV files that are read, the resource that each becomes, and the resource that the settings must
/// name for it.
const SHEETS: [(&str, &str, Option<&str>); 7] = [
    ("profile.csv", PROFILE, None),
    ("bikes.csv", "export/bikes", None),
    ("shoes.csv", "export/shoes", None),
    ("components.csv", "export/components", None),
    ("routes.csv", "export/routes", None),
    ("comments.csv", "export/comments", Some("comments")),
    ("reactions.csv", "export/reactions", Some("kudos")),
];

/// Where the profile is held, and what tells one person from another in it.
const PROFILE: &str = "export/profile";
const ATHLETE: &str = "Athlete ID";

/// Where the files of routes lie, and the resource that their points become.
const ROUTES: &str = "routes/";
const ROUTE_FILES: &str = "export/route_files";

/// The athlete whose profile it is.
pub fn person(account: &Resources) -> Option<String> {
    let profile = Json::parse(account.get(PROFILE)?.as_bytes()).ok()?;
    let athlete = profile.root().items().next().map(|profile| word(profile, ATHLETE))?;
    Some(athlete).filter(|athlete| !athlete.is_empty())
}

/// The files beside `activities.csv` that are read.
pub(super) fn files(export: &Export, base: &str, settings: &ProviderSettings) -> Vec<usize> {
    let wanted = |path: &str| {
        is_route(path) || SHEETS.iter().any(|(file, _, asked)| *file == path && is_asked(*asked, settings))
    };
    let below = |entry: &str| entry.strip_prefix(base).is_some_and(&wanted);
    export
        .entries()
        .iter()
        .enumerate()
        .filter(|(_, entry)| below(&entry.path) && entry.size <= MAX_TRACK)
        .map(|(at, _)| at)
        .collect()
}

/// Reads them.
pub(super) fn read(export: &mut Export, base: &str, settings: &ProviderSettings) -> (Resources, Vec<ImportProblem>) {
    let (mut resources, mut problems, mut routes) = (Resources::new(), Vec::new(), Vec::new());
    for entry in files(export, base, settings) {
        let (path, name) = match export.entries().get(entry) {
            Some(entry) => (entry.path.clone(), entry.name.clone()),
            None => continue,
        };
        let path = path.strip_prefix(base).unwrap_or(&path);
        let mut problem = |reason: String| problems.push(ImportProblem { file: name.clone(), day: None, reason });
        match SHEETS.iter().find(|(file, ..)| *file == path) {
            Some((_, resource, _)) => {
                if let Some(rows) = rows(export, entry, &mut problem) {
                    resources.insert((*resource).to_owned(), rows);
                }
            }
            None => match route(export, entry, path) {
                Ok(route) => routes.push(route),
                Err(reason) => problem(reason),
            },
        }
    }
    if !routes.is_empty() {
        resources.insert(ROUTE_FILES.to_owned(), JsonText::array(&routes));
    }
    (resources, problems)
}

/// The rows of a list; none where it cannot be read whole, so that what is held of it stays.
fn rows(export: &mut Export, entry: usize, problem: &mut impl FnMut(String)) -> Option<JsonText> {
    let stream = export.stream(entry).map_err(|error| problem(format!("it cannot be read: {error}"))).ok()?;
    let mut table = Table::open(stream).map_err(|error| problem(error.to_string())).ok()?;
    let (mut rows, mut whole) = (Vec::new(), true);
    loop {
        match table.next() {
            Ok(None) => return whole.then(|| JsonText::array(&rows)),
            Ok(Some(Ok(row))) => rows.push(table.object(&row)),
            Ok(Some(Err(broken))) => {
                whole = false;
                problem(format!("line {} {}; the list is left as it is held", broken.line, broken.reason));
            }
            Err(error) => {
                problem(error.to_string());
                return None;
            }
        }
    }
}

fn route(export: &mut Export, entry: usize, path: &str) -> Result<JsonText, String> {
    let mut bytes = Vec::new();
    let read = export.stream(entry).and_then(|mut stream| stream.read_to_end(&mut bytes));
    read.map_err(|error| format!("it cannot be read: {error}"))?;
    let format = Format::of(path).ok_or("it is no file of points")?;
    let track = format.read(&bytes)?;
    Ok(JsonText::object([("file", JsonText::string(path)), ("tracks", track.tracks)]))
}

fn is_route(path: &str) -> bool {
    path.starts_with(ROUTES) && Format::of(path).is_some()
}

fn is_asked(asked: Option<&str>, settings: &ProviderSettings) -> bool {
    asked.is_none_or(|asked| settings.resources.as_ref().is_some_and(|wanted| wanted.iter().any(|one| one == asked)))
}
