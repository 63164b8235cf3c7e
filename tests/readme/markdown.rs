//! Markdown as far as the tests read it: fenced blocks, links, and expected output with `...` for what is left out.

/// A fenced block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What stands behind the fence: `console`, `toml` …
    pub language: String,
    /// The line of the opening fence, from 1.
    pub line: usize,
    pub text: String,
}

/// A command and the output that the page shows for it; no output is no claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    pub line: usize,
    pub command: String,
    pub output: String,
}

/// All fenced blocks of a page.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut open = false;
    for (index, line) in page.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            open = !open;
            if open {
                let language = language.trim().to_owned();
                blocks.push(Block {
                    language,
                    line: index + 1,
                    text: String::new(),
                });
            }
        } else if open && let Some(block) = blocks.last_mut() {
            block.text += line;
            block.text.push('\n');
        }
    }
    blocks
}

/// The commands of a `console` block: lines that begin with `$ `, each with the lines up to the next one. A backslash at
/// the end of a command goes on in the next line.
pub fn steps(block: &Block) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut continued = false;
    for (index, line) in block.text.lines().enumerate() {
        if let Some(command) = line.strip_prefix("$ ").filter(|_| !continued) {
            steps.push(Step {
                line: block.line + 1 + index,
                command: command.to_owned(),
                output: String::new(),
            });
        } else if let Some(step) = steps.last_mut() {
            if !continued {
                step.output += line;
                step.output.push('\n');
                continue;
            }
            step.command += line;
        }
        continued = match steps.last_mut() {
            Some(step) if step.command.ends_with('\\') => step.command.pop().is_some(),
            _ => false,
        };
    }
    steps
}

/// Targets of all links `[text](target)` outside fenced blocks, with their lines.
pub fn links(page: &str) -> Vec<(usize, String)> {
    let mut links = Vec::new();
    let mut fenced = false;
    for (index, line) in page.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        }
        if fenced {
            continue;
        }
        for (at, _) in line.match_indices("](") {
            let rest = &line[at + 2..];
            if let Some(end) = rest.find(')') {
                links.push((index + 1, rest[..end].to_owned()));
            }
        }
    }
    links
}

/// The anchors that the headings of a page make: lower case, words joined by hyphens, no punctuation.
pub fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let title = line.trim_start_matches('#').trim().to_lowercase();
            let kept = title
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// Whether `actual` is what the page shows. A line `...` stands for any lines, `...` inside a line for anything in it.
/// White space at the ends of lines does not count.
pub fn matches(expected: &str, actual: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        let lines = text
            .trim_end()
            .lines()
            .map(|line| line.trim_end().to_owned());
        lines.collect()
    };
    let (expected, actual) = (lines(expected), lines(actual));
    wildcard(
        &expected,
        &actual,
        |line| line.trim() == "...",
        |pattern, line| line_matches(pattern, line),
    )
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let pattern = pattern.replace("...", "\u{0}");
    let (pattern, line): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), line.chars().collect());
    wildcard(&pattern, &line, |c| *c == '\u{0}', |a, b| a == b)
}

/// Glob matching with one kind of wildcard, going back to the last wildcard only.
fn wildcard<T>(
    pattern: &[T],
    text: &[T],
    any: impl Fn(&T) -> bool,
    same: impl Fn(&T, &T) -> bool,
) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    while t < text.len() {
        if p < pattern.len() && any(&pattern[p]) {
            back = Some((p, t));
            p += 1;
        } else if p < pattern.len() && same(&pattern[p], &text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((star, taken)) = back {
            back = Some((star, taken + 1));
            (p, t) = (star + 1, taken + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(any)
}
