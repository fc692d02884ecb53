//! Every table whose rows are copied, parents first, and why the others are not.

use super::{Column, Kind, Table};

const LEVELS: &[&str] = &["auto", "escalate", "human"];
const STATUSES: &[&str] = &["active", "deprecated", "archived"];
const DECISIONS: &[&str] = &["approved", "rejected", "escalated", "needs_correction"];
const SEVERITIES: &[&str] = &["low", "medium", "high"];
const GENERATIONS: &[&str] = &["generated", "approved", "deployed", "archived"];

/// Tables that are not copied, and why.
pub const DERIVED: &[(&str, &str)] = &[
    ("cfn_tokens", "they only change with each write, so a copy has its own"),
    ("cfn_feed", "followers of a copy pull everything"),
    ("follow", "a copy is a database of its own"),
    ("follow_pass_rates", "a copy is a database of its own"),
    ("cfn_revisions", "they only change with each write, so a copy has its own"),
    ("other_values", "it is how PostgreSQL keeps values of the tables that are copied"),
    ("search_state", "the search index is made again"),
    ("search_blocks", "the search index is made again"),
    ("search_postings", "the search index is made again"),
    ("usage_unpushed", "a copy is a database of its own"),
    ("usage_dirty", "it is about sums of the log, which are made again"),
    ("usage_state", "it is about sums of the log, which are made again"),
];

// Of `usage_daily` and `usage_totals`, the sums of rows that are in an archive's file: nothing else has them. Those of the log are made
// again by the first report. Of `cfn_metadata`, the database's id, by which it knows its archives: the rest is about the engine.

/// The tables that are copied. A row comes after the rows that it refers to.
#[rustfmt::skip]
pub const TABLES: &[Table] = &[
    Table {
        name: "skills", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), text("name").required().exact(), text("category").required(),
            text("team"), text("content_path").required(), text("content_hash").required(), text("tags"),
            text("version").required(), text("status").required().one_of(STATUSES),
            text("approval_level").required().one_of(LEVELS), text("approval_criteria"), text("last_approved_by"),
            text("last_approval_date"), real("test_coverage"), text("test_suite_path"),
            real("required_test_pass_rate"), whole("phase4_pattern_id"), text("generated_by"),
            flag("is_auto_generated"), text("deprecation_note"), whole("replacement_id").refers("skills"),
            text("owner"), text("created_at").required(), text("updated_at").required(), text("pinned_version"),
        ],
    },
    Table {
        name: "skill_contents", key: 1, is_numbered: false, only: None,
        columns: &[
            text("hash").required().exact(), bytes("bytes").required(), text("created_at").required(),
        ],
    },
    Table {
        name: "skill_versions", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), whole("skill_id").required().refers("skills"),
            text("version").required().exact(), text("content_hash").required(), text("content_path").required(),
            text("front_matter"), text("approval_level").required(), text("source").required(),
            text("created_at").required(), text("folder_hash"),
        ],
    },
    Table {
        name: "skill_files", key: 2, is_numbered: false, only: None,
        columns: &[
            whole("version_id").required().refers("skill_versions"), raw("path").required().exact(), text("mode"),
            text("hash"), whole("size"),
        ],
    },
    Table {
        name: "cfn_aliases", key: 1, is_numbered: false, only: None,
        columns: &[
            text("name").required().exact(), whole("skill_id"),
        ],
    },
    Table {
        name: "cfn_events", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), whole("skill_id"), text("skill"), text("event"), text("version"),
            text("content_hash"), text("detail"), text("actor"), text("reason"), text("created_at"),
        ],
    },
    Table {
        name: "approval_history", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), whole("skill_id").required().refers("skills"),
            text("version").required(), text("approval_level").required().one_of(LEVELS), text("approver"),
            text("decision").required().one_of(DECISIONS), text("reasoning"), text("risk_assessment"),
            text("test_results"), text("approval_criteria_check"), text("escalation_reason"), text("escalated_to"),
            text("escalation_timestamp"), text("timestamp").required(), whole("review_duration_minutes"),
            text("content_hash"), text("folder_hash"),
        ],
    },
    Table {
        name: "agent_skill_mappings", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), text("agent_type").required().exact(),
            whole("skill_id").required().refers("skills"), whole("priority").required(), flag("required").required(),
            text("conditions"), text("tdd_condition"), text("notes"), flag("enabled").required(),
            text("created_at").required(), text("updated_at").required(), text("pinned_version"),
        ],
    },
    Table {
        name: "bootstrap_skills", key: 1, is_numbered: false, only: None,
        columns: &[
            text("skill_name").required().exact(), text("file_path").required(),
            whole("load_order").required().exact(), text("description").required(), text("approval_level"),
            flag("enabled").required(), text("content_hash"), text("created_at").required(),
            text("updated_at").required(),
        ],
    },
    Table {
        name: "approval_criteria_templates", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), text("approval_level").required().one_of(LEVELS),
            text("category").required().exact(), text("criteria_json").required(), text("description").required(),
            flag("enabled").required(), text("created_at").required(), text("updated_at").required(),
        ],
    },
    Table {
        name: "phase4_skill_generation", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), whole("skill_id").required().refers("skills"),
            whole("phase4_pattern_id"), text("pattern_name"), text("generated_by"), text("generated_at"),
            text("source_reflection_ids"), whole("edge_cases_tracked"),
            text("generation_status").one_of(GENERATIONS), text("deployment_timestamp"), text("skill_version"),
            text("github_pr_id"),
        ],
    },
    Table {
        name: "edge_case_tracking", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), whole("skill_id").required().refers("skills"),
            text("edge_case_description").required(), text("failure_reason"), text("input_parameters"),
            text("expected_output"), text("actual_output"), text("severity").one_of(SEVERITIES), flag("resolved"),
            text("resolution_notes"), text("proposed_fix"), flag("requires_approval"), text("detected_at"),
            text("resolved_at"),
        ],
    },
    Table {
        name: "schema_versions", key: 1, is_numbered: false, only: None,
        columns: &[
            text("version").required().exact(), text("description").required(), text("applied_at").required(),
            text("rolled_back_at"),
        ],
    },
    Table {
        name: "outbox", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), text("delivery_key"), whole("pattern_id"), text("kind"), text("payload"),
            text("created_at"), text("set_aside_at"), text("reason"), text("not_before"),
        ],
    },
    Table {
        name: "usage_archives", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), text("sha256").exact(), text("before"), text("file"), whole("rows"),
            whole("parts"), text("archived_at"),
        ],
    },
    Table {
        name: "usage_archive_parts", key: 2, is_numbered: false, only: None,
        columns: &[
            whole("archive_id").required().exact(), whole("part").required().exact(),
        ],
    },
    Table {
        name: "usage_archive_kept", key: 3, is_numbered: false, only: None,
        columns: &[
            whole("archive_id").required().exact(), whole("part").required().exact(),
            whole("row_id").required().exact(),
        ],
    },
    Table {
        name: "usage_daily", key: 6, is_numbered: false, only: Some("archive_id > 0"),
        columns: &[
            text("day").required().exact(), whole("skill_id").required().exact(),
            text("agent_type").required().exact(), text("approval_level").required().exact(),
            whole("archive_id").required().exact(), whole("part").required().exact(), whole("uses").required(),
            whole("measured").required(), whole("gain").required(), whole("helped").required(),
            whole("timed").required(), whole("time_ms").required(), whole("outcomes").required(),
            whole("succeeded").required(), whole("tokens").required(), whole("usd").required(),
            whole("nano_usd").required(), text("first_used"), text("last_used"), whole("unpriced").required(),
        ],
    },
    Table {
        name: "usage_totals", key: 4, is_numbered: false, only: Some("archived = 1"),
        columns: &[
            flag("archived").required().exact(), whole("skill_id").required().exact(),
            text("agent_type").required().exact(), text("approval_level").required().exact(),
            whole("uses").required(), whole("measured").required(), whole("gain").required(),
            whole("helped").required(), whole("timed").required(), whole("time_ms").required(),
            whole("outcomes").required(), whole("succeeded").required(), whole("tokens").required(),
            whole("usd").required(), whole("nano_usd").required(), text("first_used"), text("last_used"),
            whole("unpriced").required(),
        ],
    },
    Table {
        name: "cfn_metadata", key: 1, is_numbered: false, only: Some("name = 'database_id'"),
        columns: &[
            text("name").required().exact(), bytes("value").required(),
        ],
    },
    Table {
        name: "usage_received", key: 1, is_numbered: false, only: None,
        columns: &[
            text("delivery_key").required().exact(), whole("row_id"), flag("is_open").required(),
        ],
    },
    Table {
        name: "skill_usage_log", key: 1, is_numbered: true, only: None,
        columns: &[
            whole("id").required().exact(), text("agent_id").required().indexed(),
            text("agent_type").required().indexed(), whole("skill_id").required().refers("skills"),
            text("task_id").indexed(), text("phase"),
            text("loaded_at").required(), whole("execution_time_ms"), real("confidence_before"),
            real("confidence_after"), flag("success_indicator"), flag("test_suite_executed"), real("test_pass_rate"),
            text("notes"), text("approval_level").indexed(), flag("phase4_generated"), whole("exit_code"), text("version"),
            text("content_hash"), whole("tokens_avoided"), real("cost_avoided_usd"), text("open_key"),
            text("delivery_key"), text("origin"),
        ],
    },
];

const fn whole(name: &'static str) -> Column {
    Column::new(name, Kind::Whole)
}

const fn flag(name: &'static str) -> Column {
    Column::new(name, Kind::Flag)
}

const fn real(name: &'static str) -> Column {
    Column::new(name, Kind::Real)
}

const fn text(name: &'static str) -> Column {
    Column::new(name, Kind::Text)
}

const fn raw(name: &'static str) -> Column {
    Column::new(name, Kind::Raw)
}

const fn bytes(name: &'static str) -> Column {
    Column::new(name, Kind::Bytes)
}
