//! Oddities of files that are otherwise readable: invisible characters, line ends, glued lines, conflict markers.

use super::super::{FrontMatter, SkillFile};
use super::{messages, read};

fn front_matter(text: &str) -> (FrontMatter, Vec<String>) {
    let file = read(text);
    let said = file.as_ref().map(messages).unwrap_or_default();
    (file.ok().and_then(|file| file.front_matter).unwrap_or_default(), said)
}

/// Name, description, body and findings of a file.
fn parts(text: &str) -> (Option<String>, Option<String>, String, Vec<String>) {
    let body = read(text).map(|file| file.body.to_owned()).unwrap_or_default();
    let (front_matter, said) = front_matter(text);
    (front_matter.name, front_matter.description, body, said)
}

#[test]
fn lone_carriage_returns_end_lines_and_are_reported() {
    let plain = "---\nname: a\ndescription: Reads: all\nlicense: MIT\n---\nBody\nmore\n";
    for (text, line) in [
        (plain.replace('\n', "\r"), 1),
        (plain.replacen("a\n", "a\r", 1), 2),
        (plain.replace("all\n", "all\r").replace("---\n", "---\r\n"), 3),
    ] {
        let (name, description, body, said) = parts(&text);
        assert_eq!((name, description), (Some("a".into()), Some("Reads: all".into())), "{text:?}");
        assert_eq!(body, text[text.len() - body.len()..], "the bytes are not altered");
        assert!(body.starts_with("Body"), "{body:?}");
        assert!(
            said.iter().any(|it| it.starts_with(&format!("{line}: ")) && it.contains("carriage return")),
            "{said:?}"
        );
        assert!(said.iter().any(|it| it.starts_with("3: the value of \"description\"")), "lines are counted: {said:?}");
    }
    let (_, _, body, said) = parts("---\nname: a\ndescription: b\n---\nplain\rhidden\n");
    assert_eq!(body, "plain\rhidden\n");
    assert_eq!(said, ["5: a line ends with a lone carriage return (U+000D): a terminal hides text before it"]);
    let (_, _, _, said) = parts("---\r\nname: a\r\ndescription: b\r\n---\r\nBody\r\n");
    assert_eq!(said, [""; 0], "line ends of Windows are ordinary");
}

#[test]
fn a_glued_closing_line_ends_the_fields_and_begins_the_body() {
    for (closing, body) in [
        ("---# Title", "# Title\nText\n"),
        ("--- # Title", " # Title\nText\n"),
        ("---Title: x", "Title: x\nText\n"),
        ("-----", "Text\n"),
        ("---\u{a0}x", "\u{a0}x\nText\n"),
    ] {
        for more in ["", "\n---\nA rule above.\n"] {
            let text = format!("---\nname: g\ndescription: what: it does\n{closing}\nText\n{more}");
            let (name, description, found, said) = parts(&text);
            assert_eq!((name, description), (Some("g".into()), Some("what: it does".into())), "{text:?}");
            assert_eq!(found, format!("{body}{more}"), "{text:?}");
            assert!(said.iter().any(|it| it.starts_with("4: text follows the closing")), "{text:?}: {said:?}");
        }
    }
    let quoted = "---\nname: g\ndescription: \"a\n --- b\"\n---\nText\n";
    assert_eq!(parts(quoted).1, Some("a --- b".into()));
    assert_eq!(parts(quoted).3, [""; 0]);
}

#[test]
fn a_rule_far_below_a_glued_line_does_not_make_the_front_matter_too_large() {
    let text = format!("---\nname: g\ndescription: d\n---# T\n{}\n---\n", "text\n".repeat(20_000));
    assert_eq!(parts(&text).1, Some("d".into()));
    let text = format!("---\nname: g\n{}--- x\n", "text\n".repeat(20_000));
    let (name, _, body, said) = parts(&text);
    assert_eq!((name, body.len()), (None, text.len()));
    assert!(said[0].contains("never ends"), "{said:?}");
}

#[test]
fn folded_and_literal_text_is_trimmed() {
    for (value, expected) in [
        (">\n  One thing\n  and another.", "One thing and another."),
        (">+\n  One.\n\n\n", "One."),
        ("|\n\n  One.\n  Two.\n", "One.\nTwo."),
        ("|+\n  One.\n\n", "One."),
        ("\"  One. \\n\"", "One."),
        ("\"\\u00a0One.\\u2003\"", "One."),
    ] {
        let (front_matter, said) = front_matter(&format!("---\nname: >\n  a\ndescription: {value}\n---\nBody\n"));
        assert_eq!(front_matter.description.as_deref(), Some(expected), "{value:?}: {said:?}");
        assert_eq!(front_matter.name.as_deref(), Some("a"));
    }
}

#[test]
fn escaped_invisible_characters_are_listed() {
    for (yaml, field, names) in [
        (r#"description: "x\u202ey\u0000z""#, "description", "U+0000, U+202E"),
        (r#"description: "\U000E0041""#, "description", "U+E0041"),
        (r#"description: "\x1b[2J""#, "description", "U+001B"),
        (r#"license: "a\rb""#, "license", "U+000D"),
        (r#"tags: [a, "b\u200b"]"#, "tags", "U+200B"),
        (r#"tags: [a, "b\u2028c\P"]"#, "tags", "U+2028, U+2029"),
        (r#"metadata: {x: {y: "\u3164"}}"#, "metadata", "U+3164"),
        (r#"metadata: {"x\u00ad": 1}"#, "metadata", "U+00AD"),
        (r#"other: ["\e", "\a"]"#, "other", "U+0007, U+001B"),
    ] {
        let (_, said) = front_matter(&format!("---\nname: a\n{yaml}\n---\nBody\n"));
        let expected = format!("characters, written as escapes: {names}");
        let found =
            said.iter().any(|it| it.starts_with(&format!("3: the value of \"{field}\"")) && it.ends_with(&expected));
        assert!(found, "{yaml}: {said:?}");
    }
    let (_, said) = front_matter("---\nname: a\ndescription: \"\\tx\\ny \\u00e9 \\u2764\\ufe0f\"\n---\nBody\n");
    assert_eq!(said, [""; 0], "blanks, letters and emoji are ordinary");
    let (_, said) = front_matter("---\nname: \"a\\u200b\"\ndescription: b\u{200b}\n---\nBody\n");
    assert_eq!(said, ["3: the file has an invisible character: U+200B"], "a character in the file is reported once");
}

#[test]
fn many_kinds_of_invisible_characters_are_abbreviated() {
    let tags: String = (0xe0061..0xe0073).filter_map(char::from_u32).collect();
    let (_, said) = front_matter(&format!("---\nname: a\ndescription: b\n---\n{tags}\n"));
    let expected = "U+E0061, U+E0062, U+E0063, U+E0064, U+E0065 and 13 others";
    assert_eq!(said, [format!("5: the file has 18 invisible characters: {expected}")]);
}

#[test]
fn a_full_width_colon_is_accepted_and_reported() {
    let (name, description, _, said) =
        parts("---\nname: a\ndescription\u{ff1a}Reads files\nversion: 1.2.0\n---\nBody\n");
    assert_eq!((name, description), (Some("a".into()), Some("Reads files".into())));
    assert!(said.iter().any(|it| it.starts_with("3: a full-width colon (U+FF1A)")), "{said:?}");
    let (name, description, _, said) = parts("---\nname\u{ff1a}a\ndescription\u{ff1a} \"b\"\n---\nBody\n");
    assert_eq!((name, description), (Some("a".into()), Some("b".into())), "{said:?}");
    let (_, _, _, said) = parts("---\nname: a\ndescription\u{ff1a}Use when: x\n---\nBody\n");
    assert!(said.iter().any(|it| it.contains("full-width colon")), "{said:?}");
    let (_, description, _, said) = parts("---\nname: a\ndescription: \u{7528}\u{9014}\u{ff1a}x\n---\nBody\n");
    assert_eq!((description, said.len()), (Some("\u{7528}\u{9014}\u{ff1a}x".into()), 0), "in prose it is ordinary");
}

#[test]
fn conflict_markers_are_reported_and_never_part_of_a_value() {
    let text =
        "---\nname: a\n<<<<<<< HEAD\ndescription: ours\n=======\ndescription: theirs\n>>>>>>> topic\n---\nBody\n";
    let (name, description, _, said) = parts(text);
    assert_eq!((name, description), (Some("a".into()), Some("ours".into())));
    assert!(said.iter().any(|it| it.starts_with("3: the file has conflict markers")), "{said:?}");
    let body = "---\nname: a\ndescription: b\n---\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> topic\n";
    assert_eq!(parts(body).3, ["5: the file has conflict markers of an unfinished merge"]);
    let shown = "---\nname: a\ndescription: b\n---\n```\n<<<<<<< HEAD\n=======\n>>>>>>> topic\n```\nTitle\n=======\n";
    assert_eq!(parts(shown).3, [""; 0], "a block of code may show them");
}

#[test]
fn fields_of_the_database_are_read_from_metadata_too() {
    let read = |yaml: &str| front_matter(&format!("---\nname: a\ndescription: b\n{yaml}\n---\nBody\n")).0;
    for tags in ["a, b", "[a, b]", "\n    - a\n    - b", "\"a,b,\""] {
        let found =
            read(&format!("metadata:\n  tags: {tags}\n  owner: me\n  category: testing\n  approval_level: human"));
        assert_eq!(found.tags, Some(vec!["a".to_owned(), "b".to_owned()]), "{tags}");
        assert_eq!((found.owner.as_deref(), found.category.as_deref()), (Some("me"), Some("testing")));
        assert_eq!(found.approval_level.as_deref(), Some("human"));
    }
    for yaml in [
        "owner: top\ntags: [t]\nmetadata: {owner: below, tags: [b], version: 1.2.0}",
        "metadata: {owner: below, tags: [b], version: 1.2.0}\nowner: top\ntags: [t]",
    ] {
        let found = read(yaml);
        assert_eq!((found.owner.as_deref(), found.version.as_deref()), (Some("top"), Some("1.2.0")));
        assert_eq!(found.tags, Some(vec!["t".to_owned()]), "{yaml}");
    }
    let found = read("owner:\nmetadata: {owner: below, category: 7, tags: }");
    assert_eq!((found.owner.as_deref(), found.category.as_deref(), found.tags), (Some("below"), Some("7"), None));
}

#[test]
fn versions_stay_as_they_were_written() {
    for version in ["26.08.00", "2026.3.4-1", "2.0.1-beta", "1.01", "v3", "2026-01-31", "1e2", "1_0", "0x10"] {
        for yaml in [format!("version: {version}"), format!("metadata:\n  version: {version}")] {
            let (found, _) = front_matter(&format!("---\nname: a\ndescription: b\n{yaml}\n---\nBody\n"));
            assert_eq!(found.version.as_deref(), Some(version), "{yaml}");
        }
    }
}

#[test]
fn findings_about_invalid_yaml_quote_no_values() {
    for text in [
        "secret-token-1\n",
        "--- secret-token-1\n",
        "---\nsecret-token-1\nsecret-token-1\n---\n",
        "---\nname: a\n\nsecret-token-1\n---\n",
        "---\nname: a\nx: !secret-token-1 b\n---\n",
        "---\nname: a\nmetadata:\n  x: !secret-token-1 b\n---\n",
        "---\nname: a\nx: *secret-token-1\n---\n",
        "---\nname: a\nx: &secret-token-1 b: c\n---\n",
        "---\nname: a\nx: \"secret-token-1\\q\"\n---\n",
        "---\nname: a\nx: [secret-token-1\n---\n",
        "---\nname: a\ndescription: x # secret-token-1\n---\n",
        "---\nname: a\n---secret-token-1\n",
    ] {
        let said = read(text).as_ref().map(|file: &SkillFile<'_>| messages(file).join("\n")).unwrap_or_default();
        assert!(!said.is_empty() && !said.contains("secret"), "{text:?}: {said}");
    }
}
