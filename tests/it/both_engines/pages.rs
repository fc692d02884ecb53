//! What the README and the pages of docs/ show works on a server too, and no command is without a comparison.

use std::fs;

use super::{COMMANDS, difference};
use crate::documentation::{Page, examples, pages, with_skills};
use crate::harness::Project;
use crate::help::reference;
use crate::postgres_server::{Database, Way};

/// Others work without a database too, but not with one that is named and missing.
fn is_about_a_database(page: &Page, section: usize) -> bool {
    let first = examples(&page.text).into_iter().find(|it| it.section == section);
    first.is_some_and(|it| it.command.starts_with("cfn init"))
}

/// The project of a database on a server is the folder with a `.claude`.
fn project() -> Project {
    let project = with_skills();
    fs::create_dir(project.path().join(".claude")).expect("a folder");
    project
}

/// The lines of a page whose answers differ.
fn differences_of(page: &Page) -> Vec<String> {
    let mut differences = Vec::new();
    let mut place: Option<(usize, [Project; 2], Database)> = None;
    for example in examples(&page.text).into_iter().filter(|it| is_about_a_database(page, it.section)) {
        if place.as_ref().is_none_or(|it| it.0 != example.section) {
            place = Some((example.section, [(); 2].map(|()| project()), Database::empty()));
        }
        let Some((_, [file, server], database)) = &place else { continue };
        let found = difference(&example.command, file, server, database, Way::Direct);
        differences.extend(found.map(|it| format!("{}:{}: {it}", page.path.display(), example.line)));
    }
    differences
}

#[test]
fn every_example_of_the_documentation_answers_on_a_server_as_it_does_on_a_file() {
    let pages = pages();
    let differences: Vec<_> = pages.iter().flat_map(differences_of).collect();
    assert!(differences.is_empty(), "{}:\n{}", differences.len(), differences.join("\n"));
}

/// Commands that are compared nowhere, and why.
const UNCOMPARED: &[(&str, &str)] = &[
    ("agent ", "a run is of this machine, with an id and times of its own"),
    ("bench", "a benchmark makes files of its own; bench sql says so"),
    ("coord", "it is about Redis, and opens no database"),
    ("db copy", "it names both of its databases, and has tests of every pair of engines"),
    ("db follow", "only a file follows, and it has tests of its own"),
    ("db unfollow", "only a file follows, and it has tests of its own"),
    ("doctor", "it is about the machine, and the file or the server"),
    ("metrics", "it counts what commands did on this machine, beside the size of a file or a server"),
    ("top", "it shows what commands do now, as they are counted on this machine"),
    ("schedule", "it writes for the scheduler of the machine, and opens no database"),
];

#[test]
fn every_command_is_compared_on_both_engines() {
    let pages = pages();
    let shown = pages.iter().flat_map(|it| examples(&it.text)).map(|it| it.command);
    let lines: Vec<String> = COMMANDS.iter().map(|it| format!("cfn {it}")).chain(shown).collect();
    let reference = reference(&Project::empty());
    let names: Vec<String> = reference.iter().map(|(words, _)| words.join(" ")).collect();
    let is_group = |name: &str| names.iter().any(|it| it.starts_with(&format!("{name} ")));
    for name in names.iter().filter(|it| !it.is_empty() && !is_group(it)) {
        // Some commands have two names.
        let short = name.strip_prefix("skill ").unwrap_or(name);
        if UNCOMPARED.iter().any(|(it, _)| short.starts_with(it)) {
            continue;
        }
        let forms = [format!("cfn {name}"), format!("cfn {short}")];
        let is_compared = lines.iter().any(|line| forms.iter().any(|form| line.starts_with(form)));
        assert!(is_compared, "'cfn {name}' is compared nowhere: add it to COMMANDS");
    }
}
