//! `cfn schedule`, and the commands that it runs.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::{Mutex, PoisonError};

use crate::harness::{Project, Ran};
use crate::scene::{follower, skill_text, with_skill};

/// A user of this machine with a crontab that nobody else has: the tests run as root, and give a user one for a while.
const USER: &str = "games";

/// One crontab for all tests.
static CRONTAB: Mutex<()> = Mutex::new(());

/// cfn with a home of its own.
fn at_home(project: &Project, args: &[&str]) -> Command {
    let mut command = project.command(args);
    command.env("HOME", project.path().join("home")).env_remove("XDG_CONFIG_HOME");
    command
}

fn run(command: &mut Command) -> Ran {
    command.output().expect("cfn runs").into()
}

/// The units that are installed.
fn units(project: &Project) -> Vec<String> {
    let folder = project.path().join("home/.config/systemd/user");
    let mut names: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|it| it.path().is_file())
        .map(|it| it.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_follower_syncs_every_five_minutes() {
    let (_primary, project) = follower("jwt", "domain", "dev");
    let printed = project.cfn(["schedule", "--print", "--json"]).json();
    let jobs = printed["jobs"].as_array().expect("jobs");
    let sync = jobs.iter().find(|it| it["name"] == "sync").expect("a job");
    assert_eq!(sync["what"], "pull decisions, push uses", "{sync}");
    project.cfn(["db", "unfollow"]).ok();
    assert!(!project.cfn(["schedule", "--print"]).ok().contains("sync"));
}

#[test]
fn what_would_be_written_is_shown_line_by_line() {
    let project = with_skill("jwt", "domain", "dev");
    for (place, line) in [("--systemd", "\n[Service]\n"), ("--cron", " db maintain ")] {
        let ran = run(&mut at_home(&project, &["schedule", place])); // without --yes, nothing is written
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "nobody agreed: {ran:?}");
        let (shown, _) = ran.stderr.split_once("\nerror: would write ").expect("an error on a line of its own");
        assert!(shown.contains(line) && shown.lines().count() >= 5 && !shown.contains("\\n"), "{shown}");
    }
}

#[test]
fn units_are_valid_start_cfn_and_are_removed_without_a_trace() {
    let project = with_skill("jwt", "domain", "dev");
    fs::create_dir(project.path().join("home")).expect("a folder");
    let mut install = at_home(&project, &["schedule", "--systemd", "--textfile", "100% \"$HOME\"/cfn.prom", "--yes"]);
    let json =
        run(install.env("ENABLE_PHASE4_LOGGING", "true").env("CFN_POSTGRES_URL", "postgresql://me@h/d").arg("--json"))
            .json();
    let jobs: Vec<_> = json["jobs"].as_array().expect("jobs").iter().map(|it| it["name"].clone()).collect();
    assert_eq!(jobs, ["maintain", "backup", "metrics", "sync", "pending"]);
    let names = units(&project);
    assert_eq!(names.len(), 10, "{names:?}");
    let folder = project.path().join("home/.config/systemd/user");
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--user", "--man=no"]).args(names.iter().map(|it| folder.join(it)));
    let verified = verify.env("XDG_RUNTIME_DIR", project.path()).output().expect("systemd-analyze");
    let said = String::from_utf8_lossy(&verified.stderr).into_owned();
    assert!(names.iter().all(|it| !said.contains(it.as_str())), "{said}");
    // systemd reads the command back as it was meant.
    let service = |job: &str| names.iter().find(|it| it.ends_with(&format!("{job}.service"))).expect("a unit");
    let metrics = fs::read_to_string(folder.join(service("metrics"))).expect("a unit");
    assert!(metrics.contains("100%% \\\"$$HOME\\\"/cfn.prom\""), "{metrics}");
    let sync = fs::read_to_string(folder.join(service("sync"))).expect("a unit");
    assert!(sync.contains("Environment=\"CFN_POSTGRES_URL=postgresql://me@h/d\"\n"), "{sync}");
    let links = fs::read_dir(folder.join("timers.target.wants")).expect("a folder");
    assert!(
        links.flatten().all(|it| fs::metadata(it.path()).is_ok_and(|it| it.is_file())),
        "each link leads to a timer"
    );
    // A schedule that lost jobs loses their units.
    run(&mut at_home(&project, &["schedule", "--systemd", "--yes"])).ok();
    assert_eq!(units(&project).len(), 6);
    fs::write(folder.join("other.service"), "[Unit]\n").expect("written");
    let removed = run(&mut at_home(&project, &["schedule", "--systemd", "--remove", "--yes"])).ok();
    assert_eq!(removed.matches("removed ").count(), 6, "{removed}");
    assert_eq!(units(&project), ["other.service"]);
    assert_eq!(fs::read_dir(folder.join("timers.target.wants")).expect("a folder").count(), 0);
    let again = run(&mut at_home(&project, &["schedule", "--systemd", "--remove", "--yes"])).ok();
    assert_eq!(again, "there is no schedule of this database\n");
}

#[test]
fn a_schedule_is_shown_before_it_is_written_and_has_no_password() {
    let project = with_skill("jwt", "domain", "dev");
    let mut command = at_home(&project, &["schedule", "--systemd"]);
    let ran = run(command.env("ENABLE_PHASE4_LOGGING", "true").env("CFN_POSTGRES_URL", "postgresql://me:hush@h/d"));
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(1), ""), "{ran:?}");
    assert!(ran.stderr.contains("OnCalendar=") && ran.stderr.contains("add --yes to do it"), "{ran:?}");
    assert!(ran.stderr.contains("move it to ~/.pgpass") && !ran.stderr.contains("hush"), "{ran:?}");
    assert!(units(&project).is_empty());
    let table = project.cfn(["schedule", "--print"]).ok();
    assert!(table.contains("each hour") && table.contains("db maintain --if-due"), "{table}");
    let lines = project.cfn(["schedule", "--print", "--cron"]).ok();
    assert!(lines.contains("skill pending --overdue") && lines.starts_with("# cfn-"), "{lines}");
    let message = project.cfn(["--db", "postgresql://me:hush@h/d", "schedule", "--print"]).fails(1);
    assert!(message.contains("cannot hold the URL of a server") && !message.contains("hush"), "{message}");
    assert!(project.cfn(["schedule"]).fails(1).contains("--systemd"));
}

/// The crontab of the user, or with input its replacement.
fn crontab(args: &[&str]) -> Ran {
    Command::new("/usr/bin/crontab").args(["-u", USER]).args(args).output().expect("crontab").into()
}

fn as_user(command: &Command) -> Command {
    let mut other = Command::new("setpriv");
    other
        .args(["--reuid", USER, "--regid", USER, "--clear-groups"])
        .arg(command.get_program())
        .args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => other.env(name, value),
            None => other.env_remove(name),
        };
    }
    command.get_current_dir().map(|it| other.current_dir(it));
    other
}

#[test]
fn lines_of_the_crontab_run_and_leave_those_of_others_alone() {
    let _one = CRONTAB.lock().unwrap_or_else(PoisonError::into_inner);
    let project = with_skill("jwt", "domain", "dev");
    for folder in [project.path(), project.database().parent().expect("a folder")] {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o777)).expect("rights");
    }
    let others = project.file("others", "MAILTO=\"\"\n1 2 3 4 * true\n");
    assert_eq!(crontab(&[&others.to_string_lossy()]).code, Some(0));
    let mut install =
        as_user(&project.command(["schedule", "--cron", "--backups", "it's 100% safe", "--keep", "2", "--yes"]));
    let wrote = run(&mut install).ok();
    assert!(wrote.contains(" to the crontab"), "{wrote}");
    run(&mut install).ok();
    let table = crontab(&["-l"]).ok();
    assert!(table.starts_with("MAILTO=\"\"\n1 2 3 4 * true\n# cfn-"), "{table}");
    assert_eq!(table.matches("db maintain --if-due").count(), 1, "installed twice, there once: {table}");
    let backup = table.lines().find(|it| it.contains(" db backup ")).expect("a line");
    let command = backup.splitn(6, ' ').nth(5).expect("five fields, and the command").replace("\\%", "%");
    assert_eq!(Ran::from(Command::new("sh").args(["-c", &command]).output().expect("sh")).ok(), "", "as cron runs it");
    assert_eq!(fs::read_dir(project.path().join("it's 100% safe")).expect("a folder").count(), 1);
    let removed = run(&mut as_user(&project.command(["schedule", "--cron", "--remove", "--yes"]))).ok();
    assert!(removed.contains(" from the crontab"), "{removed}");
    assert_eq!(crontab(&["-l"]).ok(), "MAILTO=\"\"\n1 2 3 4 * true\n");
    crontab(&["-r"]).ok();
    let none = run(&mut as_user(&project.command(["schedule", "--cron", "--remove", "--yes"]))).ok();
    assert_eq!(none, "there is no schedule of this database\n");
}

#[test]
fn reviews_that_are_overdue_speak_and_others_are_silent() {
    let project = with_skill("jwt", "domain", "dev");
    let lines = project.cfn(["schedule", "--print", "--cron"]).ok();
    let line = lines.lines().find(|it| it.contains("pending")).expect("a line");
    let command = line.splitn(6, ' ').nth(5).expect("five fields, and the command").to_owned();
    let said = || Ran::from(Command::new("sh").args(["-c", &command]).output().expect("sh")).ok();
    assert_eq!(said(), "");
    project.file("tree/late/SKILL.md", skill_text("late", "Waits."));
    project.cfn(["init", "--from", "tree", "--agents", "dev"]).ok();
    assert_eq!(said(), "");
    project.sqlite3("UPDATE skill_versions SET created_at = datetime('now', '-8 days')");
    assert!(said().contains("late"), "{}", said());
}

#[test]
fn maintenance_that_is_due_disturbs_neither_writers_nor_readers() {
    let project = with_skill("jwt", "domain", "dev");
    std::thread::scope(|scope| {
        for number in 0..20 {
            let project = &project;
            scope.spawn(move || {
                for round in 0..6 {
                    let agent = format!("agent-{number}-{round}");
                    match number % 2 {
                        0 => project.cfn(["load", "dev"]).ok(),
                        _ => project.cfn(["log", "jwt", "--agent-id", &agent, "--agent-type", "dev"]).ok(),
                    };
                }
            });
        }
        for _ in 0..4 {
            project.sqlite3("INSERT OR REPLACE INTO skill_contents (hash, bytes) VALUES ('h', randomblob(3000000))");
            project.sqlite3("DELETE FROM skill_contents WHERE hash = 'h'");
            assert_eq!(project.cfn(["db", "maintain", "--if-due", "--json"]).json()["vacuumed"], true);
        }
    });
    assert_eq!(project.sqlite3("SELECT count(*) FROM skill_usage_log WHERE agent_id LIKE 'agent-%'"), "60");
    project.assert_whole();
}

#[test]
fn backups_of_a_folder_rotate_and_only_those_of_this_database() {
    let project = with_skill("jwt", "domain", "dev");
    let folder = project.path().join("backups");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&folder).expect("a folder").flatten();
        let mut names: Vec<_> = entries.map(|it| it.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    };
    let first = project.cfn(["db", "backup", "--to", "backups", "--keep", "3", "--json"]).json();
    let path = first["path"].as_str().expect("a path");
    assert!(Path::new(path).is_file() && first.get("removed").is_none(), "{first}");
    let series = path.rsplit('-').nth(1).expect("an identity").to_owned();
    for other in ["skills-00000000-20200101T000000Z.db", "notes.txt", "skills.db"] {
        fs::write(folder.join(other), "").expect("written");
    }
    for old in ["20200101T000000Z", "20200102T000000Z", "20200103T000000Z", "20200103T000000Z-2"] {
        fs::write(folder.join(format!("skills-{series}-{old}.db")), "").expect("written");
    }
    fs::write(folder.join(format!("skills-{series}-20200101T000000Z-work.db")), "").expect("written");
    let saved = |day: u32| project.database().with_file_name(format!("skills.db.before-restore-2020010{day}T000000Z"));
    for day in 1..=5 {
        fs::write(saved(day), "").expect("written");
    }
    std::os::unix::fs::symlink("notes.txt", folder.join(format!("skills-{series}-20190101T000000Z.db")))
        .expect("a link");
    let second = project.cfn(["db", "backup", "--to", "backups", "--keep", "3", "--json"]).json();
    assert_eq!(second["removed"].as_array().map(Vec::len), Some(5), "{second}");
    let left = names();
    assert!(left.iter().any(|it| it.contains("20200103T000000Z-2.db")), "{left:?}");
    assert!(left.iter().all(|it| !it.contains("20200102") && !it.ends_with("-work.db")), "{left:?}");
    assert_eq!(left.len(), 7, "three backups, a link, and what is not cfn's: {left:?}");
    assert_eq!((3..=5).map(saved).filter(|it| it.exists()).count(), 3);
    assert!(!saved(1).exists() && !saved(2).exists());
    let restored = second["path"].as_str().expect("a path");
    project.cfn(["db", "restore", restored]).ok();
    assert!(project.cfn(["load", "dev"]).ok().contains("jwt"));
    assert!(project.cfn(["db", "backup", "--keep", "3", "copy.db"]).fails(1).contains("--to"));
}
