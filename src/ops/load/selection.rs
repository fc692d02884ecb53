//! Selects the skills of an agent: in order, by conditions, within limits.

use super::budget::{over_budget, tokens};
use super::paths::{needs_paths, with_paths};
use super::picked::{Cause, Origin, Picked};
use super::places::Placing;
use super::report::{LoadReport, LoadedSkill};
use super::request::Load;
use super::unserved::Unserved;
use crate::model::{
    ApprovedVersion, Bootstrap, Candidate, Conditions, ContextMatch, Remark, SkillFolder, StoredTags, TddCondition,
    TddFigures,
};
use crate::ops::body::{Unusable, body};
use crate::ops::error::{Error, Result, nearest};
use crate::ops::served_folder::{UnusableFolder, served_folder};
use crate::store::Snapshot;

/// Content, or why it cannot be served.
type Body<T> = std::result::Result<T, Unserved>;

pub(in crate::ops) fn select(snapshot: &dyn Snapshot, request: &Load) -> Result<LoadReport> {
    select_among(snapshot, request, snapshot.candidates(&request.agent_type)?)
}

/// The same, of the candidates of the agent type.
pub(in crate::ops) fn select_among(
    snapshot: &dyn Snapshot,
    request: &Load,
    candidates: Vec<Candidate>,
) -> Result<LoadReport> {
    let bytes = request.format.size_around(request.agent_type.as_str());
    let mut selection = Selection {
        snapshot,
        request,
        placing: request.places.as_ref().map(|it| Placing::of(snapshot, it)),
        skills: Vec::new(),
        left_out: Vec::new(),
        bytes,
        counted: 0,
        keepable: true,
    };
    let known = if candidates.is_empty() { snapshot.agent_types_near(&request.agent_type)? } else { Vec::new() };
    let unmapped = candidates.is_empty() && !known.iter().any(|it| it == request.agent_type.as_str());
    let mut did_you_mean = Vec::new();
    if unmapped {
        did_you_mean = nearest(request.agent_type.as_str(), known);
    } else {
        if request.bootstrap {
            for bootstrap in snapshot.bootstrap()? {
                selection.bootstrap(bootstrap)?;
            }
        }
        for candidate in candidates {
            selection.candidate(candidate)?;
        }
    }
    Ok(LoadReport {
        agent_type: request.agent_type.clone(),
        estimated_tokens: 0,
        skills: selection.skills,
        left_out: selection.left_out,
        did_you_mean,
        unmapped,
        keepable: selection.keepable,
        depends_on_files: false,
    })
}

/// An approved version, verified.
struct Approved {
    version: ApprovedVersion,
    content: String,
    /// Its files, if there is more than a plain skill file.
    folder: Option<SkillFolder>,
}

/// The selection so far, in order.
struct Selection<'a> {
    snapshot: &'a dyn Snapshot,
    request: &'a Load,
    placing: Option<Placing<'a>>,
    skills: Vec<LoadedSkill>,
    left_out: Vec<Remark<String, Cause>>,
    bytes: u64,
    counted: usize,
    keepable: bool,
}

impl Selection<'_> {
    /// Adds a bootstrap skill. Limits do not apply, and a missing one does not fail the load.
    fn bootstrap(&mut self, bootstrap: Bootstrap) -> Result<()> {
        let Some(hash) = bootstrap.content_hash else {
            self.leave_out(&bootstrap.name, "no hash of its bytes is recorded", Cause::NoBootstrapBytes);
            return Ok(());
        };
        let content = match self.body(&hash)? {
            Ok(content) => content,
            Err(Unusable::Missing) => {
                self.leave_out(&bootstrap.name, "its bytes are not in the database", Cause::NoBootstrapBytes);
                return Ok(());
            }
            Err(why) => {
                self.leave_out(&bootstrap.name, &format!("bootstrap skill: {}", said(why)), Cause::Fault);
                return Ok(());
            }
        };
        let picked = Picked {
            name: bootstrap.name,
            version: String::new(),
            content_hash: hash,
            priority: 0,
            required: false,
            content_path: bootstrap.file_path,
            description: bootstrap.description,
            pinned: false,
            replaces: Vec::new(),
            folder: None,
            partial: false,
            origin: None,
        };
        if let Some(skill) = self.listed(LoadedSkill::new(picked, content))? {
            self.bytes += self.size_of(&skill);
            self.skills.push(skill);
        }
        Ok(())
    }

    fn candidate(&mut self, candidate: Candidate) -> Result<()> {
        let namesake = self.skills.iter_mut().find(|it| it.picked.name == candidate.name).map(|it| &mut it.picked);
        let displaced = match namesake {
            Some(skill) if skill.is(&candidate) => {
                // It is handed out already, as a bootstrap skill, for itself or in place of another.
                skill.replaces.extend(candidate.replaces);
                return Ok(());
            }
            Some(skill) if skill.origin.is_none() => Some(Unserved::Bootstrap),
            Some(_) => Some(Unserved::Namesake),
            None => None,
        };
        if candidate.replaces.is_some() && self.left_out.iter().any(|it| it.subject == candidate.name) {
            return Ok(()); // reported already
        }
        if !candidate.required && !self.applies(&candidate)? {
            return Ok(());
        }
        if !candidate.required && self.counted >= self.request.max_skills {
            // Before its content is read, so that the cost depends on the loaded skills, not on the mapped ones.
            self.cut(&candidate.name, &format!("over the limit of {} skills", self.request.max_skills));
            return Ok(());
        }
        let body = match displaced {
            Some(why) => Err(why),
            None => self.approved_body(&candidate)?,
        };
        let why = match body {
            Ok(approved) => return self.within_limits(candidate, approved),
            Err(why) => why,
        };
        if candidate.required {
            let version = candidate.approved.map(|it| it.version).unwrap_or_default();
            return Err(Error::Required { name: candidate.name, version, why });
        }
        self.trouble(&candidate.name, &why.to_string());
        Ok(())
    }

    /// Checks the conditions and the test figures. Skills for another context are not reported: they were not
    /// requested.
    fn applies(&mut self, candidate: &Candidate) -> Result<bool> {
        let conditions = Conditions::read(candidate.conditions.as_ref());
        let gate = TddCondition::read(candidate.tdd_condition.as_ref());
        let (conditions, gate) = match (conditions, gate) {
            (Ok(conditions), Ok(gate)) => (conditions, gate),
            (Err(error), _) | (_, Err(error)) => {
                self.trouble(&candidate.name, &error.to_string());
                return Ok(false);
            }
        };
        let tags = candidate.tags.as_ref().map(StoredTags::words).unwrap_or_default();
        if conditions.compare(&self.request.context, self.request.phase.as_deref(), &tags) != ContextMatch::Met {
            return Ok(false);
        }
        let pass_rate = if gate.min_pass_rate.is_some() {
            self.keepable = false;
            self.snapshot.latest_pass_rate(candidate.id)?
        } else {
            None
        };
        let figures = TddFigures { coverage: candidate.test_coverage, pass_rate, has_suite: candidate.has_test_suite };
        if let Some(failure) = gate.failure(figures) {
            self.cut(&candidate.name, failure);
            return Ok(false);
        }
        Ok(true)
    }

    fn approved_body(&mut self, candidate: &Candidate) -> Result<Body<Approved>> {
        let Some(version) = candidate.approved.clone() else {
            return Ok(Err(match &candidate.pinned {
                Some(pinned) => Unserved::Pinned(pinned.clone()),
                None => Unserved::NotApproved,
            }));
        };
        let content = match self.body(&version.content_hash)? {
            Ok(content) => content,
            Err(why) => return Ok(Err(Unserved::Bytes(said(why).to_owned()))),
        };
        let folder = served_folder(self.snapshot, candidate.id, &version)?;
        // Neither damage nor its repair changes the revision.
        self.keepable &= !matches!(folder, Err(UnusableFolder::Altered(_)));
        Ok(folder.map(|folder| Approved { version, content, folder }).map_err(|why| Unserved::Bytes(why.to_string())))
    }

    /// The bytes of a hash, verified.
    fn body(&mut self, hash: &str) -> Result<std::result::Result<String, Unusable>> {
        let found = body(self.snapshot, hash)?;
        // Neither damage nor its repair changes the revision.
        self.keepable &= found != Err(Unusable::Altered);
        Ok(found)
    }

    fn within_limits(&mut self, candidate: Candidate, approved: Approved) -> Result<()> {
        let Approved { version, content, folder } = approved;
        let picked = Picked {
            name: candidate.name,
            version: version.version,
            content_hash: version.content_hash,
            priority: candidate.priority,
            required: candidate.required,
            content_path: version.content_path,
            description: None,
            pinned: candidate.pinned.is_some(),
            replaces: candidate.replaces.into_iter().collect(),
            folder,
            partial: version.partial,
            origin: Some(Origin {
                id: candidate.id,
                approval_level: candidate.approval_level,
                phase4_generated: candidate.phase4_generated,
            }),
        };
        let Some(skill) = self.listed(LoadedSkill::new(picked, content))? else { return Ok(()) };
        let size = self.size_of(&skill);
        let over = |most: &u64| !skill.picked.required && tokens(self.bytes + size) > *most;
        if let Some(most) = self.request.max_tokens.filter(over) {
            self.cut(&skill.picked.name, &over_budget(most));
            return Ok(());
        }
        self.counted += 1;
        self.bytes += size;
        self.skills.push(skill);
        Ok(())
    }

    /// With a token limit, the size of a skill's text is needed immediately, with its paths. `None` if its files cannot be
    /// handed out.
    fn listed(&mut self, mut skill: LoadedSkill) -> Result<Option<LoadedSkill>> {
        let (Some(placing), Some(_)) = (&self.placing, self.request.max_tokens) else { return Ok(Some(skill)) };
        if needs_paths(self.request.format, &skill) {
            self.keepable = false; // files change without a write to the database
            if let Err(reason) = with_paths(self.snapshot, placing, self.request.format, &mut skill)? {
                self.trouble(&skill.picked.name, &reason);
                return Ok(None);
            }
        }
        Ok(Some(skill))
    }

    /// Size that a skill adds to the text; needed only with a token limit.
    fn size_of(&self, skill: &LoadedSkill) -> u64 {
        if self.request.max_tokens.is_some() { self.request.format.size_of(skill) } else { 0 }
    }

    fn trouble(&mut self, name: &str, reason: &str) {
        self.leave_out(name, reason, Cause::Fault);
    }

    fn cut(&mut self, name: &str, reason: &str) {
        self.leave_out(name, reason, Cause::Limit);
    }

    fn leave_out(&mut self, name: &str, reason: &str, cause: Cause) {
        let left_out = Remark::new(name.to_owned(), cause, reason);
        self.bytes += self.request.format.size_of_left_out(&left_out);
        self.left_out.push(left_out);
    }
}

fn said(why: Unusable) -> &'static str {
    match why {
        Unusable::Missing => "its approved bytes are not in the database (changed since approval, or missing)",
        Unusable::Altered => "its stored bytes are not the approved ones",
        Unusable::NotText => "its stored bytes are not UTF-8",
    }
}
