//! Lists the settings with their sources, for `cfn config`.

use std::path::{Path, PathBuf};

use super::file::expert_key;
use super::files::user_file;
use super::{
    BadSetting, CachePolicy, CacheSettings, ExpiringKeys, Queued, Settings, SettingsFile, Source, Synchronous,
};
use crate::model::Category;

/// A setting with its source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// Name of its long flag; of its variable if it has no flag.
    pub name: &'static str,
    /// The value without secrets; `None` if there is none.
    pub value: Result<Option<String>, BadSetting>,
    /// The source.
    pub source: Source,
}

impl Settings {
    /// All settings, including invalid ones.
    #[must_use]
    pub fn explained(&self) -> Vec<Explained> {
        [self.of_files(), self.of_the_database(), self.of_services(), self.of_agents()].concat()
    }

    fn of_agents(&self) -> Vec<Explained> {
        vec![
            self.variable("CFN_MAX_PARALLEL_AGENTS", self.parallel_agents().map(|it| it.map(|it| it.to_string()))),
            self.variable("CFN_MEMORY_BUDGET", self.memory_budget().map(|it| it.map(|it| it.to_string()))),
        ]
    }

    /// The limits of the query cache, without its server.
    fn cache_times(&self) -> Result<CacheSettings, BadSetting> {
        CacheSettings::resolve(CachePolicy::default(), None, &self.environment)
    }

    /// Path of the user's settings file, which may not exist.
    #[must_use]
    pub fn user_file(&self) -> Option<PathBuf> {
        user_file(&self.environment)
    }

    /// The settings files that were read.
    pub fn files_read(&self) -> impl Iterator<Item = &Path> {
        self.files.each().map(SettingsFile::path)
    }

    /// The settings that a file may contain.
    fn of_files(&self) -> Vec<Explained> {
        let one = |name, value, source| Explained { name, value, source };
        let redis_source = self.redis_url.as_ref().map_or(Source::Default, |it| it.source.clone());
        let cache_source = match self.cache_policy {
            Some(_) => Source::Flag("--cache"),
            None => self.source_of(Some("CFN_CACHE"), "cache"),
        };
        let agents = self.agents().map(|it| it.iter().map(ToString::to_string).collect::<Vec<_>>().join(","));
        let expert =
            |it| one(expert_key(it), Ok(self.expert(it).map(str::to_owned)), self.source_of(None, expert_key(it)));
        let files = self.folder_files().map(|it| Some(it.to_string()));
        let bytes = self.folder_bytes().map(|it| Some(it.to_string()));
        let settings = vec![
            one("db", self.database().map(|it| Some(it.to_string())), self.database.source.clone()),
            one("redis_url", self.redis().map(|it| it.map(|it| it.to_string())), redis_source),
            one("cache", self.cache_policy().map(|it| Some(it.as_str().to_owned())), cache_source),
            one(
                "materialize_dir",
                Ok(self.materialize_folder().map(|it| it.to_string_lossy().into_owned())),
                self.source_of(Some("CFN_MATERIALIZE_DIR"), "materialize_dir"),
            ),
            one(
                "expire_keys",
                self.expiring_keys().map(|it| Some(shown(&it)).filter(|it| !it.is_empty())),
                self.source_of(None, "expire_keys"),
            ),
            one("approver", self.approver(None), self.source_of(Some("CFN_APPROVER"), "approver")),
            one("agents", agents.map(|it| Some(it).filter(|it| !it.is_empty())), self.source_of(None, "agents")),
            one(
                "usd_per_million_tokens",
                self.token_price().map(|it| Some(it.to_string())),
                self.source_of(None, "usd_per_million_tokens"),
            ),
            one("max_folder_files", files, self.source_of(Some("CFN_MAX_FOLDER_FILES"), "max_folder_files")),
            one("max_folder_bytes", bytes, self.source_of(Some("CFN_MAX_FOLDER_BYTES"), "max_folder_bytes")),
            one("category", self.category().map(|it| it.map(|it| it.0.to_string())), self.source_of(None, "category")),
        ];
        settings.into_iter().chain(Category::ALL.map(expert)).collect()
    }

    fn of_the_database(&self) -> Vec<Explained> {
        let root = self.content_root().map(|it| it.to_string_lossy().into_owned());
        let synchronous = |it| match it {
            Synchronous::Full => "full".to_owned(),
            Synchronous::Normal => "normal".to_owned(),
        };
        vec![
            self.variable("CFN_CONTENT_ROOT", Ok(root)),
            self.variable("CFN_MAX_CONTENT_BYTES", self.content_bytes().map(|it| Some(it.to_string()))),
            self.variable("CFN_BUSY_TIMEOUT_MS", self.busy_timeout().map(|it| Some(it.as_millis().to_string()))),
            self.variable("CFN_READ_URLS", self.replicas_shown()),
            self.variable("CFN_READ_WAIT_MS", self.read_wait().map(|it| Some(it.as_millis().to_string()))),
            self.variable("CFN_FOLLOW_SECONDS", self.follow_pause().map(|it| Some(it.as_secs().to_string()))),
            self.variable("CFN_MAX_STALENESS", self.max_staleness_shown()),
            self.variable("CFN_SYNCHRONOUS", self.synchronous().map(|it| it.map(synchronous))),
            self.variable("ENABLE_AGENT_NOTIFICATIONS", self.notify_agents().map(|it| Some(it.to_string()))),
        ]
    }

    fn of_services(&self) -> Vec<Explained> {
        let cache = |read: fn(CacheSettings) -> u128| self.cache_times().map(|it| Some(read(it).to_string()));
        let queued = self.queued().map(|it| Some(if it == Queued::Everything { "true" } else { "false" }.to_owned()));
        vec![
            self.variable("CFN_REDIS_BUDGET_MS", cache(|it| it.budget.as_millis())),
            self.variable("CFN_CACHE_TTL_READS", cache(|it| u128::from(it.ttl_reads.as_secs()))),
            self.variable("CFN_CACHE_TTL_ANALYTICS", cache(|it| u128::from(it.ttl_analytics.as_secs()))),
            self.variable("CFN_REDIS_HOST", self.coordination_server().map(|it| it.map(|it| it.to_string()))),
            self.variable("CFN_POSTGRES_URL", self.workflow_server().map(|it| Some(it.to_string()))),
            self.variable("ENABLE_PHASE4_LOGGING", queued),
            self.variable("CFN_SYNC_BUDGET_MS", self.sync_budget().map(|it| Some(it.as_millis().to_string()))),
        ]
    }

    fn variable(&self, name: &'static str, value: Result<Option<String>, BadSetting>) -> Explained {
        let source = self.environment.get(name).map_or(Source::Default, |_| Source::Variable(name));
        Explained { name, value, source }
    }

    fn source_of(&self, variable: Option<&'static str>, key: &'static str) -> Source {
        let variable = variable.filter(|it| self.environment.get(it).is_some()).map(Source::Variable);
        variable.or_else(|| self.files.source(key)).unwrap_or(Source::Default)
    }
}

/// The keys as they are written in a file.
fn shown(keys: &[ExpiringKeys]) -> String {
    let each = keys.iter().map(|it| {
        let seconds = it.seconds.map_or_else(String::new, |seconds| format!("={seconds}"));
        format!("{}{seconds}", it.pattern.trim_end_matches('*'))
    });
    each.collect::<Vec<_>>().join(",")
}
