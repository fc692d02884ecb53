//! Times for people: in UTC, however another program wrote them. A text that names no time is shown as it is.

use crate::model::{Moment, StoredTime};

/// The day: `2026-01-31`.
pub(in crate::cli) fn day(time: &StoredTime) -> String {
    beginning(time, 10)
}

/// The day and the minute, for what happens several times a day: `2026-01-31 12:00`.
pub(in crate::cli) fn minute(time: &StoredTime) -> String {
    beginning(time, 16)
}

fn beginning(time: &StoredTime, length: usize) -> String {
    let moment = time.instant().map(Moment::from);
    let text = moment.as_ref().and_then(|it| it.as_str().get(..length));
    text.unwrap_or(time.as_str()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{day, minute};

    #[test]
    fn times_are_those_of_utc_and_other_texts_stay() {
        for (text, shown) in [
            ("2026-01-31 12:00:59", ["2026-01-31", "2026-01-31 12:00"]),
            ("2026-01-31T23:30:00-02:00", ["2026-02-01", "2026-02-01 01:30"]),
            ("2026-01-31", ["2026-01-31", "2026-01-31 00:00"]),
            ("yesterday", ["yesterday", "yesterday"]),
            ("", ["", ""]),
        ] {
            let time = text.to_owned().into();
            assert_eq!([day(&time), minute(&time)], shown, "{text}");
        }
    }
}
