//! Ed25519 signatures checked by a key that is used again and again: tables of its multiples make each check cheap.

mod element;
mod euclid;
mod multiples;

use std::sync::{LazyLock, OnceLock};

use aws_lc_rs::digest::{Context, SHA512};
use curve25519_dalek::{EdwardsPoint, Scalar, constants::ED25519_BASEPOINT_POINT, edwards::CompressedEdwardsY};

use multiples::{Multiples, Sum};

/// The public half of a key that signs tokens. Its tables take 480 KiB and are made when it is first used.
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
        let opposite = self.opposite.get_or_init(|| Multiples::of(&-self.point));
        let mut sum = Sum::ZERO;
        BASE.add_times(&s, &mut sum);
        opposite.add_times(&challenge, &mut sum);
        sum.encoded() == *r
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

static BASE: LazyLock<Multiples> = LazyLock::new(|| Multiples::of(&ED25519_BASEPOINT_POINT));
