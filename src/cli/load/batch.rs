//! `cfn load --batch`: one JSON request a line, one JSON answer a line.

use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::Format;
use super::answers::Answers;
use super::request::{Request, parse};
use super::staleness::require_fresh;
use crate::cache::{Bounds, Cache, Class, Counts};
use crate::cli::context::{Access, Context};
use crate::cli::delivery::Started;
use crate::cli::failure::Failure;
use crate::cli::line_id::LineId;
use crate::cli::lines::{self, Line, Lines, Refused};
use crate::model::{Exit, Remark, json};
use crate::ops::{self, Cause, Load, LoadReport, Remembered, UsageOf};
use crate::settings::CachePolicy;
use crate::store::Store;

/// The answer to a request with a format: its text replaces the skills.
#[derive(Serialize)]
struct Rendered<'a> {
    agent_type: &'a str,
    text: String,
    left_out: &'a [Remark<String, Cause>],
    estimated_tokens: u64,
}

/// Answers requests until the input ends or the reader is gone. A bad line gets an error as its answer, and makes the
/// command exit 1 at the end.
pub(super) fn run(context: &Context) -> Result<Exit, Failure> {
    let mut session = Session::new(context)?;
    let ended = answer_all(context, &mut session);
    session.say_what_memory_did();
    ended
}

fn answer_all(context: &Context, session: &mut Session<'_>) -> Result<Exit, Failure> {
    let mut lines = Lines::stdin()?;
    let mut answers = Answers::new(context.output.stream());
    let mut exit = Exit::Done;
    loop {
        let Some(line) = lines.take() else {
            // The client may wait for this answer before its next request; requests already here can share one write.
            if answers.send()?.is_break() || lines.has_ended() {
                return Ok(exit);
            }
            lines.read()?;
            continue;
        };
        let mut id = None;
        let answer = match line {
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) => session.answer(line, &mut id),
            Line::TooLong => Err(lines::too_long()),
        };
        let answer = answer.or_else(|failure| {
            exit = Exit::Input;
            encode(&Refused { line: None, error: &failure })
        });
        if answers.add(id.as_ref(), &answer?)?.is_break() {
            return Ok(exit);
        }
    }
}

fn encode(answer: &impl Serialize) -> Result<Arc<[u8]>, Failure> {
    json::to_vec(answer).map(Arc::from).map_err(|error| Failure::internal(&error.to_string()))
}

/// The state of one batch. Each database is opened when a request first needs it.
struct Session<'a> {
    context: &'a Context,
    memory: Option<Remembered>,
    cache: Box<dyn Cache>,
    reader: Option<Box<dyn Store>>,
    writer: Option<Box<dyn Store>>,
    started: Started,
}

impl<'a> Session<'a> {
    fn new(context: &'a Context) -> Result<Self, Failure> {
        let remembers = context.settings.cache_policy()? != CachePolicy::Never;
        Ok(Self {
            context,
            memory: remembers.then(|| Remembered::new(Bounds::of_machine())),
            cache: context.cache_long_lived(&[Class::Load])?,
            started: Started::default(),
            reader: None,
            writer: None,
        })
    }

    fn answer(&mut self, line: &[u8], id: &mut Option<LineId>) -> Result<Arc<[u8]>, Failure> {
        let request = parse(line, id)?;
        let (load, usage) = request.resolve(self.context)?;
        match usage {
            Some(usage) => self.load_and_log(&load, &usage),
            None => self.load(&request, &load),
        }
    }

    /// Answers from memory if the database is unchanged. Answers that also depend on files are not kept in memory.
    fn load(&mut self, request: &Request, load: &Load) -> Result<Arc<[u8]>, Failure> {
        let store = opened(self.context, &mut self.reader, Access::Read)?;
        require_fresh(self.context, store)?;
        let cache = self.cache.as_ref();
        match self.memory.as_mut().filter(|_| request.format != Some(Format::Xml)) {
            Some(memory) => {
                let asked = (load, &request.question(load));
                memory.load(store, cache, asked, Instant::now(), |report| answer(load, report))
            }
            None => answer(load, &ops::load(store, cache, load)?),
        }
    }

    fn load_and_log(&mut self, load: &Load, usage: &UsageOf) -> Result<Arc<[u8]>, Failure> {
        let context = self.context;
        let store = opened(context, &mut self.writer, Access::Write)?;
        require_fresh(context, store)?;
        let report = ops::load_and_log(store, context.clock, load, usage)?;
        self.started.start(context, store);
        answer(load, &report)
    }

    fn say_what_memory_did(&self) {
        let Some(memory) = &self.memory else { return };
        for (class, counts) in memory.counts() {
            self.cache.count_memory(class, counts.hits, counts.misses);
            let (class, capacity) = (class.as_str(), memory.capacity());
            let Counts { hits, misses, evictions, entries, bytes } = counts;
            tracing::debug!(class, hits, misses, evictions, entries, bytes, capacity, "answers from memory");
        }
    }
}

fn opened<'a>(
    context: &Context,
    slot: &'a mut Option<Box<dyn Store>>,
    access: Access,
) -> Result<&'a mut dyn Store, Failure> {
    match slot {
        Some(store) => Ok(store.as_mut()),
        None => Ok(slot.insert(context.open_long_lived(access)?).as_mut()),
    }
}

/// Encodes an answer, without the `id`.
fn answer(load: &Load, report: &LoadReport) -> Result<Arc<[u8]>, Failure> {
    if matches!(load.format, ops::Format::Json) {
        return encode(report);
    }
    encode(&Rendered {
        agent_type: report.agent_type.as_str(),
        text: load.format.pieces(report).concat(),
        left_out: &report.left_out,
        estimated_tokens: report.estimated_tokens,
    })
}
