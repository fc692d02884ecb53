//! Each kind of error has one exit code, and the documentation knows the code.

use std::collections::BTreeMap;

use cfn::cli::FailureKind;
use cfn::model::Exit;

use crate::harness::{Project, repository};

#[test]
fn every_kind_has_its_code() {
    let mut kinds: BTreeMap<u8, String> = BTreeMap::new();
    for kind in FailureKind::ALL {
        let word = serde_json::to_value(kind).expect("a word");
        let words = kinds.entry(kind.exit().code()).or_default();
        *words = format!("{words} {}", word.as_str().expect("a word"));
    }
    let expected = [
        (
            1,
            " invalid_arguments invalid_input invalid_setting unknown_setting forbidden_setting invalid_settings_file invalid_content invalid_document outside_content_root no_reason not_confirmed \
             statement_refused database_not_a_file no_bench_run schedule_failed address_unusable program_not_started program_failed engine_refused wrong_answer output internal",
        ),
        (
            2,
            " file_unreadable file_not_regular file_replaced file_failed settings_unreadable archive_refused page_unwritable \
             report_unwritable",
        ),
        (
            3,
            " database_missing not_a_skills_database database_corrupt database_newer database_older database_denied \
             database_foreign database_replaced database_file database_failed database_unreachable database_refused disk_full foreign_log outcome_unknown \
             damaged_row no_write_tokens copy_differs follower_differs",
        ),
        (
            4,
            " skill_not_found version_not_found folder_file_not_found hash_not_found edge_case_not_found task_not_found run_not_found image_not_found",
        ),
        (5, " version_not_higher other_change_type version_taken version_unreadable"),
        (6, " content_unchanged name_unchanged"),
        (
            7,
            " lowers_approval_level rejected purge_without_reason name_taken folder_exposed skill_exists document_conflicts not_served not_mapped replaces_itself not_approved integrity \
             ambiguous_hash not_decided decided_meanwhile changed_since_review edge_case_elsewhere folder_in_the_way export_record_refused \
             database_occupied rows_refused no_limits agent_id_taken follows_nothing usage_not_pushed state_too_old",
        ),
        (8, " busy changed_while_read conflict"),
        (
            9,
            " workflow_unreachable workflow_broken workflow_failed redis_unreachable redis_refused engine_unreachable primary_unreachable archive_unreachable",
        ),
        (130, " interrupted"),
    ];
    assert_eq!(kinds, expected.map(|(code, words)| (code, words.to_owned())).into());
}

#[test]
fn the_pages_and_the_help_name_every_code() {
    let kinds = FailureKind::ALL.iter().map(|it| it.exit());
    let mut codes: Vec<_> = kinds.chain([Exit::Done, Exit::Target]).map(|it| it.code().to_string()).collect();
    codes.sort_by_key(|it| it.parse::<u8>().ok());
    codes.dedup();
    let page = std::fs::read_to_string(repository("docs/settings.md")).expect("a page");
    let (_, table) = page.split_once("## Exit codes").expect("a section");
    let rows = table.lines().filter_map(|it| it.strip_prefix("| ")?.split_once(" | "));
    let named: Vec<_> = rows.map(|(code, _)| code).filter(|it| *it != "code").collect();
    assert_eq!(named, codes);
    let help = Project::empty().cfn(["--help"]).ok();
    let (_, list) = help.split_once("Exit codes:").expect("a list");
    let named: Vec<_> = list.split_whitespace().filter(|it| it.parse::<u8>().is_ok()).collect();
    assert_eq!(named, codes.iter().filter(|it| *it != "130").collect::<Vec<_>>());
}
