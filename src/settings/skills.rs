//! Settings for skills: limits of their files, and defaults of new ones.

use std::path::PathBuf;

use super::bad::number;
use super::file::expert_key;
use super::files::cache_folder;
use super::{BadSetting, Scope, Settings, Source, without_detours};
use crate::model::{AgentType, Category, FolderLimits, TokenPrice};

/// Default maximum size of a skill file, in bytes.
pub const DEFAULT_CONTENT_BYTES: usize = 1024 * 1024;

impl Settings {
    /// The folder that content files must be in, links resolved; `None` for any folder.
    #[must_use]
    pub fn content_root(&self) -> Option<PathBuf> {
        self.environment.get("CFN_CONTENT_ROOT").map(|root| self.current_folder.join(root))
    }

    /// The folder that skills are materialized in; `None` without a home folder.
    #[must_use]
    pub fn materialize_folder(&self) -> Option<PathBuf> {
        let of_file = || self.files.each().find_map(|it| it.path_setting("materialize_dir"));
        let given = self.environment.given("CFN_MATERIALIZE_DIR").or_else(of_file);
        let usual = || cache_folder(&self.environment).map(|it| it.join("cfn/skills"));
        let named = given.map(|it| self.current_folder.join(it.value));
        named.or_else(usual).map(|it| without_detours(&it))
    }

    /// Maximum size of a skill file, in bytes.
    pub fn content_bytes(&self) -> Result<usize, BadSetting> {
        let bytes = "a number of bytes from 1 to 1000000000";
        let default = DEFAULT_CONTENT_BYTES as u64;
        let number = number(&self.environment, "CFN_MAX_CONTENT_BYTES", default, 1..=1_000_000_000, bytes)?;
        Ok(usize::try_from(number).unwrap_or(DEFAULT_CONTENT_BYTES))
    }

    /// The limits of a skill's folder.
    pub fn folder_limits(&self) -> Result<FolderLimits, BadSetting> {
        Ok(FolderLimits { files: self.folder_files()?, bytes: self.folder_bytes()? })
    }

    /// Maximum number of files in a skill's folder.
    pub(super) fn folder_files(&self) -> Result<usize, BadSetting> {
        let default = FolderLimits::default().files;
        let files = self.folder_limit("CFN_MAX_FOLDER_FILES", "max_folder_files", default as u64)?;
        Ok(usize::try_from(files).unwrap_or(default))
    }

    /// Maximum size of the files in a skill's folder together, in bytes.
    pub(super) fn folder_bytes(&self) -> Result<u64, BadSetting> {
        self.folder_limit("CFN_MAX_FOLDER_BYTES", "max_folder_bytes", FolderLimits::default().bytes)
    }

    fn folder_limit(&self, variable: &'static str, key: &'static str, default: u64) -> Result<u64, BadSetting> {
        let expected = "a number from 1 to 1000000000";
        let of_file = self.files.text(key).filter(|_| self.environment.get(variable).is_none());
        let Some(given) = of_file else {
            return number(&self.environment, variable, default, 1..=1_000_000_000, expected);
        };
        let read = given.value.to_str().and_then(|it| it.parse().ok()).filter(|it| (1..=1_000_000_000).contains(it));
        read.ok_or_else(|| BadSetting::of(given, expected))
    }

    /// The expert who decides about skills of a category that are escalated.
    #[must_use]
    pub fn expert(&self, category: Category) -> Option<&str> {
        self.files.str(expert_key(category))
    }

    /// The experts of all categories that have one.
    #[must_use]
    pub fn experts(&self) -> Vec<(Category, String)> {
        Category::ALL.into_iter().filter_map(|it| Some((it, self.expert(it)?.to_owned()))).collect()
    }

    /// Default agent types of imported skills.
    pub fn agents(&self) -> Result<Vec<AgentType>, BadSetting> {
        let Some((names, origin)) = self.files.texts("agents") else { return Ok(Vec::new()) };
        let value = names.join(",");
        AgentType::list(&value).map_err(|error| {
            let expected = format!("agent types: {error}").into();
            BadSetting { origin, value, expected }
        })
    }

    /// The price of tokens that have no amount of money.
    pub fn token_price(&self) -> Result<TokenPrice, BadSetting> {
        let Some(given) = self.files.text("usd_per_million_tokens") else { return Ok(TokenPrice::default()) };
        let price = given.value.to_string_lossy().parse::<TokenPrice>();
        price.map_err(|_| BadSetting::of(given, "US dollars from 0 to 1000000, with at most nine decimals"))
    }

    /// Default category of imported skills, and the file that sets it.
    pub fn category(&self) -> Result<Option<(Category, Scope)>, BadSetting> {
        let Some(given) = self.files.text("category") else { return Ok(None) };
        let scope = if matches!(given.source, Source::File { scope: Scope::Project, .. }) {
            Scope::Project
        } else {
            Scope::User
        };
        let category = given.value.to_string_lossy().parse::<Category>();
        category.map(|it| Some((it, scope))).map_err(|error| BadSetting::of(given, error.expected))
    }
}
