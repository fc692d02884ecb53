//! One story, told to several databases: what `ops` does must not depend on the engine, nor on conflicts with other writers.
//!
//! A story is a random sequence of commands and of what other programs write. SQLite, PostgreSQL, the implementation in memory,
//! and one in memory that finds a conflict in nearly every write, must give the same reports and hold the same rows.
//! `CFN_STEPS=1000000 cargo test --test it store_model::reports` is a long story; `CFN_SEED` tells one again.

mod conflicts;
mod dice;
mod elsewhere;
mod files;
mod keyless;
mod kills;
mod observe;
mod perform;
mod publish;
mod steps;

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use cfn::settings::Queued;
use cfn::store::{NameKind, Store};

use self::dice::Dice;
use self::files::Files;
use self::keyless::keyless;
use self::observe::observation;
use self::perform::perform;
use self::steps::Step;
use crate::memory_store::{Conflicts, MemoryDatabase};
use crate::postgres_server::Way;
use crate::store_contract::{Backend, Postgres, Sqlite};

/// How many steps are taken where nobody says: as many as cost two processors less than a minute.
const STEPS: u64 = 5000;

/// After so many steps, everything is looked at.
const LOOK_EVERY: u64 = 50;

/// A story is so long; then another one begins with an empty database.
const STORY: u64 = 250;

/// A database that the story is told to.
struct Listener {
    what: &'static str,
    backend: Box<dyn Backend>,
    store: Box<dyn Store>,
    /// The same database, where conflicts are planned.
    disturbed: Option<MemoryDatabase>,
    /// Whether keys that were undone are left out, so that keys differ from those of the others.
    leaves_out_keys: bool,
}

impl Listener {
    fn new(what: &'static str, backend: impl Backend + 'static, disturbed: Option<MemoryDatabase>) -> Self {
        let store = backend.open_queueing(Queued::Everything);
        Self { what, backend: Box::new(backend), store, disturbed, leaves_out_keys: false }
    }

    fn all() -> [Self; 4] {
        let disturbed = MemoryDatabase::new();
        [
            Self::new("SQLite", Sqlite::new(), None),
            Self::new("memory", MemoryDatabase::new(), None),
            Self::new("memory with conflicts", disturbed.clone(), Some(disturbed)),
            Self { leaves_out_keys: true, ..Self::new("PostgreSQL", Postgres::new(Way::Direct), None) },
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
    let without_keys = std::cell::LazyCell::new(|| keyless(&texts[0]));
    for (listener, text) in listeners.iter().zip(texts).skip(1) {
        let (left, right) = if listener.leaves_out_keys { (&*without_keys, &keyless(text)) } else { (&texts[0], text) };
        if left != right {
            let mut lines = left.lines().zip(right.lines());
            let (left_line, right_line) = lines.find(|(left, right)| left != right).unwrap_or((left, right));
            return Err(format!("\n{}: {left_line}\n{}: {right_line}", listeners[0].what, listener.what));
        }
    }
    Ok(())
}

fn given(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn reports_and_rows_are_the_same_whatever_the_engine() {
    let (steps, first) = (given("CFN_STEPS").unwrap_or(STEPS), given("CFN_SEED").unwrap_or(1));
    let told = AtomicU64::new(0);
    let tell_stories = || loop {
        let number = told.fetch_add(1, Ordering::Relaxed);
        let left = steps.saturating_sub(number * STORY);
        if left == 0 {
            return;
        }
        if let Err(difference) = tell(first + number, left.min(STORY), &mut Listener::all()) {
            told.store(steps, Ordering::Relaxed); // the other tellers end too
            panic!("{difference}");
        }
    };
    // The engines wait for each other, so two stories are told in the time of little more than one.
    thread::scope(|scope| {
        let tellers = [(); 2].map(|()| scope.spawn(tell_stories));
        for teller in tellers {
            teller.join().unwrap_or_else(|difference| resume_unwind(difference));
        }
    });
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
