//! Reviews that wait, what is served without one, and whether files and exports are as approved.

use super::diagnosis::{Area, Diagnosis, first_of, quoted, several};
use crate::clock::Clock;
use crate::model::{ApprovalLevel, Argument, Status, Visible};
use crate::ops::content_file::Files;
use crate::ops::error::Result;
use crate::ops::export::exported_and_unserved;
use crate::ops::pending::waiting;
use crate::ops::project::Project;
use crate::ops::verify::{DifferentPlace, verify_first};
use crate::store::{Snapshot, Store};

const APPROVALS: Area = Area::Approvals;

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// What takes a moment.
    Quick,
    /// Everything.
    Deep,
}

/// Number of skills whose files a quick look compares.
const QUICK: usize = 200;

/// What the reviews of a database show.
pub fn approval_lines(
    store: &mut dyn Store,
    files: &Files,
    project: &Project,
    clock: Clock,
    depth: Depth,
) -> Result<Vec<Diagnosis>> {
    let snapshot = store.read()?;
    Ok(vec![
        pending(snapshot.as_ref(), clock)?,
        unreviewed(snapshot.as_ref())?,
        on_disk(snapshot.as_ref(), files, project, depth)?,
        exports(snapshot.as_ref(), project),
    ])
}

fn pending(snapshot: &dyn Snapshot, clock: Clock) -> Result<Diagnosis> {
    let waiting = waiting(snapshot, clock, None)?;
    let all = several(waiting.len() as u64, "skill");
    let overdue: Vec<_> = waiting.iter().filter(|it| it.overdue).map(|it| Visible(&it.name).to_string()).collect();
    let Some(first) = overdue.first() else {
        return Ok(Diagnosis::ok(APPROVALS, "pending", format!("{all} pending, none overdue")));
    };
    let evidence = format!("{all} pending, {} overdue: {}", overdue.len(), first_of(&overdue));
    let mend = format!("'cfn skill review', or 'cfn skill approve {}'", Argument(first));
    Ok(Diagnosis::warn(APPROVALS, "pending", evidence, mend))
}

fn unreviewed(snapshot: &dyn Snapshot) -> Result<Diagnosis> {
    let levels = snapshot.levels(None)?;
    let active = |it: &&(ApprovalLevel, String, i64)| it.1 == Status::Active.as_str();
    let all: i64 = levels.iter().filter(active).map(|it| it.2).sum();
    let auto: i64 = levels.iter().filter(active).filter(|it| it.0 == ApprovalLevel::Auto).map(|it| it.2).sum();
    let evidence =
        format!("{auto} of {} are served without one (level auto)", several(all.unsigned_abs(), "active skill"));
    Ok(Diagnosis::ok(APPROVALS, "review", evidence))
}

fn on_disk(snapshot: &dyn Snapshot, files: &Files, project: &Project, depth: Depth) -> Result<Diagnosis> {
    let most = if depth == Depth::Deep { usize::MAX } else { QUICK };
    let (report, all) = verify_first(snapshot, files, project, most)?;
    let rest = if report.checked < all {
        format!("; the first {} of {all}, --deep compares all", report.checked)
    } else {
        format!("; all {all}")
    };
    let Some(first) = report.differences.first() else {
        return Ok(Diagnosis::ok(APPROVALS, "files", format!("as approved{rest}")));
    };
    let sentences = report.differences.iter().map(|it| format!("{}: {}", it.subject, it.reason));
    let evidence = first_of(&sentences.map(|it| Visible(it).to_string()).collect::<Vec<_>>());
    let name = Argument(&first.subject.name);
    let mend = match first.subject.place {
        DifferentPlace::Database => {
            format!("'cfn db capture', or deploy the approved file again; 'cfn skill verify {name}' says what is left")
        }
        DifferentPlace::Disk => format!(
            "'cfn skill show --content {name}' has the approved bytes; 'cfn update {name} X.Y.Z FILE' takes new ones"
        ),
    };
    Ok(Diagnosis::warn(APPROVALS, "files", format!("{evidence}{rest}"), mend))
}

/// The exports of a project to its own folders.
fn exports(snapshot: &dyn Snapshot, project: &Project) -> Diagnosis {
    let name = "exports";
    for folder in project.folders() {
        let shown = folder.to_string_lossy().into_owned();
        match exported_and_unserved(snapshot, folder) {
            Ok(None) => {}
            Ok(Some(unserved)) if unserved.is_empty() => {
                return Diagnosis::ok(APPROVALS, name, format!("everything exported to {} is served", Visible(shown)));
            }
            Ok(Some(unserved)) => {
                let evidence =
                    format!("exported to {}, and not served any more: {}", Visible(&shown), first_of(&unserved));
                let mend = format!("'cfn export {} --all', with the --layout that it had", quoted(&shown));
                return Diagnosis::warn(APPROVALS, name, evidence, mend);
            }
            Err(error) => {
                let mend = "remove what is wrong there, and run 'cfn export' again";
                return Diagnosis::warn(APPROVALS, name, error.to_string(), mend);
            }
        }
    }
    Diagnosis::not_used(APPROVALS, name, "there is no record of an export in the project's folder")
}
