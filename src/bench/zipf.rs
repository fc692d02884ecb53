//! Draws with a Zipf distribution, for requests of unequal popularity.

use super::Random;

/// Weights are integers, so that a seed gives the same draws on every machine.
const HEAVIEST: u64 = 1 << 40;

/// A Zipf distribution: item n is drawn 1/n times as often as the first one.
#[derive(Debug, Clone)]
pub struct Zipf {
    /// Cumulative weights.
    sums: Vec<u64>,
    random: Random,
}

impl Zipf {
    /// Draws from `of` items, at least one.
    #[must_use]
    pub fn new(of: u32, seed: u64) -> Self {
        let weights = (1..=u64::from(of.max(1))).map(|rank| HEAVIEST / rank);
        let sums = weights.scan(0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        Self { sums: sums.collect(), random: Random::new(seed) }
    }
}

impl Iterator for Zipf {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let at = self.random.draw() % self.sums.last()?;
        Some(self.sums.partition_point(|sum| *sum <= at))
    }
}

#[cfg(test)]
mod tests {
    use super::Zipf;

    #[test]
    fn the_frequency_of_an_item_follows_its_rank() {
        let mut drawn = [0; 4];
        Zipf::new(4, 1).take(25_000).for_each(|it| drawn[it] += 1);
        for (count, expected) in drawn.iter().zip([12_000_i32, 6_000, 4_000, 3_000]) {
            assert!((count - expected).abs() < expected / 20, "{drawn:?}");
        }
        assert!(Zipf::new(0, 1).take(9).all(|it| it == 0));
    }
}
