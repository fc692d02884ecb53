use crate::harness::Project;

#[test]
fn each_size_has_every_operation_and_its_growth_over_the_size_before() {
    let project = Project::empty();
    let args = ["bench", "growth", "--skills", "40,100", "--usage-rows", "50", "--runs", "3", "--json"];
    let report = project.cfn(args).json();
    let sizes = report["sizes"].as_array().expect("sizes");
    assert_eq!(sizes.iter().map(|it| it["skills"].as_u64()).collect::<Vec<_>>(), [Some(40), Some(100)]);
    for (size, grows) in sizes.iter().zip([false, true]) {
        let operations = size["operations"].as_array().expect("operations");
        let names: Vec<_> = operations.iter().filter_map(|it| it["operation"].as_str()).collect();
        assert_eq!(names, ["deploy", "update", "load", "load in a running --batch", "analytics overview", "list"]);
        for it in operations {
            assert_eq!(it["samples_ms"].as_array().map(Vec::len), Some(3), "{it}");
            assert!(it["figures"]["median"].as_f64().is_some_and(|it| it > 0.0), "{it}");
            assert_eq!(it["growth"].is_f64(), grows, "{it}");
        }
        assert!(size["load_peak_kib"].as_u64().is_some_and(|it| it > 1000), "{size}");
    }
    assert!(sizes[0]["database_bytes"].as_u64() < sizes[1]["database_bytes"].as_u64());
    assert!(sizes[0]["projected"].is_null() && sizes[1]["projected"]["database"] == "~2 MB");
    assert_eq!(project.path().read_dir().expect("a folder").count(), 0, "nothing is left in the caller's folder");
    let text = project.cfn(["bench", "growth", "--skills", "100", "--usage-rows", "0", "--runs", "1"]).ok();
    assert!(text.contains("~2 MB") && text.contains("25-70 ms"), "{text}");
}

#[test]
fn sizes_that_cannot_be_meant_are_refused() {
    Project::empty().cfn(["bench", "growth", "--skills", "100,0"]).fails(1);
}
