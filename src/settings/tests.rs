use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{CachePolicy, Flags, Queued, Settings, Synchronous};
use crate::model::Location;

fn settings(flag: Option<&str>, environment: &[(&str, &str)]) -> Settings {
    let flags = Flags { db: flag.map(PathBuf::from), ..Flags::default() };
    with_flags(&flags, environment)
}

fn with_flags(flags: &Flags, environment: &[(&str, &str)]) -> Settings {
    let look_up = |name: &str| environment.iter().find(|it| it.0 == name).map(|it| OsString::from(it.1));
    Settings::resolve(flags, &look_up, Path::new("/here"))
}

#[test]
fn flags_override_the_environment_which_overrides_defaults() {
    let database = |flag, environment: &[_]| settings(flag, environment).database();
    assert_eq!(database(None, &[]), Ok(Location::File("/here/.claude/skills-database/skills.db".into())));
    assert_eq!(database(None, &[("CFN_SKILLS_DB_PATH", "a.db")]), Ok(Location::File("/here/a.db".into())));
    assert_eq!(database(Some("/b.db"), &[("CFN_SKILLS_DB_PATH", "a.db")]), Ok(Location::File("/b.db".into())));
    assert_eq!(database(None, &[("CFN_SKILLS_DB_PATH", "")]), database(None, &[]));
}

#[test]
fn a_url_is_never_a_file_name_and_its_password_is_not_shown() {
    for url in ["mysql://u:hunter2@h/db", "sqlite:///x.db?key=hunter2", "://hunter2", "a/b://hunter2"] {
        let flag = settings(Some(url), &[]).database().map_err(|it| it.to_string());
        assert!(
            flag.as_ref().is_err_and(|it| it.contains("--db") && it.contains("postgresql://HOST/DATABASE")),
            "{flag:?}"
        );
        assert!(flag.is_err_and(|it| !it.contains("hunter2")));
        let variable = settings(None, &[("CFN_SKILLS_DB_PATH", url)]).database().map_err(|it| it.to_string());
        assert!(variable.is_err_and(|it| it.contains("CFN_SKILLS_DB_PATH") && !it.contains("hunter2")));
    }
    let server = Ok(Location::Server("postgresql://h:5432/db?schema=mine".to_owned()));
    assert_eq!(settings(Some("postgres://u:hunter2@h/db?schema=mine"), &[]).database(), server);
    for path in ["a:/b", "C:\\x", "http:x", "postgresql", "a/postgresql:x", "a=b.db", "/tmp/host=3/x.db", "ghost=3"] {
        assert!(settings(Some(path), &[]).database().is_ok(), "{path}");
    }
}

const OTHER_FORMS: [&str; 14] = [
    "host=127.0.0.1 port=1 dbname=d password=hunter2",
    "password = 'hunter2' dbname = d",
    "dbname=hunter2",
    "my password=hunter2",
    "hunter2 host=x://y",
    "postgresql:/hunter2/d",
    "postgres:hunter2",
    "PostgreSQL:hunter2",
    "postgresql:",
    "sqlite:hunter2.db",
    "sqlite3:hunter2.db",
    "file:x.db?mode=ro&key=hunter2",
    "jdbc:postgresql:hunter2",
    ":memory:",
];

#[test]
fn no_other_form_of_a_place_becomes_a_file_name() {
    for text in OTHER_FORMS {
        for (source, found) in [
            ("--db", settings(Some(text), &[])),
            ("CFN_SKILLS_DB_PATH", settings(None, &[("CFN_SKILLS_DB_PATH", text)])),
        ] {
            let message = found.database().map_err(|it| it.to_string());
            assert!(message.as_ref().is_err_and(|it| it.contains(source) && it.contains("./NAME")), "{message:?}");
            assert!(message.is_err_and(|it| !it.contains("hunter2")), "{text}");
        }
        let backup = settings(None, &[]).file_of_a_database("the backup", text.as_ref());
        assert!(backup.is_err_and(|it| !it.to_string().contains("hunter2")), "{text}");
        for folder in ["./", "../", "/tmp/"].iter().filter(|_| !text.contains("://")) {
            assert!(settings(Some(&format!("{folder}{text}")), &[]).database().is_ok(), "{folder}{text}");
        }
    }
}

#[test]
fn a_file_that_exists_may_have_any_name() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let database = |text: &str| {
        let flags = Flags { db: Some(PathBuf::from(text)), ..Flags::default() };
        Settings::resolve(&flags, &|_| None, folder.path()).database()
    };
    for text in ["sqlite:x.db", "host=x", ":memory:"] {
        assert!(database(text).is_err(), "{text}");
        std::fs::write(folder.path().join(text), "")?;
        assert_eq!(database(text), Ok(Location::File(folder.path().join(text))));
    }
    Ok(())
}

#[test]
fn what_a_settings_file_names_is_read_in_the_same_way() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let home = folder.path().join("home");
    for place in [folder.path().join("cfn.toml"), home.join(".config/cfn/config.toml")] {
        std::fs::create_dir_all(place.parent().unwrap_or(&place))?;
        for text in OTHER_FORMS {
            std::fs::write(&place, format!("db = {text:?}"))?;
            let look_up = |name: &str| (name == "HOME").then(|| home.clone().into_os_string());
            let found = Settings::resolve(&Flags::default(), &look_up, folder.path()).database();
            let message = found.map_err(|it| it.to_string());
            assert!(message.as_ref().is_err_and(|it| it.contains(", line 1 is ")), "{text}: {message:?}");
            assert!(message.is_err_and(|it| !it.contains("hunter2")), "{text}");
        }
        std::fs::remove_file(&place)?;
    }
    Ok(())
}

#[test]
fn an_invalid_value_names_its_source_when_it_is_used() {
    for (name, value) in [
        ("CFN_MAX_CONTENT_BYTES", "lots"),
        ("CFN_MAX_CONTENT_BYTES", "0"),
        ("CFN_MAX_CONTENT_BYTES", "1000000001"),
        ("CFN_MAX_FOLDER_FILES", "0"),
        ("CFN_MAX_FOLDER_BYTES", "16 MiB"),
        ("CFN_BUSY_TIMEOUT_MS", "-1"),
        ("CFN_SYNCHRONOUS", "off"),
        ("ENABLE_AGENT_NOTIFICATIONS", "maybe"),
        ("ENABLE_PHASE4_LOGGING", "perhaps"),
        ("CFN_SYNC_BUDGET_MS", "soon"),
        ("CFN_CACHE", "sometimes"),
    ] {
        let wrong = settings(None, &[(name, value)]).unusable();
        let messages: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(wrong.len(), 1, "{messages:?}");
        assert!(messages[0].contains(name) && messages[0].contains(value), "{messages:?}");
    }
    assert_eq!(settings(None, &[("CFN_SYNCHRONOUS", "FULL")]).synchronous(), Ok(Some(Synchronous::Full)));
    assert!(settings(None, &[]).unusable().is_empty());
}

#[test]
fn invalid_cache_settings_matter_only_if_the_cache_is_requested() {
    let bad = ("CFN_REDIS_URL", "rediss://h/0?ssl_cert_reqs=none");
    let used = |policy, environment: &[_]| {
        with_flags(&Flags { cache: policy, ..Flags::default() }, environment).optional_cache().map(|it| it.is_some())
    };
    assert_eq!(used(None, &[bad]), Ok(false));
    assert_eq!(used(Some(CachePolicy::Never), &[bad, ("CFN_CACHE", "x")]), Ok(false));
    assert_eq!(used(None, &[bad, ("CFN_CACHE", "never")]), Ok(false));
    assert!(used(Some(CachePolicy::Always), &[bad]).is_err());
    assert!(used(None, &[bad, ("CFN_CACHE", "always")]).is_err());
    assert_eq!(used(None, &[("CFN_CACHE_TTL_READS", "0"), ("CFN_CACHE", "x")]), Ok(false), "there is no server");
    assert_eq!(used(None, &[("CFN_REDIS_URL", "redis://h"), ("CFN_REDIS_BUDGET_MS", "0")]), Ok(false));
    assert_eq!(used(None, &[("CFN_REDIS_URL", "redis://h")]), Ok(true));
    let typed = Flags { redis_url: Some("redis:".into()), ..Flags::default() };
    assert!(with_flags(&typed, &[]).optional_cache().is_err());
}

#[test]
fn deployments_are_queued_whenever_the_old_script_reported_them() {
    let queued = |environment: &[_]| settings(None, environment).queued();
    let host = ("PHASE4_POSTGRES_HOST", "db");
    let user = ("PHASE4_POSTGRES_USER", "u");
    assert_eq!(queued(&[]), Ok(Queued::Nothing));
    assert_eq!(queued(&[host]), Ok(Queued::Nothing));
    assert_eq!(queued(&[user]), Ok(Queued::Nothing));
    assert_eq!(queued(&[host, user]), Ok(Queued::Deployments));
    assert_eq!(queued(&[host, user, ("ENABLE_PHASE4_LOGGING", "false")]), Ok(Queued::Deployments));
    assert_eq!(queued(&[host, user, ("ENABLE_PHASE4_LOGGING", "true")]), Ok(Queued::Everything));
    assert_eq!(queued(&[("ENABLE_PHASE4_LOGGING", "1")]), Ok(Queued::Everything));
}

#[test]
fn debug_output_has_no_secrets() {
    let secrets = [
        ("CFN_POSTGRES_URL", "postgresql://u:hunter2@h/d"),
        ("PHASE4_POSTGRES_PASS", "hunter2"),
        ("CFN_REDIS_URL", "redis://:hunter2@h"),
    ];
    let all = settings(Some("postgres://u:hunter2@h"), &secrets);
    let shown = format!("{all:?} {:?} {:?} {:?}", all.workflow_server(), all.redis(), all.database());
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_delivery_gets_only_what_it_needs() {
    let given = [("CFN_REDIS_URL", "redis://h"), ("CFN_POSTGRES_URL", "postgres://h"), ("HOME", "/root"), ("X", "y")];
    let all = settings(None, &given);
    let names: Vec<_> = all.for_delivery().map(|it| it.0).collect();
    assert_eq!(names, ["HOME", "CFN_POSTGRES_URL"]);
}
