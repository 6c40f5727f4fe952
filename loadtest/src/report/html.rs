//! The report as one page that needs nothing else: figures, and plots over time as inline SVG.

use std::fmt::Write;

use super::{Report, table};
use crate::run::Second;

/// A curve: its name, its place among the colours, and its value in a second.
struct Curve {
    name: &'static str,
    of: fn(&Second) -> Option<f64>,
}

struct Plot {
    title: &'static str,
    unit: &'static str,
    curves: &'static [Curve],
}

const PLOTS: &[Plot] = &[
    Plot {
        title: "Latency",
        unit: "ms",
        curves: &[
            Curve { name: "p50", of: |s| Some(s.latency_p50_ms) },
            Curve { name: "p95", of: |s| Some(s.latency_p95_ms) },
        ],
    },
    Plot {
        title: "Processor",
        unit: "cores",
        curves: &[
            Curve { name: "server", of: |s| s.server_cores },
            Curve { name: "bots", of: |s| s.bots_cores },
        ],
    },
    Plot {
        title: "Loss, before repair of what is under way",
        unit: "%",
        curves: &[Curve { name: "loss", of: |s| Some(s.loss_pct) }],
    },
    Plot {
        title: "Packets received",
        unit: "a second",
        curves: &[Curve { name: "packets", of: |s| Some(s.received as f64) }],
    },
];

/// The whole page.
pub(crate) fn page(report: &Report) -> String {
    let title = escaped(&table::headline(report));
    let mut body = format!("<h1>{title}</h1>\n");
    // Writing to a String cannot fail.
    for warning in table::warnings(report) {
        let _ = writeln!(body, "<p class=\"warning\">{}</p>", escaped(&warning));
    }
    let _ = writeln!(body, "<div class=\"plots\">");
    PLOTS.iter().for_each(|plot| plot.write(&report.per_second, &mut body));
    let _ = writeln!(body, "</div>\n<table>");
    for (what, value) in table::rows(report) {
        let _ = writeln!(body, "<tr><th>{}</th><td>{}</td></tr>", escaped(what), escaped(&value));
    }
    let json = serde_json::to_string_pretty(report).unwrap_or_default();
    let _ = writeln!(
        body,
        "</table>\n<details><summary>All figures</summary><pre>{}</pre></details>",
        escaped(&json)
    );
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>{title}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

const STYLE: &str = "\
:root{color-scheme:light dark;--a:light-dark(#1a5fb4,#78aeed);--b:light-dark(#a33b00,#ff9f5a)}\
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}\
h1{font-size:1.4rem}h2{font-size:1rem;margin:0}.warning{color:var(--b);font-weight:600}\
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(26rem,1fr));gap:1.5rem}\
svg{width:100%;height:auto}text{font-size:12px;fill:currentColor}.axis{stroke:currentColor;opacity:.3}\
polyline{fill:none;stroke-width:2}.c0{stroke:var(--a)}.c1{stroke:var(--b)}\
.k0{color:var(--a)}.k1{color:var(--b)}table{border-collapse:collapse;margin:2rem 0}\
th{text-align:left;font-weight:400;padding:.1rem 2rem .1rem 0}td{font-variant-numeric:tabular-nums}";

impl Plot {
    fn write(&self, seconds: &[Second], out: &mut String) {
        let (end, top) = (seconds.last().map_or(1.0, |s| s.at), self.top(seconds));
        let _ = writeln!(out, "<figure><h2>{} <small>({})</small></h2>", self.title, self.unit);
        for (place, curve) in self.curves.iter().enumerate() {
            let _ = write!(out, "<small class=\"k{place}\">{}</small> ", curve.name);
        }
        let _ = write!(
            out,
            "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">\
             <line class=\"axis\" x1=\"{LEFT}\" y1=\"{BOTTOM}\" x2=\"{WIDTH}\" y2=\"{BOTTOM}\"/>\
             <line class=\"axis\" x1=\"{LEFT}\" y1=\"{TOP}\" x2=\"{WIDTH}\" y2=\"{TOP}\"/>\
             <text x=\"0\" y=\"{}\">{}</text><text x=\"0\" y=\"{BOTTOM}\">0</text>\
             <text x=\"{LEFT}\" y=\"{HEIGHT}\">0 s</text>\
             <text x=\"{WIDTH}\" y=\"{HEIGHT}\" text-anchor=\"end\">{end:.0} s</text>",
            self.title,
            TOP + 4.0,
            label(top)
        );
        for (place, curve) in self.curves.iter().enumerate() {
            let point = |second: &Second| {
                let x = LEFT + (WIDTH - LEFT) * second.at / end.max(f64::MIN_POSITIVE);
                let y = BOTTOM - (BOTTOM - TOP) * (curve.of)(second)? / top;
                Some(format!("{x:.1},{y:.1}"))
            };
            let points: Vec<String> = seconds.iter().filter_map(point).collect();
            let _ = write!(out, "<polyline class=\"c{place}\" points=\"{}\"/>", points.join(" "));
        }
        let _ = writeln!(out, "</svg></figure>");
    }

    /// The upper end of the axis: a round number above all values.
    fn top(&self, seconds: &[Second]) -> f64 {
        let values = seconds.iter().flat_map(|s| self.curves.iter().filter_map(|c| (c.of)(s)));
        let most = values.filter(|value| value.is_finite()).fold(0.0, f64::max);
        if most <= 0.0 {
            return 1.0;
        }
        let scale = 10_f64.powf(most.log10().floor());
        let steps = [1.0, 2.0, 5.0, 10.0];
        steps.into_iter().map(|step| step * scale).find(|top| *top >= most).unwrap_or(most)
    }
}

fn label(value: f64) -> String {
    format!("{}", (value * 1e4).round() / 1e4)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

const WIDTH: f64 = 480.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 10.0;
const BOTTOM: f64 = 180.0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_stands_alone_and_escapes_what_it_shows() {
        let second =
            |at: f64| Second { at, latency_p50_ms: at, latency_p95_ms: 7.0, ..Second::default() };
        let report = Report {
            scenario: "<script>".to_owned(),
            per_second: (1..=3).map(|at| second(f64::from(at))).collect(),
            ..Report::default()
        };
        let page = page(&report);
        assert!(!page.contains("<script") && !page.contains("http"), "{page}");
        assert_eq!(page.matches("<svg").count(), PLOTS.len());
        // The highest point of p95 = 7 on an axis to 10.
        assert!(page.contains("480.0,61.0"), "{page}");
        // Nobody measured the server.
        assert!(page.contains("points=\"\""));
    }

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, expected) in
            [(0.0, 1.0), (0.03, 0.05), (7.0, 10.0), (10.0, 10.0), (1_999.0, 2_000.0)]
        {
            let second = Second { loss_pct: value, ..Second::default() };
            let top = PLOTS[2].top(&[second]);
            assert!((top - expected).abs() < 1e-9, "{value}: {top}");
        }
    }
}
