//! Writes a document, from one snapshot.

use std::collections::HashSet;
use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::error::DocumentError;
use super::folder::{FileEntry, Filled};
use super::text::{presented, yaml};
use crate::clock::Clock;
use crate::model::{Approval, Category, ContentHash, Decision, Remark, SkillId, Status};
use crate::ops::error::Result;
use crate::ops::refusal::rejection;
use crate::store::{Row, RowKind, SkillFilter, SkillPage, Snapshot, Store, WholeRows};

/// Rows per read.
const PAGE: usize = 1000;

/// What to export.
#[derive(Debug, Clone, Default)]
pub struct ExportYaml {
    /// Whether to include all decisions. Those that keep bytes from agents are always included.
    pub history: bool,
    /// Whether to include the usage log.
    pub usage: bool,
    /// Only skills of this category.
    pub category: Option<Category>,
    /// Only skills of this status.
    pub status: Option<Status>,
}

/// What was exported.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ExportYamlReport {
    /// Number of skills.
    pub skills: usize,
    /// Number of contents of versions and of their files.
    pub contents: usize,
    /// Number of mappings.
    pub mappings: usize,
    /// Number of decisions.
    pub approvals: usize,
    /// Number of uses.
    pub uses: usize,
    /// Skills without the bytes of a version.
    pub left_out: Vec<Remark<String>>,
}

struct Exporter<'a> {
    snapshot: &'a dyn Snapshot,
    to: &'a mut dyn Write,
    report: ExportYamlReport,
}

/// Writes the document.
pub fn export_yaml(
    store: &mut dyn Store,
    clock: Clock,
    request: &ExportYaml,
    to: &mut dyn Write,
) -> Result<ExportYamlReport> {
    let snapshot = store.read()?;
    let skills = skills(snapshot.as_ref(), request)?;
    let mut exporter = Exporter { snapshot: snapshot.as_ref(), to, report: ExportYamlReport::default() };
    exporter.header(clock, request, &skills)?;
    exporter.section("skills", RowKind::Skill, &skills)?;
    exporter.section("agent_skill_mappings", RowKind::Mapping, &skills)?;
    if request.history {
        exporter.section("approval_history", RowKind::Approval, &skills)?;
    } else {
        exporter.refusals("approval_history", &skills)?;
    }
    if request.usage {
        exporter.usage(&skills)?;
    }
    exporter.to.flush().map_err(DocumentError::Output)?;
    Ok(exporter.report)
}

/// The skills, by name.
fn skills(snapshot: &dyn Snapshot, request: &ExportYaml) -> Result<Vec<SkillId>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let page = SkillPage { after, limit: Some(PAGE), ..SkillPage::default() };
        let filter = SkillFilter { category: request.category, status: request.status, page, ..SkillFilter::default() };
        let skills = snapshot.list(&filter)?;
        all.extend(skills.iter().map(|it| it.id));
        match skills.last() {
            Some(last) if skills.len() == PAGE => after = Some(last.name.clone()),
            _ => return Ok(all),
        }
    }
}

impl Exporter<'_> {
    fn header(&mut self, clock: Clock, request: &ExportYaml, skills: &[SkillId]) -> Result<()> {
        let mut mappings = 0;
        for skill in skills {
            mappings += rows(self.snapshot, RowKind::Mapping, *skill)?.len();
        }
        let header = json!({
            "version": "2.0",
            "exported_at": clock.iso_time(),
            "schema_version": 2,
            "export_metadata": {
                "filter_category": request.category,
                "filter_status": request.status,
                "total_skills": skills.len(),
                "total_mappings": mappings,
                "includes_history": request.history,
                "includes_usage": request.usage,
            },
        });
        self.write(&header)
    }

    /// The rows of a table, skill by skill.
    fn section(&mut self, key: &str, of: RowKind, skills: &[SkillId]) -> Result<()> {
        let mut any = false;
        for skill in skills {
            for row in rows(self.snapshot, of, *skill)? {
                self.begin(key, &mut any)?;
                let mut item = presented(row);
                match of {
                    RowKind::Skill => self.skill(*skill, &mut item)?,
                    RowKind::Mapping => self.report.mappings += 1,
                    _ => self.report.approvals += 1,
                }
                self.write(&[item])?;
            }
        }
        self.end(key, any)
    }

    /// The decisions that keep bytes from agents: without them, a skill of level `auto` would be approved elsewhere.
    fn refusals(&mut self, key: &str, skills: &[SkillId]) -> Result<()> {
        let mut any = false;
        for skill in skills {
            let kept = refusing(&self.snapshot.approvals(*skill)?);
            if kept.is_empty() {
                continue;
            }
            let rows = rows(self.snapshot, RowKind::Approval, *skill)?.into_iter();
            for row in rows.filter(|it| id(it).is_some_and(|it| kept.contains(&it))) {
                self.begin(key, &mut any)?;
                self.report.approvals += 1;
                self.write(&[presented(row)])?;
            }
        }
        Ok(())
    }

    fn usage(&mut self, skills: &[SkillId]) -> Result<()> {
        let key = "usage_statistics";
        let exported: HashSet<i64> = skills.iter().map(|it| it.0).collect();
        let (mut any, mut after) = (false, 0);
        loop {
            let page = self.snapshot.whole_rows(RowKind::Usage, None, after, PAGE)?;
            let Some(last) = page.last().and_then(id) else { return self.end(key, any) };
            after = last;
            for row in page {
                if row.get("skill_id").and_then(Value::as_i64).is_some_and(|it| exported.contains(&it)) {
                    self.begin(key, &mut any)?;
                    self.report.uses += 1;
                    self.write(&[presented(row)])?;
                }
            }
        }
    }

    /// Adds the versions of a skill, with their bytes.
    fn skill(&mut self, skill: SkillId, item: &mut Row) -> Result<()> {
        self.report.skills += 1;
        let (mut versions, mut written) = (Vec::new(), HashSet::new());
        for mut version in rows(self.snapshot, RowKind::Version, skill)? {
            for column in ["skill_id", "front_matter"] {
                version.shift_remove(column);
            }
            self.content(item, &mut version, &mut written)?;
            self.files(item, skill, &mut version, &mut written)?;
            versions.push(Value::Object(version));
        }
        // Another program may have written bytes that are no version.
        let mut row = item.clone();
        self.content(item, &mut row, &mut written)?;
        if let Some(content) = row.shift_remove("content") {
            item.insert("content".to_owned(), content);
        }
        item.insert("versions".to_owned(), Value::Array(versions));
        Ok(())
    }

    /// Adds the bytes of a hash to where it is named first.
    fn content(&mut self, skill: &Row, to: &mut Row, written: &mut HashSet<String>) -> Result<()> {
        let hash = text(to, "content_hash");
        if !written.insert(hash.clone()) {
            return Ok(());
        }
        let stored = self.snapshot.content(&hash)?.filter(|it| ContentHash::of(it).to_string() == hash);
        if let Some(content) = stored.and_then(|it| String::from_utf8(it).ok()) {
            self.report.contents += 1;
            to.insert("content".to_owned(), content.into());
        } else {
            let reason = format!("the bytes of {} are not in the database", text(to, "version"));
            self.report.left_out.push(Remark::new(text(skill, "name"), (), reason));
        }
        Ok(())
    }

    /// Adds the files of a version that has more than SKILL.md.
    fn files(&mut self, item: &Row, skill: SkillId, to: &mut Row, written: &mut HashSet<String>) -> Result<()> {
        if !to.contains_key("folder_hash") {
            return Ok(());
        }
        let version = text(to, "version");
        let mut files = Vec::new();
        for file in self.snapshot.files(skill, &version)? {
            let mut entry = FileEntry::of(file);
            match entry.fill(written, |hash| Ok(self.snapshot.content(hash)?))? {
                Filled::Here => self.report.contents += 1,
                Filled::Before => {}
                Filled::Missing(path) => {
                    let reason = format!("the bytes of {path} of {version} are not in the database");
                    self.report.left_out.push(Remark::new(text(item, "name"), (), reason));
                }
            }
            files.push(entry);
        }
        to.insert("files".to_owned(), json!(files));
        Ok(())
    }

    fn begin(&mut self, key: &str, any: &mut bool) -> Result<()> {
        if std::mem::replace(any, true) {
            Ok(())
        } else {
            Ok(writeln!(self.to, "{key}:").map_err(DocumentError::Output)?)
        }
    }

    fn end(&mut self, key: &str, any: bool) -> Result<()> {
        if any { Ok(()) } else { Ok(writeln!(self.to, "{key}: []").map_err(DocumentError::Output)?) }
    }

    fn write(&mut self, item: &impl Serialize) -> Result<()> {
        let text = yaml(item)?;
        self.to.write_all(text.as_bytes()).map_err(|it| DocumentError::Output(it).into())
    }
}

/// Of each folder, the latest decision, if it is no approval, and the rejection that holds.
fn refusing(decisions: &[Approval]) -> HashSet<i64> {
    let (mut seen, mut kept) = (HashSet::new(), HashSet::new());
    for latest in decisions {
        let folder = (&latest.content_hash, &latest.folder_hash);
        if seen.insert(folder) && latest.decision != Decision::Approved {
            let about = decisions.iter().filter(|it| (&it.content_hash, &it.folder_hash) == folder);
            kept.extend([Some(latest), rejection(about)].into_iter().flatten().map(|it| it.id));
        }
    }
    kept
}

fn text(of: &Row, column: &str) -> String {
    of.get(column).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn id(row: &Row) -> Option<i64> {
    row.get("id")?.as_i64()
}

fn rows(snapshot: &dyn Snapshot, of: RowKind, skill: SkillId) -> Result<Vec<Row>> {
    Ok(WholeRows::whole_rows(snapshot, of, Some(skill), 0, usize::MAX)?)
}
