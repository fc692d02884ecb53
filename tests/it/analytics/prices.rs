//! Tokens without an amount of money are counted at a price.

use serde_json::{Value, json};

use super::{ROWS, project};
use crate::harness::Project;

/// The part of the savings that a price makes.
fn priced(project: &Project, more: &[&str]) -> Value {
    let report = project.cfn(["analytics", "cost", "--json"].iter().chain(more)).json();
    report["tables"][2]["rows"][0].clone()
}

fn log(project: &Project, more: &[&str]) {
    let words = ["log", "alpha", "--agent-id", "a", "--agent-type", "tester"];
    project.cfn(words.iter().chain(more)).ok();
}

#[test]
fn only_tokens_without_an_amount_are_priced_and_every_form_of_the_report_says_so() {
    let project = project();
    log(&project, &["--tokens-avoided", "3000000"]);
    log(&project, &["--tokens-avoided", "5", "--cost-avoided-usd", "0"]);
    log(&project, &["--tokens-avoided", "7", "--cost-avoided-usd", "0.25"]);
    let expected = json!({"priced_tokens": 3_000_000, "usd_per_million_tokens": 0.5, "priced_usd": 1.5});
    assert_eq!(priced(&project, &[]), expected);
    let report = project.cfn(["analytics", "cost", "--json"]).json();
    assert_eq!(report["tables"][0]["rows"][0]["usd_avoided"], 1.75);
    assert_eq!(report["tables"][0]["rows"][0]["tokens_avoided"], 3_000_012);
    let text = project.cfn(["analytics", "cost"]).ok();
    assert!(text.contains("of which by the price of a token") && text.contains("3,000,000"), "{text}");
    let csv = project.cfn(["analytics", "cost", "--csv", "--table", "of which by the price of a token"]).ok();
    assert_eq!(csv.trim_end().replace('\r', ""), "priced_tokens,usd_per_million_tokens,priced_usd\n3000000,0.5,1.5");
    project.cfn(["analytics", "cost", "--html", "page.html"]).ok();
    let page = std::fs::read_to_string(project.path().join("page.html")).expect("a page");
    assert!(page.contains("3,000,000") && page.contains("at a price"), "{page}");
}

#[test]
fn the_price_comes_from_the_flag_else_from_a_file() {
    let project = project();
    log(&project, &["--tokens-avoided", "2000000"]);
    let usd = |more: &[&str]| priced(&project, more)["priced_usd"].clone();
    project.file("cfn.toml", "usd-per-million-tokens = \"3\"");
    assert_eq!((usd(&[]), usd(&["--usd-per-million-tokens", "0.000000001"])), (json!(6.0), json!(2e-9)));
    assert!(project.cfn(["config"]).ok().contains("usd_per_million_tokens"));
    project.fails_as(["analytics", "cost", "--usd-per-million-tokens", "1e3"], 1, "invalid_arguments");
    project.file("cfn.toml", "usd_per_million_tokens = \"cheap\"");
    project.fails_as(["analytics", "cost"], 1, "invalid_setting");
    assert_eq!(usd(&["--usd-per-million-tokens", "0"]), json!(0.0));
    project.cfn(["skill", "list"]).ok();
}

#[test]
fn rollups_archives_and_completions_keep_the_sum() {
    let project = project();
    project.sqlite3(ROWS);
    let sql = "SELECT sum(tokens_avoided) FROM skill_usage_log WHERE cost_avoided_usd IS NULL";
    let expected: i64 = project.sqlite3(sql).parse().expect("a number");
    let sum = || priced(&project, &[])["priced_tokens"].clone();
    project.cfn(["analytics", "rebuild"]).ok();
    assert_eq!(sum(), expected);
    project.cfn(["db", "archive", "--before", "2025-11-18", "--to", "old.gz"]).ok();
    assert_eq!(sum(), expected, "out in an archive");
    project.sqlite3("UPDATE skill_usage_log SET cost_avoided_usd = 1 WHERE id = 196");
    assert_eq!(sum(), expected - 196, "an amount takes tokens out of it");
    project.sqlite3("DELETE FROM cfn_metadata WHERE name = 'rolled_up_schema'");
    assert_eq!(sum(), expected - 196, "by a scan");
    project.cfn(["db", "unarchive", "old.gz"]).ok();
    assert_eq!(sum(), expected - 196, "back from the archive");
    project.cfn(["analytics", "check"]).ok();
}
