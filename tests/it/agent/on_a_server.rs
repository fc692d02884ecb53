//! Agents of a project whose database is on a server: their history is that of this machine.

use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};

#[test]
fn runs_have_a_history_on_their_machine() {
    let (database, project) = (Database::new(), Project::empty());
    let run = |args: &[&str]| -> Ran {
        let mut command = project.command(args);
        command.env("CFN_SKILLS_DB_PATH", database.url(Way::Direct)).output().expect("cfn runs").into()
    };
    assert_eq!(run(&["agent", "ps", "--all"]).ok(), "no agent runs\n");
    let file = project.skill("alpha", "Do alpha.");
    run(&["deploy", "7", "alpha", &file.to_string_lossy(), "testing", "tester"]).ok();
    let spawned = run(&["agent", "spawn", "tester", "--task", "t1", "--", "true"]).ok();
    assert_eq!(run(&["agent", "spawn", "tester", "--", "sh", "-c", "exit 3"]).code, Some(3));
    let ended = || {
        let all = run(&["agent", "ps", "--all", "--json"]).json();
        let runs = all["runs"].as_array().expect("runs").clone();
        let mut codes: Vec<_> = runs.iter().map(|it| it["result"]["exit_code"].to_string()).collect();
        codes.sort();
        codes
    };
    assert_eq!(ended(), ["0", "3"]);
    // Also once their folders are gone.
    run(&["agent", "cleanup", "--older", "0s"]).ok();
    assert_eq!(ended(), ["0", "3"]);
    assert_eq!(run(&["agent", "show", spawned.trim(), "--json"]).json()["result"]["reason"], "exited");
    let metrics = run(&["metrics"]).ok();
    for (status, count) in [("success", 1), ("failure", 1)] {
        let sample = format!("cfn_agent_executions_total{{agent_type=\"tester\",status=\"{status}\"}} {count}\n");
        assert!(metrics.contains(&sample), "{metrics}");
    }
    assert_eq!(database.sql("SELECT count(*), count(DISTINCT agent_id) FROM cfn.skill_usage_log"), "2|2");
}
