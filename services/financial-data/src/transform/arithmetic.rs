//! Decimal arithmetic that is exact, and says where it rounds.

use crate::history::digits_needed;
use crate::value::{SCALE, Value};

/// `later - earlier`, exactly.
pub(super) fn difference(later: Value, earlier: Value) -> Option<Value> {
    shown(
        later.unscaled() - earlier.unscaled(),
        later.digits().max(earlier.digits()),
    )
}

/// `(later / earlier - 1) * 100`, rounded half to even at the tenth digit.
pub(super) fn percent_change(later: Value, earlier: Value) -> Option<Value> {
    shown(
        ratio(later.unscaled() - earlier.unscaled(), earlier.unscaled(), SCALE + 2)?,
        0,
    )
}

/// The sum, exactly.
pub(super) fn sum(values: &[Value]) -> Option<Value> {
    shown(total(values), digits(values))
}

/// The arithmetic mean, rounded half to even at the tenth digit.
pub(super) fn average(values: &[Value]) -> Option<Value> {
    shown(ratio(total(values), values.len() as i128, 0)?, digits(values))
}

/// The decimal nearest to a binary number, at ten digits.
pub(super) fn nearest(number: f64) -> Option<Value> {
    let unscaled = (number * 10_f64.powi(SCALE as i32)).round_ties_even();
    if unscaled.is_finite() {
        shown(unscaled as i128, 0)
    } else {
        None
    }
}

/// With as many digits as it takes, and no fewer than `digits`.
fn shown(unscaled: i128, digits: u8) -> Option<Value> {
    Value::new(unscaled, digits_needed(unscaled).max(digits))
}

fn total(values: &[Value]) -> i128 {
    values.iter().map(|value| value.unscaled()).sum()
}

fn digits(values: &[Value]) -> u8 {
    values.iter().map(|value| value.digits()).max().unwrap_or_default()
}

/// `numerator / denominator * 10^power`, rounded half to even: long division, nine digits at a time,
/// because the remainder of a 28-digit denominator leaves room for nine more in 128 bits.
fn ratio(numerator: i128, denominator: i128, mut power: u32) -> Option<i128> {
    let negative = (numerator < 0) != (denominator < 0);
    let divisor = denominator.unsigned_abs();
    let mut quotient = numerator.unsigned_abs().checked_div(divisor)?;
    let mut rest = numerator.unsigned_abs() % divisor;
    while power > 0 {
        let factor = 10_u128.pow(power.min(9));
        quotient = quotient.checked_mul(factor)?.checked_add(rest * factor / divisor)?;
        rest = rest * factor % divisor;
        power -= power.min(9);
    }
    let rounded = match (rest * 2).cmp(&divisor) {
        std::cmp::Ordering::Less => quotient,
        std::cmp::Ordering::Equal => quotient + quotient % 2,
        std::cmp::Ordering::Greater => quotient + 1,
    };
    i128::try_from(rounded)
        .ok()
        .map(|size| if negative { -size } else { size })
}
