//! The exit of a run of cfn.

use std::process::ExitCode;

use serde::{Serialize, Serializer};

/// A shell adds this to the number of the signal that ended a process.
const ENDED_BY_A_SIGNAL: u8 = 128;

/// The end of a run, which its exit code tells the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done; a write is committed.
    Done,
    /// Invalid arguments or input.
    Input,
    /// A file was not found, is not readable or is not a regular file.
    File,
    /// The database is missing, not a skills database, damaged or newer than this cfn, or the disk is full.
    Database,
    /// The skill was not found.
    NotFound,
    /// The version is the same, lower, or not of the stated change type.
    Version,
    /// The content is unchanged: no update is needed.
    Unchanged,
    /// Refused: approval or integrity.
    Refused,
    /// Another process held the lock for the whole wait; try again.
    Busy,
    /// An outside service failed in a command whose purpose is that service.
    Service,
    /// A target or a baseline was missed, or could not be compared.
    Target,
    /// This signal interrupted the run.
    Signal(u8),
    /// The exit code of the command that was run.
    Command(u8),
}

impl Exit {
    /// Ctrl-C.
    pub const INTERRUPTED: Self = Self::Signal(2);

    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Input => 1,
            Self::File => 2,
            Self::Database => 3,
            Self::NotFound => 4,
            Self::Version => 5,
            Self::Unchanged => 6,
            Self::Refused => 7,
            Self::Busy => 8,
            Self::Service => 9,
            Self::Target => 10,
            Self::Command(code) => code,
            Self::Signal(number) => ENDED_BY_A_SIGNAL.saturating_add(number),
        }
    }

    /// `Done` if `well`, else `otherwise`.
    #[must_use]
    pub const fn done_if(well: bool, otherwise: Self) -> Self {
        if well { Self::Done } else { otherwise }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

impl Serialize for Exit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.code())
    }
}
