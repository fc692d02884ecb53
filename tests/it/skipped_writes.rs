//! Triggers of other programs that skip a row with `RAISE(IGNORE)`, which SQLite calls a success: a command that could
//! not write fails, and leaves everything as it was.

use crate::harness::{Project, Ran};
use crate::scene::{deploy, dump, names, path_of, with_skill};

/// A skill with a folder, uses, decisions, an edge case and a former name; and files to deploy.
fn filled() -> Project {
    let project = with_skill("jwt", "domain", "dev");
    project.file(".claude/skills/pdf/scripts/run.sh", "echo one");
    deploy(&project, "pdf", "First.", &["domain", "dev,tester"]);
    project.cfn(["skill", "rename", "pdf", "pdfs"]).ok();
    project.cfn(["load", "dev", "--agent-id", "a", "--task-id", "t"]).ok();
    project.cfn(["edge-case", "record", "pdfs", "--description", "It failed.", "--failure", "f"]).ok();
    project.skill("jwt", "Second.");
    project.skill("sql", "First.");
    project.file(".claude/skills/csv/scripts/run.sh", "echo two");
    project.skill("csv", "First.");
    project
}

const REASON: [&str; 4] = ["--approver", "me", "--reason", "no"];

/// What is skipped, in which table, and a command that writes it.
fn writes() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let words = |line: &'static str| line.split(' ').collect::<Vec<_>>();
    let by = |line| [words(line), REASON.to_vec()].concat();
    let (sql, csv) =
        ("deploy 7 sql .claude/skills/sql/SKILL.md domain dev", "deploy 8 csv .claude/skills/csv domain dev");
    let (update, log) =
        ("update jwt 1.0.1 .claude/skills/jwt/SKILL.md", "log jwt --agent-id b --agent-type dev --exit-code 0");
    let mut all = vec![
        ("INSERT", "skills", words(sql)),
        ("INSERT", "skill_versions", words(sql)),
        ("INSERT", "skill_versions", words(update)),
        ("INSERT", "skill_contents", words(sql)),
        ("INSERT", "skill_files", words(csv)),
        ("INSERT", "approval_history", words(sql)),
        ("INSERT", "approval_history", by("skill reject jwt")),
        ("INSERT", "approval_history", by("skill revoke jwt")),
        ("INSERT", "agent_skill_mappings", words(sql)),
        ("INSERT", "agent_skill_mappings", words("skill assign jwt --agent tester")),
        ("INSERT", "skill_usage_log", words(log)),
        ("INSERT", "edge_case_tracking", words("edge-case record jwt --description x --failure g")),
        ("INSERT", "cfn_aliases", words("skill rename jwt jwts")),
        ("INSERT", "cfn_events", words("skill rename jwt jwts")),
        ("INSERT", "outbox", words(sql)),
        ("UPDATE", "skills", words(update)),
        ("UPDATE", "skills", words("skill rename jwt jwts")),
        ("UPDATE", "skills", words("skill edit jwt --owner me")),
        ("UPDATE", "skills", words("skill deprecate jwt")),
        ("UPDATE", "skills", words("skill pin jwt 1.0.0")),
        ("UPDATE", "agent_skill_mappings", words("skill assign jwt --agent dev --priority 1")),
        ("UPDATE", "agent_skill_mappings", words("skill pin jwt 1.0.0 --agent dev")),
        ("UPDATE", "skill_usage_log", words("log jwt --agent-id a --task-id t --agent-type dev --exit-code 0")),
        ("UPDATE", "edge_case_tracking", words("edge-case resolve 1")),
        ("DELETE", "agent_skill_mappings", words("skill unassign jwt --agent dev")),
        ("DELETE", "skill_contents", by("skill purge jwt 1.0.0 --yes")),
    ];
    for table in [
        "skills",
        "skill_versions",
        "skill_files",
        "skill_contents",
        "approval_history",
        "agent_skill_mappings",
        "skill_usage_log",
        "edge_case_tracking",
        "cfn_aliases",
    ] {
        all.push(("DELETE", table, by("skill delete pdfs --yes")));
    }
    all
}

fn run(project: &Project, args: &[&str], json: bool) -> Ran {
    let mut command = project.command(args);
    // Events are queued, and no server takes them.
    command.env("ENABLE_PHASE4_LOGGING", "1").env("CFN_POSTGRES_URL", "postgresql://nobody@127.0.0.1:1/none");
    command.args(json.then_some("--json")).output().expect("cfn runs").into()
}

#[test]
fn a_command_whose_write_is_skipped_fails_and_changes_nothing() {
    let project = filled();
    let original = project.sqlite3(".dump");
    for (what, table, args) in writes() {
        let case = format!("{what} on {table}: {args:?}");
        let project = Project::copy_of(project.path());
        project.sqlite3(&format!("CREATE TRIGGER audit BEFORE {what} ON {table} BEGIN SELECT RAISE(IGNORE); END"));
        let before = dump(&project);
        let ran = run(&project, &args, true);
        assert_eq!((ran.code, ran.kind().as_deref()), (Some(3), Some("database_failed")), "{case}: {ran:?}");
        let text = run(&project, &args, false).fails(3);
        let is_named = text.contains(&format!("a write to the table {table} had no effect"));
        assert!(is_named && text.contains("'cfn db check'"), "{case}: {text}");
        assert_eq!(dump(&project), before, "{case}");
        let checked = project.cfn(["db", "check"]).ok();
        assert!(checked.contains(&format!("the trigger audit on {table} is not cfn's")), "{case}: {checked}");
        project.sqlite3("DROP TRIGGER audit");
        run(&project, &args, false).ok();
    }
    assert_eq!(project.sqlite3(".dump"), original);
}

#[test]
fn a_trigger_that_skips_other_rows_is_no_error() {
    let project = filled();
    project.sqlite3(
        "CREATE TRIGGER audit BEFORE INSERT ON approval_history WHEN NEW.decision = 'rejected'
         BEGIN SELECT RAISE(IGNORE); END",
    );
    project.cfn(["update", "jwt", "1.0.1", &path_of("jwt")]).ok();
    project.fails_as([&["skill", "reject", "jwt"][..], &REASON].concat(), 3, "database_failed");
    assert_eq!(names(&project, &["dev", "--quiet"]), ["jwt", "pdfs"]);
    assert_eq!(project.sqlite3("SELECT count(*) FROM approval_history WHERE decision = 'rejected'"), "0");
}
