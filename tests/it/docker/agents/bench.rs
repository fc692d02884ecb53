//! What `cfn bench` measures of containers.

use super::scene::Scene;
use crate::docker::engine::shared_engine;

#[test]
fn the_start_of_a_container_is_measured_where_an_image_is_named() {
    let Some(engine) = shared_engine() else { return };
    let scene = Scene::of(engine);
    let mut command = vec!["bench", "--runs", "1", "--skills", "20", "--usage-rows", "20", "--no-fail", "--json"];
    command.extend(["--agent-image", engine.agent_image()]);
    let report = scene.cfn(&command).json();
    let all = report["system"].as_array().expect("metrics");
    let of_container =
        |it: &&serde_json::Value| it["metric"].as_str().is_some_and(|it| it.starts_with("container start"));
    let found = all.iter().find(of_container).unwrap_or_else(|| panic!("{report}"));
    assert_eq!((&found["threshold"], &found["unit"]), (&5000.0.into(), &"ms".into()), "{found}");
    assert!(found["measured"].as_f64() > Some(10.0), "the engine works: {found}");
    command.truncate(command.len() - 1);
    let refused = scene.cfn(&[&command[..], &["no-such-image"]].concat());
    assert!(refused.code == Some(1) && refused.stderr.contains("no image no-such-image"), "{refused:?}");
}
