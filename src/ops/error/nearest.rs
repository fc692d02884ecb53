//! Names that somebody may have meant.

/// Minimum similarity.
const LEAST: f64 = 0.75;

/// Minimum length of what is looked for inside other names, unless it is a word of them.
const LEAST_PART: usize = 3;

/// The three names most similar to this one.
pub(in crate::ops) fn nearest(meant: &str, names: Vec<String>) -> Vec<String> {
    let wanted = meant.to_lowercase();
    let mut scored: Vec<(f64, String)> = names
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            let contained = is_part(&wanted, &lower) || is_part(&lower, &wanted);
            let score = [likeness(&wanted, &lower), contained.then_some(0.9)].into_iter().flatten().reduce(f64::max)?;
            Some((score, name))
        })
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

/// Whether one may have meant the name by a part of it. A letter is a part of nearly every name.
fn is_part(part: &str, of: &str) -> bool {
    let length = part.chars().count();
    let is_word = |it: &str| length > 1 && it == part;
    length >= LEAST_PART && of.contains(part) || of.split(['-', '_', '/', '.']).any(is_word)
}

/// The similarity of lower-case texts; `None` if more than a third of the characters differ. Of names of one or two
/// letters, every other one differs by too much.
fn likeness(meant: &str, name: &str) -> Option<f64> {
    let longest = meant.chars().count().max(name.chars().count());
    let similar = Some(strsim::jaro_winkler(meant, name)).filter(|it| *it >= LEAST)?;
    (strsim::osa_distance(meant, name) * 3 <= longest).then_some(similar)
}

#[cfg(test)]
mod tests {
    use super::{likeness, nearest};

    #[test]
    fn a_third_of_the_characters_may_differ() {
        for (meant, name) in
            [("agnets", "agents"), ("jwtt", "jwt"), ("jw", "jwt"), ("postgress", "postgresql"), ("a", "a")]
        {
            assert!(likeness(meant, name).is_some(), "{meant} {name}");
        }
        for (meant, name) in
            [("a", "b"), ("a", "ab"), ("ab", "ac"), ("", "a"), ("jwt", "jwt-auth"), ("é", "e"), ("dev", "dba")]
        {
            assert_eq!(likeness(meant, name), None, "{meant} {name}");
        }
    }

    #[test]
    fn names_the_likeliest_first() {
        let names = ["postgresql", "postgres-backup", "brainstorming"].map(str::to_owned).to_vec();
        assert_eq!(nearest("postgress", names.clone()).first().map(String::as_str), Some("postgresql"));
        assert_eq!(nearest("Storm", names.clone()), ["brainstorming"]);
        assert!(nearest("zzz", names).is_empty());
    }

    #[test]
    fn a_letter_is_like_no_name() {
        let names = ["a", "b", "ab", "a-b", "go-testing", "algorithm", "abc"].map(str::to_owned).to_vec();
        for meant in ["a", "b", "x", "A", "go", "", "é"] {
            let found: &[&str] = match meant {
                "go" => &["go-testing"],
                "a" | "A" => &["a"],
                "b" => &["b"],
                _ => &[],
            };
            assert_eq!(nearest(meant, names.clone()), found, "{meant}");
        }
        assert_eq!(nearest("alpha", vec!["a".to_owned(), "al".to_owned()]), [""; 0]);
    }
}
