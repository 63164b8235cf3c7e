//! Reads what `/metrics` answers: OpenMetrics text.

use std::collections::HashMap;

/// The most series that are read.
const MAX_SERIES: usize = 50_000;

/// One series: its labels and its value.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series {
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

/// All series by name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Scrape {
    series: HashMap<String, Vec<Series>>,
}

impl Series {
    /// The value of a label; empty without it.
    pub fn label(&self, name: &str) -> &str {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

impl Scrape {
    /// Reads an exposition; lines that are none of its are passed over.
    pub fn parse(text: &str) -> Self {
        let mut scrape = Self::default();
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for (name, series) in lines.filter_map(sample).take(MAX_SERIES) {
            scrape.series.entry(name).or_default().push(series);
        }
        scrape
    }

    /// Whether these are the metrics of this program.
    pub fn is_ours(&self) -> bool {
        self.series.contains_key("newsstage_start_time_seconds")
    }

    /// The series of a metric.
    pub fn all(&self, name: &str) -> &[Series] {
        self.series.get(name).map_or(&[], Vec::as_slice)
    }

    /// The sum of a metric over its series; 0 without any.
    pub fn sum(&self, name: &str) -> f64 {
        self.all(name).iter().map(|series| series.value).sum()
    }

    /// The sum over the series with this label.
    pub fn with(&self, name: &str, label: &str, value: &str) -> f64 {
        let series = self.all(name).iter();
        let series = series.filter(|series| series.label(label) == value);
        series.map(|series| series.value).sum()
    }
}

/// `name{label="value",…} 1.5`, and perhaps a time or an exemplar behind it.
fn sample(line: &str) -> Option<(String, Series)> {
    let end = line.find(['{', ' '])?;
    let (name, rest) = line.split_at(end);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Vec::new(), rest),
    };
    let value = rest.split_whitespace().next()?.parse().ok()?;
    (!name.is_empty()).then(|| (name.to_owned(), Series { labels, value }))
}

type Labels = Vec<(String, String)>;

/// Labels up to the closing brace, and what follows it.
fn labels(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Vec::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, behind) = rest.split_once("=\"")?;
        let mut value = String::new();
        let mut escaped = false;
        let mut end = None;
        for (at, c) in behind.char_indices() {
            match c {
                'n' if escaped => value.push('\n'),
                c if escaped => value.push(c),
                '\\' => {}
                '"' => {
                    end = Some(at + 1);
                    break;
                }
                c => value.push(c),
            }
            escaped = !escaped && c == '\\';
        }
        rest = behind.get(end?..)?;
        labels.push((name.to_owned(), value));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn samples_are_read_with_their_labels() {
        let text = "# HELP a b\n# TYPE a counter\na_total 3\nb{x=\"1\",y=\"q\\\"\\\\\\n}\"} 2.5 1700000000\nbad\n{x=\"1\"} 1\nc{x=\"1} 1\nd NaN\ne +Inf\n# EOF\n";
        let scrape = Scrape::parse(text);
        assert_eq!(scrape.sum("a_total"), 3.0);
        assert_eq!(scrape.all("b")[0].label("y"), "q\"\\\n}");
        assert_eq!(scrape.with("b", "x", "1"), 2.5);
        assert_eq!(scrape.with("b", "x", "2"), 0.0);
        assert!(scrape.sum("d").is_nan());
        assert_eq!(scrape.series.len(), 4);
    }

    #[test]
    fn our_own_exposition_is_read_whole() {
        let info = crate::metrics::ProcessInfo {
            version: "1".to_owned(),
            revision: "2".to_owned(),
            config_fingerprint: "3".to_owned(),
            started_ms: 5000,
        };
        let metrics = crate::metrics::Metrics::new(&info);
        metrics.consumed(7);
        metrics.end_to_end(0.2);
        let text = metrics.encode();
        let scrape = Scrape::parse(&text);
        assert!(scrape.is_ours());
        let lines = text.lines().filter(|line| !line.starts_with('#')).count();
        let read: usize = scrape.series.values().map(Vec::len).sum();
        assert_eq!(read, lines);
        assert_eq!(scrape.sum("newsstage_messages_consumed_total"), 7.0);
        assert_eq!(scrape.sum("newsstage_start_time_seconds"), 5.0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_panics(text in any::<String>(), like in "[a-z{}=\",\\\\ 0-9.é\n]{0,200}") {
            drop(Scrape::parse(&text));
            drop(Scrape::parse(&like));
        }
    }
}
