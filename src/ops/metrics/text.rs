//! The exposition formats of Prometheus and OpenMetrics.

use std::fmt::Write as _;

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposition {
    /// Prometheus's text format.
    Prometheus,
    /// OpenMetrics.
    OpenMetrics,
}

impl Exposition {
    /// Its name in HTTP.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Labels of a sample.
pub(super) type Labels<'a> = Vec<(&'static str, &'a str)>;

/// A metric with its samples.
#[derive(Debug, Clone)]
pub struct Family {
    name: &'static str,
    help: &'static str,
    kind: Kind,
    /// The samples, each as it is printed after the name.
    samples: Vec<String>,
}

impl Family {
    pub(super) fn new(kind: Kind, name: &'static str, help: &'static str) -> Self {
        Self { name, help, kind, samples: Vec::new() }
    }

    /// The same with a sample.
    pub(super) fn with(mut self, labels: &Labels<'_>, value: f64) -> Self {
        self.add("", labels, value);
        self
    }

    /// Adds a sample; a histogram's has a suffix.
    pub(super) fn add(&mut self, suffix: &str, labels: &Labels<'_>, value: f64) {
        let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        self.samples.push(format!("{suffix}{labels} {value}"));
    }
}

/// Backslashes, quotes and line feeds are all that the formats escape.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

/// The text of metrics. Those without samples are left out.
#[must_use]
pub fn exposed(families: &[Family], format: Exposition) -> String {
    let mut text = String::new();
    for family in families.iter().filter(|it| !it.samples.is_empty()) {
        let (name, kind) = (family.name, kind(family.kind));
        let described = match format {
            // There, a counter is described without the ending of its samples.
            Exposition::OpenMetrics if family.kind == Kind::Counter => name.trim_end_matches("_total"),
            _ => name,
        };
        let _ = writeln!(text, "# HELP {described} {}\n# TYPE {described} {kind}", family.help);
        for sample in &family.samples {
            let _ = writeln!(text, "{name}{sample}");
        }
    }
    if format == Exposition::OpenMetrics {
        text.push_str("# EOF\n");
    }
    text
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
    }
}

#[cfg(test)]
mod tests {
    use super::{Exposition, Family, Kind, exposed};

    #[test]
    fn values_from_outside_cannot_end_a_label_or_a_line() {
        let family = Family::new(Kind::Counter, "a_total", "Some.").with(&vec![("b", "x\"} 1\n\\y")], 2.5);
        let expected = "# HELP a_total Some.\n# TYPE a_total counter\na_total{b=\"x\\\"} 1\\n\\\\y\"} 2.5\n";
        assert_eq!(exposed(std::slice::from_ref(&family), Exposition::Prometheus), expected);
        let expected = "# HELP a Some.\n# TYPE a counter\na_total{b=\"x\\\"} 1\\n\\\\y\"} 2.5\n# EOF\n";
        assert_eq!(exposed(&[family], Exposition::OpenMetrics), expected);
        assert_eq!(exposed(&[Family::new(Kind::Gauge, "b", "None.")], Exposition::Prometheus), "");
    }
}
