//! The promises in the documentation of `cfn::store`, as functions over any implementation; each backend runs all of them.

mod ahead;
mod catalogue;
mod coverage;
mod criteria;
mod deciding;
mod edge_cases;
mod folders;
mod held;
mod isolation;
mod lifecycle;
mod listing;
mod mappings;
mod memory;
mod other_programs;
mod outbox;
mod postgres;
mod reports;
mod revisions;
mod revoked;
mod searching;
mod serving;
mod sqlite;
mod usage;
mod whole_rows;
mod writing;

use std::sync::LazyLock;

use cfn::model::VersionSource;
use cfn::model::{
    ApprovalLevel, Bootstrap, Category, ContentHash, Decision, Moment, Outcome, SkillId, SkillName, StoredJson, Usage,
};
use cfn::settings::Queued;
use cfn::store::{
    Conclusion, Durability, NewApproval, NewMapping, NewSkill, NewVersion, Store, StoreError, Transaction, write,
};

pub(crate) use postgres::Postgres;
pub(crate) use sqlite::Sqlite;

static FRONT_MATTER: LazyLock<StoredJson> = LazyLock::new(|| "{}".to_owned().into());

pub(crate) const NOW: &str = "2026-01-31 12:00:00";

/// A moment, as the database writes it.
pub(crate) fn at(text: &str) -> Moment {
    Moment::written(text).expect("a moment")
}

/// A database that several handles can be opened on, as several processes would.
pub(crate) trait Backend: Sync {
    /// A handle of its own, which waits for a lock for a short time only, and queues what its user sets here.
    fn open_queueing(&self, queued: Queued) -> Box<dyn Store>;

    /// Another program, which knows nothing of cfn.
    fn other_program(&self) -> &dyn OtherProgram;

    /// A handle that queues everything.
    fn open(&self) -> Box<dyn Store> {
        self.open_queueing(Queued::Everything)
    }

    /// A handle that only reads, where the engine knows such ones.
    fn open_for_reading(&self) -> Box<dyn Store> {
        self.open()
    }
}

/// Writes by other programs to the same tables.
pub(crate) trait OtherProgram {
    fn add_bootstrap(&self, bootstrap: &Bootstrap, enabled: bool);
    /// Writes a version and the hash of its bytes into a skill's row.
    fn overwrite(&self, skill: &str, version: &str, hash: &str);
    /// Decides about a version by its number.
    fn decide(&self, skill: &str, version: &str, decision: Decision);
    fn set_mapping(&self, skill: &str, agent_type: &str, enabled: bool, tdd_condition: Option<&str>);
    /// Names a test suite and how much it covers.
    fn set_tests(&self, skill: &str, coverage: f64);
    fn add_template(&self, level: ApprovalLevel, category: &str, criteria: &str, enabled: bool);
    /// Puts other bytes under a hash, or takes them away.
    fn set_content(&self, hash: &str, bytes: Option<&[u8]>);
    /// Logs a use at a time that may be none.
    fn log_at(&self, skill: &str, loaded_at: &str);
    /// Writes an exit code into a row of the usage log.
    fn complete_use(&self, id: i64);
}

/// Runs every function of the contract on a backend.
macro_rules! contract {
    ($backend:expr) => {
        contract! {
            $backend;
            ahead: what_was_read_with_a_skill_is_what_is_there_until_a_write;
            catalogue: a_skill_is_read_as_it_was_inserted,
                a_change_writes_the_fields_that_are_given_and_no_others,
                a_list_has_what_passes_every_filter_by_name, decisions_are_newest_first_and_an_approval_is_noted_at_the_skill,
                mappings_are_read_by_agent_type, bytes_that_are_named_and_not_stored_are_found,
                agent_types_that_may_be_meant_begin_with_itself,
                names_are_those_of_all_skills_and_of_agent_types_that_get_one,
                names_that_begin_with_a_text_are_the_first_ones_and_the_last;
            criteria: coverage_is_that_of_the_skill_where_it_is_a_number, templates_are_those_of_a_category_that_are_enabled,
                an_assessment_belongs_to_a_decision, a_bootstrap_skill_is_added_where_name_and_position_are_free;
            deciding: a_name_is_found_in_other_letters,
                the_latest_decision_on_bytes_is_that_of_one_skill_in_any_version,
                a_review_is_what_the_latest_decision_the_level_and_the_status_make_it,
                a_mapping_changes_as_a_whole_and_stays_as_it_is_enabled;
            edge_cases: edge_cases_are_read_as_they_were_recorded_in_order, an_edge_case_is_resolved_once,
                an_edge_case_of_no_skill_is_refused;
            folders: the_files_of_a_version_are_read_as_they_were_recorded, a_version_is_not_recorded_again_with_other_files,
                a_decision_is_about_all_files_of_a_version, a_skill_file_alone_is_served_where_nobody_decided_about_the_rest,
                a_level_approves_no_files_beside_a_refused_skill_file,
                a_level_approves_no_files_that_were_found_beside_one_of_another_program, bytes_are_found_in_every_file_and_as_a_folder,
                a_deletion_takes_the_files_that_nothing_else_has;
            held: a_pinned_version_is_served_whatever_comes_later_and_nothing_in_its_place,
                agents_get_the_replacement_of_a_deprecated_skill_if_it_may_be_served;
            isolation: a_snapshot_is_of_one_moment, nobody_sees_a_transaction_before_its_commit,
                work_that_fails_undoes_everything_and_its_error_is_returned, an_attempt_commits_only_what_it_is_told_to,
                a_dry_run_has_the_result_of_a_commit_and_leaves_nothing,
                what_work_has_read_is_still_so_when_it_commits, writers_at_once_lose_nothing,
                those_that_left_hold_nobody_up,
                what_only_some_engines_have_is_asked_for_and_refused_by_others;
            lifecycle: a_skill_is_found_by_every_name_that_it_had, every_spelling_of_a_name_is_found_with_its_skill,
                a_bootstrap_skill_is_renamed_with_the_skill_of_its_name,
                events_are_newest_first_and_stay_when_the_skill_is_gone,
                bytes_are_refused_until_the_skill_accepts_them,
                a_deletion_takes_what_belongs_to_the_skill_and_nothing_else,
                erased_bytes_leave_their_records_and_nothing_of_themselves;
            listing: pages_follow_each_other_in_every_order, tags_owners_and_teams_narrow_a_list,
                descriptions_are_those_of_current_versions_where_they_are_asked_for;
            mappings: a_mapping_is_removed_once_and_no_other_with_it,
                agent_types_are_counted_with_what_they_are_handed_and_what_waits, mappings_that_hand_nothing_out_say_why,
                everything_that_has_some_bytes_is_found;
            other_programs: other_bytes_under_a_recorded_version_wait_and_the_approved_ones_stay_served,
                a_version_that_another_program_writes_is_recorded_as_external, who_recorded_a_version_first_stays,
                a_decision_by_number_binds_to_the_bytes_that_the_number_has_then;
            outbox: only_what_is_asked_for_is_queued, nothing_is_queued_for_a_skill_of_no_pattern,
                a_delivery_says_what_happened_in_order, a_use_that_awaits_its_outcome_is_delivered_once_with_it,
                an_outcome_of_a_use_that_was_not_queued_is_queued_with_it_or_never,
                what_was_delivered_is_forgotten_and_nothing_else, a_delivery_that_failed_waits_and_remembers_why,
                a_delivery_that_failed_a_moment_ago_is_not_due, a_dead_letter_waits_again_only_when_it_is_asked_to,
                how_long_the_server_is_left_in_peace_is_remembered;
            reports: decisions_are_reported_with_when_their_version_was_recorded,
                what_waits_for_a_decision_is_reported_in_the_order_of_skills, skills_are_counted_by_level_and_status,
                active_skills_are_named_in_order;
            revisions: every_write_to_the_catalogue_changes_both_revisions,
                every_write_to_the_usage_log_changes_its_revision_alone, other_programs_change_the_revision_too,
                what_is_undone_leaves_the_revision_and_its_successor_is_new;
            revoked: no_level_and_no_decision_brings_revoked_bytes_back, bootstrap_skills_with_revoked_bytes_are_none;
            searching: a_skill_is_found_by_the_bytes_that_agents_get, the_index_returns_what_was_written_in_order,
                the_index_is_changed_as_a_whole_and_emptied;
            serving: candidates_are_required_first_then_by_priority_and_name,
                only_active_skills_and_enabled_mappings_are_candidates,
                a_candidate_carries_what_its_mapping_and_its_skill_say,
                the_newest_approved_version_is_served_until_a_newer_one_is,
                versions_after_the_one_a_skill_is_set_back_to_are_not_served,
                a_level_approves_no_bytes_that_are_not_stored, bootstrap_skills_come_in_their_order_and_are_bound_once,
                the_latest_pass_rate_is_the_last_that_was_logged_for_the_skill,
                front_matter_belongs_to_a_version_and_is_added_where_there_is_none,
                contents_are_stored_once_and_as_they_are,
                bytes_that_another_program_damaged_are_given_as_they_are_and_can_be_stored_again;
            usage: rows_are_newest_first_of_a_task_or_a_skill,
                nothing_is_elsewhere_unless_it_was_archived,
                uses_that_were_logged_here_have_no_origin, a_row_is_read_as_it_was_logged,
                an_agent_got_what_it_was_last_given_in_the_task, a_use_is_open_until_its_outcome_is_added,
                a_use_that_another_program_completed_is_open_no_more, cells_add_every_row_up_exactly,
                sums_follow_an_outcome_that_is_added_later, bringing_sums_up_to_date_changes_no_figure, days_are_those_of_utc_whoever_wrote_the_time,
                what_an_agent_would_get_is_counted_as_used;
            whole_rows: a_whole_row_comes_out_as_it_went_in, a_row_without_a_key_gets_one_and_a_taken_name_is_refused;
            writing: a_recorded_version_never_changes_its_bytes, versions_are_newest_first_by_the_order_of_recording,
                an_approval_binds_to_bytes_and_the_latest_decides, a_name_is_taken_once_and_names_differ_by_case,
                what_is_added_to_a_skill_that_is_not_there_is_refused_and_a_change_of_it_changes_nothing;
        }
    };
    ($backend:expr; $($module:ident: $($name:ident),+;)+) => {
        $($(
            #[test]
            fn $name() {
                crate::store_contract::$module::$name(&$backend);
            }
        )+)+
    };
}
use contract;

/// Does some work in a transaction of its own.
#[track_caller]
pub(crate) fn commit<T>(store: &mut dyn Store, mut work: impl FnMut(&mut dyn Transaction) -> T) -> T {
    write(store, Durability::Full, |tx| Ok::<T, StoreError>(work(tx))).expect("committed")
}

/// Does some work and undoes it.
pub(crate) fn undo(store: &mut dyn Store, mut work: impl FnMut(&mut dyn Transaction)) {
    let undone = store.attempt(Durability::Full, &mut |tx| {
        work(tx);
        Ok(Conclusion::Undo)
    });
    undone.expect("undone");
}

/// Does some work that is refused; why.
#[track_caller]
pub(crate) fn refused<T: std::fmt::Debug>(
    store: &mut dyn Store,
    work: impl FnMut(&mut dyn Transaction) -> Result<T, StoreError>,
) -> StoreError {
    write(store, Durability::Full, work).expect_err("a refusal")
}

pub(crate) fn name(text: &str) -> SkillName {
    text.parse().expect("a name")
}

pub(crate) fn version<'a>(number: &'a str, hash: &'a ContentHash, level: ApprovalLevel) -> NewVersion<'a> {
    NewVersion {
        version: number,
        content_hash: hash,
        folder: None,
        content_path: "s.md",
        front_matter: Some(&FRONT_MATTER),
        approval_level: level,
        source: VersionSource::Deploy,
        now: at(NOW),
    }
}

/// A use by the agent `a1`, which says nothing of its outcome.
pub(crate) fn usage(skill_id: SkillId) -> Usage<'static> {
    Usage {
        agent_id: "a1",
        agent_type: "dev",
        skill_id,
        task_id: None,
        phase: None,
        loaded_at: at(NOW),
        approval_level: ApprovalLevel::Auto,
        phase4_generated: false,
        version: Some("1.0.0"),
        content_hash: Some("h"),
        outcome: Some(Outcome::default()),
    }
}

/// Adds a skill with its bytes.
pub(crate) fn insert(tx: &mut dyn Transaction, skill: &str, body: &[u8], level: ApprovalLevel) -> SkillId {
    let hash = ContentHash::of(body);
    let name = name(skill);
    let tags = ["a".to_owned()];
    let new = NewSkill {
        name: &name,
        category: Category::Domain,
        team: Some("core"),
        tags: &tags,
        owner: Some("ann"),
        phase4_pattern_id: None,
    };
    tx.store_content(&hash, body).expect("stored");
    tx.insert_skill(&new, &version("1.0.0", &hash, level)).expect("inserted")
}

pub(crate) fn decide(tx: &mut dyn Transaction, skill: SkillId, number: &str, body: &[u8], decision: Decision) {
    let hash = ContentHash::of(body).to_string();
    let approval = NewApproval {
        version: number,
        content_hash: &hash,
        folder_hash: None,
        approval_level: ApprovalLevel::Human,
        approver: "me",
        decision,
        reasoning: "",
        criteria_check: None,
        escalated_to: None,
        now: at(NOW),
    };
    tx.record_approval(skill, &approval).expect("recorded");
}

pub(crate) fn map(tx: &mut dyn Transaction, skill: SkillId, agent: &str, priority: i64, required: bool) {
    let agent_type = agent.parse().expect("an agent type");
    let mapping =
        NewMapping { agent_type: &agent_type, priority, required, conditions: None, enabled: true, now: at(NOW) };
    tx.add_mapping(skill, &mapping).expect("mapped");
}
