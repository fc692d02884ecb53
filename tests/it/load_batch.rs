//! `cfn load --batch`: one request a line, one answer a line, until the end of input.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::Command;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::batch::Batch;
use crate::harness::{Project, Ran, binary};
use crate::scene::{deploy, names, with_skill};

fn batch(project: &Project, lines: &[&str]) -> (Option<i32>, Vec<Value>) {
    let ran = project.cfn_with_input(["load", "--batch"], lines.join("\n").as_bytes());
    (ran.code, answers(&ran))
}

fn answers(ran: &Ran) -> Vec<Value> {
    ran.stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

#[test]
fn answers_each_line_in_order_with_its_id() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "Body.", &["testing", "tester"]);
    let (code, answers) = batch(
        &project,
        &[
            r#"{"agent_type": "tester", "id": 1}"#,
            r#"{"id": {"any": ["json", null]}, "agent_type": "dev"}"#,
            "",
            r#"{"agent_type": "nobody"}"#,
        ],
    );
    assert_eq!(code, Some(0));
    assert_eq!(answers.len(), 3);
    assert_eq!((&answers[0]["id"], &answers[0]["skills"][0]["name"]), (&json!(1), &json!("sql")));
    assert_eq!((&answers[1]["id"], &answers[1]["skills"][0]["name"]), (&json!({"any": ["json", null]}), &json!("jwt")));
    assert_eq!((answers[2].get("id"), &answers[2]["skills"]), (None, &json!([])));
}

#[test]
fn an_answer_is_that_of_the_command() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "Body.", &["testing", "dev", "--context", "database", "--phase", "loop3"]);
    for (flags, line) in [
        (vec![], r#"{"agent_type":"dev"}"#),
        (vec!["--context", "other"], r#"{"agent_type":"dev","context":"other"}"#),
        (vec!["--context", "a,database"], r#"{"agent_type":"dev","context":["a","database"]}"#),
        (vec!["--phase", "loop2"], r#"{"agent_type":"dev","phase":"loop2"}"#),
        (vec!["--max-skills", "1"], r#"{"agent_type":"dev","max_skills":1}"#),
        (vec!["--max-tokens", "1"], r#"{"agent_type":"dev","max_tokens":1}"#),
        (vec!["--no-bootstrap"], r#"{"agent_type":"dev","no_bootstrap":true}"#),
    ] {
        let mut args = vec!["load", "dev", "--json"];
        args.extend(&flags);
        let expected = project.cfn(args).json();
        assert_eq!(batch(&project, &[line]), (Some(0), vec![expected]), "{line}");
    }
}

#[test]
fn a_format_answers_with_its_text() {
    let project = with_skill("jwt", "testing", "dev");
    for format in ["prompt", "xml", "names"] {
        let expected = project.cfn(["load", "dev", "--format", format]).ok();
        let (code, answers) = batch(&project, &[&format!(r#"{{"agent_type":"dev","format":"{format}"}}"#)]);
        assert_eq!((code, &answers[0]["text"]), (Some(0), &json!(expected)));
    }
}

#[test]
fn a_bad_line_is_answered_in_its_place_and_the_rest_go_on() {
    let project = with_skill("jwt", "testing", "dev");
    let long = format!(r#"{{"agent_type":"dev","phase":"{}"}}"#, "x".repeat(1024 * 1024));
    let deep = "[".repeat(200_000);
    let bad = [
        "not json",
        "{",
        "[]",
        "7",
        r#"{"id": 1}"#,
        r#"{"id": 1, "agent_type": "a b"}"#,
        r#"{"id": 1, "agent_type": "dev", "no_such_key": 1}"#,
        r#"{"id": 1, "agent_type": "dev", "max_skills": -1}"#,
        r#"{"id": 1, "agent_type": "dev", "format": "yaml"}"#,
        r#"{"id": 1, "agent_type": "dev", "task_id": "t"}"#,
        "\u{1b}[31m",
        &long,
        &deep,
    ];
    for line in bad {
        let (code, answers) = batch(&project, &[line, r#"{"agent_type":"dev","id":"next"}"#]);
        let shown: String = line.chars().take(60).collect();
        assert_eq!((code, answers.len()), (Some(1), 2), "{shown}");
        let error = &answers[0]["error"];
        assert_eq!(error["code"], 1, "{shown}: {error}");
        assert!(
            ["kind", "message", "hint"].iter().all(|it| error[*it].as_str().is_some_and(|it| !it.is_empty())),
            "{error}"
        );
        assert_eq!(answers[0].get("id"), line.starts_with(r#"{"id""#).then(|| json!(1)).as_ref(), "{shown}");
        assert_eq!(answers[1]["skills"][0]["name"], "jwt", "{shown}");
    }
    let ran = project.cfn_with_input(["load", "--batch"], b"caf\xe9\n{\"agent_type\":\"dev\"}");
    assert_eq!((ran.code, answers(&ran).len()), (Some(1), 2), "{ran:?}");
}

#[test]
fn the_longest_line_may_have_exactly_a_mebibyte() {
    let project = with_skill("jwt", "testing", "dev");
    let line = |length: usize| {
        let start = r#"{"agent_type":"dev","phase":""#;
        format!(r#"{start}{}"}}"#, "x".repeat(length - start.len() - 2))
    };
    let (longest, over) = (line(1024 * 1024), line(1024 * 1024 + 1));
    let (code, answers) = batch(&project, &[&longest, r#"{"agent_type":"dev","id":1}"#]);
    assert_eq!((code, answers.len(), &answers[1]["id"]), (Some(0), 2, &json!(1)), "the next line is not lost");
    let (code, answers) = batch(&project, &[&over, &over]);
    assert_eq!((code, answers.len()), (Some(1), 2));
}

#[test]
fn a_required_skill_without_its_bytes_is_an_error_of_its_line_only() {
    let project = with_skill("jwt", "testing", "dev");
    deploy(&project, "sql", "Body.", &["testing", "tester"]);
    project.sqlite3("UPDATE agent_skill_mappings SET required = 1; DELETE FROM skill_contents WHERE rowid = 1");
    let (code, answers) = batch(&project, &[r#"{"agent_type":"dev"}"#, r#"{"agent_type":"tester"}"#]);
    assert_eq!((code, &answers[0]["error"]["code"]), (Some(1), &json!(7)));
    assert_eq!(answers[1]["skills"][0]["name"], "sql");
}

#[test]
fn usage_is_logged_for_the_lines_that_name_an_agent() {
    let project = with_skill("jwt", "testing", "dev");
    let (code, _) = batch(
        &project,
        &[
            r#"{"agent_type":"dev"}"#,
            r#"{"agent_type":"dev","agent_id":"dev-1","task_id":"t"}"#,
            r#"{"agent_type":"dev"}"#,
        ],
    );
    assert_eq!(code, Some(0));
    assert_eq!(project.sqlite3("SELECT agent_id, task_id FROM skill_usage_log"), "dev-1|t");
}

#[test]
fn a_change_between_two_lines_is_seen_by_the_second() {
    let project = with_skill("jwt", "testing", "dev");
    let mut batch = Batch::start(&project, &[]);
    let mut ask = || batch.ask(r#"{"agent_type":"dev"}"#)["skills"][0]["version"].clone();
    assert_eq!(ask(), "1.0.0");
    deploy(&project, "jwt", "Second.", &[]);
    assert_eq!(ask(), "1.0.1");
    project.sqlite3("UPDATE skills SET status = 'archived'");
    assert_eq!(ask(), Value::Null);
    assert_eq!(batch.end().code, Some(0));
}

/// What a batch says at its end that its memory did: hits, misses, entries.
fn memory(ran: &Ran) -> Option<[u64; 3]> {
    let line = ran.stderr.lines().find(|it| it.contains("answers from memory"))?;
    let number = |name: &str| line.split(&format!(" {name}=")).nth(1)?.split(' ').next()?.parse().ok();
    Some(["hits", "misses", "entries"].map(|it| number(it).expect(line)))
}

fn asked(project: &Project, arguments: &[&str], requests: &[&str]) -> Ran {
    let mut batch = Batch::start(project, arguments);
    let answers = requests.iter().map(|it| batch.ask_for_text(it)).collect();
    let ran = batch.end();
    assert_eq!(ran.code, Some(0));
    Ran { stdout: answers, ..ran }
}

#[test]
fn an_answer_is_remembered_for_whoever_asks_the_same_again() {
    let project = with_skill("jwt", "testing", "dev");
    let requests = [
        r#"{"agent_type":"dev"}"#,
        r#"{"id":"next","agent_type":"dev"}"#,
        r#"{"agent_type":"dev","context":"b, a"}"#,
        r#"{"context":["a","b"],"agent_type":"dev","max_skills":20}"#,
        r#"{"agent_type":"dev","format":"names"}"#,
        r#"{"agent_type":"dev","max_skills":3}"#,
    ];
    let remembered = asked(&project, &["-v"], &requests);
    assert_eq!(memory(&remembered), Some([2, 4, 4]));
    let never = asked(&project, &["-v", "--cache", "never"], &requests);
    assert_eq!(memory(&never), None);
    assert_eq!(remembered.stdout, never.stdout);
}

#[test]
fn what_files_or_the_usage_log_decide_is_not_remembered() {
    let project = with_skill("jwt", "testing", "dev");
    project.sqlite3(r#"UPDATE agent_skill_mappings SET tdd_condition = '{"min_pass_rate":0.5}'"#);
    let mut batch = Batch::start(&project, &["-v"]);
    let mut names = || batch.ask(r#"{"agent_type":"dev","format":"names"}"#)["text"].clone();
    assert_eq!(names(), "");
    project.sqlite3(
        "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, test_pass_rate) VALUES ('a', 'dev', 1, 0.9)",
    );
    assert_eq!(names(), "jwt\n");
    let mut paths = || batch.ask(r#"{"agent_type":"dev","format":"xml","paths":"source"}"#)["text"] != "";
    assert!(paths());
    project.skill("jwt", "Changed.");
    assert!(!paths());
    assert_eq!(memory(&batch.end()), Some([0, 2, 0]));
}

#[test]
fn requests_that_are_there_already_share_what_is_written() {
    let project = with_skill("jwt", "testing", "dev");
    let (log, input) =
        (project.path().join("writes"), project.file("requests", "{\"agent_type\":\"dev\"}\n".repeat(500)));
    let mut command = Command::new("strace");
    command.args(["-f", "-qq", "-e", "trace=write", "-e", "signal=none", "-o"]).arg(&log).arg(binary());
    command.args(["load", "--batch"]).current_dir(project.path()).stdin(File::open(input).expect("requests"));
    let ran = Ran::from(command.output().expect("strace must be installed"));
    assert_eq!(answers(&ran).len(), 500);
    let writes = fs::read_to_string(log).expect("a log").lines().filter(|it| it.contains("write(1,")).count();
    let least = ran.stdout.len() / (64 * 1024);
    assert!((1..=2 * least + 2).contains(&writes), "{writes} writes for {} bytes", ran.stdout.len());
}

#[test]
fn it_ends_quietly_when_nobody_reads_its_answers_any_more() {
    let project = with_skill("jwt", "testing", "dev");
    let mut batch = Batch::start(&project, &[]);
    batch.ask(r#"{"agent_type":"dev"}"#);
    let mut input = batch.leave();
    // The first answer that nobody takes is the end; before that it cannot know.
    let sent = (0..1000).take_while(|_| {
        thread::sleep(Duration::from_millis(10));
        writeln!(input, r#"{{"agent_type":"dev"}}"#).is_ok()
    });
    assert!(sent.count() < 1000, "it goes on reading");
    assert_eq!(batch.end(), Ran { code: Some(0), stdout: String::new(), stderr: String::new() });
}

#[test]
fn flags_that_a_line_says_itself_are_refused_beside_batch() {
    let project = with_skill("jwt", "testing", "dev");
    for flags in [
        &["dev"][..],
        &["--context", "a"],
        &["--phase", "a"],
        &["--max-skills", "3"],
        &["--max-tokens", "3"],
        &["--no-bootstrap"],
        &["--format", "names"],
        &["--agent-id", "a"],
    ] {
        project.fails_as(["load", "--batch"].iter().chain(flags), 1, "invalid_arguments");
    }
    assert_eq!(names(&project, &["dev"]), ["jwt"]);
}

#[test]
fn without_a_database_each_line_is_an_error() {
    let project = Project::empty();
    let (code, answers) = batch(&project, &[r#"{"agent_type":"dev"}"#]);
    assert_eq!((code, &answers[0]["error"]["kind"]), (Some(1), &json!("database_missing")));
    assert_eq!(batch(&project, &[]), (Some(0), vec![]), "no line, nothing to do");
}

#[test]
fn a_request_is_an_object_and_what_it_leaves_empty_it_does_not_state() {
    let project = with_skill("jwt", "testing", "dev");
    project.sqlite3(r#"UPDATE agent_skill_mappings SET conditions = '{"phase": "loop3"}'"#);
    let array = "[1, \"dev\", \"\", null, null, null, false, null, null, null]\n";
    let empty =
        "{\"agent_type\": \"dev\", \"phase\": \"\", \"agent_id\": \"\", \"task_id\": \"\", \"format\": \"names\"}\n";
    let ran = project.cfn_with_input(["load", "--batch"], [array, empty].concat().as_bytes());
    let answers: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((ran.code, answers.len()), (Some(1), 2), "{ran:?}");
    assert_eq!(answers[0]["error"]["kind"], "invalid_input");
    assert_eq!(answers[1]["text"], "jwt\n");
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log"), "0");
}

#[test]
fn nothing_in_an_answer_moves_the_cursor() {
    let project = with_skill("jwt", "testing", "dev");
    project.file("s.md", "csi \u{9b}2J bidi \u{202e} é\n");
    project.cfn(["deploy", "1", "odd", "s.md", "testing", "dev"]).ok();
    let request = r#"{"agent_type": "dev", "id": {"X\u009b": ["\u202e é"]}}"#;
    let ran = project.cfn_with_input(["load", "--batch"], request.as_bytes());
    assert!(!ran.stdout.contains(['\u{9b}', '\u{202e}']) && ran.stdout.contains('é'), "{ran:?}");
    let answer = ran.json();
    assert_eq!(answer["id"]["X\u{9b}"][0], "\u{202e} é");
    assert_eq!(answer["skills"][1]["content"], "csi \u{9b}2J bidi \u{202e} é\n");
}
