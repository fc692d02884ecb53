//! `skill review`, with a person who types.

use serde_json::Value;

use crate::harness::Project;
use crate::scene::{deploy, dump, names, skill_text};
use crate::typing::Typist;

const SCREEN: (u16, u16) = (80, 40);
const ASKED: &str = "quit (q)? ";
const REVIEW: &str = "\"$CFN\" skill review --approver me --color never";

/// Four skills that wait for review.
fn waiting() -> Project {
    let project = Project::new();
    for name in ["alpha", "beta", "delta", "gamma"] {
        project.file(&format!("tree/{name}/SKILL.md"), skill_text(name, &format!("{name} waits.\nsudo it")));
    }
    project.cfn(["init", "--from", "tree", "--agents", "dev"]).ok();
    project
}

fn decisions(project: &Project) -> String {
    project.sqlite3(
        "SELECT group_concat(s.name || ' ' || h.decision || ': ' || coalesce(h.reasoning, '') || coalesce(' to ' || h.escalated_to, ''), '; ')
         FROM approval_history h JOIN skills s ON s.id = h.skill_id",
    )
}

#[test]
fn each_key_does_what_it_says_and_is_committed_at_once() {
    let project = waiting();
    project.file("cfn.toml", "[experts]\ndomain = 'ann'\n");
    let mut reviewer = Typist::at(&project, SCREEN, REVIEW);
    let first = reviewer.sees(ASKED);
    assert!(
        first.contains("[1 of 4] alpha 1.0.0") && first.contains("domain, level human, not decided yet"),
        "{first}"
    );
    assert!(first.contains("suggests human") && first.contains("runs as root: line 7: sudo it"), "{first}");
    assert!(first.contains("alpha: nothing → 1.0.0") && first.contains("\n+alpha waits.\n"), "{first}");
    reviewer.types("a");
    assert!(reviewer.sees("[2 of 4] beta").contains("approved alpha 1.0.0"));
    assert_eq!(decisions(&project), "alpha approved:", "before the next answer");
    reviewer.sees(ASKED);
    reviewer.types("r");
    reviewer.sees("reason for the rejection: ");
    reviewer.types("no tesst\u{7f}\u{7f}\u{7f}sts\r");
    reviewer.sees("[3 of 4] delta");
    reviewer.sees(ASKED);
    reviewer.types("e");
    reviewer.sees("what the expert should look at: ");
    reviewer.types("the root part\r");
    assert!(reviewer.sees("[4 of 4] gamma").contains(", to ann"));
    reviewer.sees(ASKED);
    reviewer.types("s");
    let ran = reviewer.ends();
    assert!(ran.code == Some(0) && ran.stdout.ends_with("approved 1, rejected 1, escalated 1, skipped 1\n"), "{ran:?}");
    assert_eq!(decisions(&project), "alpha approved: ; beta rejected: no tests; delta escalated: the root part to ann");
    assert_eq!(names(&project, &["dev"]), ["alpha"]);
    assert_eq!(project.sqlite3("SELECT count(risk_assessment) FROM approval_history"), "3");
}

#[test]
fn what_changed_while_the_question_waited_is_shown_again_and_not_approved() {
    let project = waiting();
    let mut reviewer = Typist::at(&project, SCREEN, &format!("{REVIEW} alpha"));
    reviewer.sees(ASKED);
    project.file("tree/alpha/SKILL.md", skill_text("alpha", "Other bytes."));
    project.cfn(["init", "--from", "tree", "--update"]).ok();
    reviewer.types("a");
    let again = reviewer.sees(ASKED);
    assert!(again.contains("the skill changed while it was shown") && again.contains("+Other bytes."), "{again}");
    assert_eq!(decisions(&project), "");
    assert!(names(&project, &["dev"]).is_empty());
    reviewer.types("a");
    assert_eq!(reviewer.ends().code, Some(0));
    assert!(project.cfn(["load", "dev"]).ok().contains("Other bytes."));
}

#[test]
fn a_decision_that_somebody_else_made_meanwhile_is_not_overruled_unseen() {
    let project = waiting();
    let mut reviewer = Typist::at(&project, SCREEN, &format!("{REVIEW} alpha"));
    reviewer.sees(ASKED);
    project.cfn(["skill", "reject", "alpha", "--approver", "ann", "--reason", "no"]).ok();
    reviewer.types("a");
    let again = reviewer.sees(ASKED);
    assert!(again.contains("was rejected meanwhile") && again.contains("rejected before"), "{again}");
    reviewer.types("q");
    assert!(reviewer.ends().stdout.ends_with("1 skill not looked at\n"));
    assert_eq!(decisions(&project), "alpha rejected: no");
}

#[test]
fn ctrl_c_and_the_end_of_the_input_quit_with_nothing_half_done() {
    for keys in ["\u{3}", "\u{4}", "q", "r\u{3}", "e\u{4}"] {
        let project = waiting();
        let mut reviewer =
            Typist::at(&project, SCREEN, &format!("{REVIEW}; echo \"left with $?\"; stty -a | grep -o ' icanon'"));
        reviewer.sees(ASKED);
        reviewer.types("a");
        reviewer.sees("[2 of 4]");
        reviewer.sees(ASKED);
        for (index, key) in keys.chars().enumerate() {
            if index > 0 {
                reviewer.sees(": ");
            }
            reviewer.types(&key.to_string());
        }
        let ran = reviewer.ends();
        assert!(ran.stdout.contains("3 skills not looked at\nleft with 0\n icanon"), "{keys:?}: {ran:?}");
        assert_eq!(decisions(&project), "alpha approved:");
    }
    let project = waiting();
    let mut reviewer = Typist::at(&project, SCREEN, REVIEW);
    reviewer.sees(ASKED);
    let ran = reviewer.hangs_up();
    assert!(ran.stdout.contains("4 skills not looked at"), "{ran:?}");
    assert_eq!(decisions(&project), "");
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let project = waiting();
    let mut reviewer = Typist::at(&project, SCREEN, REVIEW);
    reviewer.sees(ASKED);
    reviewer.types("aaaa");
    reviewer.sees("[2 of 4]");
    reviewer.sees(ASKED);
    reviewer.types("q");
    let ran = reviewer.ends();
    assert!(ran.stdout.contains("approved 1, rejected 0"), "{ran:?}");
}

#[test]
fn a_reason_that_is_needed_is_asked_for_again() {
    let project = waiting();
    let mut reviewer = Typist::at(&project, SCREEN, &format!("{REVIEW} alpha"));
    for (keys, until) in [("r", ": "), ("\r", ASKED), ("e", ": "), ("\u{1b}", ASKED), ("x", ASKED), ("\u{1b}[A", ASKED)]
    {
        if keys == "r" {
            reviewer.sees(ASKED);
        }
        reviewer.types(keys);
        reviewer.sees(until);
    }
    assert_eq!(decisions(&project), "");
    reviewer.types("s");
    assert_eq!(reviewer.ends().code, Some(0));
}

#[test]
fn a_long_diff_is_cut_and_the_details_have_all() {
    let project = Project::new();
    let lines = |word: &str| (0..200).map(|it| format!("{word} {it}")).collect::<Vec<_>>().join("\n");
    deploy(&project, "jwt", &lines("old"), &["domain", "dev"]);
    deploy(&project, "jwt", &lines("new"), &["domain"]);
    let mut reviewer = Typist::at(&project, SCREEN, &format!("PAGER=\"sed 's/^/paged: /'\" {REVIEW} jwt"));
    let shown = reviewer.sees(ASKED);
    assert!(shown.contains("more lines: details (d)") && !shown.contains("+new 199"), "{shown}");
    assert!(shown.lines().count() <= usize::from(SCREEN.1), "{shown}");
    reviewer.types("d");
    let all = reviewer.sees(ASKED);
    assert!(all.contains("paged: -old 199") && all.contains("paged: +new 199") && all.contains("criticality"), "{all}");
    reviewer.types("q");
    reviewer.ends();
}

#[test]
fn lines_fit_the_terminal_and_colours_are_for_who_wants_them() {
    let project = waiting();
    project.file("tree/long/SKILL.md", skill_text("long", &format!("sudo {}", "word ".repeat(60))));
    project.cfn(["init", "--from", "tree", "--agents", "dev"]).ok();
    for (columns, color) in [(80, "always"), (80, "never"), (120, "always"), (120, "never")] {
        let line = format!("\"$CFN\" skill review long --approver me --color {color}");
        let mut reviewer = Typist::at(&project, (columns, 40), &line);
        let shown = reviewer.sees(ASKED);
        assert_eq!(shown.contains("\u{1b}[32m+"), color == "always", "{shown}");
        assert!(shown.contains("\u{1b}[") == (color == "always"), "{shown}");
        let signal = shown.lines().find(|it| it.contains("runs as root")).expect("the signal");
        assert_eq!(signal.chars().count(), usize::from(columns), "{signal}");
        reviewer.types("q");
        reviewer.ends();
    }
}

#[test]
fn the_report_goes_to_stdout_and_the_conversation_does_not() {
    let project = waiting();
    let before = dump(&project);
    let mut reviewer = Typist::at(&project, SCREEN, &format!("{REVIEW} -q --json --dry-run > report.json"));
    reviewer.sees(ASKED);
    reviewer.types("a");
    reviewer.sees("[2 of 4]");
    reviewer.sees(ASKED);
    reviewer.types("q");
    assert_eq!(reviewer.ends().code, Some(0));
    let json = std::fs::read_to_string(project.path().join("report.json")).expect("a report");
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (&json["decisions"][0]["name"], &json["left"], &json["dry_run"]),
        (&"alpha".into(), &3.into(), &true.into())
    );
    assert_eq!(dump(&project), before);
}

#[test]
fn bytes_that_cannot_be_shown_are_not_decided_about() {
    let project = waiting();
    project.sqlite3("DELETE FROM skill_contents WHERE hash = (SELECT content_hash FROM skills WHERE name = 'alpha')");
    let mut reviewer = Typist::at(&project, SCREEN, &format!("{REVIEW} --category domain --level human"));
    assert!(reviewer.sees("[2 of 4] beta").contains("its bytes are not in the database"));
    reviewer.sees(ASKED);
    reviewer.types("q");
    assert_eq!(reviewer.ends().code, Some(7));
}

#[test]
fn without_a_terminal_the_commands_for_scripts_are_named() {
    let project = waiting();
    let error = project.fails_as(["skill", "review"], 1, "invalid_input");
    let hint = error["hint"].as_str().expect("a hint");
    assert!(hint.contains("approve A B C") && hint.contains("approve --all-pending"), "{hint}");
    project.cfn(["skill", "review", "alpha", "--pending"]).fails(1);
    let ran = Typist::at(&project, SCREEN, &format!("{REVIEW} nobody")).ends();
    assert!(ran.code == Some(4) && ran.stdout.contains("there is no skill named"), "{ran:?}");
    project.cfn(["skill", "approve", "--all-pending", "--approver", "me"]).ok();
    let ran = Typist::at(&project, SCREEN, REVIEW).ends();
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), "no skill waits for review\n"));
}
