//! The operations of cfn: each file turns a request into a report. Nothing here prints, reads the environment, or
//! contains SQL.

mod add;
mod agents;
mod amend;
mod analytics;
mod approvable;
mod archive_months;
mod archived_uses;
mod assess;
mod assign;
mod body;
mod bootstrap;
mod cache_care;
mod cached;
mod capture;
mod care;
mod client_budget;
mod content_file;
mod coordination;
mod copy;
mod database_files;
mod delete;
mod deploy;
mod diff;
mod doctor;
mod edge_case;
mod edit;
mod error;
mod export;
mod folder;
mod folder_on_disk;
mod follow;
mod history;
mod import;
mod lint;
mod list;
mod load;
mod log;
mod materialized_care;
mod metrics;
mod pending;
mod pin;
mod project;
mod promote;
mod proposal;
mod publish;
mod purge;
mod refusal;
mod rename;
mod required;
mod review;
mod revoke;
mod risk;
mod rollback;
mod rules;
mod scripts;
mod search;
mod served_folder;
mod show;
mod show_file;
mod source;
mod status;
mod stored_folder;
mod sync;
mod tree;
mod update;
mod validate;
mod verify;
mod yaml;

pub use add::{Add, AddReport, add};
pub use agents::{AgentReport, AgentSkill, AgentSummary, AgentsReport, agent, agents};
pub use amend::{Amend, AmendReport, amend};
pub use analytics::{
    Analytics, AnalyticsReport, Cell, Column, DatedRequest, MOST_DAYS_OF_ROWS, Period, ReportName, Table, TableName,
    Unit, analytics, every_report, recalled_report,
};
pub use archive_months::{MonthsReport, MovedMonth, archive_months, prove_months, unarchive_month, verify_months};
pub use archived_uses::ArchivesOf;
pub use assess::{AssessFile, AssessReport, assess_file, assess_skill, record_assessments};
pub use assign::{Assign, AssignReport, ChangedMapping, MappingChange, Unassign, assign, unassign};
pub use bootstrap::add_bootstrap;
pub use cache_care::{
    AuditReport, AuditedPrefix, CacheStatus, ClassStatus, ClearReport, Explanation, Factories, MemoryTier,
    ServerSetting, ServerStatus, Warm, WarmReport, WarmedClass, audit, cache_status, clear, costs, explain, warm,
};
pub use cached::{Query, answer, cached, recall};
pub use capture::{CaptureReport, capture, fill};
pub use care::{CareReport, check};
pub use client_budget::{
    BudgetUnit, BudgetVerdict, BudgetedSkill, Client, ClientBudget, ClientBudgetReport, ClientRule, ListingEntry,
    client_budget,
};
pub use content_file::{ContentFile, FileError, Files};
pub use coordination::missing::TaskNotFound;
pub use coordination::{
    Awaited, ClearedReport, CompletionReport, ContextReport, StateReport, WaitReport, Waiting, clear_task, complete,
    context_of, set_context, set_state, state_of, wait_for_agents,
};
pub use copy::report::{CopiedTable, CopyError, CopyReport, RefusedRow};
pub use copy::{CopyPart, CopyProgress, copy, weigh_copy};
pub use database_files::DatabaseFiles;
pub use delete::{Delete, DeleteReport, DeletedSkill, delete};
pub use deploy::{Deploy, DeployReport, deploy};
pub use diff::{Diff, DiffLine, DiffReport, FileDiff, FileState, Hunk, LineChange, diff};
pub use doctor::{
    Area, Depth, Diagnosis, DoctorReport, Fix, Health, ServerLook, approval_lines, cache_lines, damage_line,
    database_lines, delivery_lines, file_lines, integrity_line, look_at_server, network_lines, redis_lines,
    server_lines, sqlite_program_line, statement, workflow_line,
};
pub use edge_case::{
    EdgeCaseKind, EdgeCaseReport, EdgeCasesReport, ListEdgeCases, RecordEdgeCase, RecordedEdgeCase, ResolveEdgeCases,
    ResolvedEdgeCase, ResolvedReport, list_edge_cases, record_edge_case, resolve_edge_cases, show_edge_case,
};
pub use edit::{Edit, EditReport, EditedSkill, Lower, edit};
pub use error::{Error, NoSuchFile, Result, require_skill};
pub use export::{
    Export, ExportCheck, ExportError, ExportReport, FolderDifference, FolderState, Layout, RemovedSkill, Selection,
    WrittenSkill, check_export, export, export_budget, plan_export,
};
pub use follow::{
    ConnectPrimary, Follow, FollowCheck, FollowError, FollowReport, FollowerState, PullReport, PushReport,
    UnfollowReport, check_followed, follow, follower_state, following, primary, pull, pull_from, unfollow,
};
pub use history::{History, HistoryReport, LocalHistory, history};
pub use import::{Import, ImportEvent, ImportReport, RefusalKind, UpdatedSkill, import};
pub use lint::{ConfusableReport, LintReport, LintedSkill, Pair, confusable, lint};
pub use list::{ListReport, list};
pub use load::unserved::Unserved;
pub use load::{
    Cause, Format, Listed, Load, LoadReport, LoadedSkill, Paths, Picked, Places, Remembered, UsageOf, load,
    load_and_log, load_budget,
};
pub use log::{LogReport, NewUse, UsageReport, log, log_all, usage_of_task};
pub use materialized_care::{materialized_with, remove_unused};
pub use metrics::{
    AgentFigures, AgentsNow, CacheRates, CommandRates, Counted, CountedCommand, CounterFile, DASHBOARD,
    DatabaseFigures, Exposition, Family, Look, OpenCounters, RULES, Rate, RedisFigures, RunningAgents, Switched,
    TopReport, exposed, families, figures, top,
};
pub use pending::{Pending, PendingReport, PendingSkill, pending};
pub use pin::{ChangedPin, Pin, PinReport, pin};
pub use project::Project;
pub use promote::{Promote, PromoteReport, Promotion, Staged, StagedSkill, promote, staged};
pub use proposal::{Proposal, proposal, to_review};
pub use purge::{KeptFile, Purge, PurgeReport, PurgedFile, purge};
pub use rename::{Rename, RenameReport, rename};
pub use review::{Also, Before, Review, ReviewMany, ReviewManyReport, ReviewReport, Reviewed, review, review_many};
pub use revoke::{Revoke, RevokeReport, RevokedBytes, RevokedVersion, revoke};
pub use risk::{Assessment, Most, Part, Place, Raised, Thresholds};
pub use rollback::{Rollback, rollback};
pub use search::{FoundSkill, Search, SearchReport, has_words, index_is_current, marks, search, update_index};
pub use show::{Show, ShowReport, show};
pub use show_file::{ShowFile, ShowFileReport, show_file};
pub use status::{ChangedStatus, SetStatus, StatusReport, set_status};
pub use sync::{
    Connect, NextStep, Retry, RetryReport, SyncReport, SyncStatus, next_step, retry, sync, sync_status, waiting,
};
pub use update::{Update, UpdateReport, update};
pub use validate::{ValidateReport, ValidatedFile, validate};
pub use verify::{Verified, VerifyReport, verify};
pub use yaml::{
    DocumentError, ExportYaml, ExportYamlReport, ImportYaml, ImportYamlMode, ImportYamlReport, export_yaml, import_yaml,
};
