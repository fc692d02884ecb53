//! Files of runs.

use super::{Script, measured};
use crate::bench::suite::{Recorder, Run, SuiteReport};

#[test]
fn recorded_samples_equal_the_measured_ones() {
    let folder = tempfile::tempdir().expect("a folder");
    let (lines, document) = (folder.path().join("samples.jsonl"), folder.path().join("run.json"));
    let run = Script::new(1).run(10, &mut Recorder::create(&lines).expect("a file"));
    assert_eq!(Run::read(&lines).expect("a run"), run);
    let report = SuiteReport::of(run.clone(), None);
    std::fs::write(&document, serde_json::to_string(&report).expect("JSON")).expect("a file");
    assert_eq!(Run::read(&document).expect("a run"), run);

    // Killed in the middle of a line: all lines before it are read.
    let text = std::fs::read_to_string(&lines).expect("lines");
    let (kept, _) = text.split_at(text.len() - 200);
    std::fs::write(&lines, kept).expect("a file");
    let killed = Run::read(&lines).expect("a run");
    assert!(killed.ending.interrupted && killed.of("skill deployment") == run.of("skill deployment"));
    let (killed, whole): (Vec<usize>, Vec<usize>) = killed
        .samples
        .iter()
        .zip(&run.samples)
        .map(|(one, all)| (one.milliseconds.len(), all.milliseconds.len()))
        .unzip();
    let missing: usize = whole.iter().sum::<usize>() - killed.iter().sum::<usize>();
    assert!((1..=3).contains(&missing), "{missing}");
}

#[test]
fn an_invalid_file_is_a_clear_error() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bad.json");
    let mut report = serde_json::to_value(SuiteReport::of(measured(Script::new(1)), None)).expect("JSON");
    let good = report.to_string();
    report["format"] = 2.into();
    let newer = report.to_string();
    report["format"] = 1.into();
    report["samples"][0]["milliseconds"][0] = (-1.0).into();
    let negative = report.to_string();
    let twice = good.replacen("\"skill update\",\"milliseconds\"", "\"skill deployment\",\"milliseconds\"", 1);
    let twice = twice.replace("\"skill deployment\",\"milliseconds\"", "\"skill update\",\"milliseconds\"");
    let cases = [
        ("", "EOF"),
        ("nonsense", "expected"),
        ("{}", "missing field `format`"),
        ("{\"format\":1}", "missing field"),
        (&newer, "it has format 2, but this cfn reads 1"),
        (&negative, "a sample of \"pace of the machine\" is not a time"),
        (&good[..good.len() - 1], "EOF"),
        (&twice, "it has \"skill update\" twice"),
        ("{\"about\":{}}\n", "line 1: missing field"),
    ];
    for (text, why) in cases {
        std::fs::write(&path, text).expect("a file");
        let error = Run::read(&path).expect_err(text).to_string();
        assert!(error.contains("bad.json is not a run of 'cfn bench': ") && error.contains(why), "{error}");
    }
    let missing = Run::read(&folder.path().join("missing.json")).expect_err("no file").to_string();
    assert!(missing.contains("could not read the run in"), "{missing}");
}

#[test]
fn a_file_with_two_runs_is_invalid() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("samples.jsonl");
    Script::new(1).run(10, &mut Recorder::create(&path).expect("a file"));
    let text = std::fs::read_to_string(&path).expect("lines");
    let (first, rest) = text.split_once('\n').expect("lines");
    let sample = rest.lines().next().expect("a sample");
    let doubled =
        [(format!("{text}{text}"), "a second run begins"), (format!("{text}{sample}\n"), "the run ended before")];
    for (doubled, why) in doubled {
        std::fs::write(&path, doubled).expect("a file");
        let error = Run::read(&path).expect_err(why).to_string();
        assert!(error.contains(why), "{error}");
    }
    std::fs::write(&path, format!("{first}\n{first}\n")).expect("a file");
    assert!(Run::read(&path).expect_err("two").to_string().contains("line 2: a second run begins"));
}

#[test]
fn only_regular_files_are_read_and_links_are_never_followed_for_writing() {
    let folder = tempfile::tempdir().expect("a folder");
    let (pipe, link, file) = (folder.path().join("pipe"), folder.path().join("link"), folder.path().join("file"));
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    assert!(Run::read(&pipe).is_err() && Run::read(folder.path()).is_err() && Recorder::create(&pipe).is_err());
    std::fs::write(&file, "precious").expect("a file");
    std::os::unix::fs::symlink(&file, &link).expect("a link");
    let run = Script::new(1).run(3, &mut Recorder::create(&link).expect("a file"));
    assert_eq!(std::fs::read_to_string(&file).expect("a file"), "precious");
    assert_eq!(Run::read(&link).expect("a run"), run);
}
