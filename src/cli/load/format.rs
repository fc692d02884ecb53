//! The formats in which an agent can get its skills.

use std::mem;

use crate::cli::context::{Context, Database};
use crate::cli::failure::Failure;
use crate::model::Visible;
use crate::ops::{self, LoadReport, LoadedSkill};

/// How skills are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::cli) enum Format {
    /// Each body in a block of its own
    Prompt,
    /// The <available_skills> block of the Agent Skills format, with paths
    Xml,
    /// One name a line
    Names,
}

/// Writes a report in a format, in pieces that follow each other. Bodies are moved out of the report, not copied; files that are
/// not what was approved are moved from the skills to the left-out.
pub(super) fn render(
    context: &Context,
    store: &mut Database,
    format: Format,
    report: &mut LoadReport,
) -> Result<Vec<String>, Failure> {
    Ok(match format {
        Format::Prompt => report.skills.iter_mut().flat_map(block).collect(),
        Format::Names => report.skills.iter().map(|it| Visible(&it.name).to_string() + "\n").collect(),
        Format::Xml => {
            let xml = ops::xml(store, &context.files(), &context.project(), report)?;
            report.left_out.extend(xml.left_out);
            vec![xml.text]
        }
    })
}

/// Which skills a format hands out, for the usage log: `xml` only those whose file is what was approved.
pub(super) fn hands_out(context: &Context, format: Option<Format>) -> impl Fn(&LoadedSkill) -> bool {
    let (files, project) = (context.files(), context.project());
    move |skill| format != Some(Format::Xml) || ops::has_approved_file(&files, &project, skill)
}

/// A body in a block whose closing tag is not in the body: bodies are never altered.
fn block(skill: &mut LoadedSkill) -> [String; 3] {
    let (tag, name) = (tag_for(skill), attribute(&skill.name));
    let version =
        if skill.version.is_empty() { String::new() } else { format!(" version=\"{}\"", attribute(&skill.version)) };
    [format!("<{tag} name=\"{name}\"{version}>\n"), mem::take(&mut skill.content), format!("\n</{tag}>\n")]
}

/// `skill_content`, longer by digits of the hash until the body does not close it.
fn tag_for(skill: &LoadedSkill) -> String {
    const TAG: &str = "skill_content";
    if !skill.content.contains("</skill_content") {
        return TAG.to_owned();
    }
    let digits = (8..=skill.content_hash.len()).step_by(8);
    let mut tags = digits.filter_map(|count| skill.content_hash.get(..count)).map(|it| format!("{TAG}_{it}"));
    // Nobody can write a file that contains its own SHA-256, so some tag is free.
    tags.find(|tag| !skill.content.contains(&format!("</{tag}"))).unwrap_or_else(|| TAG.to_owned())
}

fn attribute(text: &str) -> String {
    Visible(text).to_string().replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{LoadedSkill, tag_for};

    #[test]
    fn a_body_cannot_close_its_block() {
        let skill = |content: &str| LoadedSkill {
            name: "x".into(),
            version: "1.0.0".into(),
            content_hash: "0123456789abcdef".repeat(4),
            priority: 5,
            required: false,
            content: content.into(),
            content_path: String::new(),
            description: None,
            origin: None,
        };
        assert_eq!(tag_for(&skill("text <skill_content>")), "skill_content");
        assert_eq!(tag_for(&skill("</skill_content>")), "skill_content_01234567");
        assert_eq!(tag_for(&skill("</skill_content_01234567>")), "skill_content_0123456789abcdef");
    }
}
