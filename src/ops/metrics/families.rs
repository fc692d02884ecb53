//! All metrics, with their names and labels. What has no source here is left out: a zero would be a lie.

use std::io;

use super::agents::{AgentFigures, of_agents};
use super::counters::{CountedCommand, Counters};
use super::figures::DatabaseFigures;
use super::file::CounterFile;
use super::text::{Family, Kind};
use crate::cache::{Class, Facts, Lookups};
use crate::model::Durations;
use crate::store::{QueriedTable, QueryType};

/// What the server of the query cache says; `None` where it does not answer.
#[derive(Debug, Clone)]
pub struct RedisFigures {
    /// Its state.
    pub facts: Option<Facts>,
    /// The statistics of each class.
    pub lookups: Vec<(Class, Lookups)>,
}

/// The metrics of a database, of the commands that used it, of the server of the query cache, if one is configured, and of
/// agents, if any ever ran.
pub fn families(
    database: &DatabaseFigures,
    counters: Option<&CounterFile>,
    redis: Option<&RedisFigures>,
    agents: Option<&AgentFigures>,
) -> io::Result<Vec<Family>> {
    let mut all = vec![
        Family::new(Kind::Gauge, "cfn_build_info", "The running version of cfn.")
            .with(&vec![("version", env!("CARGO_PKG_VERSION"))], 1.0),
    ];
    all.extend(of_skills(database));
    all.extend(of_the_database(database));
    if let Some(counters) = counters.map(CounterFile::counters).transpose()?.flatten() {
        all.extend(of_commands(&counters));
        all.extend(of_queries(&counters));
    }
    all.extend(redis.map(of_redis).unwrap_or_default());
    all.extend(agents.map(of_agents).unwrap_or_default());
    Ok(all)
}

fn gauge(name: &'static str, help: &'static str, value: f64) -> Family {
    Family::new(Kind::Gauge, name, help).with(&Vec::new(), value)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn whole(count: i64) -> f64 {
    count as f64
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(count: u64) -> f64 {
    count as f64
}

fn of_skills(database: &DatabaseFigures) -> Vec<Family> {
    let mut skills = Family::new(Kind::Gauge, "cfn_skills", "Skills by approval level, status, and state of review.");
    let mut deployed = Family::new(Kind::Gauge, "skill_deployment_status", "Skills by status.");
    let mut by_status: Vec<(&str, i64)> = Vec::new();
    for (level, status, all) in &database.skills {
        let level = level.as_str();
        let pending = database.pending.get(level).copied().filter(|_| status == "active").unwrap_or(0);
        for (state, number) in [("pending", pending), ("decided", all - pending)] {
            skills.add("", &vec![("level", level), ("status", status), ("state", state)], whole(number));
        }
        match by_status.iter_mut().find(|it| it.0 == status) {
            Some(it) => it.1 += all,
            None => by_status.push((status, *all)),
        }
    }
    for (status, number) in by_status {
        deployed.add("", &vec![("status", status)], whole(number));
    }
    let help = "Uses of a skill; beyond the 200 most used ones, together as other.";
    let mut executions = Family::new(Kind::Counter, "skill_executions_total", help);
    for (skill, uses) in &database.uses {
        executions.add("", &vec![("skill_name", skill)], whole(*uses));
    }
    let help = "How long the first pending skill has waited for its review.";
    let oldest = gauge("cfn_pending_oldest_seconds", help, database.pending_oldest_s);
    let overdue = count(database.overdue as u64);
    let overdue = gauge("cfn_pending_overdue", "Skills that wait for longer than their level allows.", overdue);
    vec![skills, deployed, executions, oldest, overdue]
}

fn of_the_database(database: &DatabaseFigures) -> Vec<Family> {
    let outbox = &database.outbox;
    let mut all = vec![
        gauge("cfn_outbox_waiting", "Events queued for the workflow database.", count(outbox.waiting)),
        gauge("cfn_outbox_oldest_seconds", "How long the oldest event is queued.", database.outbox_oldest_s),
        gauge("cfn_dead_letters", "Events that the workflow database refused.", count(outbox.dead_letters)),
        gauge("cfn_database_bytes", "Size of the database.", count(database.bytes)),
    ];
    let log = database.log_bytes.map(|it| gauge("cfn_wal_bytes", "Size of the write-ahead log.", count(it)));
    all.extend(log);
    if let Some(follower) = &database.follower {
        // Without a pull, or with a clock that was set back, it may be behind by any time.
        let lag = follower.seconds_behind.map_or(f64::INFINITY, whole);
        let help = "Seconds since the last pull from the primary; infinite if that is not known.";
        all.push(gauge("cfn_follower_lag_seconds", help, lag));
        all.push(gauge(
            "cfn_follower_unpushed",
            "Uses that are to be pushed to the primary.",
            count(follower.unpushed),
        ));
    }
    all
}

fn counter(name: &'static str, help: &'static str, value: u64) -> Family {
    Family::new(Kind::Counter, name, help).with(&Vec::new(), count(value))
}

fn histogram(name: &'static str, help: &'static str, durations: &Durations) -> Family {
    let mut family = Family::new(Kind::Histogram, name, help);
    add_histogram(&mut family, &[], durations);
    family
}

fn of_commands(counters: &Counters) -> Vec<Family> {
    let mut durations = Family::new(Kind::Histogram, "cfn_command_duration_seconds", "What commands take.");
    let mut failed = Family::new(Kind::Counter, "cfn_commands_failed_total", "Commands that failed.");
    for command in CountedCommand::ALL {
        let labels = vec![("command", command.as_str())];
        add_histogram(&mut durations, &labels, counters.of(command));
        failed.add("", &labels, count(counters.failed(command)));
    }
    let mut loads = Family::new(Kind::Histogram, "cfn_load_duration_seconds", "What loads take, by their result.");
    add_histogram(&mut loads, &[("result", "ok")], counters.loads(true));
    add_histogram(&mut loads, &[("result", "failed")], counters.loads(false));
    let deployments = counters.failed(CountedCommand::Deploy) + counters.failed(CountedCommand::Update);
    let integrity = "Commands that refused bytes that do not match their hash.";
    let (succeeded, unsuccessful) = counters.outcomes();
    vec![
        durations,
        failed,
        loads,
        counter("skill_deployment_failures_total", "Deployments and updates that failed.", deployments),
        counter("cfn_integrity_failures_total", integrity, counters.integrity_failures()),
        counter("skill_executions_successful_total", "Executions that were recorded with exit code 0.", succeeded),
        counter("skill_executions_failed_total", "Executions that were recorded with another exit code.", unsuccessful),
        histogram("skill_execution_duration_seconds", "What recorded executions took.", counters.executions()),
    ]
}

fn of_queries(counters: &Counters) -> Vec<Family> {
    let help = "What queries take, by type and by the first table that they name.";
    let mut durations = Family::new(Kind::Histogram, "database_query_duration_seconds", help);
    let mut all = Durations::default();
    for what in QueryType::ALL {
        for table in QueriedTable::ALL {
            let queries = counters.queries(what, table);
            all.add_all(queries);
            if queries.count() > 0 {
                let labels = [("query_type", what.as_str()), ("table", table.as_str())];
                add_histogram(&mut durations, &labels, queries);
            }
        }
    }
    let failed = CountedCommand::ALL.iter().fold(0_u64, |all, it| all.saturating_add(counters.failed(*it)));
    vec![
        durations,
        histogram("db_query_duration_seconds", "What all queries take.", &all),
        counter("db_queries_total", "Queries of commands.", all.count()),
        counter("db_queries_failed_total", "Commands that failed, whatever they were asked.", failed),
        counter("db_transactions_rolled_back_total", "Writes that were rolled back.", counters.rolled_back()),
        histogram("cfn_lock_wait_seconds", "Waits for locks of other processes.", counters.lock_waits()),
    ]
}

fn add_histogram(family: &mut Family, labels: &[(&'static str, &str)], durations: &Durations) {
    let bounds = Durations::BOUNDS.map(|it| if it.fract() == 0.0 { format!("{it:.1}") } else { it.to_string() });
    let bounds = bounds.iter().map(String::as_str).chain(["+Inf"]);
    for (bound, number) in bounds.zip(durations.up_to().into_iter().chain([durations.count()])) {
        let mut labels = labels.to_vec();
        labels.push(("le", bound));
        family.add("_bucket", &labels, count(number));
    }
    family.add("_sum", &labels.to_vec(), durations.sum().as_secs_f64());
    family.add("_count", &labels.to_vec(), count(durations.count()));
}

fn of_redis(redis: &RedisFigures) -> Vec<Family> {
    let up = if redis.facts.is_some() { 1.0 } else { 0.0 };
    let mut all = vec![gauge("redis_up", "Whether the server of the query cache answers.", up)];
    if let Some(facts) = &redis.facts {
        let used = facts.used_memory_bytes.map(|it| gauge("redis_memory_used_bytes", "Memory in use.", count(it)));
        let most =
            facts.maxmemory_bytes.map(|it| gauge("redis_memory_max_bytes", "Memory limit; 0 for none.", count(it)));
        all.extend(used.into_iter().chain(most));
    }
    let help = "Queries that the query cache was asked for.";
    let mut requests = Family::new(Kind::Counter, "cfn_cache_requests_total", help);
    for (class, lookups) in &redis.lookups {
        let hits = lookups.lookups.saturating_sub(lookups.stores);
        for (result, number) in [("hit", hits), ("miss", lookups.stores)] {
            requests.add("", &vec![("class", class.as_str()), ("result", result)], count(number));
        }
    }
    all.push(requests);
    all
}
