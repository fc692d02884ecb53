//! What a shell completes, with the script that cfn prints.

use std::process::Command;

use crate::harness::{Project, Ran};

/// What bash offers for the last of these words, as it calls the script.
const OFFER: &str = r#"
source ./completion.bash
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
function_of_cfn=$(complete -p cfn | sed -E 's/.*-F ([^ ]+).*/\1/')
"$function_of_cfn" cfn "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

fn project() -> Project {
    let project = Project::empty();
    let script = project.cfn(["completions", "bash"]).ok();
    project.file("completion.bash", script);
    project.file("some.file", "");
    project
}

#[track_caller]
fn offered(project: &Project, words: &[&str]) -> String {
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", OFFER, "bash", "cfn"]).args(words).current_dir(project.path());
    let mut words: Vec<String> = Ran::from(bash.output().expect("bash runs")).ok().lines().map(str::to_owned).collect();
    words.sort();
    words.join(" ")
}

#[test]
fn words_of_a_fixed_set_are_offered() {
    let project = project();
    for (words, expected) in [
        (&["skill", "list", "--level", ""][..], "auto escalate human"),
        (&["skill", "list", "--status", ""], "active archived deprecated"),
        (&["skill", "list", "--category", "f"], "foundation"),
        (&["cache", "explain", "list", "--level", "e"], "escalate"),
        (&["analytics", "phase"], "phase4-performance"),
        (&["analytics", "re"], "rebuild"),
        (&["skill", "analytics", "by"], "by-approval"),
        (&["analytics", "--category", "t"], "testing"),
        (&["deploy", "1", "name", "file", "inf"], "infrastructure"),
        (&["skill", "deploy", "1", "name", "file", "coo"], "coordination"),
        (&["update", "name", "1.0.1", "file", "mi"], "minor"),
        (&["update", "name", "1.0.1", "file", "minor", "tr"], "true"),
        (&["load", "--format", ""], "names prompt xml"),
        (&["--cache", "a"], "always auto"),
        (&["skill", "list", "--color", "n"], "never"),
        (&["completions", "z"], "zsh"),
        (&["init", "--category", "d"], "domain"),
    ] {
        assert_eq!(offered(&project, words), expected, "{words:?}");
    }
}

#[test]
fn files_are_offered_where_a_path_belongs_and_nowhere_else() {
    let project = project();
    for words in [&["--db", "some"][..], &["analytics", "--html", "some"], &["bench", "--baseline", "some"]] {
        assert_eq!(offered(&project, words), "some.file", "{words:?}");
    }
    for words in
        [&["load", "--agent-id", "some"][..], &["skill", "list", "--agent", "some"], &["deploy", "--tags", "some"]]
    {
        assert_eq!(offered(&project, words), "some", "{words:?}");
    }
}

#[test]
fn other_shells_know_the_same_words() {
    let project = project();
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        let script = project.cfn(["completions", shell]).ok();
        // Elvish and PowerShell complete no values, in any program of this library.
        let words = ["deprecated", "approval-efficiency", "infrastructure", "escalate", "prompt"];
        let known = words.iter().all(|it| script.contains(it));
        assert!(known || !["zsh", "fish"].contains(&shell), "{shell}");
        assert!(script.contains("rollback"), "{shell}");
    }
}

#[test]
fn a_word_that_is_not_of_the_set_is_refused_with_the_set() {
    let project = Project::new();
    for (args, words) in [
        ("skill list --level low", "auto, escalate, human"),
        ("skill list --status gone", "active, deprecated, archived"),
        ("skill list --category x", "coordination, testing, infrastructure, domain, foundation"),
        ("deploy 1 a Cargo.toml x", "coordination, testing, infrastructure, domain, foundation"),
        ("update a 1.0.1 Cargo.toml big", "patch, minor, major"),
        ("update a 1.0.1 Cargo.toml patch perhaps", "true or false"),
        ("analytics effect", "effectiveness, effectiveness-by-approval, "),
        ("load dev --format html", "prompt, xml, names"),
        ("load dev --cache sometimes", "auto, always, never"),
    ] {
        let said = project.cfn(args.split(' ')).fails(1);
        assert!(said.contains(words), "{args}: {said}");
    }
    // Old scripts pass an empty text where they have nothing to say.
    project.skill("a", "Text.");
    project.cfn(["deploy", "1", "a", ".claude/skills/a/SKILL.md", "", ""]).ok();
}

#[test]
fn a_command_that_was_looked_for_in_another_place_is_pointed_to() {
    let project = Project::empty();
    for (typed, hint) in [
        ("list", "It is 'cfn skill list'."),
        ("show jwt", "It is 'cfn skill show' or 'cfn log show'."),
        ("history jwt --json", "It is 'cfn skill history'."),
        ("approve jwt --approver me", "It is 'cfn skill approve'."),
        ("skill backup to.db", "It is 'cfn db backup'."),
        ("--db x.db rollback a 1.0.0", "It is 'cfn skill rollback'."),
    ] {
        let said = project.cfn(typed.split(' ')).fails(1);
        assert!(said.contains(hint), "{typed}: {said}");
    }
    let said = project.cfn(["nonsense"]).fails(1);
    assert!(said.contains("unrecognized subcommand 'nonsense'") && !said.contains("It is"), "{said}");
}
