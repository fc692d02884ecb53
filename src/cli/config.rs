//! `cfn config`.

use std::path::Path;

use serde::Serialize;

use super::approval::person;
use super::context::Context;
use super::failure::Failure;
use super::output::{Page, Report};
use crate::model::{Exit, Visible};
use crate::settings::{Explained, Scope, Source};

/// Show the settings and their sources
///
/// A flag overrides the environment, which overrides the project's cfn.toml, then your own file, then the default. Secrets
/// are not shown.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn config
  cfn config --json
  CFN_CACHE=never cfn config")]
pub(super) struct Args {}

#[derive(Debug, Serialize)]
struct ConfigReport {
    settings: Vec<Row>,
    files: Vec<File>,
}

#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    value: Option<String>,
    /// Why the value is invalid.
    problem: Option<String>,
    source: &'static str,
    from: String,
}

#[derive(Debug, Serialize)]
struct File {
    path: String,
    read: bool,
}

pub(super) fn run(context: &Context, _args: &Args) -> Result<Exit, Failure> {
    let settings = &context.settings;
    if let Some(Err(foreign)) = &settings.search {
        return Err(foreign.into());
    }
    let mut rows: Vec<Row> = settings.explained().into_iter().map(row).collect();
    if let Some(approver) = rows.iter_mut().find(|it| it.name == "approver" && it.value.is_none())
        && let Some((name, from)) = person()
    {
        let from = format!("{from}, for decisions");
        *approver = Row { name: approver.name, value: Some(name), problem: None, source: "person", from };
    }
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let mut files: Vec<_> = settings.files_read().map(|it| File { path: shown(it), read: true }).collect();
    if let Some(path) = settings.user_file().map(|it| shown(&it)).filter(|it| files.iter().all(|file| file.path != *it))
    {
        files.push(File { path, read: false });
    }
    context.output.answer(&ConfigReport { settings: rows, files })?;
    Ok(Exit::Done)
}

fn row(it: Explained) -> Row {
    let source = match &it.source {
        Source::Flag(_) | Source::Argument(_) => "flag",
        Source::Variable(_) => "environment",
        Source::File { scope: Scope::Project, .. } => "project",
        Source::File { scope: Scope::User, .. } => "user",
        Source::Follower => "database",
        Source::Found => "found",
        Source::Default => "default",
    };
    let from = match &it.source {
        Source::File { path, line, .. } => format!("{}, line {line}", path.display()),
        Source::Found => "search".to_owned(),
        Source::Default => "default".to_owned(),
        named => named.to_string(),
    };
    let (value, problem) = match it.value {
        Ok(value) => (value, None),
        Err(error) => (Some(error.value), Some(format!("must be {}", error.expected))),
    };
    Row { name: it.name, value, problem, source, from }
}

impl Report for ConfigReport {
    fn text(&self, page: &mut Page) {
        let rows = self.settings.iter().map(|it| {
            let value = it.value.clone().unwrap_or_else(|| "-".to_owned());
            let value = it.problem.as_ref().map_or(value.clone(), |problem| format!("{value} ({problem})"));
            vec![it.name.to_owned(), value, it.from.clone()]
        });
        page.table(&["setting", "value", "from"], rows);
        for file in &self.files {
            let state = if file.read { "read" } else { "does not exist" };
            page.line(format!("{}: {state}", Visible(&file.path)));
        }
    }
}
