//! Statistics of samples. Pure: the same samples give the same figures everywhere.
//!
//! Samples are milliseconds, in the order in which they were taken.

use serde::{Deserialize, Serialize};

use super::random::Random;

/// Bootstrap resamplings. With this many, the ends of an interval vary by less than 1 % of its width between seeds.
const RESAMPLINGS: usize = 2000;

/// A fixed seed, so that the same samples give the same interval.
const SEED: u64 = 0x5EED;

/// Maximum difference between the medians of the two halves of a run on a quiet machine.
pub const QUIET: f64 = 0.10;

/// Minimum number of samples to detect noise.
const FEWEST_FOR_NOISE: usize = 8;

/// Summary statistics.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of samples.
    pub runs: usize,
    /// The fastest sample.
    pub minimum: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// The 50th percentile.
    pub median: f64,
    /// The 95th percentile.
    pub p95: f64,
    /// The 99th percentile.
    pub p99: f64,
    /// The sample standard deviation (divided by n − 1).
    pub standard_deviation: f64,
}

/// The ratio of two measurements, with its 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The ratio of the samples.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Summary {
    /// Summarises samples; `None` without any.
    #[must_use]
    pub fn of(samples: &[f64]) -> Option<Self> {
        let sorted = sorted(samples);
        let minimum = *sorted.first()?;
        let count = as_float(sorted.len());
        let mean = sorted.iter().sum::<f64>() / count;
        let squares = sorted.iter().map(|it| (it - mean).powi(2)).sum::<f64>();
        Some(Self {
            runs: sorted.len(),
            minimum,
            mean,
            median: quantile(&sorted, 50),
            p95: quantile(&sorted, 95),
            p99: quantile(&sorted, 99),
            standard_deviation: (squares / (count - 1.0).max(1.0)).sqrt(),
        })
    }
}

/// The median; 0 without samples.
#[must_use]
pub fn median(samples: &[f64]) -> f64 {
    quantile(&sorted(samples), 50)
}

/// The ratio of the medians of two runs at different times: `now` to `before`. `None` if one of them is empty or took
/// no time.
#[must_use]
pub fn ratio_of_medians(before: &[f64], now: &[f64]) -> Option<Ratio> {
    let mut random = Random::new(SEED);
    let (mut first, mut second) = (Vec::with_capacity(before.len()), Vec::with_capacity(now.len()));
    interval(median(now) / median(before), || {
        resample(before, &mut random, &mut first);
        resample(now, &mut random, &mut second);
        median_of(&mut second) / median_of(&mut first)
    })
}

/// The median of the ratios of samples taken in turn: each of `now` to the one of `before` at its position. Other load
/// affects both, and cancels out.
#[must_use]
pub fn median_of_ratios(before: &[f64], now: &[f64]) -> Option<Ratio> {
    let ratios: Vec<f64> = before.iter().zip(now).map(|(before, now)| now / before).collect();
    let mut random = Random::new(SEED);
    let mut drawn = Vec::with_capacity(ratios.len());
    interval(median(&ratios), || {
        resample(&ratios, &mut random, &mut drawn);
        median_of(&mut drawn)
    })
}

/// The difference between the medians of the two halves, relative to the smaller one; `None` for too few samples. A
/// large one shows that other programs used the machine during the run.
#[must_use]
pub fn drift(samples: &[f64]) -> Option<f64> {
    if samples.len() < FEWEST_FOR_NOISE {
        return None;
    }
    let (first, second) = samples.split_at(samples.len() / 2);
    let (first, second) = (median(first), median(second));
    Some((first.max(second) / first.min(second) - 1.0).max(0.0))
}

/// Whether the halves of a run differ by more than [`QUIET`].
#[must_use]
pub fn is_noisy(samples: &[f64]) -> bool {
    drift(samples).is_some_and(|it| it > QUIET)
}

/// The bootstrap: draws [`RESAMPLINGS`] estimates, and takes the middle 95 % of them.
fn interval(estimate: f64, mut draw: impl FnMut() -> f64) -> Option<Ratio> {
    if !estimate.is_finite() || estimate <= 0.0 {
        return None;
    }
    let mut drawn: Vec<f64> = (0..RESAMPLINGS).map(|_| draw()).collect();
    drawn.sort_by(f64::total_cmp);
    let end = |per_mille: usize| drawn[(RESAMPLINGS - 1) * per_mille / 1000];
    Some(Ratio { estimate, low: end(25), high: end(975) })
}

/// Draws as many samples as there are, with replacement, in circular blocks of √n neighbours. Slow samples come in
/// bursts, so drawing them independently would make the interval too narrow.
fn resample(samples: &[f64], random: &mut Random, drawn: &mut Vec<f64>) {
    drawn.clear();
    let block = samples.len().isqrt().max(1);
    while drawn.len() < samples.len() {
        let start = random.below(samples.len());
        let fits = block.min(samples.len() - drawn.len());
        drawn.extend((0..fits).map(|step| samples[(start + step) % samples.len()]));
    }
}

/// The median. It reorders the samples, which is far cheaper than sorting them.
fn median_of(samples: &mut [f64]) -> f64 {
    let middle = samples.len() / 2;
    let even = samples.len().is_multiple_of(2);
    if samples.is_empty() {
        return 0.0;
    }
    let (below, upper, _) = samples.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if even { f64::midpoint(below.iter().copied().fold(f64::MIN, f64::max), upper) } else { upper }
}

fn sorted(samples: &[f64]) -> Vec<f64> {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// A quantile, interpolated between the two nearest samples.
fn quantile(sorted: &[f64], percent: usize) -> f64 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let place = last * percent;
    let (low, part) = (place / 100, as_float(place % 100) / 100.0);
    let high = (low + 1).min(last);
    sorted[low] + (sorted[high] - sorted[low]) * part
}

#[expect(clippy::cast_precision_loss, reason = "a count of samples is far below 2^53")]
pub(super) fn as_float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Summary, drift, is_noisy, median, median_of, median_of_ratios, ratio_of_medians};
    use crate::bench::random::Random;

    fn close(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    /// Samples of `middle` ± `spread`.
    fn samples(count: usize, middle: f64, spread: f64, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..count).map(|_| middle - spread + 2.0 * spread * super::as_float(random.below(1000)) / 999.0).collect()
    }

    #[test]
    fn figures_equal_those_computed_by_hand() {
        // Sorted 2 4 4 4 5 5 7 9: sum 40, squared distances from 5 add up to 9+1+1+1+0+0+4+16 = 32.
        let summary = Summary::of(&[9.0, 4.0, 4.0, 2.0, 5.0, 4.0, 7.0, 5.0]).expect("a summary");
        assert_eq!((summary.runs, summary.minimum, summary.mean, summary.median), (8, 2.0, 5.0, 4.5));
        // Place 0.95 · 7 = 6.65 lies between 7 and 9, place 6.93 too.
        assert!(close(summary.p95, 7.0 + 2.0 * 0.65) && close(summary.p99, 7.0 + 2.0 * 0.93), "{summary:?}");
        assert!(close(summary.standard_deviation, (32.0_f64 / 7.0).sqrt()), "{summary:?}");
    }

    #[test]
    fn a_single_sample_is_every_figure() {
        let one = Summary::of(&[3.0]).expect("a summary");
        let figures = [one.minimum, one.mean, one.median, one.p95, one.p99];
        assert!(figures.iter().all(|it| close(*it, 3.0)) && close(one.standard_deviation, 0.0), "{one:?}");
        assert_eq!(Summary::of(&[]), None);
        assert!(close(median(&[]), 0.0) && close(median_of(&mut []), 0.0));
    }

    #[test]
    fn both_medians_agree() {
        for count in 1..40 {
            let mut some = samples(count, 10.0, 3.0, 7);
            assert!(close(median(&some), median_of(&mut some)), "{count}");
        }
    }

    #[test]
    fn an_interval_contains_a_true_difference_and_excludes_others() {
        let (before, slower) = (samples(200, 10.0, 1.0, 1), samples(200, 12.0, 1.0, 2));
        let ratio = ratio_of_medians(&before, &slower).expect("a ratio");
        assert!(
            ratio.low > 1.15 && ratio.low < ratio.estimate && ratio.estimate < ratio.high && ratio.high < 1.25,
            "{ratio:?}"
        );
        let same = ratio_of_medians(&before, &samples(200, 10.0, 1.0, 3)).expect("a ratio");
        assert!(same.low < 1.0 && same.high > 1.0, "{same:?}");
        assert_eq!(ratio_of_medians(&before, &slower), Some(ratio), "the same samples say the same");
        assert!(ratio_of_medians(&[], &before).is_none() && ratio_of_medians(&[0.0], &[1.0]).is_none());
    }

    #[test]
    fn constant_samples_have_an_interval_of_width_zero() {
        let ratio = ratio_of_medians(&[4.0; 9], &[6.0; 5]).expect("a ratio");
        assert_eq!((ratio.estimate, ratio.low, ratio.high), (1.5, 1.5, 1.5));
    }

    #[test]
    fn bursts_make_an_interval_wider() {
        // The same samples: slow ones spread out, and slow ones in a row.
        let spread: Vec<f64> =
            (0..100).map(|it| if it % 5 < 2 { 20.0 } else { 10.0 + f64::from(it) / 100.0 }).collect();
        let mut burst = spread.clone();
        burst.sort_by(f64::total_cmp);
        let width = |now: &[f64]| ratio_of_medians(&[10.0; 10], now).map_or(0.0, |it| it.high - it.low);
        assert!(width(&burst) > width(&spread), "{} {}", width(&burst), width(&spread));
    }

    #[test]
    fn ratios_of_pairs_cancel_load_that_affects_both() {
        // Ten times slower half the time, for both; always 1.5 of each other.
        let before: Vec<f64> = (0..60).map(|it| if it % 20 < 10 { 10.0 } else { 100.0 }).collect();
        let now: Vec<f64> = before.iter().map(|it| it * 1.5).collect();
        let ratio = median_of_ratios(&before, &now).expect("a ratio");
        assert_eq!((ratio.estimate, ratio.low, ratio.high), (1.5, 1.5, 1.5));
        assert_eq!(median_of_ratios(&[], &[]), None);
    }

    #[test]
    fn halves_that_differ_are_noise_if_there_are_enough_samples() {
        assert_eq!(drift(&[1.0, 1.0, 1.0, 1.0, 1.2, 1.2, 1.2, 1.2]).map(|it| (it * 100.0).round()), Some(20.0));
        assert_eq!(drift(&[1.2, 1.2, 1.2, 1.2, 1.0, 1.0, 1.0, 1.0]).map(|it| (it * 100.0).round()), Some(20.0));
        assert_eq!(drift(&[1.0; 7]), None);
        assert!(is_noisy(&[1.0, 1.0, 1.0, 1.0, 1.2, 1.2, 1.2, 1.2]));
        assert!(!is_noisy(&samples(100, 10.0, 2.0, 5)), "samples that merely scatter");
        assert!(!is_noisy(&[1.0, 9.0]));
    }
}
