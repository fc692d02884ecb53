//! `cfn log --batch`: executions as JSON lines, thousands a transaction where they come fast.

use std::io::{self, ErrorKind};
use std::mem;
use std::time::{Duration, Instant};

use serde::Serialize;
use serde_json::Value;

use super::fields::Fields;
use super::stop::Stop;
use crate::cli::Verdict;
use crate::cli::context::{Access, Context, Database};
use crate::cli::delivery::Started;
use crate::cli::failure::Failure;
use crate::cli::lines::{self, Line, Lines};
use crate::ops::{self, Execution};

/// Lines of one transaction.
const AT_ONCE: usize = 5_000;

/// Bytes of these lines: a bound for the memory that they take.
const BYTES_AT_ONCE: usize = 2 * 1024 * 1024;

/// When a line is committed, counted from when it was read; the commit and the answer take the rest of the 200 ms.
const LATEST: Duration = Duration::from_millis(100);

/// How long the next line is waited for, before those that are here are committed: their sender may wait for the answers.
const PAUSE: Duration = Duration::from_millis(10);

/// An answer, for a line that has an `id`.
#[derive(Serialize)]
struct Logged<'a> {
    id: &'a Value,
    logged: bool,
}

/// A line that was not logged.
#[derive(Serialize)]
struct Refused<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a Value>,
    line: u64,
    error: &'a Failure,
}

/// A line on its way.
struct Pending {
    number: u64,
    id: Option<Value>,
    outcome: Result<Execution, Failure>,
}

/// Logs until the input ends, or SIGTERM comes. Answers come after the commit of their rows: what was acknowledged is in the
/// database.
pub(super) fn run(context: &Context) -> Result<Verdict, Failure> {
    let stop = Stop::listen().map_err(|error| Failure::internal(&error.to_string()))?;
    let mut batch = Batch::new(context, context.open_long_lived(Access::Write)?, &stop);
    let mut lines = Lines::stdin()?;
    loop {
        while let Some(line) = lines.take() {
            let size = if let Line::Whole(line) = line { line.len() } else { 0 };
            let pending = parse(line);
            batch.add(lines.number(), size, pending)?;
        }
        if lines.has_ended() || stop.is_asked() {
            break;
        }
        let ready = stop.wait_for(&lines, batch.patience()).map_err(|error| Failure::internal(&error.to_string()))?;
        if ready {
            lines.read()?;
        } else if !stop.is_asked() {
            batch.flush()?;
        }
    }
    batch.end()
}

/// The lines that are not committed yet, and what became of the others.
struct Batch<'a> {
    context: &'a Context,
    store: Database,
    stop: &'a Stop,
    pending: Vec<Pending>,
    bytes: usize,
    since: Instant,
    logged: usize,
    failed: usize,
    /// Whether anybody reads the answers.
    heard: bool,
    started: Started,
}

impl<'a> Batch<'a> {
    fn new(context: &'a Context, store: Database, stop: &'a Stop) -> Self {
        let (pending, since) = (Vec::new(), Instant::now());
        Self {
            context,
            store,
            stop,
            pending,
            bytes: 0,
            since,
            logged: 0,
            failed: 0,
            heard: true,
            started: Started::default(),
        }
    }

    /// Takes a line in; nothing, where it says nothing.
    fn add(
        &mut self,
        number: u64,
        size: usize,
        line: Option<(Option<Value>, Result<Execution, Failure>)>,
    ) -> Result<(), Failure> {
        let Some((id, outcome)) = line else { return Ok(()) };
        if self.pending.is_empty() {
            self.since = Instant::now();
        }
        self.pending.push(Pending { number, id, outcome });
        self.bytes += size;
        if self.pending.len() >= AT_ONCE || self.bytes >= BYTES_AT_ONCE || self.since.elapsed() >= LATEST {
            self.flush()?;
        }
        Ok(())
    }

    /// How long more input may be waited for; as long as it takes, where nothing is here.
    fn patience(&self) -> Option<Duration> {
        (!self.pending.is_empty()).then(|| LATEST.saturating_sub(self.since.elapsed()).min(PAUSE))
    }

    /// Commits what is here, and answers it.
    fn flush(&mut self) -> Result<(), Failure> {
        let pending = mem::take(&mut self.pending);
        self.bytes = 0;
        if pending.is_empty() {
            return Ok(());
        }
        let executions: Vec<Execution> = pending.iter().filter_map(|it| it.outcome.as_ref().ok().cloned()).collect();
        let mut answers = if executions.is_empty() {
            Vec::new().into_iter()
        } else {
            ops::log_all(&mut self.store, self.context.clock, &executions)?.into_iter()
        };
        let mut text = Vec::new();
        for Pending { number, id, outcome } in pending {
            let outcome = outcome.and_then(|_| answers.next().map_or(Ok(()), |it| it.map_err(Failure::from)));
            *if outcome.is_ok() { &mut self.logged } else { &mut self.failed } += 1;
            answer(&mut text, number, id.as_ref(), &outcome).map_err(|error| Failure::internal(&error.to_string()))?;
        }
        self.started.start(self.context, &mut self.store);
        self.say(&text)
    }

    /// Rows are logged whether or not anybody reads the answers.
    fn say(&mut self, answers: &[u8]) -> Result<(), Failure> {
        if !self.heard {
            return Ok(());
        }
        match self.stop.write(&self.context.output.stream(), answers) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => self.heard = false,
            said => said.map_err(|error| Failure::output(&error))?,
        }
        Ok(())
    }

    fn end(mut self) -> Result<Verdict, Failure> {
        self.flush()?;
        let Self { context, store, stop, logged, failed, .. } = self;
        drop(store);
        context.output.note(&format!("{logged} executions logged, {failed} refused"));
        if stop.is_asked() {
            Stop::end().map_err(|error| Failure::internal(&error.to_string()))?;
        }
        Ok(if failed == 0 { Verdict::Done } else { Verdict::Found(1) })
    }
}

fn answer(text: &mut Vec<u8>, line: u64, id: Option<&Value>, outcome: &Result<(), Failure>) -> io::Result<()> {
    match (outcome, id) {
        (Ok(()), None) => return Ok(()),
        (Ok(()), Some(id)) => serde_json::to_writer(&mut *text, &Logged { id, logged: true })?,
        (Err(error), id) => serde_json::to_writer(&mut *text, &Refused { id, line, error })?,
    }
    text.push(b'\n');
    Ok(())
}

/// The `id` of a line, and what it asks for; nothing, where the line is blank.
fn parse(line: Line<'_>) -> Option<(Option<Value>, Result<Execution, Failure>)> {
    let line = match line {
        Line::TooLong => return Some((None, Err(lines::too_long()))),
        Line::Whole(line) if line.trim_ascii().is_empty() => return None,
        Line::Whole(line) => line,
    };
    let bad = |why: &str| {
        let hint = "A line is one JSON object: {\"skill\": \"…\", \"agent_id\": \"…\", \"agent_type\": \"…\"}.";
        Err(Failure::input(format!("not an execution: {why}"), hint))
    };
    // serde would take an array for a struct, too.
    if line.trim_ascii_start().first() == Some(&b'[') {
        return Some((None, bad("it is an array")));
    }
    Some(match serde_json::from_slice::<Fields>(line) {
        Ok(mut fields) => (fields.id.take(), fields.execution()),
        Err(error) => {
            // The id, where the line is at least an object, so that the caller knows which one failed.
            let id = serde_json::from_slice::<Value>(line).ok().and_then(|it| it.get("id").cloned());
            (id, bad(&error.to_string()))
        }
    })
}
