//! Metrics for Prometheus: figures of the database, counters of all commands, and the text that a scrape reads.
//!
//! | file | what it owns |
//! |---|---|
//! | `counters` | what is counted, and its bytes |
//! | `file` | the file beside the database that commands add their counts to |
//! | `figures` | figures of the database |
//! | `agents` | the metrics of agents |
//! | `families` | all metrics, with their names and labels |
//! | `text` | the exposition formats |
//! | `top` | what happens now |
//! | `rules.yml`, `dashboard.json` | alert rules for Prometheus, and a dashboard for Grafana |

mod agents;
mod counters;
mod families;
mod figures;
mod file;
mod text;
mod top;

pub use self::agents::{AgentFigures, RunningAgents};
pub use self::counters::{Counted, CountedCommand};
pub use self::families::{RedisFigures, families};
pub use self::figures::{DatabaseFigures, figures};
pub use self::file::{CounterFile, OpenCounters, Switched};
pub use self::text::{Exposition, Family, exposed};
pub use self::top::{AgentsNow, CacheRates, CommandRates, Look, Rate, TopReport, top};

/// Alert rules for Prometheus.
pub const RULES: &str = include_str!("rules.yml");

/// A dashboard for Grafana.
pub const DASHBOARD: &str = include_str!("dashboard.json");
