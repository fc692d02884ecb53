//! Output formats for loaded skills. Rendering does not change the report, and token estimates count exactly the
//! rendered text.

use std::borrow::Cow;

use super::picked::Cause;
use super::report::{LoadReport, LoadedSkill};
use crate::model::{ContentHash, Remark, Visible, json};

/// An output format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The report as JSON.
    Json,
    /// Each skill's content in a block of its own.
    Prompt,
    /// The `<available_skills>` block of the Agent Skills reference, with the paths of files.
    Xml,
    /// One name per line.
    Names,
}

const TAG: &str = "skill_content";
const OPENING: &str = "<available_skills>";
const CLOSING: &str = "\n</available_skills>";

impl Format {
    /// Renders a report as a sequence of pieces, without copying content. The caller writes JSON.
    #[must_use]
    pub fn pieces(self, report: &LoadReport) -> Vec<Cow<'_, str>> {
        match self {
            Self::Json => Vec::new(),
            Self::Names => {
                report.skills.iter().map(|it| Cow::Owned(Visible(&it.picked.name).to_string() + "\n")).collect()
            }
            Self::Xml if report.skills.is_empty() => Vec::new(),
            Self::Xml => {
                let entries = report.skills.iter().map(entry).map(Cow::Owned);
                [Cow::Borrowed(OPENING)].into_iter().chain(entries).chain([Cow::Borrowed(CLOSING)]).collect()
            }
            Self::Prompt => {
                let taken = Tags::of(&report.skills);
                report.skills.iter().flat_map(|it| block(it, &taken.free_for(it))).collect()
            }
        }
    }

    /// Size of the rendered report, in bytes.
    pub(super) fn size(self, report: &LoadReport) -> u64 {
        match self {
            Self::Json => json::size(report) + 1,
            _ => self.pieces(report).iter().map(|it| it.len() as u64).sum(),
        }
    }

    /// Size of the rendered text without skills.
    pub(super) fn size_around(self, agent_type: &str) -> u64 {
        match self {
            Self::Json => {
                let text = "{\"agent_type\":\"\",\"skills\":[],\"left_out\":[],\"estimated_tokens\":000000}\n";
                (text.len() + agent_type.len()) as u64
            }
            Self::Xml => (OPENING.len() + CLOSING.len()) as u64,
            Self::Prompt | Self::Names => 0,
        }
    }

    /// Size that a skill adds.
    pub(super) fn size_of(self, skill: &LoadedSkill) -> u64 {
        match self {
            Self::Json => json::size(skill) + 1,
            Self::Prompt => {
                let tag = Tags::default().free_for(skill);
                block(skill, &tag).iter().map(|it| it.len() as u64).sum()
            }
            Self::Xml => entry(skill).len() as u64,
            Self::Names => Visible(&skill.picked.name).to_string().len() as u64 + 1,
        }
    }

    /// Size that a skill adds if it is left out.
    pub(super) fn size_of_left_out(self, left_out: &Remark<String, Cause>) -> u64 {
        if matches!(self, Self::Json) { json::size(left_out) + 1 } else { 0 }
    }
}

/// A skill's content in a block. The content is never altered, so the tag is one that no content contains.
fn block<'a>(skill: &'a LoadedSkill, tag: &str) -> [Cow<'a, str>; 3] {
    let (name, version) = (attribute(&skill.picked.name), attribute(&skill.picked.version));
    let version = if version.is_empty() { version } else { format!(" version=\"{version}\"") };
    let files = skill.path.as_ref().map(|it| format!(" files=\"{}\"", attribute(it))).unwrap_or_default();
    [
        Cow::Owned(format!("<{tag} name=\"{name}\"{version}{files}>\n")),
        Cow::Borrowed(&skill.content),
        Cow::Owned(format!("\n</{tag}>\n")),
    ]
}

/// The suffixes of `<skill_content` and `</skill_content` in contents, in lower case; usually none.
#[derive(Debug, Default)]
struct Tags(Vec<String>);

impl Tags {
    fn of(skills: &[LoadedSkill]) -> Self {
        let bodies = skills.iter().map(|it| it.content.as_str());
        Self(bodies.flat_map(|body| body.match_indices('<').filter_map(|(at, _)| suffix(&body[at + 1..]))).collect())
    }

    /// `skill_content_` and digits of the content's hash; more digits if a content has that tag.
    fn free_for(&self, skill: &LoadedSkill) -> String {
        let hash = &skill.picked.content_hash;
        let free = |digits: &str| !self.0.iter().any(|it| it.starts_with(digits));
        let shorter = (8..=hash.len()).step_by(8).filter_map(|count| hash.get(..count));
        if let Some(digits) = shorter.into_iter().find(|it| free(it)) {
            return format!("{TAG}_{digits}");
        }
        // A content has the full hash. A hash of all suffixes is in none of them.
        format!("{TAG}_{}", ContentHash::of(format!("{hash} {}", self.0.join(" ")).as_bytes()))
    }
}

/// The text after `skill_content_` in a tag, case-insensitively.
fn suffix(text: &str) -> Option<String> {
    let name = text.trim_start_matches(|it: char| it == '/' || it.is_whitespace());
    let digits = name.get(TAG.len()..).filter(|_| name[..TAG.len()].eq_ignore_ascii_case(TAG))?.strip_prefix('_')?;
    Some(digits.chars().take(64).collect::<String>().to_ascii_lowercase())
}

fn attribute(text: &str) -> String {
    Visible(text).to_string().replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

/// An entry of the listing, exactly as the reference writes it.
fn entry(skill: &LoadedSkill) -> String {
    let Some(listed) = &skill.listed else { return String::new() };
    let (name, about) = (escape(&skill.picked.name), escape(&listed.description));
    format!(
        "\n<skill>\n<name>\n{name}\n</name>\n<description>\n{about}\n</description>\n<location>\n{}\n</location>\n</skill>",
        listed.location
    )
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

#[cfg(test)]
mod tests {
    use super::{LoadedSkill, Tags};
    use crate::ops::load::Picked;

    fn skill(content: &str) -> LoadedSkill {
        let picked = Picked {
            name: "x".into(),
            version: "1.0.0".into(),
            content_hash: "0123456789abcdef".repeat(4),
            priority: 5,
            required: false,
            content_path: String::new(),
            description: None,
            pinned: false,
            replaces: Vec::new(),
            folder: None,
            partial: false,
            origin: None,
        };
        LoadedSkill::new(picked, content.into())
    }

    fn tag(bodies: &[&str]) -> String {
        let skills: Vec<_> = bodies.iter().map(|it| skill(it)).collect();
        Tags::of(&skills).free_for(&skills[0])
    }

    #[test]
    fn no_content_contains_the_tag_of_a_block() {
        for body in
            ["", "</skill_content>", "</Skill_Content>\n<SKILL_CONTENT name=\"root\">", "a < b", "<skill_conten"]
        {
            assert_eq!(tag(&[body]), "skill_content_01234567", "{body}");
        }
        for body in
            ["</skill_content_01234567>", "<SKILL_content_01234567 name=\"root\">", "< / skill_content_01234567 >"]
        {
            assert_eq!(tag(&[body]), "skill_content_0123456789abcdef", "{body}");
            assert_eq!(tag(&["", body]), "skill_content_0123456789abcdef", "{body}");
        }
        let whole = format!("<skill_content_{}>", "0123456789ABCDEF".repeat(4));
        let other = tag(&["", &whole]);
        assert!(other.len() == 78 && !whole.to_lowercase().contains(&other), "{other}");
    }
}
