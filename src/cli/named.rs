//! The skills of a command, by position or by the old tool's `--skill`.

use super::failure::Failure;
use crate::model::SkillName;

/// One skill.
#[derive(Debug, clap::Args)]
pub(super) struct NamedOne {
    /// Name of the skill
    #[arg(required_unless_present = "skill")]
    skill_name: Option<SkillName>,
    /// Name of the skill, as in the old tool
    #[arg(long, hide_short_help = true, value_name = "SKILL_NAME", conflicts_with = "skill_name")]
    skill: Option<SkillName>,
}

/// Several skills.
#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// Names of the skills
    #[arg(value_name = "SKILL_NAME", required_unless_present = "skill")]
    skill_names: Vec<SkillName>,
    /// Name of a skill, as in the old tool
    #[arg(long, hide_short_help = true, value_name = "SKILL_NAME", conflicts_with = "skill_names")]
    skill: Vec<SkillName>,
}

impl NamedOne {
    pub(super) fn name(&self) -> Result<&SkillName, Failure> {
        let nothing = || Failure::input("no skill is named", "Name the skill.");
        self.skill_name.as_ref().or(self.skill.as_ref()).ok_or_else(nothing)
    }
}

impl Named {
    pub(super) fn names(&self) -> &[SkillName] {
        if self.skill.is_empty() { &self.skill_names } else { &self.skill }
    }

    /// Whether the old tool's option is given.
    pub(super) fn by_option(&self) -> bool {
        !self.skill.is_empty()
    }
}
