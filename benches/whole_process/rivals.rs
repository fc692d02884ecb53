//! The programs that cfn is compared with, and what they are told to do.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use cfn::bench::statements::{batch, deploy, update};
use cfn::bench::workload::skill_name;

use super::measure::Result;

/// Whether a program is on the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The `sqlite3` shell with a file of statements as its input.
pub(crate) fn shell(database: &Path, statements: &Path) -> Result<Command> {
    let mut command = Command::new("sqlite3");
    command.arg("-bail").arg(database).stdin(Stdio::from(File::open(statements)?));
    Ok(command)
}

/// A deploy of a new skill as one batch.
pub(crate) fn deploy_batch(number: usize) -> String {
    batch(&deploy(number, &format!("{}/SKILL.md", skill_name(number))))
}

/// An update to another version as one batch.
pub(crate) fn update_batch(number: usize, revision: u64) -> String {
    batch(&update(number, revision, &format!("{}/SKILL.md", skill_name(number))))
}

/// The way of the old scripts, made anew from the description of what they do: arguments checked one by one, the file looked at,
/// the skill looked up, a `sqlite3` process for every statement, mappings looked up and added agent by agent, a line of log at
/// the beginning and the end. What the shell can do by itself starts no process here.
pub(crate) fn deploy_by_script(database: &Path, file: &Path, number: usize) -> Command {
    let script = r#"set -euo pipefail
log() { echo "[$(date '+%Y-%m-%d %H:%M:%S')] $*" >&2; }
fail() { log "ERROR: $*"; exit 1; }
PATTERN=42 CATEGORY=domain TEAMS=backend-developer,api-designer
log "Deploying $NAME"
[[ $PATTERN =~ ^[0-9]+$ ]] || fail "pattern"
[[ $NAME =~ ^[a-zA-Z0-9_-]+$ && ${#NAME} -le 64 ]] || fail "name"
[[ -f $FILE && -r $FILE ]] || fail "file"
CONTENT_PATH=$(realpath "$FILE")
[ "$(stat -c %s "$CONTENT_PATH")" -le 1048576 ] || fail "size"
case $CATEGORY in
  coordination|testing|foundation) LEVEL=auto ;;
  infrastructure) LEVEL=escalate ;;
  domain) LEVEL=human ;;
  *) fail "category" ;;
esac
[ -f "$DB" ] || fail "database"
HASH=$(sha256sum "$CONTENT_PATH" | cut -d' ' -f1)
if [ -n "$(sqlite3 "$DB" "SELECT id FROM skills WHERE name = '$NAME'")" ]; then
  sqlite3 "$DB" "UPDATE skills SET content_path = '$CONTENT_PATH', content_hash = '$HASH', phase4_pattern_id = $PATTERN WHERE name = '$NAME'"
else
  sqlite3 "$DB" "INSERT INTO skills (name, category, content_path, content_hash, version, approval_level, phase4_pattern_id,
    generated_by, is_auto_generated) VALUES ('$NAME', '$CATEGORY', '$CONTENT_PATH', '$HASH', '1.0.0', '$LEVEL', $PATTERN, 'phase4', 1)"
fi
ID=$(sqlite3 "$DB" "SELECT id FROM skills WHERE name = '$NAME'")
sqlite3 "$DB" "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning)
  VALUES ($ID, '1.0.0', '$LEVEL', 'phase4-system', 'approved', 'Approved')"
sqlite3 "$DB" "UPDATE skills SET last_approved_by = 'phase4-system', last_approval_date = datetime('now') WHERE id = $ID"
IFS=, read -ra AGENTS <<<"$TEAMS"
for AGENT in "${AGENTS[@]}"; do
  AGENT=${AGENT// /}
  [[ $AGENT =~ ^[a-zA-Z0-9_-]+$ ]] || fail "agent"
  if [ "$(sqlite3 "$DB" "SELECT COUNT(*) FROM agent_skill_mappings WHERE agent_type = '$AGENT' AND skill_id = $ID")" -eq 0 ]; then
    sqlite3 "$DB" "INSERT INTO agent_skill_mappings (agent_type, skill_id) VALUES ('$AGENT', $ID)"
  fi
done
log "Deployed $NAME as $ID"
echo "$ID"
"#;
    by_script(script, database, file, number)
}

/// The same for an update: the skill, its version, its hash and its level looked up one by one, the step checked, four fields taken
/// from the front matter.
pub(crate) fn update_by_script(database: &Path, file: &Path, number: usize, revision: u64) -> Command {
    let script = r#"set -euo pipefail
log() { echo "[$(date '+%Y-%m-%d %H:%M:%S')] $*" >&2; }
fail() { log "ERROR: $*"; exit 1; }
CHANGE=patch NOTIFY=false
log "Updating $NAME to $VERSION"
[[ $NAME =~ ^[a-zA-Z0-9_-]+$ ]] || fail "name"
[[ $VERSION =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "version"
[[ -f $FILE && -r $FILE ]] || fail "file"
[ -f "$DB" ] || fail "database"
CONTENT_PATH=$(realpath "$FILE")
ID=$(sqlite3 "$DB" "SELECT id FROM skills WHERE name = '$NAME'")
[ -n "$ID" ] || fail "no such skill"
OLD_VERSION=$(sqlite3 "$DB" "SELECT version FROM skills WHERE id = $ID")
OLD_HASH=$(sqlite3 "$DB" "SELECT content_hash FROM skills WHERE id = $ID")
LEVEL=$(sqlite3 "$DB" "SELECT approval_level FROM skills WHERE id = $ID")
IFS=. read -r MAJOR MINOR PATCH <<<"$OLD_VERSION"
case $CHANGE in
  major) EXPECTED=$((MAJOR + 1)).0.0 ;;
  minor) EXPECTED=$MAJOR.$((MINOR + 1)).0 ;;
  patch) EXPECTED=$MAJOR.$MINOR.$((PATCH + 1)) ;;
  *) fail "change type" ;;
esac
[ "$VERSION" = "$EXPECTED" ] || fail "version step"
HASH=$(sha256sum "$CONTENT_PATH" | cut -d' ' -f1)
[ "$HASH" != "$OLD_HASH" ] || fail "unchanged"
field() { sed -n '/^---$/,/^---$/p' "$CONTENT_PATH" | sed -n "s/^$1: *//p"; }
TAGS=$(field tags) CATEGORY=$(field category) OWNER=$(field owner) ASKED=$(field approval_level)
sqlite3 "$DB" "UPDATE skills SET version = '$VERSION', content_hash = '$HASH', content_path = '$CONTENT_PATH',
  tags = coalesce(nullif('$TAGS', ''), tags), category = coalesce(nullif('$CATEGORY', ''), category),
  owner = coalesce(nullif('$OWNER', ''), owner), approval_level = coalesce(nullif('$ASKED', ''), approval_level),
  updated_at = datetime('now') WHERE id = $ID"
sqlite3 "$DB" "INSERT INTO approval_history (skill_id, version, approval_level, approver, decision, reasoning, approval_criteria_check)
  VALUES ($ID, '$VERSION', 'auto', 'phase4-edge-case-tracker', 'approved', 'Propagated',
    '{\"change_type\":\"$CHANGE\",\"source\":\"edge-case\",\"level\":\"$LEVEL\",\"propagated_at\":\"$(date -u '+%Y-%m-%dT%H:%M:%SZ')\"}')"
sqlite3 "$DB" "UPDATE skills SET last_approved_by = 'phase4-edge-case-tracker', last_approval_date = datetime('now')
  WHERE id = $ID"
[ "$NOTIFY" = false ] || sqlite3 "$DB" "SELECT agent_type FROM agent_skill_mappings WHERE skill_id = $ID"
log "Updated $NAME to $VERSION"
echo "$VERSION"
"#;
    let mut command = by_script(script, database, file, number);
    command.env("VERSION", format!("1.0.{revision}"));
    command
}

fn by_script(script: &str, database: &Path, file: &Path, number: usize) -> Command {
    let mut command = Command::new("bash");
    command.arg("-c").arg(script).env("DB", database).env("FILE", file).env("NAME", skill_name(number));
    command.stdin(Stdio::null());
    command
}

/// beck with a home of its own, whose skills are those of a folder.
pub(crate) struct Beck {
    program: PathBuf,
    home: PathBuf,
}

impl Beck {
    /// None where it is not installed.
    pub(crate) fn new(home: &Path, skills: &Path) -> Result<Option<Self>> {
        let Some(program) = find("beck") else { return Ok(None) };
        let folder = home.join(".claude");
        std::fs::create_dir_all(&folder)?;
        std::os::unix::fs::symlink(skills, folder.join("skills"))?;
        Ok(Some(Self { program, home: home.to_owned() }))
    }

    pub(crate) fn command<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(arguments).env("HOME", &self.home).env("XDG_DATA_HOME", self.data()).stdin(Stdio::null());
        command
    }

    /// Where it keeps its database.
    pub(crate) fn data(&self) -> PathBuf {
        self.home.join("data")
    }
}
