//! Numbers modulo 2^255 − 19, by the formulas of fiat-crypto, which are proven.

use std::ops::{Add, Mul, Sub};

use fiat_crypto::curve25519_64::{
    fiat_25519_add, fiat_25519_carry_mul, fiat_25519_carry_square, fiat_25519_from_bytes,
    fiat_25519_loose_field_element, fiat_25519_relax, fiat_25519_sub, fiat_25519_tight_field_element,
    fiat_25519_to_bytes,
};

use super::euclid;

/// A number that can be added to another.
#[derive(Clone, Copy)]
pub(super) struct Element(fiat_25519_tight_field_element);

/// A sum or a difference, whose carries are still to come: it can only be multiplied.
#[derive(Clone, Copy)]
pub(super) struct Uncarried(fiat_25519_loose_field_element);

impl Element {
    pub(super) const ZERO: Self = Self(fiat_25519_tight_field_element([0; 5]));
    pub(super) const ONE: Self = Self(fiat_25519_tight_field_element([1, 0, 0, 0, 0]));

    /// Little-endian; the highest bit is passed over.
    pub(super) const fn from_bytes(bytes: &[u8; 32]) -> Self {
        let (mut element, mut bytes) = (Self::ZERO, *bytes);
        bytes[31] &= 0x7f;
        fiat_25519_from_bytes(&mut element.0, &bytes);
        element
    }

    /// Little-endian, less than 2^255 − 19.
    pub(super) fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        fiat_25519_to_bytes(&mut bytes, &self.0);
        bytes
    }

    /// What makes one, multiplied by it.
    pub(super) fn inverse(&self) -> Self {
        let found = euclid::inverse(&self.to_bytes()).map(|bytes| Self::from_bytes(&bytes));
        let is_inverse = |found: &Self| (found * self).to_bytes() == Self::ONE.to_bytes();
        found.filter(is_inverse).unwrap_or_else(|| self.inverse_by_powers())
    }

    /// Its power of 2^255 − 21, by 254 squarings and 11 products: always right, and four times as much work.
    fn inverse_by_powers(&self) -> Self {
        let power_2 = self.squared(1);
        let power_9 = &power_2.squared(2) * self;
        let power_11 = &power_9 * &power_2;
        // From here on the power is two to the number of ones, less one.
        let ones_5 = &power_11.squared(1) * &power_9;
        let ones_10 = &ones_5.squared(5) * &ones_5;
        let ones_20 = &ones_10.squared(10) * &ones_10;
        let ones_40 = &ones_20.squared(20) * &ones_20;
        let ones_50 = &ones_40.squared(10) * &ones_10;
        let ones_100 = &ones_50.squared(50) * &ones_50;
        let ones_200 = &ones_100.squared(100) * &ones_100;
        let ones_250 = &ones_200.squared(50) * &ones_50;
        &ones_250.squared(5) * &power_11
    }

    fn squared(&self, times: usize) -> Self {
        let mut square = *self;
        for _ in 0..times {
            let Uncarried(root) = square.into();
            fiat_25519_carry_square(&mut square.0, &root);
        }
        square
    }
}

impl From<Element> for Uncarried {
    #[inline]
    fn from(element: Element) -> Self {
        let mut uncarried = NOTHING;
        fiat_25519_relax(&mut uncarried.0, &element.0);
        uncarried
    }
}

const NOTHING: Uncarried = Uncarried(fiat_25519_loose_field_element([0; 5]));

impl Add for &Element {
    type Output = Uncarried;

    #[inline]
    fn add(self, other: Self) -> Uncarried {
        let mut sum = NOTHING;
        fiat_25519_add(&mut sum.0, &self.0, &other.0);
        sum
    }
}

impl Sub for &Element {
    type Output = Uncarried;

    #[inline]
    fn sub(self, other: Self) -> Uncarried {
        let mut difference = NOTHING;
        fiat_25519_sub(&mut difference.0, &self.0, &other.0);
        difference
    }
}

impl Mul for &Uncarried {
    type Output = Element;

    #[inline]
    fn mul(self, other: Self) -> Element {
        let mut product = Element::ZERO;
        fiat_25519_carry_mul(&mut product.0, &self.0, &other.0);
        product
    }
}

impl Mul<&Element> for &Uncarried {
    type Output = Element;

    #[inline]
    fn mul(self, other: &Element) -> Element {
        self * &Uncarried::from(*other)
    }
}

impl Mul for &Element {
    type Output = Element;

    #[inline]
    fn mul(self, other: Self) -> Element {
        &Uncarried::from(*self) * other
    }
}

#[cfg(test)]
mod tests {
    use std::array::from_fn;

    use super::Element;

    #[test]
    fn a_number_times_its_inverse_is_one() {
        for bit in 0..255 {
            let place = |index: usize| u8::from(index == bit / 8) << (bit % 8);
            let mixed = |index: usize| (bit * 89 + index * index * 57 + 31).to_le_bytes()[0];
            // A number of few bits, one that lacks few, and one without a pattern: leading bits do not decide them all.
            for number in [from_fn(place), from_fn(|index| !place(index)), from_fn(mixed)] {
                let element = Element::from_bytes(&number);
                for inverse in [element.inverse(), element.inverse_by_powers()] {
                    assert_eq!((&element * &inverse).to_bytes(), Element::ONE.to_bytes(), "{number:?}");
                }
            }
        }
    }
}
