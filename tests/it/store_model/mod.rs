//! One story, told to several databases: what `ops` does must not depend on the engine, nor on conflicts with other writers.
//!
//! A story is a random sequence of commands and of what other programs write. SQLite, the implementation in memory, and one in
//! memory that finds a conflict in nearly every write, must give the same reports and hold the same rows. `CFN_STEPS=100000` is a
//! long story; `CFN_SEED` tells one again.

mod conflicts;
mod dice;
mod elsewhere;
mod files;
mod observe;
mod perform;
mod publish;
mod steps;

use cfn::settings::Queued;
use cfn::store::{NameKind, Store};

use self::dice::Dice;
use self::files::Files;
use self::observe::observation;
use self::perform::perform;
use self::steps::Step;
use crate::memory_store::{Conflicts, MemoryDatabase};
use crate::store_contract::{Backend, Sqlite};

/// How many steps are taken where nobody says.
const STEPS: u64 = 1500;

/// After so many steps, everything is looked at.
const LOOK_EVERY: u64 = 25;

/// A story is so long; then another one begins with an empty database.
const STORY: u64 = 250;

/// A database that the story is told to.
struct Listener {
    what: &'static str,
    backend: Box<dyn Backend>,
    store: Box<dyn Store>,
    /// The same database, where conflicts are planned.
    disturbed: Option<MemoryDatabase>,
}

impl Listener {
    fn new(what: &'static str, backend: impl Backend + 'static, disturbed: Option<MemoryDatabase>) -> Self {
        let store = backend.open_queueing(Queued::Everything);
        Self { what, backend: Box::new(backend), store, disturbed }
    }

    fn all() -> [Self; 3] {
        let disturbed = MemoryDatabase::new();
        [
            Self::new("SQLite", Sqlite::new(), None),
            Self::new("memory", MemoryDatabase::new(), None),
            Self::new("memory with conflicts", disturbed.clone(), Some(disturbed)),
        ]
    }
}

/// Tells a story; where the listeners came to differ, if they did.
fn tell(seed: u64, steps: u64, listeners: &mut [Listener]) -> Result<(), String> {
    let mut dice = Dice::new(seed);
    let files = Files::new();
    for at in 0..steps {
        let step = if at == 0 { Step::Begin } else { Step::random(&mut dice) };
        let conflicts = dice.roll(4);
        let place = if dice.roll(2) == 0 { Conflicts::AtFirstWrite } else { Conflicts::AtCommit };
        let mut reports = Vec::new();
        for listener in &mut *listeners {
            if let Some(disturbed) = &listener.disturbed {
                disturbed.conflict(place, conflicts);
            }
            reports.push(perform(listener.store.as_mut(), listener.backend.other_program(), &files, at, &step));
            if let Some(disturbed) = &listener.disturbed {
                disturbed.conflict(place, 0);
            }
        }
        let told = || format!("CFN_SEED={seed}, step {at}: {step:?}");
        require_equal(listeners, &reports).map_err(|it| format!("{}: {it}", told()))?;
        if at % LOOK_EVERY == 0 || at + 1 == steps {
            let observed: Vec<_> = listeners.iter_mut().map(|it| observation(it.store.as_mut(), at)).collect();
            require_equal(listeners, &observed).map_err(|it| format!("up to {}: {it}", told()))?;
        }
    }
    Ok(())
}

/// Every text is the first one; else which line is not.
fn require_equal(listeners: &[Listener], texts: &[String]) -> Result<(), String> {
    let expected = &texts[0];
    let Some(at) = texts.iter().position(|it| it != expected) else { return Ok(()) };
    let mut lines = expected.lines().zip(texts[at].lines());
    let (left, right) = lines.find(|(left, right)| left != right).unwrap_or((expected, &texts[at]));
    Err(format!("\n{}: {left}\n{}: {right}", listeners[0].what, listeners[at].what))
}

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn reports_and_rows_are_the_same_whatever_the_engine() {
    let mut left = given("CFN_STEPS").unwrap_or(STEPS);
    let mut seed = given("CFN_SEED").unwrap_or(1);
    while left > 0 {
        let steps = left.min(STORY);
        if let Err(difference) = tell(seed, steps, &mut Listener::all()) {
            panic!("{difference}");
        }
        (left, seed) = (left - steps, seed + 1);
    }
}

#[test]
fn a_database_that_is_told_another_story_is_found_out() {
    let mut listeners = Listener::all();
    tell(1, 50, &mut listeners).expect("they are equal");
    let skills = listeners[1].store.read().expect("a snapshot").names(NameKind::Skill).expect("names");
    listeners[1].backend.other_program().log_at(&skills[0], "2026-01-30 00:00:00");
    let seen: Vec<_> = listeners.iter_mut().map(|it| observation(it.store.as_mut(), 50)).collect();
    assert!(require_equal(&listeners, &seen).is_err_and(|it| it.contains("memory: ")));
}
