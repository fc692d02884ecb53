//! A name says what is inside.

use super::source::Source;

/// Names that say nothing about what a file holds.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helpers", "common", "misc"];

/// A name says what is inside.
pub(super) fn telling_names(source: &Source) -> Vec<String> {
    let stems = source.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let empty = stems.filter(|stem| EMPTY_NAMES.contains(stem));
    empty.map(|stem| source.finding(1, &format!("the name `{stem}` does not say what is inside"))).collect()
}

mod tests {
    use super::telling_names;
    use crate::architecture::source::made_up;

    #[test]
    fn names_that_say_nothing_are_refused() {
        for path in ["util.rs", "ops/helpers.rs", "store/common/mod.rs", "model/misc.txt", "cli/utils/load.rs"] {
            assert_eq!(telling_names(&made_up(path, "")).len(), 1, "{path}");
        }
        assert_eq!(telling_names(&made_up("ops/common_names.rs", "")), [""; 0]);
    }
}
