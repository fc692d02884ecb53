//! One sentence about a subject.

use std::fmt;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};

/// One sentence about a subject: the reason that a skill is left out, an oddity of a file, a difference from the
/// approved state.
///
/// Each report names the fields of its remarks in JSON.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark<S = (), K = ()> {
    /// A skill or a file; `()` if the context says which.
    pub subject: S,
    /// The kind of the remark; `()` if there is only one.
    pub kind: K,
    /// The line of the file, from 1, if known.
    pub line: Option<usize>,
    /// The sentence, without the subject.
    pub reason: String,
}

impl<S, K> Remark<S, K> {
    /// A remark without a line.
    #[must_use]
    pub fn new(subject: S, kind: K, reason: impl Into<String>) -> Self {
        Self { subject, kind, line: None, reason: reason.into() }
    }

    /// The same remark, about this line.
    #[must_use]
    pub fn at(self, line: usize) -> Self {
        Self { line: Some(line), ..self }
    }

    /// The same sentence about another subject, as another kind.
    #[must_use]
    pub fn about<T, L>(self, subject: T, kind: L) -> Remark<T, L> {
        Remark { subject, kind, line: self.line, reason: self.reason }
    }
}

impl From<String> for Remark {
    fn from(reason: String) -> Self {
        Self::new((), (), reason)
    }
}

/// The line and the sentence.
impl<S, K> fmt::Display for Remark<S, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

impl Serialize for Remark {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = serializer.serialize_struct("Remark", 1 + usize::from(self.line.is_some()))?;
        match self.line {
            Some(line) => fields.serialize_field("line", &line)?,
            None => fields.skip_field("line")?,
        }
        fields.serialize_field("message", &self.reason)?;
        fields.end()
    }
}
