//! Arguments restricted to a fixed set of words, which help, errors and shell completions list.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::model::{ApprovalLevel, Category, ChangeType, Decision, Severity, Status};
use crate::ops::Layout;

/// Lists the words of a set, in display order.
type Words = fn() -> Vec<&'static str>;

/// Parses with `parser`, but lists `words` as the possible values. Scripts pass an empty argument for "not given",
/// which `parser` may accept.
#[derive(Clone)]
pub(super) struct Choice<P> {
    parser: P,
    words: Words,
}

impl<P: TypedValueParser> TypedValueParser for Choice<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        self.parser.parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.words)().into_iter().map(PossibleValue::new)))
    }
}

/// Restricts an argument to these words.
pub(super) fn one_of<P: TypedValueParser>(parser: P, words: Words) -> Choice<P> {
    Choice { parser, words }
}

pub(super) fn category() -> impl TypedValueParser<Value = Category> {
    one_of(str::parse::<Category>, categories)
}

/// A category, or an empty argument.
pub(super) fn optional_category() -> impl TypedValueParser<Value = String> {
    one_of(StringValueParser::new(), categories)
}

pub(super) fn level() -> impl TypedValueParser<Value = ApprovalLevel> {
    one_of(str::parse::<ApprovalLevel>, || ApprovalLevel::ALL.iter().map(|it| it.as_str()).collect())
}

pub(super) fn severity() -> impl TypedValueParser<Value = Severity> {
    one_of(str::parse::<Severity>, || Severity::ALL.iter().map(|it| it.as_str()).collect())
}

pub(super) fn status() -> impl TypedValueParser<Value = Status> {
    one_of(str::parse::<Status>, || Status::ALL.iter().map(|it| it.as_str()).collect())
}

pub(super) fn layout() -> impl TypedValueParser<Value = Layout> {
    one_of(str::parse::<Layout>, || Layout::ALL.iter().map(|it| it.as_str()).collect())
}

/// The decisions of the old tool's `approve`.
pub(super) fn verdict() -> impl TypedValueParser<Value = Decision> {
    let parse = |text: &str| match text.parse() {
        Ok(decision @ (Decision::Approved | Decision::Rejected)) => Ok(decision),
        _ => Err("expected approved or rejected"),
    };
    one_of(parse, || vec!["approved", "rejected"])
}

/// A change type, or an empty argument.
pub(super) fn optional_change_type() -> impl TypedValueParser<Value = String> {
    one_of(StringValueParser::new(), || ChangeType::ALL.iter().map(|it| it.as_str()).collect())
}

/// A boolean, or an empty argument.
pub(super) fn optional_boolean() -> impl TypedValueParser<Value = String> {
    one_of(StringValueParser::new(), || vec!["true", "false"])
}

fn categories() -> Vec<&'static str> {
    Category::ALL.iter().map(|it| it.as_str()).collect()
}
