//! What a use is logged with, ids and phases above all: one check, whoever logs.

use serde_json::{Value, json};

use crate::harness::Project;
use crate::scene::with_skill;

/// The answer to a line of a batch.
fn answer(project: &Project, command: &str, line: &Value) -> Value {
    let ran = project.cfn_with_input([command, "--batch"], line.to_string().as_bytes());
    serde_json::from_str(ran.stdout.lines().next().unwrap_or("null")).expect("an answer")
}

fn uses(project: &Project) -> String {
    project.sqlite3("SELECT count(*) FROM skill_usage_log")
}

#[test]
fn an_id_or_phase_is_at_most_a_thousand_bytes_long() {
    let project = with_skill("jwt", "domain", "dev");
    let (most, over) = ("é".repeat(500), "é".repeat(500) + "x");
    let fields_with = |field: &str| {
        let text = |it: &str| if it == field { over.clone() } else { "a".to_owned() };
        [text("agent_id"), text("task_id"), text("phase")]
    };
    for field in ["agent_id", "task_id", "phase"] {
        let [agent_id, task_id, phase] = fields_with(field);
        let options = ["--agent-id", &agent_id, "--task-id", &task_id, "--phase", &phase];
        let log = [&["log", "jwt", "--agent-type", "dev"], &options[..]].concat();
        let load = [&["load", "dev"], &options[..]].concat();
        for args in [log, load] {
            let message = project.cfn(args).fails(1);
            assert!(message.contains(&format!("{field} has 1001 bytes, and at most 1000")), "{message}");
        }
        let line = json!({"id": 1, "agent_type": "dev", "agent_id": agent_id, "task_id": task_id, "phase": phase});
        let mut of_log = line.clone();
        of_log["skill"] = "jwt".into();
        for (command, line) in [("log", &of_log), ("load", &line)] {
            let answer = answer(&project, command, line);
            assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(1), &json!(1)), "{answer}");
            assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains(field)), "{answer}");
        }
    }
    assert_eq!(uses(&project), "0");
    project.cfn(["load", "dev", "--agent-id", &most, "--task-id", &most, "--phase", &most]).ok();
    project.cfn(["load", "dev", "--phase", &over]).ok();
    assert_eq!(uses(&project), "1", "what is not logged may be longer");
}

#[test]
fn a_nul_is_refused_by_both_batches() {
    let project = with_skill("jwt", "domain", "dev");
    for field in ["agent_id", "task_id", "phase"] {
        let mut line = json!({"agent_type": "dev", "agent_id": "a", "task_id": "t", "phase": "p"});
        line[field] = "a\0b".into();
        let of_load = answer(&project, "load", &line);
        line["skill"] = "jwt".into();
        for answer in [of_load, answer(&project, "log", &line)] {
            let message = answer["error"]["message"].as_str().unwrap_or_default();
            assert_eq!(message, format!("{field} contains a NUL character"), "{answer}");
        }
    }
    assert_eq!(uses(&project), "0");
}

#[test]
fn a_key_that_is_there_twice_is_refused_by_both_batches() {
    let project = with_skill("jwt", "domain", "dev");
    for line in [
        r#"{"id": 7, "agent_type": "dev", "agent_id": "a", "agent_id": "b"}"#,
        r#"{"id": 7, "agent_type": "dev", "agent_type": "dev", "agent_id": "a"}"#,
        r#"{"id": 7, "agent_type": "dev", "agent_id": "a", "task_id": "t", "task_id": null}"#,
        r#"{"id": 6, "agent_type": "dev", "agent_id": "a", "id": 7}"#,
    ] {
        for (command, line) in [("load", line.to_owned()), ("log", line.replacen('{', r#"{"skill": "jwt", "#, 1))] {
            let ran = project.cfn_with_input([command, "--batch"], line.as_bytes());
            assert_eq!(ran.code, Some(1), "{ran:?}");
            let answer: Value = serde_json::from_str(ran.stdout.trim_end()).expect("an answer");
            assert_eq!(answer["id"], 7, "{answer}");
            assert!(answer["error"]["message"].as_str().is_some_and(|it| it.contains("duplicate field")), "{answer}");
        }
    }
    assert_eq!(uses(&project), "0");
}
