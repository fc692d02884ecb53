use std::fs;
use std::os::unix::fs::symlink;

use super::{BadFile, FileProblem, Scope, SettingsFile, entries};

fn problem(scope: Scope, text: &str) -> Option<(Option<usize>, FileProblem)> {
    let (span, problem) = entries(text, scope).err()?;
    Some((span.map(|it| super::line_of(text, &it)), problem))
}

#[test]
fn a_project_decides_nothing() {
    for name in ["approver", "redis_url"] {
        let wrong = problem(Scope::Project, &format!("cache = 'auto'\n\n{name} = 'x'"));
        assert_eq!(wrong, Some((Some(3), FileProblem::NotOfProjects { name })));
        assert_eq!(problem(Scope::User, &format!("{name} = 'x'")), None);
    }
    for name in ["approve_as", "force", "from_any", "override_rejection", "trust_levels", "yes"] {
        for scope in [Scope::Project, Scope::User] {
            let wrong = problem(scope, &format!("{name} = true"));
            assert_eq!(wrong, Some((Some(1), FileProblem::NotOfFiles { name })));
        }
    }
}

#[test]
fn an_unknown_name_is_met_with_the_nearest_one() {
    let known = |text: &str| match problem(Scope::Project, text) {
        Some((Some(1), FileProblem::Unknown { known, .. })) => known,
        _ => Vec::new(),
    };
    assert_eq!(known("agnets = 'a'"), ["agents"]);
    assert_eq!(known("Category = 'a'"), ["category"]);
    assert_eq!(known("[cache-policy]\na = 1"), ["cache"]);
    let mut all = vec!["agents", "cache", "category", "db", "experts"];
    all.extend(["max_folder_bytes", "max_folder_files", "usd_per_million_tokens"]);
    assert_eq!(known("zzz = 1"), all);
    assert_eq!(known("aprover = 'me'"), known("zzz = 1"), "none that may not stand here is offered");
}

#[test]
fn experts_are_named_by_category() {
    for scope in [Scope::Project, Scope::User] {
        assert_eq!(problem(scope, "[experts]\ntesting = 'ann'\ndomain = 'bob'"), None);
        assert_eq!(problem(scope, "experts.testing = 'ann'"), None);
        let known = vec!["experts.testing"];
        let wrong = FileProblem::Unknown { name: Some("experts.tesing".to_owned()), known };
        assert_eq!(problem(scope, "cache = 'auto'\n[experts]\ntesing = 'ann'"), Some((Some(3), wrong)));
    }
    for text in [
        "experts = 'ann'",
        "experts = ['ann']",
        "[experts]\ntesting = 3",
        "[experts]\ntesting = ' '",
        "[experts.testing]\na = 'b'",
    ] {
        let wrong = problem(Scope::User, text).map(|it| it.1);
        assert!(matches!(wrong, Some(FileProblem::WrongKind { name: "experts", .. })), "{text}: {wrong:?}");
    }
}

#[test]
fn names_are_those_of_flags_in_both_spellings() {
    assert!(problem(Scope::User, "redis-url = 'redis://h'").is_none());
    assert_eq!(
        problem(Scope::User, "redis-url = 'a'\nredis_url = 'b'"),
        Some((Some(2), FileProblem::Twice { name: "redis_url" }))
    );
}

#[test]
fn values_have_the_kind_of_their_setting() {
    for text in
        ["cache = 3", "cache = ['auto']", "cache = { a = 1 }", "agents = 3", "agents = ['a', 3]", "db = 1979-01-01"]
    {
        let wrong = problem(Scope::Project, text);
        assert!(matches!(wrong, Some((Some(1), FileProblem::WrongKind { .. }))), "{text}: {wrong:?}");
    }
    assert!(problem(Scope::Project, "agents = ['a', 'b']\ncache = 'auto'").is_none());
    assert!(problem(Scope::Project, "agents = 'a,b'").is_none());
    assert!(problem(Scope::Project, "\u{feff}cache = 'auto'").is_none(), "a byte order mark");
}

#[test]
fn nothing_of_a_file_that_is_no_toml_is_quoted() {
    for text in
        ["password hunter2", "root:hunter2:0:0", "\"hunter2 with blanks\" = 1", "cache = hunter2", "x = \"hunter2"]
    {
        let wrong = problem(Scope::Project, text).map(|it| it.1.to_string());
        assert!(wrong.as_ref().is_some_and(|it| !it.contains("hunter2")), "{text}: {wrong:?}");
    }
    let nested = format!("cache = {}", "[".repeat(10_000));
    assert!(matches!(problem(Scope::User, &nested), Some((_, FileProblem::Syntax(_)))));
}

#[test]
fn only_a_small_regular_file_is_read() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name);
    let read = |name: &str| SettingsFile::of_user(path(name));
    assert_eq!(read("none"), Ok(None));
    assert_eq!(read("none/none"), Ok(None));
    rustix::fs::mknodat(rustix::fs::CWD, path("pipe"), rustix::fs::FileType::Fifo, 0o600.into(), 0)?;
    fs::create_dir(path("folder"))?;
    symlink("nowhere", path("dangling"))?;
    symlink("/dev/zero", path("device"))?;
    symlink("loop", path("loop"))?;
    fs::write(path("large"), " ".repeat(65 * 1024))?;
    fs::write(path("binary"), b"cache = '\xff'")?;
    for name in ["pipe", "folder", "dangling", "device", "loop", "large", "binary"] {
        let wrong = matches!(read(name), Err(BadFile { problem: FileProblem::Unreadable(_), .. }));
        assert!(wrong, "{name}");
    }
    fs::write(path("good"), "cache = 'never'\n")?;
    symlink("good", path("link"))?;
    let linked = read("link").ok().flatten();
    assert_eq!(linked.as_ref().and_then(|it| it.str("cache")), Some("never"), "a link is followed");
    Ok(())
}

#[test]
fn a_database_counts_from_the_folder_of_its_file() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("config.toml");
    for (text, meant) in [
        ("db = 'a/b.db'", Some(folder.path().join("a/b.db").to_string_lossy().into_owned())),
        ("db = '/x/b.db'", Some("/x/b.db".to_owned())),
        ("db = 'postgresql://h/d'", Some("postgresql://h/d".to_owned())),
        ("db = ' '", None),
        ("", None),
    ] {
        fs::write(&path, text)?;
        let file = SettingsFile::of_user(path.clone()).ok().flatten();
        let database = file.and_then(|it| it.database()).map(|it| it.value.to_string_lossy().into_owned());
        assert_eq!(database, meant, "{text}");
    }
    Ok(())
}
