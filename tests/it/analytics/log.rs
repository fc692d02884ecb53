//! `cfn log`: one row, thousands of rows, and what can be asked of them.

use super::project;
use crate::harness::Project;
use crate::scene::with_skill;

/// A line of a batch.
pub(super) fn execution(id: impl std::fmt::Display) -> String {
    format!(r#"{{"id":{id},"skill":"beta","agent_id":"{id}","agent_type":"tester"}}"#)
}

/// How many rows there are.
pub(super) fn rows(project: &Project) -> String {
    project.sqlite3("SELECT count(*) FROM skill_usage_log")
}

#[test]
fn a_row_says_what_was_used_and_what_came_of_it() {
    let project = project();
    project
        .cfn([
            "log",
            "gamma",
            "--agent-id",
            "a1",
            "--agent-type",
            "tester",
            "--task-id",
            "t1",
            "--phase",
            "loop2",
            "--execution-ms",
            "420",
            "--exit-code",
            "0",
            "--confidence-before",
            "0.6",
            "--confidence-after",
            "0.8",
            "--test-pass-rate",
            "0.9",
            "--tokens-avoided",
            "1200",
            "--cost-avoided-usd",
            "0.018",
        ])
        .ok();
    let row = project.sqlite3("SELECT agent_id, agent_type, s.name, task_id, phase, execution_time_ms, exit_code, confidence_before,
        confidence_after, success_indicator, test_suite_executed, test_pass_rate, u.approval_level, phase4_generated,
        u.version, u.content_hash = s.content_hash, tokens_avoided, cost_avoided_usd FROM skill_usage_log u JOIN skills s ON s.id = u.skill_id");
    assert_eq!(row, "a1|tester|gamma|t1|loop2|420|0|0.6|0.8|1|1|0.9|escalate|1|1.0.0|1|1200|0.018");
    project.cfn(["log", "beta", "--agent-id", "a1", "--agent-type", "tester", "--exit-code", "-9"]).ok();
    project.cfn(["log", "beta", "--agent-id", "a1", "--agent-type", "tester"]).ok();
    let rest = project
        .sqlite3("SELECT quote(success_indicator), approval_level, phase4_generated FROM skill_usage_log WHERE id > 1");
    assert_eq!(rest, "0|human|0\nNULL|human|0");
}

#[test]
fn a_row_keeps_the_bytes_that_the_agent_got_in_that_task() {
    let project = project();
    project.cfn(["load", "tester", "--agent-id", "a1", "--task-id", "t1"]).ok();
    let old = project.sqlite3("SELECT content_hash FROM skills WHERE name = 'beta'");
    let path = project.file("beta-2.md", "---\nname: beta\ndescription: Better.\n---\n\nBetter.\n");
    project.cfn(["update", "beta", "1.0.1", &path.to_string_lossy()]).ok();
    let log = |agent: &str, task: &str| {
        project.cfn(["log", "beta", "--agent-id", agent, "--agent-type", "tester", "--task-id", task]).ok();
        project.sqlite3("SELECT version, content_hash FROM skill_usage_log ORDER BY id DESC LIMIT 1")
    };
    let completed = "SELECT version, content_hash FROM skill_usage_log WHERE skill_id = 2";
    log("a1", "t1");
    assert_eq!(project.sqlite3(completed), format!("1.0.0|{old}"));
    assert_eq!(log("a1", "t1"), format!("1.0.0|{old}"), "another use in that task");
    let now = log("a1", "t2");
    assert!(now.starts_with("1.0.1|") && !now.ends_with(&old), "{now}");
    assert_eq!(log("a2", "t1"), now, "another agent");
    let shown = project.cfn(["log", "show", "--task", "t1", "--json"]).json();
    let versions: Vec<_> = shown["usage"]
        .as_array()
        .expect("rows")
        .iter()
        .filter(|row| row["skill"] == "beta")
        .map(|row| format!("{} {}", row["agent_id"], row["version"]))
        .collect();
    assert_eq!(versions, ["\"a2\" \"1.0.1\"", "\"a1\" \"1.0.0\"", "\"a1\" \"1.0.0\""]);
    let history = project.cfn(["skill", "history", "beta", "--usage", "--json"]).json();
    assert_eq!(history["usage"].as_array().map(Vec::len), Some(4), "{history}");
    assert!(project.cfn(["log", "show", "--task", "t1"]).ok().contains(&old[..12]));
}

#[test]
fn bad_input_is_refused_and_nothing_is_logged() {
    let project = project();
    let with =
        |more: &[&str]| project.cfn([&["log", "beta", "--agent-id", "a", "--agent-type", "tester"], more].concat());
    for bad in [
        &["--confidence-before", "1.1"],
        &["--confidence-after", "NaN"],
        &["--execution-ms", "-1"],
        &["--exit-code", "x"],
        &["--cost-avoided-usd", "inf"],
        &["--tokens-avoided", "1000000000001"],
    ] {
        with(bad).fails(1);
    }
    project.cfn(["log", "beta", "--agent-id", "a"]).fails(1);
    project.cfn(["log", "beta", "--agent-id", "a", "--agent-type", "not a type"]).fails(1);
    assert!(project.cfn(["log", "betta", "--agent-id", "a", "--agent-type", "tester"]).fails(4).contains("beta"));
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "0");
}

#[test]
fn a_batch_answers_every_line_in_its_place() {
    let project = project();
    let input = concat!(
        r#"{"id":"one","skill":"beta","agent_id":"a","agent_type":"tester","exit_code":0}"#,
        "\n",
        r#"{"skill":"beta","agent_id":"a","agent_type":"tester"}"#,
        "\n",
        "\nno JSON\n",
        r#"{"id":4,"skill":"unknown","agent_id":"a","agent_type":"tester"}"#,
        "\n",
        r#"{"id":5,"skill":"beta","agent_id":"a","agent_type":"tester","confidence_before":2}"#,
        "\n",
        r#"{"id":{"n":6},"skill":"alpha","agent_id":"a","agent_type":"tester"}"#
    );
    let ran = project.cfn_with_input(["log", "--batch"], input.as_bytes());
    assert_eq!(ran.code, Some(1), "{ran:?}");
    let answers: Vec<serde_json::Value> =
        ran.stdout.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    let brief: Vec<_> =
        answers.iter().map(|it| format!("{} {} {}", it["id"], it["logged"], it["error"]["kind"])).collect();
    assert_eq!(
        brief,
        [
            "\"one\" true null",
            "null null \"invalid_input\"",
            "4 null \"skill_not_found\"",
            "5 null \"invalid_input\"",
            "{\"n\":6} true null",
        ]
    );
    assert_eq!(answers[1]["line"], 4);
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "3");
    assert_eq!(project.cfn_with_input(["log", "--batch"], b"").code, Some(0));
}

#[test]
fn a_line_is_an_object_of_bounded_length_with_an_agent() {
    let project = project();
    let array = "[1, \"beta\", \"a\", \"t\", null, null, null, null, null, null, null, null, null]\n";
    let long = format!("{{\"skill\": \"beta\", \"agent_id\": \"{}\", \"agent_type\": \"t\"}}\n", "a".repeat(2 << 20));
    let nobody = "{\"skill\": \"beta\", \"agent_id\": \"\", \"agent_type\": \"t\"}\n";
    let good = "{\"skill\": \"beta\", \"agent_id\": \"a\", \"agent_type\": \"t\", \"phase\": \"\"}\n";
    let ran = project.cfn_with_input(["log", "--batch"], [array, &long, nobody, good].concat().as_bytes());
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), 3), "{ran:?}");
    for (line, reason) in
        ran.stdout.lines().zip(["it is an array", "longer than the limit of 1 MiB", "agent_id is empty"])
    {
        assert!(line.contains(reason), "{line}");
    }
    assert_eq!(project.sqlite3("SELECT agent_id || quote(phase) FROM skill_usage_log"), "aNULL");
    project.cfn(["log", "beta", "--agent-id", "", "--agent-type", "t"]).fails(1);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_line() {
    let project = project();
    let lines = format!("\u{feff}{}\r\n\r\n{}\r\n", execution(1), execution(2));
    let ran = project.cfn_with_input(["log", "--batch"], lines.as_bytes());
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(0), 2), "{ran:?}");
    assert_eq!(project.cfn_with_input(["log", "--batch"], "\u{feff}".as_bytes()).code, Some(0));
    let again =
        project.cfn_with_input(["log", "--batch"], format!("{}\n\u{feff}{}", execution(3), execution(4)).as_bytes());
    assert_eq!((again.code, again.stdout.lines().count()), (Some(1), 2), "only at the start: {again:?}");
    let request = r#"{"agent_type":"tester","format":"names"}"#;
    let ran = project.cfn_with_input(["load", "--batch"], format!("\u{feff}{request}\r\n{request}").as_bytes());
    assert_eq!((ran.code, ran.stdout.matches("beta").count()), (Some(0), 2), "{ran:?}");
}

#[test]
fn each_line_that_is_wrong_says_how() {
    let project = project();
    let with = |fields: &str| format!(r#"{{"skill":"beta","agent_id":"a","agent_type":"t",{fields}}}"#);
    let long = format!("{}\n", "x".repeat((1 << 20) + 1));
    let wrong = [
        (long, "longer than the limit of 1 MiB"),
        (with(r#""execution_ms":-1"#), "execution_ms must be an integer from 0"),
        (with(r#""tokens_avoided":1000000000001"#), "tokens_avoided must be an integer from 0"),
        (with(r#""confidence_after":-0.1"#), "confidence_after must be a number from 0 to 1"),
        (with(r#""test_pass_rate":1.01"#), "test_pass_rate must be a number from 0 to 1"),
        (with(r#""cost_avoided_usd":1000001"#), "cost_avoided_usd must be an amount from 0 to 1000000"),
        (with(r#""task_id":"a\u0000b""#), "task_id contains a NUL"),
        (with(r#""batch":true"#), "unknown field"),
        (r#"{"agent_id":"a","agent_type":"t"}"#.to_owned(), "a skill name must not be empty"),
        (r#"{"skill":"beta","agent_type":"t"}"#.to_owned(), "agent_id is empty or missing"),
        ("{\"skill\":\"be\0ta\"}".to_owned(), "not an execution"),
        (r#"{"skill":"beta","agent_id":"a""#.to_owned(), "not an execution: EOF"),
    ];
    let input: Vec<&str> = wrong.iter().map(|(line, _)| line.trim_end()).collect();
    let ran = project.cfn_with_input(["log", "--batch"], input.join("\n").as_bytes());
    assert_eq!((ran.code, ran.stdout.lines().count()), (Some(1), wrong.len()), "{ran:?}");
    for (number, (answer, (_, why))) in ran.stdout.lines().zip(&wrong).enumerate() {
        assert!(answer.contains(why) && answer.contains(&format!("\"line\":{}", number + 1)), "{why}: {answer}");
    }
    assert_eq!(rows(&project), "0");
    for flags in [["--execution-ms", "-1"], ["--confidence-before", "2"], ["--cost-avoided-usd", "-0.5"]] {
        let args = [&["log", "beta", "--agent-id", "a", "--agent-type", "t"], &flags[..]].concat();
        project.fails_as(args, 1, "invalid_input");
    }
    project.cfn(["log", "--batch", "--exit-code", "0"]).fails(1);
}

#[test]
fn no_answer_of_a_batch_moves_the_cursor_or_repeats_a_long_argument() {
    let project = with_skill("jwt", "testing", "dev");
    let line = |skill: &str| {
        format!(r#"{{"skill": "{skill}", "agent_id": "a", "agent_type": "dev", "id": "X\u009b\u202e"}}"#) + "\n"
    };
    let input = line("jwt") + &line(&"n\\u001b".repeat(20_000));
    let ran = project.cfn_with_input(["log", "--batch"], input.as_bytes());
    assert!(!ran.stdout.contains(['\u{9b}', '\u{202e}', '\u{1b}']) && ran.stdout.len() < 10_000, "{ran:?}");
    assert_eq!(ran.stdout.matches(r#""id":"X\u009b\u202e""#).count(), 2, "{ran:?}");
}
