//! Looks at the database, in a file or on a server.

use std::path::Path;
use std::sync::mpsc;

use super::asked::{Asked, PATIENCE};
use super::failed::failed;
use super::services::Redis;
use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::opening::Opening;
use crate::clock::Clock;
use crate::model::{Location, Tables};
use crate::ops::{self, Area, Depth, Diagnosis, Files, Fix, FollowerState, Project};
use crate::process::Program;
use crate::settings::Queued;
use crate::store::{DatabaseStatus, Store, StoreError};

/// Everything that a look at the database needs, so that it can be on a thread of its own.
struct Look {
    opening: Opening,
    files: Files,
    project: Project,
    clock: Clock,
    depth: Depth,
    queues: bool,
    late: i64,
    network: Option<&'static str>,
}

/// The lines about the database. `redis` is told its id, whose statistics it reads.
pub(super) fn look(context: &Context, depth: Depth, redis: &Redis) -> Vec<Diagnosis> {
    let (mut lines, look) = match prepared(context, depth) {
        Ok(prepared) => prepared,
        Err(failure) => return vec![failed(Area::Database, "file", failure)],
    };
    let identify = redis.identify();
    lines.extend(match look.opening.location() {
        Location::File(_) => look.run(&identify, &|| ()),
        Location::Server(_) => on_a_server(look, identify),
    });
    lines
}

/// The lines about a database on a server, which may hang.
fn on_a_server(look: Look, identify: impl Fn([u8; 16]) + Send + 'static) -> Vec<Diagnosis> {
    let (answered, answers) = mpsc::sync_channel(1);
    let asked = Asked::ask(move || {
        look.run(&identify, &|| {
            let _ = answered.try_send(()); // the asker may have given up
        })
    });
    let lines = answers.recv_timeout(PATIENCE).ok().and_then(|()| asked.answer());
    lines.unwrap_or_else(|| vec![silent()])
}

fn silent() -> Diagnosis {
    let mend = "start the server, or correct what --db names; 'cfn db status' waits longer";
    Diagnosis::fail(Area::Database, "server", "it did not answer within 1 s", mend)
}

/// The lines about the file, and what is needed to look into it. The file is looked at first: later, this process has
/// locks on it.
fn prepared(context: &Context, depth: Depth) -> Result<(Vec<Diagnosis>, Look), Failure> {
    let opening = context.opening(Access::Read)?;
    let mut lines = Vec::new();
    let mut network = None;
    if let Location::File(path) = opening.location() {
        match opening.file_facts() {
            Some(facts) => {
                network = facts.network;
                lines = ops::file_lines(&path, &facts);
            }
            None if context.settings.searched_in_vain() => return Err(context.not_found()),
            None => {}
        }
        let program = Program::new(Path::new("sqlite3"), &context.settings.current_folder).args(["--version"]);
        let said = program.inheriting().run().ok().map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
        lines.push(ops::sqlite_program_line(said.as_deref()));
    }
    let queues = context.settings.queued().is_ok_and(|it| it != Queued::Nothing);
    let (files, project) = (context.files()?, context.project()?);
    let late = context.settings.max_staleness()?.map_or(FollowerState::LATE, |it| it.seconds);
    Ok((lines, Look { opening, files, project, clock: context.clock, depth, queues, late, network }))
}

impl Look {
    /// `answered` is called when the database answered, well or not.
    fn run(self, identify: &dyn Fn([u8; 16]), answered: &dyn Fn()) -> Vec<Diagnosis> {
        let opened = self.opening.open(Access::Read);
        answered();
        let mut store = match opened {
            Ok(store) => store,
            Err(error) => return vec![self.unopened(error)],
        };
        if let Ok(Some(revision)) = store.read().and_then(|it| it.revision(Tables::Catalogue)) {
            identify(*revision.database());
        }
        let mut lines = Vec::new();
        if let Err(failure) = self.inside(store.as_mut(), &mut lines) {
            lines.push(failed(Area::Database, "reading", failure));
            return lines;
        }
        let store = store.as_mut();
        let approvals = ops::approval_lines(store, &self.files, &self.project, self.clock, self.depth);
        lines.extend(approvals.unwrap_or_else(|error| vec![failed(Area::Approvals, "reading", error)]));
        let delivery = ops::delivery_lines(store, self.clock, self.queues, self.late);
        lines.extend(delivery.unwrap_or_else(|error| vec![failed(Area::Delivery, "reading", error)]));
        lines
    }

    fn inside(&self, store: &mut dyn Store, lines: &mut Vec<Diagnosis>) -> Result<(), Failure> {
        let location = self.opening.location();
        let care = store.care();
        let found = care.examine()?;
        if !found.damage.is_empty() {
            lines.push(ops::damage_line(&location, &found));
            return Ok(());
        }
        let status = care.status()?;
        lines.extend(ops::database_lines(&location, &status, &found, self.network));
        match &status {
            DatabaseStatus::Server(server) => {
                lines.extend(ops::server_lines(&location, server, &found));
                lines.extend(ops::network_lines("PostgreSQL", &found.round_trips, None));
            }
            DatabaseStatus::File(_) => lines.extend(not_on_a_server()),
        }
        let checked = if self.depth == Depth::Deep { Some(care.check()?) } else { None };
        lines.push(ops::integrity_line(checked.as_ref()));
        Ok(())
    }

    fn unopened(&self, error: StoreError) -> Diagnosis {
        let (is_older, location) = (matches!(error, StoreError::Older { .. }), self.opening.location());
        let Failure { message, hint, .. } = error.into();
        if !is_older {
            return Diagnosis::fail(Area::Database, "opening", message, hint);
        }
        let line = Diagnosis::warn(Area::Database, "schema", message, "cfn db migrate");
        // On a server, others use it.
        if location.file().is_some() { line.fixed_by(Fix::Migrate) } else { line }
    }
}

fn not_on_a_server() -> [Diagnosis; 2] {
    let evidence = "the database is a file";
    [(Area::Postgres, "server"), (Area::Network, "PostgreSQL")]
        .map(|(area, it)| Diagnosis::not_used(area, it, evidence))
}
