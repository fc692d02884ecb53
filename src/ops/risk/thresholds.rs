//! From which risk on which review is suggested: the defaults, and what a criteria template of the category says instead.

use serde::Serialize;
use serde_json::Value;

use crate::model::{ApprovalLevel, StoredJson};

/// The thresholds of a category.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Thresholds {
    /// What passes these needs no review.
    pub auto: Most,
    /// What passes these needs an expert's review.
    pub escalate: Most,
    /// From this risk on, at least an expert's review is suggested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escalate_from: Option<f64>,
    /// From this risk on, a person's review is suggested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub human_from: Option<f64>,
}

/// What a level takes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Most {
    /// The highest risk.
    pub risk_score_max: f64,
    /// The lowest coverage.
    pub test_coverage_min: f64,
    /// The highest complexity.
    pub complexity_max: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            auto: Most { risk_score_max: 0.3, test_coverage_min: 0.95, complexity_max: 0.3 },
            escalate: Most { risk_score_max: 0.6, test_coverage_min: 0.85, complexity_max: 1.0 },
            escalate_from: None,
            human_from: None,
        }
    }
}

impl Thresholds {
    /// The defaults with what templates say instead. Invalid values, and criteria that are not about figures, count as
    /// absent: other programs write templates too.
    pub(in crate::ops) fn of(templates: &[(ApprovalLevel, StoredJson)]) -> Self {
        let mut thresholds = Self::default();
        for (level, criteria) in templates {
            let Ok(criteria) = criteria.read::<Value>() else { continue };
            let from = share(&criteria, "risk_score_min");
            match level {
                ApprovalLevel::Auto => thresholds.auto.take(&criteria),
                ApprovalLevel::Escalate => {
                    thresholds.escalate.take(&criteria);
                    thresholds.escalate_from = from;
                }
                ApprovalLevel::Human => thresholds.human_from = from,
            }
        }
        thresholds
    }

    /// The level for these figures.
    pub(super) fn suggest(&self, risk: f64, coverage: Option<f64>, complexity: f64) -> ApprovalLevel {
        let reached = |from: Option<f64>| from.is_some_and(|it| risk >= it);
        let passes = |most: Most| most.admits(risk, coverage.unwrap_or_default(), complexity);
        if reached(self.human_from) {
            ApprovalLevel::Human
        } else if passes(self.auto) && !reached(self.escalate_from) {
            ApprovalLevel::Auto
        } else if passes(self.escalate) {
            ApprovalLevel::Escalate
        } else {
            ApprovalLevel::Human
        }
    }
}

impl Most {
    fn admits(self, risk: f64, coverage: f64, complexity: f64) -> bool {
        risk <= self.risk_score_max && coverage >= self.test_coverage_min && complexity <= self.complexity_max
    }

    fn take(&mut self, criteria: &Value) {
        let set = |field: &mut f64, key| *field = share(criteria, key).unwrap_or(*field);
        set(&mut self.risk_score_max, "risk_score_max");
        set(&mut self.test_coverage_min, "test_coverage_min");
        set(&mut self.complexity_max, "complexity_max");
    }
}

/// A number from 0 to 1, or the old scripts' word for one.
fn share(criteria: &Value, key: &str) -> Option<f64> {
    let value = criteria.get(key)?;
    let word = |it: &str| [("low", 0.3), ("medium", 0.6), ("high", 1.0)].into_iter().find(|(word, _)| *word == it);
    let number = value.as_f64().or_else(|| word(value.as_str()?).map(|it| it.1));
    number.filter(|it| (0.0..=1.0).contains(it))
}

#[cfg(test)]
mod tests {
    use super::Thresholds;
    use crate::model::ApprovalLevel::{self, Auto, Escalate, Human};

    fn of(templates: &[(ApprovalLevel, &str)]) -> Thresholds {
        let templates: Vec<_> = templates.iter().map(|(level, text)| (*level, (*text).to_owned().into())).collect();
        Thresholds::of(&templates)
    }

    #[test]
    fn the_defaults_have_their_borders_inside() {
        let defaults = Thresholds::default();
        for (risk, coverage, complexity, level) in [
            (0.3, 0.95, 0.3, Auto),
            (0.301, 0.95, 0.3, Escalate),
            (0.3, 0.949, 0.3, Escalate),
            (0.3, 0.95, 0.301, Escalate),
            (0.6, 0.85, 1.0, Escalate),
            (0.601, 1.0, 0.0, Human),
            (0.0, 0.849, 0.0, Human),
        ] {
            assert_eq!(defaults.suggest(risk, Some(coverage), complexity), level, "{risk} {coverage} {complexity}");
        }
        assert_eq!(defaults.suggest(0.0, None, 0.0), Human, "unknown coverage is none");
    }

    #[test]
    fn templates_override_what_they_name() {
        let own = of(&[(Auto, r#"{"risk_score_max":0.1}"#), (Human, r#"{"risk_score_min":0.5}"#)]);
        assert_eq!(own.suggest(0.2, Some(1.0), 0.1), Escalate);
        assert_eq!(own.suggest(0.1, Some(0.95), 0.1), Auto);
        assert_eq!(own.suggest(0.5, Some(1.0), 0.1), Human);
        let old = of(&[
            (Auto, r#"{"risk_score_max":0.25,"complexity_max":"low","external_dependencies":false}"#),
            (Escalate, r#"{"risk_score_min":0.2,"requires_expert_validation":true}"#),
        ]);
        assert_eq!(old.suggest(0.19, Some(1.0), 0.3), Auto);
        assert_eq!(old.suggest(0.2, Some(1.0), 0.3), Escalate);
    }

    #[test]
    fn what_is_no_threshold_changes_nothing() {
        for text in [
            "no JSON",
            "[]",
            "3",
            r#"{"risk_score_max":"much"}"#,
            r#"{"risk_score_max":7}"#,
            r#"{"risk_score_max":-1}"#,
        ] {
            assert_eq!(of(&[(Auto, text), (Escalate, text), (Human, text)]), Thresholds::default(), "{text}");
        }
    }
}
