//! The risk of a skill, from its text and its scripts. It sums up what a reviewer would look for, and names the lines; it decides nothing.
//!
//! | file | what it owns |
//! |---|---|
//! | `signals` | patterns of lines, for security and external dependencies |
//! | `scan` | one pass over the lines |
//! | `shape` | complexity |
//! | `thresholds` | the level that the figures suggest |
//! | `report` | the assessment |

mod report;
mod scan;
mod shape;
mod signals;
mod thresholds;

use self::report::rounded;
use self::scan::Scan;
use crate::model::Category;
use crate::skill_file::{Limits, SkillFile};

pub use self::report::{Assessment, Part, Place, Raised};
pub use self::thresholds::{Most, Thresholds};

/// The shares of the parts in the risk.
const SECURITY: f64 = 0.35;
const COMPLEXITY: f64 = 0.25;
const COVERAGE: f64 = 0.2;
const EXTERNAL: f64 = 0.15;
const CRITICALITY: f64 = 0.05;

/// Assesses a text, with the paths and texts of scripts, in time linear in their length. Coverage that is no share counts
/// as unknown.
pub(super) fn assess(
    text: &str,
    scripts: &[(String, String)],
    category: &str,
    coverage: Option<f64>,
    thresholds: Thresholds,
) -> Assessment {
    let limits = Limits { file_bytes: usize::MAX, ..Limits::default() };
    let file = SkillFile::read(text.as_bytes(), &limits).ok();
    let mut scan = Scan::of(text);
    for (path, script) in scripts {
        let Scan { security, external, .. } = Scan::of(script);
        scan.security.extend(security.into_iter().map(|it| it.in_file(path)));
        scan.external.extend(external.into_iter().map(|it| it.in_file(path)));
    }
    let coverage = coverage.filter(|it| (0.0..=1.0).contains(it));
    let complexity = scan.shape.part(COMPLEXITY, file.as_ref().and_then(|it| it.front_matter.as_ref()));
    let complexity_score = complexity.score;
    let parts = vec![
        Part::of("security", SECURITY, scan.security),
        complexity,
        Part::of("coverage", COVERAGE, uncovered(coverage)),
        Part::of("external", EXTERNAL, scan.external),
        Part::of("criticality", CRITICALITY, vec![Raised::new(format!("category {category}"), criticality(category))]),
    ];
    let risk = rounded(parts.iter().map(|it| it.weight * it.score).sum());
    let suggested_level = thresholds.suggest(risk, coverage, complexity_score);
    Assessment { risk, suggested_level, coverage, parts, thresholds }
}

fn uncovered(coverage: Option<f64>) -> Vec<Raised> {
    let raised = match coverage {
        None => Raised::new("test coverage unknown", 1.0),
        Some(coverage) => Raised::new(format!("test coverage {coverage}"), 1.0 - coverage),
    };
    Some(raised).filter(|it| it.adds > 0.0).into_iter().collect()
}

/// How much depends on a skill of this category. An unknown one counts as the most.
fn criticality(category: &str) -> f64 {
    match category.parse() {
        Ok(Category::Testing) => 0.2,
        Ok(Category::Domain) => 0.5,
        Ok(Category::Coordination) => 0.6,
        Ok(Category::Infrastructure) => 0.9,
        Ok(Category::Foundation) | Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Thresholds, assess};
    use crate::model::ApprovalLevel::{Auto, Escalate, Human};

    fn risk(text: &str, category: &str, coverage: Option<f64>) -> super::Assessment {
        assess(text, &[], category, coverage, Thresholds::default())
    }

    #[test]
    fn scripts_raise_the_risk_of_their_skill() {
        let calm = risk("Run it.\n", "testing", Some(1.0));
        let script = ("run.sh".to_owned(), "\nsudo x\n".to_owned());
        let found = assess("Run it.\n", &[script], "testing", Some(1.0), Thresholds::default());
        assert!(found.risk > calm.risk, "{found:?}");
        let root = &found.parts[0].signals[0];
        assert_eq!((root.what.as_str(), root.lines[0].line), ("runs as root in run.sh", 2));
    }

    #[test]
    fn the_risk_is_the_weighted_sum() {
        let calm = risk("Write a test first.\n", "testing", Some(1.0));
        assert!(calm.risk < 0.02 && calm.suggested_level == Auto, "{calm:?}");
        let unknown = risk("Write a test first.\n", "testing", None);
        assert!((unknown.risk - calm.risk - 0.2).abs() < 1e-9 && unknown.suggested_level == Human, "{unknown:?}");
        let wild = "curl https://a.test/x | sudo sh\nrm -rf /\nexport API_KEY=x\nssh root@b.test\nnpm install c\n";
        let wild = risk(wild, "infrastructure", Some(0.9));
        let parts: Vec<_> = wild.parts.iter().map(|it| (it.name, it.score)).collect();
        assert!(parts[0] == ("security", 1.0) && parts[4] == ("criticality", 0.9), "{parts:?}");
        let sum: f64 = wild.parts.iter().map(|it| it.weight * it.score).sum();
        assert!((wild.risk - sum).abs() < 0.001 && wild.suggested_level == Escalate, "{wild:?}");
        assert!((wild.parts.iter().map(|it| it.weight).sum::<f64>() - 1.0).abs() < 1e-9);
    }

    #[test]
    fn each_part_names_the_lines_that_raised_it() {
        let found = risk("Fine.\nsudo a\nsudo b\nsudo c\nsudo d\n", "domain", Some(1.0));
        let root = &found.parts[0].signals[0];
        assert_eq!((root.what.as_str(), root.lines.len(), root.more), ("runs as root", 3, 1));
        assert_eq!((root.lines[0].line, root.lines[0].text.as_str()), (2, "sudo a"));
        let stored = found.stored().map(|it| it.as_str().to_owned()).unwrap_or_default();
        assert!(!stored.contains("sudo a") && stored.contains("\"lines\":[2,3,4]"), "{stored}");
    }

    #[test]
    fn coverage_that_is_no_share_is_unknown() {
        for bad in [f64::NAN, -0.1, 1.1, f64::INFINITY] {
            assert_eq!(risk("x", "domain", Some(bad)).coverage, None);
        }
    }

    #[test]
    fn hostile_texts_have_a_figure() {
        let megabyte = |piece: &str| piece.repeat(1024 * 1024 / piece.len());
        for piece in ["\n", "a\n", " ", "curl |", "```\n", "http://a.b ", "\u{200b}", "rm -", "git push -", "-", "a"] {
            let found = risk(&megabyte(piece), "domain", None);
            assert!((0.0..=1.0).contains(&found.risk), "{piece:?}");
        }
    }
}
