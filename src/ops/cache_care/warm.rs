//! `cache warm`: caches common answers in advance.

use serde::Serialize;

use super::super::analytics::{Analytics, DatedRequest, ReportName};
use super::super::cached::{Query, prepared};
use super::super::error::{Error, Result};
use super::super::load::Load;
use crate::cache::{Class, Key, Server};
use crate::clock::Clock;
use crate::model::{AgentType, Tables, TokenPrice};
use crate::store::{NameKind, SkillFilter, Store};

/// Maximum number of answers, and of their bytes, per pipeline.
const ANSWERS_A_PIPELINE: usize = 500;
const BYTES_A_PIPELINE: usize = 1024 * 1024;

/// The answers to cache.
#[derive(Debug, Clone)]
pub struct Warm {
    /// Agent types; `None` for all with mappings.
    pub agents: Option<Vec<AgentType>>,
    /// The price of tokens that have no amount of money.
    pub price: TokenPrice,
}

/// The cached answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WarmReport {
    /// By class.
    pub classes: Vec<WarmedClass>,
    /// Number of answers.
    pub answers: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Number of answers that cannot be cached, since they do not depend on the database alone.
    pub not_kept: usize,
    /// Queries that failed, for example because approved bytes of a required skill are missing.
    pub failed: Vec<String>,
}

/// The cached answers of one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WarmedClass {
    /// The class.
    pub class: &'static str,
    /// Their number.
    pub answers: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// Caches `load` without options for each agent type, the list of skills, and the reports over everything. Each answer
/// is computed in its own snapshot, which is closed before the server is accessed. `progress` gets the number done and
/// in total.
pub fn warm(
    store: &mut dyn Store,
    server: &mut dyn Server,
    clock: Clock,
    request: &Warm,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<WarmReport> {
    let snapshot = store.read()?;
    if snapshot.revision(Tables::CatalogueAndUsage)?.is_none() {
        return Err(Error::NoTokens);
    }
    let agents = match &request.agents {
        Some(agents) => agents.clone(),
        None => snapshot.names(NameKind::AgentType)?.iter().filter_map(|it| it.parse().ok()).collect(),
    };
    drop(snapshot);
    // What counts row by row is asked for rarely, and takes long.
    let reports: Vec<_> = ReportName::ALL
        .into_iter()
        .filter(|(report, _)| !report.counts_rows())
        .map(|(report, _)| DatedRequest::now(&Analytics { price: request.price, ..Analytics::whole(report) }, clock))
        .filter(Query::keeps)
        .collect();
    let all = agents.len() + 1 + reports.len();
    let mut warming = Warming { server, waiting: Vec::new(), bytes: 0, report: WarmReport::default(), done: 0 };
    for agent in agents {
        warming.add(store, &Load::usual(agent.clone()), &format!("load {agent}"))?;
        progress(warming.done, all);
    }
    warming.add(store, &SkillFilter::default(), "skill list")?;
    for report in reports {
        warming.add(store, &report, "analytics")?;
        progress(warming.done, all);
    }
    warming.send()?;
    Ok(warming.report)
}

struct Warming<'a> {
    server: &'a mut dyn Server,
    waiting: Vec<(Key, Vec<u8>)>,
    bytes: usize,
    report: WarmReport,
    done: usize,
}

impl Warming<'_> {
    fn add<Q: Query>(&mut self, store: &mut dyn Store, query: &Q, line: &str) -> Result<()> {
        self.done += 1;
        match prepared(store, query) {
            Ok(Some((key, answer))) => {
                self.bytes += answer.len();
                self.report.add(key.class, answer.len());
                self.waiting.push((key, answer));
            }
            Ok(None) => self.report.not_kept += 1,
            Err(error @ Error::Store(_)) => return Err(error),
            Err(error) => self.report.failed.push(format!("{line}: {error}")),
        }
        if self.waiting.len() >= ANSWERS_A_PIPELINE || self.bytes >= BYTES_A_PIPELINE { self.send() } else { Ok(()) }
    }

    fn send(&mut self) -> Result<()> {
        self.server.put_all(&self.waiting)?;
        self.waiting.clear();
        self.bytes = 0;
        Ok(())
    }
}

impl WarmReport {
    fn add(&mut self, class: Class, bytes: usize) {
        let class = class.as_str();
        self.answers += 1;
        self.bytes += bytes;
        match self.classes.iter_mut().find(|it| it.class == class) {
            Some(it) => {
                it.answers += 1;
                it.bytes += bytes;
            }
            None => self.classes.push(WarmedClass { class, answers: 1, bytes }),
        }
    }
}
