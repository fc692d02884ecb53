//! The label by which a primary knows who logged a use.

use std::fmt;
use std::str::FromStr;

use super::Visible;

/// Maximum length of a label.
const LONGEST: usize = 64;

/// The label of a follower: `^[a-zA-Z0-9._-]+$`, at most 64 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

/// Text that is no label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the label \"{}\" must have 1 to {LONGEST} of the letters a-z and A-Z, digits, '.', '_' and '-'", Visible(.0))]
pub struct InvalidOrigin(String);

fn is_allowed(it: char) -> bool {
    it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '-')
}

impl Origin {
    /// The label of a host: what a label cannot have becomes `-`.
    #[must_use]
    pub fn of_host(name: &str) -> Self {
        let label: String = name.chars().take(LONGEST).map(|it| if is_allowed(it) { it } else { '-' }).collect();
        if label.is_empty() { Self("unnamed".to_owned()) } else { Self(label) }
    }

    /// The label as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let is_valid = (1..=LONGEST).contains(&text.len()) && text.chars().all(is_allowed);
        if is_valid { Ok(Self(text.to_owned())) } else { Err(InvalidOrigin(text.to_owned())) }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn labels_are_short_and_plain_and_every_host_has_one() {
        for good in ["build-7", "a.example.com", "x_1", &"x".repeat(64)] {
            assert!(good.parse::<Origin>().is_ok_and(|it| it == Origin::of_host(good)), "{good}");
        }
        for bad in ["", "a b", "\u{1b}[31m", "é", &"x".repeat(65)] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
            assert!(Origin::of_host(bad).as_str().parse::<Origin>().is_ok(), "{bad}");
        }
    }
}
