//! `load --batch` on a server: it keeps its connection, sees every write, and connects again after a loss.

use serde_json::Value;

use crate::batch::Batch;
use crate::harness::{Project, Ran};
use crate::postgres_server::{Bouncer, Database, Server, Way};

const ASK: &str = r#"{"agent_type":"tester"}"#;

/// A skill for testers.
fn project(url: &str) -> Project {
    let project = Project::empty();
    project.file("alpha.md", "---\nname: alpha\ndescription: About alpha.\n---\n\nRead it.\n");
    for arguments in [&["init"][..], &["deploy", "7", "alpha", "alpha.md", "testing", "tester"]] {
        let mut command = project.command(arguments);
        command.env("CFN_SKILLS_DB_PATH", url);
        Ran::from(command.output().expect("cfn runs")).ok();
    }
    project
}

fn batch(project: &Project, url: &str) -> Batch {
    Batch::start(project, &["--db", url])
}

/// The names of the skills in an answer; or that the server was lost, which is the only error.
#[track_caller]
fn names(answer: &Value) -> Option<Vec<&str>> {
    if let Some(skills) = answer["skills"].as_array() {
        return Some(skills.iter().filter_map(|it| it["name"].as_str()).collect());
    }
    assert_eq!(answer["error"]["kind"], "database_unreachable", "{answer}");
    None
}

/// Asks until it is answered, which the second request after a loss is.
#[track_caller]
fn ask(batch: &mut Batch) -> Vec<String> {
    let answers = [batch.ask(ASK), batch.ask(ASK)];
    let skills = answers.iter().filter_map(names).next_back().unwrap_or_else(|| panic!("{answers:#?}"));
    skills.into_iter().map(str::to_owned).collect()
}

#[test]
fn a_batch_connects_again_after_its_server_was_stopped_or_crashed() {
    let mut server = Server::start();
    let url = server.url("postgres");
    let project = project(&url);
    let mut batch = batch(&project, &url);
    assert_eq!(names(&batch.ask(ASK)), Some(vec!["alpha"]));
    server.stop();
    assert_eq!(names(&batch.ask(ASK)), None, "no server answers");
    assert_eq!(names(&batch.ask(ASK)), None, "and again");
    server.launch();
    assert_eq!(ask(&mut batch), ["alpha"]);
    server.stop_immediately();
    server.launch();
    assert_eq!(ask(&mut batch), ["alpha"]);
    batch.end();
}

#[test]
fn a_batch_connects_again_after_its_connection_was_cut() {
    let database = Database::new();
    let url = database.url(Way::Direct);
    let project = project(&url);
    let mut batch = batch(&project, &url);
    for _ in 0..3 {
        assert_eq!(ask(&mut batch), ["alpha"]);
        database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()");
    }
    assert_eq!(ask(&mut batch), ["alpha"]);
    batch.end();
}

#[test]
fn a_batch_connects_again_after_pgbouncer_was_restarted() {
    let server = Server::start();
    server.sql("postgres", "CREATE ROLE agent LOGIN SUPERUSER PASSWORD 'sesame'");
    let mut bouncer = Bouncer::of(&server, &[("agent", "sesame")]);
    let url = format!("postgresql://agent:sesame@127.0.0.1:{}/postgres", bouncer.port);
    let project = project(&url);
    let mut batch = batch(&project, &url);
    assert_eq!(ask(&mut batch), ["alpha"]);
    bouncer.restart();
    assert_eq!(ask(&mut batch), ["alpha"]);
    batch.end();
}

#[test]
fn a_batch_sees_every_write_also_after_others_changed_tables_and_triggers() {
    let database = Database::new();
    let url = database.url(Way::Bouncer);
    let project = project(&url);
    let mut batch = batch(&project, &url);
    assert_eq!(ask(&mut batch), ["alpha"]);
    let (map, unmap) =
        ("UPDATE cfn.agent_skill_mappings SET enabled = 1", "UPDATE cfn.agent_skill_mappings SET enabled = 0");
    for change in [
        "ALTER TABLE cfn.skills ADD COLUMN note text",
        "ALTER TABLE cfn.agent_skill_mappings ALTER COLUMN notes SET DEFAULT 'none'",
        "CREATE INDEX more ON cfn.skills (team)",
        "ALTER TABLE cfn.agent_skill_mappings DISABLE TRIGGER cfn_note_write",
        "DROP TRIGGER cfn_note_write ON cfn.agent_skill_mappings",
    ] {
        database.sql(change);
        assert_eq!(ask(&mut batch), ["alpha"], "{change}");
        database.sql(unmap);
        assert_eq!(ask(&mut batch), [""; 0], "{change}");
        database.sql(map);
        assert_eq!(ask(&mut batch), ["alpha"], "{change}");
    }
    batch.end();
}
