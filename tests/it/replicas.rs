//! Reads that a replica answers: one that has everything that this user wrote, and no other.

use std::rc::Rc;

use crate::harness::{Project, Ran};
use crate::patience::eventually;
use crate::postgres_server::{Cut, Proxy, Server};

/// What a replica may answer.
const READING: [&[&str]; 5] = [
    &["skill", "list", "--json"],
    &["skill", "show", "alpha", "--json"],
    &["skill", "history", "alpha", "--json"],
    &["analytics", "usage", "--json"],
    &["search", "alpha", "--json"],
];

/// A user of a primary with replicas.
#[derive(Clone)]
struct User {
    project: Rc<Project>,
    primary: String,
    replicas: String,
}

impl User {
    fn of(primary: &str, replicas: &[&str]) -> Self {
        Self { project: Rc::new(Project::empty()), primary: primary.to_owned(), replicas: replicas.join(" ") }
    }

    fn reading(&self, replicas: &[&str]) -> Self {
        Self { replicas: replicas.join(" "), ..self.clone() }
    }

    fn cfn_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = self.project.command(arguments);
        command.env("CFN_SKILLS_DB_PATH", &self.primary).env("CFN_READ_URLS", &self.replicas);
        command.env("XDG_STATE_HOME", self.project.path().join("state")).envs(variables.iter().copied());
        command.output().expect("cfn runs").into()
    }

    fn cfn(&self, arguments: &[&str]) -> Ran {
        self.cfn_with(arguments, &[])
    }

    fn deploy(&self, name: &str) -> Ran {
        let file = self.project.skill(name, "Read it.");
        self.cfn(&["deploy", "7", name, &file.to_string_lossy(), "testing", "tester"])
    }

    /// The answer of a command, and whether a replica gave it.
    #[track_caller]
    fn asks(&self, arguments: &[&str]) -> (String, bool) {
        let ran = self.cfn(&[arguments, &["-v"]].concat());
        let last = ran.stderr.lines().rfind(|it| it.contains(" answers server=")).map(str::to_owned);
        let last = last.unwrap_or_else(|| panic!("nobody answered: {ran:?}"));
        (ran.ok(), last.contains("a replica answers"))
    }

    /// Asks until a replica answers.
    #[track_caller]
    fn asks_a_replica(&self, arguments: &[&str]) -> String {
        let mut answer = String::new();
        eventually("a replica answers", || {
            let (answered, is_replica) = self.asks(arguments);
            answer = answered;
            is_replica
        });
        answer
    }

    #[track_caller]
    fn asks_the_primary(&self, arguments: &[&str]) -> String {
        let (answer, is_replica) = self.asks(arguments);
        assert!(!is_replica, "a replica answered {arguments:?}");
        answer
    }
}

/// A primary with a skill and some use of it, a replica, and a user of both.
fn pair() -> (Server, Server, User) {
    let primary = Server::start();
    let user = User::of(&primary.url("postgres"), &[]);
    user.cfn(&["init"]).ok();
    user.deploy("alpha").ok();
    user.cfn(&["log", "alpha", "--agent-id", "a1", "--agent-type", "tester"]).ok();
    user.cfn(&["analytics"]).ok();
    user.cfn(&["search", "alpha"]).ok();
    let replica = primary.standby();
    let user = user.reading(&[&replica.url("postgres")]);
    (primary, replica, user)
}

fn pause(replica: &Server) {
    replica.sql("postgres", "SELECT pg_wal_replay_pause()");
    let is_paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'";
    eventually("it is paused", || replica.sql("postgres", is_paused) == "t");
}

#[test]
fn a_replica_answers_what_the_primary_answers() {
    let (mut primary, _replica, user) = pair();
    let alone = user.reading(&[]);
    user.asks_the_primary(&["skill", "list"]); // nothing is known of it before
    for command in READING {
        assert_eq!(user.asks_a_replica(command), alone.cfn(command).ok(), "{command:?}");
    }
    let loaded = user.cfn(&["load", "tester", "--format", "names", "-v"]);
    assert!(!loaded.stderr.contains("replica"), "{loaded:?}");
    assert_eq!(loaded.ok(), "alpha\n");
    primary.stop();
    for command in READING {
        user.asks_a_replica(command);
    }
    user.cfn(&["load", "tester"]).fails(3);
}

#[test]
fn what_a_user_wrote_is_read_at_once_and_by_others_when_the_replica_has_it() {
    let (_primary, mut replica, user) = pair();
    replica.stop();
    replica.append("postgresql.conf", "recovery_min_apply_delay = '700ms'\n");
    replica.launch();
    user.asks(&["skill", "list"]);
    for name in ["beta", "gamma", "delta"] {
        user.deploy(name).ok();
        let (listed, _) = user.asks(&["skill", "list", "--json"]);
        assert!(listed.contains(name), "{name}: {listed}");
        user.cfn(&["log", name, "--agent-id", "a1", "--agent-type", "tester", "--task-id", "t1"]).ok();
        let (history, _) = user.asks(&["skill", "history", name, "--usage", "--json"]);
        assert!(history.contains("\"t1\""), "{name}: {history}");
    }
    assert!(user.asks_a_replica(&["skill", "list", "--json"]).contains("delta"));
}

#[test]
fn a_replica_that_is_behind_is_waited_for_only_as_long_as_the_setting_says() {
    let (_primary, replica, user) = pair();
    user.asks_a_replica(&["skill", "list"]);
    pause(&replica);
    user.deploy("beta").ok();
    assert!(user.asks_the_primary(&["skill", "show", "beta"]).contains("beta"));
    let resume = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(300));
        replica.sql("postgres", "SELECT pg_wal_replay_resume()");
        replica
    });
    let ran = user.cfn_with(&["skill", "show", "beta", "-v"], &[("CFN_READ_WAIT_MS", "30000")]);
    assert!(ran.stderr.contains("a replica answers"), "{ran:?}");
    assert!(ran.ok().contains("beta"));
    resume.join().expect("it goes on");
}

#[test]
fn a_write_whose_answer_is_lost_is_looked_for_on_the_primary() {
    let (primary, replica, user) = pair();
    let proxy = Proxy::to(primary.port, 0);
    let user =
        User { primary: user.primary.replace(&format!(":{}/", primary.port), &format!(":{}/", proxy.port)), ..user };
    user.asks_a_replica(&["skill", "list"]);
    pause(&replica);
    proxy.cut(Cut { at: "COMMIT\0", passes: true, kills: None });
    let error = user.deploy("beta").fails(3);
    assert!(error.contains("outcome is unknown"), "{error}");
    assert!(user.asks_the_primary(&["skill", "list"]).contains("beta"));
    assert!(user.asks_the_primary(&["skill", "list"]).contains("beta"), "the replica is behind what was seen");
    replica.sql("postgres", "SELECT pg_wal_replay_resume()");
    assert!(user.asks_a_replica(&["skill", "list"]).contains("beta"));
}

#[test]
fn the_primary_answers_for_replicas_that_are_stopped_hang_or_have_another_history() {
    let (primary, mut replica, user) = pair();
    let (mut second, stranger) = (primary.standby(), Server::start());
    User::of(&stranger.url("postgres"), &[]).cfn(&["init"]).ok();
    user.asks_a_replica(&["skill", "list"]);
    user.reading(&[&stranger.url("postgres")]).asks_the_primary(&["skill", "show", "alpha"]);
    replica.signal("-STOP");
    user.asks_the_primary(&["skill", "show", "alpha"]);
    replica.signal("-CONT");
    user.asks_a_replica(&["skill", "show", "alpha"]);
    // One that is promoted has another timeline, and so has who follows it.
    replica.sql("postgres", "SELECT pg_promote()");
    user.asks_the_primary(&["skill", "show", "alpha"]);
    second.stop();
    let conninfo = format!("primary_conninfo = 'host=127.0.0.1 port={} user=cfn_test'\n", replica.port);
    replica.append("pg_hba.conf", "host replication cfn_test 127.0.0.1/32 trust\n");
    replica.sql("postgres", "SELECT pg_reload_conf()");
    second.append("postgresql.auto.conf", &conninfo);
    second.launch();
    let follows = "SELECT max(received_tli) FROM pg_stat_wal_receiver";
    eventually("it follows the other one", || second.sql("postgres", follows) == "2");
    user.reading(&[&second.url("postgres")]).asks_the_primary(&["skill", "show", "alpha"]);
    replica.stop();
    user.asks_the_primary(&["skill", "show", "alpha"]);
    // Whoever names the promoted server as the primary reads from its replica after the first answer.
    replica.launch();
    let moved = User { primary: replica.url("postgres"), ..user.reading(&[&second.url("postgres")]) };
    moved.deploy("beta").ok();
    assert!(moved.asks_a_replica(&["skill", "list"]).contains("beta"));
}

#[test]
fn the_primary_answers_where_a_replica_fails_after_it_was_chosen() {
    let (primary, replica, user) = pair();
    primary.sql("postgres", "CREATE ROLE nobody LOGIN PASSWORD 'none'");
    let url = replica.url("postgres").replace("cfn_test@", "nobody:none@");
    let user = user.reading(&[&url]);
    user.asks(&["skill", "list"]);
    eventually("the replica is chosen", || {
        let ran = user.cfn(&["skill", "list", "-v"]);
        let failed = ran.stderr.contains("the replica failed");
        assert!(ran.ok().contains("alpha"));
        failed
    });
}

#[test]
fn nothing_is_written_where_its_position_cannot_be_kept() {
    let (primary, _replica, user) = pair();
    user.project.file("file", "");
    let state = user.project.path().join("file").to_string_lossy().into_owned();
    let file = user.project.skill("beta", "Read it.").to_string_lossy().into_owned();
    let deploy = ["deploy", "7", "beta", &file, "testing", "tester"];
    let error = user.cfn_with(&deploy, &[("XDG_STATE_HOME", &state)]).fails(3);
    assert!(error.contains("positions"), "{error}");
    assert_eq!(primary.sql("postgres", "SELECT count(*) FROM cfn.skills"), "1");
    let listed = user.cfn_with(&["skill", "list", "-v"], &[("XDG_STATE_HOME", &state)]);
    assert!(listed.stderr.contains("the primary answers"), "{listed:?}");
}

#[test]
fn replicas_are_of_a_server_and_a_wrong_url_is_an_error_there_alone() {
    let project = Project::new();
    let list = |url: Option<&str>| -> Ran {
        let mut command = project.command(["skill", "list", "--json"]);
        url.map(|it| command.env("CFN_SKILLS_DB_PATH", it));
        command.env("CFN_READ_URLS", "mysql://secret@h/d").output().expect("cfn runs").into()
    };
    list(None).ok();
    let ran = list(Some("postgresql://h/d"));
    assert!(!ran.stderr.contains("secret"), "{ran:?}");
    ran.fails_as(1, "invalid_setting");
}
