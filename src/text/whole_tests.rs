//! Whole pages: what stands above and below the story, and what must stay.

use super::page_tests::build;

const HEADLINE: &str = "Brell keeps its old ferry for three more years";
const STORY: [&str; 4] = [
    "The harbour council of Brell voted on Tuesday evening to keep its old ferry for another three years, after a debate of five hours.",
    "The mayor said that the town could not pay for a new one before the lock was mended, and that nobody had offered a loan.",
    "Engineers found cracks in four of its gates last autumn.",
    "Two of them leak, and the third has been tied up with steel ropes since the storm in February, which the council calls a makeshift.",
];
const MENU: [&str; 8] = [
    "Edition", "Harbour", "Tides", "Weather", "Moorings", "Log in", "My page", "Help",
];
const BOX: [&str; 7] = [
    "Ferries",
    "Islands",
    "All about herring",
    "Boats for sale",
    "Harbour fees",
    "Crew wanted",
    "Tide table",
];
const TEASERS: [&str; 10] = [
    "Lighthouse gets a new coat of paint",
    "The island has not been painted since the war, and its keeper says it shows.",
    "Share",
    "Six boats race to the buoy and back",
    "The winner is a baker who has never sailed before, and who will not sail again.",
    "Newsletter",
    "More about fish",
    "Why the herring came late this year",
    "Privacy policy",
    "All rights reserved",
];

/// The lines that are left as content.
fn content(title: Option<&str>, lines: &[&str]) -> Vec<String> {
    let text = lines.join("\n");
    let document = build(title, Some(&text), None);
    let body = document.fields.last().expect("a body");
    let blocks = body.blocks.iter().filter(|block| block.kind.is_content());
    blocks
        .map(|block| text[block.bytes.clone()].trim().to_owned())
        .collect()
}

fn page<'t>(parts: &[&[&'t str]]) -> Vec<&'t str> {
    parts.concat()
}

#[test]
fn the_story_is_what_stands_below_the_headline() {
    let lines = page(&[&MENU, &[HEADLINE], &STORY, &TEASERS]);
    let expected = page(&[&[HEADLINE], &STORY]);
    assert_eq!(content(Some(HEADLINE), &lines), expected);
    // As feeds give it, and not at all.
    let with_site = format!("{HEADLINE} - The Brell Tide");
    assert_eq!(content(Some(&with_site), &lines), expected);
    assert_eq!(content(None, &lines), expected);
}

#[test]
fn a_page_that_names_its_headline_twice_begins_at_the_second() {
    let lines = page(&[&[HEADLINE], &MENU, &[HEADLINE], &STORY, &TEASERS]);
    assert_eq!(
        content(Some(HEADLINE), &lines),
        page(&[&[HEADLINE], &STORY])
    );
    // In a list at the foot it is no headline.
    let lines = page(&[&MENU, &[HEADLINE], &STORY, &TEASERS, &[HEADLINE]]);
    assert_eq!(
        content(Some(HEADLINE), &lines),
        page(&[&[HEADLINE], &STORY])
    );
}

#[test]
fn a_story_goes_on_below_a_box() {
    let lines = page(&[&MENU, &[HEADLINE], &STORY, &BOX, &STORY[..2], &TEASERS]);
    let expected = page(&[&[HEADLINE], &STORY, &BOX, &STORY[..2]]);
    assert_eq!(content(Some(HEADLINE), &lines), expected);
}

#[test]
fn a_second_article_with_its_byline_does_not_belong_to_the_story() {
    let second = [
        "Share",
        "Print",
        "More",
        "Ferries",
        "Councils",
        "Brell",
        "Lighthouse gets a new coat",
        "By Ines Calder",
        "12 March 2031",
        "The lighthouse of the island has not been painted since the war, and its keeper says that it shows from far away.",
        "Nine painters came on Monday with ropes and left on Tuesday without having begun, since the wind was too strong for them.",
        "They will come back in May, when the birds have left, and stay until they are done with it.",
    ];
    let lines = page(&[&MENU, &[HEADLINE], &STORY, &second, &BOX, &TEASERS]);
    assert_eq!(
        content(Some(HEADLINE), &lines),
        page(&[&[HEADLINE], &STORY])
    );
}

#[test]
fn tables_and_announced_lists_at_the_end_stay() {
    let table = [
        "Votes by ward: yes, no, absent",
        "North 12 4 1",
        "South 9 7 0",
        "Island 3 0 2",
    ];
    let lines = page(&[&MENU, &[HEADLINE], &STORY, &table, &TEASERS]);
    assert_eq!(
        content(Some(HEADLINE), &lines),
        page(&[&[HEADLINE], &STORY, &table])
    );
    let list = [
        "What comes next:",
        "a new lock",
        "a loan from the county",
        "a vote",
    ];
    let lines = page(&[&MENU, &[HEADLINE], &STORY, &list, &TEASERS[2..]]);
    assert_eq!(
        content(Some(HEADLINE), &lines)[..9],
        page(&[&[HEADLINE], &STORY, &list])
    );
}

#[test]
fn a_story_alone_is_no_whole_page() {
    let tour = [
        "June nine in West Brell",
        "June ten in Ostrel",
        "June twelve on the island",
        "June twenty in Port Calder",
        "July one in Sand Bay",
        "July three in Low Harbour",
        "July nine in Upper Brell",
        "July ten in Nether Brell",
        "August one in Calder",
        "August two in Ness",
    ];
    let lines = page(&[&[HEADLINE], &STORY, &tour]);
    assert_eq!(content(Some(HEADLINE), &lines), lines);
}

#[test]
fn text_that_a_program_wrapped_stays_whole() {
    let story = STORY.join(" ").repeat(4);
    let mut lines = vec![String::new()];
    for word in story.split(' ') {
        let last = lines.last_mut().expect("a line");
        if last.len() + word.len() > 60 {
            lines.push(word.to_owned());
        } else {
            *last = format!("{last} {word}").trim().to_owned();
        }
    }
    let wrapped: Vec<&str> = lines.iter().map(String::as_str).collect();
    let lines = page(&[
        &wrapped,
        &["Share", "Print", "Privacy policy", "All rights reserved"],
    ]);
    assert_eq!(content(Some(HEADLINE), &lines)[..wrapped.len()], wrapped);
}

#[test]
fn teasers_with_paragraphs_under_a_marker_are_read_also_and_an_interview_is_not() {
    let teasers = ["Read also:", TEASERS[0], TEASERS[1], TEASERS[3], TEASERS[4]];
    let lines = page(&[&STORY, &teasers, &["Share"], &STORY[..2]]);
    assert_eq!(content(None, &lines), page(&[&STORY, &STORY[..2]]));
    let interview = [
        "Read also:",
        "Why did you paint it?",
        TEASERS[1],
        "And the race?",
        TEASERS[4],
    ];
    let lines = page(&[&STORY, &interview]);
    let answers = [TEASERS[1], "And the race?", TEASERS[4]];
    assert!(content(None, &lines).ends_with(&answers.map(str::to_owned)));
}
