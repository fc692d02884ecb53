//! Listings at the edge of the budget, in numbers that were counted by hand.

use std::path::Path;

use super::{BudgetUnit, BudgetVerdict, Client, ClientBudget, ClientBudgetReport, ListingEntry, client_budget};
use crate::ops::error::Result;

const PROJECT: &str = "/p";

fn entry(name: &str, description: &str, uses: i64) -> ListingEntry {
    ListingEntry { name: name.to_owned(), description: description.to_owned(), when_to_use: None, hidden: false, uses }
}

fn fit(client: Client, context_window: Option<u64>, entries: &[ListingEntry]) -> Result<ClientBudgetReport> {
    client_budget(&ClientBudget { client, context_window, project: Path::new(PROJECT) }, entries.to_vec())
}

/// Name, verdict and shown characters, in the client's order.
fn shown(report: &ClientBudgetReport) -> Vec<(&str, BudgetVerdict, usize)> {
    report.skills.iter().map(|it| (it.name.as_str(), it.verdict, it.shown)).collect()
}

fn three_hundred(length: usize) -> Vec<ListingEntry> {
    (0..300).map(|it| entry(&format!("skill-{it:03}"), &"d".repeat(length), it % 7)).collect()
}

#[test]
fn claude_keeps_all_names_and_the_descriptions_of_the_most_used() -> Result<()> {
    // Names: 300 lines of 11 characters and 299 line feeds. A description costs 102; 8,000 leave room for 43.
    let report = fit(Client::Claude, None, &three_hundred(100))?;
    assert_eq!((report.budget, report.wanted, report.unit), (8_000, 3_599 + 300 * 102, BudgetUnit::Characters));
    assert_eq!((report.used, report.cut), (3_599 + 43 * 102, 257));
    assert!(report.skills[..43].iter().all(|it| it.verdict == BudgetVerdict::Kept && it.uses >= 5), "{report:?}");
    assert!(report.skills[43..].iter().all(|it| it.verdict == BudgetVerdict::NoDescription), "{report:?}");
    assert_eq!(fit(Client::Claude, Some(1_000_000), &three_hundred(100))?.cut, 0);
    Ok(())
}

#[test]
fn claude_takes_a_shorter_description_after_one_that_does_not_fit() -> Result<()> {
    // 2,000 tokens are a budget of 80 characters; the three names take 11.
    let entries = [entry("a", &"x".repeat(70), 9), entry("b", &"x".repeat(66), 5), entry("c", "y", 1)];
    let report = fit(Client::Claude, Some(2_000), &entries)?;
    let dropped = |name| (name, BudgetVerdict::NoDescription, 0);
    assert_eq!(shown(&report), [dropped("a"), ("b", BudgetVerdict::Kept, 66), dropped("c")]);
    assert_eq!((report.used, report.cut), (79, 2));
    let report = fit(Client::Claude, Some(2_000), &[entry("a", &"x".repeat(75), 0)])?;
    assert_eq!((report.used, report.cut), (80, 0));
    assert_eq!(fit(Client::Claude, Some(2_000), &[entry("a", &"x".repeat(76), 0)])?.cut, 1);
    Ok(())
}

#[test]
fn claude_shortens_a_description_with_its_when_to_use_at_the_cap() -> Result<()> {
    let mut long = entry("a", &"x".repeat(1_530), 0);
    long.when_to_use = Some("often".to_owned());
    let hidden = ListingEntry { hidden: true, ..entry("b", "x", 9) };
    let report = fit(Client::Claude, None, &[long.clone(), hidden])?;
    let expected = [("b", BudgetVerdict::Hidden, 0), ("a", BudgetVerdict::Shortened, 1_536)];
    assert_eq!(shown(&report), expected);
    assert_eq!((report.wanted, report.used, report.cut), (3 + 2 + 1_538, 3 + 2 + 1_536, 1));
    long.description.truncate(1_528);
    assert_eq!(fit(Client::Claude, None, &[long])?.cut, 0);
    Ok(())
}

#[test]
fn codex_shares_the_room_between_descriptions() -> Result<()> {
    // 300 lines of 61 bytes without a description are 16 tokens each; 2 % of 272,000 tokens are 5,440.
    let report = fit(Client::Codex, None, &three_hundred(100))?;
    assert_eq!((report.budget, report.unit, report.cut), (5_440, BudgetUnit::Tokens, 300));
    assert!(report.used <= 5_440 && report.wanted > 5_440, "{report:?}");
    let lengths: Vec<usize> = report.skills.iter().map(|it| it.shown).collect();
    let (least, most) = (lengths.iter().min(), lengths.iter().max());
    assert!(most.copied() <= least.map(|it| it + 4) && least > Some(&0), "{lengths:?}");
    assert_eq!(fit(Client::Codex, None, &three_hundred(8))?.cut, 0);
    Ok(())
}

#[test]
fn codex_counts_characters_where_the_window_is_unknown() -> Result<()> {
    // A line without its description: "- skill-000: (file: /p/.agents/skills/skill-000/SKILL.md)" and a line feed.
    let bare = "- a: (file: /p/.agents/skills/a/SKILL.md)\n".len();
    let fits = entry("a", &"x".repeat(1_024), 0);
    let report = fit(Client::Codex, Some(0), std::slice::from_ref(&fits))?;
    assert_eq!((report.budget, report.context_window, report.cut), (8_000, None, 0));
    assert_eq!(report.used, bare as u64 + 1 + 1_024);
    let report = fit(Client::Codex, Some(0), &three_hundred(100))?;
    assert!(report.skills.iter().any(|it| it.verdict == BudgetVerdict::NotListed), "{report:?}");
    assert!(report.skills.iter().all(|it| it.shown == 0) && report.used <= 8_000, "{report:?}");
    Ok(())
}

#[test]
fn codex_does_not_load_a_skill_without_a_description_or_with_a_long_one() -> Result<()> {
    let entries = [entry("a", &"x".repeat(1_025), 0), entry("b", " \n", 0), entry("c", "two\n lines", 0)];
    let report = fit(Client::Codex, None, &entries)?;
    let left_out = |name| (name, BudgetVerdict::NotListed, 0);
    assert_eq!(shown(&report), [left_out("a"), left_out("b"), ("c", BudgetVerdict::Kept, 9)]);
    Ok(())
}

#[test]
fn copilot_lists_entries_by_name_until_one_does_not_fit() -> Result<()> {
    // An entry of 94 + 9 + 100 characters: 15,000 hold 73.
    let report = fit(Client::Copilot, None, &three_hundred(100))?;
    assert_eq!((report.budget, report.wanted, report.used), (15_000, 300 * 203, 73 * 203));
    assert_eq!((report.cut, report.context_window), (227, None));
    assert_eq!(report.skills[73].verdict, BudgetVerdict::NoDescription);
    let huge = entry("b", &"<".repeat(4_000), 0);
    let report = fit(Client::Copilot, None, &[entry("c", "x", 0), huge, entry("a", "x", 0)])?;
    let dropped = |name| (name, BudgetVerdict::NoDescription, 0);
    assert_eq!(shown(&report), [("a", BudgetVerdict::Kept, 1), dropped("b"), dropped("c")]);
    let exact = entry("a", &"x".repeat(15_000 - 95), 0);
    assert_eq!(fit(Client::Copilot, None, &[exact])?.cut, 0);
    assert_eq!(fit(Client::Copilot, None, &[entry("a", &"x".repeat(15_000 - 94), 0)])?.cut, 1);
    Ok(())
}

#[test]
fn a_project_without_skills_has_nothing_to_cut() -> Result<()> {
    for client in Client::ALL {
        let report = fit(client, None, &[])?;
        assert_eq!((report.wanted, report.used, report.cut), (0, 0, 0), "{client:?}");
    }
    Ok(())
}
