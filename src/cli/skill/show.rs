//! `cfn skill show`.

use crate::cache::Class;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::output::{Page, Report};
use crate::cli::skill::files;
use crate::model::{Exit, FolderPath, Review, SkillName, Version, Visible};
use crate::ops::{self, Show, ShowFile, ShowFileReport, ShowReport};

/// Show a skill with its files, mappings and versions
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill show postgresql
  cfn skill show postgresql --content
  cfn skill show postgresql --file scripts/run.sh
  cfn skill show postgresql --version 1.0.0 --content > old.md")]
pub(in crate::cli) struct Args {
    /// Name of the skill
    skill_name: SkillName,
    /// Print only the content of SKILL.md
    #[arg(long)]
    content: bool,
    /// Print only this file of the skill's folder
    #[arg(long, value_name = "PATH", conflicts_with = "content")]
    file: Option<FolderPath>,
    /// Version [default: the current one]
    #[arg(long, value_name = "X.Y.Z")]
    version: Option<Version>,
}

impl Args {
    pub(in crate::cli) fn request(&self) -> Show {
        Show { name: self.skill_name.clone(), version: self.version, content: self.content }
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if let Some(path) = &args.file {
        return file(context, args, path);
    }
    let cache = context.cache(Class::Show)?;
    let mut store = context.open_replicated(true)?;
    let report = ops::show(store.as_mut(), cache.as_ref(), &args.request())?;
    store.leave();
    context.note_name(&args.skill_name, &report.skill.name);
    context.output.answer(&report)?;
    Ok(Exit::Done)
}

fn file(context: &Context, args: &Args, path: &FolderPath) -> Result<Exit, Failure> {
    let request = ShowFile { name: &args.skill_name, version: args.version, path };
    let mut store = context.open_replicated(true)?;
    let report = ops::show_file(store.as_mut(), &request)?;
    store.leave();
    context.note_name(&args.skill_name, &report.name);
    if context.output.json() {
        context.output.answer(&report)?;
    } else if let Some(text) = &report.content {
        context.output.texts(&[text])?;
    } else if context.output.width().is_some() {
        let message = format!("{} is not text, and stdout is a terminal", Visible(path.as_str()));
        return Err(Failure::input(message, "Write it to a file: cfn skill show … --file PATH > FILE."));
    } else {
        context.output.raw(&report.bytes)?;
    }
    Ok(Exit::Done)
}

impl Report for ShowFileReport {
    fn text(&self, page: &mut Page) {
        page.body(self.content.as_deref().unwrap_or_default());
    }
}

impl Report for ShowReport {
    fn text(&self, page: &mut Page) {
        if let Some(content) = &self.content {
            return page.body(content);
        }
        let skill = &self.skill;
        page.heading(&format!("{} {}", Visible(&skill.name), Visible(&skill.version)));
        let description = self.front_matter.as_ref().and_then(|it| it.get("description")).and_then(|it| it.as_str());
        if let Some(description) = description {
            page.line(Visible(description));
        }
        let review = match skill.review {
            Review::Approved => "approved",
            Review::Rejected => "rejected",
            Review::Pending => "waits for review",
            Review::None => "not approved",
        };
        let facts = [
            ("id", skill.id.0.to_string()),
            ("category", skill.category.clone()),
            ("status", skill.status.clone()),
            ("level", format!("{}, {review}", skill.approval_level)),
            ("hash", skill.content_hash.clone()),
            ("file", skill.content_path.clone()),
            ("pinned", skill.pinned_version.clone().unwrap_or_default()),
            ("owner", skill.owner.clone().unwrap_or_default()),
            ("team", skill.team.clone().unwrap_or_default()),
            ("tags", skill.tags.join(", ")),
        ];
        for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
            page.line(format!("{name:<9} {}", Visible(value)));
        }
        shown_files(page, self);
        page.heading("\nagent types");
        let rows = self.mappings.iter().map(|it| {
            let mut notes = Vec::new();
            notes.extend(it.required.then(|| "required".to_owned()));
            notes.extend(it.pinned_version.as_ref().map(|it| format!("pinned to {it}")));
            notes.extend((!it.enabled).then(|| "disabled".to_owned()));
            notes.extend(it.conditions.as_ref().map(ToString::to_string));
            notes.extend(it.tdd_condition.as_ref().map(ToString::to_string));
            vec![it.agent_type.clone(), it.priority.to_string(), notes.join(" ")]
        });
        page.table(&["agent type", "priority", "conditions"], rows);
        page.heading("\nversions");
        super::history::versions(page, &self.versions);
    }
}

fn shown_files(page: &mut Page, report: &ShowReport) {
    page.heading("\nfiles");
    files::table(page, &report.files);
    if let Some(problem) = &report.files_problem {
        page.line(Visible(problem));
    }
    if report.is_partial() {
        page.line("only SKILL.md is approved: the other files were never approved");
    }
}
