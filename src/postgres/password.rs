//! Reads the password file like libpq.

use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::model::Visible;
use crate::regular_file;
use crate::settings::{Host, PostgresServer, Secret};

/// Maximum size of the password file, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// What is said about a server that a file of the project names, and that gets no password.
const OF_A_PROJECT: &str = "a project's database or settings file names the server, so it gets a password only from a line with its \
    host in the password file; name the server with --db or CFN_SKILLS_DB_PATH to use PGPASSWORD";

/// The configured password, or the one in the password file; and a remark about what was not used, if so.
pub(super) fn find(server: &PostgresServer, host: &Host, user: &str) -> (Option<Secret>, Option<String>) {
    if server.password.is_some() {
        return (server.password.clone(), None);
    }
    let remark = || server.is_named_by_project.then(|| OF_A_PROJECT.to_owned());
    let Some(path) = &server.password_file else { return (None, remark()) };
    match read(path) {
        Ok(None) => (None, remark()),
        Ok(Some(text)) => match in_file(&text, server, host, user) {
            Some(password) => (Some(password), None),
            None => (None, remark()),
        },
        Err(why) => (None, Some(format!("the password file {} was not read: {why}", Visible(path.to_string_lossy())))),
    }
}

/// Reads the file, unless other users have access to it.
fn read(path: &Path) -> io::Result<Option<String>> {
    let file = match regular_file::open(path) {
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => {
            return Ok(None);
        }
        outcome => outcome?,
    };
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other("its group or others have access to it; make it 0600"));
    }
    let mut bytes = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut bytes)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The password of the first matching line: `host:port:database:user:password`, where `*` matches everything, but not the
/// host that a project names.
fn in_file(text: &str, server: &PostgresServer, at: &Host, user: &str) -> Option<Secret> {
    let host = if at.is_socket() { "localhost" } else { &at.name };
    let port = at.port.to_string();
    let wanted = [host, &port, &server.database, user];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let mut fields = fields(line).into_iter();
        let fits = wanted.iter().enumerate().all(|(index, wanted)| {
            let Some(field) = fields.next() else { return false };
            let socket = index == 0 && field == at.name; // a socket's folder fits by its path as well
            let is_any = field == "*" && !(index == 0 && server.is_named_by_project);
            is_any || field == *wanted || socket
        });
        fits.then(|| fields.next()).flatten().filter(|it| !it.is_empty()).map(Secret::from)
    })
}

/// Splits a line into fields; `\:` and `\\` are escapes.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let last = fields.len() - 1;
        match character {
            '\\' => fields[last].extend(characters.next()),
            ':' => fields.push(String::new()),
            other => fields[last].push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::{fields, in_file};
    use crate::settings::{Flags, Settings};
    use std::ffi::OsString;
    use std::path::Path;

    fn found(text: &str, url: &str, user: &str) -> Option<String> {
        let lookup = |name: &str| (name == "CFN_POSTGRES_URL").then(|| OsString::from(url));
        let server = Settings::resolve(&Flags::default(), &lookup, Path::new("/here")).workflow_server().ok()?;
        in_file(text, &server, &server.hosts[0], user).map(|it| it.reveal().to_owned())
    }

    #[test]
    fn the_first_matching_line_has_the_password() {
        let text = "# mine\nother:*:*:*:no\ndb:5432:work:me:a\\:b\\\\c\n*:*:*:*:last\n";
        assert_eq!(found(text, "postgres://db/work", "me").as_deref(), Some("a:b\\c"));
        assert_eq!(found(text, "postgres://db/work", "you").as_deref(), Some("last"));
        assert_eq!(found("localhost:*:*:*:s", "postgres://%2Frun%2Fpg/work", "me").as_deref(), Some("s"));
        assert_eq!(found("/run/pg:*:*:*:s", "postgres://%2Frun%2Fpg/work", "me").as_deref(), Some("s"));
        assert_eq!(found("db:1:2", "postgres://db/work", "me"), None);
    }

    #[test]
    fn a_backslash_escapes_the_next_character() {
        assert_eq!(fields("a\\:b:c\\"), ["a:b", "c"]);
    }
}
