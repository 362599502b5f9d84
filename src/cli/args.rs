//! What every command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::ColorChoice;

/// Options before or after any command.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Global {
    /// The archive to use, or a folder inside it.
    #[arg(short = 'C', long = "archive", value_name = "DIR", global = true)]
    pub archive: Option<PathBuf>,
    /// Colours: always, never, or on a terminal that shows them (auto)
    #[arg(long, value_name = "WHEN", global = true, hide_possible_values = true)]
    pub color: Option<ColorChoice>,
    /// Print only what needs a person: no progress, nothing of what went well.
    #[arg(short, long, global = true)]
    pub quiet: bool,
}

/// Reads a DURATION: a whole number and `s`, `m`, `h` or `d`.
///
/// # Errors
/// A sentence that says how one is written.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is no duration; write a whole number and s, m, h or d, like 15m");
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - 1];
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(wrong());
    }
    let count: u64 = digits.parse().map_err(|_| wrong())?;
    // A century is as good as for ever, and keeps the arithmetic of times whole.
    Ok(Duration::from_secs(count.saturating_mul(seconds).min(100 * 365 * 86_400)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_a_whole_number_and_a_unit() {
        assert_eq!(parse_duration("15m"), Ok(Duration::from_secs(900)));
        assert_eq!(parse_duration("0s"), Ok(Duration::ZERO));
        for bad in ["", "15", "m", "1.5h", "-1s", "1w", "15 m", "١m"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
