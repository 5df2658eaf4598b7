//! Randomness: the one place that draws it.

use aws_lc_rs::rand;

/// Draws random bytes that nobody can predict. A service gets it from its context.
#[derive(Clone, Copy, Debug)]
pub struct Random(());

impl Random {
    /// The operating system's randomness.
    pub fn system() -> Self {
        Self(())
    }

    /// So many random bytes.
    pub fn bytes<const N: usize>(self) -> [u8; N] {
        let mut bytes = [0; N];
        self.fill(&mut bytes);
        bytes
    }

    /// Fills a slice.
    ///
    /// # Panics
    /// When the operating system has no randomness to give: nothing secret can be made then.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that draws randomness")]
    pub fn fill(self, bytes: &mut [u8]) {
        rand::fill(bytes).expect("the operating system gives random bytes");
    }

    /// A number below `bound`, for jitter and sampling; 0 where the bound is 0. The bias is below 2⁻⁶⁴ times the bound.
    pub fn below(self, bound: u64) -> u64 {
        let drawn = u128::from(u64::from_le_bytes(self.bytes()));
        u64::try_from((drawn * u128::from(bound)) >> 64).expect("the product's upper half has 64 bits")
    }
}
