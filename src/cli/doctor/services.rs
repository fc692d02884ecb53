//! Asks Redis and the workflow database, beside the look at the database.

use std::sync::mpsc::{self, SyncSender};
use std::time::{Duration, Instant};

use super::asked::{Asked, PATIENCE};
use super::failed::failed;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::ops::{self, Area, Diagnosis, ServerLook};
use crate::settings::{Queued, RedisServer};

/// How long the look at Redis waits for the id of the database.
const FOR_THE_DATABASE: Duration = Duration::from_millis(400);

/// The question to Redis.
pub(super) struct Redis {
    /// `None` if no server is configured.
    asked: Option<Result<Asking, Failure>>,
}

struct Asking {
    server: RedisServer,
    asked: Asked<Result<ServerLook, Failure>>,
    database: SyncSender<[u8; 16]>,
}

impl Redis {
    /// Asks the configured server.
    pub(super) fn ask(context: &Context) -> Self {
        let started = Self::start(context);
        Self { asked: started.transpose() }
    }

    fn start(context: &Context) -> Result<Option<Asking>, Failure> {
        let settings = context.settings.cache()?;
        let named = context.settings.expiring_keys()?;
        let Some(server) = settings.server.clone() else { return Ok(None) };
        let (database, id) = mpsc::sync_channel(1);
        let asked = Asked::ask(move || -> Result<ServerLook, Failure> {
            let mut server = Context::connect_cache_within(PATIENCE, &settings)?;
            let id = id.recv_timeout(FOR_THE_DATABASE).ok();
            Ok(ops::look_at_server(server.as_mut(), &settings, &named, id)?)
        });
        Ok(Some(Asking { server, asked, database }))
    }

    /// Tells it the id of the database.
    pub(super) fn identify(&self) -> impl Fn([u8; 16]) + Send + use<> {
        let database = match &self.asked {
            Some(Ok(asking)) => Some(asking.database.clone()),
            _ => None,
        };
        move |id| {
            let _ = database.as_ref().map(|it| it.try_send(id)); // it may have given up
        }
    }

    /// The lines about the server.
    pub(super) fn lines(self, context: &Context) -> Vec<Diagnosis> {
        let Asking { server, asked, database } = match self.asked {
            None => return vec![not_used(Area::Redis, "server"), not_used(Area::Network, "Redis")],
            Some(Err(failure)) => return vec![failed(Area::Redis, "server", failure)],
            Some(Ok(asking)) => asking,
        };
        drop(database);
        let mut lines = match asked.answer() {
            None => vec![silent(&server.to_string())],
            Some(Err(failure)) => vec![failed(Area::Redis, "server", failure)],
            Some(Ok(look)) => ops::redis_lines(&server, &look),
        };
        lines.push(cache_line(context).unwrap_or_else(|failure| failed(Area::Redis, "query cache", failure)));
        lines
    }
}

fn not_used(area: Area, name: &'static str) -> Diagnosis {
    Diagnosis::not_used(area, name, "no Redis server is named (--redis-url, CFN_REDIS_URL)")
}

fn silent(server: &str) -> Diagnosis {
    let mend = "start the server, or correct --redis-url; 'cfn cache status' waits longer";
    Diagnosis::fail(Area::Redis, "server", format!("Redis {server} did not answer within 1 s"), mend)
}

fn cache_line(context: &Context) -> Result<Diagnosis, Failure> {
    let settings = context.settings.cache()?;
    let noted = context.cache_notes(&settings)?.map(|it| it.read()).unwrap_or_default();
    Ok(ops::cache_lines(settings.policy, &noted, context.clock.now().as_second()))
}

/// The question to the workflow database; `None` if nothing is delivered to one.
pub(super) type Workflow = Option<Result<(String, Asked<Result<Duration, String>>), Failure>>;

/// Asks the workflow database, if events are queued for one.
pub(super) fn ask_workflow(context: &Context) -> Workflow {
    match context.settings.queued() {
        Ok(Queued::Nothing) => return None,
        Ok(_) => {}
        Err(error) => return Some(Err(error.into())),
    }
    Some(start_workflow(context))
}

fn start_workflow(context: &Context) -> Result<(String, Asked<Result<Duration, String>>), Failure> {
    let server = context.settings.workflow_server()?.to_string();
    let mut connect = context.workflow()?;
    let asked = Asked::ask(move || {
        let since = Instant::now();
        connect().map(|_| since.elapsed()).map_err(|error| error.to_string())
    });
    Ok((server, asked))
}

/// The line about the workflow database.
pub(super) fn workflow_line(asked: Workflow) -> Diagnosis {
    let name = "workflow database";
    match asked {
        None => Diagnosis::not_used(Area::Postgres, name, "no events are queued for one (ENABLE_PHASE4_LOGGING)"),
        Some(Err(failure)) => failed(Area::Postgres, name, failure),
        Some(Ok((server, asked))) => {
            let silent = || Err(format!("{server} did not answer in time"));
            let answer = asked.answer().unwrap_or_else(silent);
            ops::workflow_line(&server, answer)
        }
    }
}
