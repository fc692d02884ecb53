//! The start of many tests: deployed skills, and views of the database from outside.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::harness::Project;
use crate::postgres_server::Server;

/// The schema of this cfn, and what `PRAGMA user_version` holds of it.
pub const SCHEMA: (&str, &str) = ("v3.10.0", "3010");

/// SHA-256 in hex, as `sha256sum` prints it.
pub fn sha256(bytes: impl AsRef<[u8]>) -> String {
    hex(Sha256::digest(bytes.as_ref()))
}

/// Two lower-case digits a byte.
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("text");
        text
    })
}

/// A skill file's text.
pub fn skill_text(name: &str, body: &str) -> String {
    format!("---\nname: {name}\ndescription: About {name}.\n---\n\n{body}\n")
}

/// The path at which [`Project::skill`] puts a skill's file, relative to the project.
pub fn path_of(name: &str) -> String {
    format!(".claude/skills/{name}/SKILL.md")
}

/// Writes a skill's file and deploys it; its id.
#[track_caller]
pub fn deploy(project: &Project, name: &str, body: &str, more: &[&str]) -> String {
    project.skill(name, body);
    let path = path_of(name);
    let mut args = vec!["deploy", "1", name, &path];
    args.extend(more);
    project.cfn(args).ok().trim().to_owned()
}

/// A project with one skill for one agent type.
pub fn with_skill(name: &str, category: &str, agent: &str) -> Project {
    let project = Project::new();
    deploy(&project, name, "First.", &[category, agent]);
    project
}

/// A project whose database follows one on a server, with one skill for one agent type.
#[track_caller]
pub fn follower(name: &str, category: &str, agent: &str) -> (Server, Project) {
    // A server of its own needs no password, which no follower keeps.
    let (primary, project) = (Server::start(), Project::new());
    let url = primary.url("postgres");
    project.skill(name, "First.");
    project.cfn(["--db", &url, "init"]).ok();
    project.cfn(["--db", &url, "deploy", "1", name, &path_of(name), category, agent]).ok();
    project.cfn(["db", "follow", &url]).ok();
    (primary, project)
}

/// Records files beside SKILL.md for a version, as if it had been deployed with them; its folder hash. With `approved`,
/// its decisions are about these files.
#[track_caller]
pub fn attach(project: &Project, name: &str, version: &str, files: &[(&str, &str, &[u8])], approved: bool) -> String {
    let of = format!("skill_id = (SELECT id FROM skills WHERE name = '{name}') AND version = '{version}'");
    let skill_file = project.sqlite3(&format!(
        "SELECT hash || ' ' || length(bytes) FROM skill_contents
         WHERE hash = (SELECT content_hash FROM skill_versions WHERE {of})"
    ));
    let (hash, size) = skill_file.split_once(' ').expect("a hash and a size");
    let other = |it: &(&str, &str, &[u8])| (it.0.to_owned(), it.1.to_owned(), sha256(it.2), it.2.len().to_string());
    let mut rows: Vec<_> = files.iter().map(other).collect();
    rows.push(("SKILL.md".to_owned(), "100644".to_owned(), hash.to_owned(), size.to_owned()));
    rows.sort();
    let mut sql = String::from("PRAGMA foreign_keys = ON; BEGIN;");
    for (_, _, bytes) in files {
        write!(
            sql,
            "INSERT OR IGNORE INTO skill_contents (hash, bytes) VALUES ('{}', X'{}');",
            sha256(bytes),
            hex(bytes)
        )
        .expect("text");
    }
    let mut lines = String::new();
    for (path, mode, hash, size) in &rows {
        writeln!(lines, "{mode} {hash} {path}").expect("text");
        let id = format!("SELECT id, '{path}', '{mode}', '{hash}', {size} FROM skill_versions WHERE {of}");
        write!(sql, "INSERT INTO skill_files (version_id, path, mode, hash, size) {id};").expect("text");
    }
    let folder_hash = sha256(&lines);
    let tables: &[&str] = if approved { &["skill_versions", "approval_history"] } else { &["skill_versions"] };
    for table in tables {
        write!(sql, "UPDATE {table} SET folder_hash = '{folder_hash}' WHERE {of};").expect("text");
    }
    project.sqlite3(&(sql + "COMMIT"));
    folder_hash
}

/// Everything in the database, as SQL.
#[track_caller]
pub fn dump(project: &Project) -> String {
    content_of(&project.sqlite3(".dump"))
}

/// A dump without the one row that names the file's own schema cookie, which differs between equal databases.
pub fn content_of(dump: &str) -> String {
    dump.lines().filter(|line| !line.contains("'rolled_up_schema'")).collect::<Vec<_>>().join("\n")
}

/// A dump without the write tokens, which are other ones after a restore.
pub fn without_tokens(dump: &str) -> String {
    let lines = dump.lines().filter(|it| !it.starts_with("INSERT INTO cfn_tokens "));
    lines.collect::<Vec<_>>().join("\n")
}

/// The token of the catalogue and that of the usage log.
#[track_caller]
pub fn tokens(project: &Project) -> (String, String) {
    let token = |name: &str| project.sqlite3(&format!("SELECT {name} FROM cfn_tokens"));
    (token("catalogue"), token("usage"))
}

/// The versions of a skill, oldest first, with what recorded them.
#[track_caller]
pub fn versions(project: &Project, name: &str) -> String {
    project.sqlite3(&format!(
        "SELECT group_concat(version || ' ' || source, ', ') FROM (SELECT v.version, v.source FROM skill_versions v
         JOIN skills s ON s.id = v.skill_id WHERE s.name = '{name}' ORDER BY v.id)"
    ))
}

/// Names that an agent type gets, in order.
#[track_caller]
pub fn names(project: &Project, args: &[&str]) -> Vec<String> {
    let mut all = vec!["load", "--format", "names"];
    all.extend(args);
    project.cfn(all).ok().lines().map(str::to_owned).collect()
}

/// The names in a list.
pub(crate) fn listed(project: &Project, args: &[&str]) -> Vec<String> {
    let mut all = vec!["skill", "list", "--json"];
    all.extend(args);
    let report = project.cfn(all).json();
    let skills = report["skills"].as_array().expect("a list").clone();
    skills.iter().map(|it| it["name"].as_str().unwrap_or_default().to_owned()).collect()
}
