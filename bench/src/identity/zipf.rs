//! Keys as people ask for them: few of them often, many of them rarely, the same in every run.

/// Draws numbers below a count, of which the n-th is drawn in proportion to 1 / n.
pub(crate) struct Zipf {
    /// The share of draws that fall on this number or one before it.
    shares: Vec<f64>,
    state: u64,
}

impl Zipf {
    /// Numbers below `count`.
    pub(crate) fn new(count: usize) -> Self {
        let mut shares = Vec::with_capacity(count);
        let mut sum = 0.0;
        for number in 1..=count {
            sum += 1.0 / number as f64;
            shares.push(sum);
        }
        shares.iter_mut().for_each(|share| *share /= sum);
        Self { shares, state: 0 }
    }

    /// The share of draws that fall on the first `most` numbers: no cache of so many keeps more.
    pub(crate) fn share_of(&self, most: usize) -> f64 {
        self.shares[most - 1]
    }

    /// The next number.
    pub(crate) fn draw(&mut self) -> usize {
        // SplitMix64, by Steele, Lea and Flood (OOPSLA 2014).
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let random = ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        let at = self.shares.partition_point(|share| *share < random);
        at.min(self.shares.len() - 1)
    }
}
