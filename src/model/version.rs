//! Versions `X.Y.Z` and the steps between them.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{UnknownWord, Visible};

/// A version of a skill: three numbers, no pre-release, no build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u64,
    minor: u64,
    patch: u64,
}

/// Text that is not `X.Y.Z`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a version must have the form X.Y.Z (three numbers without leading zeros), not \"{}\"", Visible(.0))]
pub struct InvalidVersion(pub String);

/// A version declared in a file, and the nearest valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeclaredVersion<'a> {
    /// The declared text.
    pub text: &'a str,
    /// The nearest `X.Y.Z`; `None` if the text has no number.
    pub nearest: Option<Version>,
    /// Whether the text is exactly that version.
    pub exact: bool,
}

/// The first of the three numbers that a step raises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeType {
    /// `1.0.0` → `1.0.1`.
    Patch,
    /// `1.0.0` → `1.1.0`.
    Minor,
    /// `1.0.0` → `2.0.0`.
    Major,
}

impl Version {
    /// The first version of a new skill.
    pub const FIRST: Self = Self { major: 1, minor: 0, patch: 0 };

    /// Parses versions of old tools and front matter, with a leading `v` or missing numbers.
    #[must_use]
    pub fn lenient(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let dots = text.bytes().filter(|&byte| byte == b'.').count();
        match dots {
            0 => format!("{text}.0.0").parse().ok(),
            1 => format!("{text}.0").parse().ok(),
            _ => text.parse().ok(),
        }
    }

    /// The first number.
    #[must_use]
    pub fn major(self) -> u64 {
        self.major
    }

    /// The second number.
    #[must_use]
    pub fn minor(self) -> u64 {
        self.minor
    }

    /// The next patch version; `None` if the number would overflow.
    #[must_use]
    pub fn next_patch(self) -> Option<Self> {
        Some(Self { patch: self.patch.checked_add(1)?, ..self })
    }

    /// The version one step after this one; `None` if a number would overflow.
    #[must_use]
    pub fn after_step(self, step: ChangeType) -> Option<Self> {
        match step {
            ChangeType::Patch => self.next_patch(),
            ChangeType::Minor => Some(Self { minor: self.minor.checked_add(1)?, patch: 0, ..self }),
            ChangeType::Major => Some(Self { major: self.major.checked_add(1)?, minor: 0, patch: 0 }),
        }
    }

    /// The kind of step from `self` to `next`; `None` if `next` is not higher.
    #[must_use]
    pub fn step_to(self, next: Self) -> Option<ChangeType> {
        if next <= self {
            None
        } else if next.major > self.major {
            Some(ChangeType::Major)
        } else if next.minor > self.minor {
            Some(ChangeType::Minor)
        } else {
            Some(ChangeType::Patch)
        }
    }
}

impl<'a> DeclaredVersion<'a> {
    /// Maximum number of characters that a message quotes.
    const LONGEST_SHOWN: usize = 40;

    /// Parses any form. It ignores text before the first number (`v1.1.0`) and after the third (`2.0.1-beta`), and
    /// leading zeros (`26.08.00`); missing numbers and wildcards become 0 (`1.0`, `2.x.x`).
    #[must_use]
    pub fn read(text: &'a str) -> Self {
        let text = text.trim();
        if let Ok(version) = text.parse() {
            return Self { text, nearest: Some(version), exact: true };
        }
        Self { text, nearest: nearest(text), exact: false }
    }

    /// The text, truncated for messages.
    #[must_use]
    pub fn shown(&self) -> &'a str {
        self.text.char_indices().nth(Self::LONGEST_SHOWN).map_or(self.text, |(end, _)| &self.text[..end])
    }
}

/// Finds three numbers from the first digit on. Hyphens separate the numbers of a date.
fn nearest(text: &str) -> Option<Version> {
    let start = text.find(|it: char| it.is_ascii_digit())?;
    let text = &text[start..];
    let first = text.find(|it: char| !it.is_ascii_digit()).map_or("", |end| &text[end..]);
    let divider = if first.starts_with('-') && first.matches('-').count() == 2 { '-' } else { '.' };
    let mut numbers = [0; 3];
    for (number, part) in numbers.iter_mut().zip(text.split(divider)) {
        let digits = part.find(|it: char| !it.is_ascii_digit()).unwrap_or(part.len());
        if digits == 0 {
            break; // a wildcard, or a word: it and what follows are 0
        }
        *number = part[..digits].parse().ok()?;
        if digits < part.len() {
            break; // a pre-release ends the numbers
        }
    }
    let [major, minor, patch] = numbers;
    Some(Version { major, minor, patch })
}

impl FromStr for Version {
    type Err = InvalidVersion;

    fn from_str(text: &str) -> Result<Self, InvalidVersion> {
        match semver::Version::parse(text) {
            Ok(semver::Version { major, minor, patch, pre, build }) if pre.is_empty() && build.is_empty() => {
                Ok(Self { major, minor, patch })
            }
            _ => Err(InvalidVersion(text.to_owned())),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl ChangeType {
    /// All types, smallest first.
    pub const ALL: [Self; 3] = [Self::Patch, Self::Minor, Self::Major];

    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }
}

impl FromStr for ChangeType {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, UnknownWord> {
        match text {
            "patch" => Ok(Self::Patch),
            "minor" => Ok(Self::Minor),
            "major" => Ok(Self::Major),
            _ => Err(UnknownWord { what: "a change type", expected: "patch, minor, major", got: text.to_owned() }),
        }
    }
}

impl fmt::Display for ChangeType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::{ChangeType, DeclaredVersion, Version};

    fn version(text: &str) -> Version {
        text.parse().unwrap_or(Version::FIRST)
    }

    #[test]
    fn accepts_only_three_numbers() {
        assert_eq!("0.10.2".parse::<Version>().map(|version| version.to_string()), Ok("0.10.2".to_owned()));
        for bad in ["1", "1.0", "1.0.0-rc1", "1.0.0+5", "v1.0.0", "01.0.0", "1.0.x", "", "99999999999999999999.0.0"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn parses_stored_versions_leniently() {
        for (text, meant) in [("1.0", "1.0.0"), ("v1.1.0", "1.1.0"), ("2", "2.0.0"), (" 1.2.3 ", "1.2.3")] {
            assert_eq!(Version::lenient(text), Some(version(meant)), "{text}");
        }
        for bad in ["2.x.x", "abc", "", "1.2.3.4"] {
            assert_eq!(Version::lenient(bad), None, "{bad}");
        }
    }

    #[test]
    fn finds_the_version_nearest_to_a_declared_one() {
        for (text, nearest) in [
            ("26.08.00", "26.8.0"),
            ("2026.3.4-1", "2026.3.4"),
            ("2.0.1-beta", "2.0.1"),
            ("1.2.3+build.5", "1.2.3"),
            ("v1.1.0", "1.1.0"),
            ("Version 3", "3.0.0"),
            ("1.0", "1.0.0"),
            ("1.01", "1.1.0"),
            ("2.x.x", "2.0.0"),
            ("2.*", "2.0.0"),
            ("^1.4.0", "1.4.0"),
            ("1.2.3.4", "1.2.3"),
            ("1.5rc2", "1.5.0"),
            ("2.0-beta.3", "2.0.0"),
            ("2025-11-03", "2025.11.3"),
            ("7-alpha", "7.0.0"),
        ] {
            let read = DeclaredVersion::read(text);
            assert_eq!(read.nearest.map(|it| it.to_string()).as_deref(), Some(nearest), "{text}");
            assert!(!read.exact, "{text}");
        }
        for bad in ["latest", "", "x.y.z", "99999999999999999999.0.0"] {
            assert_eq!(DeclaredVersion::read(bad).nearest, None, "{bad}");
        }
        assert!(DeclaredVersion::read(" 1.10.2 ").exact);
        assert_eq!(DeclaredVersion::read(&"é".repeat(100)).shown(), "é".repeat(40));
    }

    #[test]
    fn names_the_step() {
        let from = version("1.2.3");
        for (to, step) in [
            ("1.2.4", Some(ChangeType::Patch)),
            ("1.2.9", Some(ChangeType::Patch)),
            ("1.3.0", Some(ChangeType::Minor)),
            ("2.0.0", Some(ChangeType::Major)),
            ("1.2.3", None),
            ("1.2.2", None),
            ("0.9.9", None),
        ] {
            assert_eq!(from.step_to(version(to)), step, "{to}");
        }
        assert_eq!(version("1.0.18446744073709551615").next_patch(), None);
    }

    #[test]
    fn a_step_is_of_its_own_kind() {
        for (step, next) in [(ChangeType::Patch, "1.2.4"), (ChangeType::Minor, "1.3.0"), (ChangeType::Major, "2.0.0")] {
            let next = version(next);
            assert_eq!(version("1.2.3").after_step(step), Some(next));
            assert_eq!(version("1.2.3").step_to(next), Some(step));
            let last = Version { major: u64::MAX, minor: u64::MAX, patch: u64::MAX };
            assert_eq!(last.after_step(step), None);
        }
    }
}
