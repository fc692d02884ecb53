//! The settings files of a run: the project's overrides the user's.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::file::Unread;
use super::foreign::this_user;
use super::given::Environment;
use super::{BadFile, Foreign, Found, Given, SettingsFile, Source};

/// The settings files of a run, with their errors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Files {
    pub(super) project: Option<SettingsFile>,
    pub(super) user: Option<SettingsFile>,
    /// The first invalid file.
    pub(super) bad: Option<BadFile>,
    /// A file next to a named database that was ignored because it belongs to another user.
    pub(super) passed_over: Option<Foreign>,
}

impl Files {
    /// Reads the user's file.
    pub(super) fn of_user(environment: &Environment) -> Self {
        match user_file(environment).map(SettingsFile::of_user).transpose() {
            Ok(user) => Self { user: user.flatten(), ..Self::default() },
            Err(bad) => Self { bad: Some(bad), ..Self::default() },
        }
    }

    /// Searches for the project and reads its file. Finds nothing if a file on the way is invalid.
    pub(super) fn search(&mut self, current: &Path, home: Option<&Path>) -> Option<Result<Found, Foreign>> {
        match Found::look(current, home) {
            Ok((found, file)) => {
                self.project = file;
                Some(Ok(found))
            }
            Err(Unread::Foreign(foreign)) => Some(Err(foreign)),
            Err(Unread::Bad(bad)) => {
                self.bad = self.bad.take().or(Some(bad));
                None
            }
        }
    }

    /// Reads the file of the project in this folder, unless it belongs to another user.
    pub(super) fn take_project(&mut self, folder: &Path) {
        self.project = None;
        match SettingsFile::of_project(folder, this_user()) {
            Ok(file) => self.project = file,
            Err(Unread::Foreign(foreign)) => self.passed_over = Some(foreign),
            Err(Unread::Bad(bad)) => self.bad = self.bad.take().or(Some(bad)),
        }
    }

    /// Reads the file next to the `.claude` folder that contains a named database, if there is one.
    pub(super) fn take_project_of(&mut self, database: &Path) {
        self.project = None;
        let mut folders = database.ancestors().skip(1);
        if let Some(project) = folders.find(|it| it.file_name() == Some(OsStr::new(".claude"))).and_then(Path::parent) {
            self.take_project(project);
        }
    }

    /// The value of a string setting.
    pub(super) fn text(&self, key: &'static str) -> Option<Given> {
        self.each().find_map(|it| it.text(key))
    }

    /// The same without its source.
    pub(super) fn str(&self, key: &'static str) -> Option<&str> {
        self.each().find_map(|it| it.str(key))
    }

    /// The value of a list setting.
    pub(super) fn texts(&self, key: &'static str) -> Option<(Vec<String>, Source)> {
        self.each().find_map(|it| it.texts(key))
    }

    /// The source of a setting.
    pub(super) fn source(&self, key: &'static str) -> Option<Source> {
        self.each().find_map(|it| it.entry(key)).map(|it| it.1)
    }

    /// The existing files, in order of precedence.
    pub(super) fn each(&self) -> impl Iterator<Item = &SettingsFile> {
        [&self.project, &self.user].into_iter().flatten()
    }
}

/// Path of the user's settings file.
pub(super) fn user_file(environment: &Environment) -> Option<PathBuf> {
    user_folder(environment, "XDG_CONFIG_HOME", ".config").map(|it| it.join("cfn/config.toml"))
}

/// The user's folder for units of systemd.
pub(super) fn unit_folder(environment: &Environment) -> Option<PathBuf> {
    user_folder(environment, "XDG_CONFIG_HOME", ".config").map(|it| it.join("systemd/user"))
}

/// The user's folder for caches.
pub(super) fn cache_folder(environment: &Environment) -> Option<PathBuf> {
    user_folder(environment, "XDG_CACHE_HOME", ".cache")
}

/// The user's folder for what programs note between their runs.
pub(super) fn state_folder(environment: &Environment) -> Option<PathBuf> {
    user_folder(environment, "XDG_STATE_HOME", ".local/state")
}

/// As XDG specifies: a relative path is ignored.
fn user_folder(environment: &Environment, variable: &str, below_home: &str) -> Option<PathBuf> {
    let named = environment.get(variable).map(PathBuf::from).filter(|it| it.is_absolute());
    named.or_else(|| Some(Path::new(environment.get("HOME")?).join(below_home)))
}
