//! Numbers: checking their grammar, and spelling them as RFC 8785 does without passing through a double.

use super::error::Fault;

/// A number as it stands in a text.
pub(super) struct Scan {
    /// Length in bytes.
    pub(super) len: usize,
    /// Whether it is already spelled canonically.
    pub(super) canonical: bool,
}

/// From this many digits before the point on, ECMAScript writes an exponent.
const PLAIN_DIGITS: usize = 21;
/// Up to this many zeros between point and first digit, ECMAScript writes none.
const PLAIN_ZEROS: usize = 5;

/// Checks the grammar of the number that begins at `start`.
pub(super) fn scan(text: &[u8], start: usize) -> Result<Scan, Box<Fault>> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        rest.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let at = |offset: usize| text.get(offset).copied().unwrap_or(0);

    let mut pos = start;
    let negative = at(pos) == b'-';
    if negative {
        pos += 1;
    }
    let whole = if at(pos) == b'0' { 1 } else { digits(pos) };
    if whole == 0 {
        return Err(Fault::unexpected(text, pos, "a digit"));
    }
    let zero = at(pos) == b'0';
    pos += whole;
    if zero && at(pos).is_ascii_digit() {
        return Err(Fault::unexpected(text, pos, "no digit after a leading zero"));
    }
    let mut canonical = whole <= PLAIN_DIGITS;
    if at(pos) == b'.' {
        let fraction = digits(pos + 1);
        if fraction == 0 {
            return Err(Fault::unexpected(text, pos + 1, "a digit after the decimal point"));
        }
        canonical &= at(pos + fraction) != b'0';
        if zero && canonical {
            let rest = text.get(pos + 1..).unwrap_or_default();
            canonical = rest.iter().take_while(|&&b| b == b'0').count() <= PLAIN_ZEROS;
        }
        pos += 1 + fraction;
    } else if zero && negative {
        canonical = false;
    }
    if matches!(at(pos), b'e' | b'E') {
        canonical = false;
        pos += 1;
        if matches!(at(pos), b'+' | b'-') {
            pos += 1;
        }
        let exponent = digits(pos);
        if exponent == 0 {
            return Err(Fault::unexpected(text, pos, "a digit of the exponent"));
        }
        pos += exponent;
    }
    Ok(Scan { len: pos - start, canonical })
}

/// Appends the canonical spelling of `raw`, a number of correct grammar.
pub(super) fn write(raw: &[u8], out: &mut Vec<u8>) {
    let (negative, unsigned) = match raw.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, raw),
    };
    let (mantissa, exponent) = split(unsigned, |b| matches!(b, b'e' | b'E'));
    let (whole, fraction) = split(mantissa, |b| b == b'.');

    // The value is 0.d1d2d3… times ten to the power of `point` and the written exponent.
    let zeros_ahead = whole.iter().chain(fraction).take_while(|&&b| b == b'0').count();
    let all = whole.len() + fraction.len();
    if zeros_ahead == all {
        out.push(b'0');
        return;
    }
    let zeros_behind = fraction.iter().rev().chain(whole.iter().rev()).take_while(|&&b| b == b'0').count();
    let (first, last) = (zeros_ahead, all - zeros_behind);
    let digits = |from: usize, to: usize, out: &mut Vec<u8>| {
        let split = whole.len();
        out.extend_from_slice(&whole[from.min(split)..to.min(split)]);
        out.extend_from_slice(&fraction[from.max(split) - split..to.max(split) - split]);
    };
    let count = last - first;
    let point = whole.len() as i64 - zeros_ahead as i64;

    if negative {
        out.push(b'-');
    }
    let power = Power::new(exponent, point);
    match power.small() {
        Some(n @ 1..=21) if count <= n as usize => {
            digits(first, last, out);
            out.resize(out.len() + n as usize - count, b'0');
        }
        Some(n @ 1..=21) => {
            digits(first, first + n as usize, out);
            out.push(b'.');
            digits(first + n as usize, last, out);
        }
        Some(n @ -5..=0) => {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + n.unsigned_abs() as usize, b'0');
            digits(first, last, out);
        }
        _ => {
            digits(first, first + 1, out);
            if count > 1 {
                out.push(b'.');
                digits(first + 1, last, out);
            }
            out.push(b'e');
            power.write_minus_one(out);
        }
    }
}

fn split(bytes: &[u8], mark: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    match bytes.iter().position(|&b| mark(b)) {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// A power of ten: what the exponent says, and where the point stands.
enum Power<'a> {
    Small(i64),
    /// Beyond 18 digits: the sign and digits as written, and what is still to be added.
    Huge {
        negative: bool,
        digits: &'a [u8],
        plus: i64,
    },
}

impl<'a> Power<'a> {
    fn new(exponent: &'a [u8], point: i64) -> Power<'a> {
        let (negative, digits) = match exponent {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let zeros = digits.iter().take_while(|&&b| b == b'0').count();
        let digits = &digits[zeros..];
        if digits.len() > 18 {
            return Power::Huge { negative, digits, plus: point };
        }
        let size = digits.iter().fold(0i64, |sum, &b| sum * 10 + i64::from(b - b'0'));
        Power::Small(point + if negative { -size } else { size })
    }

    fn small(&self) -> Option<i64> {
        match self {
            Power::Small(n) => Some(*n),
            Power::Huge { .. } => None,
        }
    }

    /// Appends sign and digits of the exponent that stands after the `e`: one less than the power.
    fn write_minus_one(&self, out: &mut Vec<u8>) {
        match *self {
            Power::Small(n) => {
                let exponent = n - 1;
                out.push(if exponent < 0 { b'-' } else { b'+' });
                out.extend_from_slice(exponent.unsigned_abs().to_string().as_bytes());
            }
            Power::Huge { negative, digits, plus } => {
                out.push(if negative { b'-' } else { b'+' });
                // The point is less than 2^32 digits away, so it never turns the sign.
                let plus = if negative { 1 - plus } else { plus - 1 };
                write_sum(digits, plus, out);
            }
        }
    }
}

/// Appends the sum of a decimal of more than 18 digits and a number far smaller than it.
fn write_sum(digits: &[u8], plus: i64, out: &mut Vec<u8>) {
    let mut sum = digits.to_vec();
    let mut carry = plus;
    for digit in sum.iter_mut().rev() {
        if carry == 0 {
            break;
        }
        let total = i64::from(*digit - b'0') + carry;
        *digit = b'0' + total.rem_euclid(10) as u8;
        carry = total.div_euclid(10);
    }
    if carry > 0 {
        out.extend_from_slice(carry.to_string().as_bytes());
    }
    let zeros = if carry > 0 { 0 } else { sum.iter().take_while(|&&b| b == b'0').count() };
    out.extend_from_slice(&sum[zeros..]);
}
