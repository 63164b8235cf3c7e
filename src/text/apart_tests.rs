//! Pages in one line, and scraps among furniture: what stands before the headline, behind the last sentence and at the foot.

use super::page_tests::build;

const STORY: &str = "The harbour council of Brell voted on Tuesday evening to keep its old ferry for another three years. \
    The mayor said that the town could not pay for a new one before the lock was mended. Engineers found cracks in \
    four of its gates last autumn, and two of them leak.";
const HEADLINE: &str = "Brell keeps its ferry";

/// What is set aside of a text.
fn texts(title: Option<&str>, text: &str) -> Vec<String> {
    let document = build(title, Some(text), None);
    let body = document.fields.last().expect("a body");
    let blocks = body.blocks.iter().filter(|block| !block.kind.is_content());
    blocks
        .map(|block| text[block.bytes.clone()].trim().to_owned())
        .collect()
}

#[test]
fn what_stands_before_a_known_headline_is_none_of_the_story() {
    let head = "Skip to content Edition of the coast Tide tables Moorings 12 free";
    let page = format!("{head} {HEADLINE} {STORY}");
    assert_eq!(texts(Some(HEADLINE), &page).join(" "), head);
    // A first sentence with the words of the headline inside is the story.
    let inside = format!("On Tuesday it was said that Brell keeps its ferry, after all. {STORY}");
    assert_eq!(texts(Some(HEADLINE), &inside), [""; 0]);
    let clause = format!("Home news for the sport of it, Brell keeps its ferry and more. {STORY}");
    assert_eq!(texts(Some(HEADLINE), &clause), [""; 0]);
}

#[test]
fn a_menu_may_hold_unknown_names() {
    let menu = "Home News Lagoon World Sport";
    let page = format!("{menu} {HEADLINE} {STORY}");
    assert_eq!(texts(None, &page), [menu]);
    // One name of a section behind other words may be one of the headline.
    let page = format!("Home News World Sport Mayor loves sport and ferries {STORY}");
    assert_eq!(texts(None, &page), ["Home News World Sport"]);
}

#[test]
fn headlines_and_keywords_behind_the_last_sentence_are_none_of_the_story() {
    let tail = "ferry lock Brell 14 Read also Storm tears roof off school.. pupils at home Who pays? Most read Bread dearer";
    let page = format!("{STORY} {tail}");
    assert_eq!(texts(None, &page).join(" "), tail);
    // Without a phrase it may be the last sentence, cut off.
    let cut = format!("{STORY} The next meeting will be held where the");
    assert_eq!(texts(None, &cut), [""; 0]);
    // A last sentence without a full stop stays before a phrase.
    let open = format!(
        "{STORY} \u{201c}We are glad,\u{201d} she said Read also Storm tears roof off school"
    );
    assert_eq!(
        texts(None, &open),
        ["Read also", "Storm tears roof off school"]
    );
    let asked = format!("{STORY} Share this with your neighbours, will you?");
    assert_eq!(texts(None, &asked), [""; 0]);
}

#[test]
fn a_closed_quotation_is_no_separator() {
    let story = STORY.replace("The mayor said", "The mayor of \u{ab}Brell\u{bb} read also");
    assert_eq!(texts(None, &story), [""; 0]);
}

#[test]
fn scraps_between_and_below_furniture_are_furniture() {
    let paragraphs = STORY.replace(". ", ".\n");
    let foot = "Tags:\nferry\nRead also\nStorm tears roof off school\nyes\nShare this article\nno\nAll rights reserved\nten";
    let found = texts(None, &format!("{paragraphs}\n{foot}"));
    assert_eq!(found.join("\n"), foot);
    // A list may end the story.
    let list = "1. Lock, 40 votes\n2. Ferry, 30 votes";
    let found = texts(
        None,
        &format!("{paragraphs}\n{list}\nShare this article\nAll rights reserved"),
    );
    assert_eq!(found, ["Share this article", "All rights reserved"]);
}
