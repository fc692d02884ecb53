//! Names as arguments of a command line that a person copies: one may begin with a hyphen.

use std::fmt;

use super::Visible;

/// The name by its position. Options stand before it: after `--` there are none.
#[derive(Debug, Clone, Copy)]
pub struct Argument<T>(pub T);

/// An option with the name as its value.
#[derive(Debug, Clone, Copy)]
pub struct OptionWith<T>(pub &'static str, pub T);

fn is_like_an_option(name: &str) -> bool {
    name.starts_with('-')
}

impl<T: AsRef<str>> fmt::Display for Argument<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end_of_options = if is_like_an_option(self.0.as_ref()) { "-- " } else { "" };
        write!(f, "{end_of_options}{}", Visible(&self.0))
    }
}

impl<T: AsRef<str>> fmt::Display for OptionWith<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let separator = if is_like_an_option(self.1.as_ref()) { '=' } else { ' ' };
        write!(f, "{}{separator}{}", self.0, Visible(&self.1))
    }
}
