//! The usage log: rows, uses that wait for their outcome, and exact sums.

use cfn::model::ApprovalLevel::{Auto, Human};
use cfn::model::{ContentHash, OriginUses, Outcome, SkillId, Usage, UsageCell, UsageRow};
use cfn::store::{Days, Proof, Store, Transaction, UsageFilter, UsageSums};

use super::{Backend, NOW, at, commit, insert, usage};

pub(crate) fn rows_are_newest_first_of_a_task_or_a_skill(backend: &dyn Backend) {
    let mut store = backend.open();
    let (jwt, sql) = commit(store.as_mut(), |tx| {
        let (jwt, sql) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        for (skill, task_id) in [(jwt, Some("t")), (sql, Some("t")), (jwt, None), (jwt, Some("u"))] {
            tx.log_usage(&Usage { task_id, ..usage(skill) }).expect("logged");
        }
        (jwt, sql)
    });
    let snapshot = store.read().expect("a snapshot");
    let rows = |filter: UsageFilter<'_>, most| -> Vec<(Option<String>, Option<String>)> {
        let rows = snapshot.usage_rows(&filter, most).expect("rows");
        assert!(rows.is_sorted_by(|a, b| a.id > b.id), "newest first");
        rows.into_iter().map(|it| (it.skill, it.task_id)).collect()
    };
    let row = |skill: &str, task: Option<&str>| (Some(skill.to_owned()), task.map(str::to_owned));
    assert_eq!(rows(UsageFilter::Task("t"), 9), [row("sql", Some("t")), row("jwt", Some("t"))]);
    assert_eq!(rows(UsageFilter::Skill(jwt), 2), [row("jwt", Some("u")), row("jwt", None)]);
    assert_eq!(rows(UsageFilter::Skill(sql), 9), [row("sql", Some("t"))]);
    assert!(rows(UsageFilter::Task("none"), 9).is_empty());
}

pub(crate) fn nothing_is_elsewhere_unless_it_was_archived(backend: &dyn Backend) {
    let mut store = backend.open();
    let jwt = commit(store.as_mut(), |tx| {
        let jwt = insert(tx, "jwt", b"1", Auto);
        tx.log_usage(&Usage { task_id: Some("t"), ..usage(jwt) }).expect("logged");
        jwt
    });
    let snapshot = store.read().expect("a snapshot");
    for filter in [UsageFilter::Task("t"), UsageFilter::Skill(jwt)] {
        assert_eq!(snapshot.archived_parts(&filter).expect("parts"), []);
    }
    let names = snapshot.skill_names(&[SkillId(jwt.0 + 1), jwt]).expect("names");
    assert_eq!(names, [(jwt, "jwt".to_owned())], "one of them is gone");
}

pub(crate) fn uses_that_were_logged_here_have_no_origin(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (jwt, sql) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        for (skill, exit_code) in [(jwt, Some(0)), (jwt, Some(1)), (sql, None)] {
            let outcome = Some(Outcome { exit_code, ..Outcome::default() });
            tx.log_usage(&Usage { outcome, ..usage(skill) }).expect("logged");
        }
    });
    let today: jiff::civil::Date = NOW[..10].parse().expect("a day");
    let snapshot = store.read().expect("a snapshot");
    let uses = |first, last, agent_type| snapshot.uses_by_origin(Days { first, last }, agent_type, None).expect("uses");
    let at = cfn::model::Moment::written(NOW);
    let (origin, first_used, last_used) = (None, at, at);
    let all = OriginUses { origin, uses: 3, agents: 1, skills: 2, outcomes: 2, succeeded: 1, first_used, last_used };
    assert_eq!([uses(today, today, None), uses(today, today, Some("dev"))], [[all.clone()], [all]]);
    assert_eq!(uses(today, today, Some("other")), []);
    assert_eq!(uses(jiff::civil::Date::MAX, jiff::civil::Date::MAX, None), []);
}

pub(crate) fn a_row_is_read_as_it_was_logged(backend: &dyn Backend) {
    let mut store = backend.open();
    let outcome = Outcome { execution_ms: Some(12), exit_code: Some(-1), ..Outcome::default() };
    let skill = commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        let row = Usage { task_id: Some("t"), phase: Some("build"), outcome: Some(outcome), ..usage(skill) };
        tx.log_usage(&row).expect("logged");
        skill
    });
    let rows = store.read().expect("a snapshot").usage_rows(&UsageFilter::Skill(skill), 9).expect("rows");
    let expected = UsageRow {
        id: rows[0].id,
        skill: Some("jwt".to_owned()),
        agent_id: "a1".to_owned(),
        agent_type: "dev".to_owned(),
        task_id: Some("t".to_owned()),
        phase: Some("build".to_owned()),
        loaded_at: NOW.to_owned().into(),
        version: Some("1.0.0".to_owned()),
        content_hash: Some("h".to_owned()),
        execution_time_ms: Some(12),
        exit_code: Some(-1),
    };
    assert_eq!(rows, [expected]);
}

pub(crate) fn an_agent_got_what_it_was_last_given_in_the_task(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (jwt, sql) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        let log = |tx: &mut dyn Transaction, agent_id, task_id, version, content_hash| {
            let row = Usage { agent_id, task_id: Some(task_id), version, content_hash, ..usage(jwt) };
            tx.log_usage(&row).expect("logged");
        };
        log(tx, "a1", "t", Some("1.0.0"), Some("h1"));
        log(tx, "a1", "t", Some("1.0.1"), Some("h2"));
        log(tx, "a1", "t", Some("1.0.2"), None);
        log(tx, "a2", "t", Some("2.0.0"), Some("h3"));
        log(tx, "a1", "u", Some("3.0.0"), Some("h4"));
        let got = |skill, agent, task| tx.got(skill, agent, task).expect("a read");
        let pair = |version: &str, hash: &str| Some((version.to_owned(), hash.to_owned()));
        assert_eq!(got(jwt, "a1", "t"), pair("1.0.1", "h2"), "the last of which both are known");
        assert_eq!(got(jwt, "a2", "t"), pair("2.0.0", "h3"));
        assert_eq!(got(jwt, "a1", "u"), pair("3.0.0", "h4"));
        assert_eq!([got(sql, "a1", "t"), got(jwt, "a3", "t"), got(jwt, "a1", "v")], [None, None, None]);
    });
}

pub(crate) fn a_use_is_open_until_its_outcome_is_added(backend: &dyn Backend) {
    let mut store = backend.open();
    let outcome = Outcome { exit_code: Some(0), test_pass_rate: Some(0.5), ..Outcome::default() };
    commit(store.as_mut(), |tx| {
        let (jwt, sql) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Auto));
        let said = Some(Outcome::default());
        for (skill, agent_id, outcome) in [(jwt, "a1", None), (jwt, "a1", None), (jwt, "a2", said)] {
            let row = Usage { agent_id, task_id: Some("t"), phase: Some("plan"), outcome, ..usage(skill) };
            tx.log_usage(&row).expect("logged");
        }
        let open = |tx: &dyn Transaction| tx.open_use(jwt, "a1", "t").expect("a read");
        let ids: Vec<i64> = rows(tx, jwt).into_iter().map(|it| it.id).collect();
        let last = open(tx).expect("an open use");
        assert_eq!(last.id, ids[1], "the last one that waits");
        let others = [(sql, "a1", "t"), (jwt, "a2", "t"), (jwt, "a1", "u")];
        assert!(others.iter().all(|(skill, agent, task)| tx.open_use(*skill, agent, task).expect("a read").is_none()));
        tx.complete_usage(&last, None, &outcome).expect("completed");
        let first = open(tx).expect("an open use");
        assert_eq!(first.id, ids[2], "then the one before");
        tx.complete_usage(&first, Some("build"), &Outcome::default()).expect("completed");
        assert_eq!(open(tx), None, "said once, even if it says nothing");
        let completed: Vec<_> = rows(tx, jwt).into_iter().map(|it| (it.phase, it.exit_code)).collect();
        let phase = |it: &str| Some(it.to_owned());
        assert_eq!(completed, [(phase("plan"), None), (phase("plan"), Some(0)), (phase("build"), None)]);
        assert_eq!(tx.latest_pass_rate(jwt).expect("a read"), Some(0.5));
    });
}

fn rows(tx: &dyn Transaction, skill: SkillId) -> Vec<UsageRow> {
    tx.usage_rows(&UsageFilter::Skill(skill), 99).expect("rows")
}

pub(crate) fn a_use_that_another_program_completed_is_open_no_more(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        let row = Usage { task_id: Some("t"), outcome: None, ..usage(skill) };
        tx.log_usage(&row).expect("logged");
        skill
    });
    let open = |store: &mut dyn Store| store.read().expect("a snapshot").open_use(skill, "a1", "t").expect("a read");
    let id = open(store.as_mut()).expect("an open use").id;
    backend.other_program().complete_use(id);
    assert_eq!(open(store.as_mut()), None);
}

/// Figures of which sums in floating point are not exact.
fn measured(before: f64, after: f64, execution_ms: i64, exit_code: i64) -> Outcome {
    Outcome {
        execution_ms: Some(execution_ms),
        exit_code: Some(exit_code),
        confidence_before: Some(before),
        confidence_after: Some(after),
        test_pass_rate: None,
        tokens_avoided: Some(3),
        cost_avoided_usd: Some(0.1),
    }
}

pub(crate) fn cells_add_every_row_up_exactly(backend: &dyn Backend) {
    let mut store = backend.open();
    let jwt = commit(store.as_mut(), |tx| {
        let (jwt, sql) = (insert(tx, "jwt", b"1", Auto), insert(tx, "sql", b"2", Human));
        let log = |tx: &mut dyn Transaction, row: &Usage<'_>| tx.log_usage(row).expect("logged");
        for (loaded_at, outcome) in [
            ("2026-01-30 10:00:00", measured(0.1, 0.4, 5, 0)),
            ("2026-01-29 10:00:00", measured(0.7, 0.75, 7, 1)),
            (NOW, Outcome { execution_ms: Some(100), exit_code: Some(0), ..Outcome::default() }),
            (NOW, Outcome { cost_avoided_usd: Some(0.2), ..Outcome::default() }),
            (NOW, Outcome { tokens_avoided: Some(40), ..Outcome::default() }),
        ] {
            log(tx, &Usage { loaded_at: at(loaded_at), outcome: Some(outcome), ..usage(jwt) });
        }
        log(tx, &Usage { agent_type: "tester", ..usage(jwt) });
        log(tx, &Usage { approval_level: Human, ..usage(sql) });
        jwt
    });
    let mut cells = store.read().expect("a snapshot").usage_cells(None).expect("cells");
    cells.sort_by(|a, b| (a.skill_id, &a.agent_type).cmp(&(b.skill_id, &b.agent_type)));
    let expected = UsageCell {
        skill_id: jwt.0,
        skill: Some("jwt".to_owned()),
        category: Some("domain".to_owned()),
        phase4_generated: false,
        agent_type: "dev".to_owned(),
        approval_level: "auto".to_owned(),
        uses: 5,
        measured: 2,
        gain_millionths: 350_000,
        helped: 1,
        timed: 2,
        time_ms: 12,
        outcomes: 2,
        succeeded: 1,
        tokens_avoided: 46,
        unpriced_tokens: 40,
        cost_avoided_billionths: 400_000_000,
        first_used: Some(at("2026-01-29 10:00:00")),
        last_used: Some(at(NOW)),
    };
    assert_eq!(cells[0], expected);
    let others: Vec<_> = cells[1..]
        .iter()
        .map(|it| (it.skill.as_deref(), it.agent_type.as_str(), it.approval_level.as_str(), it.uses))
        .collect();
    assert_eq!(others, [(Some("jwt"), "tester", "auto", 1), (Some("sql"), "dev", "human", 1)]);
}

pub(crate) fn sums_follow_an_outcome_that_is_added_later(backend: &dyn Backend) {
    let mut store = backend.open();
    let skill = commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        let row = Usage { task_id: Some("t"), outcome: None, ..usage(skill) };
        tx.log_usage(&row).expect("logged");
        skill
    });
    let sums = |store: &mut dyn Store| {
        let cells = store.read().expect("a snapshot").usage_cells(None).expect("cells");
        cells.into_iter().map(|it| (it.uses, it.measured, it.succeeded, it.tokens_avoided)).collect::<Vec<_>>()
    };
    assert_eq!(sums(store.as_mut()), [(1, 0, 0, 0)]);
    commit(store.as_mut(), |tx| {
        let open = tx.open_use(skill, "a1", "t").expect("a read").expect("an open use");
        tx.complete_usage(&open, None, &measured(0.5, 0.9, 1, 0)).expect("completed");
    });
    assert_eq!(sums(store.as_mut()), [(1, 1, 1, 3)]);
}

pub(crate) fn bringing_sums_up_to_date_changes_no_figure(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        for _ in 0..3 {
            tx.log_usage(&usage(skill)).expect("logged");
        }
    });
    let mut check = |care: fn(&mut dyn UsageSums) -> cfn::store::Result<()>| {
        care(store.usage_sums()).expect("it is done");
        let cells = store.read().expect("a snapshot").usage_cells(None).expect("cells");
        assert_eq!(cells.iter().map(|it| it.uses).collect::<Vec<_>>(), [3]);
        assert_eq!(store.usage_sums().prove().expect("a proof"), Proof { cells: 1, rows: 3, differences: 0 });
    };
    check(|_| Ok(()));
    check(|sums| sums.catch_up(&mut |left| assert_eq!(left, 0)));
    check(|sums| sums.rebuild(&mut |_| ()));
    check(|sums| sums.catch_up(&mut |_| ()));
    assert!(!store.usage_sums().is_behind().expect("a read"));
}

pub(crate) fn days_are_those_of_utc_whoever_wrote_the_time(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let skill = insert(tx, "jwt", b"1", Auto);
        for loaded_at in ["2026-01-30 23:59:59", "2026-01-31 00:00:00", "2026-01-31 23:59:59", "2026-02-02 00:00:00"] {
            tx.log_usage(&Usage { loaded_at: at(loaded_at), ..usage(skill) }).expect("logged");
        }
    });
    for time in ["2026-02-01T00:30:00+09:00", "2026-01-30 22:00:00-05:00", "soon", "2026-02-30"] {
        backend.other_program().log_at("jwt", time);
    }
    let snapshot = store.read().expect("a snapshot");
    let day = |day: &str, uses| (day.parse::<jiff::civil::Date>().expect("a day"), uses);
    let all = [day("2026-01-30", 1), day("2026-01-31", 4), day("2026-02-02", 1)];
    assert_eq!(snapshot.uses_by_day(None, 9).expect("days"), all);
    assert_eq!(snapshot.uses_by_day(None, 2).expect("days"), all[1..], "the last ones");
    let days = Days { first: "2026-01-31".parse().expect("a day"), last: "2026-02-01".parse().expect("a day") };
    assert_eq!(snapshot.uses_by_day(Some(days), 9).expect("days"), all[1..2]);
    let uses = |days| snapshot.usage_cells(days).expect("cells").iter().map(|it| it.uses).sum::<i64>();
    assert_eq!((uses(None), uses(Some(days))), (8, 4), "a time that is none is of no day");
}

pub(crate) fn what_an_agent_would_get_is_counted_as_used(backend: &dyn Backend) {
    let mut store = backend.open();
    commit(store.as_mut(), |tx| {
        let (auto, human) = (insert(tx, "auto", b"1", Auto), insert(tx, "human", b"2", Human));
        let used = |tx: &dyn Transaction, name: &str| {
            tx.used(&super::name(name), &"dev".parse().expect("a type")).expect("a read")
        };
        let skill = used(tx, "auto").expect("a skill");
        assert_eq!((skill.id, skill.approval_level, skill.phase4_generated), (auto, Auto, false));
        assert_eq!(skill.version, Some(("1.0.0".to_owned(), ContentHash::of(b"1").to_string())));
        let skill = used(tx, "human").expect("a skill");
        assert_eq!((skill.id, skill.approval_level, skill.version), (human, Human, None), "nothing is approved");
        assert_eq!(used(tx, "none"), None);
    });
}
