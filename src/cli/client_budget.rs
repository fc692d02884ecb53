//! What a client would cut from the listing of skills in its prompt: for `load --budget` and `export --client`.

use clap::builder::TypedValueParser;

use super::choice::one_of;
use super::output::{Page, Report};
use super::plural::{counted, thousands};
use crate::model::Visible;
use crate::ops::{BudgetUnit, BudgetVerdict, Client, ClientBudgetReport};

/// The clients whose rules are known.
pub(super) fn client() -> impl TypedValueParser<Value = Client> {
    let parse =
        |text: &str| Client::ALL.into_iter().find(|it| it.as_str() == text).ok_or("expected claude, codex or copilot");
    one_of(parse, || Client::ALL.iter().map(|it| it.as_str()).collect())
}

impl Report for ClientBudgetReport {
    fn text(&self, page: &mut Page) {
        let number = |it: u64| thousands(&it.to_string());
        let unit = match self.unit {
            BudgetUnit::Tokens => "token",
            BudgetUnit::Characters => "character",
        };
        let window = self.context_window.map(|it| format!(" in a context window of {} tokens", number(it)));
        page.line(format!(
            "{} lists skills in {}{}; {} need {}",
            self.client_name,
            counted(self.budget, unit),
            window.unwrap_or_default(),
            counted(self.skills.len(), "skill"),
            number(self.wanted)
        ));
        page.line(format!("it lists {} and cuts {}", counted(self.used, unit), counted(self.cut, "skill")));
        if self.cut > 0 {
            page.line("");
            let cut = self.skills.iter().filter(|it| it.verdict.is_cut());
            let row = |it: &crate::ops::BudgetedSkill| {
                let integer = |it: usize| thousands(&it.to_string());
                vec![it.name.clone(), said(it.verdict), integer(it.characters), integer(it.shown), it.uses.to_string()]
            };
            page.table(&["skill", "cut", "description", "shown", "uses"], cut.map(row));
        }
        let uncertain = self.rules.iter().filter_map(|(name, rule)| Some((name, rule.uncertain.as_ref()?)));
        let lines: Vec<_> = uncertain.map(|(name, why)| format!("{}: {}", Visible(name), Visible(why))).collect();
        if !lines.is_empty() {
            page.heading("\nuncertain rules");
            for line in lines {
                page.line(line);
            }
        }
    }
}

fn said(verdict: BudgetVerdict) -> String {
    match verdict {
        BudgetVerdict::Kept | BudgetVerdict::Hidden => "",
        BudgetVerdict::Shortened => "shortened",
        BudgetVerdict::NoDescription => "no description",
        BudgetVerdict::NotListed => "not listed",
    }
    .to_owned()
}
