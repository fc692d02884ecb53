//! What is new on a primary: its change feed, see `migrations/postgres/0003_change_feed.sql`.

use tokio_postgres::Row;

use crate::store::following::{Cursor, News, WhyAll};
use crate::store::postgres::parameters::{Parameter, text, texts};
use crate::store::postgres::session::Session;
use crate::store::postgres::statement::Statement;
use crate::store::{Result, StoreError};

/// Which history this is, the snapshot, how far back the feed reaches, and the time.
const NOW: &str = "SELECT pg_is_in_recovery(), (SELECT system_identifier::text FROM pg_control_system()),
       CASE WHEN NOT pg_is_in_recovery()
         THEN ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::bigint ELSE 0 END,
       cfn_feed_fingerprint(),
       EXISTS (SELECT FROM cfn_metadata WHERE name = 'feed_triggers' AND value = convert_to(cfn_feed_shape(), 'UTF8')),
       (SELECT convert_from(value, 'UTF8')::xid8 < least($2::xid8, pg_snapshot_xmin($1::pg_snapshot))
        FROM cfn_metadata WHERE name = 'feed_from'),
       pg_current_snapshot()::text, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS')";

/// How many of the transactions that a follower knows are the same ones.
const SAME: &str = "SELECT count(*) FROM unnest($1, $2) AS of (xid, random)
   WHERE (SELECT f.random::text FROM cfn_feed f WHERE f.xid = of.xid::xid8 ORDER BY f.kind DESC, f.key DESC LIMIT 1) = of.random";

/// The newest transactions: one seek for each, however many rows one wrote.
const NEWEST: &str = "WITH RECURSIVE newest (xid, random, n) AS (
     (SELECT xid, random, 1 FROM cfn_feed WHERE pg_visible_in_snapshot(xid, pg_current_snapshot())
      ORDER BY xid DESC, kind DESC, key DESC LIMIT 1)
     UNION ALL
     SELECT f.xid, f.random, newest.n + 1 FROM newest, LATERAL (
       SELECT xid, random FROM cfn_feed WHERE xid < newest.xid ORDER BY xid DESC, kind DESC, key DESC LIMIT 1) f
     WHERE newest.n < 16)
   SELECT xid::text, random::text FROM newest ORDER BY n";

/// What was written since. Nothing that was visible had a higher number than the newest one.
const FRESH: &str = "SELECT DISTINCT kind, key FROM cfn_feed
   WHERE xid >= least($2::xid8, pg_snapshot_xmin($1::pg_snapshot))
     AND (xid >= $2::xid8 OR NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)) ORDER BY 1, 2";

/// Skills with a pass rate since. The log's rows have their transactions too.
const RATED: &str = "SELECT DISTINCT skill_id FROM skill_usage_log
   WHERE xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot)
     AND test_pass_rate IS NOT NULL ORDER BY 1";

/// The skills that agent types need: those that they may load, bootstrap skills, and what replaces one of them.
const WANTED: &str = "WITH RECURSIVE wanted (id) AS (
     SELECT skill_id FROM agent_skill_mappings WHERE agent_type = ANY($1)
     UNION SELECT s.id FROM skills s JOIN bootstrap_skills b ON b.skill_name = s.name
     UNION SELECT s.replacement_id FROM wanted w JOIN skills s ON s.id = w.id WHERE s.replacement_id IS NOT NULL)
   SELECT id FROM wanted ORDER BY 1";

/// The snapshot before everything.
const BEFORE_ALL: &str = "1:1:";

/// Everything in one round trip.
pub(super) fn read(session: &Session, since: Option<&Cursor>, agents: Option<&[String]>) -> Result<News> {
    let known = since.cloned().unwrap_or_default();
    let snapshot = if known.snapshot.is_empty() { BEFORE_ALL } else { known.snapshot.as_str() };
    let next = known.newest.first().map_or(1, |(xid, _)| xid + 1).to_string();
    let (xids, randoms): (Vec<String>, Vec<&str>) =
        known.newest.iter().map(|(xid, random)| (xid.to_string(), random.as_str())).unzip();
    let xids: Vec<&str> = xids.iter().map(String::as_str).collect();
    let agents: Option<Vec<&str>> = agents.map(|it| it.iter().map(String::as_str).collect());
    let since_then: [Parameter<'_>; 2] = [text(snapshot), text(&next)];
    let mut queries = vec![
        Statement::new(NOW, &since_then)?,
        Statement::new(SAME, &[texts(&xids), texts(&randoms)])?,
        Statement::new(NEWEST, &[])?,
    ];
    if since.is_some() {
        queries.push(Statement::new(FRESH, &since_then)?);
        queries.push(Statement::new(RATED, &since_then[..1])?);
    }
    if let Some(agents) = &agents {
        queries.push(Statement::new(WANTED, &[texts(agents)])?);
    }
    let mut answers = session.rows_of_all(&queries)?.into_iter();
    let mut next_rows = || answers.next().unwrap_or_default();
    let (now, same, newest) = (next_rows(), next_rows(), next_rows());
    let (fresh, rated) = if since.is_some() { (next_rows(), next_rows()) } else { (Vec::new(), Vec::new()) };
    let wanted = agents.is_some().then(|| next_rows().iter().map(|row| row.get(0)).collect());
    let now = Now::of(session, &now)?;
    let newest = newest.iter().filter_map(pair).collect();
    let is_same = usize::try_from(same.first().map_or(0, |row| row.get::<_, i64>(0))) == Ok(known.newest.len());
    let all = since.map_or(Some(WhyAll::First), |since| now.why_all(since, is_same)).or_else(|| emptied(&fresh));
    let keys = |kind: &str| -> Vec<&str> {
        let of_kind = fresh.iter().filter(|row| all.is_none() && row.get::<_, &str>(0) == kind);
        of_kind.map(|row| row.get(1)).collect()
    };
    Ok(News {
        skills: keys("skill").iter().filter_map(|it| it.parse().ok()).collect(),
        contents: keys("content").into_iter().map(str::to_owned).collect(),
        tables: !keys("table").is_empty(),
        rated: if all.is_some() { Vec::new() } else { rated.iter().map(|row| row.get(0)).collect() },
        cursor: Cursor { system: now.system, timeline: now.timeline, feed: now.feed, snapshot: now.snapshot, newest },
        time: now.time,
        all,
        misses: !now.is_whole,
        wanted,
    })
}

/// The skills that these agent types need.
pub(super) fn wanted(session: &Session, agents: &[String]) -> Result<Vec<i64>> {
    let agents: Vec<&str> = agents.iter().map(String::as_str).collect();
    Ok(session.rows(WANTED, &[texts(&agents)])?.iter().map(|row| row.get(0)).collect())
}

/// What [`NOW`] says.
struct Now {
    system: String,
    timeline: i64,
    feed: String,
    is_whole: bool,
    reaches_back: bool,
    snapshot: String,
    time: String,
}

impl Now {
    fn of(session: &Session, rows: &[Row]) -> Result<Self> {
        let row = rows.first().ok_or(StoreError::Defect("a query without FROM has one row"))?;
        if row.get(0) {
            let detail = "it is a replica, which has no change feed; follow its primary".to_owned();
            return Err(StoreError::Failed { location: session.place().location(), detail });
        }
        Ok(Self {
            system: row.get(1),
            timeline: row.get(2),
            feed: row.get(3),
            is_whole: row.get(4),
            reaches_back: row.get::<_, Option<bool>>(5).unwrap_or(false),
            snapshot: row.get(6),
            time: row.get(7),
        })
    }

    /// Why what is in the feed is not enough.
    fn why_all(&self, since: &Cursor, is_same: bool) -> Option<WhyAll> {
        if self.system != since.system {
            return Some(WhyAll::AnotherServer);
        }
        if self.timeline != since.timeline {
            return Some(WhyAll::AnotherTimeline);
        }
        if !self.reaches_back {
            return Some(WhyAll::TooOld);
        }
        if !is_same {
            return Some(WhyAll::AnotherHistory);
        }
        (!self.is_whole || self.feed != since.feed).then_some(WhyAll::FeedChanged)
    }
}

fn pair(row: &Row) -> Option<(u64, String)> {
    Some((row.get::<_, &str>(0).parse().ok()?, row.get(1)))
}

/// A table was emptied: which skills lost rows, nobody knows.
fn emptied(fresh: &[Row]) -> Option<WhyAll> {
    const WHOLE: [&str; 2] = ["bootstrap_skills", "approval_criteria_templates"];
    let is_table = |row: &Row| row.get::<_, &str>(0) == "table" && !WHOLE.contains(&row.get(1));
    fresh.iter().any(is_table).then_some(WhyAll::Emptied)
}
