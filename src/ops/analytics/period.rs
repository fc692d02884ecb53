//! Periods in whole UTC days.

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Span, ToSpan};

use crate::clock::Clock;
use crate::store::Days;

/// A requested period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// The last days, today among them.
    Last(u16),
    /// From one day to another, both included.
    Between(Option<Date>, Option<Date>),
}

impl Period {
    /// The days of the period now.
    #[must_use]
    pub fn days(self, clock: Clock) -> Days {
        let today = Offset::UTC.to_datetime(clock.now()).date();
        let (first, last) = match self {
            Self::Last(count) => {
                let before: Span = i64::from(count.saturating_sub(1)).days();
                (today.checked_sub(before).unwrap_or(Date::MIN), today)
            }
            Self::Between(first, last) => (first.unwrap_or(Date::MIN), last.unwrap_or(Date::MAX)),
        };
        // No row is older, and earlier years would sort wrongly as text.
        Days { first: first.max(Date::ZERO), last }
    }
}

#[cfg(test)]
mod tests {
    use super::Period;
    use crate::clock::Clock;
    use jiff::Timestamp;

    #[test]
    fn days_are_today_and_those_before_it() {
        let clock = Clock::Fixed(Timestamp::from_second(1_763_337_599).unwrap_or_default()); // 2025-11-16 23:59:59
        let days = |period: Period| (period.days(clock).first.to_string(), period.days(clock).last.to_string());
        assert_eq!(days(Period::Last(1)), ("2025-11-16".into(), "2025-11-16".into()));
        assert_eq!(days(Period::Last(7)), ("2025-11-10".into(), "2025-11-16".into()));
        assert_eq!(days(Period::Between(None, None)), ("0000-01-01".into(), "9999-12-31".into()));
    }
}
