//! The complete command-line reference, as one snapshot.

use std::fmt::Write as _;

use crate::harness::{Project, Ran};

fn help(project: &Project, command: &[String]) -> String {
    let mut run = project.command(command);
    let ran: Ran = run.arg("--help").env_remove("COLUMNS").env_remove("LINES").output().expect("cfn runs").into();
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""), "{command:?}");
    ran.stdout
}

/// The names under `Commands:`, without clap's own `help`.
fn commands_in(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|it| *it != "Commands:").skip(1).take_while(|it| !it.is_empty());
    let names =
        lines.filter(|it| it.starts_with("  ") && !it.starts_with("   ")).filter_map(|it| it.split_whitespace().next());
    names.filter(|it| *it != "help").map(str::to_owned).collect()
}

/// Every command with its help, groups before what is in them.
pub(crate) fn reference(project: &Project) -> Vec<(Vec<String>, String)> {
    let mut pages = Vec::new();
    let mut waiting = vec![Vec::new()];
    while let Some(command) = waiting.pop() {
        let page = help(project, &command);
        let below = commands_in(&page).into_iter().rev();
        waiting.extend(below.map(|name| command.iter().cloned().chain([name]).collect()));
        pages.push((command, page));
    }
    pages
}

#[test]
fn the_reference_equals_its_snapshot() {
    let project = Project::empty();
    let mut text = String::new();
    for (command, page) in reference(&project) {
        writeln!(text, "$ cfn {} --help\n\n{page}", command.join(" ")).expect("text");
    }
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    insta::assert_snapshot!("reference", lines.join("\n").replace("$ cfn  --help", "$ cfn --help"));
}

#[test]
fn every_command_has_valid_examples() {
    let project = Project::empty();
    let pages = reference(&project);
    assert!(pages.len() > 25, "{} commands", pages.len());
    for (command, page) in pages {
        let examples = page.split_once("\nExamples:\n").unwrap_or_else(|| panic!("{command:?} has no examples")).1;
        let lines: Vec<&str> = examples.lines().take_while(|it| it.starts_with("  ")).collect();
        assert!(!lines.is_empty(), "{command:?}");
        // A command under `skill` that is also one of its own shows the shorter form.
        let full = command.join(" ");
        let short = full.trim_start_matches("skill ").trim_start_matches("cache explain ");
        let forms = [format!("cfn {full}"), format!("cfn {short}"), format!("cfn skill {short}")];
        assert!(lines.iter().any(|it| forms.iter().any(|form| it.contains(form.trim()))), "{command:?}: {lines:?}");
        assert!(lines.iter().all(|it| it.contains("cfn ")), "{command:?}: {lines:?}");
    }
}

#[test]
fn nothing_shows_a_command_that_only_cfn_itself_starts() {
    let project = Project::empty();
    for name in ["become", "agent supervise", "agent within"] {
        let (group, word) = name.rsplit_once(' ').unwrap_or(("", name));
        let (page, typo) = (name.replace(' ', "-"), &name[..name.len() - 1]);
        for line in
            [format!("{name} --help"), format!("{group} help {word}"), format!("help {name}"), format!("man {page}")]
        {
            project.cfn(line.split_whitespace()).fails(1);
        }
        for line in [typo.to_owned(), name.to_owned(), word.to_owned(), format!("{group} --json")] {
            let said = project.cfn(line.split_whitespace()).fails(1);
            let (_, hint) = said.split_once("hint").expect("a hint");
            let listed = said.split_once("[subcommands: ").map_or("", |it| it.1);
            assert!(!hint.contains(word) && !listed.contains(word), "{line}: {said}");
        }
    }
}

#[test]
fn help_and_version_do_not_touch_the_disk() {
    let project = Project::empty();
    let run = |args: &[&str]| project.cfn([&["--db", "/nonexistent/x.db"], args].concat());
    assert_eq!(run(&["--version"]).ok(), format!("cfn {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(run(&["-h"]).code, Some(0));
    assert_eq!(run(&["help", "deploy"]).code, Some(0));
    assert_eq!(project.path().read_dir().expect("a folder").count(), 0);
}

#[test]
fn the_table_of_exit_codes_is_in_the_help() {
    let project = Project::empty();
    let text = help(&project, &[]);
    for code in [
        "0 done",
        "1 invalid",
        "2 file",
        "3 database",
        "4 skill",
        "5 invalid version",
        "6 content",
        "7 refused",
        "8 busy",
    ] {
        assert!(text.contains(code), "{code}");
    }
}

#[test]
fn completions_and_manual_pages_come_from_the_binary() {
    let project = Project::empty();
    project.cfn(["completions", "sh"]).fails(1);
    assert!(project.cfn(["man"]).ok().contains(".TH cfn 1"));
    assert!(project.cfn(["man", "skill-rollback"]).ok().contains(".TH cfn-skill-rollback 1"));
    let script = project.cfn(["completions", "bash"]).ok();
    project.file("completion.bash", script);
    let check = std::process::Command::new("bash").args(["-n", "completion.bash"]).current_dir(project.path()).status();
    assert!(check.is_ok_and(|it| it.success()));
}
