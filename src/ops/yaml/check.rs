//! What is wrong with a document, and what is kept of it: everything but contents and uses.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use super::entry::{ApprovalEntry, MappingEntry, SkillEntry, UsageEntry, VersionEntry};
use super::folder::problem;
use super::stream::Item;
use crate::model::{
    AgentType, ApprovalLevel, Category, ContentHash, Decision, Remark, SkillName, Status, Version, folded,
};
use crate::ops::content_file::Files;
use crate::ops::rules::describe;

/// Maximum number of findings that are kept.
const MOST_FINDINGS: usize = 1000;

/// Maximum key of a row that is kept: keys above all that a database will ever give would end its numbering.
const MOST_ID: i64 = 1 << 40;

/// A skill, and what it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CheckedSkill {
    pub(super) name: String,
    pub(super) content_hash: String,
    /// `None` for a plain folder.
    pub(super) folder_hash: Option<String>,
}

impl CheckedSkill {
    pub(super) fn of(skill: &SkillEntry) -> Self {
        let folder_hash = skill.current().and_then(|it| it.folder_hash.clone());
        Self { name: skill.name().to_owned(), content_hash: skill.hash().to_owned(), folder_hash }
    }
}

/// A checked document.
#[derive(Debug, Default)]
pub(super) struct Checked {
    /// What is wrong, with the skill or the section.
    pub(super) findings: Vec<Remark<String>>,
    /// What identifies each skill and its current folder, in order.
    pub(super) skills: Vec<CheckedSkill>,
    /// Names by the document's ids.
    pub(super) names: HashMap<i64, String>,
    pub(super) mappings: HashMap<i64, Vec<MappingEntry>>,
    pub(super) approvals: HashMap<i64, Vec<ApprovalEntry>>,
    /// Name and replacement of each replaced skill, by the document's ids.
    pub(super) replaced: Vec<(String, i64)>,
    pub(super) uses: usize,
    folded: HashSet<String>,
    has_format: bool,
    referred: HashSet<i64>,
    keys: HashSet<(&'static str, i64)>,
    mapped: HashSet<(String, i64)>,
}

impl Checked {
    /// Checks an item, and keeps what is needed later.
    pub(super) fn take(&mut self, item: Item, limits: &Files) {
        match item {
            Item::Format(format) => {
                self.has_format = true;
                if format.split('.').next() != Some("2") {
                    self.find("version", "only documents of version 2 can be read");
                }
            }
            Item::Skill(skill) => self.skill(*skill, limits),
            Item::Mapping(mapping) => self.mapping(*mapping),
            Item::Approval(approval) => self.approval(*approval),
            Item::Usage(usage) => self.usage(&usage),
        }
    }

    /// What can only be known at the end.
    pub(super) fn finish(&mut self) {
        if !self.has_format {
            self.find("version", "the document has none");
        }
        let replacements = self.replaced.iter().map(|(_, it)| *it);
        let unknown: HashSet<i64> =
            self.referred.iter().copied().chain(replacements).filter(|it| !self.names.contains_key(it)).collect();
        // A document of a part of the skills may name others as replacements.
        let unknown: Vec<i64> = unknown.into_iter().filter(|it| self.referred.contains(it)).collect();
        if !unknown.is_empty() {
            let problem = format!("{} of the ids that rows refer to belong to no skill", unknown.len());
            self.find("skill_id", &problem);
        }
    }

    fn find(&mut self, subject: &str, problem: &str) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Remark::new(subject.to_owned(), (), problem.to_owned()));
        }
    }

    /// Requires a key that is free, and not so high that it would end the numbering of a database.
    fn key(&mut self, section: &'static str, id: Option<i64>) {
        let Some(id) = id else { return };
        if !(1..=MOST_ID).contains(&id) || !self.keys.insert((section, id)) {
            self.find(section, &format!("the id {id} is there twice, or too large"));
        }
    }

    fn skill(&mut self, mut skill: SkillEntry, limits: &Files) {
        let checked = CheckedSkill::of(&skill);
        let name = skill.name().to_owned();
        for problem in problems(&skill) {
            self.find(&name, &problem);
        }
        if !self.folded.insert(folded(&name)) {
            self.find(&name, "another skill of the document has this name");
        }
        let current = skill.version.clone();
        let (stray, hash) = (skill.content.clone(), skill.hash().to_owned());
        let versions = skill.versions();
        let mut numbers = HashSet::new();
        for version in &versions {
            let number = version.version.clone().unwrap_or_default();
            self.key("versions", version.id);
            for problem in version_problems(version, limits) {
                self.find(&name, &format!("version {number}: {problem}"));
            }
            if !numbers.insert(number) {
                self.find(&name, "it has a version twice");
            }
        }
        if stray.is_some_and(|it| ContentHash::of(it.as_bytes()).to_string() != hash) {
            self.find(&name, "its content does not have its hash");
        }
        if current.is_some_and(|it| !numbers.contains(&it)) {
            self.find(&name, "its current version is not among its versions");
        }
        self.skills.push(checked);
        if let Some(replacement) = skill.replacement_id {
            self.replaced.push((name.clone(), replacement));
        }
        self.key("skills", skill.id);
        self.names.extend(skill.id.map(|it| (it, name)));
    }

    fn mapping(&mut self, mapping: MappingEntry) {
        let agent = mapping.agent_type.clone().unwrap_or_default();
        let problems = [
            is_bad::<AgentType>(mapping.agent_type.as_ref(), true).then_some("its agent type is not valid"),
            mapping.priority.is_some_and(|it| !(1..=10).contains(&it)).then_some("its priority is not from 1 to 10"),
        ];
        self.key("agent_skill_mappings", mapping.id);
        for problem in problems.into_iter().flatten() {
            self.find(&agent, problem);
        }
        match mapping.skill_id {
            Some(skill) => {
                if !self.mapped.insert((agent.clone(), skill)) {
                    self.find(&agent, "it is mapped to a skill twice");
                }
                self.referred.insert(skill);
                self.mappings.entry(skill).or_default().push(mapping);
            }
            None => self.find(&agent, "a mapping names no skill_id"),
        }
    }

    fn approval(&mut self, approval: ApprovalEntry) {
        let version = approval.version.clone().unwrap_or_default();
        self.key("approval_history", approval.id);
        let problems = [
            is_bad::<Decision>(approval.decision.as_ref(), true).then_some("its decision is not valid"),
            is_bad::<ApprovalLevel>(approval.approval_level.as_ref(), true).then_some("its level is not valid"),
            is_bad::<ContentHash>(approval.content_hash.as_ref(), false).then_some("its hash is not valid"),
            approval.version.is_none().then_some("it names no version"),
        ];
        for problem in problems.into_iter().flatten() {
            self.find("approval_history", &format!("{version}: {problem}"));
        }
        match approval.skill_id {
            Some(skill) => {
                self.referred.insert(skill);
                self.approvals.entry(skill).or_default().push(approval);
            }
            None => self.find("approval_history", "a decision names no skill_id"),
        }
    }

    fn usage(&mut self, usage: &UsageEntry) {
        self.uses += 1;
        self.key("usage_statistics", usage.id);
        let problems = [
            usage.skill_id.is_none().then_some("a use names no skill_id"),
            (usage.agent_id.is_none() || usage.agent_type.is_none()).then_some("a use names no agent"),
            usage.loaded_at.is_none().then_some("a use has no time"),
        ];
        for problem in problems.into_iter().flatten() {
            self.find("usage_statistics", problem);
        }
        self.referred.extend(usage.skill_id);
    }
}

fn problems(skill: &SkillEntry) -> impl Iterator<Item = String> {
    let problems = [
        skill.name().parse::<SkillName>().err().map(|it| it.to_string()),
        is_bad::<Category>(skill.category.as_ref(), true).then(|| "its category is not valid".to_owned()),
        is_bad::<Status>(skill.status.as_ref(), false).then(|| "its status is not valid".to_owned()),
        is_bad::<ApprovalLevel>(skill.approval_level.as_ref(), false).then(|| "its level is not valid".to_owned()),
        is_bad::<ContentHash>(skill.content_hash.as_ref(), true).then(|| "its hash is not valid".to_owned()),
        skill.content_path.is_none().then(|| "it has no content_path".to_owned()),
        skill
            .version
            .as_deref()
            .is_none_or(|it| Version::lenient(it).is_none())
            .then(|| "its version is not X.Y.Z".to_owned()),
    ];
    problems.into_iter().flatten()
}

fn version_problems(version: &VersionEntry, limits: &Files) -> Vec<String> {
    let most_bytes = limits.most_bytes;
    let (folder_hash, content_hash) = (version.folder_hash.as_deref(), version.content_hash.as_deref());
    let mut problems: Vec<String> =
        problem(&version.files, folder_hash, content_hash, limits.folder).into_iter().collect();
    if is_bad::<ContentHash>(version.content_hash.as_ref(), true) {
        problems.push("its hash is not valid".to_owned());
    }
    if is_bad::<ApprovalLevel>(version.approval_level.as_ref(), false) {
        problems.push("its level is not valid".to_owned());
    }
    let Some(content) = &version.content else { return problems };
    if version.content_hash.as_deref().is_some_and(|it| it != ContentHash::of(content.as_bytes()).to_string()) {
        problems.push("its content does not have its hash".to_owned());
    }
    if content.len() > most_bytes {
        problems.push(format!("its content is larger than the limit of {most_bytes} bytes"));
    } else if let Err(error) = describe(content.as_bytes(), most_bytes) {
        problems.push(error.to_string());
    }
    problems
}

/// Whether a text is missing, if it is needed, or is not valid.
fn is_bad<T: FromStr>(text: Option<&String>, needed: bool) -> bool {
    text.map_or(needed, |it| it.parse::<T>().is_err())
}
