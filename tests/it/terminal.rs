//! What a person at a terminal sees, and a file or a program does not. The terminal is one that `script` of util-linux makes.

use std::process::{Command, Stdio};

use crate::harness::{Project, Ran, binary, cfn_in};
use crate::scene::with_skill;

/// A shell line in a terminal of this width; `$CFN` is cfn. What goes to stdout and to stderr comes out together.
pub(crate) fn on_a_terminal(project: &Project, columns: u16, line: &str) -> Ran {
    // The environment of a test that runs cfn, with the program that makes the terminal in its place.
    let clean = cfn_in(project.path());
    let mut command = Command::new("script");
    for (name, value) in clean.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command.args(["-qec", &format!("stty cols {columns}; {line}"), "/dev/null"]).env("CFN", binary());
    let output = command.current_dir(project.path()).stdin(Stdio::null()).output().expect("script must be installed");
    let mut ran = Ran::from(output);
    ran.stdout = ran.stdout.replace("\r\n", "\n");
    ran
}

/// What is seen of it: without colours.
fn plain(text: &str) -> String {
    let mut pieces = text.split('\u{1b}');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |seen, piece| seen + piece.split_once('m').map_or("", |it| it.1))
}

fn with_a_wide_table() -> Project {
    let project = with_skill("a-name-that-is-about-as-long-as-a-name-of-a-skill-may-be", "domain", "dev");
    let agents: Vec<String> = (0..20).map(|number| format!("agent-type-{number}")).collect();
    project.file("s.md", "Body.");
    project.cfn(["deploy", "1", "other", "s.md", "testing", &agents.join(",")]).ok();
    project
}

#[test]
fn tables_fit_the_terminal_and_are_not_broken_in_a_file() {
    let project = with_a_wide_table();
    for columns in [120, 80, 60] {
        let ran = on_a_terminal(&project, columns, "\"$CFN\" skill list -q");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let widest = plain(&ran.stdout).lines().map(|line| line.chars().count()).max();
        assert!(
            widest.is_some_and(|it| it <= usize::from(columns)) && ran.stdout.lines().count() == 3,
            "{columns}: {ran:?}"
        );
    }
    let list = project.cfn(["skill", "list"]).ok();
    assert_eq!(list.lines().count(), 3, "a line a skill: {list}");
    assert!(list.contains("agent-type-19"), "a file has room for all: {list}");
}

#[test]
fn what_has_no_room_is_left_out_or_cut_and_that_is_said() {
    let project = with_a_wide_table();
    let seen =
        |columns, more: &str| plain(&on_a_terminal(&project, columns, &format!("\"$CFN\" skill list{more}")).stdout);
    let narrow = seen(80, "");
    assert!(!narrow.contains("AGENTS") && narrow.contains("REVIEW"), "{narrow}");
    assert!(narrow.contains("columns dropped: agents, category, level, status; --wide shows all"), "{narrow}");
    assert!(narrow.contains("a-name-that-is-about-as-long-as-a-name-of-a-skill-may-be "), "{narrow}");
    assert!(!seen(80, " -q").contains("dropped"), "it is no part of the answer");
    let wide = seen(80, " --wide");
    assert!(wide.contains("agent-type-19") && !wide.contains('…') && !wide.contains("dropped"), "{wide}");
    // Hashes and numbers are whole or not there.
    let show = seen(60, "; \"$CFN\" skill history other");
    let hash = project.sqlite3("SELECT substr(content_hash, 1, 12) FROM skills WHERE name = 'other'");
    assert!(show.contains(&hash), "{show}");
}

#[test]
fn what_is_longer_than_the_terminal_goes_through_the_pager() {
    let project = with_skill("jwt", "domain", "dev");
    let seen = |rows: u16, line: &str| on_a_terminal(&project, 80, &format!("stty rows {rows}; {line}"));
    let pager = "TERM=xterm PAGER=\"sed 's/^/paged: /'\" \"$CFN\"";
    let long = seen(5, &format!("{pager} skill show jwt"));
    assert!(long.code == Some(0) && long.stdout.lines().all(|it| it.starts_with("paged: ")), "{long:?}");
    for (rows, line) in [
        (50, format!("{pager} skill show jwt")),
        (5, format!("{pager} skill show jwt --json")),
        (5, format!("{pager} skill show jwt | cat")),
        (5, format!("{} skill show jwt", pager.replace("xterm", "dumb"))),
        (5, "TERM=xterm PAGER= \"$CFN\" skill show jwt".to_owned()),
    ] {
        let short = seen(rows, &line);
        assert!(short.stdout.contains("jwt") && !short.stdout.contains("paged: "), "{line}: {short:?}");
    }
    let gone = seen(5, "TERM=xterm PAGER=/no/such/pager \"$CFN\" skill show jwt");
    assert!(
        gone.code == Some(0) && gone.stdout.contains("approved"),
        "a pager that is not there hides nothing: {gone:?}"
    );
    let quit = seen(5, "TERM=xterm PAGER='head -n 1' \"$CFN\" skill show jwt");
    assert_eq!((quit.code, plain(&quit.stdout).lines().count()), (Some(0), 1), "{quit:?}");
}

#[test]
fn states_have_colours_on_a_terminal_alone() {
    let project = with_skill("jwt", "domain", "dev");
    let on = on_a_terminal(&project, 100, "\"$CFN\" skill list").stdout;
    assert!(on.contains("\u{1b}[32mactive\u{1b}[0m") && on.contains("\u{1b}[32mapproved\u{1b}[0m"), "{on:?}");
    project.cfn(["skill", "reject", "jwt", "--approver", "me"]).ok();
    let on = on_a_terminal(&project, 100, "\"$CFN\" skill list").stdout;
    assert!(on.contains("\u{1b}[31mrejected\u{1b}[0m"), "{on:?}");
    assert!(!project.cfn(["skill", "list"]).ok().contains('\u{1b}'));
}

#[test]
fn colours_are_for_terminals_and_for_who_asks() {
    let project = with_skill("jwt", "domain", "dev");
    let colours = |line: &str| on_a_terminal(&project, 80, line).stdout.contains('\u{1b}');
    for command in ["skill show jwt", "skill show nobody", "-v load dev"] {
        assert!(colours(&format!("\"$CFN\" {command}")), "{command}");
        for quiet in [
            format!("NO_COLOR=1 \"$CFN\" {command}"),
            format!("\"$CFN\" {command} --color never"),
            format!("\"$CFN\" {command} 2>&1 | cat"),
        ] {
            assert!(!colours(&quiet), "{quiet}");
        }
        assert!(
            colours(&format!("NO_COLOR=1 \"$CFN\" {command} --color always")),
            "a flag beats the environment: {command}"
        );
    }
    assert!(!colours("\"$CFN\" skill show jwt --json"), "JSON is for programs");
}

#[test]
fn a_bar_shows_how_far_it_is_where_somebody_looks() {
    let project = Project::new();
    project.file("s.md", "Body.");
    // Each look at the file takes 20 ms, so that all take over a second on any machine.
    let slow = "strace -f -qq -o /dev/null -P \"$PWD/s.md\" -e inject=openat,openat2:delay_enter=20000 \"$CFN\"";
    project.sqlite3(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)
         INSERT INTO skills (name, category, content_path, content_hash, version)
           SELECT 'skill-' || i, 'domain', 's.md', printf('%064d', i), '1.0.0' FROM n",
    );
    let ran = on_a_terminal(&project, 80, &format!("{slow} skill verify > /dev/null"));
    assert!(ran.code == Some(7) && ran.stdout.contains("verifying"), "{}", ran.stdout);
    let ran = on_a_terminal(&project, 80, &format!("{slow} -q skill verify > /dev/null"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(7), ""));
    let ran = on_a_terminal(&project, 80, &format!("{slow} skill verify 2>&1 | cat"));
    assert!(!ran.stdout.contains("verifying"), "{}", ran.stdout);
}

#[test]
fn a_terminal_gets_a_page_of_the_list_and_descriptions_where_they_fit() {
    let project = Project::new();
    project.file("s.md", "---\nname: jwt\ndescription: Signs and verifies tokens\n---\nBody.");
    project.cfn("deploy 1 jwt s.md domain dev".split(' ')).ok();
    let seen =
        |columns, line: &str| plain(&on_a_terminal(&project, columns, &format!("\"$CFN\" skill list{line}")).stdout);
    assert!(seen(120, "").contains("Signs and verifies tokens"), "{}", seen(120, ""));
    assert!(!seen(80, "").contains("Signs") && !seen(80, "").contains("dropped"), "{}", seen(80, ""));
    assert!(!seen(120, " | cat").contains("Signs"), "a program gets what it always got");
    project.sqlite3(
        "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 170)
         INSERT INTO skills (name, category, content_path, content_hash, version)
           SELECT 'skill-' || i, 'domain', 's.md', printf('%064d', i), '1.0.0' FROM n",
    );
    let page = seen(100, "");
    assert!(page.contains("skill-148") && !page.contains("skill-149"), "{page}");
    assert!(page.contains("50 skills shown; add '--after skill-148' for the next page"), "{page}");
    assert!(seen(100, " --after skill-148").contains("skill-170"));
    assert!(seen(100, " | cat").contains("skill-170"), "and all of it");
}

#[test]
fn a_warning_or_note_is_one_line_whatever_it_quotes() {
    let project = with_skill("jwt", "domain", "dev");
    let forged = "no\u{1b}[2J\nerror: forged\r\u{202e}";
    for args in [&["run", "--", forged][..], &["agent", "spawn", "dev", "--", forged]] {
        let ran = project.cfn(args.iter().copied());
        assert!(ran.stderr.contains("no\\u{1b}[2J\\nerror: forged\\r\\u{202e}"), "{args:?}: {ran:?}");
        assert!(!ran.stderr.contains(['\u{1b}', '\r', '\u{202e}']), "{args:?}: {ran:?}");
        assert!(!ran.stderr.lines().any(|it| it.starts_with("error: ")), "{args:?}: {ran:?}");
    }
    let long = "n".repeat(100_000);
    let ran = project.cfn(["run", "--", long.as_str()]);
    assert!(ran.stderr.len() < 3000 && ran.stderr.contains("bytes more)"), "{}", ran.stderr.len());
}

#[test]
fn the_text_of_a_file_is_seen_on_a_terminal_and_exact_elsewhere() {
    let project = Project::new();
    let hidden = "\u{1b}[31mred \u{202e}left \u{200b}\u{2028} \u{9b}2J over\rwritten";
    let shown = "\\u{1b}[31mred \\u{202e}left \\u{200b}\\u{2028} \\u{9b}2J over\\rwritten";
    let body = format!("---\nname: odd\ndescription: d\n---\n\tTab.\n{hidden}\n");
    project.file("odd/SKILL.md", &body);
    project.file("odd/more/notes.txt", format!("a\tb\r\n{hidden}\n"));
    project.file("odd/icon.png", b"\x89PNG\0");
    project.cfn("deploy 1 odd odd domain dev".split(' ')).ok();
    let seen = |line: &str| on_a_terminal(&project, 80, &format!("PAGER=cat \"$CFN\" -q {line}"));
    for line in ["skill show odd --content", "skill show odd --file SKILL.md", "load dev", "load dev --no-bootstrap"] {
        let ran = seen(line);
        assert_eq!(ran.code, Some(0), "{line}: {ran:?}");
        assert!(ran.stdout.contains(&format!("\tTab.\n{shown}\n")), "{line}: {ran:?}");
        assert!(
            !ran.stdout.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{2028}', '\u{9b}', '\r']),
            "{line}: {ran:?}"
        );
        let exact = project.cfn(line.split(' ')).ok();
        assert!(exact.contains(&format!("\tTab.\n{hidden}\n")), "{line}: a file gets the exact bytes: {exact}");
    }
    let notes = seen("skill show odd --file more/notes.txt");
    assert_eq!((notes.code, notes.stdout), (Some(0), format!("a\tb\r\n{shown}\n")));
    assert_eq!(project.cfn("skill show odd --file more/notes.txt".split(' ')).ok(), format!("a\tb\r\n{hidden}\n"));
    let document = seen("skill export-yaml");
    assert!(document.code == Some(0) && document.stdout.contains("\\u{202e}left \\u{200b}"), "{document:?}");
    assert!(!document.stdout.contains(['\u{1b}', '\u{202e}', '\u{200b}', '\u{9b}']), "{document:?}");
    assert!(project.cfn("skill export-yaml".split(' ')).ok().contains('\u{202e}'), "a file gets what can be imported");
    let binary = seen("skill show odd --file icon.png");
    assert!(binary.code == Some(1) && binary.stdout.contains("icon.png is not text"), "{binary:?}");
}

#[test]
fn the_labels_of_metrics_are_seen_on_a_terminal() {
    let project = with_skill("jwt", "domain", "dev");
    project.cfn(["log", "jwt", "--agent-id", "a", "--agent-type", "dev"]).ok();
    project.sqlite3("UPDATE skills SET name = 'a' || char(27) || '[2J' || char(8238)");
    let seen = on_a_terminal(&project, 80, "\"$CFN\" metrics");
    assert!(seen.stdout.contains("skill_name=\"a\\u{1b}[2J\\u{202e}\"") && !seen.stdout.contains('\u{1b}'), "{seen:?}");
    assert!(
        project.cfn(["metrics"]).ok().contains("skill_name=\"a\u{1b}[2J\u{202e}\""),
        "a scraper gets the exact name"
    );
}
