//! What other tests rely on.

use std::sync::atomic::Ordering;

use super::{Connection, Database, Proxy, Server, Way};

#[test]
fn each_test_has_a_database_of_its_own_that_is_reached_directly_and_through_the_bouncer() {
    let (one, two) = (Database::new(), Database::new());
    let connections = [Way::Direct, Way::Bouncer].map(|way| Connection::to(&one.url(way)));
    connections[0].run("CREATE TABLE mine (name text); INSERT INTO mine VALUES ('B'), ('a')");
    let name: String = connections[1].value("SELECT min(name) FROM public.mine", &[]);
    assert_eq!((name.as_str(), one.sql("SELECT name FROM mine ORDER BY 1")), ("a", "a\nB".to_owned()), "of a language");
    assert_eq!(connections[1].change("DELETE FROM public.mine WHERE name = $1", &[&"a"]), 1);
    assert_eq!(two.sql("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'"), "0");
    let superuser: bool = two.other_program().value("SELECT rolsuper FROM pg_roles WHERE rolname = current_user", &[]);
    assert!(!superuser);
}

#[test]
fn a_session_through_the_bouncer_lasts_for_a_transaction() {
    let database = Database::new();
    let connections = [(); 2].map(|()| Connection::to(&database.url(Way::Bouncer)));
    connections[0].run("BEGIN");
    let first: i32 = connections[0].value("SELECT pg_backend_pid()", &[]);
    connections[0].run("COMMIT");
    let second: i32 = connections[1].value("SELECT pg_backend_pid()", &[]);
    assert_eq!(first, second, "the other connection got the session that was free");
}

#[test]
fn a_server_of_a_test_s_own_recovers_from_a_crash_and_a_proxy_cuts_connections() {
    let mut server = Server::start();
    server.sql("postgres", "CREATE TABLE kept (id int)");
    server.stop_immediately();
    server.launch();
    assert_eq!(server.sql("postgres", "SELECT count(*) FROM kept"), "0");
    let proxy = Proxy::to(server.port, 0);
    let through = Connection::to(&format!("postgresql://cfn_test@127.0.0.1:{}/postgres", proxy.port));
    through.run("INSERT INTO kept VALUES (1)");
    assert_eq!((through.value::<i64>("SELECT count(*) FROM kept", &[]), proxy.lost.load(Ordering::SeqCst)), (1, 0));
}
