//! Whether a follower is what its primary is: every row that it follows, and its bytes.

use super::error::FollowError;
use super::report::FollowCheck;
use super::two_sides::{ConnectPrimary, follower, following, of_primary};
use super::{batch, pull};
use crate::ops::Result;
use crate::store::Store;
use crate::store::copying::{Digest, Owned};
use crate::store::following::TableRows;

/// Pulls, and compares with the same snapshot of the primary. Other programs must not write here meanwhile.
pub fn check_followed(store: &mut dyn Store, connect: ConnectPrimary<'_>) -> Result<FollowCheck> {
    let followed = following(store)?.ok_or(FollowError::FollowsNothing)?;
    let mut source = of_primary(connect(&followed.url))?;
    let target = follower(store)?;
    let pulled = pull::from(target, source.as_mut())?;
    let mut wanted = of_primary(source.wanted(followed.agents.as_deref()))?;
    if let (Some(wanted), Some(_)) = (&mut wanted, &pulled.uses.failed) {
        batch::add(wanted, &target.unpushed_skills()?); // the pull kept them
    }
    let mut theirs = of_primary(source.rows_of_skills(wanted.as_deref()))?;
    theirs.extend(of_primary(source.whole_tables())?);
    let ours = target.followed_rows()?;
    let (ours, theirs) = (sums(&ours), sums(&theirs));
    let different = ours.iter().zip(&theirs).filter(|(one, other)| one != other);
    let mut tables: Vec<String> = different.map(|(one, _)| one.table.to_owned()).collect();
    if !target.damaged_contents()?.is_empty() {
        tables.push("skill_contents".to_owned());
    }
    if !tables.is_empty() {
        return Err(FollowError::Differs { tables }.into());
    }
    let compared_rows = ours.iter().map(|it| it.rows).sum();
    let mut all = Digest::default();
    for it in &ours {
        all.table(it.table);
        all.row(&[Owned::Text(it.sha256.clone().into_bytes()).as_value()]);
    }
    Ok(FollowCheck { pulled, compared_rows, sha256: all.so_far() })
}

/// The rows of a table.
#[derive(Debug, PartialEq, Eq)]
struct Sum {
    table: &'static str,
    rows: u64,
    sha256: String,
}

/// Of each table, the digest of its rows, in whatever order they came.
fn sums(tables: &[TableRows]) -> Vec<Sum> {
    let sum = |of: &TableRows| {
        let digest = |row: &Vec<Owned>| {
            let mut digest = Digest::default();
            digest.row(&row.iter().map(Owned::as_value).collect::<Vec<_>>());
            digest.so_far()
        };
        let mut rows: Vec<String> = of.rows.iter().map(digest).collect();
        rows.sort_unstable();
        let mut digest = Digest::default();
        for it in rows {
            digest.row(&[Owned::Text(it.into_bytes()).as_value()]);
        }
        Sum { table: of.table.name, rows: of.rows.len() as u64, sha256: digest.so_far() }
    };
    tables.iter().map(sum).collect()
}
