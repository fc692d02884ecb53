//! Diagnostics on stderr, on request.

use std::env;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

use super::global::Global;
use super::output::{self, Output};
use crate::model::Visible;

/// Sets up diagnostics on stderr, only on request: it costs start-up time. `--quiet` and `--verbose` override
/// `RUST_LOG`, whose unsupported directives are ignored.
pub(super) fn start(global: &Global, output: Output) {
    let asked = match env::var_os("RUST_LOG").filter(|it| !it.is_empty()) {
        _ if global.quiet => return,
        None if global.verbose == 0 => return,
        None => String::new(),
        Some(value) => value.to_string_lossy().into_owned(),
    };
    let (known, foreign) = directives(&asked);
    let filter: Targets = match global.verbose {
        0 => known,
        1 => [("cfn", LevelFilter::DEBUG)].into_iter().collect(),
        2.. => Targets::new().with_default(LevelFilter::TRACE),
    };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(output::diagnostics_writer)
        .with_ansi(output.colors_stderr())
        .log_internal_errors(false); // it would panic where stderr is full
    tracing_subscriber::registry().with(lines.with_filter(filter)).init();
    for directive in foreign {
        tracing::debug!("ignored {} in RUST_LOG: cfn does not support it", Visible(directive));
    }
}

/// Parses `TARGET=LEVEL`, `TARGET` and `LEVEL`; returns the other directives, such as spans and fields.
fn directives(asked: &str) -> (Targets, Vec<&str>) {
    let (mut known, mut foreign) = (Targets::new(), Vec::new());
    for directive in asked.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        match directive.parse::<Targets>() {
            Ok(parsed) if !directive.contains(['[', ']', '{', '}', '/']) => {
                known = match parsed.default_level() {
                    Some(level) => known.with_default(level),
                    None => known.with_targets(parsed),
                };
            }
            _ => foreign.push(directive),
        }
    }
    (known, foreign)
}
