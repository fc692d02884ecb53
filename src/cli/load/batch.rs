//! `cfn load --batch`: one JSON request a line, one JSON answer a line.

use std::io::{self, BufRead, BufReader, Read};

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Format;
use super::answers::Answers;
use super::format;
use crate::cache::{Cache, Class};
use crate::cli::Verdict;
use crate::cli::context::{Access, Context, Database};
use crate::cli::failure::Failure;
use crate::ops::{self, Load, LoadReport, UsageOf};

/// The longest request; a longer line is answered by an error.
const LONGEST_LINE: u64 = 1024 * 1024;

/// What is read at once: many requests of a pipe that is full of them.
const INPUT: usize = 64 * 1024;

/// A line: the long options with `_`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    /// Read from the line before anything else.
    #[serde(default, rename = "id")]
    _id: IgnoredAny,
    agent_type: String,
    #[serde(default)]
    context: Words,
    phase: Option<String>,
    max_skills: Option<usize>,
    max_tokens: Option<u64>,
    #[serde(default)]
    no_bootstrap: bool,
    format: Option<Format>,
    agent_id: Option<String>,
    task_id: Option<String>,
}

/// A comma-separated text, or an array.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Words {
    Text(String),
    List(Vec<String>),
}

impl Default for Words {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// With a format: its text in place of the skills.
#[derive(Serialize)]
struct Rendered<'a> {
    agent_type: &'a str,
    text: String,
    left_out: &'a [ops::LeftOut],
    estimated_tokens: u64,
}

#[derive(Serialize)]
struct Refused<'a> {
    error: &'a Failure,
}

/// Answers until the input ends, or nobody reads the answers. A bad line is answered by an error in its place; the exit code at
/// the end says so.
pub(super) fn run(context: &Context) -> Result<Verdict, Failure> {
    let mut session = Session { context, cache: context.cache_long_lived(&[Class::Load]), reader: None, writer: None };
    let mut input = BufReader::with_capacity(INPUT, io::stdin().lock());
    let mut answers = Answers::new(context.output.stream());
    let (mut line, mut verdict) = (Vec::new(), Verdict::Done);
    loop {
        // Whoever asks may wait for the answer before asking again; requests that are here already can share one write.
        if !input.buffer().contains(&b'\n') && answers.send()?.is_break() {
            return Ok(verdict);
        }
        if !read_line(&mut input, &mut line)? {
            return Ok(verdict);
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let mut id = None;
        let answer = session.answer(&line, &mut id).or_else(|failure| {
            verdict = Verdict::Found(1);
            encode(&Refused { error: &failure })
        });
        if answers.add(id.as_ref(), &answer?)?.is_break() {
            return Ok(verdict);
        }
    }
}

/// The next line; false at the end of the input. In place of one that is too long: something that is not a request.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool, Failure> {
    let failed = |error| Failure::input(format!("stdin: {error}"), "Pipe JSON lines into the command.");
    line.clear();
    let count = input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', line).map_err(failed)?;
    if count as u64 > LONGEST_LINE && !line.ends_with(b"\n") {
        input.skip_until(b'\n').map_err(failed)?;
        line.clear();
        line.extend_from_slice(b"\"over the limit of 1 MiB a line\"");
    }
    Ok(count > 0)
}

fn encode(answer: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(answer).map_err(|error| Failure::internal(&error.to_string()))
}

/// The databases of one batch, each opened when a request first needs it.
struct Session<'a> {
    context: &'a Context,
    cache: Box<dyn Cache>,
    reader: Option<Database>,
    writer: Option<Database>,
}

impl Session<'_> {
    fn answer(&mut self, line: &[u8], id: &mut Option<Value>) -> Result<Vec<u8>, Failure> {
        let request = parse(line, id)?;
        let (load, usage) = request.resolve()?;
        let context = self.context;
        let Self { cache, reader, writer, .. } = self;
        let store = database(context, reader, writer, usage.is_some())?;
        let mut report: LoadReport = match &usage {
            Some(usage) => {
                let hands_out = format::hands_out(context, request.format);
                let report = ops::load_and_log(store, context.clock, &load, usage, &hands_out)?;
                context.deliver_later(store);
                report
            }
            None => ops::load(store, cache.as_ref(), &load)?,
        };
        let Some(format) = request.format else { return encode(&report) };
        let text = format::render(context, store, format, &mut report)?;
        encode(&Rendered {
            agent_type: report.agent_type.as_str(),
            text,
            left_out: &report.left_out,
            estimated_tokens: report.estimated_tokens,
        })
    }
}

fn database<'a>(
    context: &Context,
    reader: &'a mut Option<Database>,
    writer: &'a mut Option<Database>,
    write: bool,
) -> Result<&'a mut Database, Failure> {
    let (slot, access) = if write { (writer, Access::Write) } else { (reader, Access::Read) };
    match slot {
        Some(store) => Ok(store),
        None => Ok(slot.insert(context.open_long_lived(access)?)),
    }
}

/// Keeps the `id` of a line whose other fields are wrong, so that the caller knows which request failed.
fn parse(line: &[u8], id: &mut Option<Value>) -> Result<Request, Failure> {
    let bad = |error: serde_json::Error| {
        Failure::input(
            format!("not a request: {error}"),
            "A request is one JSON object a line: {\"agent_type\": \"…\"}.",
        )
    };
    let value: Value = serde_json::from_slice(line).map_err(bad)?;
    *id = value.get("id").cloned();
    serde_json::from_value(value).map_err(bad)
}

impl Request {
    fn resolve(&self) -> Result<(Load, Option<UsageOf>), Failure> {
        let words: Vec<&str> = match &self.context {
            Words::Text(text) => text.split(',').collect(),
            Words::List(list) => list.iter().map(String::as_str).collect(),
        };
        let load = Load {
            agent_type: self.agent_type.parse()?,
            context: words.iter().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect(),
            phase: self.phase.clone(),
            max_skills: self.max_skills.unwrap_or(20),
            max_tokens: self.max_tokens,
            bootstrap: !self.no_bootstrap,
        };
        if self.task_id.is_some() && self.agent_id.is_none() {
            return Err(Failure::input("task_id needs agent_id", "Say which agent gets the skills."));
        }
        let usage = self.agent_id.clone().map(|agent_id| UsageOf { agent_id, task_id: self.task_id.clone() });
        Ok((load, usage))
    }
}
