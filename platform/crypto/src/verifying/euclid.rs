//! Inverses modulo 2^255 − 19 by Euclid's algorithm, many quotients at a time (D. H. Lehmer, 1938).

use std::array::from_fn;

/// A number below 2^256, its least digit first.
type Digits = [u64; 4];

const MODULUS: Digits = [u64::MAX - 18, u64::MAX, u64::MAX, u64::MAX >> 1];

/// What makes one, multiplied by a number below 2^255 − 19; both little-endian. Nothing where leading bits alone do not
/// lead to it: about one number in 2^30 has none, and all of fewer than some 220 bits.
pub(super) fn inverse(number: &[u8; 32]) -> Option<[u8; 32]> {
    let (mut a, mut b) = (MODULUS, digits(number));
    // Up to their signs, a is p times the number, and b is q times it.
    let (mut p, mut q) = ([0; 4], [1, 0, 0, 0]);
    let mut is_negative = false;
    while b != [0; 4] {
        let Run { first, second, is_odd } = Run::of(&a, &b)?;
        (a, b) = match is_odd {
            false => (difference(&a, &b, first), difference(&b, &a, turned(second))),
            true => (difference(&b, &a, turned(first)), difference(&a, &b, second)),
        };
        (p, q) = (sum(&p, &q, first), sum(&p, &q, second));
        is_negative ^= is_odd;
    }
    let inverse = match is_negative {
        true => p,
        false => difference(&MODULUS, &p, (1, 1)),
    };
    let bytes = inverse.map(u64::to_le_bytes);
    bytes.as_flattened().try_into().ok()
}

fn digits(bytes: &[u8; 32]) -> Digits {
    let (digits, _) = bytes.as_chunks();
    from_fn(|index| u64::from_le_bytes(digits[index]))
}

/// What some steps of the algorithm make of its two numbers: how much of each the new ones are, less the other where
/// the first is negative after an odd number of steps, and the second after an even one.
struct Run {
    first: (u64, u64),
    second: (u64, u64),
    is_odd: bool,
}

impl Run {
    /// As many steps as the 64 leading bits of the larger number decide by Jebelean's condition (A generalization of the
    /// binary GCD algorithm, 1993), or a little fewer; nothing where they decide none.
    fn of(a: &Digits, b: &Digits) -> Option<Self> {
        let shift = bits(a).saturating_sub(64);
        let (mut x, mut y) = (shifted(a, shift), shifted(b, shift));
        // What was cut off moves the rests by no more than the factors, which stay below 2^32.
        let least = if shift == 0 { 0 } else { 1 << 33 };
        let mut run = Self {
            first: (1, 0),
            second: (0, 1),
            is_odd: false,
        };
        while y > least {
            let (quotient, rest) = (x / y, x % y);
            if rest < least || y - rest < least {
                break;
            }
            (x, y) = (y, rest);
            let next = (
                run.first.0 + quotient * run.second.0,
                run.first.1 + quotient * run.second.1,
            );
            run = Self {
                first: run.second,
                second: next,
                is_odd: !run.is_odd,
            };
        }
        (run.first.1 > 0).then_some(run)
    }
}

fn turned((of_first, of_second): (u64, u64)) -> (u64, u64) {
    (of_second, of_first)
}

fn bits(number: &Digits) -> u32 {
    let highest = [1, 2, 3, 4].into_iter().zip(number).rfind(|(_, digit)| **digit > 0);
    highest.map_or(0, |(digits, highest)| 64 * digits - highest.leading_zeros())
}

/// The 64 bits from `shift` on, of a number that has no higher ones.
fn shifted(number: &Digits, shift: u32) -> u64 {
    let digit = |index: u32| number.get(index as usize).copied().unwrap_or_default();
    let (index, shift) = (shift / 64, shift % 64);
    match shift {
        0 => digit(index),
        _ => digit(index) >> shift | digit(index + 1) << (64 - shift),
    }
}

fn sum(a: &Digits, b: &Digits, (of_a, of_b): (u64, u64)) -> Digits {
    let (mut above_a, mut above) = (0, 0);
    from_fn(|index| {
        let (part, digit);
        (part, above_a) = a[index].carrying_mul(of_a, above_a);
        (digit, above) = b[index].carrying_mul_add(of_b, part, above);
        digit
    })
}

fn difference(a: &Digits, b: &Digits, (of_a, of_b): (u64, u64)) -> Digits {
    let (mut above_a, mut above_b, mut is_borrowed) = (0, 0, false);
    from_fn(|index| {
        let (minuend, subtrahend, digit);
        (minuend, above_a) = a[index].carrying_mul(of_a, above_a);
        (subtrahend, above_b) = b[index].carrying_mul(of_b, above_b);
        (digit, is_borrowed) = minuend.borrowing_sub(subtrahend, is_borrowed);
        digit
    })
}
