//! What an operator does with skills all day: adding, assigning, editing, ending, and deciding about many.

mod adding;
mod assessing;
mod assigning;
mod deciding;
mod edge_cases;
mod editing;
mod folder_files;
mod linting;
mod old_tool;
mod pinning;
mod promoting;
mod removing;
mod renaming;
mod replacing;
mod reviewing;
mod revoking;
mod search_index;
mod search_quality;
mod searching;
mod seeding;
mod statuses;
mod week;
mod yaml;
mod yaml_refusals;
