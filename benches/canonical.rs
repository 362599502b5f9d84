//! How fast the canonical form is made, beside what `serde_json` takes only to parse the same document.
//!
//! `cargo bench --bench canonical` prints the median of interleaved rounds. With a number and one of the words below,
//! `cargo bench --bench canonical -- 100 ones`, it makes the canonical form of one odd document of that many MB instead, for
//! a look at the peak of the memory: `ones`, `objects`,
//! `strings`, `nested`, `records`, `members`.
#![allow(clippy::print_stdout)]

use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// A day as Moves tells it: segments with activities and track points, about 8 KB.
fn storyline() -> String {
    let mut text = String::from(
        r#"{"provider":"moves","date":"2015-07-10","resources":{"storyline":[{"date":"20150710","summary":[{"activity":"walking","group":"walking","duration":2905,"distance":3280,"steps":4467,"calories":132}],"segments":["#,
    );
    for segment in 0..6 {
        if segment > 0 {
            text.push(',');
        }
        let _ = write!(
            text,
            r#"{{"type":"move","startTime":"20150710T0{segment}1500+0300","endTime":"20150710T0{segment}4500+0300","activities":[{{"activity":"walking","group":"walking","manual":false,"startTime":"20150710T0{segment}1500+0300","endTime":"20150710T0{segment}4500+0300","duration":{},"distance":{}.0,"steps":{},"calories":{},"trackPoints":["#,
            400 + segment * 37,
            500 + segment * 61,
            700 + segment * 83,
            20 + segment
        );
        for point in 0..13 {
            if point > 0 {
                text.push(',');
            }
            let _ = write!(
                text,
                r#"{{"lat":60.{}{point},"lon":24.9{segment}{},"time":"20150710T0{segment}{:02}00+0300"}}"#,
                1700 + point * 13,
                100 + point * 7,
                15 + point * 2
            );
        }
        text.push_str("]}],\"lastUpdate\":\"20150711T062034Z\"}");
    }
    text.push_str("],\"caloriesIdle\":1785,\"lastUpdate\":\"20150711T062034Z\"}]}}");
    text
}

/// A day of heart beats, one every few seconds, about 600 KB.
fn heart() -> String {
    let mut text = String::from(
        r#"{"provider":"fitbit","date":"2015-07-10","resources":{"heart":{"activities-heart-intraday":{"dataset":["#,
    );
    for second in (0..86_400u32).step_by(5) {
        if second > 0 {
            text.push(',');
        }
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let _ =
            write!(text, r#"{{"time":"{hour:02}:{minute:02}:{second:02}","value":{}}}"#, 55 + (hour * 7 + minute) % 90);
    }
    text.push_str(r#"],"datasetInterval":5,"datasetType":"second"}}}}"#);
    text
}

/// How long one pass of `work` takes, on average over about 20 ms.
fn time(passes: u32, mut work: impl FnMut()) -> Duration {
    let begin = Instant::now();
    for _ in 0..passes {
        work();
    }
    begin.elapsed() / passes
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn compare(name: &str, text: &[u8]) {
    let passes = (4_000_000 / text.len()).max(1) as u32;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..21 {
        ours.push(time(passes, || {
            black_box(fitsnap::json::canonical(black_box(text)).is_ok());
        }));
        theirs.push(time(passes, || {
            black_box(serde_json::from_slice::<serde_json::Value>(black_box(text)).is_ok());
        }));
    }
    let (ours, theirs) = (median(ours).as_secs_f64(), median(theirs).as_secs_f64());
    let size = text.len() as f64 / 1e6;
    println!(
        "{name:<22} {:>8} bytes   canonical {:>5.0} MB/s   serde_json parse {:>5.0} MB/s   time of ours to theirs {:.2}",
        text.len(),
        size / ours,
        size / theirs,
        ours / theirs
    );
}

/// A document of about `size` bytes that is hard on the memory.
fn odd(word: &str, size: usize) -> String {
    let repeat = |unit: &str| format!("[{}0]", unit.repeat(size / unit.len()));
    match word {
        "ones" => repeat("1,"),
        "objects" => repeat("{},"),
        "strings" => repeat("\"\","),
        "nested" => repeat(&format!("{}{},", "[".repeat(60), "]".repeat(60))),
        "records" => repeat("{\"b\":1,\"a\":2},"),
        _ => {
            let mut text = String::with_capacity(size + 32);
            for number in 0..(size / 12) as u32 {
                // An order far from sorted.
                let _ = write!(text, ",\"{:07x}\":1", number.wrapping_mul(0x9E37_79B1) >> 4);
            }
            text.replace_range(..1, "{");
            text.push('}');
            text
        }
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    if let [size, word] = words.as_slice()
        && let Ok(size) = size.parse::<usize>()
    {
        let text = odd(word, size * 1_000_000);
        match fitsnap::json::canonical(text.as_bytes()) {
            Ok(out) => println!("{word}: {} bytes in, {} bytes out", text.len(), out.len()),
            Err(error) => println!("{word}: {error}"),
        }
        return;
    }
    for (name, text) in [("storyline", storyline()), ("heart", heart())] {
        compare(name, text.as_bytes());
        if let Ok(canonical) = fitsnap::json::canonical(text.as_bytes()) {
            compare(&format!("{name}, canonical"), &canonical);
        }
    }
}
