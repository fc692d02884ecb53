//! A table of a report.

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};

use super::column::Column;
use super::layout::TableName;

/// Rows under columns; as JSON an array of objects.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: TableName,
    /// A cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    pub(super) fn new(name: TableName, rows: impl IntoIterator<Item = Vec<Cell>>) -> Self {
        Self { name, rows: rows.into_iter().collect() }
    }

    /// A table of these rows; `None` unless each has one cell for each column.
    pub(super) fn matching(name: TableName, rows: Vec<Vec<Cell>>) -> Option<Self> {
        rows.iter().all(|it| it.len() == name.columns().len()).then_some(Self { name, rows })
    }

    /// Its columns, from the left.
    #[must_use]
    pub fn columns(&self) -> &'static [Column] {
        self.name.columns()
    }

    /// The index of a column, if the table has it.
    #[must_use]
    pub fn position(&self, column: Column) -> Option<usize> {
        self.columns().iter().position(|it| *it == column)
    }
}

/// A value in a table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Cell {
    /// No value.
    Missing,
    /// Text.
    Text(String),
    /// A count.
    Integer(i64),
    /// A mean or an amount.
    Decimal(f64),
    /// A boolean.
    Flag(bool),
}

impl Cell {
    /// A share or mean of exact sums; missing if the count is zero.
    #[expect(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
    pub(super) fn mean(sum: i64, count: i64) -> Self {
        if count == 0 { Self::Missing } else { Self::Decimal(sum as f64 / count as f64) }
    }

    /// The mean of a sum in millionths.
    #[expect(clippy::cast_precision_loss, reason = "sums stay far below 2^53")]
    pub(super) fn mean_of_millionths(sum: i64, count: i64) -> Self {
        if count == 0 { Self::Missing } else { Self::Decimal(sum as f64 / count as f64 / 1e6) }
    }

    /// An amount in billionths of a dollar, times a ratio.
    #[expect(clippy::cast_precision_loss, reason = "a sum of money with more digits than a decimal has is rounded")]
    pub(super) fn usd(billionths: i128, (times, by): (i64, i64)) -> Self {
        Self::Decimal((billionths * i128::from(times)) as f64 / by as f64 / 1e9)
    }

    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn maybe(text: Option<impl ToString>) -> Self {
        text.map_or(Self::Missing, |it| Self::Text(it.to_string()))
    }
}

impl Serialize for Table {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Rows<'a>(&'a Table);
        struct Row<'a>(&'a [Column], &'a [Cell]);
        impl Serialize for Rows<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_seq(self.0.rows.iter().map(|row| Row(self.0.columns(), row)))
            }
        }
        impl Serialize for Row<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_map(self.0.iter().map(|it| it.name()).zip(self.1))
            }
        }
        let mut fields = serializer.serialize_map(Some(2))?;
        fields.serialize_entry("name", self.name.as_str())?;
        fields.serialize_entry("rows", &Rows(self))?;
        fields.end()
    }
}
