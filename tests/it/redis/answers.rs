//! Hits, misses, and what makes an answer fresh again.

use super::Cached;
use crate::scene;

/// Every question that is cached, by its class.
const QUESTIONS: &[(&str, &[&str])] = &[
    ("load", &["load", "dev"]),
    ("load", &["load", "dev", "--json"]),
    ("load", &["load", "dev", "--format", "names", "--max-skills", "1"]),
    ("load", &["load", "dev", "--format", "xml"]),
    ("load", &["load", "dev", "--context", "b,a", "--phase", "p", "--max-tokens", "20", "--no-bootstrap"]),
    ("load", &["load", "devv"]),
    ("list", &["skill", "list"]),
    ("list", &["skill", "list", "--json", "--agent", "dev", "--category", "domain"]),
    ("list", &["skill", "list", "--pending", "--status", "active", "--level", "auto"]),
    ("show", &["skill", "show", "jwt"]),
    ("show", &["skill", "show", "jwt", "--json"]),
    ("show", &["skill", "show", "jwt", "--content"]),
    ("show", &["skill", "show", "jwt", "--content", "--json", "--version", "1.0.0"]),
    ("history", &["skill", "history", "sql"]),
    ("history", &["skill", "history", "sql", "--json"]),
    ("history", &["skill", "history", "sql", "--usage", "--json"]),
    ("analytics", &["analytics"]),
    ("analytics", &["analytics", "--json"]),
    ("analytics", &["analytics", "effectiveness", "--csv"]),
    ("analytics", &["analytics", "effectiveness-by-approval", "--json"]),
    ("analytics", &["analytics", "phase4-performance", "--json"]),
    ("analytics", &["analytics", "velocity", "--json"]),
    ("analytics", &["analytics", "by-approval", "--json"]),
    ("analytics", &["analytics", "approval-efficiency", "--json"]),
    ("analytics", &["analytics", "usage", "--json", "--days", "7"]),
    ("analytics", &["analytics", "cost", "--json", "--limit", "1", "--agent", "dev", "--category", "domain"]),
];

#[test]
fn a_question_is_answered_once_by_the_database_and_then_by_the_cache() {
    let cached = Cached::new();
    let mut asked = Vec::new();
    for (class, question) in QUESTIONS {
        // The same question in another form is the same answer.
        let is_form = |it: &&str| !["--json", "--csv", "--format", "names", "xml"].contains(it);
        let core: Vec<_> = question.iter().copied().filter(is_form).collect();
        if asked.contains(&core) {
            cached.hit(class, question);
        } else {
            cached.miss(class, question);
            asked.push(core);
        }
        cached.hit(class, question);
    }
    assert_eq!(cached.server.answers().len(), asked.len());
    assert_eq!(cached.project.leftovers(), [""; 0], "nothing is remembered of a server that is well");
}

#[test]
fn a_write_by_any_program_is_seen_by_the_next_question() {
    let cached = Cached::new();
    for write in [
        "UPDATE skills SET owner = 'ann' WHERE name = 'jwt'",
        "UPDATE skill_usage_log SET execution_time_ms = 1",
        "DELETE FROM agent_skill_mappings WHERE skill_id = 1",
        "INSERT INTO approval_history (skill_id, version, approval_level, decision) VALUES (2, '1.0.0', 'human', 'rejected')",
    ] {
        for (_, question) in QUESTIONS {
            cached.cfn(question);
        }
        cached.project.sqlite3(write);
        for (_, question) in QUESTIONS {
            assert_eq!(cached.cfn(question), cached.uncached(question), "{write}: {question:?}");
        }
    }
}

#[test]
fn what_cfn_writes_is_seen_by_the_next_question() {
    let cached = Cached::new();
    let question = ["load", "dev"];
    cached.miss("load", &question);
    cached.project.skill("jwt", "Second.");
    cached.cfn(&["update", "jwt", "1.0.1", &scene::path_of("jwt")]).ok();
    assert!(cached.miss("load", &question).ok().contains("Second."));
    cached.cfn(&["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    cached.hit("load", &question);
    cached.cfn(&["skill", "rollback", "jwt", "1.0.0"]).ok();
    assert!(cached.miss("load", &question).ok().contains("First."));
}
