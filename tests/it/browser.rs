//! Pages in a real browser: Chromium, headless, on the file as a user opens it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::harness::{Project, Ran};

/// The charts of the page of every report over [`busy_project`].
const CHARTS: &[&str] = &[
    "Uses of the most used skills",
    "Uses by day",
    "Mean gain in confidence by skill",
    "Mean gain in confidence by approval level",
    "Uses of the most used skills",
    "Decisions by level and outcome",
    "Waiting for review, in hours",
    "Skills by level and status",
    "Uses by skill and agent type",
    "Cost avoided by skill",
];

/// Chromium's number of each scheme for `--blink-settings=preferredColorScheme`, and the page's background in it.
const SCHEMES: [(&str, u8, &str); 2] = [("dark", 0, "rgb(17, 22, 29)"), ("light", 1, "rgb(246, 247, 249)")];

fn busy_project() -> Project {
    let project = Project::new();
    project.sqlite3(include_str!("browser/usage.sql"));
    project
}

fn page(project: &Project, args: &[&str]) -> PathBuf {
    let path = project.path().join("page.html");
    let said = project.cfn([&["analytics"], args, &["--html", "page.html"]].concat()).ok();
    assert_eq!(said.trim_end(), path.to_string_lossy());
    path
}

/// Opens a file in Chromium with a fresh profile, and ends it if it hangs.
fn chromium(file: &Path, scheme: u8, args: &[&str]) -> Ran {
    let home = TempDir::with_prefix("cfn-chromium-").expect("a temporary folder");
    let mut command = Command::new("timeout");
    command.args(["--kill-after=5", "90", "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]);
    command.args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]);
    command.args(["--disable-dev-shm-usage", "--hide-scrollbars", "--enable-logging=stderr"]);
    command.arg(format!("--user-data-dir={}", home.path().display())).env("HOME", home.path());
    command.arg(format!("--blink-settings=preferredColorScheme={scheme}"));
    let output = command.args(args).arg(format!("file://{}", file.display())).output().expect("timeout runs");
    assert_ne!(output.status.code(), Some(127), "Chromium must be installed (the Debian package is 'chromium')");
    let ran = Ran::from(output);
    assert_eq!(ran.code, Some(0), "Chromium must run: {ran:?}");
    ran
}

/// The console output of the page: a blocked load or style, a syntax error.
fn console(ran: &Ran) -> Vec<&str> {
    ran.stderr.lines().filter(|line| line.contains("CONSOLE")).collect()
}

/// A copy whose policy lets one script of the test run, which writes what it measures into the page.
fn probed(page: &Path, script: &str) -> PathBuf {
    let html = fs::read_to_string(page).expect("a page");
    let allowed = html.replace("default-src 'none';", "default-src 'none'; script-src 'unsafe-inline';");
    assert_ne!(html, allowed);
    let probe = format!("<script>document.documentElement.dataset.probe = JSON.stringify({script})</script></body>");
    let path = page.with_extension("probed.html");
    fs::write(&path, allowed.replace("</body>", &probe)).expect("a page");
    path
}

/// The measurements of a probed page's script.
fn measured(dom: &str) -> serde_json::Value {
    let (_, rest) = dom.split_once("data-probe=\"").unwrap_or_else(|| panic!("no probe in {dom}"));
    let text = rest.split('"').next().unwrap_or_default().replace("&quot;", "\"");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const SCRIPT: &str = "{
  background: getComputedStyle(document.body).backgroundColor,
  charts: [...document.querySelectorAll('svg[role=img]')].map(it => it.querySelector('title').textContent),
  empty: [...document.querySelectorAll('svg[role=img]')].filter(it => {
    const box = it.getBoundingClientRect();
    const drawn = [...it.querySelectorAll('rect:not(.track)')].some(bar => bar.getBoundingClientRect().width > 2);
    return box.width < 200 || box.height < 30 || !drawn;
  }).length,
  collisions: [...document.querySelectorAll('svg[role=img] g')].filter(row => {
    const [label, value] = [...row.querySelectorAll('text')].map(it => it.getBoundingClientRect());
    return label.right > value.left;
  }).length,
  overflow: [...document.querySelectorAll('body *')].filter(it =>
    !it.closest('.scroll') && it.getBoundingClientRect().right > document.body.getBoundingClientRect().right + 1
  ).length,
  width: document.body.offsetWidth,
  loaded: performance.getEntriesByType('resource').length,
}";

#[test]
fn the_page_is_drawn_in_both_schemes_without_an_error() {
    let project = busy_project();
    let page = page(&project, &[]);
    let probe = probed(&page, SCRIPT);
    let mut pictures = Vec::new();
    for (scheme, number, background) in SCHEMES {
        let picture = project.path().join(format!("{scheme}.png"));
        let screenshot = format!("--screenshot={}", picture.display());
        let ran = chromium(&page, number, &["--window-size=1200,2400", &screenshot]);
        assert_eq!(console(&ran), [""; 0], "{scheme}");
        let bytes = fs::read(&picture).expect("a screenshot");
        assert!(bytes.starts_with(b"\x89PNG") && bytes.len() > 50_000, "{scheme}: {} bytes", bytes.len());
        pictures.push(bytes);

        let ran = chromium(&probe, number, &["--window-size=1200,2400", "--dump-dom"]);
        assert_eq!(console(&ran), [""; 0], "{scheme}");
        let found = measured(&ran.stdout);
        assert_eq!(found["charts"], serde_json::json!(CHARTS), "{scheme}");
        assert_eq!(found["background"], background, "{scheme}: the style applies under the page's own policy");
        assert_eq!(found["loaded"], 0, "{scheme}");
        assert_drawn(&found);
    }
    assert_ne!(pictures[0], pictures[1], "the schemes look different");
}

#[test]
fn the_page_fits_a_telephone() {
    let project = busy_project();
    // A window of a desktop browser has a least width over that of a telephone; the body has none.
    let script = format!("(document.body.style.width = '360px', ({SCRIPT}))");
    let probe = probed(&page(&project, &[]), &script);
    let found = measured(&chromium(&probe, 1, &["--window-size=500,800", "--dump-dom"]).stdout);
    assert_eq!(found["width"], 360, "{found}");
    assert_eq!(found["charts"], serde_json::json!(CHARTS), "{found}");
    assert_drawn(&found);
}

/// The charts of each page of `cfn bench`.
const BENCH_PAGES: [(&[&str], &[&str]); 3] = [
    (
        &["--from", "run.json", "--baseline", "run.json", "--no-fail"],
        &[
            "skill deployment",
            "skill loading, cached",
            "skill loading, cold",
            "analytics queries",
            "skill update",
            "dual logging",
            "concurrent operations",
            "Ratio to the baseline",
        ],
    ),
    (
        &["growth", "--skills", "20,60", "--usage-rows", "20", "--runs", "3"],
        &[
            "deploy",
            "update",
            "load",
            "load in a running --batch",
            "analytics overview",
            "list",
            "Size of the database",
            "Memory of a load",
            "deploy",
            "update",
            "load",
            "load in a running --batch",
            "analytics overview",
            "list",
        ],
    ),
    (
        &["compare", "--skills", "20", "--runs", "3"],
        &[
            "deploy: medians",
            "deploy: ratio to cfn",
            "deploy: cfn",
            "deploy: sqlite3, one batch",
            "deploy: sqlite3, a process a statement",
            "update: medians",
            "update: ratio to cfn",
            "update: cfn",
            "update: sqlite3, one batch",
            "update: sqlite3, a process a statement",
        ],
    ),
];

#[test]
fn the_pages_of_bench_are_drawn_in_both_schemes_and_fit_a_telephone() {
    let project = Project::empty();
    let run = ["bench", "--skills", "40", "--usage-rows", "40", "--runs", "8", "--no-fail", "--json"];
    project.file("run.json", project.cfn(run).ok());
    for (args, charts) in BENCH_PAGES {
        project.cfn([&["bench"], args, &["--html", "page.html"]].concat()).ok();
        let page = project.path().join("page.html");
        assert_eq!(console(&chromium(&page, 1, &["--window-size=1200,2400", "--dump-dom"])), [""; 0], "{args:?}");
        for (scheme, number, background) in SCHEMES {
            let ran = chromium(&probed(&page, SCRIPT), number, &["--window-size=1200,2400", "--dump-dom"]);
            assert_eq!(console(&ran), [""; 0], "{scheme}");
            let found = measured(&ran.stdout);
            assert_eq!(found["charts"], serde_json::json!(charts), "{args:?}");
            assert_eq!(found["background"], background, "{scheme}: the style applies under the page's own policy");
            assert_eq!(found["loaded"], 0, "{args:?}");
            assert_drawn(&found);
        }
        let script = format!("(document.body.style.width = '360px', ({SCRIPT}))");
        let found = measured(&chromium(&probed(&page, &script), 1, &["--window-size=500,800", "--dump-dom"]).stdout);
        assert_eq!(found["width"], 360, "{args:?}");
        assert_drawn(&found);
    }
}

#[track_caller]
fn assert_drawn(found: &serde_json::Value) {
    for count in ["empty", "collisions", "overflow"] {
        assert_eq!(found[count], 0, "{count}: {found}");
    }
}

#[test]
fn the_policy_stops_a_script_and_the_console_says_so() {
    let project = Project::new();
    let page = page(&project, &[]);
    let html = fs::read_to_string(&page).expect("a page");
    assert!(!html.contains("<svg"), "an empty log has no charts: {html}");
    let script = "<script>document.documentElement.dataset.probe = 'ran'</script></body>";
    fs::write(&page, html.replace("</body>", script)).expect("a page");
    let ran = chromium(&page, 1, &["--dump-dom"]);
    assert!(!ran.stdout.contains("data-probe"), "{}", ran.stdout);
    assert_eq!(console(&ran).len(), 1, "what the other tests look for is seen: {}", ran.stderr);
}
