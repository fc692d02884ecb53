//! The report as Markdown, for the summary of a CI job.

use std::fmt::Write as _;

use super::text::{COMPARED, compared, comparison_remarks, remarks, score, system, verdict};
use crate::bench::suite::SuiteReport;
use crate::cli::bench::table::{FIGURES, figures};
use crate::model::Visible;

pub(super) fn write(report: &SuiteReport) -> String {
    let mut page = format!("## cfn bench: {}\n\n", if report.passed { "passed" } else { "FAILED" });
    let failures = report.failures();
    if !failures.is_empty() {
        list(&mut page, failures);
        page.push('\n');
    }
    let mut header = vec!["operation (ms)"];
    header.extend(FIGURES);
    header.extend(["target", "result", "measured as"]);
    let rows = report.operations.iter().map(|it| {
        let mut row = vec![it.operation.name().to_owned()];
        row.extend(figures(it.figures.as_ref()));
        row.extend([format!("< {}", it.target_ms), verdict(it.passed).to_owned(), it.measured_as.to_owned()]);
        row
    });
    table(&mut page, &header, rows);
    let _ = write!(page, "\n**{}**\n\n", score(report));
    list(&mut page, remarks(report));
    if let Some(baseline) = &report.baseline {
        page += "\n### Comparison with the baseline\n\n";
        let mut header = COMPARED;
        header[4] = "result";
        table(&mut page, &header, compared(baseline));
        page.push('\n');
        list(&mut page, comparison_remarks(baseline));
    }
    if !report.run.about.system.is_empty() {
        page += "\n### System\n\n";
        table(&mut page, &["metric", "measured", "threshold", "result"], system(report));
    }
    page
}

fn table(page: &mut String, header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    *page += &line(header.iter().map(|it| escaped(it)).collect());
    *page += &line(vec!["---".to_owned(); header.len()]);
    for row in rows {
        *page += &line(row.iter().map(|it| escaped(it)).collect());
    }
}

fn list(page: &mut String, lines: Vec<String>) {
    for line in lines {
        let _ = writeln!(page, "* {}", escaped(&line));
    }
}

/// Escapes markup in text from machines and files.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in Visible(text).to_string().chars() {
        match character {
            '<' => escaped += "&lt;",
            '&' => escaped += "&amp;",
            '|' | '*' | '_' | '`' | '[' | ']' | '\\' => escaped.extend(['\\', character]),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{escaped, table};

    #[test]
    fn text_from_outside_is_no_markup() {
        assert_eq!(escaped("a|b <i> & *c* `d` [e](f)\n"), "a\\|b &lt;i> &amp; \\*c\\* \\`d\\` \\[e\\](f)\\\\n");
    }

    #[test]
    fn a_table_has_a_line_for_each_row() {
        let mut page = String::new();
        table(&mut page, &["one", "two"], [vec!["1".to_owned(), "< 2".to_owned()]]);
        assert_eq!(page, "| one | two |\n| --- | --- |\n| 1 | &lt; 2 |\n");
    }
}
