//! `usage_received`: uses that followers push. See `migrations/postgres/0004_usage_received.sql`.
//!
//! Two statements in one round trip. The second one sees what another transaction received meanwhile, for which the first one
//! waits: its snapshot is taken after that.

use serde_json::{Map, Value as Json};

use super::beginning::Beginning;
use super::parameters::{Parameter, text};
use super::session::Session;
use super::statement::Statement;
use super::{ATTEMPTS, PostgresStore};
use crate::model::LONGEST_USAGE_TEXT;
use crate::store::copying::{Column, Owned, TABLES, shortened};
use crate::store::{OfferedRow, OfferedUse, Received, Result, StoreError, UsageReceiver};

/// The uses `$1`, each with the id of its skill if that is still there. An id alone is not enough: after a restore it may be given
/// to another skill. A skill cannot be deleted meanwhile.
macro_rules! given {
    ($which:literal) => {
        concat!(
            "WITH given AS MATERIALIZED (SELECT DISTINCT ON (delivery_key) r.*
       FROM json_to_recordset($1::json) AS r (place bigint, delivery_key text, skill_name text, skill_created text, is_open smallint,
         agent_id text, agent_type text, skill_id bigint, task_id text, phase text, loaded_at text, execution_time_ms bigint,
         confidence_before double precision, confidence_after double precision, success_indicator smallint,
         test_suite_executed smallint, test_pass_rate double precision, notes text, approval_level text,
         phase4_generated smallint, exit_code bigint, version text, content_hash text, tokens_avoided bigint,
         cost_avoided_usd double precision) WHERE ",
            $which,
            " ORDER BY delivery_key),
     skill AS MATERIALIZED (SELECT s.id FROM skills s WHERE EXISTS (SELECT FROM given g WHERE g.skill_id = s.id
         AND (s.created_at = g.skill_created OR s.name = g.skill_name
           OR EXISTS (SELECT FROM cfn_aliases a WHERE a.name = g.skill_name AND a.skill_id = s.id)))
       ORDER BY s.id FOR KEY SHARE)"
        )
    };
}

/// The columns of a new row. It has no key of an open use: the outcome comes from the follower.
macro_rules! columns {
    () => {
        "agent_id, agent_type, skill_id, task_id, phase, loaded_at, execution_time_ms, confidence_before, confidence_after,
         success_indicator, test_suite_executed, test_pass_rate, notes, approval_level, phase4_generated, exit_code, version,
         content_hash, tokens_avoided, cost_avoided_usd, delivery_key"
    };
}

/// Adds the uses with new keys for the follower `$2`. Ids are in the order of the follower's log, and keys in an order that is the
/// same for everybody who offers them.
const ADD: &str = concat!(
    given!("true"),
    ", numbered AS MATERIALIZED (SELECT g.*, CASE WHEN g.skill_id IN (SELECT id FROM skill)
         THEN nextval('skill_usage_log_id_seq') END AS new_id FROM (SELECT * FROM given ORDER BY place) g),
     new AS (INSERT INTO usage_received (delivery_key, row_id, is_open)
       SELECT delivery_key, new_id, is_open FROM numbered ORDER BY delivery_key ON CONFLICT DO NOTHING
       RETURNING delivery_key, row_id),
     added AS (INSERT INTO skill_usage_log (id, ",
    columns!(),
    ", origin, month) SELECT new_id, ",
    columns!(),
    ", $2, cfn_month(cfn_time(loaded_at)) FROM numbered
       WHERE delivery_key IN (SELECT delivery_key FROM new WHERE row_id IS NOT NULL) ORDER BY new_id)
     SELECT count(row_id), count(*) - count(row_id) FROM new"
);

/// Adds the outcomes of uses that were received without. One whose row is gone, to an archive, becomes a row of its own.
const COMPLETE: &str = concat!(
    given!("r.is_open = 0"),
    ", closed AS (UPDATE usage_received k SET is_open = 0 FROM given g
       WHERE k.delivery_key = g.delivery_key AND k.is_open = 1 RETURNING k.delivery_key, k.row_id),
     completed AS (UPDATE skill_usage_log u SET phase = g.phase, execution_time_ms = g.execution_time_ms,
         confidence_before = g.confidence_before, confidence_after = g.confidence_after,
         success_indicator = g.success_indicator, test_suite_executed = g.test_suite_executed,
         test_pass_rate = g.test_pass_rate, notes = g.notes, exit_code = g.exit_code, tokens_avoided = g.tokens_avoided,
         cost_avoided_usd = g.cost_avoided_usd FROM closed c JOIN given g USING (delivery_key)
       WHERE u.id = c.row_id AND u.month = cfn_month(cfn_time(g.loaded_at)) AND u.delivery_key = g.delivery_key
       RETURNING u.delivery_key),
     corrected AS (INSERT INTO skill_usage_log (",
    columns!(),
    ", origin, month) SELECT ",
    columns!(),
    ", $2, cfn_month(cfn_time(loaded_at)) FROM given
       WHERE delivery_key IN (SELECT delivery_key FROM closed WHERE row_id IS NOT NULL)
         AND delivery_key NOT IN (SELECT delivery_key FROM completed) AND skill_id IN (SELECT id FROM skill)
       ORDER BY place RETURNING 1)
     SELECT (SELECT count(*) FROM completed), (SELECT count(*) FROM corrected)"
);

/// What tells that a use has its outcome, as in the log itself.
const OUTCOMES: [&str; 8] = [
    "exit_code",
    "success_indicator",
    "execution_time_ms",
    "confidence_before",
    "confidence_after",
    "test_pass_rate",
    "tokens_avoided",
    "cost_avoided_usd",
];

fn receive(session: &Session, origin: &str, uses: &str) -> Result<Received> {
    let parameters: [Parameter<'_>; 2] = [text(uses), text(origin)];
    let statements = [Statement::new(ADD, &parameters)?, Statement::new(COMPLETE, &parameters)?];
    let answers = session.rows_of_all(&statements)?;
    let count = |statement: usize, column: usize| {
        let row = answers.get(statement).and_then(|it| it.first());
        let count = row.map(|it| it.try_get::<_, i64>(column));
        count.and_then(std::result::Result::ok).unwrap_or(0).unsigned_abs()
    };
    Ok(Received { added: count(0, 0), discarded: count(0, 1), completed: count(1, 0), corrected: count(1, 1) })
}

/// Uses as a JSON array of objects. A value that the server cannot hold becomes the nearest one that it can: a use must not be in
/// the way of the others for ever.
fn json(uses: &[OfferedUse]) -> Result<String> {
    let found = TABLES.iter().find(|it| it.name == "skill_usage_log");
    let columns = found.ok_or(StoreError::Defect("the usage log is not copied"))?.columns;
    let rows = uses.iter().filter_map(|it| it.row.as_ref()).enumerate();
    Ok(Json::Array(rows.map(|(place, row)| object(place, row, columns)).collect()).to_string())
}

fn object(place: usize, row: &OfferedRow, columns: &[Column]) -> Json {
    let held = columns.iter().zip(&row.values).map(|(column, value)| (column.name, column.stand_in(value.as_value())));
    let mut fields: Map<String, Json> = held.map(|(name, value)| (name.to_owned(), field(value))).collect();
    let has_outcome = OUTCOMES.iter().any(|it| fields.get(*it).is_some_and(|it| !it.is_null()));
    fields.insert("is_open".to_owned(), u8::from(!has_outcome).into());
    fields.insert("place".to_owned(), place.into());
    fields.insert("delivery_key".to_owned(), delivery_key(&row.delivery_key).into());
    if let Some((name, created)) = &row.skill {
        fields.insert("skill_name".to_owned(), name.replace('\0', "").into());
        fields.insert("skill_created".to_owned(), created.replace('\0', "").into());
    }
    Json::Object(fields)
}

/// A key that the server's index can hold: another program may write any.
fn delivery_key(key: &str) -> String {
    let key = key.replace('\0', "");
    if key.len() > LONGEST_USAGE_TEXT { shortened(&key) } else { key }
}

/// Floating point numbers are text, which may also be infinite.
fn field(value: Owned) -> Json {
    match value {
        Owned::Null | Owned::Blob(_) => Json::Null,
        Owned::Integer(number) => number.into(),
        Owned::Real(number) => number.to_string().into(),
        Owned::Text(bytes) => String::from_utf8_lossy(&bytes).into(),
    }
}

impl UsageReceiver for PostgresStore {
    fn receive(&mut self, origin: &str, uses: &[OfferedUse]) -> Result<Received> {
        let uses = json(uses)?;
        self.session.undo(); // the snapshot of a pull
        for _ in 0..ATTEMPTS {
            let step = |session: &Session| Ok((receive(session, origin, &uses)?, true));
            match self.step(Beginning::Unlocked, step) {
                Err(_) if self.session.conflict().is_some() => {}
                done => return done,
            }
        }
        Err(StoreError::Conflict { location: self.session.place().location(), attempts: ATTEMPTS })
    }
}
