use cfn::bench::system::system;
use cfn::clock::Clock;
use cfn::process::Program;
use cfn::store::sqlite::{Access, Options, SqliteStore};

use crate::harness::binary;
use crate::scene::with_skill;

#[test]
fn the_table_of_the_system_has_a_line_for_redis_only_where_it_answers() {
    let project = with_skill("jwt", "testing", "dev");
    let cfn = Program::new(&binary(), project.path());
    let options = Options::default();
    let mut store = SqliteStore::open(&project.database(), Access::Read, options, Clock::System).expect("a database");
    let agent = "dev".parse().expect("an agent type");
    let table = system(&cfn, &mut store, &agent, None, None).expect("figures");
    assert_eq!(
        table.iter().map(|it| it.threshold).collect::<Vec<_>>(),
        [10_000.0, 10_000.0, 100.0, 2048.0, 2048.0, 2.0]
    );
    assert!(table.iter().all(|it| it.measured > 0.0), "{table:?}");
    let of = |metric: &str| table.iter().find(|it| it.metric == metric).map(|it| (it.measured, it.unit.as_ref()));
    let (Some((memory, "MiB")), Some((processors, "cores"))) =
        (of("memory of an agent (load)"), of("processors of an agent (load)"))
    else {
        panic!("{table:?}")
    };
    assert!((0.5..100.0).contains(&memory), "what cfn has in memory: {memory}");
    assert!((0.05..f64::from(2)).contains(&processors), "it has one thread that works: {processors}");
    let answers = || Some(std::time::Duration::from_millis(7));
    let table = system(&cfn, &mut store, &agent, Some(&answers), None).expect("figures");
    let redis = table.iter().find(|it| it.metric == "Redis response time").expect("a line");
    assert!(!redis.passes() && redis.unit == "ms", "{redis:?}");
}
