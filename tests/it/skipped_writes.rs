//! Triggers of other programs that skip a row, with `RAISE(IGNORE)` in SQLite and by returning NULL in PostgreSQL, which both
//! call a success: a command that could not write fails, and leaves everything as it was.

use crate::harness::{Project, Ran};
use crate::postgres_server::{Database, Way};
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
    run_on(&project.database().to_string_lossy(), project, args, json)
}

fn run_on(database: &str, project: &Project, args: &[&str], json: bool) -> Ran {
    let mut command = project.command(args);
    command.env("CFN_SKILLS_DB_PATH", database);
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

/// Every row of a server.
fn rows(database: &Database) -> String {
    let all = database.sql(
        "SELECT string_agg(format('SELECT %L, count(*), md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM cfn.%I t',
           relname, relname), ' UNION ALL ' ORDER BY relname)
         FROM pg_class WHERE relnamespace = 'cfn'::regnamespace AND relkind IN ('r', 'p')",
    );
    database.sql(&all)
}

/// A trigger that skips what meets a condition.
fn skip(database: &Database, what: &str, table: &str, when: &str) {
    database.sql(&format!(
        "CREATE OR REPLACE FUNCTION public.skip() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
         CREATE TRIGGER audit BEFORE {what} ON cfn.{table} FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION public.skip()"
    ));
}

/// The same rows on a server.
fn served() -> (Project, Database) {
    let (project, database) = (filled(), Database::empty());
    let (from, to) = (project.database(), database.url(Way::Direct));
    project.cfn(["db", "copy", "--from", &from.to_string_lossy(), "--to", &to]).ok();
    (project, database)
}

#[test]
fn a_command_whose_write_is_skipped_on_a_server_fails_and_changes_nothing() {
    let (project, original) = served();
    for (what, table, args) in writes() {
        let case = format!("{what} on {table}: {args:?}");
        let database = original.copy();
        let url = database.url(Way::Direct);
        skip(&database, what, table, "true");
        let before = rows(&database);
        let ran = run_on(&url, &project, &args, true);
        assert_eq!((ran.code, ran.kind().as_deref()), (Some(3), Some("database_failed")), "{case}: {ran:?}");
        let text = run_on(&url, &project, &args, false).fails(3);
        assert!(text.contains(&format!("a write to the table {table} had no effect")), "{case}: {text}");
        assert_eq!(rows(&database), before, "{case}");
        let checked = run_on(&url, &project, &["db", "check"], false).ok();
        assert!(checked.contains(&format!("the trigger audit on {table} is not cfn's")), "{case}: {checked}");
        database.sql(&format!("DROP TRIGGER audit ON cfn.{table}"));
        run_on(&url, &project, &args, false).ok();
    }
}

#[test]
fn a_trigger_that_skips_other_rows_of_a_server_is_no_error() {
    let (project, database) = served();
    let url = database.url(Way::Direct);
    let run = |args: &[&str]| run_on(&url, &project, args, true);
    skip(&database, "INSERT", "approval_history", "NEW.decision = 'rejected'");
    run(&["update", "jwt", "1.0.1", &path_of("jwt")]).ok();
    let ran = run(&[&["skill", "reject", "jwt"][..], &REASON].concat());
    assert_eq!((ran.code, ran.kind().as_deref()), (Some(3), Some("database_failed")), "{ran:?}");
    database.sql("DROP TRIGGER audit ON cfn.approval_history");
    // Nothing is to be written: bytes that are there, an assignment that is there, and one that is not.
    skip(&database, "UPDATE", "skill_contents", "true");
    skip(&database, "DELETE", "agent_skill_mappings", "OLD.agent_type = 'nobody'");
    run(&["deploy", "7", "jwt", &path_of("jwt"), "domain", "dev"]).ok();
    run(&["skill", "unassign", "jwt", "--agent", "dev"]).ok();
}

#[test]
fn writers_of_the_same_bytes_do_not_take_each_other_for_a_trigger() {
    let (project, database) = (Project::empty(), Database::new());
    let url = database.url(Way::Direct);
    for round in 0..4 {
        project.file("same.md", format!("---\nname: same\ndescription: About it.\n---\n\nRound {round}.\n"));
        let names: Vec<String> = (0..8).map(|it| format!("skill-{round}-{it}")).collect();
        std::thread::scope(|scope| {
            for name in &names {
                let (project, url) = (&project, &url);
                scope.spawn(move || run_on(url, project, &["deploy", "7", name, "same.md", "testing"], false).ok());
            }
        });
    }
    assert_eq!(database.sql("SELECT count(*), (SELECT count(*) FROM cfn.skill_contents) FROM cfn.skills"), "32|4");
}

#[test]
fn sums_that_are_skipped_are_never_reported() {
    let project = filled();
    let uses = |project: &Project| project.cfn(["analytics", "usage", "--json"]).json()["tables"].clone();
    let right = uses(&project);
    for (what, table) in [("INSERT", "usage_daily"), ("INSERT", "usage_totals"), ("UPDATE", "cfn_metadata")] {
        let project = Project::copy_of(project.path());
        project.sqlite3(&format!("CREATE TRIGGER audit BEFORE {what} ON {table} BEGIN SELECT RAISE(IGNORE); END"));
        let error = project.fails_as(["analytics", "rebuild"], 3, "database_failed");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(&format!("a write to the table {table} had no effect")), "{message}");
        project.sqlite3("DROP TRIGGER audit");
        project.cfn(["analytics", "rebuild"]).ok();
        assert_eq!(uses(&project), right);
    }
}
