//! Checks that the existing columns accept what cfn writes. Existing tables are never changed, so a column of another
//! type, such as a UUID for a pattern id, would otherwise show only when the first row is refused.

use tokio_postgres::Client;

use crate::postgres::ClientResult;
use crate::workflow::Misfit;

/// The columns that cfn writes or compares, with their type, and whether it compares them.
const NEEDED: &[(&str, &str, &str, bool)] = &[
    ("workflow_patterns", "id", "bigint", true),
    ("workflow_patterns", "status", "text", false),
    ("workflow_patterns", "deployed_skill_id", "bigint", false),
    ("edge_cases", "pattern_id", "bigint", true),
    ("edge_cases", "resolved", "boolean", false),
    ("edge_cases", "resolved_at", "timestamp with time zone", false),
    ("skill_executions", "skill_id", "bigint", false),
    ("skill_executions", "team_id", "text", false),
    ("skill_executions", "task_id", "text", false),
    ("skill_executions", "execution_time_ms", "bigint", false),
    ("skill_executions", "exit_code", "bigint", false),
    ("skill_executions", "cost_avoided_usd", "double precision", false),
    ("skill_executions", "tokens_avoided", "bigint", false),
    ("skill_executions", "timestamp", "timestamp with time zone", false),
    ("cfn_deliveries", "delivery_key", "text", true),
];

/// PostgreSQL's catalogue lists the casts for assignments, and for comparisons within a category of types. A domain
/// counts as its base type, text accepts everything, and the status may be a value of an enum.
const FITS: &str = "SELECT format_type(a.atttypid, a.atttypmod), EXISTS (
    SELECT 1 FROM pg_type t, LATERAL (SELECT CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END AS oid) AS base
    WHERE t.oid = a.atttypid AND (base.oid = $2::regtype
      OR t.typtype = 'e' AND $4 = 'status'
      OR NOT $3::bool AND (SELECT b.typcategory FROM pg_type b WHERE b.oid = base.oid) = 'S'
      OR EXISTS (SELECT 1 FROM pg_cast c WHERE c.castsource = $2::regtype AND c.casttarget = base.oid AND c.castcontext IN ('a', 'i')
         AND (NOT $3::bool OR (SELECT b.typcategory FROM pg_type b WHERE b.oid = base.oid)
           = (SELECT n.typcategory FROM pg_type n WHERE n.oid = $2::regtype)))))
  FROM pg_attribute a WHERE a.attrelid = to_regclass($1) AND a.attname = $4 AND NOT a.attisdropped";

pub(super) async fn misfits(client: &Client) -> ClientResult<Vec<Misfit>> {
    use tokio_postgres::types::Type;
    let mut found = Vec::new();
    for (table, column, needed, compared) in NEEDED {
        let parameters: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 4] =
            [(table, Type::TEXT), (needed, Type::TEXT), (compared, Type::BOOL), (column, Type::TEXT)];
        let rows = client.query_typed(FITS, &parameters).await?;
        let (kind, fits): (Option<String>, bool) = match rows.first() {
            Some(row) => (Some(row.try_get(0)?), row.try_get(1)?),
            None => (None, false),
        };
        if !fits {
            found.push(Misfit { column: format!("{table}.{column}"), found: kind, needed: (*needed).to_owned() });
        }
    }
    Ok(found)
}
