//! `cfn analytics --html` as a file, and the line of uses by day in text.

use std::fs;

use crate::harness::Project;

/// Two skills, one with markup in its name, three days.
fn small_project() -> Project {
    let project = Project::new();
    project.sqlite3(
        "INSERT INTO skills (id, name, category, content_path, content_hash, version, approval_level) VALUES
           (1, 'api-design', 'domain', 'x', 'x', '1.0.0', 'auto'), (2, '<b>bold</b>', 'domain', 'x', 'x', '1.0.0', 'auto');
         INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at, execution_time_ms, confidence_before,
             confidence_after, approval_level, tokens_avoided, cost_avoided_usd) VALUES
           ('a1', 'tester', 1, '2026-01-01 10:00:00', 120, 0.5, 0.75, 'auto', 1200, 1.5),
           ('a1', 'tester', 1, '2026-01-03 10:00:00', 80, 0.5, 0.5, 'auto', 300, 0.25),
           ('a2', 'reviewer', 2, '2026-01-03 11:00:00', 40, 0.75, 0.5, 'auto', NULL, NULL)",
    );
    project
}

#[test]
fn a_page_of_one_report() {
    let project = small_project();
    project.cfn(["analytics", "effectiveness", "--html", "page.html"]).ok();
    let html = fs::read_to_string(project.path().join("page.html")).expect("a page");
    // The style is a file of its own, and its hash changes with it.
    let cut = |html: &str, from: &str, to: &str| {
        let (before, rest) = html.split_once(from).expect("the start");
        let (_, after) = rest.split_once(to).expect("the end");
        format!("{before}{from}…{to}{after}")
    };
    let html = cut(&html, "<style>", "</style>");
    let html = cut(&html, "sha256-", "'");
    let html = cut(&html, "Written by cfn on ", " UTC");
    insta::assert_snapshot!(cut(&html, "content=\"cfn ", "\""));
}

#[test]
fn without_a_report_the_page_has_all_reports() {
    let project = small_project();
    let answer = project.cfn(["--json", "analytics", "--html", "page.html"]).json();
    let html = fs::read_to_string(project.path().join("page.html")).expect("a page");
    let reports = answer["reports"].as_array().expect("reports");
    assert_eq!(reports.len(), 10, "{answer}");
    for report in reports {
        assert!(html.contains(&format!("<section id={report}>")), "{report}");
    }
    assert_eq!(answer["path"], project.path().join("page.html").to_string_lossy().as_ref());
    assert!(html.contains("<p>The whole usage log</p>"));
}

#[test]
fn a_page_shows_its_filters() {
    let project = small_project();
    let args =
        ["analytics", "usage", "--until", "2026-01-02", "--agent", "tester", "--limit", "3", "--html", "page.html"];
    project.cfn(args).ok();
    let html = fs::read_to_string(project.path().join("page.html")).expect("a page");
    for text in ["Up to 2026-01-02 (UTC)", "only agent type tester.", "Only the first 3 rows"] {
        assert!(html.contains(text), "{text}");
    }
}

#[test]
fn a_link_is_replaced_by_a_page_and_its_target_is_kept() {
    let project = small_project();
    project.file("precious", "precious");
    let run = "bench --skills 40 --usage-rows 0 --runs 8 --no-fail --samples samples.jsonl --html bench.html";
    let commands = [
        ("page.html", "analytics --html page.html"),
        ("one.html", "analytics usage --html one.html"),
        ("samples.jsonl", run),
        ("bench.html", "bench --from samples.jsonl --no-fail --html bench.html"),
    ];
    for (name, command) in commands {
        let place = project.path().join(name);
        let _ = fs::remove_file(&place); // the run wrote a page, too
        std::os::unix::fs::symlink("precious", &place).expect("a link");
        project.cfn(command.split(' ')).ok();
        assert!(fs::symlink_metadata(&place).expect("a file").is_file(), "{command}");
        assert_eq!(fs::read_to_string(project.path().join("precious")).expect("a file"), "precious", "{command}");
        assert!(fs::metadata(&place).expect("a file").len() > 1000, "{command}");
    }
}

#[test]
fn a_page_that_cannot_be_written_is_an_error_and_leaves_no_files() {
    let project = small_project();
    for place in ["missing/page.html", ".", "/dev/null"] {
        project.fails_as(["analytics", "--html", place], 2, "page_unwritable");
    }
    project.cfn(["analytics", "--csv", "--html", "page.html"]).fails(1);
    project.cfn(["analytics", "check", "--html", "page.html"]).fails(1);
    let names: Vec<_> = fs::read_dir(project.path()).expect("a folder").flatten().map(|it| it.file_name()).collect();
    assert_eq!(names, [".claude"]);
}

#[test]
fn text_shows_uses_by_day_as_one_line_and_json_as_rows() {
    let project = small_project();
    let text = project.cfn(["analytics"]).ok();
    assert!(text.contains("uses by day\n▄·█  2026-01-01 to 2026-01-03, at most 2 uses on 2026-01-03\n"), "{text}");
    for args in [&["analytics", "--json"][..], &["analytics", "--csv", "--table", "uses-by-day"]] {
        let answer = project.cfn(args).ok();
        assert!(answer.contains("2026-01-03") && !answer.contains('█'), "{answer}");
    }
}
