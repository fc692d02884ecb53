//! Every command answers with one JSON document where that is asked for, or stands here with the reason why not.

use serde_json::Value;

use crate::agent::waves::{batch, plan};
use crate::harness::{Project, Ran};
use crate::help::reference;
use crate::postgres_server::Server;
use crate::redis::Server as Redis;
use crate::scene::{path_of, skill_text, with_skill};

enum Answer {
    /// One document, on one line.
    Document,
    /// One document for another program, on several lines.
    Pages(&'static str),
    /// Text, and why.
    Text(&'static str),
    /// An error, which is a document on stderr, and why.
    Error(&'static str),
}

use Answer::{Document, Error, Pages, Text};

/// Command lines, each in the state that those before it leave. In a word, `+` stands for a blank.
const LINES: &[(&str, Answer)] = &[
    ("init", Document),
    ("deploy 1 jwt jwt.md testing dev", Document),
    ("skill add .claude/skills/added", Document),
    ("update jwt 1.0.1 second.md", Document),
    ("load dev", Document),
    ("export --agent dev out", Document),
    ("log jwt --agent-id a --agent-type dev --task-id t", Document),
    ("log show --task t", Document),
    ("analytics", Document),
    ("search jwt", Document),
    ("agents", Document),
    ("edge-case record jwt --description x", Document),
    ("edge-case list", Document),
    ("edge-case show 1", Document),
    ("edge-case resolve 1", Document),
    ("sync", Document),
    ("sync status", Document),
    ("sync retry", Document),
    ("schedule --print", Document),
    ("run -- echo text", Text("the answer is that of the command that it runs")),
    ("bench --skills 5 --usage-rows 5 --runs 1 --no-fail", Document),
    ("bench growth --skills 20,40 --usage-rows 5 --runs 1", Document),
    ("bench compare --skills 5 --runs 1", Document),
    ("bench sql SELECT+1", Document),
    ("bench stress --workers 2 --duration 1s --skills 5", Document),
    ("skill list", Document),
    ("skill assign jwt --agent other", Document),
    ("skill unassign jwt --agent other", Document),
    ("skill edit jwt --owner me", Document),
    ("skill rename added renamed", Document),
    ("skill show jwt", Document),
    ("skill diff jwt 1.0.0 1.0.1", Document),
    ("skill history jwt", Document),
    ("skill verify", Document),
    ("skill pin jwt 1.0.1 --agent dev", Document),
    ("skill unpin jwt --agent dev", Document),
    ("skill assess jwt", Document),
    ("skill pending", Document),
    ("skill promote --list", Document),
    ("skill review", Error("it asks a person at a terminal")),
    ("skill escalate renamed --approver me --reason x", Document),
    ("skill approve renamed --approver me", Document),
    ("skill reject renamed --approver me", Document),
    ("skill deprecate jwt", Document),
    ("skill restore jwt", Document),
    ("skill archive jwt", Document),
    ("skill restore jwt", Document),
    ("skill rollback jwt 1.0.0", Document),
    ("skill revoke renamed --reason x", Document),
    ("skill delete renamed --yes", Document),
    ("skill validate jwt.md", Document),
    ("skill export-yaml --output skills.yaml", Document),
    ("skill import-yaml skills.yaml", Document),
    ("skill lint", Document),
    ("skill purge jwt 1.0.1 --reason x --yes", Document),
    ("db status", Document),
    ("db migrate", Document),
    ("db capture", Document),
    ("db maintain", Document),
    ("db check", Document),
    ("db backup copy.db", Document),
    ("db restore copy.db", Document),
    ("db copy --from copy.db --to new.db", Document),
    ("db archive --before 2026-01-01 --to old.gz", Document),
    ("db unarchive old.gz", Document),
    ("db postgres-schema", Document),
    ("cache status", Document),
    ("cache warm", Document),
    ("cache explain load dev", Document),
    ("cache explain list", Document),
    ("cache explain show jwt", Document),
    ("cache explain history jwt", Document),
    ("cache explain analytics usage", Document),
    ("cache audit", Document),
    ("cache clear", Document),
    ("coord context t1 A=b", Document),
    ("coord state t1 {}", Document),
    ("coord state t1", Document),
    ("coord done t1 a1", Document),
    ("coord wait t1 --agents 1 --timeout 1", Document),
    ("coord clear t1", Document),
    ("doctor", Document),
    ("metrics", Error("its answer is text for Prometheus")),
    ("metrics rules", Error("its answer is YAML for Prometheus")),
    ("metrics dashboard", Pages("its answer is a document for Grafana, which people change by hand")),
    ("metrics --enable", Document),
    ("metrics --textfile cfn.prom", Document),
    ("metrics --disable", Document),
    ("top --batch 1", Document),
    ("config", Document),
    ("completions bash", Text("a shell runs the answer")),
    ("man", Text("the answer is a page for 'man'")),
    ("agent spawn dev --agent-id one --task t2 -- echo text", Document),
    ("agent ps", Document),
    ("agent show one", Document),
    ("agent logs one", Text("the answer is what the agent wrote")),
    ("agent wait one", Document),
    ("agent stop one", Document),
    ("agent wave plan.json --wave 1 --output manifest.json -- true", Document),
    ("agent monitor manifest.json", Document),
    ("agent load-test dev --agents 1 --duration 1s --every 1", Document),
    ("agent cleanup", Document),
    ("agent pool status", Document),
    ("agent pool start --size 1 --image x", Error("no engine runs here; the tests with one read its document")),
    ("agent pool keep", Text("it keeps pools until it is interrupted, and says nothing")),
    ("agent pool stop", Document),
    ("db follow PRIMARY --replace", Document),
    ("db unfollow", Document),
];

/// The words of a line.
fn words(line: &str, primary: &str) -> Vec<String> {
    line.replace("PRIMARY", primary).split_whitespace().map(|it| it.replace('+', " ")).collect()
}

/// What is wrong with an answer.
fn wrong(answer: &Answer, ran: &Ran) -> Option<&'static str> {
    let is_document = |text: &str| serde_json::from_str::<Value>(text).is_ok();
    let is_line = |text: &str| text.lines().count() == 1 && text.ends_with('\n') && is_document(text);
    let is_well = match answer {
        Document => ran.code == Some(0) && is_line(&ran.stdout),
        Pages(_) => ran.code == Some(0) && is_document(&ran.stdout),
        Text(_) => ran.code == Some(0) && !is_document(&ran.stdout),
        Error(_) => ran.code.is_some_and(|it| it > 0) && ran.stdout.is_empty() && is_line(&ran.stderr),
    };
    if is_well {
        return None;
    }
    Some(match answer {
        Document => "is no document on one line",
        Pages(why) | Text(why) | Error(why) => why,
    })
}

fn project() -> Project {
    let project = Project::empty();
    project.file("jwt.md", skill_text("jwt", "First."));
    project.file("second.md", skill_text("jwt", "Second."));
    project.skill("added", "Written by hand.");
    let mut batch = batch(0);
    batch["agent_type"] = "dev".into();
    plan(&project, &[vec![batch]]);
    project
}

#[test]
fn every_command_answers_with_one_document() {
    let (project, redis, primary) = (project(), Redis::start(), Server::start());
    let primary = primary.url("postgres");
    project.cfn(["--db", &primary, "init"]).ok();
    let mut failed = Vec::new();
    for (line, answer) in LINES {
        if *line == "db archive --before 2026-01-01 --to old.gz" {
            project.sqlite3("UPDATE skill_usage_log SET loaded_at = '2025-01-01 00:00:00'");
        }
        let mut command = project.command(["--json"]);
        command.args(words(line, &primary)).env("CFN_REDIS_URL", redis.url()).env("DOCKER_HOST", "unix:///nonexistent");
        let ran = Ran::from(command.output().expect("cfn runs"));
        failed.extend(wrong(answer, &ran).map(|it| format!("'cfn {line}': {it}: {ran:?}")));
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn no_command_is_without_a_line() {
    let pages = reference(&Project::empty());
    let names: Vec<String> = pages.iter().map(|(words, _)| words.join(" ")).collect();
    let has_line = |name: &str| {
        let mut lines = LINES.iter().map(|it| it.0.strip_prefix(name));
        lines.any(|rest| rest.is_some_and(|it| it.is_empty() || it.starts_with(' ')))
    };
    let mut missing = Vec::new();
    for (name, (_, page)) in names.iter().zip(&pages) {
        let is_group = page.contains(&format!("Usage: cfn {name} <COMMAND>")) || name.is_empty();
        // Some commands have two names.
        let short = name.strip_prefix("skill ").filter(|it| names.iter().any(|other| other == it)).unwrap_or(name);
        if !is_group && !has_line(short) {
            missing.push(name);
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_may_be_many_answers_is_a_document_a_line() {
    let project = with_skill("jwt", "testing", "dev");
    let load = b"{\"agent_type\":\"dev\"}\n{\"agent_type\":\"dev\"}\n";
    let log = b"{\"id\":1,\"skill\":\"jwt\",\"agent_id\":\"a\",\"agent_type\":\"dev\"}\n{\"id\":2}\n";
    let ran = [
        project.cfn_with_input(["--json", "load", "--batch"], load),
        project.cfn_with_input(["--json", "log", "--batch"], log),
        project.cfn(["--json", "agent", "spawn", "dev", "--count", "2", "--", "true"]),
        project.cfn(["--json", "top", "--batch", "2"]),
    ];
    for ran in ran {
        let documents: Result<Vec<Value>, _> = ran.stdout.lines().map(serde_json::from_str).collect();
        assert_eq!(documents.map(|it| it.len()).ok(), Some(2), "{ran:?}");
    }
    let reviewed = project.cfn(["--json", "deploy", "1", "jwt", &path_of("jwt")]);
    assert!(reviewed.json().is_object());
}
