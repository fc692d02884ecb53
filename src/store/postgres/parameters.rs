//! Parameters of statements, each with its type.

use tokio_postgres::types::Type;

use super::session::Parameter;

pub(super) fn text<'a>(value: &'a str) -> Parameter<'a> {
    (Box::new(value), Type::TEXT)
}

pub(super) fn maybe_text<'a>(value: Option<&'a str>) -> Parameter<'a> {
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

pub(super) fn bigs<'a>(values: &'a [i64]) -> Parameter<'a> {
    (Box::new(values), Type::INT8_ARRAY)
}

/// A flag: a `smallint` of 0 or 1.
pub(super) fn small(value: bool) -> Parameter<'static> {
    (Box::new(i16::from(value)), Type::INT2)
}

pub(super) fn double(value: f64) -> Parameter<'static> {
    (Box::new(value), Type::FLOAT8)
}

pub(super) fn maybe_double(value: Option<f64>) -> Parameter<'static> {
    (Box::new(value), Type::FLOAT8)
}

pub(super) fn bytes<'a>(value: &'a [u8]) -> Parameter<'a> {
    (Box::new(value), Type::BYTEA)
}

pub(super) fn maybe_bytes<'a>(value: Option<&'a [u8]>) -> Parameter<'a> {
    (Box::new(value), Type::BYTEA)
}
