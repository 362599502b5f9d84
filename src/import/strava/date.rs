//! The dates of Strava's lists: `Oct 6, 2022, 11:19:20 PM`, `2014-09-12 16:54:28`, and the same in the
//! other languages that an account can have. All are in UTC.

use chrono::{NaiveDate, NaiveDateTime};

/// How the months begin, in lower case, after the short names of the Unicode Common Locale Data Repository
/// in the languages of Europe and Indonesia. Of two that fit, the longer one is meant.
const MONTHS: [&[&str]; 12] = [
    &["jan", "gen", "ene", "янв", "sty", "led", "oca", "ιαν", "tammi", "січ"],
    &["feb", "fév", "fev", "фев", "lut", "úno", "şub", "φεβ", "helmi", "лют"],
    &["mar", "mär", "mrt", "mars", "мар", "bře", "μαρ", "maalis", "márc", "бер"],
    &["apr", "avr", "abr", "апр", "kwi", "dub", "nis", "απρ", "huhti", "ápr", "кві"],
    &["may", "mai", "maj", "mei", "mag", "мая", "май", "kvě", "μαΐ", "μαι", "touko", "máj", "тра"],
    &["jun", "juin", "giu", "июн", "cze", "čvn", "červen", "haz", "ιουν", "kesä", "jún", "чер"],
    &["jul", "juil", "lug", "июл", "lip", "čvc", "červenec", "tem", "ιουλ", "heinä", "júl", "лип"],
    &["aug", "aoû", "aou", "ago", "авг", "sie", "srp", "ağu", "αυγ", "elo", "agt", "agu", "сер"],
    &["sep", "set", "сен", "wrz", "zář", "eyl", "σεπ", "syys", "szept", "вер"],
    &["oct", "okt", "ott", "out", "окт", "paź", "říj", "eki", "οκτ", "loka", "жов"],
    &["nov", "ноя", "lis", "kas", "νοε", "marras", "лис"],
    &["dec", "dez", "dic", "déc", "дек", "gru", "pro", "ara", "δεκ", "joulu", "des", "гру"],
];

/// Words for the first and the second half of a day.
const HALVES: [&[&str]; 2] = [&["am", "πμ", "上午", "오전", "午前"], &["pm", "μμ", "下午", "오후", "午後"]];

/// The same with points, as they are written out.
const POINTED: [(&str, &str); 6] =
    [("a.m.", "am"), ("p.m.", "pm"), ("a. m.", "am"), ("p. m.", "pm"), ("π.μ.", "πμ"), ("μ.μ.", "μμ")];

/// Reads a date and time of day; none where it cannot be told for certain.
pub fn read(text: &str) -> Option<NaiveDateTime> {
    let mut text = text.to_lowercase().replace(['\u{a0}', '\u{202f}'], " ");
    for (pointed, plain) in POINTED {
        text = text.replace(pointed, plain);
    }
    let mut numbers: Vec<(u32, usize)> = Vec::new();
    let (mut month, mut half) = (None, None);
    for word in words(&text) {
        if let Ok(number) = word.parse::<u32>() {
            numbers.push((number, word.len()));
        } else if let Some(found) = HALVES.iter().position(|names| names.contains(&word)) {
            half = Some(found);
        } else if numbers.len() < 3 {
            month = month.or(month_of(word));
        }
    }
    // The time of day stands behind the date in every language.
    let (date, time) = numbers.split_at_checked(if month.is_some() { 2 } else { 3 })?;
    let separator = text.trim_start().trim_start_matches(|c: char| c.is_ascii_digit()).chars().next();
    let (year, month, day) = match (month, date) {
        (Some(month), [(year, 4), (day, _)] | [(day, _), (year, 4)]) => (*year, month, *day),
        (None, [(year, 4), (month, _), (day, _)]) => (*year, *month, *day),
        (None, [(day, _), (month, _), (year, 4)]) if matches!(separator, Some('.' | '-')) => (*year, *month, *day),
        // With slashes either may be the month, unless only one of them can be.
        (None, [(one, _), (other, _), (year, 4)]) if one == other || *other > 12 => (*year, *one, *other),
        (None, [(one, _), (other, _), (year, 4)]) if *one > 12 => (*year, *other, *one),
        _ => return None,
    };
    let (hour, minute, second) = match time {
        [(hour, _), (minute, _)] => (*hour, *minute, 0),
        [(hour, _), (minute, _), (second, _)] => (*hour, *minute, *second),
        _ => return None,
    };
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + [0, 12][half],
        Some(_) => return None,
    };
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?.and_hms_opt(hour, minute, second)
}

/// The runs of digits and of letters.
fn words(text: &str) -> Vec<&str> {
    let kind = |c: char| if c.is_ascii_digit() { 1 } else { 2 * u8::from(c.is_alphabetic()) };
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| kind(c) != kind(first)).unwrap_or(rest.len());
        if kind(first) > 0 {
            words.push(&rest[..end]);
        }
        rest = &rest[end..];
    }
    words
}

/// The month that a word begins with.
fn month_of(word: &str) -> Option<u32> {
    let named = (1..).zip(MONTHS).flat_map(|(month, names)| names.iter().map(move |name| (month, *name)));
    // `mar` is March, but `marras` November.
    let fitting = named.filter(|(_, name)| word.starts_with(name)).max_by_key(|(_, name)| name.len());
    fitting.map(|(month, _)| month)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<String> {
        read(text).map(|time| time.to_string())
    }

    #[test]
    fn dates_are_read_in_every_language() {
        for text in [
            "Oct 6, 2022, 11:19:20 PM",
            "Oct 6, 2022, 11:19:20\u{202f}PM",
            "2022-10-06 23:19:20",
            "6 oct. 2022 à 23:19:20",
            "06.10.2022, 23:19:20",
            "6. Okt. 2022, 23:19:20",
            "6 oct 2022, 23:19:20",
            "6 oct 2022 11:19:20 p.\u{a0}m.",
            "6 de out. de 2022, 23:19:20",
            "6 ott 2022, 23:19:20",
            "6 okt. 2022 23:19:20",
            "06-10-2022 23:19:20",
            "6 paź 2022, 23:19:20",
            "6 окт. 2022 г., 23:19:20",
            "6 Eki 2022 23:19:20",
            "6. 10. 2022 23:19:20",
            "2022. okt. 6. 23:19:20",
            "6.10.2022 klo 23.19.20",
            "6 Okt 2022 23.19.20",
            "6 Οκτ 2022, 11:19:20 μ.μ.",
            "2022/10/06 23:19:20",
            "2022年10月6日 23:19:20",
            "2022年10月6日 下午11:19:20",
            "2022. 10. 6. 오후 11:19:20",
        ] {
            assert_eq!(told(text).as_deref(), Some("2022-10-06 23:19:20"), "{text}");
        }
        assert_eq!(told("10/10/2022 23:19:20").as_deref(), Some("2022-10-10 23:19:20"));
    }

    #[test]
    fn every_month_is_told_from_the_others() {
        let german = ["Jan", "Feb", "März", "Apr", "Mai", "Juni", "Juli", "Aug", "Sept", "Okt", "Nov", "Dez"];
        let french = ["janv", "févr", "mars", "avr", "mai", "juin", "juil", "août", "sept", "oct", "nov", "déc"];
        let finnish = [
            "tammik", "helmik", "maalisk", "huhtik", "toukok", "kesäk", "heinäk", "elok", "syysk", "lokak", "marrask",
            "jouluk",
        ];
        let polish = ["sty", "lut", "mar", "kwi", "maj", "cze", "lip", "sie", "wrz", "paź", "lis", "gru"];
        for names in [german, french, finnish, polish] {
            for (month, name) in (1..).zip(names) {
                assert_eq!(month_of(&name.to_lowercase()), Some(month), "{name}");
            }
        }
    }

    #[test]
    fn what_cannot_be_told_for_certain_is_no_date() {
        for text in [
            "",
            "soon",
            "6/10/2022 23:19:20",
            "Oct 32, 2022, 11:19:20 PM",
            "Oct 6, 2022",
            "Oct 6, 22, 11:19:20 PM",
            "Oct 6, 2022, 13:19:20 PM",
            "2022-10-06T25:19:20",
            "Foo 6, 2022, 11:19:20 PM",
            "99999999999 1 1 1 1",
        ] {
            assert_eq!(told(text), None, "{text}");
        }
        assert_eq!(told("12/31/2022 12:00:00 AM").as_deref(), Some("2022-12-31 00:00:00"));
        assert_eq!(told("31/12/2022 00:00:00").as_deref(), Some("2022-12-31 00:00:00"));
    }
}
