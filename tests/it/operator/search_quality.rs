//! How well a search finds what is meant. The floors show a change that makes it worse.

use std::path::PathBuf;

use super::searching::{found, report, with_skills};
use crate::faults::figure;
use crate::harness::{Project, repository};

/// Queries in a user's own words, each with the skill that it means.
#[test]
fn users_find_what_they_mean() {
    let project = with_skills();
    let queries = [
        ("how do I log users in with tokens", "jwt-authentication"),
        ("add login to the api", "jwt-authentication"),
        ("rotate the signing key", "jwt-authentication"),
        ("change a column in production", "write-a-migration"),
        ("database schema", "write-a-migration"),
        ("look at a merge request", "review-a-pull-request"),
        ("comment on a diff", "review-a-pull-request"),
        ("find a file from the terminal", "shell-basics"),
        ("pipe commands", "shell-basics"),
        ("decide what to build before writing code", "agree-on-a-plan"),
        ("plan", "agree-on-a-plan"),
    ];
    let missed: Vec<_> = queries
        .iter()
        .filter(|(query, expected)| found(&project, &[query]).first().map(String::as_str) != Some(*expected))
        .collect();
    assert!(missed.len() <= 1, "{missed:?}");
}

/// Each skill of a folder by the first sentence of its description, without the words of its name. `CFN_CORPUS` names
/// another folder; docs/operators.md has its figures.
#[test]
fn skills_are_found_by_their_own_descriptions() {
    let from = std::env::var_os("CFN_CORPUS").map_or_else(|| repository("tests/skills"), PathBuf::from);
    let project = Project::empty();
    project.cfn(["init", "--from", from.to_str().expect("UTF-8"), "--approve-as", "me"]).ok();
    let all = project.cfn(["skill", "list", "--limit", "100000", "--json"]).json();
    let (mut first, mut five, mut count) = (0, 0, 0);
    for name in all["skills"].as_array().expect("skills").iter().filter_map(|it| it["name"].as_str()) {
        let shown = report(&project, &["--limit", "1", "--", name]);
        let Some(description) = shown["skills"][0]["description"].as_str().filter(|it| it.len() >= 15) else {
            continue;
        };
        let sentence = description.split_inclusive(". ").next().unwrap_or_default().to_lowercase();
        let name_words: Vec<&str> = name.split(|it: char| !it.is_alphanumeric()).collect();
        let words =
            sentence.split(|it: char| !it.is_alphanumeric()).filter(|it| !it.is_empty() && !name_words.contains(it));
        let query = words.collect::<Vec<_>>().join(" ");
        if query.is_empty() {
            continue;
        }
        let found = found(&project, &["--limit", "5", "--", &query]);
        count += 1;
        first += usize::from(found.first().is_some_and(|it| it == name));
        five += usize::from(found.iter().any(|it| it == name));
    }
    figure(&format!("{count} skills: {first} found first, {five} within five"));
    assert!(first * 100 >= count * 90 && five * 100 >= count * 95, "{first} and {five} of {count}");
}
