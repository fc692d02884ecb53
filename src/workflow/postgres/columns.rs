//! The columns that cfn needs in the workflow database, see `migrations/workflow/0001_workflow.sql`.

/// A column that cfn writes or compares.
pub(super) struct Needed {
    pub(super) table: &'static str,
    pub(super) column: &'static str,
    /// The type of its values.
    pub(super) kind: &'static str,
    pub(super) is_compared: bool,
    pub(super) is_written: bool,
    /// Whether cfn also writes NULL.
    pub(super) may_be_null: bool,
    /// The most characters of a value as text.
    pub(super) characters: u32,
    /// The most digits of a number before the point.
    pub(super) digits: u32,
}

/// The tables to which cfn adds rows.
pub(super) const WRITTEN_ROWS: &[&str] = &["skill_executions", "cfn_deliveries"];

/// The status of a pattern whose skill is deployed.
pub(super) const DEPLOYED: &str = "deployed";

const ID: Needed = Needed {
    table: "workflow_patterns",
    column: "id",
    kind: "bigint",
    is_compared: false,
    is_written: true,
    may_be_null: false,
    characters: 20,
    digits: 19,
};
const PATTERN: Needed = Needed { is_compared: true, is_written: false, ..ID };
const TEXT: Needed = Needed { table: "skill_executions", kind: "text", digits: 0, ..ID };
const TIME: Needed = Needed { kind: "timestamp with time zone", characters: 22, digits: 0, ..ID };
const COUNT: Needed = Needed { table: "skill_executions", may_be_null: true, characters: 13, digits: 13, ..ID };

/// What the usage log accepts is the most that they get.
pub(super) const COLUMNS: &[Needed] = &[
    PATTERN,
    Needed { table: "workflow_patterns", column: "status", characters: 8, ..TEXT },
    Needed { column: "deployed_skill_id", ..ID },
    Needed { table: "edge_cases", column: "pattern_id", ..PATTERN },
    Needed { table: "edge_cases", column: "resolved", kind: "boolean", characters: 4, ..TEXT },
    Needed { table: "edge_cases", column: "resolved_at", ..TIME },
    Needed { table: "skill_executions", column: "skill_id", ..ID },
    Needed { column: "team_id", characters: 64, ..TEXT },
    Needed { column: "task_id", characters: 1000, may_be_null: true, ..TEXT },
    Needed { column: "execution_time_ms", ..COUNT },
    Needed { column: "exit_code", kind: "integer", characters: 11, digits: 10, ..COUNT },
    Needed { column: "cost_avoided_usd", kind: "double precision", characters: 24, digits: 7, ..COUNT },
    Needed { column: "tokens_avoided", ..COUNT },
    Needed { table: "skill_executions", column: "timestamp", ..TIME },
    Needed { table: "cfn_deliveries", column: "delivery_key", is_compared: true, characters: 32, ..TEXT },
];
