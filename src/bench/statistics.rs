//! What samples say, and what they do not. Pure: the same samples give the same figures everywhere.
//!
//! Samples are milliseconds, in the order in which they were taken.

use serde::{Deserialize, Serialize};

use super::random::Random;

/// Resamplings behind an interval: the ends move by less than a hundredth of its width from one seed to the next.
const RESAMPLINGS: usize = 2000;

/// The seed of every interval, so that two looks at the same samples say the same.
const SEED: u64 = 0x5EED;

/// How far apart the medians of the two halves of a run may be on a quiet machine.
pub const QUIET: f64 = 0.10;

/// Fewer samples than this say nothing about whether the machine is noisy.
const FEWEST_FOR_NOISE: usize = 8;

/// The usual figures of some samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// How many samples there are.
    pub runs: usize,
    /// The fastest.
    pub minimum: f64,
    /// The arithmetic mean.
    pub mean: f64,
    /// Half of the samples are below.
    pub median: f64,
    /// 95 of 100 are below.
    pub p95: f64,
    /// 99 of 100 are below.
    pub p99: f64,
    /// How far samples lie from the mean: of a sample, so divided by n − 1.
    pub standard_deviation: f64,
}

/// How one measurement relates to another, with the interval that holds the truth in 95 of 100 cases.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The ratio of what was seen.
    pub estimate: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Summary {
    /// None of no samples.
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

/// The median; 0 of no samples.
#[must_use]
pub fn median(samples: &[f64]) -> f64 {
    quantile(&sorted(samples), 50)
}

/// The ratio of the medians of two runs that were taken apart: `now` to `before`. None where one of them is empty or took
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

/// The median of the ratios of samples that were taken in turn: each of `now` to the one of `before` in its place. What the
/// machine did meanwhile is in both and falls out.
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

/// By how much the medians of the two halves differ, as a share of the smaller; none of too few samples. The quickest sign of a
/// machine that had other work during the run: then neither half is what the program takes.
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

/// The bootstrap: what else the same machine could have shown, [`RESAMPLINGS`] times, and the middle 95 of 100 of it.
fn interval(estimate: f64, mut draw: impl FnMut() -> f64) -> Option<Ratio> {
    if !estimate.is_finite() || estimate <= 0.0 {
        return None;
    }
    let mut drawn: Vec<f64> = (0..RESAMPLINGS).map(|_| draw()).collect();
    drawn.sort_by(f64::total_cmp);
    let end = |per_mille: usize| drawn[(RESAMPLINGS - 1) * per_mille / 1000];
    Some(Ratio { estimate, low: end(25), high: end(975) })
}

/// Draws as many samples as there are, with replacement, in blocks of neighbours (√n long, going round at the end): on a machine
/// with other work, slow samples come in bursts, and drawing them one by one would make the interval too narrow.
fn resample(samples: &[f64], random: &mut Random, drawn: &mut Vec<f64>) {
    drawn.clear();
    let block = samples.len().isqrt().max(1);
    while drawn.len() < samples.len() {
        let start = random.below(samples.len());
        let fits = block.min(samples.len() - drawn.len());
        drawn.extend((0..fits).map(|step| samples[(start + step) % samples.len()]));
    }
}

/// The median, by moving the samples around: far cheaper than sorting them.
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

/// Between the two nearest samples where the quantile falls between them.
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

    /// About `middle`, give or take `spread`.
    fn samples(count: usize, middle: f64, spread: f64, seed: u64) -> Vec<f64> {
        let mut random = Random::new(seed);
        (0..count).map(|_| middle - spread + 2.0 * spread * super::as_float(random.below(1000)) / 999.0).collect()
    }

    #[test]
    fn figures_of_samples_worked_out_by_hand() {
        // Sorted 2 4 4 4 5 5 7 9: sum 40, squared distances from 5 add up to 9+1+1+1+0+0+4+16 = 32.
        let summary = Summary::of(&[9.0, 4.0, 4.0, 2.0, 5.0, 4.0, 7.0, 5.0]).expect("a summary");
        assert_eq!((summary.runs, summary.minimum, summary.mean, summary.median), (8, 2.0, 5.0, 4.5));
        // Place 0.95 · 7 = 6.65 lies between 7 and 9, place 6.93 too.
        assert!(close(summary.p95, 7.0 + 2.0 * 0.65) && close(summary.p99, 7.0 + 2.0 * 0.93), "{summary:?}");
        assert!(close(summary.standard_deviation, (32.0_f64 / 7.0).sqrt()), "{summary:?}");
    }

    #[test]
    fn one_sample_is_every_figure_and_none_has_none() {
        let one = Summary::of(&[3.0]).expect("a summary");
        let figures = [one.minimum, one.mean, one.median, one.p95, one.p99];
        assert!(figures.iter().all(|it| close(*it, 3.0)) && close(one.standard_deviation, 0.0), "{one:?}");
        assert_eq!(Summary::of(&[]), None);
        assert!(close(median(&[]), 0.0) && close(median_of(&mut []), 0.0));
    }

    #[test]
    fn both_ways_to_the_median_agree() {
        for count in 1..40 {
            let mut some = samples(count, 10.0, 3.0, 7);
            assert!(close(median(&some), median_of(&mut some)), "{count}");
        }
    }

    #[test]
    fn an_interval_holds_a_true_difference_and_leaves_one_out_that_is_not_there() {
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
    fn constant_samples_have_an_interval_without_width() {
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
    fn ratios_pair_by_pair_do_not_see_what_the_machine_did_to_both() {
        // Ten times slower half the time, for both; always 1.5 of each other.
        let before: Vec<f64> = (0..60).map(|it| if it % 20 < 10 { 10.0 } else { 100.0 }).collect();
        let now: Vec<f64> = before.iter().map(|it| it * 1.5).collect();
        let ratio = median_of_ratios(&before, &now).expect("a ratio");
        assert_eq!((ratio.estimate, ratio.low, ratio.high), (1.5, 1.5, 1.5));
        assert_eq!(median_of_ratios(&[], &[]), None);
    }

    #[test]
    fn noise_is_halves_that_differ_and_needs_some_samples() {
        assert_eq!(drift(&[1.0, 1.0, 1.0, 1.0, 1.2, 1.2, 1.2, 1.2]).map(|it| (it * 100.0).round()), Some(20.0));
        assert_eq!(drift(&[1.2, 1.2, 1.2, 1.2, 1.0, 1.0, 1.0, 1.0]).map(|it| (it * 100.0).round()), Some(20.0));
        assert_eq!(drift(&[1.0; 7]), None);
        assert!(is_noisy(&[1.0, 1.0, 1.0, 1.0, 1.2, 1.2, 1.2, 1.2]));
        assert!(!is_noisy(&samples(100, 10.0, 2.0, 5)), "samples that merely scatter");
        assert!(!is_noisy(&[1.0, 9.0]));
    }
}
