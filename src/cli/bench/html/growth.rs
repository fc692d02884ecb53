//! The page of `cfn bench growth`.

use super::parts::{Section, distributed, document, table};
use crate::bench::growth::{GrowthReport, Size};
use crate::cli::bench::table::{mebibytes, ms, projected, sizes};
use crate::cli::document::{About, Bar, Figure, bars, integer};

pub(in crate::cli::bench) fn page(report: &GrowthReport, written: &str) -> String {
    let operations = report.sizes.first().map(|it| it.operations.as_slice()).unwrap_or_default();
    let mut charts: String =
        operations.iter().enumerate().map(|(index, it)| operation(report, index, it.operation.name())).collect();
    charts += &sized(report, "database", "Size of the database", &|it| it.database_bytes);
    charts += &sized(report, "memory", "Memory of a load", &|it| it.load_peak_kib * 1024);
    let (header, cells) = sizes(report);
    let columns: Vec<_> = header.iter().enumerate().map(|(index, name)| (name.as_str(), index > 0)).collect();
    let expected = [("skills", true), ("database", false), ("here", true), ("query", false), ("load here", true)];
    let mut sections = vec![
        Section {
            id: "growth",
            title: "Growth".to_owned(),
            about: "Medians in milliseconds by number of skills, and their ratio to the previous size.".to_owned(),
            body: charts,
        },
        Section {
            id: "figures",
            title: "Figures".to_owned(),
            about: "Measured values beside the old system's projection for each size.".to_owned(),
            body: table("Medians in ms", &columns, &cells) + &table("The old system", &expected, &projected(report)),
        },
    ];
    sections.extend(report.sizes.last().map(largest));
    document("Growth", &[], &sections, written)
}

fn operation(report: &GrowthReport, index: usize, title: &str) -> String {
    let bars = report.sizes.iter().filter_map(|size| {
        let (it, figures) = (size.operations.get(index)?, size.operations.get(index)?.figures?);
        let growth = it.growth.map_or_else(String::new, |it| format!(" ({it:.2} times)"));
        Some(Bar {
            label: skills(size),
            shown: format!("{} ms{growth}", ms(figures.median)),
            parts: vec![(0, figures.median)],
        })
    });
    figure(&format!("growth-{index}"), title, &bars.collect::<Vec<_>>())
}

fn sized(report: &GrowthReport, id: &str, title: &str, bytes: &dyn Fn(&Size) -> u64) -> String {
    let bars = report.sizes.iter().map(|size| {
        let kibibytes = u32::try_from(bytes(size) / 1024).unwrap_or(u32::MAX);
        Bar { label: skills(size), shown: mebibytes(bytes(size)), parts: vec![(1, f64::from(kibibytes))] }
    });
    figure(id, title, &bars.collect::<Vec<_>>())
}

fn figure(id: &str, title: &str, bars: &[Bar]) -> String {
    let seen = match (bars.first(), bars.last()) {
        (Some(first), Some(last)) if bars.len() > 1 => {
            let times = last.parts.iter().map(|it| it.1).sum::<f64>() / first.parts.iter().map(|it| it.1).sum::<f64>();
            format!("{times:.2} times from {} to {}.", first.label, last.label)
        }
        _ => String::new(),
    };
    let svg = bars::draw(&About { id, title, description: &seen }, bars, &[]);
    Figure { title, seen: &seen, legend: &[], svg: &svg, below: "" }.html()
}

fn skills(size: &Size) -> String {
    format!("{} skills", integer(i64::try_from(size.skills).unwrap_or(i64::MAX)))
}

fn largest(size: &Size) -> Section {
    let charts = size
        .operations
        .iter()
        .enumerate()
        .map(|(index, it)| distributed(&format!("largest-{index}"), it.operation.name(), &it.samples_ms, None));
    Section {
        id: "distributions",
        title: "Distributions".to_owned(),
        about: format!("Distribution of the times of each operation with {}, in milliseconds.", skills(size)),
        body: charts.collect(),
    }
}
