//! The name that decisions are recorded with.

use super::{BadSetting, Given, Settings, Source};
use crate::model::hidden_characters;

const EXPECTED: &str = "a name on one line, without invisible characters";

impl Settings {
    /// The approver: as typed, else from the environment, else from the user's file. What was typed empty was not typed.
    pub fn approver(&self, typed: Option<&str>) -> Result<Option<String>, BadSetting> {
        let typed = typed.filter(|it| !it.trim().is_empty());
        let given = typed.map(|it| Given { source: Source::Flag("--approver"), value: it.into() });
        let given = given.or_else(|| self.environment.given("CFN_APPROVER")).or_else(|| self.files.text("approver"));
        given.map(person).transpose()
    }

    /// The person whom a flag names.
    pub fn person(flag: &'static str, name: &str) -> Result<String, BadSetting> {
        person(Given { source: Source::Flag(flag), value: name.into() })
    }
}

/// A name of another form is an error: without it, the decision would get the name of somebody else.
fn person(given: Given) -> Result<String, BadSetting> {
    let is_plain = |it: &&str| !it.is_empty() && !it.contains(char::is_control) && hidden_characters(it).is_empty();
    match given.value.to_str().map(str::trim).filter(is_plain) {
        Some(name) => Ok(name.to_owned()),
        None => Err(BadSetting::of(given, EXPECTED)),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt as _;
    use std::path::Path;

    use crate::settings::{Flags, Settings};

    fn approver(typed: Option<&str>, variable: &[u8]) -> Result<Option<String>, String> {
        let look_up = |name: &str| (name == "CFN_APPROVER").then(|| OsString::from(OsStr::from_bytes(variable)));
        let settings = Settings::resolve(&Flags::default(), &look_up, Path::new("/here"));
        settings.approver(typed).map_err(|it| it.to_string())
    }

    #[test]
    fn a_name_is_trimmed_and_an_empty_one_is_none() {
        for (typed, variable, expected) in [
            (None, "", None),
            (None, " ann ", Some("ann")),
            (Some(""), "ann", Some("ann")),
            (Some("  "), "", None),
            (Some("José Núñez\n"), "ann", Some("José Núñez")),
            (Some("bob"), "a\nb", Some("bob")),
        ] {
            assert_eq!(approver(typed, variable.as_bytes()), Ok(expected.map(str::to_owned)), "{typed:?} {variable:?}");
        }
    }

    #[test]
    fn what_is_no_name_is_an_error_that_names_its_source() {
        for bad in [b"   ".as_slice(), b"\xff\xfe", b"ja\nne", b"a\tb", b"a\rb", b"a\x1b[2Kb", "a\u{202e}b".as_bytes()]
        {
            let message = approver(None, bad);
            assert!(message.as_ref().is_err_and(|it| it.contains("CFN_APPROVER")), "{bad:?}: {message:?}");
            if let Some(bad) = std::str::from_utf8(bad).ok().filter(|it| !it.trim().is_empty()) {
                assert!(approver(Some(bad), b"ann").is_err_and(|it| it.contains("--approver")), "{bad:?}");
                assert!(Settings::person("--approve-as", bad).is_err_and(|it| it.to_string().contains("--approve-as")));
            }
        }
    }
}
