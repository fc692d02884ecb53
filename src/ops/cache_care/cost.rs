//! Measures the cost of answers with and without the cache, on this machine and this database.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use super::super::analytics::{Analytics, DatedRequest, ReportName};
use super::super::cached::{Query, answer, prepared, recall};
use super::super::error::{Error, Result};
use super::super::{History, Load, Show};
use crate::cache::{Cache, Class, Cost, Disabled, Key, Server, ServerResult};
use crate::clock::Clock;
use crate::store::{self, NameKind, SkillFilter, Store};

/// Minimum and maximum number of measurements of each side; the median is reported.
const FEWEST: usize = 5;
const MOST: usize = 31;

/// No round starts after this time.
const LONG_ENOUGH: Duration = Duration::from_millis(250);

/// Factories that reconnect on each call, as every command does.
pub struct Factories<'a> {
    /// Opens the database for reading.
    pub open: &'a dyn Fn() -> store::Result<Box<dyn Store>>,
    /// Connects to the server.
    pub connect: &'a dyn Fn() -> ServerResult<Box<dyn Server>>,
}

/// Queries a server without counting the query.
struct Uncounted(RefCell<Box<dyn Server>>);

impl Cache for Uncounted {
    fn serves(&self, _: Class) -> bool {
        true
    }

    fn get(&self, key: &Key) -> Option<Vec<u8>> {
        self.0.borrow_mut().find(key).ok().flatten().map(|it| it.answer)
    }

    fn put(&self, _: &Key, _: &[u8]) {}

    fn forget(&self, _: &Key) {}
}

/// Measures a query of each class that this database can answer; `done` gets the number of measured classes.
pub fn costs(factories: &Factories<'_>, clock: Clock, done: &mut dyn FnMut(usize)) -> Result<Vec<Cost>> {
    let mut store = (factories.open)()?;
    let names = |store: &mut dyn Store, of| -> Result<Vec<String>> { Ok(store.read()?.names(of)?) };
    let agent = names(store.as_mut(), NameKind::AgentType)?.into_iter().find_map(|it| it.parse().ok());
    let skill = names(store.as_mut(), NameKind::Skill)?.into_iter().find_map(|it| it.parse().ok());
    drop(store);
    let mut costs = Vec::new();
    if let Some(agent_type) = agent {
        costs.extend(cost(factories, &Load::usual(agent_type))?);
    }
    done(1);
    costs.extend(cost(factories, &SkillFilter::default())?);
    done(2);
    if let Some(name) = skill {
        costs.extend(cost(factories, &Show { name: Clone::clone(&name), version: None, content: false })?);
        done(3);
        costs.extend(cost(factories, &History { name, usage: None })?);
    }
    done(4);
    costs.extend(cost(factories, &DatedRequest::now(&Analytics::whole(ReportName::Overview), clock))?);
    done(5);
    Ok(costs)
}

/// Measures one query, in turn from the server and the database; its answer is cached first. `None` if it cannot be
/// cached, or changes constantly.
fn cost<Q: Query>(factories: &Factories<'_>, query: &Q) -> Result<Option<Cost>> {
    let kept = match prepared((factories.open)()?.as_mut(), query) {
        Ok(Some(kept)) => kept,
        Err(error @ (Error::Store(_) | Error::Cache(_))) => return Err(error),
        Ok(None) | Err(_) => return Ok(None),
    };
    (factories.connect)()?.put_all(&[kept])?;
    let (mut hits, mut computed) = (Vec::new(), Vec::new());
    let since = Instant::now();
    while hits.len() < FEWEST || (hits.len() < MOST && since.elapsed() < LONG_ENOUGH) {
        match hit(factories, query)? {
            Some(took) => hits.push(took),
            None => return Ok(None),
        }
        computed.push(database(factories, query)?);
    }
    Ok(Some(Cost { class: query.question().class, hit_us: median(&mut hits), database_us: median(&mut computed) }))
}

/// The time of an answer from the server, in microseconds, including connecting, as in a command. `None` if it is not
/// cached.
pub(super) fn hit<Q: Query>(factories: &Factories<'_>, query: &Q) -> Result<Option<f64>> {
    let mut store = (factories.open)()?;
    let since = Instant::now();
    let cache = Uncounted(RefCell::new((factories.connect)()?));
    let recalled = recall(store.as_mut(), &cache, query)?;
    let took = microseconds(since);
    Ok(recalled.map(|_| took))
}

/// The time of an answer from the database, in microseconds.
pub(super) fn database<Q: Query>(factories: &Factories<'_>, query: &Q) -> Result<f64> {
    let mut store = (factories.open)()?;
    let since = Instant::now();
    answer(store.as_mut(), &Disabled, query)?;
    Ok(microseconds(since))
}

pub(super) fn median(taken: &mut [f64]) -> f64 {
    taken.sort_by(f64::total_cmp);
    taken.get(taken.len() / 2).copied().unwrap_or_default()
}

fn microseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e6
}
