//! A batch request: the options of `cfn load` as a line of JSON.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Error, Value};

use super::Format;
use super::format::{Paths, Verify, places};
use super::usage::usage_of;
use crate::cache::Question;
use crate::cli::argument::optional;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::line_id::LineId;
use crate::ops::{self, Load, Query as _, UsageOf};

/// A request line. Its keys are the long options with `_`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// Repeated in the answer, also if it is null.
    #[serde(default, deserialize_with = "any")]
    id: Option<Value>,
    agent_type: String,
    #[serde(default)]
    context: Words,
    phase: Option<String>,
    max_skills: Option<usize>,
    max_tokens: Option<u64>,
    #[serde(default)]
    no_bootstrap: bool,
    pub(super) format: Option<Format>,
    #[serde(default)]
    paths: Paths,
    #[serde(default)]
    verify: Verify,
    agent_id: Option<String>,
    task_id: Option<String>,
}

/// A comma-separated string, or an array.
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

/// Parses a line. Sets `id` even if other fields are wrong, so that the error can name the request.
pub(super) fn parse(line: &[u8], id: &mut Option<LineId>) -> Result<Request, Failure> {
    let bad = |error: serde_json::Error| {
        Failure::input(
            format!("not a request: {error}"),
            "A request is one JSON object a line: {\"agent_type\": \"…\"}.",
        )
    };
    // serde accepts an array for a struct.
    let is_object = line.trim_ascii_start().first() == Some(&b'{');
    let read = if is_object { serde_json::from_slice::<Request>(line) } else { Err(Error::custom("it is no object")) };
    *id = match &read {
        Ok(request) => request.id.as_ref().and_then(|it| LineId::new(it, line)),
        Err(_) => LineId::of_bad(line),
    };
    read.map_err(bad)
}

fn any<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Request {
    /// The query, and the usage to log, if any.
    pub(super) fn resolve(&self, context: &Context) -> Result<(Load, Option<UsageOf>), Failure> {
        let words: Vec<&str> = match &self.context {
            Words::Text(text) => text.split(',').collect(),
            Words::List(list) => list.iter().map(String::as_str).collect(),
        };
        let load = Load {
            agent_type: self.agent_type.parse()?,
            context: words.iter().map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect(),
            phase: optional(self.phase.as_deref()).map(str::to_owned),
            max_skills: self.max_skills.unwrap_or(Load::USUAL_SKILLS),
            max_tokens: self.max_tokens,
            bootstrap: !self.no_bootstrap,
            format: self.format.map_or(ops::Format::Json, Into::into),
            places: Some(places(context, self.paths, self.verify)?),
        };
        if optional(self.task_id.as_deref()).is_some() && optional(self.agent_id.as_deref()).is_none() {
            return Err(Failure::input("task_id requires agent_id", "Add the agent_id."));
        }
        let usage = usage_of(&load, self.agent_id.as_deref(), self.task_id.as_deref())?;
        Ok((load, usage))
    }

    /// The query key: everything the answer depends on, except the state of the database.
    pub(super) fn question(&self, load: &Load) -> Question {
        load.question().number(self.format.map(|it| it as u64))
    }
}
