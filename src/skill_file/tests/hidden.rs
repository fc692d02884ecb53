//! Fields that one could miss: hidden by another one, written as another kind of value, or behind a merge key.

use super::super::FrontMatter;
use super::specimens;

/// The front matter with these lines, and the findings in it.
fn fields(yaml: &str) -> (FrontMatter, Vec<String>) {
    specimens::fields(&format!("name: a\ndescription: b\n{yaml}"))
}

#[test]
fn a_field_of_metadata_that_the_top_level_hides_is_named() {
    for yaml in ["version: 2.0.0\nmetadata:\n  version: 3.0.0", "metadata:\n  version: 3.0.0\nversion: 2.0.0"] {
        let (found, said) = fields(yaml);
        assert_eq!(found.version.as_deref(), Some("2.0.0"), "{yaml}");
        let line = if yaml.starts_with("version") { 5 } else { 4 };
        let message = "\"version\" is \"2.0.0\" at the top level and \"3.0.0\" in \"metadata\"; the first one is used";
        assert_eq!(said, [format!("{line}: {message}")], "{yaml}");
    }
    for (yaml, hidden) in [
        ("category: bogus\nmetadata: {category: domain}", "\"domain\""),
        ("owner: me\nmetadata: {owner: you}", "\"you\""),
        ("tags: [a]\nmetadata: {tags: [b]}", r#"["b"]"#),
    ] {
        let (_, said) = fields(yaml);
        assert!(said.len() == 1 && said[0].contains(hidden), "{yaml}: {said:?}");
    }
    for yaml in [
        "version: 1.0.0\nmetadata: {version: 1.0.0}",
        "version:\nmetadata: {version: 1.0.0}",
        "owner: me\nmetadata: {a: b}",
    ] {
        assert_eq!(fields(yaml).1, [""; 0], "{yaml}");
    }
}

#[test]
fn a_category_that_is_none_does_not_hide_one() {
    for (yaml, category) in [
        ("category: bogus\nmetadata: {category: testing}", "testing"),
        ("metadata: {category: testing}\ncategory: bogus", "testing"),
        ("category: domain\nmetadata: {category: testing}", "domain"),
        ("category: bogus\nmetadata: {category: odd}", "bogus"),
        ("category: ''\nmetadata: {category: odd}", "odd"),
    ] {
        assert_eq!(fields(yaml).0.category.as_deref(), Some(category), "{yaml}");
    }
    let (_, said) = fields("category: bogus\nmetadata: {category: testing}");
    assert!(said.len() == 1 && said[0].ends_with("the first valid one is used"), "{said:?}");
}

#[test]
fn every_declared_level_is_known() {
    let levels = |yaml: &str| fields(yaml).0.levels().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(levels("approval_level: auto\nmetadata: {approval_level: human}"), ["\"auto\"", "\"human\""]);
    assert_eq!(levels("approval_level: [human]"), ["[\"human\"]"]);
    assert_eq!(levels("approval_level:\nmetadata: {approval_level: ' '}"), [""; 0]);
    let (_, said) = fields("approval_level: auto\nmetadata: {approval_level: human}");
    assert!(said.len() == 1 && said[0].ends_with("the stricter one counts"), "{said:?}");
}

#[test]
fn text_that_looks_like_a_list_is_one() {
    for yaml in [
        "tags: \"[a b, c]\"",
        "tags: '[\"a b\", \"c\"]'",
        "tags: |\n  a b\n  c",
        "tags: |\n  - a b\n  - c",
        "tags: a b, c",
        "metadata:\n  tags: \"[a b, c]\"",
    ] {
        let (found, said) = fields(yaml);
        assert_eq!((found.tags, said.len()), (Some(vec!["a b".to_owned(), "c".to_owned()]), 0), "{yaml}");
    }
    assert_eq!(fields("tags: a-b, -c").0.tags, Some(vec!["a-b".to_owned(), "-c".to_owned()]));
}

#[test]
fn a_merge_key_is_not_passed_over_in_silence() {
    for yaml in [
        "base: &base {owner: me}\nmetadata:\n  <<: *base",
        "base: &base {owner: me}\nmetadata:\n  <<: [*base]",
        "base: &base {owner: me}\n<<: *base",
    ] {
        let (found, said) = fields(yaml);
        assert_eq!(found.owner, None, "{yaml}");
        assert!(said.len() == 1 && said[0].contains("a YAML merge key (<<) is not followed"), "{yaml}: {said:?}");
    }
}
