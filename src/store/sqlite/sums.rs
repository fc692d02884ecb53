//! What the reports add up, as SQL: the one definition that the rollups, the tail, the archives and the full scan share.
//! Every macro is about rows `u` of `skill_usage_log`, or about rows that are sums already.

/// A number that sums of millions of rows can hold: beyond ± 10¹² (a million dollars, 31 years) another program's value counts
/// as that, since one row must not make every report overflow.
macro_rules! bounded {
    ($value:literal) => {
        concat!("max(-1000000000000, min(1000000000000, CAST(", $value, " AS INTEGER)))")
    };
}

/// After − before, in millionths; NULL where one of them is unknown.
macro_rules! gain {
    () => {
        concat!(
            bounded!("round(u.confidence_after * 1000000)"),
            " - ",
            bounded!("round(u.confidence_before * 1000000)")
        )
    };
}

/// The sums of a group of rows, in the order of the rollup tables' columns.
macro_rules! sums_of_rows {
    () => {
        concat!(
            "count(*), count(", gain!(), "), coalesce(sum(", gain!(), "), 0), count(", gain!(), " > 50000 OR NULL),
             count(CASE WHEN u.confidence_before IS NOT NULL AND u.confidence_after IS NOT NULL THEN u.execution_time_ms END),
             coalesce(sum(CASE WHEN u.confidence_before IS NOT NULL AND u.confidence_after IS NOT NULL THEN ",
            bounded!("u.execution_time_ms"), " END), 0),
             coalesce(sum(", bounded!("u.tokens_avoided"), "), 0),
             coalesce(sum(", bounded!("round(u.cost_avoided_usd * 1000000)"), "), 0),
             min(CASE WHEN ", day_of!(), " <> '' THEN u.loaded_at END), max(CASE WHEN ", day_of!(), " <> '' THEN u.loaded_at END)"
        )
    };
}

/// The columns of a sum.
macro_rules! sums {
    () => {
        "uses, measured, gain_millionths, helped, timed, time_ms, tokens_avoided, cost_avoided_millionths, first_used, last_used"
    };
}

/// The sums of a group of sums.
macro_rules! sums_of_sums {
    () => {
        "sum(uses), sum(measured), sum(gain_millionths), sum(helped), sum(timed), sum(time_ms), sum(tokens_avoided),
         sum(cost_avoided_millionths), min(first_used), max(last_used)"
    };
}

/// The UTC day of a row; empty where its time is not written as SQLite writes it. The same expression as in the triggers.
macro_rules! day_of {
    () => {
        "CASE WHEN typeof(u.loaded_at) = 'text' AND u.loaded_at GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*'
           THEN substr(u.loaded_at, 1, 10) ELSE '' END"
    };
}

/// The skill of a row; 0 where it names none. The same expression as in the triggers.
macro_rules! skill_of {
    () => {
        "CASE WHEN typeof(u.skill_id) = 'integer' THEN u.skill_id ELSE 0 END"
    };
}

/// The key of a cell.
macro_rules! who {
    () => {
        concat!(
            skill_of!(),
            " AS skill_id, CAST(coalesce(u.agent_type, '') AS TEXT) AS agent_type,
              CAST(coalesce(u.approval_level, '') AS TEXT) AS approval_level"
        )
    };
}

/// Sums by day and key, of the rows that a condition picks.
macro_rules! daily_of_rows {
    ($which:expr) => {
        concat!(
            "SELECT ",
            day_of!(),
            " AS day, ",
            who!(),
            ", ",
            sums_of_rows!(),
            " FROM skill_usage_log u WHERE ",
            $which,
            " GROUP BY 1, 2, 3, 4"
        )
    };
}

/// Adds a sum to the one that is there.
macro_rules! add_to_existing {
    () => {
        " DO UPDATE SET uses = uses + excluded.uses, measured = measured + excluded.measured,
           gain_millionths = gain_millionths + excluded.gain_millionths, helped = helped + excluded.helped,
           timed = timed + excluded.timed, time_ms = time_ms + excluded.time_ms,
           tokens_avoided = tokens_avoided + excluded.tokens_avoided,
           cost_avoided_millionths = cost_avoided_millionths + excluded.cost_avoided_millionths,
           first_used = coalesce(min(first_used, excluded.first_used), first_used, excluded.first_used),
           last_used = coalesce(max(last_used, excluded.last_used), last_used, excluded.last_used)"
    };
}

pub(super) use {
    add_to_existing, bounded, daily_of_rows, day_of, gain, skill_of, sums, sums_of_rows, sums_of_sums, who,
};
