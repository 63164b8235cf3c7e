//! From what a query says to what is looked for: words become numbers, fields and functions become properties of words.

use std::ops::Range;
use std::sync::LazyLock;

use hashbrown::HashSet;
use xxhash_rust::xxh3::Xxh3Builder;

use super::country;
use super::leaf::{Check, PhraseTable};
use super::syntax::Diagnostic;
use super::syntax::ast::{Call, Expr, Field, NearOp, Node};
use super::vocabulary::{Space, TermId, Vocabulary};
use super::words::{self, Element, Part};

/// Zones of a text, a bit each.
pub(super) const TITLE: u8 = 1;
pub(super) const LEAD: u8 = 2;
pub(super) const MAIN: u8 = 4;
/// All zones.
pub(super) const EVERYWHERE: u8 = TITLE | LEAD | MAIN;

/// Most words and phrases in one query.
pub const MAX_LEAVES: usize = 20_000;
/// Most words in one phrase.
const MAX_PHRASE: usize = 200;
/// Most words in one phrase with a distance, where every order is tried.
const MAX_SLOPPY: usize = 16;

static STOP_WORDS: LazyLock<HashSet<&str, Xxh3Builder>> = LazyLock::new(|| {
    include_str!("stopwords.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .flat_map(|(_, words)| words.split_whitespace())
        .collect()
});

/// Whether nearly every text of some language has a folded word.
pub(super) fn is_stop_word(word: &str) -> bool {
    STOP_WORDS.contains(word)
}

/// What is looked for. Every leaf carries its number in the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Plan {
    Word {
        term: TermId,
        zones: u8,
        leaf: u32,
        /// Nearly every text has it.
        stop: bool,
    },
    Phrase {
        phrase: u32,
        leaf: u32,
        /// Nearly every text has all of its words.
        stop: bool,
    },
    And(Vec<Plan>),
    Or(Vec<Plan>),
    Not(Box<Plan>),
    Near(Vec<NearOp>, Vec<Plan>),
    AtLeast(u32, Box<Plan>),
}

/// A word or phrase as it stands in the query.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WrittenLeaf {
    pub(super) span: Range<usize>,
    pub(super) boost: f32,
}

/// A plan and what goes with it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) plan: Plan,
    pub(super) leaves: Vec<WrittenLeaf>,
    /// Ids of other queries that are asked for, and where.
    pub(super) references: Vec<(String, Range<usize>)>,
    pub(super) warnings: Vec<Diagnostic>,
}

/// Plans a query. `zones` are those in which words without a field are looked for.
///
/// # Errors
/// What cannot be matched, with its place.
pub(super) fn plan(
    root: &Node<'_>,
    zones: u8,
    whole_words: bool,
    vocabulary: &mut Vocabulary,
    phrases: &mut PhraseTable,
) -> Result<Planned, Diagnostic> {
    let mut planner = Planner {
        vocabulary,
        phrases,
        leaves: Vec::new(),
        references: Vec::new(),
        warnings: Vec::new(),
    };
    let scope = Scope {
        zones,
        field: None,
        case: false,
        raw: false,
        stem: false,
        word: whole_words,
        place: None,
        boost: 1.0,
    };
    let plan = planner.node(root, scope)?;
    let planned = Planned {
        leaves: planner.leaves,
        references: planner.references,
        warnings: planner.warnings,
        plan,
    };
    planned.checked(root)
}

impl Planned {
    /// Refuses what would match nearly every article.
    fn checked(mut self, root: &Node<'_>) -> Result<Self, Diagnostic> {
        if !is_positive(&self.plan) {
            return Err(Diagnostic::error(
                root.span.clone(),
                "the query matches articles for what they do not say",
            )
            .help("put a word that must be there beside NOT, in every alternative of OR"));
        }
        match weakness(&self.plan) {
            Weakness::None if is_slow(&self.plan) => self.warnings.push(Diagnostic::warning(
                root.span.clone(),
                "only phrases of stop words hold the query; it is slow to look for",
            )),
            Weakness::None => {}
            Weakness::Partly => self.warnings.push(Diagnostic::warning(
                root.span.clone(),
                "one alternative consists of stop words only and matches nearly every article of a language",
            )),
            Weakness::Whole => {
                return Err(Diagnostic::error(
                    root.span.clone(),
                    "stop words alone match nearly every article of a language",
                )
                .help("add a word that tells articles apart, or put a name in quotation marks: \"The Who\""));
            }
        }
        Ok(self)
    }
}

/// Whether some word must be there for the plan to hold.
fn is_positive(plan: &Plan) -> bool {
    match plan {
        Plan::Word { .. } | Plan::Phrase { .. } | Plan::Near(..) => true,
        Plan::And(parts) => parts.iter().any(is_positive),
        Plan::Or(parts) => parts.iter().all(is_positive),
        Plan::Not(_) => false,
        Plan::AtLeast(_, inner) => is_positive(inner),
    }
}

/// Whether nearly every article must be looked at.
fn is_slow(plan: &Plan) -> bool {
    match plan {
        Plan::Word { stop, .. } | Plan::Phrase { stop, .. } => *stop,
        Plan::Or(parts) => parts.iter().any(is_slow),
        Plan::And(parts) | Plan::Near(_, parts) => {
            parts.iter().filter(|part| is_positive(part)).all(is_slow)
        }
        Plan::Not(_) => false,
        Plan::AtLeast(_, inner) => is_slow(inner),
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Weakness {
    None,
    Partly,
    Whole,
}

fn weakness(plan: &Plan) -> Weakness {
    match plan {
        Plan::Word { stop: true, .. } => Weakness::Whole,
        Plan::Or(parts) => {
            let found: Vec<_> = parts.iter().map(weakness).collect();
            if found.iter().all(|weakness| *weakness == Weakness::Whole) {
                Weakness::Whole
            } else if found.iter().any(|weakness| *weakness != Weakness::None) {
                Weakness::Partly
            } else {
                Weakness::None
            }
        }
        Plan::And(parts) => parts
            .iter()
            .filter(|part| is_positive(part))
            .map(weakness)
            .min()
            .unwrap_or(Weakness::None),
        Plan::AtLeast(_, inner) => weakness(inner),
        _ => Weakness::None,
    }
}

/// What surrounds a part of a query.
#[derive(Debug, Clone, Copy)]
struct Scope {
    zones: u8,
    /// A field that is not text.
    field: Option<Field>,
    case: bool,
    raw: bool,
    stem: bool,
    word: bool,
    /// The operator that needs places in the text, if there is one around.
    place: Option<&'static str>,
    boost: f32,
}

struct Planner<'v> {
    vocabulary: &'v mut Vocabulary,
    phrases: &'v mut PhraseTable,
    leaves: Vec<WrittenLeaf>,
    references: Vec<(String, Range<usize>)>,
    warnings: Vec<Diagnostic>,
}

type Planning = Result<Plan, Diagnostic>;

impl Planner<'_> {
    /// Nesting is bounded by the parser.
    fn node(&mut self, node: &Node<'_>, scope: Scope) -> Planning {
        match &node.expr {
            Expr::Or(parts) => {
                let mut plans = Vec::with_capacity(parts.len());
                for part in parts {
                    match self.node(part, scope)? {
                        Plan::Or(more) => plans.extend(more),
                        plan => plans.push(plan),
                    }
                }
                Ok(Plan::Or(plans))
            }
            Expr::And(parts) => {
                self.outside_places(node, "AND", scope)?;
                let mut plans = Vec::with_capacity(parts.len());
                for part in parts {
                    match self.node(part, scope)? {
                        Plan::And(more) => plans.extend(more),
                        plan => plans.push(plan),
                    }
                }
                // What is cheap to check comes first; the order is otherwise kept.
                plans.sort_by_key(cost);
                Ok(Plan::And(plans))
            }
            Expr::Not(inner) => {
                self.outside_places(node, "NOT", scope)?;
                Ok(match self.node(inner, scope)? {
                    Plan::Not(positive) => *positive,
                    plan => Plan::Not(Box::new(plan)),
                })
            }
            Expr::Near(first, rest) => self.near(node, first, rest, scope),
            Expr::Word(text) => self.text(text, None, node, scope),
            Expr::Phrase(phrase) => self.text(phrase.text, Some(phrase), node, scope),
            Expr::Field(field, inner) => self.field(node, *field, inner, scope),
            Expr::Call(call, inner) => self.call(node, *call, inner, scope),
            Expr::Boost(factor, inner) => {
                let boost = scope.boost * factor;
                self.node(inner, Scope { boost, ..scope })
            }
        }
    }

    fn outside_places(&self, node: &Node<'_>, what: &str, scope: Scope) -> Result<(), Diagnostic> {
        match scope.place {
            None => Ok(()),
            Some(place) => Err(Diagnostic::error(
                node.span.clone(),
                format!("{what} inside {place} has no single meaning"),
            )
            .help(if place == "NEAR" {
                "write (a NEAR/5 c) AND (b NEAR/5 c)"
            } else {
                "write ATLEAST/2(a) AND ATLEAST/2(b)"
            })),
        }
    }

    fn near(
        &mut self,
        node: &Node<'_>,
        first: &Node<'_>,
        rest: &[(NearOp, Node<'_>)],
        scope: Scope,
    ) -> Planning {
        if let Some(field) = scope.field {
            return Err(no_places(node, field));
        }
        let scope = Scope {
            place: Some("NEAR"),
            ..scope
        };
        let mut plans = vec![self.node(first, scope)?];
        let mut ops = Vec::with_capacity(rest.len());
        for (op, part) in rest {
            ops.push(*op);
            plans.push(self.node(part, scope)?);
        }
        Ok(Plan::Near(ops, plans))
    }

    fn field(&mut self, node: &Node<'_>, field: Field, inner: &Node<'_>, scope: Scope) -> Planning {
        let zones = match field {
            Field::Title => TITLE,
            Field::Lead => LEAD,
            Field::Body => LEAD | MAIN,
            _ => {
                if scope.place.is_some() {
                    return Err(no_places(node, field));
                }
                if scope.case || scope.raw || scope.stem {
                    return Err(Diagnostic::error(
                        node.span.clone(),
                        format!(
                            "CASE, RAW and STEM are for title and text, not for {}:",
                            field.name()
                        ),
                    ));
                }
                let field = Some(field);
                return self.node(inner, Scope { field, ..scope });
            }
        };
        self.node(
            inner,
            Scope {
                zones,
                field: None,
                ..scope
            },
        )
    }

    fn call(&mut self, node: &Node<'_>, call: Call, inner: &Node<'_>, scope: Scope) -> Planning {
        if let Some(field) = scope.field {
            return Err(no_places(node, field));
        }
        match call {
            Call::Case => self.node(
                inner,
                Scope {
                    case: true,
                    ..scope
                },
            ),
            Call::Raw => self.node(inner, Scope { raw: true, ..scope }),
            Call::Stem => self.node(
                inner,
                Scope {
                    stem: true,
                    ..scope
                },
            ),
            Call::Word => self.node(
                inner,
                Scope {
                    word: true,
                    ..scope
                },
            ),
            Call::AtLeast(count) => {
                self.outside_places(node, "ATLEAST", scope)?;
                let place = Some("ATLEAST");
                let plan = self.node(inner, Scope { place, ..scope })?;
                Ok(match count {
                    1 => plan,
                    _ => Plan::AtLeast(count, Box::new(plan)),
                })
            }
        }
    }

    /// A word or a phrase.
    fn text(
        &mut self,
        text: &str,
        phrase: Option<&super::syntax::ast::Phrase<'_>>,
        node: &Node<'_>,
        scope: Scope,
    ) -> Planning {
        let leaf = self.leaves.len() as u32;
        if self.leaves.len() >= MAX_LEAVES {
            return Err(Diagnostic::error(
                node.span.clone(),
                format!("more than {MAX_LEAVES} words and phrases in one query"),
            )
            .help("divide it, and put the parts together with topic:"));
        }
        self.leaves.push(WrittenLeaf {
            span: node.span.clone(),
            boost: scope.boost,
        });
        match scope.field {
            None => {}
            Some(Field::Lang) => return self.language(text, leaf, node),
            Some(Field::Country) => return self.country(text, leaf, node),
            Some(Field::Topic) => return self.topic(text, leaf, node),
            Some(Field::Source) => {
                if let Some(plan) = self.host(text, leaf, node)? {
                    return Ok(plan);
                }
            }
            Some(_) => {}
        }
        let space = match scope.field {
            Some(Field::Author) => Space::Author,
            Some(Field::Url) => Space::Url,
            Some(Field::Tag) => Space::Tag,
            Some(Field::Source) => Space::Source,
            _ => Space::Text,
        };
        let mut parts = match scope.raw {
            true => vec![Part::Letters(words::unescaped(text))],
            false => words::parts(text),
        };
        if space == Space::Url {
            without_scheme(&mut parts);
        }
        if let Some(phrase) = phrase.filter(|_| !scope.raw) {
            if phrase.open_start {
                parts.insert(0, Part::Star);
            }
            if phrase.open_end {
                parts.push(Part::Star);
            }
        }
        let mark =
            (phrase.is_none() && space == Space::Text && !scope.raw).then(|| text.chars().next());
        if mark == Some(Some('@')) {
            return self.account(&parts, leaf, node, scope);
        }
        let hashtag = matches!(mark, Some(Some('#' | '＃')));
        if hashtag {
            check_hashtag(&parts, node)?;
        }
        let slop = phrase.map_or(0, |phrase| phrase.slop);
        let found = words::elements(&parts);
        if found.idle_star {
            self.warnings.push(
                Diagnostic::warning(
                    node.span.clone(),
                    "`*` says nothing beside a script without spaces",
                )
                .help("such words are found inside longer ones anyway; leave it out"),
            );
        }
        let check = Check {
            case: scope.case.then(|| case_parts(&parts)),
            raw: scope.raw.then(|| words::unescaped(text)),
            hashtag,
            word: scope.word,
        };
        self.check_modes(&check, &parts, slop, scope, node)?;
        let terms = self.terms(&found.elements, space, scope, node)?;
        self.leaf(terms, found.elements, slop, check, leaf, node, scope)
    }

    fn check_modes(
        &self,
        check: &Check,
        parts: &[Part],
        slop: u32,
        scope: Scope,
        node: &Node<'_>,
    ) -> Result<(), Diagnostic> {
        let wildcards = parts.iter().any(|part| !matches!(part, Part::Letters(_)));
        let refuse = |message: &str, help: &str| {
            Err(Diagnostic::error(node.span.clone(), message).help(help))
        };
        if slop > 0 && (check.case.is_some() || check.raw.is_some()) {
            return refuse(
                "a phrase with a distance cannot be in CASE or RAW",
                "use CASE(a) NEAR/5 CASE(b)",
            );
        }
        if scope.stem && wildcards {
            return refuse(
                "wildcards and STEM exclude each other",
                "leave one of them out",
            );
        }
        if check.case.is_some() && parts.contains(&Part::One) {
            return refuse(
                "`?` cannot be in CASE",
                "use `*`, or write the words out with OR",
            );
        }
        Ok(())
    }

    /// The terms of the words of a leaf; `None` stands for any word.
    fn terms(
        &mut self,
        elements: &[Element],
        space: Space,
        scope: Scope,
        node: &Node<'_>,
    ) -> Result<Vec<Option<TermId>>, Diagnostic> {
        let mut terms = Vec::with_capacity(elements.len());
        for element in elements {
            terms.push(match element {
                Element::Any => None,
                Element::Word(word) if scope.stem && space == Space::Text => {
                    Some(self.vocabulary.intern_stems(word))
                }
                Element::Word(word) => Some(self.vocabulary.intern(space, word)),
                Element::Pattern(parts) => Some(self.pattern(parts, space, node)?),
            });
        }
        Ok(terms)
    }

    fn pattern(
        &mut self,
        parts: &[Part],
        space: Space,
        node: &Node<'_>,
    ) -> Result<TermId, Diagnostic> {
        let (letters, _) = words::literal(parts);
        match letters {
            0 | 1 => {
                return Err(Diagnostic::error(
                    node.span.clone(),
                    "a word with wildcards needs at least two letters of its own",
                )
                .help("three or more are better: `oil*`"));
            }
            2 => self.warnings.push(Diagnostic::warning(
                node.span.clone(),
                "two letters and wildcards match very many words",
            )),
            _ => {}
        }
        Ok(self.vocabulary.intern_pattern(space, parts.to_vec()))
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "all of them are parts of one leaf"
    )]
    fn leaf(
        &mut self,
        terms: Vec<Option<TermId>>,
        elements: Vec<Element>,
        slop: u32,
        check: Check,
        leaf: u32,
        node: &Node<'_>,
        scope: Scope,
    ) -> Planning {
        let refuse = |message: &str, help: &str| {
            Err(Diagnostic::error(node.span.clone(), message).help(help))
        };
        if terms.is_empty() {
            return refuse(
                "there is no letter or digit to look for",
                "punctuation and symbols alone are not matched",
            );
        }
        if terms.iter().all(Option::is_none) {
            return refuse("`*` alone matches every word", "write some letters: `oil*`");
        }
        if terms.len() > MAX_PHRASE || (slop > 0 && terms.len() > MAX_SLOPPY) {
            return refuse(
                "the phrase is too long",
                "200 words are the most, with a distance behind it 16",
            );
        }
        let stops = |element: &Element| matches!(element, Element::Word(word) if STOP_WORDS.contains(word.as_str()));
        let all_stop = scope.field.is_none() && elements.iter().all(stops);
        let singles = elements.iter().any(|element| {
            matches!(element, Element::Word(word) if word.chars().next().is_some_and(crate::text::is_single))
        });
        let check = Check {
            word: check.word && singles && scope.field.is_none(),
            ..check
        };
        match terms.as_slice() {
            [Some(term)] if check.is_empty() => Ok(Plan::Word {
                term: *term,
                zones: scope.zones,
                leaf,
                stop: all_stop,
            }),
            _ => {
                let zones = if scope.field.is_some() {
                    EVERYWHERE
                } else {
                    scope.zones
                };
                let phrase = self.phrases.add(&terms, slop, zones, check);
                Ok(Plan::Phrase {
                    phrase,
                    leaf,
                    stop: all_stop,
                })
            }
        }
    }

    fn account(&mut self, parts: &[Part], leaf: u32, node: &Node<'_>, scope: Scope) -> Planning {
        let mut name: Vec<Part> = parts.to_vec();
        if let Some(Part::Letters(first)) = name.first_mut() {
            first.remove(0);
            if first.is_empty() {
                name.remove(0);
            }
        }
        let valid = |part: &Part| match part {
            Part::Letters(letters) => letters
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)),
            _ => true,
        };
        if name.is_empty() || !name.iter().all(valid) {
            return Err(Diagnostic::error(
                node.span.clone(),
                "an account name consists of Latin letters, digits, `_`, `.` and `-`",
            )
            .help("put \\ before the @ if the words behind it are meant"));
        }
        for part in &mut name {
            if let Part::Letters(letters) = part {
                letters.make_ascii_lowercase();
            }
        }
        let term = match name.as_slice() {
            [Part::Letters(name)] => self.vocabulary.intern(Space::Account, name),
            parts => {
                let parts = parts.to_vec();
                self.pattern(&parts, Space::Account, node)?
            }
        };
        Ok(Plan::Word {
            term,
            zones: scope.zones,
            leaf,
            stop: false,
        })
    }

    fn metadata(&mut self, space: Space, form: &str, leaf: u32) -> Plan {
        Plan::Word {
            term: self.vocabulary.intern(space, form),
            zones: EVERYWHERE,
            leaf,
            stop: false,
        }
    }

    fn language(&mut self, text: &str, leaf: u32, node: &Node<'_>) -> Planning {
        let code = words::unescaped(text)
            .replace('_', "-")
            .to_ascii_lowercase();
        if !is_language(&code) {
            return Err(Diagnostic::error(
                node.span.clone(),
                format!("`{}` is not a language code", words::unescaped(text)),
            )
            .help("use codes as the stage gives them: ar, en, zh-Hans, sr-Latn, und"));
        }
        Ok(self.metadata(Space::Lang, &code, leaf))
    }

    fn country(&mut self, text: &str, leaf: u32, node: &Node<'_>) -> Planning {
        let name = words::unescaped(text);
        match country::find(&name) {
            Some(code) => Ok(self.metadata(Space::Country, code, leaf)),
            None => {
                let error =
                    Diagnostic::error(node.span.clone(), format!("`{name}` is not a country"));
                Err(match country::nearest(&name) {
                    Some(code) => error.help(format!("did you mean {code}?")),
                    None => error.help("use a two-letter code (ISO 3166) or the English name"),
                })
            }
        }
    }

    fn topic(&mut self, text: &str, leaf: u32, node: &Node<'_>) -> Planning {
        let name = words::unescaped(text);
        let code = name.strip_prefix("medtop:").unwrap_or(&name);
        if code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_digit()) {
            let id = format!("medtop:{code}");
            return Ok(self.metadata(Space::Topic, &id, leaf));
        }
        if name.starts_with("medtop:") {
            return Err(Diagnostic::error(
                node.span.clone(),
                "a topic of the taxonomy has eight digits",
            )
            .help("for example topic:medtop:15000000"));
        }
        self.references.push((name.clone(), node.span.clone()));
        Ok(self.metadata(Space::Query, &name, leaf))
    }

    /// A host name; `None` where the text is the name of a publication.
    fn host(&mut self, text: &str, leaf: u32, node: &Node<'_>) -> Result<Option<Plan>, Diagnostic> {
        let written = words::unescaped(text);
        let lower = written.trim().to_ascii_lowercase();
        let bare = ["https://", "http://"]
            .into_iter()
            .find_map(|scheme| lower.strip_prefix(scheme))
            .unwrap_or(&lower)
            .trim_end_matches('/');
        let bare = bare.strip_prefix("*.").unwrap_or(bare);
        if !bare.contains('.') || bare.contains(char::is_whitespace) || bare.contains(['*', '?']) {
            return Ok(None);
        }
        if let Some((host, _)) = bare.split_once('/') {
            return Err(Diagnostic::error(
                node.span.clone(),
                "source: takes a host, not an address below it",
            )
            .help(format!("write source:{host}, or url:\"{bare}\"")));
        }
        let Some(host) = crate::article::canonical_url(&format!("https://{bare}/")) else {
            return Ok(None);
        };
        Ok(Some(self.metadata(Space::Host, &host.host, leaf)))
    }
}

/// A hashtag ends where something other than a letter, a digit or `_` stands.
fn check_hashtag(parts: &[Part], node: &Node<'_>) -> Result<(), Diagnostic> {
    let mut letters = parts
        .iter()
        .enumerate()
        .flat_map(|(index, part)| match part {
            Part::Letters(letters) if index == 0 => {
                letters.get(letters.chars().next().map_or(0, char::len_utf8)..)
            }
            Part::Letters(letters) => Some(letters.as_str()),
            _ => None,
        });
    match letters.find_map(|letters| letters.chars().find(|&c| !is_hashtag(c))) {
        None => Ok(()),
        Some(c) => Err(Diagnostic::error(
            node.span.clone(),
            format!("a hashtag ends before `{c}`"),
        )
        .help("put \\ before the # if the words behind it are meant")),
    }
}

/// Whether a character can stand in a hashtag.
pub(super) fn is_hashtag(c: char) -> bool {
    c.is_alphanumeric()
        || c == '_'
        || unicode_normalization::char::is_combining_mark(c)
        || matches!(c, '\u{200C}' | '\u{200D}')
}

fn no_places(node: &Node<'_>, field: Field) -> Diagnostic {
    Diagnostic::error(
        node.span.clone(),
        format!(
            "NEAR and functions are for title and text, not for {}:",
            field.name()
        ),
    )
    .help(format!("write the text part, AND {}:…", field.name()))
}

/// How much work a part is to check.
fn cost(plan: &Plan) -> u8 {
    match plan {
        Plan::Word { .. } => 0,
        Plan::Or(parts) | Plan::And(parts) => parts.iter().map(cost).max().unwrap_or(0) + 1,
        Plan::Not(inner) => cost(inner) + 1,
        Plan::Phrase { .. } => 2,
        Plan::Near(..) | Plan::AtLeast(..) => 3,
    }
}

/// A BCP 47 tag by its shape: two or three letters, then subtags.
pub(super) fn is_language(code: &str) -> bool {
    let mut subtags = code.split('-');
    let primary = subtags.next().unwrap_or_default();
    (2..=3).contains(&primary.len())
        && primary.bytes().all(|byte| byte.is_ascii_lowercase())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// The pattern of capital and small letters.
fn case_parts(parts: &[Part]) -> Vec<Part> {
    parts
        .iter()
        .map(|part| match part {
            Part::Letters(letters) => Part::Letters(words::case_letters(letters)),
            wildcard => wildcard.clone(),
        })
        .collect()
}

/// Addresses are compared without scheme and `www.`, as [`super::engine`] reads them.
fn without_scheme(parts: &mut [Part]) {
    if let Some(Part::Letters(first)) = parts.first_mut() {
        let rest = strip_scheme(first).to_owned();
        *first = rest;
    }
}

/// An address without scheme and `www.`.
pub(super) fn strip_scheme(url: &str) -> &str {
    let rest = ["https://", "http://"]
        .into_iter()
        .find(|scheme| {
            url.get(..scheme.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
        })
        .and_then(|scheme| url.get(scheme.len()..))
        .unwrap_or(url);
    match rest.get(..4) {
        Some(www) if www.eq_ignore_ascii_case("www.") => rest.get(4..).unwrap_or_default(),
        _ => rest,
    }
}
