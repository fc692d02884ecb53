//! The `id` of a JSON line comes back as it was written, whatever becomes of the line.

use crate::scene::with_skill;

/// Numbers that no float of 64 bits holds, and other values.
const IDS: [&str; 9] = [
    "18446744073709551616",
    "-9223372036854775809",
    "123456789012345678901234567890",
    "18446744073709551615",
    "1.10",
    "0.30000000000000000001",
    "[18446744073709551616]",
    "\"18446744073709551616\"",
    "{\"n\":1}",
];

fn beginnings(answers: &str) -> Vec<String> {
    let fields = |it: &str| {
        it.find(",\"agent_type\"").or(it.find(",\"logged\"")).or(it.find(",\"line\"")).or(it.find(",\"error\""))
    };
    answers.lines().map(|it| it[..fields(it).unwrap_or(it.len())].to_owned()).collect()
}

#[test]
fn an_id_of_any_length_comes_back_as_it_was_written() {
    let project = with_skill("jwt", "domain", "dev");
    let expected: Vec<String> = IDS.iter().map(|it| format!("{{\"id\":{it}")).collect();
    for (command, good, bad) in [
        ("load", "\"agent_type\":\"dev\"", "\"agent_type\":7"),
        ("log", "\"skill\":\"jwt\",\"agent_id\":\"a\",\"agent_type\":\"dev\"", "\"skill\":\"nobody\""),
    ] {
        for (fields, code) in [(good, 0), (bad, 1)] {
            for line in IDS
                .map(|id| format!("{{{fields},\"id\": {id}}}\n"))
                .concat()
                .split_inclusive('\n')
                .map(str::to_owned)
                .chain([IDS.map(|id| format!("{{ \"id\" :{id} , {fields} }}\n")).concat()])
            {
                let ran = project.cfn_with_input([command, "--batch"], line.as_bytes());
                assert_eq!(ran.code, Some(code), "{ran:?}");
                let found = beginnings(&ran.stdout);
                assert!(!found.is_empty() && found.iter().all(|it| expected.contains(it)), "{line}: {ran:?}");
                assert!(found.len() == 1 || found == expected, "{ran:?}");
            }
        }
    }
}
