//! Completion by a shell, with the script that cfn prints.

use std::process::Command;

use crate::harness::{Project, Ran, binary, cfn_in};
use crate::scene::deploy;

/// The candidates of bash for the last of these words.
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

/// A shell that finds cfn on its PATH.
fn asking(shell: &mut Command) {
    let folder = binary().parent().expect("a folder").to_owned();
    let path = std::env::join_paths([folder, "/usr/bin".into(), "/bin".into()]).expect("a path");
    shell.env_remove("CFN_SKILLS_DB_PATH").env("XDG_CONFIG_HOME", "/nonexistent").env("PATH", path);
}

#[track_caller]
fn offered(project: &Project, words: &[&str]) -> String {
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", OFFER, "bash", "cfn"]).args(words).current_dir(project.path());
    asking(&mut bash);
    let ran = Ran::from(bash.output().expect("bash runs"));
    assert_eq!(ran.stderr, "", "a shell would show it in the line that is typed");
    let asked = words.last().copied().unwrap_or_default();
    let mut words: Vec<String> = ran.ok().lines().map(str::to_owned).collect();
    // Options may stand everywhere; where none is begun, the others are looked at.
    words.retain(|it| asked.starts_with('-') || !it.starts_with('-'));
    words.sort();
    words.join(" ")
}

#[test]
fn unresolved_edge_cases_are_offered_by_their_ids() {
    let project = project();
    project.cfn(["init"]).ok();
    deploy(&project, "jwt", "About jwt.", &[]);
    deploy(&project, "sql", "About sql.", &[]);
    for (skill, text) in [("jwt", "one"), ("sql", "two"), ("jwt", "three")] {
        project.cfn(["edge-case", "record", skill, "--description", text]).ok();
    }
    project.cfn(["edge-case", "resolve", "1"]).ok();
    assert_eq!(offered(&project, &["edge-case", "show", ""]), "2 3");
    assert_eq!(offered(&project, &["update", "jwt", "file", "--patch", "--resolves", ""]), "3");
}

#[test]
fn commands_that_only_cfn_itself_starts_are_not_offered() {
    let project = project();
    for words in [&["bec"][..], &["help", "bec"], &["agent", "superv"], &["agent", "with"], &["agent", "help", "with"]]
    {
        assert_eq!(offered(&project, words), "", "{words:?}");
    }
    assert_eq!(offered(&project, &["agent", "wav"]), "wave");
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
        assert_eq!(offered(&project, words), "", "{words:?}");
    }
}

/// The answer of cfn to a shell that completes the last of these words.
fn answered(project: &Project, shell: &str, words: &[&str]) -> Ran {
    let mut command = project.command(["--", "cfn"]);
    command.args(words).env("CFN_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.output().expect("cfn runs").into()
}

#[test]
fn other_shells_know_the_same_words() {
    let project = project();
    for shell in ["zsh", "fish", "elvish", "powershell"] {
        assert!(project.cfn(["completions", shell]).ok().contains("CFN_COMPLETE"), "{shell}");
        let answer = answered(&project, shell, &["skill", "list", "--level", "e"]).ok();
        assert!(answer.starts_with("escalate") && !answer.contains("human"), "{shell}: {answer}");
    }
}

#[test]
fn names_are_offered_as_the_database_has_them() {
    let project = project();
    project.cfn(["init"]).ok();
    for (name, agents) in [("jwt", "dev,tester"), ("json-schema", "dev"), ("sql", "dba")] {
        deploy(&project, name, "Text.", &["domain", agents]);
    }
    project.file("new.md", "Other.");
    project.cfn(["update", "jwt", "1.1.0", "new.md", "minor"]).ok();
    project.sqlite3("INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('odd $(id)', 1)");
    for (words, expected) in [
        (&["skill", "show", "j"][..], "json-schema jwt"),
        (&["skill", "approve", ""], "json-schema jwt sql"),
        (&["skill", "review", "j"], "json-schema jwt"),
        (&["skill", "assess", "j"], "json-schema jwt"),
        (&["skill", "assess", "new"], "new.md"),
        (&["update", "s"], "sql"),
        (&["log", "jw"], "jwt"),
        (&["load", "d"], "dba dev"),
        (&["skill", "list", "--agent", ""], "dba dev tester"),
        (&["skill", "list", "--agent=te"], "--agent=tester"),
        (&["log", "jwt", "--agent-type", "t"], "tester"),
        (&["deploy", "1", "x", "new.md", "domain", "dev,d"], "dev,dba dev,dev"),
        (&["init", "--agents", "te"], "tester"),
        (&["skill", "assign", "jwt", "--agent", "dba,te"], "dba,tester"),
        (&["skill", "diff", "jwt", ""], "1.0.0 1.1.0"),
        (&["skill", "deprecate", "jwt", "--replacement", "j"], "json-schema jwt"),
        (&["edge-case", "list", "s"], "sql"),
        (&["edge-case", "record", "jwt", "--severity", "h"], "high"),
        (&["skill", "show", "jwt", "--version", ""], "1.0.0 1.1.0"),
        (&["skill", "rollback", "jwt", "1.0"], "1.0.0"),
        (&["deploy", "1", "jwt", "new.md", "--version", ""], ""),
        (&["--db", "none.db", "skill", "show", "j"], ""),
        (&["--db", "new.md", "skill", "show", "j"], ""),
        (&["--db=postgresql://h/d", "skill", "show", "j"], ""),
    ] {
        assert_eq!(offered(&project, words), expected, "{words:?}");
    }
    // From a folder below, as for the command itself; and nothing where nothing is.
    let below = project.path().join("below");
    std::fs::create_dir(&below).expect("a folder");
    let ask = |folder: &std::path::Path| {
        let mut command = cfn_in(folder);
        command.args(["--", "cfn", "skill", "show", "js"]).env("CFN_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "3");
        Ran::from(command.output().expect("cfn runs"))
    };
    assert_eq!(ask(&below).ok(), "json-schema");
    let empty = Project::empty();
    assert_eq!(ask(empty.path()), Ran { code: Some(0), stdout: String::new(), stderr: String::new() });
    assert_eq!(empty.path().read_dir().expect("a folder").count(), 0, "nothing is made");
}

#[test]
fn whatever_is_asked_nothing_is_said_on_the_terminal() {
    let project = project();
    project.file("cfn.toml", "nonsense");
    for (shell, words) in
        [("bash", &["skill", "show", ""][..]), ("bash", &[]), ("tcsh", &["skill", ""]), ("zsh", &["x", "y"])]
    {
        assert_eq!(answered(&project, shell, words).stderr, "", "{shell} {words:?}");
    }
    // The variable of other programs' completions is none of ours.
    let mut command = project.command(["--version"]);
    assert!(Ran::from(command.env("COMPLETE", "bash").output().expect("cfn runs")).ok().starts_with("cfn "));
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
        ("list", "It is 'cfn skill list' or 'cfn edge-case list'."),
        ("show jwt", "It is 'cfn skill show', 'cfn log show', 'cfn agent show' or 'cfn edge-case show'."),
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

#[test]
fn of_many_names_the_first_are_offered_and_the_last_so_that_a_shell_completes_no_more_than_they_share() {
    let project = project();
    project.cfn(["init"]).ok();
    project.sqlite3(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
         INSERT INTO skills (name, category, content_path, content_hash, version)
           SELECT printf('s-%04d', i), 'testing', 'x', 'h', '1.0.0' FROM n",
    );
    let names = offered(&project, &["skill", "show", "s-"]);
    let names: Vec<&str> = names.split(' ').collect();
    assert_eq!((names.len(), names.first(), names.last()), (501, Some(&"s-0001"), Some(&"s-2000")));
    assert_eq!(offered(&project, &["skill", "show", "s-123"]).split(' ').count(), 10);
}

#[test]
fn files_of_a_skill_are_offered_where_one_of_them_is_named() {
    let project = project();
    project.cfn(["init"]).ok();
    let write = |name: &str| drop(project.file(&format!("pdf/{name}"), name));
    for name in ["SKILL.md", "scripts/run.sh", "scripts/odd name"] {
        write(name);
    }
    project.cfn(["deploy", "1", "pdf", "pdf"]).ok();
    write("scripts/more.sh");
    project.cfn(["update", "pdf", "1.0.1", "pdf"]).ok();
    for (words, expected) in [
        (&["skill", "show", "pdf", "--file", "s"][..], "scripts/more.sh scripts/run.sh"),
        (&["skill", "show", "pdf", "--version", "1.0.0", "--file", "s"], "scripts/run.sh"),
        (&["skill", "diff", "pdf", "1.0.0", "1.0.1", "--file", "scripts/m"], "scripts/more.sh"),
        (&["skill", "purge", "pdf", "--file", ""], "SKILL.md scripts/more.sh scripts/run.sh"),
        (&["skill", "purge", "none", "--file", ""], ""),
    ] {
        assert_eq!(offered(&project, words), expected, "{words:?}");
    }
}
