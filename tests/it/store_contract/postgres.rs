//! The contract on PostgreSQL: directly, and through `PgBouncer` in transaction mode.

use std::time::Duration;

use cfn::clock::Clock;
use cfn::model::{ApprovalLevel, Bootstrap, Decision};
use cfn::settings::Queued;
use cfn::store::Store;
use cfn::store::postgres::{Options, PostgresStore};

use super::{Backend, NOW, OtherProgram};
use crate::postgres_server::{Connection, Database, Way, server_of};

/// A database on the shared server, with another program that is connected to it.
pub(crate) struct Postgres {
    url: String,
    other: Connection,
    _database: Database,
}

impl Postgres {
    pub(crate) fn new(way: Way) -> Self {
        let database = Database::new();
        Self { url: database.url(way), other: database.other_program(), _database: database }
    }
}

impl Backend for Postgres {
    fn open_queueing(&self, queued: Queued) -> Box<dyn Store> {
        let options = Options { lock_timeout: Duration::from_millis(50), queued, ..Options::default() };
        Box::new(PostgresStore::open(&server_of(&self.url), options, Clock::System).expect("opened"))
    }

    fn other_program(&self) -> &dyn OtherProgram {
        &self.other
    }
}

/// Changes one row.
macro_rules! change {
    ($program:expr, $sql:expr, $($parameter:expr),*) => {
        assert_eq!($program.change($sql, &[$(&$parameter),*]), 1, "{}", $sql)
    };
}

impl OtherProgram for Connection {
    fn add_bootstrap(&self, bootstrap: &Bootstrap, enabled: bool) {
        let sql = "INSERT INTO bootstrap_skills (skill_name, file_path, load_order, description, content_hash, enabled)
             VALUES ($1, $2, $3, coalesce($4, ''), $5, $6)";
        let Bootstrap { name, file_path, load_order, description, content_hash } = bootstrap;
        change!(self, sql, name, file_path, load_order, description, content_hash, i16::from(enabled));
    }

    fn overwrite(&self, skill: &str, version: &str, hash: &str) {
        let known: bool = self.value(
            "SELECT EXISTS (SELECT FROM skill_versions v JOIN skills s ON s.id = v.skill_id WHERE s.name = $1 AND v.version = $2)",
            &[&skill, &version],
        );
        change!(self, "UPDATE skills SET version = $2, content_hash = $3 WHERE name = $1", skill, version, hash);
        if !known {
            // Rows that the schema recorded have the time of the system, which differs between databases.
            let sql = "UPDATE skill_versions SET created_at = $3
                 WHERE skill_id = (SELECT id FROM skills WHERE name = $1) AND version = $2";
            change!(self, sql, skill, version, NOW);
        }
    }

    fn decide(&self, skill: &str, version: &str, decision: Decision) {
        let sql = "INSERT INTO approval_history (skill_id, version, approval_level, decision, timestamp)
             SELECT id, $2, 'human', $3, $4 FROM skills WHERE name = $1";
        change!(self, sql, skill, version, decision.as_str(), NOW);
    }

    fn set_mapping(&self, skill: &str, agent_type: &str, enabled: bool, tdd_condition: Option<&str>) {
        let sql = "UPDATE agent_skill_mappings SET enabled = $3, tdd_condition = $4
             WHERE agent_type = $2 AND skill_id = (SELECT id FROM skills WHERE name = $1)";
        change!(self, sql, skill, agent_type, i16::from(enabled), tdd_condition);
    }

    fn set_tests(&self, skill: &str, coverage: f64) {
        let sql = "UPDATE skills SET test_coverage = $2, test_suite_path = 'tests' WHERE name = $1";
        change!(self, sql, skill, coverage);
    }

    fn add_template(&self, level: ApprovalLevel, category: &str, criteria: &str, enabled: bool) {
        let sql =
            "INSERT INTO approval_criteria_templates (approval_level, category, criteria_json, description, enabled)
             VALUES ($1, $2, $3, '', $4)";
        change!(self, sql, level.as_str(), category, criteria, i16::from(enabled));
    }

    fn set_content(&self, hash: &str, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => change!(self, "UPDATE skill_contents SET bytes = $2 WHERE hash = $1", hash, bytes),
            None => change!(self, "DELETE FROM skill_contents WHERE hash = $1", hash),
        }
    }

    fn log_at(&self, skill: &str, loaded_at: &str) {
        let sql = "INSERT INTO skill_usage_log (agent_id, agent_type, skill_id, loaded_at)
             SELECT 'other', 'other', id, $2 FROM skills WHERE name = $1";
        change!(self, sql, skill, loaded_at);
    }

    fn complete_use(&self, id: i64) {
        change!(self, "UPDATE skill_usage_log SET exit_code = 0 WHERE id = $1", id);
    }
}

/// Runs the functions of the contract that hold already.
macro_rules! holds {
    ($way:expr) => {
        contract! {
            Postgres::new($way);
            catalogue: a_skill_is_read_as_it_was_inserted, a_change_writes_the_fields_that_are_given_and_no_others, a_list_has_what_passes_every_filter_by_name, decisions_are_newest_first_and_an_approval_is_noted_at_the_skill, mappings_are_read_by_agent_type, bytes_that_are_named_and_not_stored_are_found, agent_types_that_may_be_meant_begin_with_itself, names_are_those_of_all_skills_and_of_agent_types_that_get_one, names_that_begin_with_a_text_are_the_first_ones_and_the_last;
            criteria: coverage_is_that_of_the_skill_where_it_is_a_number, templates_are_those_of_a_category_that_are_enabled, an_assessment_belongs_to_a_decision;
            deciding: a_name_is_found_in_other_letters, the_latest_decision_on_bytes_is_that_of_one_skill_in_any_version, a_review_is_what_the_latest_decision_the_level_and_the_status_make_it, a_mapping_changes_as_a_whole_and_stays_as_it_is_enabled;
            edge_cases: edge_cases_are_read_as_they_were_recorded_in_order, an_edge_case_is_resolved_once, an_edge_case_of_no_skill_is_refused;
            folders: bytes_are_found_in_every_file_and_as_a_folder;
            isolation: a_snapshot_is_of_one_moment, nobody_sees_a_transaction_before_its_commit, an_attempt_commits_only_what_it_is_told_to, a_dry_run_has_the_result_of_a_commit_and_leaves_nothing, what_work_has_read_is_still_so_when_it_commits, writers_at_once_lose_nothing, what_only_some_engines_have_is_asked_for_and_refused_by_others;
            lifecycle: every_spelling_of_a_name_is_found_with_its_skill, bytes_are_refused_until_the_skill_accepts_them;
            listing: tags_owners_and_teams_narrow_a_list, descriptions_are_those_of_current_versions_where_they_are_asked_for;
            mappings: a_mapping_is_removed_once_and_no_other_with_it, agent_types_are_counted_with_what_they_are_handed_and_what_waits, mappings_that_hand_nothing_out_say_why, everything_that_has_some_bytes_is_found;
            other_programs: who_recorded_a_version_first_stays;
            outbox: what_was_delivered_is_forgotten_and_nothing_else, a_delivery_that_failed_waits_and_remembers_why, a_delivery_that_failed_a_moment_ago_is_not_due, a_dead_letter_waits_again_only_when_it_is_asked_to, how_long_the_server_is_left_in_peace_is_remembered;
            revisions: every_write_to_the_catalogue_changes_both_revisions, other_programs_change_the_revision_too, what_is_undone_leaves_the_revision_and_its_successor_is_new;
            searching: a_skill_is_found_by_the_bytes_that_agents_get, the_index_returns_what_was_written_in_order, the_index_is_changed_as_a_whole_and_emptied;
            reports: decisions_are_reported_with_when_their_version_was_recorded, what_waits_for_a_decision_is_reported_in_the_order_of_skills, skills_are_counted_by_level_and_status, active_skills_are_named_in_order;
            usage: rows_are_newest_first_of_a_task_or_a_skill, a_row_is_read_as_it_was_logged, an_agent_got_what_it_was_last_given_in_the_task, a_use_is_open_until_its_outcome_is_added, a_use_that_another_program_completed_is_open_no_more, cells_add_every_row_up_exactly, sums_follow_an_outcome_that_is_added_later, bringing_sums_up_to_date_changes_no_figure, days_are_those_of_utc_whoever_wrote_the_time, what_an_agent_would_get_is_counted_as_used;
            whole_rows: a_row_without_a_key_gets_one_and_a_taken_name_is_refused;
            writing: a_recorded_version_never_changes_its_bytes, versions_are_newest_first_by_the_order_of_recording, a_name_is_taken_once_and_names_differ_by_case, what_is_added_to_a_skill_that_is_not_there_is_refused_and_a_change_of_it_changes_nothing;
        }
    };
}

mod directly {
    use super::{Postgres, Way};
    use crate::store_contract::contract;

    holds!(Way::Direct);
}

mod through_the_bouncer {
    use super::{Postgres, Way};
    use crate::store_contract::contract;

    holds!(Way::Bouncer);
}
