//! Parts of the sentences of errors.

use crate::model::Visible;

/// ` by ann (2026-01-31 12:00:00): a secret`
pub(super) fn by_whom(who: Option<&str>, when: Option<&str>, why: Option<&str>) -> String {
    let part = |before: &str, text: Option<&str>, after: &str| {
        text.map(|it| format!("{before}{}{after}", Visible(it))).unwrap_or_default()
    };
    [part(" by ", who, ""), part(" (", when, ")"), part(": ", why, "")].concat()
}

/// Who has a name.
pub(super) fn name_taken(name: &str, other: &str, former_of: Option<&str>) -> String {
    let (shown, differs) = (Visible(other), if name == other { "is" } else { "differs in nothing but case from" });
    match former_of {
        None => format!("\"{name}\" {differs} the skill \"{shown}\""),
        Some(skill) => format!("\"{name}\" {differs} \"{shown}\", a former name of the skill \"{}\"", Visible(skill)),
    }
}

/// A version behind a name; nothing where no version is meant.
pub(super) fn after_blank(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!(" {version}") }
}
