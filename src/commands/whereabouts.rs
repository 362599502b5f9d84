//! `fitsnap where`

use std::time::Duration;

use serde_json::{Value, json};

use super::{Context, export};
use crate::cli::{CommandError, ExitCode, Style, Text, Ui, span_in_words};
use crate::export::{Answer, How, Moment, PhotoError, When, taken, whereabouts};
use crate::model::Zone;

/// Tell where you were at a moment, or where a photo was taken
///
/// The tracks and places of all providers around that moment are looked at: a stay that holds it, else the
/// way between two points, else what is nearest. A time without a zone is what your own clock showed there;
/// so is that of a photo whose camera did not note the zone.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fitsnap where 2015-07-10T14:03\n  \
    fitsnap where 2015-07-10T14:03 --tz Europe/Helsinki\n  fitsnap where photo.jpg\n  \
    fitsnap where --json *.jpg")]
pub struct WhereArgs {
    /// A time like 2015-07-10T14:03, also with Z or +03:00 behind it, or a photo
    #[arg(required = true, value_name = "TIME or PHOTO")]
    what: Vec<String>,
    /// The zone of times that do not say theirs: by this zone's clock, wherever you were
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    tz: Option<Zone>,
    /// Print one JSON object a time or photo
    #[arg(long)]
    json: bool,
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::named(name).ok_or_else(|| format!("\"{name}\" is no IANA time zone; write it like Europe/Helsinki"))
}

pub fn run(args: &WhereArgs, context: &Context<'_>, ui: &mut Ui) -> Result<ExitCode, CommandError> {
    let archive = context.archive()?;
    let sources = export::sources(&archive, None, ui)?;
    let mut code = ExitCode::Done;
    for what in &args.what {
        let moment = match moment(what, context) {
            Ok(moment) => moment.in_zone(args.tz),
            // One photo of many that tells no time leaves the others.
            Err(error) if args.what.len() > 1 => {
                error.print(ui);
                code = ExitCode::SomeFailed;
                continue;
            }
            Err(error) => return Err(error),
        };
        let found = whereabouts(&archive, &sources, When::of(moment)).map_err(|error| match error {
            crate::export::ExportError::Archive(error) => CommandError::from(error),
            other => CommandError::of(ExitCode::SomeFailed, &other),
        })?;
        for problem in &found.problems {
            ui.warn(format!("left out, because it cannot be read: {problem}"));
        }
        if args.json {
            ui.exact(&as_json(what, moment, &found.answers).to_string());
        } else {
            for answer in &found.answers {
                ui.data(line(answer, (args.what.len() > 1).then_some(what)).hanging(4));
            }
        }
        if found.answers.is_empty() {
            code = ExitCode::SomeFailed;
            ui.warn(format!("no track or place within a day of {}", moment.text()));
            for name in &found.zoneless {
                ui.hint(format!(
                    "{name} does not tell its zone: ask by your own clock, without a zone, or set time_zone under [providers.{name}]"
                ));
            }
        }
    }
    Ok(code)
}

fn moment(what: &str, context: &Context<'_>) -> Result<Moment, CommandError> {
    if let Some(moment) = Moment::read(what) {
        return Ok(moment);
    }
    let path = context.environment.folder().join(what);
    taken(&path).map_err(|error| match &error {
        PhotoError::Read(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            CommandError::new(ExitCode::Usage, format!("\"{what}\" is neither a time nor a photo that is there"))
                .hint("write a time like 2015-07-10T14:03, 2015-07-10T11:03Z or 2015-07-10T14:03+03:00")
        }
        _ => {
            let causes = CommandError::of(ExitCode::SomeFailed, &error).causes;
            let command = CommandError::new(ExitCode::SomeFailed, format!("{}: {error}", path.display()));
            CommandError { causes, ..command }.hint("give the time instead: fitsnap where 2015-07-10T14:03")
        }
    })
}

/// `60.16952, 24.93545  Lantern Works  moves`
fn line(answer: &Answer, what: Option<&String>) -> Text {
    let head = what.map_or(Text::new(), |what| Text::new().with(Style::Bold, what.as_str()).plain("  "));
    let head = head.plain(format!("{}, {}  ", answer.lat, answer.lon));
    let named = match (&answer.place, &answer.way) {
        (Some(place), _) => head.with(Style::Cyan, place.as_str()),
        (None, Some((name, _))) => head.plain("on the way: ").with(Style::Cyan, name.as_str()),
        (None, None) => head.plain("a place without a name"),
    };
    let off = span_in_words(Duration::from_secs_f64(answer.seconds_off));
    named.plain(format!("  {}", answer.provider)).plain(match answer.how {
        How::Stay => String::new(),
        How::Between => format!(", between two points, the nearer {off} away"),
        How::Nearest => format!(", {off} away at {}", answer.time.text()),
    })
}

fn as_json(what: &str, moment: Moment, answers: &[Answer]) -> Value {
    let mut answers = answers.iter().map(|answer| {
        let (way, activity) = answer.way.clone().unzip();
        json!({
            "lat": answer.lat,
            "lon": answer.lon,
            "place": answer.place,
            "way": way,
            "activity": activity,
            "provider": answer.provider,
            "date": answer.day.to_string(),
            "how": match answer.how { How::Stay => "stay", How::Between => "between", How::Nearest => "nearest" },
            "seconds_off": answer.seconds_off,
            "recorded": answer.time.text(),
        })
    });
    // The best answer stands in the object itself.
    let mut object =
        answers.next().unwrap_or_else(|| json!({"lat": null, "lon": null, "place": null, "provider": null}));
    object["asked"] = what.into();
    object["time"] = moment.text().into();
    object["others"] = answers.collect();
    object
}
