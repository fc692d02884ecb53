//! Times that other programs wrote, as the instants that they mean.

use jiff::civil::{Date, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use jiff::{Timestamp, civil};

/// The farthest from UTC that a clock on earth is, and some more: a larger offset is a mistake.
const FARTHEST_OFFSET_HOURS: i32 = 15;

/// The instant that a text names: `YYYY-MM-DD`, with a time of day after a blank or `T`, with `Z` or an offset after that; UTC where
/// there is none. Nothing where there is no such day, or no such time of day.
#[must_use]
pub fn instant(text: &str) -> Option<Timestamp> {
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

/// The same as the database writes it: `YYYY-MM-DD HH:MM:SS` in UTC, so that times sort as text and begin with their day.
#[must_use]
pub fn utc_time(text: &str) -> Option<String> {
    if is_written_so(text.as_bytes()) {
        return Some(text.to_owned());
    }
    let utc = Offset::UTC.to_datetime(instant(text)?);
    (0..=9999).contains(&utc.year()).then(|| written(utc))
}

/// Whether this is a time as the database writes it, as nearly all are.
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

fn written(time: civil::DateTime) -> String {
    format!(
        "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
        time.year(),
        time.month(),
        time.day(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    use super::{instant, utc_time};

    #[track_caller]
    fn means(text: &str, utc: &str) {
        assert_eq!(utc_time(text).as_deref(), Some(utc), "{text}");
        let second = |it| instant(it).map(jiff::Timestamp::as_second);
        assert_eq!(second(text), second(utc), "{text}");
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
