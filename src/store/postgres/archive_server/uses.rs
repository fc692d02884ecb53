//! Uses in months on a server: a part is read page by page, newest first, and only lines that may be wanted are sent.

use super::{BATCH, ServerArchive, number};
use crate::store::archives::{ArchivedPart, ArchivedUse, ArchivedUses, Header, refused, row_of, use_of};
use crate::store::postgres::parameters::{big, text};
use crate::store::{Result, UsageFilter};

/// Lines of the part from `$2` to before `$3` that contain the text `$4`.
const NEWEST_ROWS: &str = "SELECT number, line FROM usage_rows
     WHERE set_id = $1 AND number >= $2 AND number < $3 AND strpos(line, $4) > 0 ORDER BY number DESC LIMIT $5";

const IS_THERE: &str = "SELECT 1 FROM usage_sets WHERE id = $1";

/// What the line of a wanted row contains, as JSON.
fn needle(filter: &UsageFilter<'_>) -> String {
    match filter {
        UsageFilter::Task(task) => serde_json::Value::from(*task).to_string(),
        UsageFilter::Skill(skill) => skill.0.to_string(),
    }
}

impl ServerArchive {
    /// The set with these rows, if it is there.
    fn set_of(&mut self, part: &ArchivedPart) -> Result<Option<(i64, Header)>> {
        if self.opened.as_ref().is_none_or(|(_, header)| header.sha256 != part.sha256) {
            let found = self.find(&part.database, &part.before)?;
            self.opened = found.filter(|(_, header)| header.sha256 == part.sha256);
        }
        Ok(self.opened.clone())
    }
}

impl ArchivedUses for ServerArchive {
    fn uses(&mut self, of: &ArchivedPart, filter: &UsageFilter<'_>, most: usize) -> Result<Option<Vec<ArchivedUse>>> {
        let Some((set, header)) = self.set_of(of)? else { return Ok(None) };
        let (needle, (first, mut end)) = (needle(filter), of.numbers());
        let mut found = Vec::new();
        while found.len() < most {
            let page = [big(set), big(first), big(end), text(&needle), big(number(BATCH))];
            let rows = self.transaction(|it| it.ask(NEWEST_ROWS, &page))?;
            let Some(last) = rows.last() else { break };
            end = last.get(0);
            for row in &rows {
                let line: &str = row.get(1);
                let values = row_of(line.as_bytes(), &header).ok_or_else(|| {
                    refused(&self.name, &format!("it is damaged: line {} is not a row", row.get::<_, i64>(0) + 2))
                })?;
                found.extend(use_of(&header.columns, &values, filter).filter(|it| !of.kept.contains(&it.row.id)));
            }
        }
        found.truncate(most);
        // A set goes as a whole, and then its last pages are missing.
        let is_there = self.transaction(|it| it.ask(IS_THERE, &[big(set)]))?;
        Ok((!is_there.is_empty()).then_some(found))
    }
}
