//! `cfn skill assess`.

use std::ffi::OsString;
use std::path::Path;

use clap::ValueHint;
use serde::Serialize;

use crate::cli::choice;
use crate::cli::context::{Access, Context};
use crate::cli::failure::{Failure, FailureKind};
use crate::cli::output::{Page, Report};
use crate::model::{Category, Exit, SkillName, Visible};
use crate::ops::{self, AssessFile, AssessReport, Assessment};

/// Assess the risk of skills or files, and name the lines that raise it
///
/// An argument with a slash, and one that names a file, is a path; any other is the name of a skill.
///
/// The risk is 0.35 security + 0.25 complexity + 0.20 (1 - coverage) + 0.15 external dependencies + 0.05 criticality.
/// Criteria templates of the category set the thresholds for the suggested level. It is only a suggestion: the level of
/// the skill stays. Decisions record the assessment; --record adds it to the latest one about the current bytes.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  cfn skill assess postgresql
  cfn skill assess skills/postgresql/SKILL.md --coverage 0.97
  cfn skill assess ./draft.md --category infrastructure --json
  cfn skill assess postgresql --record")]
pub(super) struct Args {
    /// Names of skills, or paths of skill files or their folders
    #[arg(value_name = "SKILL_NAME|PATH", required = true, value_hint = ValueHint::AnyPath)]
    subjects: Vec<OsString>,
    /// Category of files [default: that of the file, else domain]
    #[arg(long, value_parser = choice::category())]
    category: Option<Category>,
    /// Test coverage, 0 to 1 [default: that of the skill; unknown for a file]
    #[arg(long, value_name = "SHARE", value_parser = share)]
    coverage: Option<f64>,
    /// Record the assessment with the latest decision about the current bytes
    #[arg(long)]
    record: bool,
    /// Report the assessment, without recording it
    #[arg(long, requires = "record")]
    dry_run: bool,
}

#[derive(Debug, Serialize)]
struct AssessmentsReport {
    assessments: Vec<AssessReport>,
    dry_run: bool,
}

/// A skill or a file.
enum Subject<'a> {
    Skill(SkillName),
    File(&'a Path),
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let subjects: Vec<Subject<'_>> = args.subjects.iter().map(subject).collect::<Result<_, _>>()?;
    if args.category.is_some() && !subjects.iter().any(|it| matches!(it, Subject::File(_))) {
        let hint = "A skill has a category already: leave --category out, or name the skill's file.";
        return Err(Failure::input("--category is about files", hint));
    }
    if args.record {
        return context.decide(|context| answer(context, args, recorded(context, args, &subjects)?));
    }
    answer(context, args, assessed(context, args, &subjects)?)
}

fn answer(context: &Context, args: &Args, assessments: Vec<AssessReport>) -> Result<Exit, Failure> {
    context.output.answer(&AssessmentsReport { assessments, dry_run: args.dry_run })?;
    Ok(Exit::Done)
}

fn recorded(context: &Context, args: &Args, subjects: &[Subject<'_>]) -> Result<Vec<AssessReport>, Failure> {
    let name = |it: &Subject<'_>| match it {
        Subject::Skill(name) => Ok(name.clone()),
        Subject::File(_) => Err(Failure::input("--record is about skills", "Name the skill instead of its file.")),
    };
    let names: Vec<SkillName> = subjects.iter().map(name).collect::<Result<_, _>>()?;
    let mut store = context.open(Access::Write)?;
    Ok(ops::record_assessments(store.as_mut(), &names, args.coverage, args.dry_run)?)
}

fn assessed(context: &Context, args: &Args, subjects: &[Subject<'_>]) -> Result<Vec<AssessReport>, Failure> {
    let only_files = subjects.iter().all(|it| matches!(it, Subject::File(_)));
    let mut store = match context.open(Access::Read) {
        Ok(store) => Some(store),
        Err(failure) if only_files && failure.kind == FailureKind::DatabaseMissing => None, // the defaults apply
        Err(failure) => return Err(failure),
    };
    let mut one = |subject: &Subject<'_>| match (subject, &mut store) {
        (Subject::Skill(name), Some(store)) => Ok(ops::assess_skill(store.as_mut(), name, args.coverage)?),
        (Subject::Skill(_), None) => Err(Failure::internal("a skill is assessed without a database")),
        (Subject::File(path), store) => {
            let request = AssessFile { path, category: args.category, coverage: args.coverage };
            let files = context.files()?;
            Ok(match store {
                Some(store) => ops::assess_file(Some(store.as_mut()), &files, &request)?,
                None => ops::assess_file(None, &files, &request)?,
            })
        }
    };
    subjects.iter().map(&mut one).collect()
}

fn subject(typed: &OsString) -> Result<Subject<'_>, Failure> {
    let path = Path::new(typed);
    let is_path = typed.as_encoded_bytes().contains(&b'/') || path.is_file();
    match typed.to_str() {
        Some(name) if !is_path => Ok(Subject::Skill(name.parse()?)),
        _ => Ok(Subject::File(path)),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let wrong = || "it is not a number from 0 to 1".to_owned();
    text.parse().ok().filter(|it| (0.0..=1.0).contains(it)).ok_or_else(wrong)
}

impl Report for AssessmentsReport {
    fn text(&self, page: &mut Page) {
        for (index, it) in self.assessments.iter().enumerate() {
            if index > 0 {
                page.line("");
            }
            it.text(page);
            if it.recorded {
                let done = if self.dry_run { "dry run: would be recorded" } else { "recorded" };
                page.line(format!("{done} with the latest decision"));
            }
        }
    }
}

impl Report for AssessReport {
    fn text(&self, page: &mut Page) {
        let path = Visible(&self.path);
        match (&self.name, &self.version) {
            (Some(name), Some(version)) => page.heading(&format!("{} {}", Visible(name), Visible(version))),
            _ => page.heading(&path.to_string()),
        }
        page.line(suggestion(&self.assessment));
        if let Some(level) = self.approval_level {
            page.line(format!("the approval level of the skill is {level}"));
        }
        parts(&self.assessment, &self.path, page);
    }
}

/// The risk and the suggested level, on one line.
pub(super) fn suggestion(assessment: &Assessment) -> String {
    let coverage = assessment.coverage.map_or_else(|| "unknown".to_owned(), |it| format!("{it:.2}"));
    let (risk, level) = (assessment.risk, assessment.suggested_level);
    format!("risk {risk:.2}, coverage {coverage}: suggests {level}")
}

/// The parts, each with the lines that raised it.
pub(super) fn parts(assessment: &Assessment, path: &str, page: &mut Page) {
    for part in &assessment.parts {
        page.line(format!("{:<12} {:.2} of {:.2}", part.name, part.score * part.weight, part.weight));
        for signal in &part.signals {
            let more = if signal.more > 0 { format!(" (and {} more lines)", signal.more) } else { String::new() };
            page.line(format!("  +{:.2} {}{more}", signal.adds, Visible(&signal.what)));
            for place in &signal.lines {
                page.line(format!("    {}:{}: {}", Visible(path), place.line, Visible(&place.text)));
            }
        }
    }
}
