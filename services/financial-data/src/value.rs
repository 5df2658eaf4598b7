//! The exact number of a data point: decimal(28, 10) and the digits it was published with.

use std::fmt;

/// Digits after the point that every stored value carries.
pub const SCALE: u32 = 10;
/// Significant digits that fit: 18 before the point and 10 after it.
pub const PRECISION: u32 = 28;
const ONE: i128 = 10_i128.pow(SCALE);
const LIMIT: i128 = 10_i128.pow(PRECISION);

/// An exact published number. `7731.70` and `7731.7` are equal in size and differ as published,
/// so they are different values here; compare [`Value::unscaled`] for size alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value {
    unscaled: i128,
    digits: u8,
}

/// Why a text is not a [`Value`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a decimal number at all.
    #[error("is not a decimal number")]
    NotANumber,
    /// Larger than 18 digits before the point.
    #[error("does not fit: at most 18 digits before the decimal point")]
    TooLarge,
    /// More than 10 digits after the point; nothing is rounded.
    #[error("does not fit: at most 10 digits after the decimal point, and nothing is rounded")]
    TooPrecise,
}

impl Value {
    /// A value from its integer at scale 10 and its published digits (0 to 10), or `None` outside decimal(28, 10).
    pub fn new(unscaled: i128, digits: u8) -> Option<Self> {
        (unscaled.unsigned_abs() < LIMIT as u128 && u32::from(digits) <= SCALE).then_some(Self { unscaled, digits })
    }

    /// Reads `-12.50`, `+3`, `.5`, `1e3` or `1.5E-2` exactly.
    pub fn parse(text: &str) -> Result<Self, ValueError> {
        Self::parse_bytes(text.as_bytes())
    }

    /// [`Value::parse`] over bytes, for decoders that have not checked UTF-8.
    pub fn parse_bytes(text: &[u8]) -> Result<Self, ValueError> {
        let (negative, rest) = match text {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] => (false, rest),
            rest => (false, rest),
        };
        let (mut read, mut seen, mut point, mut at) = (Digits::default(), false, None::<usize>, 0);
        while let Some(&byte) = rest.get(at) {
            match byte {
                b'0'..=b'9' => {
                    seen = true;
                    read.push(byte - b'0');
                }
                b'.' if point.is_none() => point = Some(at),
                b'e' | b'E' if seen => break,
                _ => return Err(ValueError::NotANumber),
            }
            at += 1;
        }
        if !seen {
            return Err(ValueError::NotANumber);
        }
        let digits = point.map_or(0, |point| at - point - 1) as i64;
        let exponent = if at < rest.len() { exponent(&rest[at + 1..])? } else { 0 };
        let value = read.scaled(digits - exponent)?;
        Ok(if negative {
            Self {
                unscaled: -value.unscaled,
                ..value
            }
        } else {
            value
        })
    }

    /// `integer / 10^digits` as a value; negative `digits` multiply.
    pub fn scaled(integer: i128, digits: i64) -> Result<Self, ValueError> {
        let (mut integer, mut digits) = (integer, digits);
        while digits > i64::from(SCALE) && integer % 10 == 0 {
            if integer == 0 {
                digits = digits.min(i64::from(SCALE));
                break;
            }
            integer /= 10;
            digits -= 1;
        }
        if digits > i64::from(SCALE) {
            return Err(ValueError::TooPrecise);
        }
        let power = u32::try_from(i64::from(SCALE) - digits).map_err(|_| ValueError::TooLarge)?;
        let unscaled = match integer {
            0 => 0,
            _ => power_of_ten(power)
                .and_then(|factor| integer.checked_mul(factor))
                .ok_or(ValueError::TooLarge)?,
        };
        Self::new(unscaled, digits.max(0) as u8).ok_or(ValueError::TooLarge)
    }

    /// The value as an integer at scale 10, as it stands in storage.
    pub fn unscaled(self) -> i128 {
        self.unscaled
    }

    /// How many digits after the point it was published with.
    pub fn digits(self) -> u8 {
        self.digits
    }

    /// The nearest binary number, for arithmetic that is approximate by nature (logarithms, plots).
    pub fn to_f64(self) -> f64 {
        self.unscaled as f64 / ONE as f64
    }
}

/// The digits of a number from its first one that is not zero, in any number.
#[derive(Default)]
struct Digits {
    /// Those up to the last one that is not zero.
    integer: i128,
    /// The zeros after it.
    zeros: u32,
    count: i64,
    /// Whether they are more than can be held, and so more than any value has.
    overflown: bool,
}

impl Digits {
    #[inline]
    fn push(&mut self, digit: u8) {
        if digit == 0 {
            let counted = u32::from(self.count > 0);
            self.zeros += counted;
            self.count += i64::from(counted);
            return;
        }
        let shifted = match self.zeros {
            0 => self.integer.checked_mul(10),
            zeros => power_of_ten(zeros + 1).and_then(|factor| self.integer.checked_mul(factor)),
        };
        match shifted.and_then(|shifted| shifted.checked_add(i128::from(digit))) {
            Some(integer) => self.integer = integer,
            None => self.overflown = true,
        }
        self.zeros = 0;
        self.count += 1;
    }

    /// All of them over `10^digits` as a value.
    fn scaled(&self, digits: i64) -> Result<Value, ValueError> {
        if self.overflown {
            let is_large = self.count - digits > i64::from(PRECISION - SCALE);
            return Err(if is_large {
                ValueError::TooLarge
            } else {
                ValueError::TooPrecise
            });
        }
        let spare = (digits - i64::from(SCALE)).clamp(0, i64::from(self.zeros));
        let zeros = power_of_ten(self.zeros - spare as u32);
        let integer = zeros.and_then(|zeros| self.integer.checked_mul(zeros));
        Value::scaled(integer.ok_or(ValueError::TooLarge)?, digits - spare)
    }
}

fn power_of_ten(power: u32) -> Option<i128> {
    const SMALL: [i128; SCALE as usize + 1] = {
        let mut powers = [1; SCALE as usize + 1];
        let mut at = 1;
        while at < powers.len() {
            powers[at] = powers[at - 1] * 10;
            at += 1;
        }
        powers
    };
    match SMALL.get(power as usize) {
        Some(known) => Some(*known),
        None => 10_i128.checked_pow(power),
    }
}

fn exponent(text: &[u8]) -> Result<i64, ValueError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(ValueError::NotANumber);
    }
    let size = digits
        .iter()
        .fold(0_i64, |sum, digit| (sum * 10 + i64::from(digit - b'0')).min(1_000_000));
    Ok(if negative { -size } else { size })
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.unscaled.unsigned_abs();
        let (whole, fraction) = (size / ONE as u128, size % ONE as u128);
        if self.unscaled < 0 {
            f.write_str("-")?;
        }
        if self.digits == 0 {
            return write!(f, "{whole}");
        }
        let shown = fraction / 10_u128.pow(SCALE - u32::from(self.digits));
        write!(f, "{whole}.{shown:0width$}", width = usize::from(self.digits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_with_the_digits_it_was_published_with() {
        for text in [
            "7616",
            "7731.70",
            "29962.047",
            "-0.5",
            "0",
            "0.0000000001",
            "999999999999999999.9999999999",
        ] {
            assert_eq!(Value::parse(text).map(|value| value.to_string()).as_deref(), Ok(text));
        }
        for (text, read) in [
            ("1e3", "1000"),
            ("1.5E-2", "0.015"),
            ("+3", "3"),
            (".5", "0.5"),
            ("1.500000000000", "1.5000000000"),
        ] {
            assert_eq!(Value::parse(text).map(|value| value.to_string()).as_deref(), Ok(read));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused_and_never_rounded() {
        assert_eq!(Value::parse("1000000000000000000"), Err(ValueError::TooLarge));
        assert_eq!(Value::parse("1e999999999999"), Err(ValueError::TooLarge));
        assert_eq!(Value::parse("0.00000000001"), Err(ValueError::TooPrecise));
        for text in ["", ".", "NaN", "inf", "1,5", "1.2.3", "1e", "e5", "0x10", "--1", "1 "] {
            assert_eq!(Value::parse(text), Err(ValueError::NotANumber), "{text:?}");
        }
    }
}
