//! The decimal arithmetic against plain fractions.

use proptest::prelude::*;

use super::*;
use crate::transform::arithmetic;

proptest! {
    #[test]
    fn averages_and_percentages_are_the_nearest_decimals(numbers in proptest::collection::vec(-10_i128.pow(17)..10_i128.pow(17), 1..9), earlier in prop_oneof![-9999..-1_i128, 1..9999_i128]) {
        let values: Vec<_> = numbers.iter().map(|&unscaled| Value::new(unscaled, 10).unwrap()).collect();

        let average = arithmetic::average(&values).unwrap();
        let error = average.unscaled() * numbers.len() as i128 - numbers.iter().sum::<i128>();
        prop_assert!(is_nearest(error, numbers.len() as i128, average));

        let percent = arithmetic::percent_change(values[0], Value::new(earlier, 10).unwrap());
        if let Some(percent) = percent {
            let error = percent.unscaled() * earlier - (numbers[0] - earlier) * 10_i128.pow(12);
            prop_assert!(is_nearest(error, earlier, percent));
        } else {
            prop_assert!(((numbers[0] - earlier) / earlier).abs() >= 10_i128.pow(16) - 1);
        }
    }
}

/// Whether a result that is off by `error / divisor` units is the nearest one, and the even one of two.
fn is_nearest(error: i128, divisor: i128, result: Value) -> bool {
    let twice = error.abs() * 2;
    twice < divisor.abs() || (twice == divisor.abs() && result.unscaled() % 2 == 0)
}
