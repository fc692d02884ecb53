//! `cfn log --batch`: logs JSON lines, thousands in one transaction if they arrive fast.

use std::io::{self, ErrorKind};
use std::mem;
use std::time::{Duration, Instant};

use super::fields::Fields;
use super::stop::Stop;
use crate::cli::context::{Access, Context};
use crate::cli::delivery::Started;
use crate::cli::failure::Failure;
use crate::cli::line_id::LineId;
use crate::cli::lines::{self, Line, Lines, Refused};
use crate::model::{Exit, json};
use crate::ops::{self, NewUse};
use crate::store::Store;

/// Maximum number of lines in one transaction.
const AT_ONCE: usize = 5_000;

/// Maximum size of these lines, which limits memory.
const BYTES_AT_ONCE: usize = 2 * 1024 * 1024;

/// Maximum time from reading a line to its commit. The commit and the answer have the rest of the promised 200 ms.
const LATEST: Duration = Duration::from_millis(100);

/// Wait for the next line before committing the pending ones: their sender may be waiting for answers.
const PAUSE: Duration = Duration::from_millis(10);

/// The answer to a line with an `id`, without it.
const LOGGED: &[u8] = b"{\"logged\":true}";

/// The answer to a line that is not committed yet.
struct Pending {
    number: u64,
    id: Option<LineId>,
    outcome: Result<NewUse, Failure>,
}

/// Logs lines until the input ends or SIGTERM arrives. It answers a line after committing its row, so every
/// acknowledged row is in the database.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
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

/// The pending lines, and the counts of the others.
struct Batch<'a> {
    context: &'a Context,
    store: Box<dyn Store>,
    stop: &'a Stop,
    pending: Vec<Pending>,
    bytes: usize,
    since: Instant,
    logged: usize,
    failed: usize,
    /// Whether the answers still have a reader.
    heard: bool,
    started: Started,
}

impl<'a> Batch<'a> {
    fn new(context: &'a Context, store: Box<dyn Store>, stop: &'a Stop) -> Self {
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

    /// Adds a line. Blank lines are ignored.
    fn add(
        &mut self,
        number: u64,
        size: usize,
        line: Option<(Option<LineId>, Result<NewUse, Failure>)>,
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

    /// How long to wait for more input; `None` (forever) if nothing is pending.
    fn patience(&self) -> Option<Duration> {
        (!self.pending.is_empty()).then(|| LATEST.saturating_sub(self.since.elapsed()).min(PAUSE))
    }

    /// Commits the pending lines, and answers them.
    fn flush(&mut self) -> Result<(), Failure> {
        let pending = mem::take(&mut self.pending);
        self.bytes = 0;
        if pending.is_empty() {
            return Ok(());
        }
        let executions: Vec<NewUse> = pending.iter().filter_map(|it| it.outcome.as_ref().ok().cloned()).collect();
        let mut answers = if executions.is_empty() {
            Vec::new().into_iter()
        } else {
            ops::log_all(self.store.as_mut(), self.context.clock, &executions)?.into_iter()
        };
        let mut text = Vec::new();
        for Pending { number, id, outcome } in pending {
            let outcome = outcome.and_then(|_| answers.next().map_or(Ok(()), |it| it.map_err(Failure::from)));
            *if outcome.is_ok() { &mut self.logged } else { &mut self.failed } += 1;
            answer(&mut text, number, id.as_ref(), &outcome).map_err(|error| Failure::internal(&error.to_string()))?;
        }
        self.started.start(self.context, self.store.as_mut());
        self.say(&text)
    }

    /// Sends answers. Without a reader, rows are still logged.
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

    fn end(mut self) -> Result<Exit, Failure> {
        self.flush()?;
        let Self { context, store, stop, logged, failed, .. } = self;
        drop(store);
        context.output.note(&format!("{logged} executions logged, {failed} refused"));
        if stop.is_asked() {
            Stop::end().map_err(|error| Failure::internal(&error.to_string()))?;
        }
        Ok(Exit::done_if(failed == 0, Exit::Input))
    }
}

fn answer(text: &mut Vec<u8>, line: u64, id: Option<&LineId>, outcome: &Result<(), Failure>) -> io::Result<()> {
    let answer = match (outcome, id) {
        (Ok(()), None) => return Ok(()),
        (Ok(()), Some(_)) => LOGGED.to_vec(),
        (Err(error), _) => json::to_vec(&Refused { line: Some(line), error })?,
    };
    match id {
        Some(id) => text.extend(id.before(&answer).concat()),
        None => text.extend(answer),
    }
    text.push(b'\n');
    Ok(())
}

/// Parses a line and its `id`; `None` if it is blank.
fn parse(line: Line<'_>) -> Option<(Option<LineId>, Result<NewUse, Failure>)> {
    let line = match line {
        Line::TooLong => return Some((None, Err(lines::too_long()))),
        Line::Whole(line) if line.trim_ascii().is_empty() => return None,
        Line::Whole(line) => line,
    };
    let bad = |why: &str| {
        let hint = "A line is one JSON object: {\"skill\": \"…\", \"agent_id\": \"…\", \"agent_type\": \"…\"}.";
        Err(Failure::input(format!("not an execution: {why}"), hint))
    };
    // serde accepts an array for a struct.
    if line.trim_ascii_start().first() == Some(&b'[') {
        return Some((None, bad("it is an array")));
    }
    Some(match serde_json::from_slice::<Fields>(line) {
        Ok(mut fields) => (fields.id.take().and_then(|it| LineId::new(&it, line)), fields.execution()),
        Err(error) => {
            // Find the id even in a bad object, so that the error can name the line.
            (LineId::of_bad(line), bad(&error.to_string()))
        }
    })
}
