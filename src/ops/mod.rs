//! The operations of cfn: each file turns a request into a report. Nothing here prints, reads the environment, or
//! contains SQL.

mod analytics;
mod body;
mod cached;
mod caching;
mod capture;
mod care;
mod content_file;
mod deploy;
mod error;
mod history;
mod import;
mod list;
mod load;
mod log;
mod project;
mod publish;
mod review;
mod rollback;
mod rules;
mod show;
mod status;
mod sync;
mod tree;
mod update;
mod validate;
mod verify;

pub use analytics::{
    Analytics, AnalyticsReport, Asked, Cell, Column, Period, ReportName, Table, TableName, Unit, analytics,
    every_report, recalled_report,
};
pub use cached::{Query, answer, cached, recall};
pub use caching::{
    AuditReport, AuditedPrefix, CacheStatus, ClassStatus, ClearReport, Explanation, Factories, MemoryTier,
    ServerSetting, ServerStatus, Warm, WarmReport, WarmedClass, audit, cache_status, clear, costs, explain, warm,
};
pub use capture::{CaptureReport, capture, fill};
pub use care::{CareReport, check};
pub use content_file::{ContentFile, FileError, Files};
pub use deploy::{Deploy, DeployReport, deploy};
pub use error::{Error, Result, require_skill};
pub use history::{History, HistoryReport, VersionEntry, history};
pub use import::{Import, ImportEvent, ImportReport, RefusalKind, UpdatedSkill, import};
pub use list::{ListReport, ListedEntry, list};
pub use load::{
    Cause, Format, Listed, Listing, Load, LoadReport, LoadedSkill, Picked, Remembered, UsageOf, load, load_and_log,
};
pub use log::{Execution, LogReport, UsageReport, log, log_all, usage_of_task};
pub use project::Project;
pub use review::{Review, ReviewReport, review};
pub use rollback::{Rollback, rollback};
pub use show::{Show, ShowReport, show};
pub use status::{ChangedStatus, Restore, StatusReport, restore};
pub use sync::{
    Connect, NextStep, Retry, RetryReport, SyncReport, SyncStatus, next_step, retry, sync, sync_status, waiting,
};
pub use update::{Update, UpdateReport, update};
pub use validate::{ValidateReport, ValidatedFile, validate};
pub use verify::{Verified, VerifyReport, verify};
