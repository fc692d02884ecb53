//! Goal 9, search: the cost of rare words follows what has them, not what is stored.

use super::Bench;
use super::measure::{Result, Side, compare, timed};
use super::project::Project;

/// Words that every generated skill has, and none of which is rare.
const COMMON: &str = "review the database schema before a migration";

pub(crate) fn search(bench: &mut Bench) -> Result<()> {
    let many_skills = bench.many_skills;
    let few = Project::with_skills(bench, "search-few", 1000)?;
    let many = Project::with_skills(bench, "search-many", many_skills)?;
    for project in [&few, &many] {
        let built = timed(&mut project.cfn(["search", "token"]))?;
        super::say(&format!("(index made in {:.1} s)", built.as_secs_f64()));
    }
    // The number in a name: one skill has it.
    let rare = |project: &Project, run: usize| timed(&mut project.cfn(["search", &format!("{:06}", run % 1000)]));
    let common = |project: &Project| timed(&mut project.cfn(["search", COMMON]));
    let sides = vec![
        Side::new("a rare word, of 1,000", |run| rare(&few, run)),
        Side::new(format!("a rare word, of {many_skills}"), |run| rare(&many, run)),
        Side::new(format!("common words, of {many_skills}"), |_| common(&many)),
    ];
    let measured = bench.report("search", compare("Search", bench.few_runs(), 3, sides)?)?;
    let ratio = measured.ratio(1);
    bench.verdict(
        format!("9 search of {many_skills} skills for a rare word, at most 2 of 1,000"),
        format!("{ratio:.2}"),
        ratio <= 2.0,
    );
    let median = measured.sides[2].figures()[2];
    bench.verdict("9 search for common words, at most 150 ms", format!("{median:.0} ms"), median <= 150.0);
    Ok(())
}
