//! The mix of operations.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::bench::Random;
use crate::model::Visible;

/// A kind of operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Load an agent's skills.
    Load,
    /// Log an execution.
    Log,
    /// Deploy a new skill, or new bytes of a shared one.
    Deploy,
    /// Update a skill of the worker's own.
    Update,
}

impl Kind {
    /// All kinds, in order of the report.
    pub const ALL: [Self; 4] = [Self::Load, Self::Log, Self::Deploy, Self::Update];

    /// The name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::Log => "log",
            Self::Deploy => "deploy",
            Self::Update => "update",
        }
    }
}

/// The relative frequency of each [`Kind`], in order of [`Kind::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mix([usize; 4]);

/// An invalid mix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{}\" is not a mix such as load=80,log=15,deploy=3,update=2, with at least one share above 0", Visible(.0))]
pub struct InvalidMix(String);

impl Mix {
    /// Draws what to do next.
    pub(super) fn draw(self, random: &mut Random) -> Kind {
        let mut place = random.below(self.0.iter().sum());
        for (kind, share) in Kind::ALL.into_iter().zip(self.0) {
            match place.checked_sub(share) {
                Some(rest) => place = rest,
                None => return kind,
            }
        }
        Kind::Load
    }
}

impl FromStr for Mix {
    type Err = InvalidMix;

    fn from_str(text: &str) -> Result<Self, InvalidMix> {
        let bad = || InvalidMix(text.to_owned());
        let mut shares = [None; 4];
        for part in text.split(',') {
            let (name, share) = part.split_once('=').ok_or_else(bad)?;
            let index = Kind::ALL.iter().position(|kind| kind.name() == name.trim()).ok_or_else(bad)?;
            let share: u16 = share.trim().parse().map_err(|_| bad())?;
            if shares[index].replace(usize::from(share)).is_some() {
                return Err(bad());
            }
        }
        let shares = shares.map(Option::unwrap_or_default);
        if shares.iter().sum::<usize>() == 0 { Err(bad()) } else { Ok(Self(shares)) }
    }
}

impl fmt::Display for Mix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (kind, share)) in Kind::ALL.into_iter().zip(self.0).enumerate() {
            write!(f, "{}{}={share}", if index > 0 { "," } else { "" }, kind.name())?;
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::{Kind, Mix};
    use crate::bench::Random;

    #[test]
    fn the_frequency_of_a_kind_follows_its_share() {
        let mix: Mix = "load=60,log=30,update=10".parse().expect("a mix");
        assert_eq!(mix.to_string(), "load=60,log=30,deploy=0,update=10");
        let mut random = Random::new(1);
        let drawn: Vec<Kind> = (0..10_000).map(|_| mix.draw(&mut random)).collect();
        let share = |kind| drawn.iter().filter(|it| **it == kind).count() / 100;
        assert_eq!(share(Kind::Deploy), 0);
        assert!((58..=62).contains(&share(Kind::Load)) && (8..=12).contains(&share(Kind::Update)));
    }

    #[test]
    fn refuses_invalid_mixes() {
        for text in ["", "load", "load=1,load=2", "load=-1", "load=0", "read=1", "load=1;log=2", "load=70000"] {
            assert!(text.parse::<Mix>().is_err(), "{text}");
        }
    }
}
