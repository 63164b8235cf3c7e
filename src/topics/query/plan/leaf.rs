//! Words and phrases of a query: what of them is looked for, and what is refused.

use super::{
    EVERYWHERE, MAX_LEAVES, Plan, Planner, Planning, Scope, WrittenLeaf, is_hashtag, strip_scheme,
};
use crate::topics::query::leaf::Check;
use crate::topics::query::stopwords::is_stop_word;
use crate::topics::query::syntax::Diagnostic;
use crate::topics::query::syntax::ast::{Field, Node, Phrase};
use crate::topics::query::vocabulary::{Space, TermId};
use crate::topics::query::words::{self, Element, Part};

/// Most words in one phrase.
const MAX_PHRASE: usize = 200;
/// Most words in one phrase with a distance, where every order is tried.
const MAX_SLOPPY: usize = 16;

impl Planner<'_> {
    /// A word or a phrase.
    pub(super) fn text(
        &mut self,
        text: &str,
        phrase: Option<&Phrase<'_>>,
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
            2 => self.warnings.push(
                Diagnostic::warning(
                    node.span.clone(),
                    "two letters and wildcards match very many words",
                )
                .help("three or more are better; or write the words out with OR"),
            ),
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
        let stops =
            |element: &Element| matches!(element, Element::Word(word) if is_stop_word(word));
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

/// Addresses are compared without scheme and `www.`, as `engine` reads them.
fn without_scheme(parts: &mut [Part]) {
    if let Some(Part::Letters(first)) = parts.first_mut() {
        let rest = strip_scheme(first).to_owned();
        *first = rest;
    }
}
