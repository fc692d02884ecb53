//! The contract on SQLite.

use std::path::PathBuf;
use std::time::Duration;

use cfn::clock::Clock;
use cfn::store::Store;
use cfn::store::sqlite::{Access, Options, SqliteStore};

use super::{Backend, contract};

struct Sqlite {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn options() -> Options {
    Options { busy_timeout: Duration::from_millis(50), ..Options::default() }
}

impl Sqlite {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("skills.db");
        assert!(SqliteStore::create(&path, options(), Clock::System).expect("created"));
        Self { _folder: folder, path }
    }
}

impl Backend for Sqlite {
    fn open(&self) -> Box<dyn Store> {
        Box::new(SqliteStore::open(&self.path, Access::Write, options(), Clock::System).expect("opened"))
    }
}

contract! {
    Sqlite::new();
    isolation: a_snapshot_is_of_one_moment, nobody_sees_a_transaction_before_its_commit, an_error_or_a_dry_run_undoes_everything,
        there_is_one_writer_and_the_second_waits_then_is_told;
    writing: a_recorded_version_never_changes_its_bytes, versions_are_newest_first_by_the_order_of_recording,
        an_approval_binds_to_bytes_and_the_latest_decides, candidates_are_required_first_then_by_priority_and_name,
        contents_are_stored_once_and_as_they_are, a_change_writes_the_fields_that_are_given_and_no_others,
        usage_rows_are_written_and_carry_no_rate, a_name_is_taken_once_and_names_differ_by_case;
    deciding: a_name_is_found_in_other_letters, the_latest_decision_on_bytes_is_that_of_one_skill_in_any_version,
        a_review_is_what_the_latest_decision_the_level_and_the_status_make_it, a_mapping_changes_as_a_whole_and_stays_as_it_is_enabled;
}
