//! Settings of the query cache.

mod server;
mod url;

use std::borrow::Cow;
use std::path::Path;
use std::str::FromStr;
use std::time::Duration;

pub use self::server::{RedisAddress, RedisServer};
use super::bad::number;
use super::given::Environment;
use super::{BadSetting, Given};

/// The environment variables of the cache and its server.
pub(super) const VARIABLES: [&str; 9] = [
    "CFN_CACHE",
    "CFN_REDIS_URL",
    "CFN_REDIS_HOST",
    "CFN_REDIS_PORT",
    "CFN_REDIS_PASSWORD",
    "CFN_REDIS_BUDGET_MS",
    "CFN_CACHE_TTL_READS",
    "CFN_CACHE_TTL_ANALYTICS",
    "SSL_CERT_FILE",
];

/// Default time to live of answers. It only reclaims memory, since entries never become stale.
const TTL_READS_S: u64 = 3600;

/// Default time to live of reports.
const TTL_ANALYTICS_S: u64 = 300;

/// Default of the maximum time that a command spends on Redis.
const BUDGET_MS: u64 = 50;

/// Maximum values, each with its description in errors.
const LONGEST_BUDGET: (u64, &str) = (60_000, "a number of milliseconds from 1 to 60000");
const LONGEST_TTL: (u64, &str) = (366 * 24 * 3600, "a number of seconds from 1 to 31622400");

/// When to use the query cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CachePolicy {
    /// Where it saves time on this machine.
    #[default]
    Auto,
    /// For every query that can be cached.
    Always,
    /// For no query.
    Never,
}

/// The settings of the query cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSettings {
    /// When to use it.
    pub policy: CachePolicy,
    /// The server; `None` without one.
    pub server: Option<RedisServer>,
    /// Maximum time that a short command spends on it.
    pub budget: Duration,
    /// Time to live of the answers of `load`, `list`, `show` and `history`.
    pub ttl_reads: Duration,
    /// Time to live of reports.
    pub ttl_analytics: Duration,
}

impl CachePolicy {
    /// The word on the command line.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Always => "always",
            Self::Never => "never",
        }
    }
}

impl FromStr for CachePolicy {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "auto" => Ok(Self::Auto),
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => Err("auto, always or never"),
        }
    }
}

impl CacheSettings {
    /// The defaults, with a server.
    #[must_use]
    pub fn of(server: RedisServer) -> Self {
        Self {
            policy: CachePolicy::default(),
            server: Some(server),
            budget: Duration::from_millis(BUDGET_MS),
            ttl_reads: Duration::from_secs(TTL_READS_S),
            ttl_analytics: Duration::from_secs(TTL_ANALYTICS_S),
        }
    }

    pub(super) fn resolve(
        policy: CachePolicy,
        server: Option<RedisServer>,
        environment: &Environment,
    ) -> Result<Self, BadSetting> {
        let within = |name, default, (most, expected)| number(environment, name, default, 1..=most, expected);
        Ok(Self {
            policy,
            server,
            budget: Duration::from_millis(within("CFN_REDIS_BUDGET_MS", BUDGET_MS, LONGEST_BUDGET)?),
            ttl_reads: Duration::from_secs(within("CFN_CACHE_TTL_READS", TTL_READS_S, LONGEST_TTL)?),
            ttl_analytics: Duration::from_secs(within("CFN_CACHE_TTL_ANALYTICS", TTL_ANALYTICS_S, LONGEST_TTL)?),
        })
    }
}

impl RedisServer {
    /// Errors never show the URL itself: it may contain a password.
    pub(super) fn of(url: &Given, environment: &Environment, current_folder: &Path) -> Result<Self, BadSetting> {
        let hidden = |expected| BadSetting::hidden(url.source.clone(), expected);
        let text = url.value.to_str().ok_or_else(|| hidden(Cow::Borrowed("UTF-8 text")))?;
        let mut server = url::parse(text, current_folder).map_err(hidden)?;
        server.root_certificates = environment.get("SSL_CERT_FILE").map(|it| current_folder.join(it));
        Ok(server)
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;
    use std::time::Duration;

    use super::{CachePolicy, CacheSettings};
    use crate::settings::{Flags, Settings};

    fn resolve(
        flags: (Option<&str>, Option<CachePolicy>),
        environment: &[(&str, &str)],
    ) -> Result<CacheSettings, String> {
        let look_up = |name: &str| environment.iter().find(|it| it.0 == name).map(|it| OsString::from(it.1));
        let flags = Flags { redis_url: flags.0.map(OsString::from), cache: flags.1, db: None };
        Settings::resolve(&flags, &look_up, Path::new("/here")).cache().map_err(|it| it.to_string())
    }

    #[test]
    fn flags_override_the_environment_which_overrides_defaults() {
        let server =
            |flag, environment: &[_]| resolve((flag, None), environment).map(|it| it.server.map(|it| it.to_string()));
        let variable = ("CFN_REDIS_URL", "redis://one:1/1");
        assert_eq!(server(None, &[]), Ok(None));
        assert_eq!(server(None, &[variable]), Ok(Some("one:1/1".to_owned())));
        assert_eq!(server(Some("redis://two"), &[variable]), Ok(Some("two:6379/0".to_owned())));
        assert_eq!(server(Some(""), &[variable]), Ok(None), "an empty flag disables it");
        let policy = |flag, environment: &[_]| resolve((None, flag), environment).map(|it| it.policy);
        assert_eq!(policy(None, &[]), Ok(CachePolicy::Auto));
        assert_eq!(policy(None, &[("CFN_CACHE", "Never")]), Ok(CachePolicy::Never));
        assert_eq!(policy(Some(CachePolicy::Always), &[("CFN_CACHE", "never")]), Ok(CachePolicy::Always));
        let ttl = |environment: &[_]| resolve((None, None), environment).map(|it| (it.ttl_reads, it.ttl_analytics));
        assert_eq!(ttl(&[]), Ok((Duration::from_secs(3600), Duration::from_secs(300))));
        let both = [("CFN_CACHE_TTL_READS", "60"), ("CFN_CACHE_TTL_ANALYTICS", "5")];
        assert_eq!(ttl(&both), Ok((Duration::from_secs(60), Duration::from_secs(5))));
    }

    #[test]
    fn an_invalid_value_names_its_source_but_no_secret() {
        for (name, value) in [
            ("CFN_CACHE", "sometimes"),
            ("CFN_REDIS_BUDGET_MS", "0"),
            ("CFN_CACHE_TTL_READS", "0"),
            ("CFN_CACHE_TTL_READS", "99999999999"),
            ("CFN_CACHE_TTL_ANALYTICS", "soon"),
        ] {
            let message = resolve((None, None), &[(name, value)]);
            assert!(message.as_ref().is_err_and(|it| it.contains(name) && it.contains(value)), "{message:?}");
        }
        let bad = "http://u:hunter2@h";
        let message = resolve((None, None), &[("CFN_REDIS_URL", bad)]);
        assert!(message.as_ref().is_err_and(|it| it.contains("CFN_REDIS_URL") && !it.contains("hunter2")));
        let message = resolve((Some(bad), None), &[("CFN_REDIS_URL", "redis://fine")]);
        assert!(message.as_ref().is_err_and(|it| it.contains("--redis-url") && !it.contains("hunter2")));
        let found = resolve((Some("redis://u:hunter2@h"), None), &[]);
        assert!(found.as_ref().is_ok_and(|it| it.server.is_some()));
        assert!(!format!("{found:?}").contains("hunter2"));
        let shown = found.ok().and_then(|it| it.server).map(|it| it.to_string());
        assert_eq!(shown.as_deref(), Some("h:6379/0"));
    }
}
