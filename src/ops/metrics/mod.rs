//! Metrics for Prometheus: figures of the database, counters of all commands, and the text that a scrape reads.
//!
//! | file | what it owns |
//! |---|---|
//! | `counters` | what is counted, and its bytes |
//! | `file` | the file beside the database that commands add their counts to |
//! | `figures` | figures of the database |
//! | `families` | all metrics, with their names and labels |
//! | `text` | the exposition formats |
//! | `rules.yml`, `dashboard.json` | alert rules for Prometheus, and a dashboard for Grafana |

mod counters;
mod families;
mod figures;
mod file;
mod text;

pub use self::counters::{Counted, QueryType};
pub use self::families::{RedisFigures, families};
pub use self::figures::{DatabaseFigures, figures};
pub use self::file::{CounterFile, Switched};
pub use self::text::{Exposition, Family, exposed};

/// Alert rules for Prometheus.
pub const RULES: &str = include_str!("rules.yml");

/// A dashboard for Grafana.
pub const DASHBOARD: &str = include_str!("dashboard.json");
