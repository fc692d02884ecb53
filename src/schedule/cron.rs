//! A schedule as lines of the user's crontab.

use super::{Every, Job, Schedule};

/// A crontab, which has lines of others too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crontab(String);

/// A schedule begins in a crontab and does not end.
#[derive(Debug, thiserror::Error)]
#[error("the crontab has the line '{0}' without its end")]
pub struct Unended(String);

impl Crontab {
    /// The text of a crontab.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lines of a schedule, if it is in the crontab.
    pub fn lines_of(&self, name: &str) -> Result<Option<&str>, Unended> {
        Ok(self.range_of(name)?.map(|it| &self.0[it]))
    }

    /// This crontab with other lines for a schedule, or without any.
    pub fn with(&self, name: &str, lines: Option<&str>) -> Result<Self, Unended> {
        let lines = lines.unwrap_or_default();
        Ok(Self(if let Some(range) = self.range_of(name)? {
            [&self.0[..range.start], lines, &self.0[range.end..]].concat()
        } else {
            let newline = if self.0.is_empty() || self.0.ends_with('\n') { "" } else { "\n" };
            [&self.0, newline, lines].concat()
        }))
    }

    fn range_of(&self, name: &str) -> Result<Option<std::ops::Range<usize>>, Unended> {
        let [first, last] = ends_of(name);
        let Some(start) = find_line(&self.0, &first) else { return Ok(None) };
        let end = find_line(&self.0[start..], &last).ok_or(Unended(first))?;
        let end = start + end;
        Ok(Some(start..self.0[end..].find('\n').map_or(self.0.len(), |it| end + it + 1)))
    }
}

/// Where a whole line begins.
fn find_line(text: &str, wanted: &str) -> Option<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        if line.trim_end() == wanted {
            return Some(start);
        }
        start += line.len();
    }
    None
}

/// The lines around a schedule.
fn ends_of(name: &str) -> [String; 2] {
    [format!("# {name}: written by 'cfn schedule'"), format!("# {name}: end")]
}

impl Schedule {
    /// The lines of a crontab.
    #[must_use]
    pub fn crontab_lines(&self) -> String {
        let [first, last] = ends_of(&self.name);
        let jobs: Vec<_> = self.jobs.iter().map(|it| self.line(it)).collect();
        [&[first][..], &jobs, &[last, String::new()]].concat().join("\n")
    }

    fn line(&self, job: &Job) -> String {
        let minute = self.minute;
        let when = match job.every {
            Every::Minute => "* * * * *".to_owned(),
            Every::FiveMinutes => "*/5 * * * *".to_owned(),
            Every::Hour => format!("{minute} * * * *"),
            Every::Day(hour) => format!("{minute} {hour} * * *"),
        };
        let variables = job.environment.iter().map(|(name, value)| format!("{name}={} ", quoted(value)));
        let words: Vec<_> = job.command.iter().map(|it| quoted(it)).collect();
        let command = format!("{}{}", variables.collect::<String>(), words.join(" "));
        // Cron mails all output; errors are always among it.
        let said =
            if job.speaks { format!("said=$({command}) || echo \"$said\"") } else { format!("{command} >/dev/null") };
        let command = format!("cd {} && {said}", quoted(&self.folder));
        // In a crontab, an unescaped percent sign ends the command.
        format!("{when} {}", command.replace('%', "\\%"))
    }
}

/// A word as a shell reads it. A schedule has no text with a NUL, which is all that cannot be quoted.
fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| String::new(), std::borrow::Cow::into_owned)
}

#[cfg(test)]
#[expect(clippy::expect_used, reason = "a test fails by panicking")]
mod tests {
    use super::Crontab;

    #[test]
    fn lines_of_others_stay_as_they_are() {
        let others = "MAILTO=me\n# cfn-a-2: end\n1 2 * * * x";
        let lines = "# cfn-a-1: written by 'cfn schedule'\n* * * * * y\n# cfn-a-1: end\n";
        let both = Crontab(others.to_owned()).with("cfn-a-1", Some(lines)).expect("readable");
        assert_eq!(both.0, format!("{others}\n{lines}"));
        assert_eq!(both.lines_of("cfn-a-1").expect("readable"), Some(lines));
        assert_eq!(both.lines_of("cfn-a-2").expect("readable"), None);
        assert_eq!(both.with("cfn-a-1", Some(lines)).expect("readable"), both);
        assert_eq!(both.with("cfn-a-1", None).expect("readable").0, format!("{others}\n"));
        let cut = Crontab(lines.replace(": end", "")).with("cfn-a-1", None);
        assert!(cut.is_err(), "{cut:?}");
    }
}
