//! No option is ignored in silence: one that cannot do anything is refused, or a note says so.

use crate::scene::{deploy, dump, path_of, with_skill};

/// The pairs of options themselves are in `cli::typed::requirements`.
#[test]
fn an_option_without_the_option_it_belongs_to_is_refused_whatever_else_is_given() {
    let project = with_skill("jwt", "domain", "dev");
    project.skill("new", "Other.");
    project.cfn(["skill", "add", &path_of("new"), "--name", "sql"]).ok();
    let (before, path) = (dump(&project), path_of("new"));
    for line in [
        "skill approve sql --category testing",
        "skill approve sql --level auto",
        "skill approve --skill sql --level auto",
        "skill approve --skill sql --decision approved --category domain",
        "update jwt 1.0.1 PATH --approval-level human",
        "update jwt 1.0.1 PATH --tags x",
        "update jwt 1.0.1 PATH --version 7.0.0",
        "update jwt PATH --patch --recalculate-hash",
        "update --skill jwt --patch --tags x",
        "export out --all --prune --strict",
        "export out --all --check --context-window 5",
        "export out --all --dry-run --strict",
        "load dev --strict --format names",
        "load dev --context-window 5 --max-tokens 9",
        "load dev --budget claude --task-id t",
        "load --batch --strict",
        "load --batch --context-window 5",
        "analytics usage --json --table nope",
        "analytics usage --html p.html --table nope",
        "skill lint --strict --threshold 0.9",
        "metrics --listen 127.0.0.1:0 --watch 5",
        "metrics --enable --watch 5",
    ] {
        let words = line.split(' ').map(|it| if it == "PATH" { path.as_str() } else { it });
        let error = project.cfn(words).fails(1);
        assert!(error.contains("cannot be used with"), "{line}: {error}");
    }
    assert_eq!(dump(&project), before);
    assert!(!project.path().join("out").exists() && !project.path().join("p.html").exists());
}

#[test]
fn the_options_still_work_with_those_they_belong_to() {
    let project = with_skill("jwt", "domain", "dev");
    project.skill("new", "Other.");
    project.cfn(["skill", "add", &path_of("new"), "--name", "sql"]).ok();
    for line in [
        "skill approve --all-pending --category testing",
        "skill approve --all-pending --level human --approver ann",
        "update --skill jwt --tags x,y",
        "export out --all --client claude --strict --context-window 200000",
        "load dev --budget claude --strict --context-window 200000",
        "load dev --agent-id a --task-id t --format names",
        "skill lint --confusable --threshold 0.9",
    ] {
        project.cfn(line.split(' ')).ok();
    }
}

#[test]
fn opposite_options_are_refused() {
    let project = with_skill("jwt", "testing", "dev");
    let before = dump(&project);
    for line in [
        "skill assign jwt --agent dev --required --optional",
        "skill assign jwt --agent dev --optional --required",
        "skill assign jwt --agent dev --enable --disable",
        "skill promote --list --approve",
        "skill promote --list --approver ann",
        "skill promote --check-stale --approve --reason r",
    ] {
        let error = project.cfn(line.split(' ')).fails(1);
        assert!(error.contains("cannot be used with"), "{line}: {error}");
    }
    assert_eq!(dump(&project), before);
}

#[test]
fn flags_of_mappings_need_an_agent_type() {
    let project = with_skill("jwt", "testing", "dev,qa");
    project.skill("new", "Other.");
    let (before, mapped, new) = (dump(&project), path_of("jwt"), path_of("new"));
    for (name, path) in [("jwt", &mapped), ("jwt", &new), ("new", &new)] {
        for agents in [&[][..], &["testing"], &["testing", ""], &["", " , "]] {
            for flags in [&["--priority", "2"][..], &["--required"], &["--context", "q"], &["--phase", "p"]] {
                let start = ["deploy", "1", name, path];
                let error = project.cfn(start.iter().chain(agents).chain(flags)).fails(1);
                assert!(error.contains(flags[0]) && error.contains("no agent type"), "{error}");
            }
        }
    }
    let all = ["deploy", "1", "jwt", &mapped, "--phase", "p", "--required", "--dry-run"];
    let error = project.fails_as(all, 1, "invalid_arguments");
    assert_eq!(error["message"], "--required, --phase: no agent type is named whose mapping to set");
    assert!(error["hint"].as_str().is_some_and(|it| it.contains("cfn skill assign jwt --agent")), "{error}");
    assert_eq!(dump(&project), before);
    project.cfn(["deploy", "1", "jwt", &mapped, "", "", "--phase", "", "--context", ""]).ok();
    project.cfn(["deploy", "1", "jwt", &mapped, "", "dev", "--priority", "2"]).ok();
    let mappings = "SELECT group_concat(agent_type || priority, ' ') FROM agent_skill_mappings";
    assert_eq!(project.sqlite3(mappings), "dev2 qa5");
}

#[test]
fn a_reason_needs_a_decision() {
    let project = with_skill("jwt", "domain", "dev");
    project.skill("new", "Other.");
    let error = project.cfn(["init", "--from", ".claude/skills", "--reason", "read"]).fails(1);
    assert!(error.contains("--approve-as"), "{error}");
    project.cfn(["init", "--from", ".claude/skills", "--reason", "read", "--approve-as", "ann"]).ok();
    let error = project.cfn(["skill", "approve", "jwt", "--override-rejection"]).fails(1);
    assert!(error.contains("--reason"), "{error}");
    let again = |more: &[&str]| {
        let path = path_of("jwt");
        project.cfn(["deploy", "1", "jwt", &path].iter().chain(more))
    };
    let said = "note: these bytes are approved already";
    for more in [&["--approver", "carol"][..], &["--reason", "again"]] {
        let ran = again(more);
        assert!(ran.code == Some(0) && ran.stderr.contains(said), "{ran:?}");
    }
    assert!(!again(&[]).stderr.contains(said));
    project.skill("jwt", "Changed.");
    assert!(!again(&["--approver", "carol"]).stderr.contains(said), "new bytes are decided about");
}

#[test]
fn the_category_of_an_assessment_is_about_files() {
    let project = with_skill("jwt", "domain", "dev");
    let error = project.cfn(["skill", "assess", "jwt", "--category", "testing"]).fails(1);
    assert!(error.contains("--category is about files"), "{error}");
    project.cfn(["skill", "assess", &path_of("jwt"), "--category", "testing"]).ok();
    project.cfn(["skill", "assess", "jwt", &path_of("jwt"), "--category", "testing"]).ok();
}

#[test]
fn a_report_says_which_options_do_not_apply_to_it() {
    let project = with_skill("jwt", "domain", "dev");
    deploy(&project, "sql", "Other.", &["testing", "dev"]);
    for (line, said) in [
        ("velocity --agent x --days 3", "--agent does not apply to velocity"),
        ("approval-efficiency --agent x", "--agent does not apply to approval-efficiency"),
        ("bottlenecks --since 2026-01-01 --agent x", "--since, --agent does not apply to bottlenecks"),
        ("by-approval --days 3", "--days does not apply to by-approval"),
        ("usage --usd-per-million-tokens 3", "--usd-per-million-tokens does not apply to usage"),
    ] {
        let ran = project.cfn("analytics".split(' ').chain(line.split(' ')));
        assert!(ran.code == Some(0) && ran.stderr.contains(said), "{line}: {ran:?}");
    }
    for line in ["usage --agent dev --days 3", "cost --usd-per-million-tokens 3", "velocity --days 3 --category domain"]
    {
        let ran = project.cfn("analytics".split(' ').chain(line.split(' ')));
        assert!(ran.code == Some(0) && !ran.stderr.contains("apply"), "{line}: {ran:?}");
    }
    let without = project.cfn(["analytics", "by-approval", "--json"]).json();
    assert_eq!(project.cfn(["analytics", "by-approval", "--json", "--days", "3"]).json(), without, "no dates either");
    for option in ["--days 3", "--since 2026-01-01", "--agent x", "--category domain", "--limit 3"] {
        for report in ["check", "rebuild"] {
            let error = project.cfn(["analytics", report].into_iter().chain(option.split(' '))).fails(1);
            assert!(error.contains(option.split(' ').next().unwrap_or_default()), "{report} {option}: {error}");
        }
    }
}

#[test]
fn an_empty_agent_id_logs_nothing_and_says_so() {
    let project = with_skill("jwt", "testing", "dev");
    for agent in ["", " "] {
        let ran = project.cfn(["load", "dev", "--agent-id", agent]);
        let said = "warning: --agent-id is empty: no usage row is logged";
        assert!(ran.code == Some(0) && ran.stderr.contains(said), "{ran:?}");
    }
}
