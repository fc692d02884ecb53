//! Reads what belongs to a skill's folder: the regular files below it, with links resolved only inside it, but not what
//! belongs to a skill nested in it, to version control, to installed dependencies or to an editor, nor what a
//! `.cfnignore` names.
//!
//! The folder is opened once, and everything is opened below that handle, so that all files are of one folder, whatever
//! happens to its path. Bytes are hashed as they were read.
//!
//! | file | what it owns |
//! |---|---|
//! | `belongs` | names that never belong to a folder, and the marks of a project's root |
//! | `opened` | opening what is in a folder |
//! | `walk` | which files belong to it |
//! | `links` | what the links in it stand for |
//! | `files` | what to read, and what was read |
//! | `read` | reading and hashing the files |
//! | `skill` | reading a skill from the path that a command names |
//! | `problem` | why a folder cannot be taken |

mod belongs;
mod files;
mod links;
mod opened;
mod problem;
mod read;
mod skill;
#[cfg(test)]
mod tests;
mod walk;

pub(super) use belongs::{may_belong, project_mark};
pub(super) use files::{Others, Reading};
pub(super) use problem::FolderProblem;
pub(super) use read::read_others;
pub(super) use skill::{ReadSkill, Wanted};
pub(super) use walk::Scope;
