//! `usage_unpushed`: the uses that a follower has to push. See `migrations/sqlite/0011_usage_push.sql`.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result, Row, params};

use super::rows::{change, collect, first};
use super::sums::day_of;
use super::verified::clear;
use super::{SqliteStore, rollups};
use crate::store::copying::{Owned, TABLES, Table};
use crate::store::{Durability, OfferedRow, OfferedUse, StoreError, UsagePush};

/// The triggers that note uses, which are there only while the database follows: every process parses the whole schema, and
/// every write of the log would run them. A row that another program wrote gets its key here; cfn writes it with the row.
pub(super) const TRIGGERS: [(&str, &str); 2] = [
    (
        "cfn_unpushed_insert",
        "CREATE TRIGGER cfn_unpushed_insert AFTER INSERT ON skill_usage_log BEGIN INSERT INTO usage_unpushed VALUES(NEW.id,random())ON CONFLICT(row_id)DO UPDATE SET token=excluded.token;UPDATE skill_usage_log SET delivery_key=lower(hex(randomblob(16)))WHERE id=NEW.id AND delivery_key ISNULL;END",
    ),
    (
        "cfn_unpushed_update",
        "CREATE TRIGGER cfn_unpushed_update AFTER UPDATE ON skill_usage_log WHEN NEW.delivery_key IS OLD.delivery_key BEGIN INSERT INTO usage_unpushed VALUES(NEW.id,random())ON CONFLICT(row_id)DO UPDATE SET token=excluded.token;END",
    ),
];

const OFFER_ALL: &str = "INSERT INTO usage_unpushed SELECT id, random() FROM skill_usage_log WHERE true
     ON CONFLICT (row_id) DO UPDATE SET token = excluded.token";

/// About so many bytes are offered at once: notes of other programs may be long.
const MOST_BYTES: usize = 4 << 20;

/// Whether the triggers are in place.
fn notes(connection: &Connection) -> Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND sql IN (?1, ?2)";
    connection.query_row(sql, TRIGGERS.map(|it| it.1), |row| Ok(row.get::<_, i64>(0)? == 2))
}

/// Changes the triggers. The sums of the log stay what they are.
fn set_triggers(connection: &Connection, are_wanted: bool) -> Result<()> {
    let are_trusted = rollups::trusted(connection)?;
    for (name, sql) in TRIGGERS {
        connection.execute_batch(&format!("DROP TRIGGER IF EXISTS {name}"))?;
        if are_wanted {
            connection.execute_batch(sql)?;
        }
    }
    if are_trusted { rollups::trust(connection) } else { Ok(()) }
}

/// Stops noting uses. Their keys stay.
pub(super) fn stop(connection: &Connection) -> Result<()> {
    set_triggers(connection, false)?;
    clear(connection, "DELETE FROM usage_unpushed", &[]).map(drop)
}

/// Whether rows from before a day are still to be pushed.
pub(super) fn has_unpushed_before(connection: &Connection, day: &str) -> Result<bool> {
    let sql = concat!(
        "SELECT 1 FROM usage_unpushed p JOIN skill_usage_log u ON u.id = p.row_id WHERE ",
        day_of!(),
        " > '' AND ",
        day_of!(),
        " < ?1 LIMIT 1"
    );
    Ok(first(connection, sql, [day], |_| Ok(()))?.is_some())
}

/// The values of a use's row begin after these columns.
const BEFORE: usize = 5;

fn log_table() -> std::result::Result<&'static Table, StoreError> {
    let found = TABLES.iter().find(|it| it.name == "skill_usage_log");
    found.ok_or(StoreError::Defect("the usage log is not copied"))
}

fn query(table: &Table) -> String {
    let columns: Vec<String> = table.columns.iter().map(|it| format!("u.{}", it.name)).collect();
    format!(
        "SELECT p.row_id, p.token, u.delivery_key, s.name, s.created_at, {} FROM usage_unpushed p
         LEFT JOIN skill_usage_log u ON u.id = p.row_id LEFT JOIN skills s ON s.id = u.skill_id
         ORDER BY p.row_id LIMIT ?1",
        columns.join(", ")
    )
}

fn text(value: ValueRef<'_>) -> Option<String> {
    value.as_bytes().ok().map(|it| String::from_utf8_lossy(it).into_owned())
}

fn owned(value: ValueRef<'_>) -> Owned {
    match value {
        ValueRef::Null => Owned::Null,
        ValueRef::Integer(number) => Owned::Integer(number),
        ValueRef::Real(number) => Owned::Real(number),
        ValueRef::Text(bytes) => Owned::Text(bytes.to_vec()),
        ValueRef::Blob(bytes) => Owned::Blob(bytes.to_vec()),
    }
}

/// A use, and its size.
fn offered(row: &Row<'_>, columns: usize) -> Result<(OfferedUse, usize)> {
    let values: Vec<Owned> = (0..columns).map(|at| row.get_ref(BEFORE + at).map(owned)).collect::<Result<_>>()?;
    let size = values.iter().map(|it| if let Owned::Text(bytes) | Owned::Blob(bytes) = it { bytes.len() } else { 8 });
    let size = size.sum();
    let skill = text(row.get_ref(3)?).zip(text(row.get_ref(4)?));
    let row_of = |delivery_key| OfferedRow { delivery_key, skill, values };
    let use_ = OfferedUse { row_id: row.get(0)?, token: row.get(1)?, row: text(row.get_ref(2)?).map(row_of) };
    Ok((use_, size))
}

/// Gives keys to the first uses that have none: of a time when the database did not follow. What a row adds to the sums stays the
/// same, so it needs no new sums.
fn give_keys(connection: &Connection, most: i64) -> Result<()> {
    let marked: Option<i64> = connection.query_row("SELECT max(rowid) FROM usage_dirty", [], |row| row.get(0))?;
    let sql = "UPDATE skill_usage_log SET delivery_key = lower(hex(randomblob(16)))
         WHERE id IN (SELECT row_id FROM usage_unpushed ORDER BY row_id LIMIT ?1) AND delivery_key IS NULL";
    change(connection, sql, [most])?;
    change(connection, "DELETE FROM usage_dirty WHERE rowid > ?1 OR ?1 IS NULL", [marked]).map(drop)
}

const LACKS_A_KEY: &str = "SELECT 1 FROM (SELECT row_id FROM usage_unpushed ORDER BY row_id LIMIT ?1) p
     JOIN skill_usage_log u ON u.id = p.row_id WHERE u.delivery_key IS NULL LIMIT 1";

impl UsagePush for SqliteStore {
    fn note_uses(&mut self) -> crate::store::Result<()> {
        let snapshot = self.begin_read()?;
        if snapshot.say(notes(snapshot.connection()))? {
            return Ok(());
        }
        drop(snapshot);
        let transaction = self.begin_write(Durability::Full)?;
        let begun =
            set_triggers(transaction.connection(), true).and_then(|()| change(transaction.connection(), OFFER_ALL, []));
        transaction.say(begun)?;
        transaction.commit()
    }

    fn unpushed(&mut self) -> crate::store::Result<u64> {
        let snapshot = self.begin_read()?;
        let sql = "SELECT count(*) FROM usage_unpushed";
        let count: Option<i64> = snapshot.say(first(snapshot.connection(), sql, [], |row| row.get(0)))?;
        Ok(count.unwrap_or(0).unsigned_abs())
    }

    fn unpushed_skills(&mut self) -> crate::store::Result<Vec<i64>> {
        let snapshot = self.begin_read()?;
        let sql =
            "SELECT DISTINCT u.skill_id FROM usage_unpushed p JOIN skill_usage_log u ON u.id = p.row_id ORDER BY 1";
        snapshot.say(collect(snapshot.connection(), sql, [], |row| row.get(0)))
    }

    fn offered(&mut self, most: usize) -> crate::store::Result<Vec<OfferedUse>> {
        let table = log_table()?;
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let snapshot = self.begin_read()?;
        let lacks = snapshot.say(first(snapshot.connection(), LACKS_A_KEY, [limit], |_| Ok(())))?;
        drop(snapshot);
        if lacks.is_some() {
            // A key that a power cut takes after it was sent would be another one then.
            let transaction = self.begin_write(Durability::Full)?;
            transaction.say(give_keys(transaction.connection(), limit))?;
            transaction.commit()?;
        }
        let snapshot = self.begin_read()?;
        let columns = table.columns.len();
        let found =
            snapshot.say(collect(snapshot.connection(), &query(table), [limit], |row| offered(row, columns)))?;
        let mut bytes = 0;
        let small = found.into_iter().enumerate().take_while(|(at, (_, size))| {
            bytes += size;
            *at == 0 || bytes <= MOST_BYTES
        });
        Ok(small.map(|(_, (it, _))| it).collect())
    }

    fn acknowledge(&mut self, uses: &[OfferedUse]) -> crate::store::Result<()> {
        let transaction = self.begin_write(Durability::Normal)?;
        let sql = "DELETE FROM usage_unpushed WHERE row_id = ?1 AND token = ?2";
        let mut each = uses.iter().map(|it| change(transaction.connection(), sql, params![it.row_id, it.token]));
        transaction.say(each.try_for_each(|it| it.map(drop)))?;
        transaction.commit()
    }

    fn offer_again(&mut self) -> crate::store::Result<()> {
        let transaction = self.begin_write(Durability::Normal)?;
        transaction.say(change(transaction.connection(), OFFER_ALL, []))?;
        transaction.commit()
    }
}
