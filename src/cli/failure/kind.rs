//! The kinds of errors, each with its exit code.

use serde::Serialize;

use crate::model::Exit;

/// Defines the kinds, a list of them and their exit codes in one table.
macro_rules! kinds {
    ($($exit:expr => $($kind:ident),+;)+) => {
        /// The kind of an error, a stable word for programs, in `snake_case`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
        #[serde(rename_all = "snake_case")]
        #[expect(missing_docs, reason = "each name documents itself")]
        pub enum FailureKind {
            $($($kind,)+)+
        }

        impl FailureKind {
            /// Every kind, in the order of the exit codes.
            pub const ALL: &[Self] = &[$($(Self::$kind,)+)+];

            /// The exit of a command that fails with this kind.
            #[must_use]
            pub const fn exit(self) -> Exit {
                match self {
                    $($(Self::$kind)|+ => $exit,)+
                }
            }
        }
    };
}

kinds! {
    Exit::Input => InvalidArguments, InvalidInput, InvalidSetting, UnknownSetting, ForbiddenSetting, InvalidSettingsFile, InvalidContent, InvalidDocument, OutsideContentRoot, NoReason, NotConfirmed,
        StatementRefused, DatabaseNotAFile, NoBenchRun, ScheduleFailed, AddressUnusable, ProgramNotStarted, ProgramFailed, EngineRefused, WrongAnswer, Output, Internal;
    Exit::File => FileUnreadable, FileNotRegular, FileReplaced, FileFailed, SettingsUnreadable, ArchiveRefused, PageUnwritable,
        ReportUnwritable;
    Exit::Database => DatabaseMissing, NotASkillsDatabase, DatabaseCorrupt, DatabaseNewer, DatabaseOlder,
        DatabaseDenied, DatabaseForeign, DatabaseReplaced, DatabaseFile, DatabaseFailed, DatabaseUnreachable, DatabaseRefused, DiskFull, ForeignLog,
        OutcomeUnknown, DamagedRow, NoWriteTokens, CopyDiffers, FollowerDiffers;
    Exit::NotFound => SkillNotFound, VersionNotFound, FolderFileNotFound, HashNotFound, EdgeCaseNotFound, TaskNotFound, RunNotFound, ImageNotFound;
    Exit::Version => VersionNotHigher, OtherChangeType, VersionTaken, VersionUnreadable;
    Exit::Unchanged => ContentUnchanged, NameUnchanged;
    Exit::Refused => LowersApprovalLevel, Rejected, PurgeWithoutReason, NameTaken, FolderExposed, SkillExists, DocumentConflicts, NotServed, NotMapped, ReplacesItself, NotApproved, Integrity, AmbiguousHash,
        NotDecided, DecidedMeanwhile, ChangedSinceReview, EdgeCaseElsewhere, FolderInTheWay, ExportRecordRefused,
        DatabaseOccupied, RowsRefused, NoLimits, AgentIdTaken, FollowsNothing, UsageNotPushed, StateTooOld;
    Exit::Busy => Busy, ChangedWhileRead, Conflict;
    Exit::Service => WorkflowUnreachable, WorkflowBroken, WorkflowFailed, RedisUnreachable, RedisRefused, EngineUnreachable, PrimaryUnreachable, ArchiveUnreachable;
    Exit::INTERRUPTED => Interrupted;
}
