//! The row of what is followed.

use rusqlite::{Connection, Result, Row, params};

use crate::model::Moment;
use crate::store::following::{Cursor, Following, Known};
use crate::store::sqlite::rows::first;
use crate::store::sqlite::verified::update;

/// What a pull leaves behind.
pub(super) struct Follows<'a> {
    pub(super) cursor: &'a Cursor,
    pub(super) primary_time: &'a str,
    pub(super) pulled_at: Moment,
}

pub(super) fn read(connection: &Connection) -> Result<Option<Known>> {
    let sql = "SELECT url, agents, origin, system, timeline, feed, cursor, newest, token, pulled_at, primary_time,
         (SELECT catalogue FROM cfn_tokens) FROM follow WHERE id = 1";
    first(connection, sql, [], known)
}

pub(super) fn primary(connection: &Connection) -> Result<Option<String>> {
    first(connection, "SELECT url FROM follow WHERE id = 1", [], |row| row.get(0))
}

fn known(row: &Row<'_>) -> Result<Known> {
    let text = |at: usize| row.get::<_, Option<String>>(at);
    let (url, agents, system) = (row.get::<_, String>(0)?, text(1)?, text(3)?);
    let (snapshot, newest) = (text(6)?, text(7)?.unwrap_or_default());
    let (token, catalogue): (Option<i64>, Option<i64>) = (row.get(8)?, row.get(11)?);
    let state = format!("{url} {agents:?} {system:?} {snapshot:?} {newest} {token:?} {catalogue:?}");
    let cursor = match (system, snapshot) {
        (Some(system), Some(snapshot)) => Some(Cursor {
            system,
            timeline: row.get(4)?,
            feed: text(5)?.unwrap_or_default(),
            snapshot,
            newest: newest.split(' ').filter_map(pair).collect(),
        }),
        _ => None,
    };
    let following = Following {
        url,
        agents: agents.and_then(|it| serde_json::from_str(&it).ok()),
        origin: row.get(2)?,
        cursor,
        pulled_at: text(9)?,
        primary_time: text(10)?,
    };
    Ok(Known { following, is_untouched: token.is_some() && token == catalogue, state })
}

fn pair(text: &str) -> Option<(u64, String)> {
    let (xid, random) = text.split_once(':')?;
    Some((xid.parse().ok()?, random.to_owned()))
}

/// Notes what a pull saw, in its transaction.
pub(super) fn note(connection: &Connection, follows: &Follows<'_>) -> Result<()> {
    let Cursor { system, timeline, feed, snapshot, newest } = follows.cursor;
    let newest = newest.iter().map(|(xid, random)| format!("{xid}:{random}")).collect::<Vec<_>>().join(" ");
    update(
        connection,
        "UPDATE follow SET system = ?1, timeline = ?2, feed = ?3, cursor = ?4, newest = ?5, pulled_at = ?6, primary_time = ?7
         WHERE id = 1",
        params![system, timeline, feed, snapshot, newest, follows.pulled_at, follows.primary_time],
    )?;
    settle(connection)
}

/// Notes that what was written to the catalogue was written by a pull.
pub(super) fn settle(connection: &Connection) -> Result<()> {
    update(connection, "UPDATE follow SET token = (SELECT catalogue FROM cfn_tokens) WHERE id = 1", &[]).map(drop)
}
