//! `cfn init --from`: which of the files that claim a name gets it.

use serde_json::Value;

use crate::harness::Project;
use crate::init::counts;
use crate::scene::skill_text;

fn import(project: &Project, more: &[&str]) -> Value {
    let mut args = vec!["init", "--from", "tree", "--json"];
    args.extend(more);
    project.cfn(args).json()
}

/// Name and path of every skill, by name.
fn skills(project: &Project) -> String {
    project.sqlite3("SELECT name || ' ' || substr(content_path, 6) FROM skills ORDER BY name")
}

/// Kind and path of what was refused.
fn refused(report: &Value) -> Vec<(String, String)> {
    let entries = report["refused"].as_array().expect("a list");
    let text = |it: &Value, field: &str| it[field].as_str().unwrap_or_default().to_owned();
    entries.iter().map(|it| (text(it, "kind"), text(it, "path"))).collect()
}

/// Files at these paths, all of which claim the name `x`, each with bytes of its own.
fn claims(paths: &[&str]) -> Project {
    let project = Project::empty();
    for path in paths {
        project.file(&format!("tree/{path}/SKILL.md"), skill_text("x", path));
    }
    project
}

#[test]
fn the_best_claim_wins_in_a_fresh_database_and_in_one_that_is_there() {
    for (paths, winner) in [
        (&["a", "x", "x-co"][..], "x"),
        (&["a/deeper/x", "b"], "a/deeper/x"),
        (&[".kiro/skills/x", "plugins/more/skills/x"], "plugins/more/skills/x"),
        (&["backups/x", "skills/of/us/x"], "skills/of/us/x"),
        (&["archive/2024/x", "current/and/main/x"], "current/and/main/x"),
        (&["docs/ja-JP/skills/x", "skills/x", "docs/zh-CN/skills/x"], "skills/x"),
        (&["i18n/zh/x", "longer/path/to/x"], "longer/path/to/x"),
        (&["examples/x", "skills/group/x"], "skills/group/x"),
        (&["templates/x", "skills/group/x"], "skills/group/x"),
        (&["a/b/c/x", "a/b/x", "z/x"], "z/x"),
        (&["b/x", "a/x", "c/x"], "a/x"),
        (&["other-a", "other-b"], "other-a"),
    ] {
        for fresh in [true, false] {
            let project = claims(paths);
            if !fresh {
                project.cfn(["init"]).ok();
            }
            let report = import(&project, &[]);
            assert_eq!(skills(&project), format!("x {winner}/SKILL.md"), "{paths:?} {fresh}");
            assert_eq!(counts(&report)[..2], [paths.len() as u64, 1], "{report}");
            for entry in report["refused"].as_array().expect("a list") {
                let reason = entry["reason"].as_str().unwrap_or_default();
                assert!(reason.contains(&format!("as {winner}/SKILL.md, which wins because ")), "{reason}");
                assert_eq!(entry["kind"], "same_name");
            }
            project.assert_whole();
        }
    }
}

#[test]
fn a_file_with_front_matter_of_its_own_wins_against_a_fragment() {
    let project = Project::empty();
    project.file("tree/flavours/y/SKILL.md", "A fragment.\n");
    project.file("tree/skills/group/y/SKILL.md", skill_text("y", "Whole."));
    import(&project, &[]);
    assert_eq!(skills(&project), "y skills/group/y/SKILL.md");
}

#[test]
fn a_squatter_never_takes_a_name_over() {
    let project = claims(&["bird"]);
    project.file("tree/bird/SKILL.md", skill_text("bird", "Real."));
    import(&project, &["--approve-as", "lead", "--agents", "dev"]);
    // Its path is shorter and sorts first; only its folder's name is another one.
    project.file("tree/aa/SKILL.md", skill_text("bird", "Squatter."));
    for more in [&[][..], &["--update"], &["--update", "--from-any"], &["--approve-as", "lead"]] {
        let report = import(&project, more);
        assert_eq!(refused(&report), [("same_name".to_owned(), "aa/SKILL.md".to_owned())], "{more:?}");
        let loaded = project.cfn(["load", "dev"]).ok();
        assert!(loaded.contains("Real.") && !loaded.contains("Squatter."), "{more:?}: {loaded}");
    }
}

#[test]
fn the_file_that_the_skill_came_from_keeps_the_name_against_a_better_claim() {
    let project = claims(&["origin"]);
    import(&project, &[]);
    project.file("tree/x/SKILL.md", skill_text("x", "Better."));
    project.file("tree/origin/SKILL.md", skill_text("x", "Second."));
    let report = import(&project, &["--update"]);
    assert_eq!(refused(&report), [("same_name".to_owned(), "x/SKILL.md".to_owned())], "{report}");
    let reason = report["refused"][0]["reason"].as_str().expect("a reason");
    assert!(reason.ends_with("as origin/SKILL.md, which wins because the skill came from it"), "{reason}");
    assert_eq!(project.cfn(["skill", "show", "x", "--content"]).ok(), skill_text("x", "Second."));
}

#[test]
fn copies_are_counted_and_not_refused() {
    let project = Project::empty();
    for path in ["x", "docs/x", ".cursor/skills/x", "mirror/of/x"] {
        project.file(&format!("tree/{path}/SKILL.md"), skill_text("x", "The same."));
    }
    project.file("tree/y/SKILL.md", skill_text("y", "Y."));
    project.file("tree/other/SKILL.md", skill_text("y", "Y."));
    for (imported, unchanged) in [(2, 0), (0, 2)] {
        let ran = project.cfn(["init", "--from", "tree", "--strict"]);
        let line = format!(
            "6 files found: {imported} imported, {unchanged} unchanged, 0 updated, 0 changed, 0 refused, 4 copies"
        );
        assert!(ran.clone().ok().lines().any(|it| it == line), "{ran:?}");
    }
    assert_eq!(skills(&project), "x x/SKILL.md\ny y/SKILL.md");
}

#[test]
fn names_that_differ_in_case_only_are_refused_and_the_rest_goes_on() {
    let project = Project::empty();
    project.file("tree/foo/SKILL.md", skill_text("foo", "Lower."));
    project.file("tree/other/SKILL.md", skill_text("FOO", "Upper."));
    project.file("tree/rest/SKILL.md", skill_text("rest", "Rest."));
    let report = import(&project, &[]);
    assert_eq!(refused(&report), [("case_twin".to_owned(), "other/SKILL.md".to_owned())]);
    let reason = report["refused"][0]["reason"].as_str().expect("a reason");
    assert_eq!(reason, "its name \"FOO\" differs only in case from \"foo\", the name of foo/SKILL.md");
    project.file("tree/Rest/SKILL.md", skill_text("Rest", "Twin of the folder."));
    std::fs::remove_dir_all(project.path().join("tree/rest")).expect("removed");
    let report = import(&project, &["--update", "--from-any"]);
    let kinds: Vec<_> = refused(&report).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["case_twin", "case_twin"], "{report}");
    assert!(report["refused"][0]["reason"].as_str().is_some_and(|it| it.contains("\"rest\"")), "{report}");
    assert_eq!(skills(&project), "foo foo/SKILL.md\nrest rest/SKILL.md");
}

#[test]
fn twins_that_are_in_the_database_stay_usable() {
    let project = claims(&["x"]);
    project.cfn(["init"]).ok();
    import(&project, &[]);
    project.file("tree/second/SKILL.md", skill_text("X", "Upper."));
    let other = "INSERT INTO skills (name, category, content_path, content_hash, version)
         VALUES ('X', 'domain', 'tree/second/SKILL.md', 'none', '1.0.0')";
    project.sqlite3(other);
    let report = import(&project, &["--update"]);
    assert_eq!(counts(&report), [2, 0, 1, 1, 0, 0, 1], "{report}");
    assert_eq!(project.cfn(["skill", "show", "X", "--content"]).ok(), skill_text("X", "Upper."));
}

#[test]
fn with_namespace_every_claim_is_imported_under_the_name_of_its_collection() {
    let project = claims(&["one/skills/x", "Two__Tools/x", ".three/a/x", "x"]);
    project.file("tree/one/skills/only/SKILL.md", skill_text("only", "No other claims this name."));
    let report = import(&project, &["--namespace"]);
    assert_eq!(counts(&report)[..2], [5, 5], "{report}");
    let names = "one-x one/skills/x/SKILL.md\nonly one/skills/only/SKILL.md\nthree-x .three/a/x/SKILL.md\n\
                 tree-x x/SKILL.md\ntwo-tools-x Two__Tools/x/SKILL.md";
    assert_eq!(skills(&project), names);
    let said = report["warnings"].as_array().expect("a list").iter().filter_map(|it| it["reason"].as_str());
    assert_eq!(said.filter(|it| it.contains("it declares the name \"x\" and is imported as ")).count(), 4, "{report}");
    let again = import(&project, &["--namespace"]);
    assert_eq!(counts(&again), [5, 0, 5, 0, 0, 0, 0], "{again}");
}

#[test]
fn with_namespace_a_name_of_another_source_is_left_alone() {
    let project = Project::empty();
    project.file("mine/plan/SKILL.md", skill_text("plan", "Mine."));
    project.file("tree/zzz/SKILL.md", skill_text("plan", "Theirs."));
    project.cfn(["init", "--from", "mine"]).ok();
    let report = import(&project, &["--namespace"]);
    assert_eq!(counts(&report)[..2], [1, 1], "{report}");
    assert_eq!(project.sqlite3("SELECT name FROM skills ORDER BY name"), "plan\ntree-plan");
    assert_eq!(project.cfn(["skill", "show", "plan", "--content"]).ok(), skill_text("plan", "Mine."));
}

#[test]
fn with_namespace_two_claims_of_one_collection_have_one_winner() {
    let project = claims(&["one/skills/x", "one/docs/x", "two/x"]);
    let long = "l".repeat(60);
    for folder in ["first-pack/a", "second-pack/b"] {
        project.file(&format!("tree/{folder}/SKILL.md"), skill_text(&long, folder));
    }
    let report = import(&project, &["--namespace"]);
    assert_eq!(skills(&project), "one-x one/skills/x/SKILL.md\ntwo-x two/x/SKILL.md");
    let paths: Vec<_> = refused(&report).into_iter().map(|(_, path)| path).collect();
    assert_eq!(paths, ["first-pack/a/SKILL.md", "one/docs/x/SKILL.md", "second-pack/b/SKILL.md"]);
    assert!(report["refused"][0]["reason"].as_str().is_some_and(|it| it.contains("at most 64")), "{report}");
}
