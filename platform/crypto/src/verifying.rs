//! Ed25519 signatures checked by a key that is used again and again: tables of its multiples make each check cheap.

use std::sync::{LazyLock, OnceLock};

use aws_lc_rs::digest::{Context, SHA512};
use curve25519_dalek::{
    EdwardsPoint, Scalar, constants::ED25519_BASEPOINT_POINT, edwards::CompressedEdwardsY, traits::Identity,
};

/// The public half of a key that signs tokens. Its tables take 640 KiB and are made when it is first used.
pub struct VerifyingKey {
    encoded: [u8; 32],
    point: EdwardsPoint,
    opposite: OnceLock<Multiples>,
}

impl VerifyingKey {
    /// Reads the 32 bytes of a public key (RFC 8032, 5.1.5). Nothing where they are no point of the curve, or one of
    /// those few by which anybody can sign.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let encoded = bytes.try_into().ok()?;
        let point = CompressedEdwardsY(encoded).decompress()?;
        (!point.is_small_order()).then(|| Self {
            encoded,
            point,
            opposite: OnceLock::new(),
        })
    }

    /// Whether this key has signed the message (RFC 8032, 5.1.7, without the cofactor). Nothing here is secret, so the
    /// time it takes may depend on all of it.
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let Some((r, s)) = signature.split_first_chunk::<32>() else {
            return false;
        };
        // Larger than the order of the curve it would be a second signature of the same message.
        let s = s.try_into().ok().map(Scalar::from_canonical_bytes);
        let Some(s) = s.and_then(Option::<Scalar>::from) else {
            return false;
        };
        let challenge = self.challenge(r, message);
        let opposite = self.opposite.get_or_init(|| Multiples::of(-self.point));
        let sum = opposite.add(&challenge, BASE.add(&s, EdwardsPoint::identity()));
        sum.compress().as_bytes() == r
    }

    fn challenge(&self, r: &[u8; 32], message: &[u8]) -> Scalar {
        let mut context = Context::new(&SHA512);
        context.update(r);
        context.update(&self.encoded);
        context.update(message);
        let digest = context.finish();
        Scalar::from_bytes_mod_order_wide(digest.as_ref().try_into().expect("SHA-512 has 64 bytes"))
    }
}

static BASE: LazyLock<Multiples> = LazyLock::new(|| Multiples::of(ED25519_BASEPOINT_POINT));

/// How many multiples are kept for each byte of a scalar: one above that counts as itself less 256, and the next byte as one more.
const KEPT: usize = 128;

/// A point times 1 to 128, times each power of 256 below 256^32: a sum of 32 of them is the point times a scalar.
struct Multiples(Vec<EdwardsPoint>);

impl Multiples {
    fn of(point: EdwardsPoint) -> Self {
        let mut multiples = Vec::with_capacity(32 * KEPT);
        let mut power = point;
        for _ in 0..32 {
            let mut multiple = power;
            for _ in 1..KEPT {
                multiples.push(multiple);
                multiple += power;
            }
            multiples.push(multiple);
            power = multiple + multiple;
        }
        Self(multiples)
    }

    /// Adds the point times a scalar, which is less than 2^253: nothing is left to carry after its last byte.
    fn add(&self, scalar: &Scalar, mut sum: EdwardsPoint) -> EdwardsPoint {
        let mut carry = 0;
        for (kept, byte) in self.0.chunks_exact(KEPT).zip(scalar.as_bytes()) {
            let digit = usize::from(*byte) + carry;
            carry = usize::from(digit > KEPT);
            match digit {
                0 | 256 => {}
                1..=KEPT => sum += &kept[digit - 1],
                _ => sum -= &kept[255 - digit],
            }
        }
        sum
    }
}
