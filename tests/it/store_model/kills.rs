//! The story on PostgreSQL while connections are cut, as a killed cfn leaves them, and while the server crashes: what was
//! acknowledged stays, and what was not is there as a whole or not at all. Doing it again then ends as if nothing had happened.
//! `CFN_STEPS=100000 cargo test --test it store_model::kills` is a long story; `CFN_SEED` tells one again.

use std::time::Duration;

use cfn::settings::Queued;
use cfn::store::Store;
use cfn::store::postgres::{Options, PostgresStore};

use super::dice::Dice;
use super::files::Files;
use super::given;
use super::keyless::keyless;
use super::observe::observation;
use super::perform::perform;
use super::steps::{Publish, Step};
use crate::patience::eventually;
use crate::postgres_server::{Connection, Cut, Proxy, Server, server_of};
use crate::store_contract::{Backend as _, Sqlite};

/// How many steps are taken where nobody says.
const STEPS: u64 = 200;

/// A story is so long; then another one begins with an empty database.
const STORY: u64 = 100;

/// One step in so many that write is disturbed.
const DISTURBED: usize = 3;

/// One disturbed step in so many is one in which the server crashes.
const CRASHES: usize = 12;

/// Statements at which a connection is cut: within a transaction that writes, and at its end.
const CUT_AT: [&str; 4] = ["INSERT INTO", "UPDATE ", "COMMIT\0", "COMMIT\0"];

/// A database on a server that is killed.
struct Victim {
    server: Server,
    database: String,
    proxy: Proxy,
    store: PostgresStore,
    other: Connection,
}

impl Victim {
    fn new(server: Server) -> Self {
        let (database, proxy) = (server.fresh_database(), Proxy::to(server.port, 0));
        let url = server.url(&database);
        assert!(PostgresStore::create(&server_of(&url), Options::default()).expect("created"));
        let through = url.replace(&format!(":{}/", server.port), &format!(":{}/", proxy.port));
        let options = Options { lock_timeout: Duration::from_secs(20), queued: Queued::Everything };
        let store = PostgresStore::open(&server_of(&through), options).expect("opened");
        let other = other_program(&url);
        Self { server, database, proxy, store, other }
    }

    fn perform(&mut self, files: &Files, at: u64, step: &Step) -> String {
        perform(&mut self.store, &self.other, files, at, step)
    }

    /// Performs a step that is cut somewhere, if it gets there, and waits until no session of it is left. The answer, and
    /// whether it was cut.
    fn perform_cut(&mut self, files: &Files, at: u64, step: &Step, dice: &mut Dice) -> (String, bool) {
        let crashes = dice.once_in(CRASHES);
        let kills = crashes.then(|| {
            self.other.run("CHECKPOINT"); // what is committed without waiting for the disk
            self.server.postmaster()
        });
        self.proxy.cut(Cut { at: dice.of(&CUT_AT), passes: dice.once_in(2), kills });
        let answered = self.perform(files, at, step);
        let is_cut = self.proxy.has_cut();
        if is_cut {
            if crashes {
                self.server.launch_again();
                self.other = other_program(&self.server.url(&self.database));
            }
            let is_over = "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'cfn'";
            eventually("the lost session ends", || self.other.value(is_over, &[]));
        }
        (answered, is_cut)
    }
}

fn other_program(url: &str) -> Connection {
    let other = Connection::to(url);
    other.run("SET search_path = cfn");
    other
}

/// Whether a step is one transaction, so that it is done as a whole or not at all.
fn is_one_transaction(step: &Step) -> bool {
    match step {
        Step::Publish(publish) => !matches!(publish, Publish::Import { .. }),
        Step::Begin
        | Step::Load { .. }
        | Step::LoadAndLog { .. }
        | Step::Capture
        | Step::CareForSums { .. }
        | Step::Foreign(_) => false,
        _ => true,
    }
}

fn require_equal(expected: &str, found: &str) -> Result<(), String> {
    let (expected, found) = (keyless(expected), keyless(found));
    let differs = |(left, right): &(&str, &str)| left != right;
    match expected.lines().zip(found.lines()).find(differs) {
        Some((left, right)) => Err(format!("\nSQLite:     {left}\nPostgreSQL: {right}")),
        None if expected.len() != found.len() => Err(format!("\nSQLite:     {expected}\nPostgreSQL: {found}")),
        None => Ok(()),
    }
}

/// Tells one story; how many steps were disturbed.
fn tell(seed: u64, steps: u64, victim: &mut Victim) -> Result<usize, String> {
    let (mut dice, files, reference) = (Dice::new(seed), Files::new(), Sqlite::new());
    let mut store = reference.open_queueing(Queued::Everything);
    let mut disturbed = 0;
    for at in 0..steps {
        let step = if at == 0 { Step::Begin } else { Step::random(&mut dice) };
        let told = |it: String| format!("CFN_SEED={seed}, step {at}: {step:?}: {it}");
        let tell = |store: &mut dyn Store| perform(store, reference.other_program(), &files, at, &step);
        if !is_one_transaction(&step) || !dice.once_in(DISTURBED) {
            require_equal(&tell(store.as_mut()), &victim.perform(&files, at, &step)).map_err(told)?;
            continue;
        }
        let before = keyless(&observation(store.as_mut(), at));
        let expected = tell(store.as_mut());
        let (answered, is_cut) = victim.perform_cut(&files, at, &step, &mut dice);
        if !is_cut {
            require_equal(&expected, &answered).map_err(told)?;
            continue;
        }
        disturbed += 1;
        let is_unknown = answered.contains("OutcomeUnknown");
        if is_unknown || answered.contains("Unreachable") {
            let found = keyless(&observation(&mut victim.store, at));
            if found == before {
                require_equal(&expected, &victim.perform(&files, at, &step))
                    .map_err(|it| told(format!("again: {it}")))?;
            } else if !is_unknown {
                return Err(told("it was done, although the answer was that nothing was changed".to_owned()));
            }
        } else {
            require_equal(&expected, &answered).map_err(told)?;
        }
        let states = (observation(store.as_mut(), at), observation(&mut victim.store, at));
        require_equal(&states.0, &states.1).map_err(|it| told(format!("after {answered}: {it}")))?;
    }
    Ok(disturbed)
}

#[test]
fn a_story_goes_on_after_kills_of_either_side() {
    let (mut left, mut seed) = (given("CFN_STEPS").unwrap_or(STEPS), given("CFN_SEED").unwrap_or(1));
    let (mut server, mut disturbed) = (Server::start(), 0);
    while left > 0 {
        let steps = left.min(STORY);
        let mut victim = Victim::new(server);
        match tell(seed, steps, &mut victim) {
            Ok(found) => disturbed += found,
            Err(difference) => panic!("{difference}"),
        }
        (left, seed, server) = (left - steps, seed + 1, victim.server);
    }
    assert!(disturbed > 10, "{disturbed} steps were disturbed");
}
