//! A database on a server.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use super::{line, report, sees, text};
use crate::harness::Project;
use crate::patience::eventually;
use crate::postgres_server::{Database, Server, Way};

struct OnServer {
    project: Project,
    database: Database,
}

impl OnServer {
    fn new() -> Self {
        Self { project: Project::empty(), database: Database::new() }
    }

    fn run(&self, args: &[&str]) -> crate::harness::Ran {
        let url = self.database.url(Way::Direct);
        self.project.cfn(args.iter().chain(&["--db", url.as_str()]))
    }

    fn examined(&self) -> Value {
        report(&self.run(&["doctor", "--json"]))
    }

    /// Runs the statement of `psql … -c '…'`, as the owner of the server.
    #[track_caller]
    fn psql(&self, mend: &str) {
        let (_, sql) = mend.split_once(" -c ").unwrap_or_else(|| panic!("{mend}"));
        assert!(mend.starts_with("psql postgresql://") && !mend.contains('@'), "{mend}");
        self.database.sql(sql.trim_matches('\''));
    }
}

#[test]
fn a_database_on_a_server_has_the_lines_of_its_engine() {
    let server = OnServer::new();
    let found = server.examined();
    for name in ["oldest transaction", "indexes"] {
        sees(&found, "postgres", name, "ok", "");
    }
    // How fast they are depends on the machine.
    assert!(text(line(&found, "postgres", "connecting"), "evidence").starts_with("PostgreSQL "), "{found:#}");
    assert!(text(line(&found, "network", "PostgreSQL"), "evidence").contains(" round trips: median "), "{found:#}");
    sees(&found, "database", "schema", "ok", "v3");
    sees(&found, "approvals", "pending", "ok", "0 skills pending");
    let names: Vec<_> = found["lines"].as_array().expect("lines").iter().map(|it| text(it, "name")).collect();
    assert!(!names.contains(&"journal mode") && !names.contains(&"free pages"), "{names:?}");
}

#[test]
fn missing_partitions_are_named_and_made() {
    let server = OnServer::new();
    let month = server.database.sql("SELECT to_char(now() AT TIME ZONE 'UTC' + interval '2 months', 'YYYY_MM')");
    server.database.sql(&format!("DROP TABLE IF EXISTS cfn.skill_usage_log_{month}"));
    let mend = sees(&server.examined(), "postgres", "partitions", "warn", &month.replace('_', "-"));
    assert_eq!(mend, "cfn db maintain");
    server.run(&["db", "maintain"]).ok();
    sees(&server.examined(), "postgres", "partitions", "ok", "");
}

#[test]
fn an_invalid_index_is_named_and_built_again() {
    let server = OnServer::new();
    let index = server.database.sql(
        "SELECT indexname FROM pg_indexes WHERE schemaname = 'cfn' AND tablename = 'approval_history' ORDER BY 1 LIMIT 1",
    );
    server.database.sql(&format!("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'cfn.{index}'::regclass"));
    let mend = sees(&server.examined(), "postgres", "indexes", "warn", &index);
    server.psql(&mend);
    sees(&server.examined(), "postgres", "indexes", "ok", "");
}

#[test]
fn a_trigger_that_is_off_fails_and_is_switched_on() {
    let server = OnServer::new();
    let trigger = server.database.sql(
        "SELECT tgname FROM pg_trigger WHERE tgrelid = 'cfn.skills'::regclass AND NOT tgisinternal ORDER BY 1 LIMIT 1",
    );
    server.database.sql(&format!("ALTER TABLE cfn.skills DISABLE TRIGGER {trigger}"));
    let ran = server.run(&["doctor", "--json"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let mend = sees(
        &report(&ran),
        "database",
        "schema",
        "fail",
        &format!("the trigger {trigger} on skills is missing or off"),
    );
    server.psql(&mend);
    sees(&server.examined(), "database", "schema", "ok", "");
}

#[test]
fn a_server_that_does_not_answer_fails_within_a_second() {
    let project = Project::empty();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = silent.local_addr().expect("an address").port();
    for port in [port, 1] {
        let ran = project.cfn(["doctor", "--json", "--db", &format!("postgresql://me:hunter2@127.0.0.1:{port}/d")]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        let name = if port == 1 { "opening" } else { "server" };
        sees(&report(&ran), "database", name, "fail", "");
        assert!(!format!("{ran:?}").contains("hunter2"));
    }
}

/// Passes connections on, each only after a while, as a server does that is slow to start a process for them.
fn slow_to_connect(server: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || {
                thread::sleep(Duration::from_millis(300));
                let server = TcpStream::connect(("127.0.0.1", server)).expect("connected");
                let halves =
                    [(client.try_clone().expect("a handle"), server.try_clone().expect("a handle")), (server, client)];
                for (mut from, mut to) in halves {
                    thread::spawn(move || io::copy(&mut from, &mut to));
                }
            });
        }
    });
    port
}

#[test]
fn connecting_that_takes_long_is_worth_a_pooler() {
    let server = OnServer::new();
    let (direct, port) = (server.database.url(Way::Direct), Server::shared().port);
    let slow = direct.replace(&format!(":{port}/"), &format!(":{}/", slow_to_connect(port)));
    let examined = |url: &str| report(&server.project.cfn(["doctor", "--json", "--db", url]));
    let mut mend = String::new();
    eventually("a slow connection is named", || {
        let found = examined(&slow);
        let connecting =
            found["lines"].as_array().expect("lines").iter().find(|it| it["name"] == "connecting").cloned();
        connecting.is_some_and(|it| {
            text(&it, "mend").clone_into(&mut mend);
            it["state"] == "warn" && text(&it, "evidence").contains("PgBouncer in transaction mode")
        })
    });
    assert!(mend.contains("pgbouncer") && mend.contains("docs/postgresql.md"), "{mend}");
    let pooled = server.database.url(Way::Bouncer);
    eventually("it is well through PgBouncer", || line(&examined(&pooled), "postgres", "connecting")["state"] == "ok");
}
