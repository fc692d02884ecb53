//! A linear scale from values to percent of the chart's width.

/// A range of values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::cli) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Covers zero and these values; NaN and infinities are ignored. Without values, the scale is 0 to 1.
    pub(in crate::cli) fn over(values: impl IntoIterator<Item = f64>) -> Self {
        let values = values.into_iter().filter(|it| it.is_finite());
        let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), it| (low.min(it), high.max(it)));
        if low < high { Self { low, high } } else { Self { low: 0.0, high: 1.0 } }
    }

    /// Covers just these two values; if they are equal, the length is 1.
    pub(in crate::cli) fn between(low: f64, high: f64) -> Self {
        if low < high { Self { low, high } } else { Self { low: low - 0.5, high: low + 0.5 } }
    }

    /// About four round numbers within the scale.
    pub(in crate::cli) fn ticks(self) -> Vec<f64> {
        let step = round_step((self.high - self.low) / 5.0);
        let mut tick = (self.low / step).ceil();
        let mut ticks = Vec::new();
        while tick * step <= self.high {
            ticks.push(tick * step);
            tick += 1.0;
        }
        ticks
    }

    /// Like [`over`](Self::over), but extended to the next round number; also returns the grid lines.
    pub(in crate::cli) fn rounded(values: impl IntoIterator<Item = f64>) -> (Self, Vec<f64>) {
        let exact = Self::over(values);
        let step = round_step((exact.high - exact.low) / 3.0);
        let (first, last) = ((exact.low / step).floor(), (exact.high / step).ceil());
        let mut ticks = Vec::new();
        let mut tick = first;
        while tick <= last {
            ticks.push(tick * step);
            tick += 1.0;
        }
        (Self { low: first * step, high: last * step }, ticks)
    }

    /// The position of a value, in percent from the low end.
    pub(in crate::cli) fn percent(self, value: f64) -> f64 {
        if value.is_finite() {
            ((value - self.low) / (self.high - self.low) * 100.0).clamp(0.0, 100.0)
        } else {
            self.zero()
        }
    }

    /// The position of zero.
    pub(in crate::cli) fn zero(self) -> f64 {
        -self.low / (self.high - self.low) * 100.0
    }

    /// The start and length of a bar from zero to a value, in percent.
    pub(in crate::cli) fn bar(self, value: f64) -> (f64, f64) {
        let (zero, end) = (self.zero(), self.percent(value));
        (zero.min(end), (end - zero).abs())
    }
}

/// The smallest of 1, 2, 5, 10, 20 … (and their tenths) that is at least `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|it| it * power).find(|it| *it >= least * 0.999).unwrap_or(1.0)
}

/// Formats a coordinate; two decimals are finer than a pixel.
pub(in crate::cli) fn place(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Scale, place};

    fn of(values: &[f64]) -> Scale {
        Scale::over(values.iter().copied())
    }

    #[test]
    fn starts_at_zero_and_ends_at_the_highest_value() {
        assert_eq!(of(&[50.0, 200.0]).bar(50.0), (0.0, 25.0));
        assert_eq!(of(&[50.0, 200.0]).bar(200.0), (0.0, 100.0));
    }

    #[test]
    fn negative_values_go_left_of_zero() {
        let scale = of(&[-1.0, 3.0]);
        assert_eq!((scale.zero(), scale.bar(-1.0), scale.bar(3.0)), (25.0, (0.0, 25.0), (25.0, 75.0)));
        assert_eq!(of(&[-2.0]).bar(-2.0), (0.0, 100.0));
    }

    #[test]
    fn nothing_zeros_and_no_numbers_draw_nothing() {
        for scale in [of(&[]), of(&[0.0, 0.0]), of(&[f64::NAN, f64::INFINITY])] {
            assert_eq!((scale.bar(0.0), scale.bar(f64::NAN)), ((0.0, 0.0), (0.0, 0.0)));
        }
    }

    #[test]
    fn grid_lines_are_round_numbers_over_all_values() {
        let ticks = |values: &[f64]| Scale::rounded(values.iter().copied()).1;
        assert_eq!(ticks(&[87.0]), [0.0, 50.0, 100.0]);
        assert_eq!(ticks(&[3.0]), [0.0, 1.0, 2.0, 3.0]);
        assert_eq!(ticks(&[1_234_567.0]), [0.0, 500_000.0, 1_000_000.0, 1_500_000.0]);
        assert_eq!(ticks(&[-4.0, 5.0]), [-5.0, 0.0, 5.0]);
        assert_eq!(ticks(&[]), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn a_scale_between_two_values_need_not_hold_zero() {
        let scale = Scale::between(4.0, 6.0);
        assert_eq!([4.0, 4.5, 6.0, 9.0].map(|it| place(scale.percent(it))), ["0", "25", "100", "100"]);
        assert_eq!(scale.ticks(), [4.0, 4.5, 5.0, 5.5, 6.0]);
        assert_eq!(place(Scale::between(3.0, 3.0).percent(3.0)), "50");
        assert!((2..=6).contains(&Scale::between(0.0123, 0.0456).ticks().len()));
    }

    #[test]
    fn coordinates_are_short() {
        assert_eq!([12.0, 12.345, -0.001, 0.5].map(place), ["12", "12.35", "0", "0.5"].map(str::to_owned));
    }
}
