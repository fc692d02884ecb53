//! Peculiarities of real files, one test each, with invented text.

use serde_json::json;

use super::super::{FrontMatter, Limits, SkillFile, Unreadable};
use super::{messages, read};

/// The front matter of a file with these lines between the delimiters, and its findings.
pub(super) fn fields(yaml: &str) -> (FrontMatter, Vec<String>) {
    let text = format!("---\n{yaml}\n---\n# Body\n");
    match read(&text) {
        Ok(file) => {
            let said = messages(&file);
            assert!(file.front_matter.is_some(), "{yaml}: {said:?}");
            (file.front_matter.unwrap_or_default(), said)
        }
        Err(error) => (FrontMatter::default(), vec![error.to_string()]),
    }
}

/// The description read from this value, which is not valid YAML.
fn repaired(value: &str) -> String {
    let (front_matter, said) = fields(&format!("name: a\ndescription: {value}\nlicense: MIT"));
    assert_eq!(front_matter.license.as_deref(), Some("MIT"), "{value}");
    assert!(said.iter().any(|message| message.contains("\"description\" is not valid YAML")), "{value}: {said:?}");
    front_matter.description.unwrap_or_default()
}

#[test]
fn reads_a_valid_file_without_findings() {
    let text = "---\nname: pdf-forms\ndescription: Fills forms.\nmetadata:\n  version: \"1.10\"\n---\n\n# Forms\n";
    let file = read(text);
    let file = file.as_ref();
    assert_eq!(file.map(messages), Ok(Vec::new()));
    assert_eq!(file.map(|file| (file.body, file.body_line)), Ok(("\n# Forms\n", 7)));
    assert_eq!(file.map(|file| file.front_matter_lines.clone()), Ok(Some(1..6)));
    let front_matter = file.ok().and_then(|file| file.front_matter.clone()).unwrap_or_default();
    assert_eq!(front_matter.name.as_deref(), Some("pdf-forms"));
    assert_eq!(front_matter.version.as_deref(), Some("1.10"));
    assert_eq!(front_matter.line_of("metadata"), Some(4));
}

#[test]
fn gives_the_reason_for_missing_front_matter() {
    let cases = [
        ("# Title\n\nText.\n", 1, "a heading"),
        ("Just text.\n", 1, "the file starts with text, so it has no front matter"),
        ("```yaml\n---\nname: a\n---\n```\n", 1, "a code fence, so the block on line 2"),
        ("<!-- a -->\n---\nname: a\n---\n", 1, "a comment"),
        ("name: a\ndescription: b\n\n# Body\n", 1, "fields, but without the \"---\" line"),
        ("---\nname: a\ndescription: b\n\n# Body\n", 1, "no closing \"---\" line"),
        ("---\nname: a\ndescription: |\n  b\n  ---\n  # Body\n", 5, "closing \"---\" is indented"),
        ("---\nname: a\n\n# Title\n\nSome: text here\nand more\n\n---\n", 1, "before the first heading"),
        ("--- name: a\n", 1, "text on the same line"),
        ("  ---\nname: a\n  ---\n", 1, "is indented"),
        ("------\nname: a\n", 1, "a row of dashes"),
        ("---\n**Name**: a\n---\n", 2, "no field could be read"),
        ("---\n# Title\n---\nText\n", 1, "there are no fields"),
    ];
    for (text, line, why) in cases {
        let file = read(text);
        let file = file.as_ref();
        assert_eq!(file.map(|file| file.front_matter.is_none()), Ok(true), "{text}");
        assert_eq!(file.map(|file| (file.body, file.body_line)), Ok((text, 1)), "{text}");
        let said = file.map(messages).unwrap_or_default();
        assert!(
            said.len() == 1 && said[0].starts_with(&format!("{line}: ")) && said[0].contains(why),
            "{text}: {said:?}"
        );
    }
}

#[test]
fn refuses_only_unusable_files() {
    let limits = Limits::default();
    for blank in ["", " \n\t\r\n", "\u{feff}", "\u{feff}\n"] {
        assert_eq!(SkillFile::read(blank.as_bytes(), &limits).err(), Some(Unreadable::Empty));
    }
    let latin = SkillFile::read(b"---\nname: caf\xe9\n---\n", &limits).err();
    assert_eq!(latin.as_ref().map(Unreadable::line), Some(2));
    assert_eq!(latin.map(|error| error.to_string()).as_deref(), Some("line 2 is not UTF-8 text"));
    let large = vec![b'a'; limits.file_bytes + 1];
    assert!(matches!(SkillFile::read(&large, &limits), Err(Unreadable::TooLarge { what: "file", .. })));
    let large = format!("---\nname: {}\n---\n", "a".repeat(limits.front_matter_bytes));
    assert!(matches!(read(&large), Err(Unreadable::TooLarge { what: "front matter", line: 2, .. })));
}

#[test]
fn accepts_any_line_ends_a_byte_order_mark_and_leading_blank_lines() {
    let plain = "---\nname: a\ndescription: |\n  b\n  c\n---  \nBody\n";
    for (text, said) in [
        (plain.replace('\n', "\r\n"), vec![]),
        (plain.replacen('\n', "\r\n", 3), vec![]),
        (format!("\u{feff}{plain}"), vec!["1: the file starts with a byte order mark"]),
        (format!("\r\n\n{plain}"), vec!["1: blank lines come before the opening \"---\""]),
    ] {
        let file = read(&text);
        assert_eq!(file.as_ref().map(messages), Ok(said.into_iter().map(str::to_owned).collect()), "{text:?}");
        let front_matter = file.ok().and_then(|file| file.front_matter).unwrap_or_default();
        assert_eq!(front_matter.name.as_deref(), Some("a"));
        assert_eq!(front_matter.description.as_deref().map(|text| text.replace('\r', "")).as_deref(), Some("b\nc"));
    }
}

#[test]
fn dashes_within_a_value_do_not_end_the_front_matter() {
    let (front_matter, said) = fields("name: a\ndescription: before --- after\nlicense: |\n  x\n  ---\n  y");
    assert_eq!(front_matter.description.as_deref(), Some("before --- after"));
    assert_eq!(front_matter.license.as_deref(), Some("x\n---\ny"));
    assert_eq!(said, Vec::<String>::new());
}

#[test]
fn takes_prose_literally_if_it_is_not_yaml() {
    for value in [
        "Use when you need to: read, write",
        "**Bold** start",
        "*emphasis* start",
        "{{placeholder}}",
        "{NAME}'s own skill",
        "[city] | [\"rain\"] [wind]",
        "@mention first",
        "`code` first",
        "%percent first",
        "\"Quoted\" and then more",
        "'a' or 'b'",
        "- item",
        "!important: note",
    ] {
        assert_eq!(repaired(value), value);
    }
    assert_eq!(repaired("\"Say \"hello\" to them\""), "Say \"hello\" to them");
    assert_eq!(repaired("'It's here'"), "It's here");
    assert_eq!(repaired("\"never closed"), "never closed");
    assert_eq!(repaired("first: part\n  second part\n# a comment"), "first: part second part");
    assert_eq!(repaired("first: part\nunindented part\n- an item"), "first: part unindented part\n- an item");
    assert_eq!(repaired("|\nunindented block"), "unindented block");
}

#[test]
fn a_repair_names_its_line_and_affects_no_other_field() {
    let (front_matter, said) =
        fields("name: a\ndescription: b\nhint: Use: this\ncount: 3\nmetadata: {\"x\": {\"y\": 1}");
    assert_eq!(front_matter.fields["count"], json!(3));
    assert_eq!(front_matter.fields["hint"], json!("Use: this"));
    assert_eq!(said.len(), 3, "{said:?}");
    assert!(said[0].starts_with("4: the value of \"hint\" is not valid YAML"), "{said:?}");
    assert!(said[1].starts_with("6: the value of \"metadata\""), "{said:?}");
    assert!(said[2].contains("\"metadata\" was ignored: it is text"), "{said:?}");
}

#[test]
fn ignores_ambiguous_values() {
    let (front_matter, said) =
        fields("name: a\ndescription: \"opened\n\nand: closed\"\nlicense: MIT\nmetadata: {\n  \"x\": [1\n}\nowner: me");
    assert_eq!(front_matter.description, None);
    assert!(!front_matter.fields.contains_key("metadata"), "{:?}", front_matter.fields);
    assert!(said.iter().any(|message| message.contains("\"metadata\"") && message.ends_with("left out")), "{said:?}");
    let (front_matter, said) = fields("name: pdf\n  description: indented by mistake\nlicense: MIT");
    assert_eq!((front_matter.name, front_matter.license.as_deref()), (None, Some("MIT")));
    assert!(said.iter().any(|message| message.contains("\"name\"") && message.ends_with("left out")), "{said:?}");
    let (_, said) = fields("name: a\ndescription: b\n\nstray prose\nmore of it");
    assert_eq!(said, ["5: 2 lines belong to no field and were left out"]);
}

#[test]
fn keeps_numbers_as_they_were_spelt() {
    for spelt in
        ["1.0", "1.10", "8004", "007", "0x1F", "1e3", "True", "1_000", "99999999999999999999", "v1.1.0", "2.x.x", ".5"]
    {
        let (front_matter, said) = fields(&format!("name: {spelt}\ndescription: {spelt}\nversion: {spelt}"));
        for field in [front_matter.name, front_matter.description, front_matter.version] {
            assert_eq!(field.as_deref(), Some(spelt));
        }
        assert_eq!(said, Vec::<String>::new(), "{spelt}");
    }
    let (front_matter, _) =
        fields("a: 1.0\nb: 1.10\nc: 8004\nd: 007\ne: true\nf: null\ng: yes\nh: .inf\ni: '3'\nj: !!str 4");
    let expected = json!({"a": 1.0, "b": "1.10", "c": 8004, "d": "007", "e": true, "f": null, "g": "yes", "h": ".inf", "i": "3", "j": "4"});
    assert_eq!(serde_json::Value::Object(front_matter.fields), expected);
    let (front_matter, _) = fields("name: a\ndescription: b\nmetadata:\n  version: 1.20");
    assert_eq!(front_matter.version.as_deref(), Some("1.20"));
    let (front_matter, _) = fields("name: a\ndescription: b\nmetadata:\n  version: 1.20\nversion: 3");
    assert_eq!(front_matter.version.as_deref(), Some("3"));
}

#[test]
fn of_repeated_keys_the_first_is_used() {
    let (front_matter, said) = fields("name: a\ndescription: b\nname: c\nmetadata:\n  x: 1\n  x: 2");
    assert_eq!(front_matter.name.as_deref(), Some("a"));
    assert_eq!(front_matter.metadata["x"], json!(1));
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("4: the field \"name\" is repeated"), "{said:?}");
    assert!(said[1].starts_with("7: the key \"x\" is repeated"), "{said:?}");
}

#[test]
fn reads_anchors_tags_and_surrogate_pairs() {
    let (front_matter, said) = fields(
        "name: a\ndescription: \"\\uD83D\\uDE00\"\nmetadata:\n  x: &x {k: v}\n  y: *x\n  z: !own 1\n  w: !!str 2",
    );
    assert_eq!(front_matter.description.as_deref(), Some("\u{1f600}"));
    assert_eq!(
        serde_json::Value::Object(front_matter.metadata),
        json!({"x": {"k": "v"}, "y": {"k": "v"}, "z": "1", "w": "2"})
    );
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].starts_with("7: an unknown YAML tag was ignored"), "{said:?}");
}

#[test]
fn reads_lists_of_words_in_all_their_forms() {
    for tags in ["[a, b c]", "\n  - a\n  - b c", "\n- a\n- b c", "a, b c", "\"a,b c,\""] {
        assert_eq!(fields(&format!("tags: {tags}")).0.tags, Some(vec!["a".to_owned(), "b c".to_owned()]), "{tags}");
    }
    assert_eq!((fields("tags:").0.tags, fields("tags: []").0.tags, fields("a: b").0.tags), (None, Some(vec![]), None));
    for tools in [
        "Read, Bash(git add:*, git rm:*), Grep",
        "Read Bash(git add:*, git rm:*) Grep",
        "[Read, \"Bash(git add:*, git rm:*)\", Grep]",
        "\n  - Read\n  - Bash(git add:*, git rm:*)\n  - Grep",
    ] {
        assert_eq!(
            fields(&format!("allowed-tools: {tools}")).0.allowed_tools,
            ["Read", "Bash(git add:*, git rm:*)", "Grep"],
            "{tools}"
        );
    }
    let (front_matter, said) = fields("name: a\ndescription: b\ntags: [a, {b: c}]");
    assert_eq!(front_matter.tags, Some(vec!["a".to_owned()]));
    assert_eq!(said, ["4: \"tags\" has 1 entries that are not text; they were ignored"]);
    let (_, said) = fields("name: a\ndescription: b\ntags: [a, '', ~, [c]]");
    assert_eq!(
        said,
        [
            "4: \"tags\" has 2 entries that are empty; they were ignored",
            "4: \"tags\" has 1 entries that are not text; they were ignored"
        ]
    );
}

#[test]
fn reports_fields_of_the_wrong_type_and_keeps_them() {
    let (front_matter, said) = fields("name: a\ndescription: [b, c]\nmetadata: text\nlicense: {x: y}");
    assert_eq!((front_matter.description, front_matter.license, front_matter.metadata.len()), (None, None, 0));
    assert_eq!(front_matter.fields["description"], json!(["b", "c"]));
    assert_eq!(said.len(), 3, "{said:?}");
    for (yaml, message) in [
        ("name: a", "2: the front matter has no \"description\""),
        ("name: a\ndescription:", "2: the \"description\" is empty"),
        ("name: a\ndescription: \" \"", "2: the \"description\" is empty"),
        ("description: a", "2: the front matter has no \"name\""),
    ] {
        assert_eq!(fields(yaml).1, [message]);
    }
}

#[test]
fn reads_metadata_as_json_on_one_line_or_many() {
    let expected = json!({"tool": {"emoji": "x", "bins": ["a", "b"]}});
    for metadata in [
        "{\"tool\":{\"emoji\":\"x\",\"bins\":[\"a\",\"b\"]}}",
        "\n  {\n    \"tool\":\n      { \"emoji\": \"x\", \"bins\": [\"a\", \"b\"], },\n  }",
        "{\n\"tool\": {\n\"emoji\": \"x\",\n\"bins\": [\"a\", \"b\"]\n}\n}",
    ] {
        for broken in ["fine", "not: fine"] {
            let (front_matter, _) = fields(&format!("name: a\nmetadata: {metadata}\ndescription: {broken}"));
            assert_eq!(serde_json::Value::Object(front_matter.metadata), expected, "{metadata} {broken}");
            assert_eq!(front_matter.description.as_deref(), Some(broken));
        }
    }
}

#[test]
fn reports_invisible_characters_once_and_escapes_them() {
    let file = read("---\nname: a\ndescription: b\n---\n\u{0}x\u{200b}\n\u{202e}\n");
    let said = file.as_ref().map(messages).unwrap_or_default();
    assert_eq!(said, ["5: the file has 3 invisible characters: U+0000, U+200B, U+202E"]);
    let (front_matter, said) = fields("name: a\ndescription: x\u{1}y\nowner: b: c");
    assert_eq!(front_matter.description.as_deref(), Some("x\u{fffd}y"));
    assert_eq!(said.len(), 3, "{said:?}");
    let (_, said) = fields("name: a\ndescription: b\n\u{202e}key: [");
    assert!(said.iter().all(|message| !message.contains('\u{202e}')), "{said:?}");
}

#[test]
fn reports_comments_and_anchors_in_prose() {
    let (front_matter, said) = fields("name: a\ndescription: Fixes issue #12 at once\nversion: 1.0 # fine");
    assert_eq!(front_matter.description.as_deref(), Some("Fixes issue #12 at once").map(|_| "Fixes issue"));
    assert_eq!(said, ["3: YAML reads the text from \"#\" on as a comment, not as part of \"description\""]);
    let (front_matter, said) = fields("name: a\ndescription: &fast and small");
    assert_eq!(front_matter.description.as_deref(), Some("and small"));
    assert!(said.len() == 1 && said[0].contains("an anchor"), "{said:?}");
}
