//! Pseudo-random numbers that are the same on every machine.

/// SplitMix64: small, and good enough for drawing words and samples.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A sequence that depends only on the seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`, or 0 if `end` is 0. The bias is below 2⁻³² for the ranges used here.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.draw() % (end as u64).max(1)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn draws_equal_the_published_ones() {
        let mut random = Random::new(1_234_567);
        let drawn: Vec<_> = (0..3).map(|_| random.draw()).collect();
        assert_eq!(drawn, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        assert_eq!(random.below(0), 0);
        assert!((0..100).all(|_| random.below(7) < 7));
    }
}
