//! Decides which file gets a name that several files declare, or that is not the name of its folder.
//!
//! The source file of an existing skill keeps the name; otherwise the best claim wins (see `tree::place`). The result
//! depends only on the files and the database, not on the order of reading.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use super::namespace::collection;
use super::prepare::{Chosen, Item, Sum, Task};
use super::report::{ImportReport, Kind};
use super::source::Sources;
use crate::model::{Remark, Skill, SkillName, Visible, folded};
use crate::ops::error::Result;
use crate::ops::tree::{Claim, TreeFile};
use crate::store::{NameKind, Snapshot};

/// A file that declares a name.
pub(super) struct Candidate {
    found: TreeFile,
    name: SkillName,
    sum: Sum,
    stored_path: String,
    claim: Claim,
}

impl Candidate {
    pub(super) fn of(found: &TreeFile, item: &Item) -> Self {
        Self {
            found: found.clone(),
            name: item.name.clone(),
            sum: item.sum(),
            stored_path: item.stored_path.clone(),
            claim: Claim::of(found.relative(), item.name.as_str(), item.described.front_matter.is_some()),
        }
    }

    fn holder(&self) -> Holder {
        let (name, path) = (self.name.clone(), self.claim.path().to_owned());
        Holder { name, sum: self.sum, path, has_front_matter: self.claim.has_front_matter() }
    }

    fn shown(&self) -> String {
        self.claim.path().to_string_lossy().into_owned()
    }
}

/// A file with a final name. Nearly every file becomes one, so it is kept small.
#[derive(Clone)]
pub(super) struct Holder {
    name: SkillName,
    sum: Sum,
    /// The path relative to the imported folder.
    path: PathBuf,
    has_front_matter: bool,
}

impl Holder {
    pub(super) fn of(found: &TreeFile, item: &Item) -> Self {
        Self {
            name: item.name.clone(),
            sum: item.sum(),
            path: found.relative().to_owned(),
            has_front_matter: item.described.front_matter.is_some(),
        }
    }

    fn claim(&self) -> Claim {
        Claim::of(&self.path, self.name.as_str(), self.has_front_matter)
    }
}

/// The files with final names, by folded name.
#[derive(Default)]
pub(super) struct Holders(HashMap<String, Vec<Holder>>);

impl Holders {
    pub(super) fn keep(&mut self, holder: Holder) {
        match self.0.entry(folded(holder.name.as_str())) {
            Entry::Vacant(it) => drop(it.insert(vec![holder])),
            Entry::Occupied(it) => it.into_mut().push(holder),
        }
    }

    fn of(&self, name: &SkillName) -> &[Holder] {
        self.0.get(&folded(name.as_str())).map_or(&[], Vec::as_slice)
    }
}

/// The decisions about all undecided names.
pub(super) struct Choice<'a> {
    pub(super) sources: &'a Sources<'a>,
    /// The database; `None` if it is new.
    pub(super) known: Option<&'a dyn Snapshot>,
    /// The name of the imported folder, if duplicate names get a prefix.
    pub(super) namespace: Option<&'a str>,
    pub(super) holders: Holders,
    pub(super) report: &'a mut ImportReport,
    pub(super) winners: Vec<Task>,
    names: HashMap<String, String>,
    renamed: Vec<Candidate>,
}

impl<'a> Choice<'a> {
    pub(super) fn new(
        sources: &'a Sources<'a>,
        known: Option<&'a dyn Snapshot>,
        namespace: Option<&'a str>,
        holders: Holders,
        report: &'a mut ImportReport,
    ) -> Result<Self> {
        let mut names = HashMap::new();
        for kind in known.iter().flat_map(|_| [NameKind::FormerName, NameKind::Skill]) {
            let all = known.map(|it| it.names(kind)).transpose()?.unwrap_or_default();
            names.extend(all.into_iter().map(|it| (folded(&it), it)));
        }
        let (winners, renamed) = (Vec::new(), Vec::new());
        Ok(Self { sources, known, namespace, holders, report, winners, names, renamed })
    }

    /// The files to import, in path order.
    pub(super) fn among(mut self, candidates: Vec<Candidate>) -> Result<Vec<Task>> {
        let candidates = self.one_a_folder(candidates);
        self.decide(candidates)?;
        self.namespace = None;
        let renamed = std::mem::take(&mut self.renamed);
        self.decide(renamed)?;
        self.winners.sort_by(|a, b| a.found.path.cmp(&b.found.path));
        Ok(self.winners)
    }

    /// Keeps one candidate per folder, which is one skill even with several spellings of `SKILL.md`.
    fn one_a_folder(&mut self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        let mut first: HashMap<_, (String, Sum)> = HashMap::new();
        let mut kept = Vec::new();
        for candidate in candidates {
            let folder = candidate.claim.path().parent().map(ToOwned::to_owned);
            match first.get(&folder).filter(|_| candidate.found.shares_folder) {
                Some((_, sum)) if sum.is_copy_of(candidate.sum) => self.report.copies += 1,
                Some((path, _)) => {
                    let reason = format!("{path} is the skill file of its folder");
                    self.refuse(&candidate, Kind::SameName, reason);
                }
                None => {
                    if candidate.found.shares_folder {
                        first.insert(folder, (candidate.shown(), candidate.sum));
                    }
                    kept.push(candidate);
                }
            }
        }
        kept
    }

    fn decide(&mut self, candidates: Vec<Candidate>) -> Result<()> {
        let mut groups: BTreeMap<String, Vec<Candidate>> = BTreeMap::new();
        for candidate in candidates {
            groups.entry(folded(candidate.name.as_str())).or_default().push(candidate);
        }
        for group in groups.into_values() {
            self.group(group)?;
        }
        Ok(())
    }

    /// Decides between files whose names differ only in case. Existing skills keep their names.
    fn group(&mut self, group: Vec<Candidate>) -> Result<()> {
        let mut known: BTreeMap<String, (Skill, Vec<Candidate>)> = BTreeMap::new();
        let mut free = Vec::new();
        for candidate in group {
            if let Some((_, claims)) = known.get_mut(candidate.name.as_str()) {
                claims.push(candidate);
            } else if let Some(skill) = self.skill(&candidate.name)? {
                known.insert(candidate.name.to_string(), (skill, vec![candidate]));
            } else {
                free.push(candidate);
            }
        }
        for (skill, claims) in known.into_values() {
            self.contest(claims, Some(&skill))?;
        }
        self.contest(free, None)
    }

    fn skill(&self, name: &SkillName) -> Result<Option<Skill>> {
        Ok(self.known.map(|it| it.skill(name)).transpose()?.flatten())
    }

    /// Gives the name to one of these files, unless it is taken.
    fn contest(&mut self, mut claims: Vec<Candidate>, skill: Option<&Skill>) -> Result<()> {
        claims.sort_by(|a, b| a.claim.cmp(&b.claim));
        let Some(first) = claims.first() else { return Ok(()) };
        let holders = self.holders.of(&first.name);
        if holders.iter().any(|it| skill.is_none() || it.name == first.name) {
            self.lose_to_holder(claims);
            return Ok(());
        }
        let other = self.names.get(&folded(first.name.as_str())).filter(|_| skill.is_none());
        if let Some(other) = other.map(|it| format!("\"{}\", a skill of the database", Visible(it))) {
            for claim in claims {
                self.twin(claim, &other);
            }
            return Ok(());
        }
        let own = self.own_source(&claims, skill)?;
        let winner = claims.remove(own.unwrap_or(0));
        let same_bytes = skill.is_none_or(|it| it.content_hash == winner.sum.skill_file.to_string());
        self.report.copies += claims.extract_if(.., |it| it.sum.is_copy_of(winner.sum)).count();
        if self.namespace.is_some() && (!claims.is_empty() || own.is_none() && !same_bytes) {
            for claim in claims {
                self.rename(claim);
            }
            if own.is_none() {
                self.rename(winner);
                return Ok(());
            }
        } else {
            let holder = winner.holder();
            for claim in claims {
                self.lose(claim, &holder, own.is_some());
            }
        }
        let chosen = Some(Chosen { name: winner.name.clone(), sum: winner.sum });
        self.winners.push(Task { found: winner.found.clone(), chosen });
        self.holders.keep(winner.holder());
        Ok(())
    }

    /// The candidate that is the skill's source file.
    fn own_source(&self, claims: &[Candidate], skill: Option<&Skill>) -> Result<Option<usize>> {
        let (Some(skill), Some(known)) = (skill, self.known) else { return Ok(None) };
        for (index, it) in claims.iter().enumerate() {
            if self.sources.other(known, skill, &it.stored_path, &it.found)?.is_none() {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    fn lose_to_holder(&mut self, claims: Vec<Candidate>) {
        for candidate in claims {
            let holders = self.holders.of(&candidate.name);
            let holder = holders.iter().find(|it| it.name == candidate.name).or(holders.first()).cloned();
            let copy = holder.as_ref().is_some_and(|it| it.sum.is_copy_of(candidate.sum));
            match holder {
                Some(_) if copy => self.report.copies += 1,
                Some(holder) => self.lose(candidate, &holder, false),
                None => {}
            }
        }
    }

    fn lose(&mut self, candidate: Candidate, holder: &Holder, by_source: bool) {
        let winner = Visible(holder.path.to_string_lossy());
        if candidate.name != holder.name {
            return self.twin(candidate, &format!("\"{}\", the name of {winner}", holder.name));
        }
        let why = if by_source { "the skill came from it" } else { holder.claim().better_because(&candidate.claim) };
        let reason = format!("it has the same name \"{}\" as {winner}, which wins because {why}", candidate.name);
        self.refuse(&candidate, Kind::SameName, reason);
    }

    fn twin(&mut self, candidate: Candidate, other: &str) {
        if self.namespace.is_some() {
            return self.rename(candidate);
        }
        let reason = format!("its name \"{}\" differs only in case from {other}", candidate.name);
        self.refuse(&candidate, Kind::CaseTwin, reason);
    }

    fn rename(&mut self, mut candidate: Candidate) {
        let collection = collection(candidate.claim.path(), self.namespace.unwrap_or_default());
        match format!("{collection}-{}", candidate.name).parse() {
            Ok(name) => {
                candidate.name = name;
                self.renamed.push(candidate);
            }
            Err(error) => {
                let reason = format!("other files declare its name \"{}\", and {error}", candidate.name);
                self.refuse(&candidate, Kind::SameName, reason);
            }
        }
    }

    fn refuse(&mut self, candidate: &Candidate, kind: Kind, reason: String) {
        self.report.refused.push(Remark::new(candidate.shown(), kind, reason));
    }
}
