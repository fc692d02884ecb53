//! The text of the doctor's report.

use crate::cli::output::{Page, Report};
use crate::model::Visible;
use crate::ops::{Area, Diagnosis, DoctorReport, Health};

impl Report for DoctorReport {
    fn text(&self, page: &mut Page) {
        for done in &self.fixed {
            page.line(format!("fixed     {}", Visible(done)));
        }
        let mut area = None;
        for line in &self.lines {
            if area.replace(line.area) != Some(line.area) {
                page.heading(title(line.area));
            }
            diagnosis(page, line);
        }
        let count = |state| self.count(state);
        page.line(format!(
            "{} ok, {} warn, {} fail, {} not used here",
            count(Health::Ok),
            count(Health::Warn),
            count(Health::Fail),
            count(Health::NotUsed)
        ));
    }
}

fn diagnosis(page: &mut Page, line: &Diagnosis) {
    page.line(format!("{:<10}{}: {}", word(line.state), line.name, Visible(&line.evidence)));
    if let Some(mend) = &line.mend {
        page.line(format!("{:<10}→ {}", "", Visible(mend)));
    }
}

fn word(state: Health) -> &'static str {
    match state {
        Health::Ok => "ok",
        Health::Warn => "warn",
        Health::Fail => "fail",
        Health::NotUsed => "not used",
    }
}

fn title(area: Area) -> &'static str {
    match area {
        Area::Database => "database",
        Area::Approvals => "approvals",
        Area::Delivery => "delivery",
        Area::Redis => "Redis",
        Area::Postgres => "PostgreSQL",
        Area::Containers => "containers",
        Area::Agents => "agents",
        Area::Network => "network",
    }
}
