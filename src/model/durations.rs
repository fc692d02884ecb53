//! Durations, counted in buckets.

use std::time::Duration;

/// Upper bounds of the buckets, in seconds; one more bucket has the rest. A query takes some 0.1 ms, a command some
/// milliseconds.
const BOUNDS: [f64; 10] = [0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 1.0, 5.0];

/// A histogram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Durations {
    /// Each bucket without those below.
    buckets: [u64; BOUNDS.len() + 1],
    sum_ns: u64,
}

impl Durations {
    /// Upper bounds of the buckets but the last, in seconds.
    pub const BOUNDS: [f64; BOUNDS.len()] = BOUNDS;

    /// Numbers of [`numbers`](Self::numbers).
    pub const NUMBERS: usize = BOUNDS.len() + 2;

    /// Adds a duration.
    pub fn add(&mut self, took: Duration) {
        let seconds = took.as_secs_f64();
        let bucket = BOUNDS.iter().position(|it| seconds <= *it).unwrap_or(BOUNDS.len());
        self.buckets[bucket] += 1;
        self.sum_ns = self.sum_ns.saturating_add(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX));
    }

    /// Adds all of another histogram.
    pub fn add_all(&mut self, other: &Self) {
        let [mut numbers, others] = [self.numbers(), other.numbers()];
        numbers.iter_mut().zip(others).for_each(|(number, other)| *number = number.saturating_add(other));
        *self = Self::of(numbers);
    }

    /// What came after an earlier state; of a histogram that was begun anew, all of it.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let (mut numbers, before) = (self.numbers(), earlier.numbers());
        if numbers.iter().zip(before).all(|(number, before)| *number >= before) {
            numbers.iter_mut().zip(before).for_each(|(number, before)| *number -= before);
        }
        Self::of(numbers)
    }

    /// Number of durations.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |all, it| all.saturating_add(*it))
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> Duration {
        Duration::from_nanos(self.sum_ns)
    }

    /// Number of durations up to each bound.
    #[must_use]
    pub fn up_to(&self) -> [u64; BOUNDS.len()] {
        let mut count = 0_u64;
        std::array::from_fn(|bucket| {
            count = count.saturating_add(self.buckets[bucket]);
            count
        })
    }

    /// The bound below which this share of the durations is, in seconds; infinite for the last bucket. `None` without
    /// any.
    #[must_use]
    pub fn bound(&self, percent: u64) -> Option<f64> {
        let count = self.count();
        let wanted = count.saturating_mul(percent).div_ceil(100);
        let bound = self.up_to().into_iter().zip(BOUNDS).find(|(number, _)| *number >= wanted);
        (count > 0).then(|| bound.map_or(f64::INFINITY, |it| it.1))
    }

    /// All its numbers, to be kept.
    #[must_use]
    pub fn numbers(&self) -> [u64; Self::NUMBERS] {
        std::array::from_fn(|it| self.buckets.get(it).copied().unwrap_or(self.sum_ns))
    }

    /// The histogram of these numbers.
    #[must_use]
    pub fn of(numbers: [u64; Self::NUMBERS]) -> Self {
        Self { buckets: std::array::from_fn(|it| numbers[it]), sum_ns: numbers[Self::NUMBERS - 1] }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Durations;

    fn of(ms: &[u64]) -> Durations {
        let mut all = Durations::default();
        for ms in ms {
            all.add(Duration::from_millis(*ms));
        }
        all
    }

    #[test]
    fn every_duration_is_in_its_bucket() {
        let all = of(&[1, 2, 300, 60_000]);
        assert_eq!((all.up_to(), all.count()), ([0, 0, 1, 2, 2, 2, 2, 2, 3, 3], 4));
        assert_eq!(all.sum(), Duration::from_millis(60_303));
        assert_eq!(Durations::of(all.numbers()), all);
    }

    #[test]
    fn a_share_is_below_a_bound() {
        let all = of(&[1, 2, 300, 60_000]);
        assert_eq!(
            [25, 50, 75, 99].map(|it| all.bound(it)),
            [Some(0.001), Some(0.0025), Some(1.0), Some(f64::INFINITY)]
        );
        assert_eq!(of(&[]).bound(50), None);
    }

    #[test]
    fn what_came_later_is_the_difference_unless_it_was_begun_anew() {
        let (earlier, mut later) = (of(&[1, 2]), of(&[1, 2]));
        later.add_all(&of(&[300]));
        assert_eq!(later.since(&earlier), of(&[300]));
        assert_eq!(of(&[5]).since(&earlier), of(&[5]));
    }
}
