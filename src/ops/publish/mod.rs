//! The step shared by deploy, update, rollback and import: makes bytes the current version of a skill, or adds missing
//! parts. It determines version number, approval level, fields, decision and mappings, inside the caller's transaction.
//! Callers provide the bytes and the approver, and make the report.

mod level;
mod mapping;
mod numbering;
mod refused;
mod step;

use super::error::{Error, Result};
use super::folder::ReadSkill;
use super::rules::{Content, Described};
use crate::model::{
    ApprovalLevel, Bootstrap, Category, ContentHash, Decision, Moment, Remark, Skill, SkillFolder, SkillId, SkillName,
    VersionSource, Visible,
};
use crate::store::{About, Transaction};

pub(super) use level::Trust;
pub(super) use mapping::{Mapped, MappingFlags};
pub(super) use numbering::{Numbering, bytes_of};

/// The future current version of a skill.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Publication<'a> {
    pub(in crate::ops) name: &'a SkillName,
    pub(in crate::ops) content: Content<'a>,
    /// The fields in the file; `None` to keep the skill's fields.
    pub(in crate::ops) file: Option<&'a Described>,
    /// The fields given in the command, which override the file.
    pub(in crate::ops) command: Fields<'a>,
    /// Of a new skill, where neither says one.
    pub(in crate::ops) default: NewSkill,
    /// Whether a file may weaken its own review.
    pub(in crate::ops) trust: Trust,
    /// The minimum approval level of the bytes.
    pub(in crate::ops) least_level: Option<ApprovalLevel>,
    pub(in crate::ops) numbering: Numbering,
    pub(in crate::ops) source: VersionSource,
    /// The decision about the bytes. With `None` they wait for review, unless their level is `auto`.
    pub(in crate::ops) judgement: Option<Judgement<'a>>,
    /// Accepts rejected bytes.
    pub(in crate::ops) overrule: Option<Overrule<'a>>,
    pub(in crate::ops) mappings: MappingFlags<'a>,
    /// Now, in UTC.
    pub(in crate::ops) now: Moment,
}

/// Defaults of a new skill.
#[derive(Debug, Clone, Copy)]
pub(in crate::ops) struct NewSkill {
    pub(in crate::ops) category: Category,
    /// Minimum level: neither the file's category nor its level lowers it.
    pub(in crate::ops) level: ApprovalLevel,
}

impl From<Category> for NewSkill {
    fn from(category: Category) -> Self {
        Self { category, level: category.approval_level() }
    }
}

/// Fields of a skill; `None` if not given.
#[derive(Clone, Copy, Default)]
pub(in crate::ops) struct Fields<'a> {
    pub(in crate::ops) category: Option<Category>,
    pub(in crate::ops) team: Option<&'a str>,
    pub(in crate::ops) tags: Option<&'a [String]>,
    pub(in crate::ops) owner: Option<&'a str>,
    pub(in crate::ops) phase4_pattern_id: Option<i64>,
}

/// A decision about the bytes.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Judgement<'a> {
    pub(in crate::ops) decision: Decision,
    pub(in crate::ops) approver: &'a str,
    /// The approval level; the skill's if `None`.
    pub(in crate::ops) level: Option<ApprovalLevel>,
    pub(in crate::ops) reasoning: &'a str,
    /// The content of `approval_criteria_check`.
    pub(in crate::ops) criteria: Option<&'a serde_json::Map<String, serde_json::Value>>,
}

/// The reason for accepting rejected bytes, and who gave it. Without a decision about them, they wait for review.
#[derive(Clone, Copy)]
pub(in crate::ops) struct Overrule<'a> {
    pub(in crate::ops) reason: &'a str,
    pub(in crate::ops) approver: &'a str,
}

/// The outcome.
#[expect(clippy::struct_excessive_bools, reason = "each answers a question of its own")]
pub(in crate::ops) struct Published {
    pub(in crate::ops) id: SkillId,
    pub(in crate::ops) version: String,
    pub(in crate::ops) level: ApprovalLevel,
    pub(in crate::ops) created: bool,
    /// Whether the bytes are a new version; always true for a new skill.
    pub(in crate::ops) new_version: bool,
    /// Whether a decision was recorded.
    pub(in crate::ops) decided: bool,
    /// Whether rejected bytes were accepted.
    pub(in crate::ops) overruled: bool,
    pub(in crate::ops) mapped: Mapped,
    /// Remarks, besides the findings in the file.
    pub(in crate::ops) warnings: Vec<Remark>,
}

/// The skill with this name or former name, or `None` if the name is free. A name that differs from another one only in
/// case is an error.
pub(in crate::ops) fn find(tx: &dyn Transaction, name: &SkillName) -> Result<Option<Skill>> {
    find_and(tx, name, &[About::Spellings])
}

/// The same; `next` is [`Hashes::about`] of what will be published.
pub(in crate::ops) fn find_and(tx: &dyn Transaction, name: &SkillName, next: &[About<'_>]) -> Result<Option<Skill>> {
    if let Some(skill) = tx.skill_and(name, next)? {
        return Ok(Some(skill));
    }
    match tx.spellings(name)?.into_iter().next() {
        Some(taken) => Err(Error::taken(name, taken)),
        None => Ok(None),
    }
}

/// The hashes of bytes that are to be published, as text.
pub(in crate::ops) struct Hashes {
    skill_file: String,
    /// Those of the other files, and of the folder.
    others: Vec<String>,
    folder: Option<String>,
    /// Whether other files of the current version are kept.
    keeps_files: bool,
}

impl Hashes {
    /// Of what was read; [`in_folder`](Self::in_folder) completes them if other files are kept.
    pub(in crate::ops) fn of(read: &ReadSkill) -> Self {
        Self { keeps_files: read.keeps_files(), ..Self::in_folder(read.described.hash, &read.folder(None)) }
    }

    pub(in crate::ops) fn in_folder(skill_file: ContentHash, folder: &SkillFolder) -> Self {
        let others = folder.files().iter().map(|it| it.hash).filter(|it| *it != skill_file);
        let of_folder = (!folder.is_plain()).then(|| folder.hash().to_string());
        let others = others.map(|it| it.to_string()).chain(of_folder.clone()).collect();
        Self { skill_file: skill_file.to_string(), others, folder: of_folder, keeps_files: false }
    }

    /// What publishing reads about the skill.
    pub(in crate::ops) fn about(&self) -> Vec<About<'_>> {
        let mut about = vec![About::Spellings, About::Versions, About::Mappings, About::Bootstrap];
        if self.keeps_files {
            about.push(About::Files);
        }
        about.push(About::Decision(&self.skill_file, self.folder.as_deref()));
        about.extend(self.folder.is_some().then_some(About::Decision(&self.skill_file, None)));
        about.push(About::Refusal(&self.skill_file));
        about.extend(self.others.iter().map(|it| About::Refusal(it)));
        about
    }
}

/// A warning if the file declares the name of another skill than this one, which may be a new one.
pub(in crate::ops) fn foreign_name(
    tx: &dyn Transaction,
    file: &Described,
    skill: Option<SkillId>,
    name: &str,
) -> Result<Option<Remark>> {
    let Some(own) = file.name.as_deref().and_then(|it| it.parse::<SkillName>().ok()) else { return Ok(None) };
    if own.as_str() == name {
        return Ok(None);
    }
    let spellings = tx.spellings(&own)?;
    if spellings.iter().any(|it| Some(it.skill) == skill) {
        return Ok(None);
    }
    let exact = spellings.iter().find(|it| it.name == own.as_str());
    Ok(exact.or(spellings.first()).map(|other| {
        let (other, name) = (Visible(&other.name), Visible(name));
        Remark::from(format!("the file declares the name \"{other}\", which is another skill than \"{name}\""))
    }))
}

/// A warning if a bootstrap skill with other bytes has the name of this skill, which is then never served.
pub(in crate::ops) fn bootstrap_of_the_name(
    tx: &dyn Transaction,
    name: &str,
    content_hash: ContentHash,
) -> Result<Option<Remark>> {
    let displaces = |it: &Bootstrap| it.name == name && it.content_hash != Some(content_hash.to_string());
    Ok(tx.bootstrap()?.iter().any(displaces).then(|| {
        let name = Visible(name);
        Remark::from(format!("agents get the bootstrap skill \"{name}\" in place of this one, which has the same name"))
    }))
}

/// Publishes in this transaction; `known` is the result of [`find`]. After an error, do not commit.
pub(in crate::ops) fn publish(
    tx: &mut dyn Transaction,
    known: Option<&Skill>,
    publication: &Publication<'_>,
) -> Result<Published> {
    match known {
        None => publication.insert(tx),
        Some(skill) => publication.change(tx, skill),
    }
}

impl<'a> Overrule<'a> {
    /// The override requested by a command's options.
    pub(in crate::ops) fn asked(overrides: bool, reason: Option<&'a str>, approver: &'a str) -> Result<Option<Self>> {
        match reason {
            _ if !overrides => Ok(None),
            Some(reason) => Ok(Some(Self { reason, approver })),
            None => Err(Error::NoReason),
        }
    }

    fn wait(&self) -> Judgement<'a> {
        Judgement {
            decision: Decision::Escalated,
            approver: self.approver,
            level: None,
            reasoning: self.reason,
            criteria: None,
        }
    }
}
