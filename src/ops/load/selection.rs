//! Which skills an agent gets: in order, under conditions, within limits.

use super::{LeftOut, Load, LoadReport, LoadedSkill, Origin};
use crate::model::{ApprovedVersion, Bootstrap, Candidate, Conditions, ContextMatch, TddCondition, TddFigures};
use crate::ops::body::{Unusable, body};
use crate::ops::error::{Error, Result, nearest};
use crate::store::{NameKind, Snapshot};

/// Bytes, or why they cannot be handed out.
type Body<T> = std::result::Result<T, String>;

pub(super) fn select(snapshot: &dyn Snapshot, request: &Load) -> Result<LoadReport> {
    let candidates = snapshot.candidates(&request.agent_type)?;
    let mut selection =
        Selection { snapshot, request, skills: Vec::new(), left_out: Vec::new(), bytes: 0, counted: 0, keepable: true };
    let known = if candidates.is_empty() { snapshot.names(NameKind::AgentType)? } else { Vec::new() };
    let unmapped = candidates.is_empty() && !known.iter().any(|it| it == request.agent_type.as_str());
    let mut did_you_mean = Vec::new();
    if unmapped {
        did_you_mean = nearest(request.agent_type.as_str(), known);
    } else {
        if request.bootstrap {
            for bootstrap in snapshot.bootstrap()? {
                selection.bootstrap(&bootstrap)?;
            }
        }
        for candidate in candidates {
            selection.candidate(candidate)?;
        }
    }
    Ok(LoadReport {
        agent_type: request.agent_type.clone(),
        estimated_tokens: tokens(selection.bytes),
        skills: selection.skills,
        left_out: selection.left_out,
        did_you_mean,
        unmapped,
        keepable: selection.keepable,
    })
}

fn tokens(bytes: u64) -> u64 {
    bytes.div_ceil(4)
}

/// Skills as they are picked, in order.
struct Selection<'a> {
    snapshot: &'a dyn Snapshot,
    request: &'a Load,
    skills: Vec<LoadedSkill>,
    left_out: Vec<LeftOut>,
    bytes: u64,
    counted: usize,
    keepable: bool,
}

impl Selection<'_> {
    /// Bootstrap skills are nobody's choice, so neither limits nor a missing file may keep an agent from the rest.
    fn bootstrap(&mut self, bootstrap: &Bootstrap) -> Result<()> {
        let Some(hash) = bootstrap.content_hash.as_deref() else {
            self.trouble(&bootstrap.name, "bootstrap skill: no hash of its bytes is recorded");
            return Ok(());
        };
        match self.body(hash)? {
            Err(problem) => self.trouble(&bootstrap.name, &format!("bootstrap skill: {problem}")),
            Ok(content) => self.take(LoadedSkill {
                name: bootstrap.name.clone(),
                version: String::new(),
                content_hash: hash.to_owned(),
                priority: 0,
                required: false,
                content,
                content_path: bootstrap.file_path.clone(),
                description: bootstrap.description.clone(),
                origin: None,
            }),
        }
        Ok(())
    }

    fn candidate(&mut self, candidate: Candidate) -> Result<()> {
        if self.skills.iter().any(|it| it.name == candidate.name) {
            return Ok(()); // handed out as a bootstrap skill already
        }
        if !candidate.required && !self.applies(&candidate)? {
            return Ok(());
        }
        if !candidate.required && self.counted >= self.request.max_skills {
            // Before its bytes are read: cost follows what is handed out, not what is mapped.
            self.cut(&candidate.name, &format!("over the limit of {} skills", self.request.max_skills));
            return Ok(());
        }
        let problem = match self.approved_body(&candidate)? {
            Ok((version, content)) => {
                self.within_limits(candidate, version, content);
                return Ok(());
            }
            Err(problem) => problem,
        };
        if candidate.required {
            let version = candidate.approved.map(|it| it.version).unwrap_or_default();
            return Err(Error::Integrity { name: candidate.name, version, problem });
        }
        self.trouble(&candidate.name, &problem);
        Ok(())
    }

    /// Conditions and the gate on test figures. A skill for another context is not named: it was not asked for.
    fn applies(&mut self, candidate: &Candidate) -> Result<bool> {
        let conditions = Conditions::read(candidate.conditions.as_deref());
        let gate = TddCondition::read(candidate.tdd_condition.as_deref());
        let (conditions, gate) = match (conditions, gate) {
            (Ok(conditions), Ok(gate)) => (conditions, gate),
            (Err(error), _) | (_, Err(error)) => {
                self.trouble(&candidate.name, &error.to_string());
                return Ok(false);
            }
        };
        let tags = tags(candidate.tags.as_deref());
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

    fn approved_body(&mut self, candidate: &Candidate) -> Result<Body<(ApprovedVersion, String)>> {
        let Some(version) = candidate.approved.clone() else {
            return Ok(Err("no version of it is approved".to_owned()));
        };
        Ok(self.body(&version.content_hash)?.map(|content| (version, content)))
    }

    /// The bytes under a hash, after they were hashed again.
    fn body(&mut self, hash: &str) -> Result<Body<String>> {
        let found = body(self.snapshot, hash)?;
        // Damage changes no token, and neither does its repair.
        self.keepable &= found != Err(Unusable::Altered);
        let said = |why| match why {
            Unusable::Missing => "its approved bytes are not in the database (changed since approval, or missing)",
            Unusable::Altered => "its stored bytes are not those that were approved",
            Unusable::NotText => "its stored bytes are not UTF-8",
        };
        Ok(found.map_err(|why| said(why).to_owned()))
    }

    fn within_limits(&mut self, candidate: Candidate, version: ApprovedVersion, content: String) {
        let after = tokens(self.bytes + content.len() as u64);
        if let Some(most) = self.request.max_tokens.filter(|most| !candidate.required && after > *most) {
            return self.cut(&candidate.name, &format!("over the budget of {most} tokens (estimated)"));
        }
        self.counted += 1;
        self.take(LoadedSkill {
            name: candidate.name,
            version: version.version,
            content_hash: version.content_hash,
            priority: candidate.priority,
            required: candidate.required,
            content,
            content_path: version.content_path,
            description: None,
            origin: Some(Origin {
                id: candidate.id,
                approval_level: candidate.approval_level,
                phase4_generated: candidate.phase4_generated,
            }),
        });
    }

    fn take(&mut self, skill: LoadedSkill) {
        self.bytes += skill.content.len() as u64;
        self.skills.push(skill);
    }

    fn trouble(&mut self, name: &str, reason: &str) {
        self.left_out.push(LeftOut { name: name.to_owned(), reason: reason.to_owned(), trouble: true });
    }

    fn cut(&mut self, name: &str, reason: &str) {
        self.left_out.push(LeftOut { name: name.to_owned(), reason: reason.to_owned(), trouble: false });
    }
}

/// Tags are a JSON array; the old scripts left an empty text, and some users a comma-separated one.
pub(in crate::ops) fn tags(stored: Option<&str>) -> Vec<String> {
    let Some(text) = stored.map(str::trim).filter(|it| !it.is_empty()) else { return Vec::new() };
    serde_json::from_str(text)
        .unwrap_or_else(|_| text.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect())
}
