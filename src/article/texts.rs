//! The texts within a loose value, and the JSON Pointer of each.

use std::borrow::Cow;

use super::value::{Item, Loose, Members, is_usable};

/// Names under which objects hold a text.
const VALUE: [&str; 3] = ["value", "rendered", "@value"];
/// Roles of the one among several texts that is the article itself; no role counts as one of them.
const MAIN_ROLES: [&str; 6] = ["main", "body", "article", "story", "text", "full"];
/// Where a text stands within the value of its key.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Whole,
    Member(&'static str),
    Item(usize),
    ItemMember(usize, &'static str),
}

/// A text within a value.
pub(super) struct Found<'c, 'a> {
    pub(super) place: Place,
    pub(super) text: &'c Cow<'a, str>,
    /// Its `role`, where it has one.
    pub(super) role: Option<&'c str>,
    /// Whether the publisher says that it is HTML.
    pub(super) is_html: bool,
}

/// The usable texts of a value in order: a string, or an object with one of the members, or a list of these.
pub(super) fn texts<'c, 'a>(
    value: &'c Loose<'a>,
    members: &'c [&'static str],
) -> impl Iterator<Item = Found<'c, 'a>> {
    let plain = |place, text: &'c Cow<'a, str>| Found {
        place,
        text,
        role: None,
        is_html: false,
    };
    let single = match value {
        Loose::Text(text) => Some(plain(Place::Whole, text)),
        Loose::Object(object) => object.first(members).map(|(name, text)| Found {
            is_html: is_html(object),
            ..plain(Place::Member(name), text)
        }),
        _ => None,
    };
    let list = match value {
        Loose::List(items) => items.as_slice(),
        _ => &[],
    };
    let items = list
        .iter()
        .enumerate()
        .filter_map(move |(index, item)| match item {
            Item::Unusable => None,
            Item::Text(text) => Some(plain(Place::Item(index), text)),
            Item::Object(object) => object.first(members).map(|(name, text)| Found {
                role: object.first(&["role"]).map(|(_, role)| role.trim()),
                is_html: is_html(object),
                ..plain(Place::ItemMember(index, name), text)
            }),
        });
    single
        .into_iter()
        .chain(items)
        .filter(|found| is_usable(found.text))
}

fn is_html(object: &Members<'_>) -> bool {
    let kind = object.first(&["contentType", "contenttype", "type"]);
    kind.is_some_and(|(_, kind)| kind.trim().to_ascii_lowercase().contains("html"))
}

/// The text of a value that is the article itself: the first with a main role, or the first at all.
pub(super) fn by_role<'c, 'a>(value: &'c Loose<'a>) -> Option<Found<'c, 'a>> {
    let is_main = |role: &str| {
        MAIN_ROLES
            .iter()
            .any(|main| role.eq_ignore_ascii_case(main))
    };
    let mut all = texts(value, &VALUE);
    let first = all.next()?;
    if first.role.is_none_or(is_main) {
        return Some(first);
    }
    Some(
        all.find(|found| found.role.is_none_or(is_main))
            .unwrap_or(first),
    )
}

/// The JSON Pointer of a text, from the root of the message.
pub(super) fn pointer(article: &str, key: &str, place: Place) -> String {
    let mut pointer = String::with_capacity(article.len() + key.len() + 16);
    pointer.push_str(article);
    pointer.push('/');
    for char in key.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
    match place {
        Place::Whole => {}
        Place::Member(name) => pointer.extend(["/", name]),
        Place::Item(index) => pointer.extend(["/", &index.to_string()]),
        Place::ItemMember(index, name) => pointer.extend(["/", &index.to_string(), "/", name]),
    }
    pointer
}
