//! The roles that docs/postgresql.md tells administrators to make: each can do what the page says, and is told what it may not.

use super::served::Served;
use crate::documentation::{blocks, pages};
use crate::harness::{Project, Ran};
use crate::postgres_server::Server;

/// A server with the roles and rights of the page.
struct Roles {
    server: Server,
    project: Project,
}

impl Roles {
    fn new() -> Self {
        let page = pages().into_iter().find(|it| it.path.ends_with("postgresql.md")).expect("the page");
        let lines = blocks(&page.text, "sql");
        let lines: Vec<&str> = lines.into_iter().map(|it| it.map_or("", |(_, line)| line)).collect();
        let scripts = lines.join("\n");
        let (administrator, owner) = scripts.split_once("\n\n").expect("two blocks");
        let roles = Self { server: Server::start(), project: Project::empty() };
        roles.psql("cfn_test", "postgres", administrator);
        roles.cfn("cfn_owner", &["init"]).ok();
        roles.psql("cfn_owner", "skills", owner);
        roles
    }

    fn psql(&self, role: &str, database: &str, script: &str) {
        for statement in script.split(';').map(str::trim).filter(|it| !it.is_empty()) {
            self.server.run("psql", &["-XqAt", "-v", "ON_ERROR_STOP=1", "-U", role, "-d", database, "-c", statement]);
        }
    }

    /// Over a Unix socket, where the tests' server trusts everybody.
    fn url(&self, role: &str) -> String {
        let folder = self.server.data().parent().expect("a folder").to_string_lossy().replace('/', "%2F");
        format!("postgresql://{role}@{folder}:{}/skills", self.server.port)
    }

    fn cfn(&self, role: &str, arguments: &[&str]) -> Ran {
        let mut command = self.project.command(arguments);
        command.env("CFN_SKILLS_DB_PATH", self.url(role)).output().expect("cfn runs").into()
    }

    fn deploy(&self, role: &str, name: &str, body: &str) -> Ran {
        let path = self.project.skill(name, body).to_string_lossy().into_owned();
        self.cfn(role, &["deploy", "7", name, &path, "testing", "tester", "--json"])
    }
}

const READING: [&[&str]; 12] = [
    &["load", "tester"],
    &["skill", "list"],
    &["skill", "show", "alpha"],
    &["skill", "history", "alpha"],
    &["skill", "verify"],
    &["agents"],
    &["analytics"],
    &["analytics", "effectiveness", "--json"],
    &["search", "alpha"],
    &["log", "show", "--task", "t1"],
    &["db", "status"],
    &["db", "check"],
];

const WRITING: [&[&str]; 13] = [
    &["load", "tester", "--agent-id", "a1", "--task-id", "t1", "--json"],
    &["log", "alpha", "--agent-id", "a1", "--agent-type", "tester", "--task-id", "t1", "--exit-code", "0", "--json"],
    &["update", "alpha", ".claude/skills/changed/SKILL.md", "--patch", "--json"],
    &["skill", "approve", "alpha", "--approver", "lead", "--json"],
    &["skill", "assign", "alpha", "--agent", "other", "--json"],
    &["skill", "edit", "alpha", "--owner", "ann", "--json"],
    &["skill", "pin", "alpha", "1.0.0", "--json"],
    &["edge-case", "record", "alpha", "--description", "it breaks", "--json"],
    &["skill", "rename", "alpha", "omega", "--approver", "lead", "--json"],
    &["skill", "rename", "omega", "alpha", "--approver", "lead", "--json"],
    &["skill", "deprecate", "alpha", "--json"],
    &["skill", "restore", "alpha", "--json"],
    &["analytics", "rebuild", "--json"],
];

#[test]
fn the_roles_of_the_page_can_do_what_it_says_and_are_told_what_they_may_not() {
    let roles = Roles::new();
    roles.project.skill("changed", "Read it well.");
    roles.deploy("cfn_writer", "alpha", "Read it.").ok();
    for command in WRITING {
        let error = roles.cfn("cfn_reader", command).fails_as(3, "database_denied");
        let said = error["message"].as_str().unwrap_or_default();
        assert!(
            said.contains("user cfn_reader") && said.contains("permission denied for table"),
            "{command:?}: {said}"
        );
        assert!(error["hint"].as_str().is_some_and(|it| it.contains("Grant")), "{command:?}: {error}");
        roles.cfn("cfn_writer", command).ok();
    }
    roles.deploy("cfn_reader", "beta", "Write it.").fails_as(3, "database_denied");
    for command in READING {
        let expected = roles.cfn("cfn_owner", command);
        let answered = ["cfn_reader", "cfn_writer"].map(|role| roles.cfn(role, command));
        assert!(answered.iter().all(|it| it.code == Some(0)), "{command:?}: {answered:?}");
        if command != ["db", "status"] {
            assert_eq!(answered, [expected.clone(), expected], "{command:?}");
        }
    }
    for command in [
        &["skill", "purge", "alpha", "1.0.0", "--approver", "lead", "--reason", "secret", "--yes", "--json"][..],
        &["db", "maintain", "--json"],
    ] {
        if command[1] == "maintain" {
            // There is nothing to make in a new database.
            roles.psql("cfn_owner", "skills", "DROP TABLE cfn.skill_usage_log_rest");
            roles.psql(
                "cfn_owner",
                "skills",
                "CREATE TABLE cfn.skill_usage_log_rest PARTITION OF cfn.skill_usage_log DEFAULT",
            );
        }
        let ran = roles.cfn("cfn_writer", command);
        let error: serde_json::Value =
            serde_json::from_str(ran.stderr.lines().last().unwrap_or_default()).expect("JSON");
        assert_eq!((ran.code, &error["kind"]), (Some(3), &"database_denied".into()), "{command:?}: {ran:?}");
        roles.cfn("cfn_owner", command).ok();
    }
    assert!(roles.cfn("cfn_owner", &["db", "check"]).ok().starts_with("0 damaged, 0 warnings"));
}

#[test]
fn without_the_rights_on_any_one_table_a_command_works_or_says_what_is_missing() {
    let roles = Roles::new();
    roles.deploy("cfn_writer", "alpha", "Read it.").ok();
    let tables = "SELECT relname FROM pg_class WHERE relnamespace = 'cfn'::regnamespace AND relkind IN ('r', 'p')
        AND NOT relispartition ORDER BY 1";
    let tables = roles.server.sql("skills", tables);
    let mut denied = 0;
    for (number, table) in tables.lines().enumerate() {
        roles.psql("cfn_owner", "skills", &format!("REVOKE ALL ON cfn.{table} FROM cfn_writer"));
        let name = format!("skill-{number}");
        let path = roles.project.skill(&name, "Write it.").to_string_lossy().into_owned();
        for command in [
            &["deploy", "7", &name, &path, "testing", "tester", "--json"][..],
            &["load", "tester", "--agent-id", "a1", "--json"],
            &["analytics", "--json"],
            &["search", "alpha", "--json"],
        ] {
            let ran = roles.cfn("cfn_writer", command);
            if ran.code != Some(0) {
                let error = ran.fails_as(3, "database_denied");
                let said = error["message"].as_str().unwrap_or_default();
                assert!(said.contains("permission denied for "), "{table}, {command:?}: {said}");
                denied += 1;
            }
        }
        let half = format!(
            "SELECT count(*) FROM cfn.skills s WHERE s.name = '{name}' AND NOT EXISTS (SELECT FROM cfn.agent_skill_mappings m
             WHERE m.skill_id = s.id)"
        );
        assert_eq!(roles.server.sql("skills", &half), "0", "{table}: a half of a deploy");
        roles.psql(
            "cfn_owner",
            "skills",
            &format!("GRANT SELECT, INSERT, UPDATE, DELETE ON cfn.{table} TO cfn_writer"),
        );
    }
    assert!(denied > 20, "{denied} commands were refused");
    roles.deploy("cfn_writer", "omega", "Test it.").ok();
    assert!(roles.cfn("cfn_writer", &["db", "check"]).ok().starts_with("0 damaged, 0 warnings"));
}

#[test]
fn who_may_not_even_use_the_schema_is_told_so() {
    let roles = Roles::new();
    roles.psql("cfn_owner", "skills", "REVOKE USAGE ON SCHEMA cfn FROM cfn_reader");
    let served = Served::at(&roles.url("cfn_reader"));
    let error = served.cfn(&["load", "tester", "--json"]).fails_as(3, "database_denied");
    assert!(error["message"].as_str().is_some_and(|it| it.contains("schema cfn")), "{error}");
}
