//! Arguments that take one word of a fixed set. The help and an error name the words, and the shell completes them.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::model::{ApprovalLevel, Category, ChangeType, Status};

/// The words of a set, in the order in which they are shown.
type Words = fn() -> Vec<&'static str>;

/// Parses like `parser`, which decides what is taken: a script may pass an empty text where it has nothing to say.
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

/// One of these words.
pub(super) fn one_of<P: TypedValueParser>(parser: P, words: Words) -> Choice<P> {
    Choice { parser, words }
}

/// What a skill is about.
pub(super) fn category() -> impl TypedValueParser<Value = Category> {
    one_of(str::parse::<Category>, categories)
}

/// The same, or nothing.
pub(super) fn optional_category() -> impl TypedValueParser<Value = String> {
    one_of(StringValueParser::new(), categories)
}

/// How strictly a skill is reviewed.
pub(super) fn level() -> impl TypedValueParser<Value = ApprovalLevel> {
    one_of(str::parse::<ApprovalLevel>, || ApprovalLevel::ALL.iter().map(|it| it.as_str()).collect())
}

/// Whether a skill is in use.
pub(super) fn status() -> impl TypedValueParser<Value = Status> {
    one_of(str::parse::<Status>, || Status::ALL.iter().map(|it| it.as_str()).collect())
}

/// What a new version changes, or nothing.
pub(super) fn optional_change_type() -> impl TypedValueParser<Value = String> {
    one_of(StringValueParser::new(), || ChangeType::ALL.iter().map(|it| it.as_str()).collect())
}

/// Yes or no, or nothing.
pub(super) fn optional_boolean() -> impl TypedValueParser<Value = String> {
    one_of(StringValueParser::new(), || vec!["true", "false"])
}

fn categories() -> Vec<&'static str> {
    Category::ALL.iter().map(|it| it.as_str()).collect()
}
