//! `cfn sync --watch`: decisions arrive when they are made, whatever happens to the connection.

use std::process::{Child, Command, Stdio};

use super::fleet::{Fleet, Follower};
use super::uses::{counted, through};
use crate::patience::eventually;
use crate::postgres_server::{Network, kill};

/// A process that keeps a follower up to date.
pub(super) struct Watcher(Child);

impl Watcher {
    /// It asks every so many seconds.
    pub(super) fn of(follower: &Follower, seconds: u32) -> Self {
        let mut command: Command = follower.project.command(["sync", "--watch"]);
        command.env("CFN_FOLLOW_SECONDS", seconds.to_string());
        Self::by(command)
    }

    /// By this command.
    pub(super) fn by(mut command: Command) -> Self {
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("cfn starts"))
    }

    pub(super) fn kill(mut self) {
        self.0.kill().expect("a signal");
        self.0.wait().expect("an end");
    }

    /// Ends it as an operator does.
    #[track_caller]
    pub(super) fn end(mut self) {
        kill("-TERM", &[self.0.id()]);
        assert_eq!(self.0.wait().expect("an end").code(), Some(0));
    }
}

/// Waits until somebody listens on the server.
fn is_listened_to(fleet: &Fleet, by: u32) {
    let all =
        "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND application_name LIKE 'cfn%'";
    eventually("somebody listens", || fleet.sql(all).parse::<u32>().is_ok_and(|it| it >= 2 * by));
}

#[test]
fn a_revocation_wakes_two_watchers_of_one_file() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    // They ask once an hour: only a notification can be what wakes them.
    let watchers = [Watcher::of(&follower, 3600), Watcher::of(&follower, 3600)];
    is_listened_to(&fleet, 2);
    fleet.cfn(&["skill", "revoke", "alpha", "--reason", "unsafe"]).ok();
    eventually("it is revoked", || follower.serves("tester") == "gamma");
    fleet.update("gamma", "Run it twice.");
    let current = "SELECT version FROM skills WHERE name = 'gamma'";
    let version = fleet.sql("SELECT version FROM cfn.skills WHERE name = 'gamma'");
    eventually("the update is here", || follower.project.sqlite3(current) == version);
    watchers.into_iter().for_each(Watcher::end);
    follower.is_equal("two watchers");
}

#[test]
fn what_nobody_notifies_of_is_found_by_asking() {
    let fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let watcher = Watcher::of(&follower, 1);
    fleet.sql("UPDATE cfn.skills SET owner = 'another program'");
    eventually("it is here", || follower.project.sqlite3("SELECT DISTINCT owner FROM skills") == "another program");
    watcher.end();
}

#[test]
fn a_watcher_outlives_its_network_and_its_primary() {
    let mut fleet = Fleet::start();
    let follower = fleet.follower(&[]);
    let proxy = through(&fleet, &follower);
    let watcher = Watcher::of(&follower, 1);
    let owner = |fleet: &Fleet, follower: &Follower, it: &str| {
        fleet.sql(&format!("UPDATE cfn.skills SET owner = '{it}'"));
        eventually("it is here", || follower.project.sqlite3("SELECT DISTINCT owner FROM skills") == it);
    };
    owner(&fleet, &follower, "first");
    proxy.network(Network::Gone);
    follower.cfn(&["load", "tester", "--agent-id", "a1"]).ok();
    proxy.network(Network::Passes(20));
    owner(&fleet, &follower, "slow");
    fleet.server.stop_immediately();
    follower.cfn(&["load", "tester", "--agent-id", "a2"]).ok();
    fleet.server.launch();
    owner(&fleet, &follower, "again");
    eventually("uses are here", || counted(&fleet) == "4|4|0");
    watcher.end();
}
