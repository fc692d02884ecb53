//! Parameters of statements, each with its type.

use tokio_postgres::types::{ToSql, Type};

/// The value of a parameter, with its type: unnamed statements do not ask the server for types.
pub(super) type Parameter<'a> = (Box<dyn ToSql + Sync + 'a>, Type);

/// As the client takes them.
pub(super) fn borrowed<'a>(parameters: &'a [Parameter<'_>]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters.iter().map(|it| (it.0.as_ref() as &(dyn ToSql + Sync), it.1.clone())).collect()
}

pub(super) fn text(value: &str) -> Parameter<'_> {
    (Box::new(value), Type::TEXT)
}

pub(super) fn maybe_text(value: Option<&str>) -> Parameter<'_> {
    (Box::new(value), Type::TEXT)
}

pub(super) fn texts<'a>(values: &'a [&'a str]) -> Parameter<'a> {
    (Box::new(values), Type::TEXT_ARRAY)
}

pub(super) fn big(value: i64) -> Parameter<'static> {
    (Box::new(value), Type::INT8)
}

pub(super) fn maybe_big(value: Option<i64>) -> Parameter<'static> {
    (Box::new(value), Type::INT8)
}

pub(super) fn bigs(values: &[i64]) -> Parameter<'_> {
    (Box::new(values), Type::INT8_ARRAY)
}

/// A flag: a `smallint` of 0 or 1.
pub(super) fn small(value: bool) -> Parameter<'static> {
    (Box::new(i16::from(value)), Type::INT2)
}

pub(super) fn maybe_double(value: Option<f64>) -> Parameter<'static> {
    (Box::new(value), Type::FLOAT8)
}

pub(super) fn bytes(value: &[u8]) -> Parameter<'_> {
    (Box::new(value), Type::BYTEA)
}

pub(super) fn all_bytes<'a>(values: &'a [&'a [u8]]) -> Parameter<'a> {
    (Box::new(values), Type::BYTEA_ARRAY)
}
