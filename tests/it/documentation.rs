//! README and docs: their examples do what they show, their links lead somewhere, and they keep their size.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{Project, binary, cfn_in, repository};

/// What the examples call the folder that they run in.
const FOLDER: &str = "/home/me/project";

/// A page of the documentation.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// One command of an example, and what it shows.
pub(crate) struct Example {
    pub(crate) line: usize,
    /// Each section of a page runs in a folder of its own.
    pub(crate) section: usize,
    pub(crate) command: String,
    shown: Vec<String>,
}

pub(crate) fn pages() -> Vec<Page> {
    let docs = fs::read_dir(repository("docs")).expect("docs").map(|it| it.expect("an entry").path());
    let mut paths: Vec<_> = docs.filter(|it| it.extension().is_some_and(|it| it == "md")).collect();
    paths.push(repository("README.md"));
    paths.sort();
    let page = |path: PathBuf| Page { text: fs::read_to_string(&path).expect("a page"), path };
    paths.into_iter().map(page).collect()
}

/// The lines of code blocks in one language, with their numbers; `None` ends a block.
pub(crate) fn blocks<'a>(text: &'a str, language: &str) -> Vec<Option<(usize, &'a str)>> {
    let (mut lines, mut inside) = (Vec::new(), None);
    for (number, line) in text.lines().enumerate() {
        match (inside, line.strip_prefix("```")) {
            (None, Some(opened)) => inside = Some(opened == language),
            (Some(wanted), Some(_)) => {
                if wanted {
                    lines.push(None);
                }
                inside = None;
            }
            (Some(true), None) => lines.push(Some((number + 1, line))),
            _ => {}
        }
    }
    lines
}

pub(crate) fn examples(text: &str) -> Vec<Example> {
    let section = |line| text.lines().take(line).filter(|it| it.starts_with("## ")).count();
    let mut examples: Vec<Example> = Vec::new();
    for (line, shown) in blocks(text, "console").into_iter().flatten() {
        if let Some(command) = shown.strip_prefix("$ ") {
            examples.push(Example { line, section: section(line), command: command.to_owned(), shown: Vec::new() });
        } else if let Some(example) = examples.last_mut() {
            example.shown.push(shown.to_owned());
        }
    }
    examples
}

/// A project with the skills of this repository.
pub(crate) fn with_skills() -> Project {
    let project = Project::empty();
    let mut copy = Command::new("cp");
    copy.arg("-r").arg(repository("tests/skills")).arg(project.path().join("skills"));
    assert!(copy.status().expect("cp runs").success());
    project
}

/// A command line as a reader types it.
pub(crate) fn typed(folder: &Path, line: &str) -> Command {
    let inherited = env::var("PATH").unwrap_or_default();
    let programs = binary().parent().expect("a folder").display().to_string();
    let mut shell = Command::new("bash");
    for (name, value) in cfn_in(folder).get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.args(["-c", line]).env("PATH", format!("{programs}:{inherited}"));
    shell.current_dir(folder).stdin(Stdio::null());
    shell
}

/// What it prints on both streams.
fn run(folder: &Path, command: &str) -> String {
    let output = typed(folder, &format!("exec 2>&1; {command}")).output().expect("bash runs");
    String::from_utf8_lossy(&output.stdout).replace(&folder.display().to_string(), FOLDER)
}

/// Whether lines are as they are shown; a line `…` stands for any number of lines, and `…` inside a line for any text.
fn shows(shown: &[String], lines: &[&str]) -> bool {
    match shown.split_first() {
        None => lines.is_empty(),
        Some((first, rest)) if first == "…" => (0..=lines.len()).any(|skipped| shows(rest, &lines[skipped..])),
        Some((first, rest)) => lines.split_first().is_some_and(|(line, left)| same(first, line) && shows(rest, left)),
    }
}

fn same(shown: &str, line: &str) -> bool {
    let mut rest = line;
    let mut pieces = shown.split('…').peekable();
    let mut first = true;
    while let Some(piece) = pieces.next() {
        let found = if first { rest.strip_prefix(piece) } else { rest.find(piece).map(|at| &rest[at + piece.len()..]) };
        let Some(left) = found else { return false };
        let last = pieces.peek().is_none();
        rest = if last && !first && !piece.is_empty() { rest.strip_suffix(piece).map_or(left, |_| "") } else { left };
        if last && !first && piece.is_empty() {
            return true;
        }
        first = false;
    }
    rest.is_empty()
}

#[test]
fn the_examples_do_what_they_show() {
    let mut ran = 0;
    for page in pages() {
        let mut project = with_skills();
        let mut section = 0;
        for example in examples(&page.text) {
            if example.section != section {
                (project, section) = (with_skills(), example.section);
            }
            let printed = run(project.path(), &example.command);
            let mut shown = example.shown.clone();
            while shown.last().is_some_and(String::is_empty) {
                shown.pop();
            }
            let lines: Vec<_> = printed.lines().map(str::trim_end).collect();
            let place = format!("{}:{}", page.path.display(), example.line);
            assert!(shows(&shown, &lines), "{place}: {}\nshown:\n{shown:#?}\nprinted:\n{printed}", example.command);
            ran += 1;
        }
    }
    assert!(ran > 5, "the README has examples");
}

#[test]
fn links_lead_to_pages_and_headings_that_are_there() {
    let anchor = |heading: &str| {
        let kept =
            heading.to_lowercase().chars().filter(|it| it.is_alphanumeric() || " -_".contains(*it)).collect::<String>();
        kept.trim().replace(' ', "-")
    };
    for page in pages() {
        for link in page.text.split("](").skip(1).filter_map(|it| it.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => page.path.clone(),
                file => page.path.parent().expect("a folder").join(file),
            };
            assert!(target.exists(), "{}: {link}", page.path.display());
            if !heading.is_empty() {
                let text = fs::read_to_string(&target).expect("a page");
                let headings = text.lines().filter(|it| it.starts_with('#'));
                let found = headings.map(|it| anchor(it.trim_start_matches('#'))).any(|it| it == heading);
                assert!(found, "{}: {link}", page.path.display());
            }
        }
    }
}

#[test]
fn pages_fit_a_terminal_and_the_readme_is_short() {
    for page in pages() {
        for (number, line) in page.text.lines().enumerate() {
            let width = line.chars().count();
            assert!(width <= 120, "{}:{}: {width} columns", page.path.display(), number + 1);
        }
        if page.path.ends_with("README.md") {
            assert!(page.text.lines().count() <= 200, "the README has {} lines", page.text.lines().count());
        }
    }
}

/// Commands in blocks that are not run are at least commands that there are.
#[test]
fn commands_in_other_blocks_are_commands_of_cfn() {
    for page in pages() {
        for (line, text) in blocks(&page.text, "sh").into_iter().flatten() {
            let Some(words) = text.strip_prefix("cfn ").map(|it| it.split_whitespace().collect::<Vec<_>>()) else {
                continue;
            };
            let commands = words.iter().take_while(|it| it.chars().all(|it| it.is_ascii_lowercase() || it == '-'));
            let names: Vec<_> = commands.filter(|it| !it.starts_with('-')).take(2).copied().collect();
            let found = (1..=names.len()).rev().any(|count| {
                let mut command = cfn_in(&repository("."));
                command.args(&names[..count]).arg("--help").stdout(Stdio::null()).stderr(Stdio::null());
                command.status().is_ok_and(|it| it.success())
            });
            assert!(found, "{}:{line}: {text}", page.path.display());
        }
    }
}

#[test]
fn an_ellipsis_stands_for_anything() {
    assert!(same("a … c", "a b c") && same("a…", "abc") && same("abc", "abc") && same("…", ""));
    assert!(!same("a … c", "a b d") && !same("a", "ab") && !same("a…", "ba"));
    let shown = |lines: &[&str]| lines.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    assert!(shows(&shown(&["a", "…", "d"]), &["a", "b", "c", "d"]));
    assert!(!shows(&shown(&["a", "…", "d"]), &["a", "b", "c"]));
}
