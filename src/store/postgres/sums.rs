//! The SQL of the sums in reports: one definition for the rollups, the tail, and the full scan. Every macro applies to rows
//! `u` of `skill_usage_log`, or to rows that are sums already. The figures are those of the SQLite engine.

/// A number in units of which there are `$units` in one, at most a million; rounded half away from zero, as SQLite does.
macro_rules! in_units {
    ($value:literal, $units:literal) => {
        concat!(
            "(sign(",
            $value,
            ") * floor(abs(least(greatest(",
            $value,
            ", -1000000), 1000000)) * ",
            $units,
            " + 0.5))::bigint"
        )
    };
}

/// A whole number limited to ± 10¹², so that one row of another program cannot make the sums overflow.
macro_rules! bounded {
    ($value:literal) => {
        concat!(
            "CASE WHEN ",
            $value,
            " IS NOT NULL THEN least(greatest(",
            $value,
            ", -1000000000000), 1000000000000) END"
        )
    };
}

/// A value of rows that have both confidences.
macro_rules! of_measured {
    ($value:expr) => {
        concat!("CASE WHEN u.confidence_before IS NOT NULL AND u.confidence_after IS NOT NULL THEN ", $value, " END")
    };
}

/// Rows of the log for summing, as `r`.
macro_rules! rows_to_sum {
    ($from:expr, $which:expr) => {
        concat!(
            "(SELECT u.skill_id, u.agent_type, coalesce(u.approval_level, '') AS approval_level, u.loaded_time AS at,
               (u.loaded_time AT TIME ZONE 'UTC')::date AS date, ",
            in_units!("u.confidence_after", "1000000"),
            " - ",
            in_units!("u.confidence_before", "1000000"),
            " AS gain, ",
            of_measured!(bounded!("u.execution_time_ms")),
            " AS time_ms, ",
            of_measured!("u.exit_code"),
            " AS outcome, ",
            bounded!("u.tokens_avoided"),
            " AS tokens, ",
            in_units!("u.cost_avoided_usd", "1000000000"),
            " AS nano_usd, u.cost_avoided_usd IS NULL AS is_unpriced FROM ",
            $from,
            " WHERE ",
            $which,
            ") r"
        )
    };
}

/// The sums of a group of such rows, in the order of the rollup tables' columns.
macro_rules! sums_of_rows {
    () => {
        "count(*) AS uses, count(r.gain) AS measured, coalesce(sum(r.gain), 0)::bigint AS gain,
           count(*) FILTER (WHERE r.gain > 50000) AS helped, count(r.time_ms) AS timed,
           coalesce(sum(r.time_ms), 0)::bigint AS time_ms, count(r.outcome) AS outcomes,
           count(*) FILTER (WHERE r.outcome = 0) AS succeeded, coalesce(sum(r.tokens), 0)::bigint AS tokens,
           coalesce(sum(r.nano_usd / 1000000000), 0)::bigint AS usd,
           coalesce(sum(r.nano_usd % 1000000000), 0)::bigint AS nano_usd, cfn_time_text(min(r.at)) AS first_used,
           cfn_time_text(max(r.at)) AS last_used,
           coalesce(sum(r.tokens) FILTER (WHERE r.is_unpriced), 0)::bigint AS unpriced"
    };
}

/// The columns of a sum.
macro_rules! sums {
    () => {
        "uses, measured, gain, helped, timed, time_ms, outcomes, succeeded, tokens, usd, nano_usd, first_used, last_used,
         unpriced"
    };
}

/// The sums of a group of sums.
macro_rules! sums_of_sums {
    () => {
        "sum(uses)::bigint, sum(measured)::bigint, sum(gain)::bigint, sum(helped)::bigint, sum(timed)::bigint,
         sum(time_ms)::bigint, sum(outcomes)::bigint, sum(succeeded)::bigint, sum(tokens)::bigint, sum(usd)::bigint,
         sum(nano_usd)::bigint, min(first_used), max(last_used), sum(unpriced)::bigint"
    };
}

/// Rows of `usage_daily` for these rows of the log.
macro_rules! daily_of_rows {
    ($from:expr, $which:expr) => {
        concat!(
            "SELECT cfn_day(min(r.at)) AS day, r.skill_id, r.agent_type, r.approval_level, 0::bigint AS archive_id,
               0::bigint AS part, ",
            sums_of_rows!(),
            " FROM ",
            rows_to_sum!($from, $which),
            " GROUP BY r.date, r.skill_id, r.agent_type, r.approval_level"
        )
    };
}

/// Adds a sum to an existing one of the table.
macro_rules! add_to_existing {
    ($table:literal) => {
        concat!(
            " DO UPDATE SET uses = ",
            $table,
            ".uses + excluded.uses, measured = ",
            $table,
            ".measured + excluded.measured, gain = ",
            $table,
            ".gain + excluded.gain, helped = ",
            $table,
            ".helped + excluded.helped, timed = ",
            $table,
            ".timed + excluded.timed, time_ms = ",
            $table,
            ".time_ms + excluded.time_ms, outcomes = ",
            $table,
            ".outcomes + excluded.outcomes, succeeded = ",
            $table,
            ".succeeded + excluded.succeeded, tokens = ",
            $table,
            ".tokens + excluded.tokens, usd = ",
            $table,
            ".usd + excluded.usd, nano_usd = ",
            $table,
            ".nano_usd + excluded.nano_usd, unpriced = ",
            $table,
            ".unpriced + excluded.unpriced, first_used = least(",
            $table,
            ".first_used, excluded.first_used), last_used = greatest(",
            $table,
            ".last_used, excluded.last_used)"
        )
    };
}

/// Rows that are not in the rollups: those whose transaction the snapshot `$1` does not show.
macro_rules! in_tail {
    () => {
        "u.xid >= pg_snapshot_xmin($1::pg_snapshot) AND NOT pg_visible_in_snapshot(u.xid, $1::pg_snapshot)"
    };
}

/// The marked pairs of day and skill.
macro_rules! dirty {
    () => {
        "dirty AS MATERIALIZED (SELECT DISTINCT day, skill_id, cfn_time(nullif(day, '') || ' 00:00:00') AS begins FROM usage_dirty)"
    };
}

/// What is left of the summed rows of the marked pairs: a range of the index on skill and time for each pair.
macro_rules! rows_of_dirty {
    () => {
        "(SELECT u.* FROM dirty x JOIN skill_usage_log u ON u.skill_id = x.skill_id AND u.loaded_time >= x.begins
            AND u.loaded_time < x.begins + interval '24 hours'
          UNION ALL SELECT u.* FROM dirty x JOIN skill_usage_log u ON x.day = '' AND u.skill_id = x.skill_id
            AND u.loaded_time IS NULL) u"
    };
}

/// The rows of the rollups, as they were when these were made.
macro_rules! was_summed {
    () => {
        "pg_visible_in_snapshot(u.xid, $1::pg_snapshot)"
    };
}

pub(super) use {
    add_to_existing, bounded, daily_of_rows, dirty, in_tail, in_units, of_measured, rows_of_dirty, rows_to_sum, sums,
    sums_of_rows, sums_of_sums, was_summed,
};
