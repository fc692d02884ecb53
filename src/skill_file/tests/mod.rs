//! Tests of the reader: peculiarities of real files, the rules of the format, mutations, and running time.

mod growth;
mod hidden;
mod mutations;
mod oddities;
mod rules;
mod specimens;

use super::{Limits, SkillFile, Unreadable};

fn read(text: &str) -> Result<SkillFile<'_>, Unreadable> {
    SkillFile::read(text.as_bytes(), &Limits::default())
}

fn messages(file: &SkillFile<'_>) -> Vec<String> {
    file.findings.iter().map(|finding| format!("{}: {}", finding.line.unwrap_or(0), finding.reason)).collect()
}
