//! The columns of the usage log that a trigger fills for other writers: the instant of `loaded_at`, and its month.

use jiff::civil::{DateTime, date};
use jiff::tz::Offset;

use super::binary;
use crate::model::{Moment, StoredTime};
use crate::store::copying::{Table, Value};

/// The columns, after those of the table; the transaction is the column's default.
pub(super) const COLUMNS: &str = "loaded_time, month";

/// How many they are.
pub(super) const COUNT: usize = 2;

/// The column that they are derived from.
const TIME: &str = "loaded_at";

/// 2000-01-01, from which PostgreSQL counts, in days.
const EPOCH: i64 = 10_957;

/// A day in seconds.
const DAY: i64 = 86_400;

/// `-infinity`
const NO_MONTH: i32 = i32::MIN;

/// Appends them.
pub(super) fn write(table: &Table, row: &[Value<'_>], to: &mut Vec<u8>) {
    let time = table.columns.iter().zip(row).find(|(column, _)| column.name == TIME);
    let text = time.map(|(column, value)| column.stand_in(*value));
    let text = match text.as_ref().map(crate::store::copying::Owned::as_value) {
        Some(Value::Text(text)) => std::str::from_utf8(text).unwrap_or_default(),
        _ => "",
    };
    if let Some(at) = instant(text) {
        binary::bytes(&(at.seconds * 1_000_000).to_be_bytes(), to);
        binary::bytes(&at.month.to_be_bytes(), to);
    } else {
        binary::null(to);
        binary::bytes(&NO_MONTH.to_be_bytes(), to);
    }
}

/// An instant, and the first day of its month, counted from 2000-01-01.
struct At {
    seconds: i64,
    month: i32,
}

/// What `cfn_time` makes of a text: to the second, from the year 0 on.
fn instant(text: &str) -> Option<At> {
    let (days, second, day) = match StoredTime::from(text.to_owned()).instant() {
        Some(at) => {
            let whole = Moment::from(at).timestamp();
            let (days, second) = (whole.as_second().div_euclid(DAY), whole.as_second().rem_euclid(DAY));
            (whole <= at).then(|| (days - EPOCH, second, Offset::UTC.to_datetime(whole).day()))?
        }
        None => after_the_last(text)?,
    };
    Some(At { seconds: days * DAY + second, month: i32::try_from(days - i64::from(day - 1)).ok()? })
}

/// A time that is written like cfn's own, in the last two days of the year 9999, with which cfn does not compute.
fn after_the_last(text: &str) -> Option<(i64, i64, i8)> {
    let is_written_so = text.starts_with("9999-12-3") && text.len() == 19 && text.as_bytes().get(10) == Some(&b' ');
    let at = if is_written_so { text.parse::<DateTime>().ok()? } else { return None };
    let days = at.date().duration_since(date(2000, 1, 1)).as_secs() / DAY;
    let [hour, minute, second] = [at.hour(), at.minute(), at.second()].map(i64::from);
    Some((days, (hour * 60 + minute) * 60 + second, at.day()))
}
