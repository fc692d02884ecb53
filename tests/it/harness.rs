//! A project in a temporary folder, and cfn run in it as its user would.

use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// What a program answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The answer of a run that did what it was asked.
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{self:?}");
        self.stdout
    }

    /// The message of a run that ended with this code, with nothing on stdout.
    #[track_caller]
    pub fn fails(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{self:?}");
        assert!(!self.stderr.contains("panicked"), "{self:?}");
        self.stderr
    }

    /// The kind of error that a run with `--json` ended with; notes may stand before it.
    pub fn kind(&self) -> Option<String> {
        let error: serde_json::Value = serde_json::from_str(self.stderr.lines().last()?).ok()?;
        error["kind"].as_str().map(str::to_owned)
    }

    /// The error of a run with `--json` that ended with this code and this kind of error.
    #[track_caller]
    pub fn fails_as(self, code: i32, kind: &str) -> serde_json::Value {
        let stderr = self.fails(code);
        let error: serde_json::Value =
            serde_json::from_str(&stderr).unwrap_or_else(|error| panic!("{error}: {stderr}"));
        assert_eq!((&error["code"], &error["kind"]), (&code.into(), &kind.into()), "{error}");
        error
    }

    /// The answer as JSON.
    #[track_caller]
    pub fn json(self) -> serde_json::Value {
        let text = self.ok();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// The program under test.
pub fn binary() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_cfn"))
}

/// Starts a program that is to end with the tests, under `setpriv --pdeathsig`. To the kernel, "parent" means the thread that
/// starts it: this one stays when that of the test has ended.
pub fn start_from_a_thread_that_stays(mut command: Command) -> std::io::Result<std::process::Child> {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        sender.send(command.spawn()).expect("somebody listens");
        loop {
            std::thread::park();
        }
    });
    receiver.recv().expect("an answer")
}

/// Makes a file that can be executed at once. Another process writes it: one that this process starts meanwhile, for another test, would keep
/// the file open for writing, and nobody could execute it.
pub fn install(program: &Path, to: &Path) {
    let status = Command::new("install").args(["-m", "755"]).args([program, to]).status().expect("install runs");
    assert!(status.success(), "{}", to.display());
}

/// The variables that cfn reads.
const READ: &str = "CFN_SKILLS_DB_PATH CFN_CONTENT_ROOT CFN_MATERIALIZE_DIR CFN_MAX_CONTENT_BYTES CFN_MAX_FOLDER_FILES \
    CFN_MAX_FOLDER_BYTES CFN_BUSY_TIMEOUT_MS CFN_SYNCHRONOUS CFN_MAX_PARALLEL_AGENTS CFN_MEMORY_BUDGET CFN_READ_URLS \
    CFN_READ_WAIT_MS CFN_FOLLOW_SECONDS CFN_MAX_STALENESS CFN_APPROVER ENABLE_AGENT_NOTIFICATIONS \
    ENABLE_PHASE4_LOGGING CFN_POSTGRES_URL CFN_SYNC_BUDGET_MS PHASE4_POSTGRES_HOST PHASE4_POSTGRES_PORT \
    PHASE4_POSTGRES_DB PHASE4_POSTGRES_USER PHASE4_POSTGRES_PASS PGUSER PGPASSWORD PGPASSFILE PGSSLMODE \
    PGSSLROOTCERT NO_COLOR CFN_REDIS_URL CFN_REDIS_HOST CFN_REDIS_PORT CFN_REDIS_PASSWORD CFN_REDIS_BUDGET_MS \
    CFN_CACHE CFN_CACHE_TTL_READS CFN_CACHE_TTL_ANALYTICS SSL_CERT_FILE RUST_LOG";

/// cfn without anything of the caller's environment that it reads.
pub fn cfn_in(folder: &Path) -> Command {
    let mut command = Command::new(binary());
    for name in READ.split_whitespace() {
        command.env_remove(name);
    }
    // Its content is addressed by its hash, so that all tests share it.
    command.env("XDG_CACHE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/cache"));
    command.env("XDG_CONFIG_HOME", "/nonexistent").current_dir(folder).stdin(Stdio::null());
    command
}

/// The same command, ended by SIGINT whatever the tests themselves were started with: what a shell runs in the background ignores it,
/// and so does what that starts.
pub fn interruptible(command: &Command) -> Command {
    through_env(command, "--default-signal=INT,QUIT,HUP")
}

/// The same command as `nohup` and a shell's `&` start it.
pub fn in_the_background(command: &Command) -> Command {
    through_env(command, "--ignore-signal=INT,QUIT,HUP")
}

fn through_env(command: &Command, option: &str) -> Command {
    let mut changed = Command::new("env");
    changed.arg(option).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => changed.env(name, value),
            None => changed.env_remove(name),
        };
    }
    command.get_current_dir().map(|folder| changed.current_dir(folder));
    changed
}

/// A folder with a project in it; gone when dropped.
#[derive(Debug)]
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Self {
        Self { folder: TempDir::with_prefix("cfn-test-").expect("a temporary folder") }
    }

    /// A folder with a fresh database.
    pub fn new() -> Self {
        let project = Self::empty();
        project.cfn(["init"]).ok();
        project
    }

    /// A copy of a folder.
    pub fn copy_of(source: &Path) -> Self {
        let project = Self::empty();
        let status = Command::new("cp").arg("-rT").arg(source).arg(project.path()).status().expect("cp runs");
        assert!(status.success());
        let status = Command::new("chmod").arg("-R").arg("u+rwX").arg(project.path()).status().expect("chmod runs");
        assert!(status.success());
        project
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where the database is.
    pub fn database(&self) -> PathBuf {
        self.path().join(".claude/skills-database/skills.db")
    }

    /// Writes a file below the folder; its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(&path, content).expect("a file");
        path
    }

    /// A skill file with front matter.
    pub fn skill(&self, name: &str, body: &str) -> PathBuf {
        let text = format!("---\nname: {name}\ndescription: About {name}.\n---\n\n{body}\n");
        self.file(&format!(".claude/skills/{name}/SKILL.md"), text)
    }

    /// cfn with these arguments, in the folder.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = cfn_in(self.path());
        command.args(args);
        command
    }

    /// Runs cfn to its end.
    pub fn cfn<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Ran {
        self.command(args).output().expect("cfn runs").into()
    }

    /// The error of a command that must fail with this code and this kind of error.
    #[track_caller]
    pub fn fails_as<S: AsRef<OsStr>>(
        &self,
        args: impl IntoIterator<Item = S>,
        code: i32,
        kind: &str,
    ) -> serde_json::Value {
        let output = self.command(args).arg("--json").output().expect("cfn runs");
        Ran::from(output).fails_as(code, kind)
    }

    /// Runs cfn with something on stdin.
    pub fn cfn_with_input<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, input: &[u8]) -> Ran {
        let mut command = self.command(args);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("cfn starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let ran = child.wait_with_output().expect("cfn ends").into();
        writer.join().expect("the writer ends");
        ran
    }

    /// Runs the `sqlite3` shell on the database: another program of the user's.
    #[track_caller]
    pub fn sqlite3(&self, sql: &str) -> String {
        let mut command = Command::new("sqlite3");
        command.arg("-bail").arg("-cmd").arg(".timeout 5000").arg(self.database()).arg(sql);
        let output = command.output().expect("the sqlite3 shell must be installed");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    /// After any fault: SQLite finds no damage, no half operation is there, and no temporary file is left.
    #[track_caller]
    pub fn assert_whole(&self) {
        assert_eq!(self.sqlite3("PRAGMA quick_check"), "ok");
        assert_eq!(self.sqlite3("PRAGMA foreign_key_check"), "");
        let half = self.sqlite3(
            "SELECT s.name FROM skills s WHERE NOT EXISTS (SELECT 1 FROM skill_versions v
               WHERE v.skill_id = s.id AND v.version = s.version AND v.content_hash = s.content_hash)
             UNION ALL SELECT s.name FROM skills s WHERE NOT EXISTS (SELECT 1 FROM skill_contents c WHERE c.hash = s.content_hash)
               AND NOT EXISTS (SELECT 1 FROM cfn_events e WHERE e.content_hash = s.content_hash AND e.event = 'purged')
             UNION ALL SELECT v.version FROM skill_versions v GROUP BY skill_id, version HAVING count(*) > 1",
        );
        assert_eq!(half, "", "half-done skills");
    }

    /// The files beside the database that nobody asked for.
    pub fn leftovers(&self) -> Vec<String> {
        let folder = self.database().parent().expect("a folder").to_owned();
        let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|it| it.file_name());
        let mut names: Vec<_> = names.map(|it| it.to_string_lossy().into_owned()).collect();
        names.retain(|it| !["skills.db", "skills.db-wal", "skills.db-shm"].contains(&it.as_str()));
        names.sort();
        names
    }
}

/// A folder of the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
