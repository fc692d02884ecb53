//! What is read about a skill together with itself, in one round trip.

use super::fields::Fields;
use super::parameters::{Parameter, big, maybe_big, maybe_text, text};
use super::session::Session;
use super::statement::Statement;
use super::{approvals, archived_parts, candidates, events, mappings, names, serving, skills, usage, versions};
use crate::model::{EventKind, Skill, SkillName};
use crate::store::{About, Result};

/// A parameter of a statement that is known once the skill is.
#[derive(Clone, Copy)]
enum Slot<'a> {
    Skill,
    /// The number of its current version.
    Version,
    /// The hash of its skill file.
    Hash,
    Text(Option<&'a str>),
    /// A number of rows.
    AtMost(usize),
}

/// The id of the skill with a name, which is the parameter in place of `?`.
const NAMED: &str =
    "coalesce((SELECT id FROM skills WHERE name = ?), (SELECT skill_id FROM cfn_aliases WHERE name = ?))";

impl<'a> Slot<'a> {
    /// What stands for the parameter, while only the name of the skill is known.
    fn meanwhile(self, place: &str) -> Option<String> {
        let named = || NAMED.replace('?', place);
        match self {
            Self::Skill => Some(named()),
            Self::Version => Some(format!("(SELECT version FROM skills WHERE id = {})", named())),
            Self::Hash => Some(format!("(SELECT content_hash FROM skills WHERE id = {})", named())),
            Self::Text(_) | Self::AtMost(_) => None,
        }
    }

    /// The parameter; `None` if it needs a skill and there is none.
    fn known<'b>(self, skill: Option<&'b Skill>) -> Option<Parameter<'b>>
    where
        'a: 'b,
    {
        match self {
            Self::Skill => skill.map(|it| big(it.id.0)),
            Self::Version => skill.map(|it| text(&it.version)),
            Self::Hash => skill.map(|it| text(&it.content_hash)),
            Self::Text(value) => Some(maybe_text(value)),
            Self::AtMost(rows) => Some(usage::at_most(rows)),
        }
    }
}

/// The statement that reads something about a skill, and its parameters.
fn query<'a>(about: About<'a>, name: &'a SkillName) -> (&'static str, Vec<Slot<'a>>) {
    match about {
        About::Spellings => (names::SPELLINGS, vec![Slot::Text(Some(name.as_str()))]),
        About::FormerNames => (names::FORMER, vec![Slot::Skill]),
        About::Versions => (versions::OF, vec![Slot::Skill]),
        About::Approvals => (approvals::OF, vec![Slot::Skill]),
        About::Review => (skills::REVIEW, vec![Slot::Skill]),
        About::Mappings => (mappings::OF, vec![Slot::Skill]),
        About::Events => (events::OF, vec![Slot::Skill]),
        About::Uses(most) => (usage::OF_SKILL, vec![Slot::Skill, Slot::AtMost(most)]),
        About::ArchivedUses => (archived_parts::OF_SKILL, vec![Slot::Skill]),
        About::Files => (serving::FILES, vec![Slot::Skill, Slot::Version]),
        About::Content => (serving::CONTENT, vec![Slot::Hash]),
        About::Decision(hash, folder) => {
            (approvals::LATEST, vec![Slot::Skill, Slot::Text(Some(hash)), Slot::Text(folder)])
        }
        About::Refusal(hash) => {
            (events::ABOUT, vec![Slot::Text(Some(hash)), Slot::Skill, Slot::Text(Some(EventKind::Accepted.as_str()))])
        }
        About::Bootstrap => (candidates::BOOTSTRAP, Vec::new()),
    }
}

/// The skill, and what is read about it next, for the calls that ask for it.
pub(super) fn find(session: &Session, name: &SkillName, next: &[About<'_>]) -> Result<Option<Skill>> {
    let mut queries = vec![Statement::new(skills::FIND, &[text(name.as_str())])?];
    for about in next {
        queries.push(meanwhile(*about, name)?);
    }
    let mut rows = session.rows_of_all(&queries)?.into_iter();
    let found = rows.next().unwrap_or_default();
    let skill = found.first().map(|row| skills::read(&mut Fields::new("skills", row))).transpose()?;
    for (about, rows) in next.iter().zip(rows) {
        if let Some(statement) = known(*about, name, skill.as_ref())? {
            session.ahead.remember(statement, rows);
        }
    }
    Ok(skill)
}

fn meanwhile(about: About<'_>, name: &SkillName) -> Result<Statement> {
    let (sql, slots) = query(about, name);
    let (mut sql, mut parameters) = (sql.to_owned(), Vec::with_capacity(slots.len()));
    for (at, slot) in slots.into_iter().enumerate() {
        let place = format!("${}", at + 1);
        if let Some(meanwhile) = slot.meanwhile(&place) {
            sql = sql.replace(&place, &meanwhile);
        }
        parameters.push(slot.known(None).unwrap_or_else(|| text(name.as_str())));
    }
    Statement::new(sql, &parameters)
}

/// A refusal is also looked for without a skill, for the first version of one.
fn known(about: About<'_>, name: &SkillName, skill: Option<&Skill>) -> Result<Option<Statement>> {
    let (sql, slots) = query(about, name);
    let nobody = || matches!(about, About::Refusal(_)).then(|| maybe_big(None));
    let parameters: Option<Vec<_>> = slots.into_iter().map(|it| it.known(skill).or_else(nobody)).collect();
    parameters.map(|it| Statement::new(sql, &it)).transpose()
}
