//! The options that every command has.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::output::Color;
use crate::settings::CachePolicy;

/// Options of every command.
#[derive(Debug, clap::Args)]
pub(super) struct Global {
    /// Database: a file or a URL [env: CFN_SKILLS_DB_PATH]
    #[arg(long, global = true, value_name = "PATH", help_heading = "Global options")]
    pub(super) db: Option<PathBuf>,
    /// Redis server for the query cache [env: CFN_REDIS_URL]
    #[arg(long, global = true, value_name = "URL", help_heading = "Global options")]
    pub(super) redis_url: Option<OsString>,
    /// Use the cache: auto, always or never [env: CFN_CACHE]
    #[arg(long, global = true, value_name = "WHEN", value_parser = cache_policy(), help_heading = "Global options")]
    pub(super) cache: Option<CachePolicy>,
    /// Print one JSON document
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) json: bool,
    /// Show all columns of tables, however wide
    #[arg(long, global = true, help_heading = "Global options")]
    pub(super) wide: bool,
    /// Print more diagnostics (-vv: even more) [env: RUST_LOG]
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Global options")]
    pub(super) verbose: u8,
    /// Print only errors to stderr
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Global options")]
    pub(super) quiet: bool,
    /// Use colours: auto, always or never [env: NO_COLOR]
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Global options")]
    pub(super) color: Color,
}

fn cache_policy() -> impl TypedValueParser<Value = CachePolicy> {
    PossibleValuesParser::new(["auto", "always", "never"]).try_map(|it| it.parse::<CachePolicy>())
}
