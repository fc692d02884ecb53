//! A self-contained HTML page: no scripts, no external resources, charts as inline SVG. All text from outside passes
//! through `Escaped`; the content security policy is the second line of defence.

pub(super) mod bars;
mod escape;
mod policy;
mod publish;
mod scale;
mod table;

use std::fmt::Write as _;

pub(super) use super::numbers::{grouped, integer};
pub(super) use bars::{About, Bar, open};
pub(super) use escape::{Escaped, shortened};
pub(super) use publish::publish;
pub(super) use scale::{Scale, place};
pub(super) use table::{Foldable, foldable, key_figures};

/// Colours and layout: light, dark, and print.
const STYLE: &str = include_str!("style.css");

/// A page. `lead` and `main` are HTML.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document<'a> {
    pub(super) title: &'a str,
    /// An introduction.
    pub(super) lead: &'a str,
    /// The label of the navigation.
    pub(super) nav: &'a str,
    /// The sections in the navigation, each with its id.
    pub(super) sections: &'a [(&'a str, &'a str)],
    pub(super) main: &'a str,
    /// Creation time, in UTC.
    pub(super) written: &'a str,
}

impl Document<'_> {
    pub(super) fn html(&self) -> String {
        let Self { title, lead, nav, sections, main, written } = self;
        let mut html = format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"generator\" content=\"cfn {}\">\n\
             <title>{title} – cfn</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
            policy::content_policy(STYLE),
            env!("CARGO_PKG_VERSION"),
        );
        let _ = write!(html, "<header>\n<h1>{title}</h1>\n{lead}</header>\n");
        if !sections.is_empty() {
            let _ = write!(html, "<nav aria-label=\"{nav}\">\n<ul>\n");
            for (id, title) in *sections {
                let _ = writeln!(html, "<li><a href=\"#{id}\">{}</a></li>", Escaped(title));
            }
            html += "</ul>\n</nav>\n";
        }
        let written = Escaped(written);
        let _ = writeln!(html, "<main>\n{main}</main>\n<footer><p>Written by cfn on {written} UTC.</p></footer>");
        html + "</body>\n</html>\n"
    }
}

/// A chart with its title, description, legend and table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Figure<'a> {
    pub(super) title: &'a str,
    /// The description, one sentence.
    pub(super) seen: &'a str,
    /// The names of the stacks' parts, each with its sum.
    pub(super) legend: &'a [(String, String)],
    pub(super) svg: &'a str,
    /// HTML below the chart.
    pub(super) below: &'a str,
}

impl Figure<'_> {
    pub(super) fn html(&self) -> String {
        let Self { title, seen, legend, svg, below } = self;
        let mut html = format!(
            "<figure class=\"figure\">\n<div class=\"drawn\">\n<figcaption><h3>{}</h3>\n<p>{}</p></figcaption>\n",
            Escaped(title),
            Escaped(seen)
        );
        if !legend.is_empty() {
            html += "<ul class=\"legend\">\n";
            for (number, (name, sum)) in legend.iter().enumerate() {
                let (name, sum) = (Escaped(name), Escaped(sum));
                let _ = writeln!(
                    html,
                    "<li><span class=\"swatch b{number}\" aria-hidden=\"true\"></span>{name} {sum}</li>"
                );
            }
            html += "</ul>\n";
        }
        let _ = write!(html, "{svg}</div>\n{below}</figure>\n");
        html
    }
}
