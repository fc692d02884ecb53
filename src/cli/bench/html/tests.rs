use super::parts::{Section, distributed, document, table};

fn section(body: String) -> Section {
    Section { id: "one", title: "One & only".to_owned(), about: "<b>".to_owned(), body }
}

#[test]
fn a_page_loads_and_runs_nothing_and_escapes_what_a_machine_says_of_itself() {
    let evil = "<script>alert(1)</script>\" onload=\"x".to_owned();
    let body = distributed("d", &evil, &[1.0, 2.0], None) + &table("T", &[("a", false)], &[vec![evil.clone()]]);
    let html = document("Title", &[evil], &[section(body)], "2026-01-01 00:00:00");
    for forbidden in ["<script", "http:", "https:", "url(", "@import", "style=", "<img", "<link", "\" onload", "<b>"] {
        assert!(!html.contains(forbidden), "{forbidden}");
    }
    assert!(html.contains("content=\"default-src 'none'; style-src 'sha256-"), "{html}");
    assert!(html.contains("<li><a href=\"#one\">One &amp; only</a></li>"), "{html}");
    assert!(html.contains("<h2>One &amp; only</h2>\n<p class=\"about\">&lt;b&gt;</p>"), "{html}");
}

#[test]
fn nothing_measured_is_no_chart() {
    assert_eq!(distributed("d", "t", &[], Some(30.0)), "");
}
