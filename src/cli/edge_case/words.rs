//! Texts and tables that the commands share.

use crate::cli::output::Page;
use crate::model::StoredTime;
use crate::ops::EdgeCaseKind;

/// Number of digits of a hash in text.
const SHOWN: usize = 12;

/// Maximum length of a text, in bytes.
const LONGEST: usize = 64 * 1024;

/// A text of an edge case.
pub(super) fn text(typed: &str) -> Result<String, String> {
    match typed.trim() {
        "" => Err("the text is empty".to_owned()),
        text if text.len() > LONGEST => {
            Err(format!("the text has {} bytes, and at most {LONGEST} are kept", text.len()))
        }
        text => Ok(text.to_owned()),
    }
}

pub(super) fn short(hash: &str) -> &str {
    hash.get(..SHOWN).unwrap_or(hash)
}

pub(super) fn time(time: Option<&StoredTime>) -> String {
    time.map(ToString::to_string).unwrap_or_default()
}

pub(super) fn kinds(page: &mut Page, kinds: &[EdgeCaseKind]) {
    let rows = kinds.iter().map(|it| {
        vec![
            short(&it.kind).to_owned(),
            it.skill.clone().unwrap_or_else(|| "(gone)".to_owned()),
            it.severity.clone().unwrap_or_default(),
            it.count.to_string(),
            it.open.to_string(),
            time(it.first_seen.as_ref()),
            time(it.last_seen.as_ref()),
            it.ids.last().map(ToString::to_string).unwrap_or_default(),
            it.description.clone(),
        ]
    });
    let header = ["kind", "skill", "severity", "count", "open", "first seen", "last seen", "last id", "description"];
    page.table_without(&["first seen", "last id", "last seen", "severity"], &header, rows);
}
