//! Times: an instant as the database writes it, and times that other programs wrote, as the instants that they mean.

use std::fmt;
use std::io::Write as _;

use jiff::civil::{Date, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp, civil};
use serde::{Deserialize, Serialize};

/// An instant in UTC, to the second, as the database writes it: `YYYY-MM-DD HH:MM:SS`. Its order is that of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    second: Timestamp,
    text: [u8; 19],
}

/// The first moment that sorts as text.
const FIRST: Timestamp = Timestamp::constant(-62_167_219_200, 0);

impl Moment {
    /// The moment that a text names which is written exactly so.
    #[must_use]
    pub fn written(text: &str) -> Option<Self> {
        is_written_so(text.as_bytes()).then(|| instant(text).map(Self::from)).flatten()
    }

    /// As the database writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default() // it is ASCII
    }

    /// The instant.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.second
    }

    /// The UTC day that it is in.
    #[must_use]
    pub fn day(self) -> Date {
        Offset::UTC.to_datetime(self.second).date()
    }

    /// So many seconds earlier.
    #[must_use]
    pub fn seconds_before(self, seconds: i64) -> Self {
        self.second.checked_sub(SignedDuration::from_secs(seconds)).unwrap_or(FIRST).into()
    }
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let time = Offset::UTC.to_datetime(at.max(FIRST));
        let mut text = *b"0000-01-01 00:00:00";
        let mut rest = text.as_mut_slice();
        // Never an error: the text is as long as the array.
        let _ = write!(rest, "{}", UtcText(time));
        let fraction = SignedDuration::from_nanos(time.subsec_nanosecond().into());
        Self { second: at.max(FIRST).checked_sub(fraction).unwrap_or(FIRST), text }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A time in the database, which another program may have written: any text, which is an instant or is not. It is judged when
/// somebody asks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoredTime(String);

impl StoredTime {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The instant that it names, if it names one.
    #[must_use]
    pub fn instant(&self) -> Option<Timestamp> {
        instant(&self.0)
    }
}

impl From<String> for StoredTime {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<Moment> for StoredTime {
    fn from(moment: Moment) -> Self {
        Self(moment.as_str().to_owned())
    }
}

impl fmt::Display for StoredTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Maximum offset from UTC, a bit more than any time zone; a larger one is a mistake.
const FARTHEST_OFFSET_HOURS: i32 = 15;

/// The instant that a text names: `YYYY-MM-DD`, with a time of day after a blank or `T`, with `Z` or an offset after
/// that; UTC where there is none. `None` if there is no such day or time of day.
fn instant(text: &str) -> Option<Timestamp> {
    // Times as text are looked for by their first characters, so other ways to write a day are none.
    let day = text.as_bytes().get(..10)?;
    if !day.iter().enumerate().all(|(at, it)| if matches!(at, 4 | 7) { *it == b'-' } else { it.is_ascii_digit() }) {
        return None;
    }
    // Some programs write a blank before the offset.
    let joined;
    let text = match text.get(11..).and_then(|it| it.split_once(' ')) {
        Some((time, offset)) => {
            joined = format!("{}{time}{offset}", &text[..11]);
            joined.as_str()
        }
        None => text,
    };
    let pieces = Pieces::parse(text).ok()?;
    let offset = match (pieces.to_numeric_offset(), pieces.time_zone_annotation()) {
        (Some(offset), _) if offset.seconds().abs() <= FARTHEST_OFFSET_HOURS * 3600 => offset,
        (None, None) => Offset::UTC,
        _ => return None,
    };
    offset.to_timestamp(pieces.date().to_datetime(pieces.time().unwrap_or(Time::midnight()))).ok()
}

/// Converts a time to the database's format, `YYYY-MM-DD HH:MM:SS` in UTC, in which times sort as text and start with
/// their day.
#[must_use]
pub fn utc_time(text: &str) -> Option<String> {
    if is_written_so(text.as_bytes()) {
        return Some(text.to_owned());
    }
    let utc = Offset::UTC.to_datetime(instant(text)?);
    (0..=9999).contains(&utc.year()).then(|| UtcText(utc).to_string())
}

/// Whether this is a time in the database's format, as nearly all are.
fn is_written_so(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b' ', h1, h2, b':', n1, n2, b':', s1, s2] = text else {
        return false;
    };
    let number = |digits: &[&u8]| {
        digits.iter().try_fold(0_i16, |sum, it| it.is_ascii_digit().then(|| sum * 10 + i16::from(**it - b'0')))
    };
    let small = |digits: [&u8; 2]| number(&digits).and_then(|it| i8::try_from(it).ok());
    let (Some(year), Some(month), Some(day)) = (number(&[y1, y2, y3, y4]), small([m1, m2]), small([d1, d2])) else {
        return false;
    };
    let (Some(hour), Some(minute), Some(second)) = (small([h1, h2]), small([n1, n2]), small([s1, s2])) else {
        return false;
    };
    Date::new(year, month, day).is_ok() && Time::new(hour, minute, second, 0).is_ok()
}

/// A time of day on a day, as the database writes it.
struct UtcText(civil::DateTime);

impl fmt::Display for UtcText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(it) = self;
        let (year, month, day) = (it.year(), it.month(), it.day());
        let (hour, minute, second) = (it.hour(), it.minute(), it.second());
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, StoredTime, instant, utc_time};
    use jiff::Timestamp;

    #[track_caller]
    fn means(text: &str, utc: &str) {
        assert_eq!(utc_time(text).as_deref(), Some(utc), "{text}");
        let second = |it| instant(it).map(jiff::Timestamp::as_second);
        assert_eq!(second(text), second(utc), "{text}");
    }

    #[test]
    fn a_moment_is_written_to_the_second_in_utc() {
        for (seconds, nanoseconds, text) in [
            (4_294_967_296, 0, "2106-02-07 06:28:16"),
            (1_763_337_599, 999_999_999, "2025-11-16 23:59:59"),
            (-1, -1, "1969-12-31 23:59:58"),
            (-377_705_023_201, 0, "0000-01-01 00:00:00"),
            (253_402_207_200, 999_999_999, "9999-12-30 22:00:00"),
        ] {
            let moment = Moment::from(Timestamp::new(seconds, nanoseconds).unwrap_or_default());
            assert_eq!(moment.to_string(), text);
            assert_eq!(Moment::written(text), Some(moment));
            assert_eq!(StoredTime::from(moment).instant(), Some(moment.timestamp()));
            assert_eq!(moment.day().to_string(), text[..10]);
        }
        for other in ["2026-01-01T00:00:00Z", "2026-01-01", "2026-02-30 00:00:00", " 2026-01-01 00:00:00", ""] {
            assert_eq!(Moment::written(other), None, "{other}");
        }
        let moment = Moment::from(Timestamp::default());
        assert_eq!(moment.seconds_before(60).as_str(), "1969-12-31 23:59:00");
        assert_eq!(moment.seconds_before(i64::MAX).as_str(), "0000-01-01 00:00:00");
    }

    #[test]
    fn an_offset_counts() {
        means("2026-03-24T00:30:00+09:00", "2026-03-23 15:30:00");
        means("2026-03-23 22:00:00-05:00", "2026-03-24 03:00:00");
        means("2026-03-24T00:30:00+0900", "2026-03-23 15:30:00");
        means("2026-03-24 00:30:00 +0900", "2026-03-23 15:30:00");
        means("2026-12-31T23:59:59.999-00:01", "2027-01-01 00:00:59");
        means("2024-03-01T00:00:00+14:00", "2024-02-29 10:00:00");
        means("2026-03-24T00:30:00+09:00[Asia/Tokyo]", "2026-03-23 15:30:00");
    }

    #[test]
    fn without_one_it_is_utc() {
        for text in [
            "2026-03-24 00:30:00",
            "2026-03-24T00:30:00Z",
            "2026-03-24t00:30z",
            "2026-03-24 00:30:00.25",
            "2026-03-24 00:30",
        ] {
            means(text, "2026-03-24 00:30:00");
        }
        means("2024-02-29", "2024-02-29 00:00:00");
        means("0000-01-01", "0000-01-01 00:00:00");
    }

    #[test]
    fn what_is_no_date_is_none() {
        for text in [
            "",
            "now",
            "yesterday",
            "2026",
            "2026-02-30",
            "2026-02-30 00:00:00",
            "2023-02-29 12:00:00",
            "2026-13-01",
            "2026-00-10",
            "2026-01-01 24:00:00",
            "2026-01-01 12:60:00",
            "2026-01-01x",
            "2026-01-01 noon",
            "2026-1-1",
            "20260101",
            "2460000.5",
            "12:00",
            " 2026-01-01",
            "+002026-01-01",
            "2026-01-01 00:00:00+16:00",
            "2026-01-01 00:00:00[Asia/Tokyo]",
            "２０２６-01-01",
            "0000-01-01 00:00:00+01:00",
            "9999-12-31 23:59:59-01:00",
            "2026-01-01 00:00:0\u{661}",
            "2026-01-01T00:00:00\0",
        ] {
            assert_eq!(utc_time(text), None, "{text}");
        }
    }
}
