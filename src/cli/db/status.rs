//! `cfn db status`.

use serde::Serialize;

use crate::cli::context::{Access, Context};
use crate::cli::failure::Failure;
use crate::cli::numbers::{bytes, integer};
use crate::cli::output::{Page, Report};
use crate::cli::plural::counted;
use crate::model::{Exit, Visible};
use crate::ops::{self, FollowerState};
use crate::store::{ArchiveRecord, DatabaseStatus, ServerStatus, StatusReport};

/// Show the size, schema, effective settings and row counts of the database
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn db status
  cfn db status --json")]
pub(super) struct Args {}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let mut store = context.open(Access::Read)?;
    let database = store.care().status()?;
    let search_index_current = ops::index_is_current(store.as_mut())?;
    let archives = store.care().archives()?;
    let follows = ops::follower_state(store.as_mut(), context.clock)?;
    context.output.answer(&Status { database, search_index_current, archives, follows })?;
    Ok(Exit::Done)
}

/// The state of the database, and of the search index.
#[derive(Debug, Serialize)]
struct Status {
    #[serde(flatten)]
    database: DatabaseStatus,
    /// `None` without an index.
    search_index_current: Option<bool>,
    /// Where rows of the usage log are besides the database.
    archives: Vec<ArchiveRecord>,
    /// How far behind its primary it is; `None` if it follows none.
    #[serde(skip_serializing_if = "Option::is_none")]
    follows: Option<FollowerState>,
}

impl Report for Status {
    fn text(&self, page: &mut Page) {
        self.database.text(page);
        if let Some(current) = self.search_index_current {
            let state = if current { "up to date" } else { "behind: the next search updates it" };
            page.heading("\nsearch index");
            match &self.database {
                DatabaseStatus::File(file) => page.line(format!("{} ({state})", bytes(file.work_bytes))),
                DatabaseStatus::Server(_) => page.line(state),
            }
        }
        if !self.archives.is_empty() {
            page.heading("\narchived usage");
        }
        for it in &self.archives {
            let state = if it.is_complete() { "" } else { "; not finished: run 'cfn db archive' again" };
            let rows = integer(it.rows);
            page.line(format!("before {}                   {rows} in {}{state}", it.before, Visible(&it.place)));
        }
        if let Some(follows) = &self.follows {
            page.heading("\nfollows");
            follows.text(page);
        }
    }
}

impl Report for FollowerState {
    fn text(&self, page: &mut Page) {
        page.line(format!("primary          {}", Visible(&self.primary)));
        page.line(format!("label there      {}", Visible(&self.origin)));
        if let Some(agents) = &self.agents {
            page.line(format!("agent types      {}", Visible(agents.join(", "))));
        }
        page.line(match (self.seconds_behind, &self.pulled_at) {
            (Some(seconds), Some(at)) => {
                format!("last pull        {at} UTC, {} ago", counted(seconds.unsigned_abs(), "second"))
            }
            (None, Some(at)) => format!("last pull        {at} UTC, later than now: the clock was set back"),
            (_, None) => "last pull        none yet".to_owned(),
        });
        page.line(format!("to be pushed     {}", counted(self.unpushed, "use")));
    }
}

impl Report for DatabaseStatus {
    fn text(&self, page: &mut Page) {
        match self {
            Self::File(file) => file.text(page),
            Self::Server(server) => server.text(page),
        }
    }
}

impl Report for ServerStatus {
    fn text(&self, page: &mut Page) {
        page.line(format!("server           {}", self.server));
        page.line(format!("size             {}", bytes(self.size_bytes)));
        page.line(format!("schema           {}", self.schema_version));
        page.line(format!("PostgreSQL       {}", Visible(&self.server_version)));
        page.line(format!("connecting       {:.2} ms", self.connecting_ms));
        page.line(format!("a query          {:.2} ms", self.query_ms));
        if let Some(seconds) = self.oldest_transaction_seconds {
            page.line(format!("oldest           a transaction of {seconds:.0} s"));
        }
        for (name, bytes_behind) in &self.replicas {
            let behind = u64::try_from(*bytes_behind).map_or_else(|_| "lag not visible".to_owned(), bytes);
            page.line(format!("replica          {} ({behind} behind)", Visible(name)));
        }
        for advice in &self.advice {
            page.line(format!("advice           {advice}"));
        }
        page.heading("\nsettings");
        for (name, value) in &self.settings {
            page.line(format!("{name:<35} {}", Visible(value)));
        }
        page.heading("\nrows");
        for (table, count) in &self.counts {
            page.line(format!("{table:<35} {}", integer(*count)));
        }
    }
}

impl Report for StatusReport {
    fn text(&self, page: &mut Page) {
        page.line(format!("path             {}", Visible(self.path.to_string_lossy())));
        page.line(format!("size             {}", bytes(self.size_bytes)));
        page.line(format!("write-ahead log  {}", bytes(self.wal_bytes)));
        page.line(format!("schema           {}", self.schema_version));
        page.line(format!("SQLite           {}", self.sqlite_version));
        for (title, entries) in [("settings", &self.pragmas), ("indexes", &self.indexes)] {
            page.heading(&format!("\n{title}"));
            for (name, value) in entries {
                page.line(format!("{name:<35} {}", Visible(value)));
            }
        }
        page.heading("\nrows");
        for (table, count) in &self.counts {
            page.line(format!("{table:<35} {}", integer(*count)));
        }
    }
}
