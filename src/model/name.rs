//! Names of skills and agent types: letters, digits, `_` and `-`, so that no name is ever a path, an option's value or SQL.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::Visible;

/// Maximum length of a name.
const LONGEST: usize = 64;

/// Why text is not a valid name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// It is empty.
    #[error("{what} must not be empty")]
    Empty {
        /// The kind of name.
        what: &'static str,
    },
    /// Over 64 characters.
    #[error("{what} has {length} characters, and at most {LONGEST} are allowed")]
    TooLong {
        /// The kind of name.
        what: &'static str,
        /// Its length.
        length: usize,
    },
    /// It has characters other than letters, digits, `_` and `-`.
    #[error("{what} \"{}\" may contain only the letters a-z and A-Z, digits, '_' and '-'", Visible(.got))]
    Character {
        /// The kind of name.
        what: &'static str,
        /// The text.
        got: String,
    },
}

fn check(what: &'static str, text: &str) -> Result<(), InvalidName> {
    if text.is_empty() {
        return Err(InvalidName::Empty { what });
    }
    let length = text.chars().count();
    if length > LONGEST {
        return Err(InvalidName::TooLong { what, length });
    }
    if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
        Ok(())
    } else {
        Err(InvalidName::Character { what, got: text.to_owned() })
    }
}

macro_rules! name {
    ($type:ident, $what:literal) => {
        impl $type {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                check($what, text).map(|()| Self(text.to_owned()))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

/// The name of a skill: `^[a-zA-Z0-9_-]+$`, at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SkillName(String);

/// A kind of agent, such as `backend-developer`: the same characters as a skill's name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct AgentType(String);

name!(SkillName, "a skill name");
name!(AgentType, "an agent type");

impl AgentType {
    /// Parses a comma-separated list. Blanks are trimmed, empty parts and duplicates skipped; one invalid part is an
    /// error.
    pub fn list(text: &str) -> Result<Vec<Self>, InvalidName> {
        let mut types = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let agent_type = part.parse()?;
            if !types.contains(&agent_type) {
                types.push(agent_type);
            }
        }
        Ok(types)
    }
}

/// The form of a name or path for comparisons: Unicode NFC, case-folded.
#[must_use]
pub fn folded(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { text.nfc().flat_map(char::to_lowercase).nfc().collect() }
}

/// Whether a name conforms to the Agent Skills format: `^[a-z0-9]+(-[a-z0-9]+)*$`, at most 64 characters.
#[must_use]
pub fn is_conformant_name(text: &str) -> bool {
    text.len() <= LONGEST
        && text
            .split('-')
            .all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::{AgentType, SkillName, is_conformant_name};

    #[test]
    fn accepts_only_names_that_the_old_scripts_accepted() {
        for good in ["jwt-authentication", "A_b-9", "--help", "-21risk", &"x".repeat(64)] {
            assert!(good.parse::<SkillName>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "../../etc/passwd", "$(id)", "'); DROP TABLE skills; --", "é", "a\n", &"x".repeat(65)] {
            assert!(bad.parse::<SkillName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn errors_show_control_characters_escaped() {
        let message = "a\u{1b}[31m".parse::<SkillName>().map_err(|error| error.to_string());
        assert_eq!(message.err().as_deref().map(|text| text.contains('\u{1b}')), Some(false));
    }

    #[test]
    fn a_list_skips_empty_parts_but_refuses_invalid_ones() {
        let list = AgentType::list(" tester, ,backend-developer,,tester ").unwrap_or_default();
        assert_eq!(list.iter().map(AgentType::as_str).collect::<Vec<_>>(), ["tester", "backend-developer"]);
        assert!(AgentType::list("tester,$(id)").is_err());
        assert_eq!(AgentType::list(" , "), Ok(Vec::new()));
    }

    #[test]
    fn recognises_conformant_names() {
        assert!(is_conformant_name("pdf-2-text"));
        for odd in ["", "-a", "a-", "a--b", "A", "a_b", &"x".repeat(65)] {
            assert!(!is_conformant_name(odd), "{odd}");
        }
    }
}
