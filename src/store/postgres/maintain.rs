//! `db maintain`: partitions for the months to come, and for what the default partition caught; the sums of the usage log;
//! and fresh statistics.

use super::PostgresStore;
use super::beginning::Beginning;
use crate::store::{MaintainReport, Maintenance, Result, UsageSums as _};

/// The next three months, and those of the last ten years of which the default partition has rows. Other times are mistakes,
/// or very old: a partition for each would only make the table slower.
pub(super) const MONTHS: &str = "SELECT to_char(month, 'YYYY-MM-DD') FROM (
     SELECT (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead))::date AS month
       FROM generate_series(0, 3) AS ahead
     UNION SELECT DISTINCT month FROM skill_usage_log_rest
       WHERE month BETWEEN (now() - interval '10 years')::date AND (now() + interval '4 months')::date) months
   WHERE to_regclass('skill_usage_log_' || to_char(month, 'YYYY_MM')) IS NULL ORDER BY month";

/// Removes rows of the change feed that are older than followers may be, and those of numbers that no transaction had yet, which a
/// restore brought. The newest rows stay, by which followers know the database.
const SHORTEN_FEED: &str = "
   DELETE FROM cfn_feed WHERE NOT pg_visible_in_snapshot(xid, pg_current_snapshot());
   WITH newest AS (SELECT xid FROM (SELECT DISTINCT xid FROM cfn_feed ORDER BY xid DESC LIMIT 16) t ORDER BY xid LIMIT 1),
     removed AS (DELETE FROM cfn_feed WHERE written < now() - interval '30 days' AND xid < (SELECT xid FROM newest) RETURNING xid)
   UPDATE cfn_metadata m SET value = convert_to(r.last::text, 'UTF8') FROM (SELECT max(xid) FROM removed) AS r (last)
   WHERE m.name = 'feed_from' AND r.last > convert_from(m.value, 'UTF8')::xid8";

/// Without the schema's name, which the search path has.
const SIZE: &str = "SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint FROM pg_class c
   WHERE c.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = 'usage_state'::regclass) AND c.relkind = 'r'";

pub(super) fn run(store: &mut PostgresStore, how: Maintenance) -> Result<MaintainReport> {
    let (bytes_before, months) = store.step(Beginning::Read, |session| {
        let months = session.rows(MONTHS, &[])?.iter().map(|row| row.get(0)).collect::<Vec<String>>();
        Ok(((size(session)?, months), false))
    })?;
    let mut notes = Vec::new();
    for month in &months {
        let moved = store.step(Beginning::Unlocked, |session| {
            let sql = "SELECT coalesce(cfn_usage_partition($1::date), 0)";
            let row = session.first(sql, &[super::parameters::text(month)])?;
            Ok((row.map_or(0, |row| row.get::<_, i64>(0)), true))
        })?;
        notes.push(format!("the usage log has a partition for {} now; {moved} rows moved there", &month[..7]));
    }
    store.catch_up(&mut |_| ())?;
    store.step(Beginning::Unlocked, |session| Ok((session.script(SHORTEN_FEED)?, true)))?;
    let analyzed = how == Maintenance::Thorough;
    let bytes_after = store.step(Beginning::Unlocked, |session| {
        // The server's own autovacuum does it whenever it is due.
        if analyzed {
            session.script(
                "ANALYZE skills, skill_versions, approval_history, agent_skill_mappings, skill_usage_log, usage_daily",
            )?;
        }
        Ok((size(session)?, true))
    })?;
    Ok(MaintainReport { bytes_before, bytes_after, vacuumed: false, analyzed, notes })
}

fn size(session: &super::Session) -> Result<u64> {
    Ok(session.first(SIZE, &[])?.map_or(0, |row| row.get::<_, i64>(0)).unsigned_abs())
}
