//! Files instead of bodies: the `<available_skills>` block of the Agent Skills reference.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::{LeftOut, LoadReport, LoadedSkill};
use crate::ops::content_file::Files;
use crate::ops::error::Result;
use crate::ops::project::Project;
use crate::store::Store;

/// Files instead of bodies, for agents that read skills themselves.
#[derive(Debug, Clone)]
pub struct XmlReport {
    /// The `<available_skills>` block; empty where there is no skill.
    pub text: String,
    /// Skills whose file is not what was approved.
    pub left_out: Vec<LeftOut>,
}

/// The `<available_skills>` block of the Agent Skills reference. It hands out paths, so it names only files whose bytes are the
/// approved ones at this moment.
pub fn xml(store: &mut dyn Store, files: &Files, project: &Project, report: &LoadReport) -> Result<XmlReport> {
    let snapshot = store.read()?;
    let mut xml = XmlReport { text: String::new(), left_out: Vec::new() };
    for skill in &report.skills {
        let Some(path) = approved_file(files, project, skill) else {
            let reason = "its file is not what was approved, or is gone".to_owned();
            xml.left_out.push(LeftOut { name: skill.name.clone(), reason, trouble: true });
            continue;
        };
        let about = match skill.origin {
            Some(origin) => description(snapshot.front_matter(origin.id, &skill.version)?.as_deref()),
            None => skill.description.clone().unwrap_or_default(),
        };
        let (name, about) = (escape(&skill.name), escape(&about));
        // Writing to a String cannot fail.
        let _ = write!(
            xml.text,
            "\n<skill>\n<name>\n{name}\n</name>\n<description>\n{about}\n</description>\n<location>\n{}\n</location>\n</skill>",
            path.display()
        );
    }
    if !xml.text.is_empty() {
        xml.text = format!("<available_skills>{}\n</available_skills>", xml.text);
    }
    Ok(xml)
}

/// Whether the file of a skill has the approved bytes now.
#[must_use]
pub fn has_approved_file(files: &Files, project: &Project, skill: &LoadedSkill) -> bool {
    approved_file(files, project, skill).is_some()
}

/// The file of a skill, where it has the approved bytes now.
fn approved_file(files: &Files, project: &Project, skill: &LoadedSkill) -> Option<PathBuf> {
    project
        .places(&skill.content_path)
        .into_iter()
        .find(|place| files.read(place).is_ok_and(|file| file.bytes == skill.content.as_bytes()))
}

fn description(front_matter: Option<&str>) -> String {
    front_matter
        .and_then(|json| serde_json::from_str::<serde_json::Value>(json).ok())
        .and_then(|fields| fields.get("description").and_then(|it| it.as_str().map(str::to_owned)))
        .unwrap_or_default()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            other => escaped.push(other),
        }
    }
    escaped
}
