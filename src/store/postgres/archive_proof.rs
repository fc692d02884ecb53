//! The sums of archived rows, added up again from the rows where they are.

use super::PostgresStore;
use super::archive::{IS_OUT, identity};
use super::archived_parts::redo_totals;
use super::archived_rows;
use super::beginning::Beginning;
use super::parameters::{big, text};
use super::session::Session;
use super::sums::{bounded, daily_of_rows, in_units, of_measured, rows_to_sum, sums_of_rows};
use crate::store::archives::ArchivePlace;
use crate::store::{Proof, Result};

/// The sums of the rows `$3`, which are those of the part `$2` of the archive `$1`.
macro_rules! sums_of_part {
    () => {
        concat!(
            "WITH now AS MATERIALIZED (SELECT day, skill_id, agent_type, approval_level, $1 AS archive_id, $2 AS part,
               uses, measured, gain, helped, timed, time_ms, outcomes, succeeded, tokens, usd, nano_usd, first_used, last_used,
               unpriced FROM (",
            daily_of_rows!(
                "(SELECT r.*, cfn_time(r.loaded_at) AS loaded_time FROM json_to_recordset($3::json) AS r (id bigint,
                    agent_type text, skill_id bigint, loaded_at text, execution_time_ms bigint,
                    confidence_before double precision, confidence_after double precision, approval_level text,
                    exit_code bigint, tokens_avoided bigint, cost_avoided_usd double precision)
                  WHERE NOT EXISTS (SELECT FROM usage_archive_kept k
                    WHERE k.archive_id = $1 AND k.part = $2 AND k.row_id = r.id)) u",
                "true"
            ),
            ") days), was AS MATERIALIZED (SELECT * FROM usage_daily WHERE archive_id = $1 AND part = $2)"
        )
    };
}

const DIFFERENCES: &str = concat!(
    sums_of_part!(),
    " SELECT (SELECT count(*) FROM now), (SELECT coalesce(sum(uses), 0)::bigint FROM now), (SELECT count(*) FROM (
         SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM now EXCEPT SELECT * FROM was) d
         UNION SELECT day, skill_id, agent_type, approval_level FROM (SELECT * FROM was EXCEPT SELECT * FROM now) d) d)"
);

/// The part has no sums when this begins.
const ADD: &str = concat!(sums_of_part!(), " INSERT INTO usage_daily SELECT * FROM now");

/// Adds up the rows of an archive, and compares them with its sums. With `mends`, the sums become those of the rows; then what is
/// returned has no differences.
pub(super) fn prove(store: &mut PostgresStore, of: &mut dyn ArchivePlace, mends: bool) -> Result<Proof> {
    let ours = store.step(Beginning::Read, |session| Ok((identity(session)?, false)))?;
    let header = of.open(&ours, None)?;
    let known = "SELECT id FROM usage_archives WHERE sha256 = $1";
    let known = store.step(Beginning::Read, |session| Ok((session.first(known, &[text(&header.sha256)])?, false)))?;
    let mut proof = Proof { cells: 0, rows: 0, differences: 0 };
    let Some(id) = known.map(|row| row.get::<_, i64>(0)) else { return Ok(proof) };
    let name = of.name().to_owned();
    of.parts(&mut |_, _| (), &mut |part, rows| {
        let json = archived_rows::json(&name, &header.columns, rows)?;
        let found = if mends {
            store.alone(|session| mend(session, id, part, &json))?
        } else {
            store.step(Beginning::Read, |session| Ok((compare(session, id, part, &json)?, false)))?
        };
        proof.add(found);
        Ok(())
    })?;
    if mends {
        store.alone(redo_totals)?;
    }
    Ok(proof)
}

fn compare(session: &Session, archive: i64, part: i64, json: &str) -> Result<Proof> {
    let nothing = Proof { cells: 0, rows: 0, differences: 0 };
    if session.first(IS_OUT, &[big(archive), big(part)])?.is_none() {
        return Ok(nothing);
    }
    let row = session.first(DIFFERENCES, &[big(archive), big(part), text(json)])?;
    Ok(row.map_or(nothing, |row| Proof { cells: row.get(0), rows: row.get(1), differences: row.get(2) }))
}

fn mend(session: &Session, archive: i64, part: i64, json: &str) -> Result<Proof> {
    let found = compare(session, archive, part, json)?;
    if found.differences > 0 {
        session.change("DELETE FROM usage_daily WHERE archive_id = $1 AND part = $2", &[big(archive), big(part)])?;
        session.change(ADD, &[big(archive), big(part), text(json)])?;
        redo_totals(session)?;
    }
    Ok(Proof { differences: 0, ..found })
}
