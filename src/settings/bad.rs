//! Invalid values.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::ops::RangeInclusive;

use super::given::Environment;
use super::{Given, Source};
use crate::model::Visible;

/// An invalid value and its source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{origin} is \"{}\", but must be {expected}", Visible(value))]
pub struct BadSetting {
    /// The source.
    pub origin: Source,
    /// The value, unless it may contain a password.
    pub value: String,
    /// The expected form.
    pub expected: Cow<'static, str>,
}

impl BadSetting {
    /// An error about a value that may contain a password.
    pub(super) fn hidden(origin: Source, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { origin, value: "(not shown)".to_owned(), expected: expected.into() }
    }

    pub(super) fn variable(name: &'static str, value: &OsStr, expected: impl Into<Cow<'static, str>>) -> Self {
        Self::of(Given { source: Source::Variable(name), value: value.to_owned() }, expected)
    }

    pub(super) fn of(given: Given, expected: impl Into<Cow<'static, str>>) -> Self {
        Self { value: given.value.to_string_lossy().into_owned(), origin: given.source, expected: expected.into() }
    }
}

/// Reads a Boolean variable; unset means false.
pub(super) fn boolean(environment: &Environment, name: &'static str) -> Result<bool, BadSetting> {
    let value = environment.get(name);
    match value.map(|it| it.to_string_lossy().to_lowercase()).as_deref() {
        None | Some("false" | "0" | "no" | "off") => Ok(false),
        Some("true" | "1" | "yes" | "on") => Ok(true),
        Some(_) => Err(BadSetting::variable(name, value.unwrap_or_default(), "true or false")),
    }
}

/// Reads a numeric variable.
pub(super) fn number(
    environment: &Environment,
    name: &'static str,
    default: u64,
    allowed: RangeInclusive<u64>,
    expected: &'static str,
) -> Result<u64, BadSetting> {
    let Some(value) = environment.get(name) else { return Ok(default) };
    let number = value.to_str().and_then(|text| text.trim().parse().ok());
    number.filter(|it| allowed.contains(it)).ok_or_else(|| BadSetting::variable(name, value, expected))
}

/// Reads a variable that may contain a password.
pub(super) fn text(environment: &Environment, name: &'static str) -> Result<Option<String>, BadSetting> {
    let wrong = || BadSetting::hidden(Source::Variable(name), "UTF-8 text");
    let utf8 = |it: &OsStr| it.to_str().map(str::to_owned).ok_or_else(wrong);
    environment.get(name).map(utf8).transpose()
}
