//! Reads through the cache against an uncached oracle, at random between writes of every kind: never an older answer, and never
//! another. `CFN_MODEL_STEPS` says how many steps (a million: see the README), `CFN_MODEL_SEED` which ones.

mod cast;
mod interrupted;
mod questions;
mod scene;
mod writes;

use std::cell::Cell;
use std::env;
use std::time::Instant;

use cfn::bench::Random;
use cfn::cache::redis::{Patience, Redis};
use cfn::cache::{Cache, Class, Key};
use cfn::model::Location;
use cfn::settings::{Flags, Settings};
use cfn::store::sqlite::SqliteStore;
use rusqlite::Connection;

use self::cast::clock;
use self::interrupted::Interrupted;
use self::questions::Question;
use self::scene::Scene;
use super::server::Server;

/// Default number of steps.
const STEPS: usize = 4000;

/// One write in so many steps: the reads between two writes are what a cache is for.
const READS_A_WRITE: usize = 60;

/// One read in so many has a write in its middle, after the cache was asked.
const READS_AN_INTERRUPTION: usize = 97;

/// One read in so many is made by a process of its own.
const READS_A_PROCESS: usize = 997;

/// Counts what is found and what is not.
struct Counting {
    inner: Redis,
    hits: Cell<usize>,
    misses: Cell<usize>,
}

impl Cache for Counting {
    fn serves(&self, class: Class) -> bool {
        self.inner.serves(class)
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        let found = self.inner.get(key);
        let count = if found.is_some() { &self.hits } else { &self.misses };
        count.set(count.get() + 1);
        found
    }

    fn put(&self, key: &Key, answer: &[u8]) {
        self.inner.put(key, answer);
    }

    fn forget(&self, key: &Key) {
        self.inner.forget(key);
    }
}

/// A database, a reader with a cache, an oracle without, and whoever writes.
struct Model {
    scene: Scene,
    cache: Counting,
    reader: SqliteStore,
    oracle: SqliteStore,
    writer: Connection,
    random: Random,
    reads: usize,
    /// Writes are plain SQL, mostly on this table.
    blind: Option<String>,
    /// Interrupted reads keep their answer under the token of the moment after.
    late_tokens: bool,
}

impl Model {
    fn new(server: &Server, seed: u64) -> Self {
        let scene = Scene::new();
        let cache = cache(&scene, server);
        let (reader, oracle, writer) = (scene.open(), scene.open(), scene.connect());
        Self {
            scene,
            cache,
            reader,
            oracle,
            writer,
            random: Random::new(seed),
            reads: 0,
            blind: None,
            late_tokens: false,
        }
    }

    /// One read or write; what was wrong with it.
    fn step(&mut self) -> Result<(), String> {
        if let Some(table) = &self.blind
            && self.random.below(8) == 0
        {
            writes::execute(&self.writer, &writes::sql_on(table, &mut self.random));
            return Ok(());
        }
        if self.blind.is_none() && self.random.below(READS_A_WRITE) == 0 {
            self.scene.write(&mut self.random, &mut self.reader, &mut self.oracle, &mut self.writer);
            return Ok(());
        }
        let question = Question::draw(&mut self.random);
        self.reads += 1;
        if self.reads.is_multiple_of(READS_A_PROCESS) && self.blind.is_none() {
            return self.process(&question);
        }
        let answer = if self.reads.is_multiple_of(READS_AN_INTERRUPTION) && self.blind.is_none() {
            let sql = writes::sql(&mut self.random);
            let (inner, writer) = (&mut self.reader, &mut self.writer);
            if self.late_tokens
                && let Some((key, kept)) = question.kept_late(inner, &|| writes::execute(writer, &sql))
            {
                self.cache.put(&key, &kept);
                return Ok(());
            }
            question.answer(&mut Interrupted { inner, snapshots: 0, writer, sql: &sql }, &self.cache)
        } else {
            question.answer(&mut self.reader, &self.cache)
        };
        let expected = question.answer(&mut self.oracle, &cfn::cache::Disabled);
        compare(&question, &answer, &expected)
    }

    fn process(&mut self, question: &Question) -> Result<(), String> {
        let Some(args) = question.command() else { return Ok(()) };
        let project = &self.scene.project;
        let mut cached = project.command(&args);
        cached.env("CFN_REDIS_URL", &self.scene.url).env("CFN_CACHE", "always").env("CFN_REDIS_BUDGET_MS", "10000");
        let cached: crate::harness::Ran = cached.output().expect("cfn runs").into();
        compare(question, &format!("{cached:?}"), &format!("{:?}", project.cfn(&args)))
    }

    /// The same model after a restore, in place or by a new file.
    fn restored(self, backup: &std::path::Path, replaces: bool) -> Self {
        if replaces {
            let Self { scene, cache, random, .. } = self;
            drop((self.reader, self.oracle, self.writer));
            scene.replace(backup);
            let (reader, oracle, writer) = (scene.open(), scene.open(), scene.connect());
            return Self { scene, cache, reader, oracle, writer, random, reads: 0, blind: None, late_tokens: false };
        }
        scene::restore(&mut self.scene.open_writer(), backup);
        self
    }

    fn run(&mut self, steps: usize) -> Result<(), String> {
        (0..steps).try_for_each(|step| self.step().map_err(|wrong| format!("step {step}: {wrong}")))
    }
}

fn compare(question: &Question, answer: &str, expected: &str) -> Result<(), String> {
    let wrong = || format!("{question:?}\nanswered: {answer}\nexpected: {expected}");
    if answer == expected { Ok(()) } else { Err(wrong()) }
}

fn cache(scene: &Scene, server: &Server) -> Counting {
    let url = format!("unix://{}", server.socket().display());
    let flags = Flags { redis_url: Some(url.into()), cache: "always".parse().ok(), ..Flags::default() };
    let settings = Settings::resolve(&flags, &|_| None, scene.project.path()).cache().expect("settings");
    let inner =
        Redis::start(&settings, &Location::File(scene.project.database()), &Class::ALL, Patience::Work, clock());
    Counting { inner: inner.expect("it is asked"), hits: Cell::new(0), misses: Cell::new(0) }
}

/// A server that has room for the answers of a few states of the database, so some are evicted.
fn server() -> Server {
    Server::start_with(&["--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"])
}

fn number(variable: &str, default: usize) -> usize {
    env::var(variable).map_or(default, |it| it.parse().expect("a number"))
}

#[test]
fn no_read_through_the_cache_is_ever_stale_or_wrong() {
    let (steps, seed) = (number("CFN_MODEL_STEPS", STEPS), number("CFN_MODEL_SEED", 1));
    let (server, since) = (server(), Instant::now());
    let mut model = Model::new(&server, seed as u64);
    model.scene.url = server.url();
    if let Err(wrong) = model.run(steps) {
        panic!("seed {seed}, {wrong}");
    }
    let (hits, misses) = (model.cache.hits.get(), model.cache.misses.get());
    let bypassed = model.reads.saturating_sub(hits + misses);
    let summary = format!(
        "{steps} steps in {:.0} s: {} reads, {hits} hits, {misses} misses, {bypassed} bypassed or by a process; writes: {:?}",
        since.elapsed().as_secs_f64(),
        model.reads,
        model.scene.written,
    );
    std::fs::write(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("model.txt"), &summary).expect("a file");
    assert!(hits * 100 > model.reads * 40, "a model that never hits shows nothing: {summary}");
    assert!(misses * 100 > model.reads * 5, "nor one whose writes change nothing: {summary}");
    assert_eq!(model.scene.kinds_missing(steps / READS_A_WRITE), [""; 0], "every kind of write happened: {summary}");
}

#[test]
fn the_model_detects_an_answer_cached_under_a_later_revision() {
    let server = server();
    let mut model = Model::new(&server, 2);
    model.late_tokens = true;
    let wrong = model.run(20 * STEPS);
    assert!(wrong.is_err(), "{} hits showed nothing", model.cache.hits.get());
}

#[test]
fn the_model_detects_a_write_without_any_one_trigger() {
    let server = server();
    let triggers = Model::new(&server, 0).scene.triggers();
    assert_eq!(triggers.len(), 24);
    for (name, table) in triggers {
        let mut model = Model::new(&server, 3);
        model.blind = Some(table);
        // The reader has seen that all triggers are there; that it looks again after a change of the schema is taken from it.
        Question::load("dev").answer(&mut model.reader, &model.cache).clear();
        let cookie: i64 = model.writer.query_row("PRAGMA schema_version", [], |row| row.get(0)).expect("a number");
        let rest = without_its_token(&model.writer, &name);
        // After a checkpoint it would open the file again, and look again.
        let removal =
            format!("DROP TRIGGER {name}; {rest}; PRAGMA schema_version = {cookie}; PRAGMA wal_autocheckpoint = 0");
        model.writer.execute_batch(&removal).expect("it goes");
        assert!(model.run(20 * STEPS).is_err(), "without {name}: {} hits showed nothing", model.cache.hits.get());
    }
}

/// A trigger of the usage log without its change of a token: what keeps the sums exact must stay, or the answers that the cache is
/// compared with would miss the same writes. Nothing is left of the others.
fn without_its_token(writer: &rusqlite::Connection, name: &str) -> String {
    let find = "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND name = ?1";
    let sql: String = writer.query_row(find, [name], |row| row.get(0)).expect("a trigger");
    let (head, body) = sql.split_once(" BEGIN ").expect("a body");
    let kept: Vec<_> = body.split(';').filter(|it| !it.contains("random()")).collect();
    assert!(kept.len() < body.split(';').count(), "{name} changes no token: {sql}");
    if sql.contains("usage_dirty") { format!("{head} BEGIN {}", kept.join(";")) } else { String::new() }
}

#[test]
fn two_restores_of_one_backup_have_different_revisions() {
    let server = server();
    for replaces in [false, true] {
        let mut model = Model::new(&server, 4);
        let backup = model.scene.backup(&mut model.oracle);
        for owner in ["ann", "bob"] {
            model = model.restored(&backup, replaces);
            model
                .writer
                .execute_batch(&model.scene.unseen(&format!("UPDATE skills SET owner = '{owner}'")))
                .expect("SQL");
            let question = Question::list();
            for _ in 0..2 {
                let answer = question.answer(&mut model.reader, &model.cache);
                assert!(answer.contains(owner), "{answer}");
            }
        }
    }
}
