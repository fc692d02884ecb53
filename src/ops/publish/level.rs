//! The approval level of a version. A file can raise it, but not lower it.

use crate::model::{ApprovalLevel, Category, Remark};
use crate::ops::error::{Error, Result};

/// Whether the file of a new skill may weaken its own review.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ops) enum Trust {
    /// A file that requests a weaker review is refused.
    Refuse,
    /// The request is ignored with a warning.
    Warn,
    /// The request is accepted.
    Obey,
}

/// The inputs of a version's approval level.
#[derive(Debug, Clone, Copy)]
pub(in crate::ops) struct LevelRule<'a> {
    pub(in crate::ops) name: &'a str,
    /// The skill's current level and category; `None` for a new skill.
    pub(in crate::ops) current: Option<(ApprovalLevel, &'a str)>,
    /// Whether the bytes are new to the skill. Otherwise the file's wishes were applied before.
    pub(in crate::ops) new_version: bool,
    /// The category given in the command.
    pub(in crate::ops) command: Option<Category>,
    /// The default category of a new skill.
    pub(in crate::ops) default: ApprovalLevel,
    /// The category declared in the file.
    pub(in crate::ops) file: Option<Category>,
    /// The level declared in the file.
    pub(in crate::ops) asked: Option<ApprovalLevel>,
    /// The minimum level of the bytes.
    pub(in crate::ops) least: Option<ApprovalLevel>,
    /// Whether the file of a new skill may weaken its review.
    pub(in crate::ops) trust: Trust,
}

impl LevelRule<'_> {
    /// The new level. A file can raise it, but never below that of the command, the default or the skill.
    pub(in crate::ops) fn level(&self, warnings: &mut Vec<Remark>) -> Result<ApprovalLevel> {
        let level = match self.current {
            None => self.first(warnings)?,
            Some((level, category)) => self.changed(level, category)?,
        };
        Ok(self.least.map_or(level, |least| level.max(least)))
    }

    fn first(&self, warnings: &mut Vec<Remark>) -> Result<ApprovalLevel> {
        let floor = self.command.map_or(self.default, Category::approval_level);
        let of_file = self.file.map(Category::approval_level);
        match (self.trust, self.asked.filter(|it| *it < floor)) {
            (Trust::Obey, _) => return Ok(self.asked.or(of_file).unwrap_or(floor)),
            (Trust::Refuse, Some(asked)) => return Err(self.lowers(floor, asked, "the front matter".to_owned())),
            (Trust::Warn, Some(asked)) => warnings.push(Remark::from(format!(
                "the front matter declares the approval level {asked}; a file cannot lower the level, so it stays {floor}"
            ))),
            (_, None) => {}
        }
        Ok([of_file, self.asked].into_iter().flatten().fold(floor, ApprovalLevel::max))
    }

    fn changed(&self, current: ApprovalLevel, category: &str) -> Result<ApprovalLevel> {
        let of_file = self.file.filter(|_| self.new_version);
        let asked = self.asked.filter(|it| self.new_version || *it > current);
        let named = self.command.or(of_file).filter(|it| it.as_str() != category);
        // A level raised above that of its category is kept; a category with a lower level than before would lower it.
        let before = category.parse().map_or(current, Category::approval_level);
        if let Some(new) = named.filter(|it| it.approval_level() < before.min(current))
            && asked.is_none_or(|it| it < current)
        {
            return Err(self.lowers(current, new.approval_level(), format!("the category {new}")));
        }
        let floor = named.filter(|it| self.command == Some(*it)).map_or(current, |it| it.approval_level().max(current));
        if let Some(asked) = asked.filter(|it| *it < floor) {
            return Err(self.lowers(floor, asked, "the front matter".to_owned()));
        }
        let of_file = of_file.filter(|it| it.as_str() != category).map(Category::approval_level);
        Ok([of_file, asked].into_iter().flatten().fold(floor, ApprovalLevel::max))
    }

    fn lowers(&self, from: ApprovalLevel, to: ApprovalLevel, cause: String) -> Error {
        Error::LowersLevel { name: self.name.to_owned(), from, to, cause }
    }
}

#[cfg(test)]
mod tests {
    use super::{LevelRule, Trust};
    use crate::model::ApprovalLevel::{self, Auto, Escalate, Human};
    use crate::model::Category::{self, Coordination, Domain, Foundation, Infrastructure, Testing};

    const RULE: LevelRule<'static> = LevelRule {
        name: "x",
        current: None,
        new_version: true,
        command: None,
        default: Human,
        file: None,
        asked: None,
        least: None,
        trust: Trust::Refuse,
    };

    fn level(rule: LevelRule<'_>) -> Option<ApprovalLevel> {
        rule.level(&mut Vec::new()).ok()
    }

    fn new(command: Option<Category>, file: Option<Category>, asked: Option<ApprovalLevel>) -> LevelRule<'static> {
        LevelRule { command, file, asked, ..RULE }
    }

    #[test]
    fn a_file_can_raise_but_not_lower_the_level_of_a_new_skill() {
        assert_eq!(level(new(None, None, None)), Some(Human), "a new skill is of the domain");
        assert_eq!(level(new(None, Some(Foundation), None)), Some(Human), "a file does not approve itself");
        assert_eq!(level(new(Some(Testing), None, None)), Some(Auto));
        assert_eq!(level(new(Some(Testing), Some(Infrastructure), None)), Some(Escalate));
        assert_eq!(level(new(Some(Testing), None, Some(Human))), Some(Human));
        assert_eq!(level(new(Some(Testing), Some(Domain), Some(Auto))), Some(Human));
        assert_eq!(level(new(Some(Domain), None, Some(Auto))), None);
        assert_eq!(level(new(Some(Infrastructure), Some(Testing), Some(Auto))), None);
        assert_eq!(level(LevelRule { least: Some(Escalate), ..new(Some(Testing), None, None) }), Some(Escalate));
    }

    #[test]
    fn an_import_warns_and_keeps_the_level_unless_it_trusts_the_file() {
        let asks = LevelRule { trust: Trust::Warn, ..new(None, Some(Foundation), Some(Auto)) };
        let mut warnings = Vec::new();
        assert_eq!(asks.level(&mut warnings).ok(), Some(Human));
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert_eq!(level(LevelRule { trust: Trust::Obey, ..asks }), Some(Auto));
        assert_eq!(level(LevelRule { trust: Trust::Obey, ..new(None, Some(Infrastructure), None) }), Some(Escalate));
        assert_eq!(level(LevelRule { trust: Trust::Obey, ..RULE }), Some(Human));
    }

    #[test]
    fn the_level_of_a_skill_never_falls() {
        let of = |current| LevelRule { current: Some(current), ..RULE };
        let command = |current, category| LevelRule { command: Some(category), ..of(current) };
        let file = |current, category| LevelRule { file: Some(category), ..of(current) };
        assert_eq!(level(command((Auto, "testing"), Domain)), Some(Human));
        assert_eq!(level(file((Auto, "testing"), Domain)), Some(Human));
        assert_eq!(level(command((Human, "domain"), Testing)), None);
        assert_eq!(level(file((Human, "domain"), Testing)), None);
        assert_eq!(level(file((Human, "no-category"), Testing)), None);
        let holds = LevelRule { asked: Some(Human), ..command((Human, "domain"), Testing) };
        assert_eq!(level(holds), Some(Human), "the file asks for what is there");
        let weaker = LevelRule { asked: Some(Escalate), ..command((Human, "domain"), Infrastructure) };
        assert_eq!(level(weaker), None);
        assert_eq!(level(command((Human, "testing"), Testing)), Some(Human), "a raised level stays");
        assert_eq!(level(file((Human, "testing"), Coordination)), Some(Human), "also in a category of the same level");
        let asks = |current, asked| LevelRule { asked: Some(asked), ..of(current) };
        assert_eq!(level(asks((Escalate, "infrastructure"), Auto)), None);
        assert_eq!(level(asks((Escalate, "infrastructure"), Human)), Some(Human));
        let below_command = LevelRule { asked: Some(Auto), ..command((Auto, "testing"), Domain) };
        assert_eq!(level(below_command), None, "less than the command asks for");
    }

    #[test]
    fn current_bytes_do_not_change_the_level_again() {
        let again =
            |asked| LevelRule { current: Some((Escalate, "infrastructure")), new_version: false, asked, ..RULE };
        assert_eq!(level(LevelRule { file: Some(Testing), ..again(Some(Auto)) }), Some(Escalate));
        assert_eq!(level(again(Some(Human))), Some(Human));
    }
}
