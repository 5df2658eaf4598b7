//! Multiples of a point of the curve of Ed25519, kept so that the point times any scalar is a short sum of them.

use curve25519_dalek::{EdwardsPoint, Scalar, constants::EIGHT_TORSION};

use super::element::Element;

/// How many multiples are kept for each byte of a scalar: one above that counts as itself less 256, and the next byte as
/// one more.
const KEPT: usize = 128;

/// A point times 1 to 128, times each power of 256 below 256^32: a sum of 32 of them is the point times a scalar.
pub(super) struct Multiples(Vec<Addend>);

/// A point of the curve as it is added to others: half of y + x and of y − x, and d·x·y.
struct Addend {
    halves: [Element; 2],
    product: Element,
}

/// A sum of points: x is X / Z, y is Y / Z, and x·y is T / Z (Hisil, Wong, Carter, Dawson: Twisted Edwards Curves
/// Revisited, 2008, 3.1).
pub(super) struct Sum {
    x: Element,
    y: Element,
    z: Element,
    t: Element,
}

/// The d of the curve −x² + y² = 1 + d·x²·y².
const D: Element = Element::from_bytes(&[
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00, 0x98, 0xe8, 0x79,
    0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
]);
/// The even root of −1.
const ROOT: Element = Element::from_bytes(&[
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f, 0xa7, 0xd7, 0xfb,
    0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
]);
/// 2^254 − 9.
const HALF: Element = Element::from_bytes(&[
    0xf7, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f,
]);

impl Multiples {
    pub(super) fn of(point: &EdwardsPoint) -> Self {
        // The library shows no x. It is y of the point turned by a quarter, times a root of −1.
        let x = &y_of(&(point + EIGHT_TORSION[2])) * &ROOT;
        let mut power = Addend::new(&x, &y_of(point));
        let mut multiples = Vec::with_capacity(32 * KEPT);
        for _ in 0..32 {
            let mut sum = Sum::ZERO;
            for _ in 0..KEPT {
                sum.add(&power, false);
                multiples.push(sum.to_addend());
            }
            sum.add(&multiples[multiples.len() - 1], false);
            power = sum.to_addend();
        }
        Self(multiples)
    }

    /// Adds the point times a scalar, which is less than 2^253: nothing is left to carry after its last byte.
    pub(super) fn add_times(&self, scalar: &Scalar, sum: &mut Sum) {
        let mut carry = 0;
        for (kept, byte) in self.0.chunks_exact(KEPT).zip(scalar.as_bytes()) {
            let digit = usize::from(*byte) + carry;
            carry = usize::from(digit > KEPT);
            if let Some(index) = digit.abs_diff(256 * carry).checked_sub(1) {
                sum.add(&kept[index], carry == 1);
            }
        }
    }
}

fn y_of(point: &EdwardsPoint) -> Element {
    Element::from_bytes(point.compress().as_bytes())
}

impl Addend {
    fn new(x: &Element, y: &Element) -> Self {
        Self {
            halves: [&(y + x) * &HALF, &(y - x) * &HALF],
            product: &(x * y) * &D,
        }
    }
}

impl Sum {
    pub(super) const ZERO: Self = Self {
        x: Element::ZERO,
        y: Element::ONE,
        z: Element::ONE,
        t: Element::ZERO,
    };

    /// Adds a point, or its opposite. By halves there is nothing to double, and no branch waits for the sign.
    #[inline]
    fn add(&mut self, addend: &Addend, is_opposite: bool) {
        let sign = usize::from(is_opposite);
        let a = &(&self.y - &self.x) * &addend.halves[1 - sign];
        let b = &(&self.y + &self.x) * &addend.halves[sign];
        let c = &self.t * &addend.product;
        let (e, h) = (&b - &a, &b + &a);
        let ends = [&self.z - &c, &self.z + &c];
        let (f, g) = (&ends[sign], &ends[1 - sign]);
        *self = Self {
            x: &e * f,
            y: g * &h,
            z: f * g,
            t: &e * &h,
        };
    }

    fn x_and_y(&self) -> (Element, Element) {
        let inverse = self.z.inverse();
        (&self.x * &inverse, &self.y * &inverse)
    }

    fn to_addend(&self) -> Addend {
        let (x, y) = self.x_and_y();
        Addend::new(&x, &y)
    }

    /// The point's 32 bytes (RFC 8032, 5.1.2).
    pub(super) fn encoded(&self) -> [u8; 32] {
        let (x, y) = self.x_and_y();
        let mut bytes = y.to_bytes();
        bytes[31] |= x.to_bytes()[0] << 7;
        bytes
    }
}
