//! The Redis servers: that of the query cache, and that through which agents coordinate.

use std::ffi::OsString;

use super::bad::{number, text};
use super::{BadSetting, CachePolicy, CacheSettings, RedisAddress, RedisServer, Secret, Settings, Source};

impl Settings {
    /// The policy of the query cache.
    pub fn cache_policy(&self) -> Result<CachePolicy, BadSetting> {
        let given = || self.environment.given("CFN_CACHE").or_else(|| self.files.text("cache"));
        match self.cache_policy.map_or_else(|| Err(given()), Ok) {
            Ok(policy) => Ok(policy),
            Err(None) => Ok(CachePolicy::default()),
            Err(Some(given)) => {
                let parsed = given.value.to_string_lossy().to_lowercase().parse();
                parsed.map_err(|expected: &str| BadSetting::of(given, expected.to_owned()))
            }
        }
    }

    /// The server of the query cache; `None` without one.
    pub fn redis(&self) -> Result<Option<RedisServer>, BadSetting> {
        let url = self.redis_url.as_ref();
        url.map(|it| RedisServer::of(it, &self.environment, &self.current_folder)).transpose()
    }

    /// The cache settings, for a command about the cache.
    pub fn cache(&self) -> Result<CacheSettings, BadSetting> {
        CacheSettings::resolve(self.cache_policy()?, self.redis()?, &self.environment)
    }

    /// The cache settings, for a command that can do without the cache: an invalid environment variable is an error
    /// only with the policy `always`.
    pub fn optional_cache(&self) -> Result<Option<CacheSettings>, BadSetting> {
        if self.redis_url.is_none() || self.cache_policy == Some(CachePolicy::Never) {
            return Ok(None);
        }
        let policy = self.cache_policy()?;
        match self.cache() {
            _ if policy == CachePolicy::Never => Ok(None),
            Err(error) if policy == CachePolicy::Auto && !matches!(error.origin, Source::Flag(_)) => Ok(None),
            outcome => outcome.map(Some),
        }
    }

    /// The server through which agents coordinate: that of the query cache, else the one that the fleet's programs name;
    /// `None` without one.
    pub fn coordination_server(&self) -> Result<Option<RedisServer>, BadSetting> {
        match self.redis()? {
            Some(server) => Ok(Some(server)),
            None if self.without_redis => Ok(None),
            None => self.named_by_host(),
        }
    }

    /// The variables by which cfn itself, started by this process in another folder, finds the same server.
    #[must_use]
    pub fn redis_for_children(&self) -> Vec<(&'static str, OsString)> {
        match &self.redis_url {
            Some(url) => vec![("CFN_REDIS_URL", url.value.clone())],
            None if self.without_redis => ["CFN_REDIS_URL", "CFN_REDIS_HOST"].map(|it| (it, OsString::new())).into(),
            None => Vec::new(),
        }
    }

    fn named_by_host(&self) -> Result<Option<RedisServer>, BadSetting> {
        let Some(host) = text(&self.environment, "CFN_REDIS_HOST")? else { return Ok(None) };
        let port = number(&self.environment, "CFN_REDIS_PORT", 6379, 1..=65_535, "a port from 1 to 65535")?;
        let password = text(&self.environment, "CFN_REDIS_PASSWORD")?;
        Ok(Some(RedisServer {
            address: RedisAddress::Tcp { host, port: u16::try_from(port).unwrap_or_default(), tls: false },
            user: None,
            password: password.map(Secret::from),
            database: 0,
            root_certificates: None,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use crate::settings::{Flags, Settings};

    fn server(flag: Option<&str>, environment: &[(&str, &str)]) -> Result<Option<String>, String> {
        let look_up = |name: &str| environment.iter().find(|it| it.0 == name).map(|it| OsString::from(it.1));
        let flags = Flags { redis_url: flag.map(OsString::from), ..Flags::default() };
        let found = Settings::resolve(&flags, &look_up, Path::new("/here")).coordination_server();
        found
            .map(|it| it.map(|it| format!("{it} {}", it.password.as_ref().map_or("-", |it| it.reveal()))))
            .map_err(|it| it.to_string())
    }

    #[test]
    fn a_url_comes_before_a_host() {
        let host = [("CFN_REDIS_HOST", "h"), ("CFN_REDIS_PORT", "7000"), ("CFN_REDIS_PASSWORD", "p")];
        let url = [host.as_slice(), &[("CFN_REDIS_URL", "redis://u/3")]].concat();
        assert_eq!(server(None, &[]), Ok(None));
        assert_eq!(server(None, &host[..1]), Ok(Some("h:6379/0 -".to_owned())));
        assert_eq!(server(None, &host), Ok(Some("h:7000/0 p".to_owned())));
        assert_eq!(server(None, &url), Ok(Some("u:6379/3 -".to_owned())));
        assert_eq!(server(Some("redis://f"), &url), Ok(Some("f:6379/0 -".to_owned())));
        assert_eq!(server(Some(""), &url), Ok(None), "an empty flag disables it");
        assert_eq!(server(None, &host[1..]), Ok(None), "a port alone names no server");
        let wrong = server(None, &[host[0], ("CFN_REDIS_PORT", "0"), host[2]]);
        assert!(wrong.is_err_and(|it| it.contains("CFN_REDIS_PORT is \"0\"")));
    }
}
