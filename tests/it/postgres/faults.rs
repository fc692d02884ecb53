//! A server that is gone, hangs or resets connections costs a command nothing but the delivery.

use std::io::{Read as _, Write as _};
use std::process::Stdio;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Dual;
use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::postgres_server::Server;
use crate::terminal::on_a_terminal;

/// The time limit of a command on a loaded machine; a command that waits for a hanging server would never end.
const PROMPT: Duration = Duration::from_secs(10);

/// A project with a server of its own, which the test may harm.
fn alone() -> Dual {
    let server = Server::start();
    let url = server.url("postgres");
    let server = Arc::new(server);
    let dual = Dual { project: Project::new(), url, database: "postgres".to_owned(), server };
    dual.ok(["db", "postgres-schema", "--apply"]);
    dual.sql("INSERT INTO workflow_patterns (id) VALUES (1)");
    dual.deploy(1, "review");
    dual.ok(["sync"]);
    dual
}

/// The server of a test that has it alone.
fn own(dual: &mut Dual) -> &mut Server {
    Arc::get_mut(&mut dual.server).expect("nobody else has it")
}

/// Logs as users do, with a delivery in the background; it must be quick and succeed.
#[track_caller]
fn log_promptly(dual: &Dual, task: &str) -> String {
    let since = Instant::now();
    let ran: Ran = dual.log_command("review", task).env_remove("CFN_SYNC_BUDGET_MS").output().expect("cfn runs").into();
    assert!(since.elapsed() < PROMPT, "{:?}", since.elapsed());
    let said = ran.stderr.clone();
    ran.ok();
    said
}

fn left_alone(dual: &Dual) -> Option<i64> {
    dual.cfn(["sync", "status", "--json"]).json()["backoff_seconds"].as_i64()
}

fn count(dual: &Dual) -> String {
    dual.sql("SELECT count(*), count(DISTINCT task_id) FROM skill_executions")
}

#[test]
fn a_stopped_server_starts_a_backoff_and_gets_everything_later() {
    let mut dual = alone();
    own(&mut dual).stop();
    assert_eq!(log_promptly(&dual, "t1"), "");
    eventually("the server is left alone", || left_alone(&dual).is_some());
    assert!(left_alone(&dual).is_some_and(|it| (1..=30).contains(&it)));
    let said = log_promptly(&dual, "t2");
    assert_eq!(said.matches("warning").count(), 1, "{said}");
    assert!(said.contains("cannot be reached"), "{said}");
    let message = dual.cfn(["sync", "--json"]).fails_as(9, "workflow_unreachable")["message"].to_string();
    assert!(message.contains("Connection refused"), "the system's own word: {message}");
    assert_eq!(dual.waiting(), "2");

    own(&mut dual).launch();
    assert_eq!(dual.ok(["sync"]), "2 delivered, 0 dead letters\n");
    assert_eq!(count(&dual), "2|2");
    assert_eq!(left_alone(&dual), None);
}

#[test]
fn a_hanging_server_blocks_no_one_and_gets_everything_later() {
    let dual = alone();
    dual.server.signal("-STOP");
    for task in ["t1", "t2", "t3"] {
        log_promptly(&dual, task);
    }
    assert_eq!(dual.waiting(), "3");
    dual.server.signal("-CONT");
    dual.ok(["sync"]);
    eventually("everything arrives", || count(&dual) == "3|3" && dual.waiting() == "0");
}

#[test]
fn a_server_that_takes_connections_and_says_nothing_is_given_up() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let dual = Dual {
        url: format!("postgresql://x@{}/d?connect_timeout=1", silent.local_addr().expect("it has one")),
        ..Dual::new()
    };
    dual.deploy(1, "review");
    let since = Instant::now();
    dual.cfn(["sync", "--json"]).fails_as(9, "workflow_unreachable");
    assert!(since.elapsed() < Duration::from_secs(30));
}

/// A server that takes every login, and then says nothing.
fn silent_after_login() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("it has one").port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut length = [0; 4];
                stream.read_exact(&mut length).expect("a startup message");
                let rest = u64::from(u32::from_be_bytes(length)) - 4;
                std::io::copy(&mut (&stream).take(rest), &mut std::io::sink()).expect("all of it");
                // The login is fine, and the server is ready.
                stream.write_all(b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I").expect("written");
                let _ = std::io::copy(&mut stream, &mut std::io::sink());
            });
        }
    });
    port
}

#[test]
fn a_server_that_falls_silent_after_the_login_is_given_up_and_said_to_be_waited_for() {
    let url = format!("postgresql://x@127.0.0.1:{}/d?connect_timeout=1&sslmode=disable", silent_after_login());
    let dual = Dual { url, ..Dual::new() };
    dual.deploy(1, "review");
    for args in [&["sync"][..], &["db", "postgres-schema", "--apply"]] {
        let since = Instant::now();
        let ran: Ran = dual.command(["-v"]).args(args).output().expect("cfn runs").into();
        assert!(since.elapsed() < Duration::from_secs(45), "{args:?}: {:?}", since.elapsed());
        assert!(ran.stderr.contains("has not answered for 3 s, and is waited for"), "{ran:?}");
        assert!(ran.fails(9).contains("no answer within"), "{args:?}");
    }
    assert_eq!(dual.waiting(), "1");
}

#[test]
fn a_person_is_told_after_a_second_who_is_waited_for_and_how_long() {
    let port = silent_after_login();
    let url = format!("postgresql://x:hunter2@127.0.0.1:{port}/d?connect_timeout=1&sslmode=disable");
    let dual = Dual { url, ..Dual::new() };
    dual.deploy(1, "review");
    let line = format!("note: waiting for the workflow database 127.0.0.1:{port}/d, at most 120 s for an answer\n");
    for args in ["sync", "db postgres-schema --apply"] {
        let run = |quiet: &str| {
            on_a_terminal(
                &dual.project,
                120,
                &format!("CFN_POSTGRES_URL='{}' \"$CFN\" {quiet} --color never {args}", dual.url),
            )
        };
        let seen = run("").stdout;
        assert!(seen.starts_with(&line) && seen.matches("waiting").count() == 1, "{seen}");
        let seen = run("-q").stdout;
        assert!(seen.starts_with("error: ") && !seen.contains("waiting"), "{seen}");
        let ran: Ran = dual.command([""; 0]).args(args.split(' ')).output().expect("cfn runs").into();
        assert!(!ran.fails(9).contains("waiting for"), "nobody looks");
    }
}

#[test]
fn sessions_that_the_server_ends_are_opened_again() {
    let dual = Dual::new();
    dual.deploy(1, "review");
    dual.ok(["sync"]);
    let mut log = dual.batch(6000);
    assert!(log.stderr(Stdio::null()).status().expect("cfn runs").success());
    dual.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.3); RETURN NULL; END $$;
       CREATE TRIGGER slow AFTER INSERT ON skill_executions FOR EACH STATEMENT EXECUTE FUNCTION slow()");
    let sync = dual.command(["sync"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
    let mut ended = 0;
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(150));
        let found = dual.sql(
            "SELECT count(*) FROM (SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE application_name = 'cfn' AND datname = current_database()) t",
        );
        ended += found.parse::<u32>().expect("a number");
    }
    assert!(ended > 0);
    let ran: Ran = sync.wait_with_output().expect("cfn ends").into();
    ran.ok();
    assert_eq!(dual.sql("SELECT count(*), count(DISTINCT task_id) FROM skill_executions"), "6000|6000");
    assert_eq!(dual.waiting(), "0");
}

#[test]
fn a_delivery_that_is_killed_at_any_moment_is_done_once() {
    let dual = Dual::new();
    dual.deploy(1, "review");
    dual.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NULL; END $$;
       CREATE TRIGGER slow AFTER INSERT ON skill_executions FOR EACH STATEMENT EXECUTE FUNCTION slow()");
    for round in 0..12_u64 {
        dual.log("review", &format!("t{round:02}"));
        let mut sync = dual.command(["sync"]).stdout(Stdio::null()).spawn().expect("cfn starts");
        std::thread::sleep(Duration::from_millis(round * 6));
        sync.kill().expect("it can be killed");
        sync.wait().expect("it ends");
    }
    dual.ok(["sync"]);
    assert_eq!(dual.sql("SELECT count(*), count(DISTINCT task_id) FROM skill_executions"), "12|12");
    dual.project.assert_whole();
}
