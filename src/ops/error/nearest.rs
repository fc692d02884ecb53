//! Names that somebody may have meant.

/// The three names most similar to this one.
pub(in crate::ops) fn nearest(meant: &str, names: Vec<String>) -> Vec<String> {
    let wanted = meant.to_lowercase();
    let mut scored: Vec<(f64, String)> = names
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let contained = lower.contains(&wanted) || wanted.contains(&lower);
            (strsim::jaro_winkler(&wanted, &lower).max(if contained { 0.9 } else { 0.0 }), name)
        })
        .filter(|(score, _)| *score >= 0.75)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    scored.into_iter().take(3).map(|(_, name)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn names_the_likeliest_first() {
        let names = ["postgresql", "postgres-backup", "brainstorming"].map(str::to_owned).to_vec();
        assert_eq!(nearest("postgress", names.clone()).first().map(String::as_str), Some("postgresql"));
        assert_eq!(nearest("Storm", names.clone()), ["brainstorming"]);
        assert!(nearest("zzz", names).is_empty());
    }
}
