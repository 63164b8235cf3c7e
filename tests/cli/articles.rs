//! `enrich` and `explain` on files and pipes.

use std::io::Read as _;
use std::process::Stdio;

use newsstage::dedup::{DedupIndex, DedupSettings};
use serde_json::{Value, json};

use super::program::{file, finish, fixture, folder, newsstage, program, run};

const STORY: &str = "The harbour council voted on Thursday to keep the old lighthouse, after three hours of debate \
    in a crowded hall. Mayor Ingrid Solheim said the lamp would burn again before the winter storms.";

fn article(id: &str, text: &str) -> String {
    json!({ "id": id, "title": format!("Story {id}"), "text": text }).to_string()
}

fn values(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("one JSON object a line"))
        .collect()
}

fn ids(stdout: &str) -> Vec<String> {
    let id = |value: &Value| {
        value["enrichment"]["id"]
            .as_str()
            .expect("an id")
            .to_owned()
    };
    values(stdout).iter().map(id).collect()
}

#[test]
fn lines_are_enriched_in_their_order() {
    let input: String = (0..1500)
        .map(|n| article(&format!("a{n}"), STORY) + "\n")
        .collect();
    let expected: Vec<String> = (0..1500).map(|n| format!("a{n}")).collect();
    let from_pipe = newsstage(&["enrich"], input.as_bytes()).success();
    assert_eq!(ids(&from_pipe), expected);
    let folder = folder();
    let path = file(&folder, "articles.ndjson", &input);
    let from_file = run(&["enrich", &path]).success();
    assert_eq!(ids(&from_file), expected);
    // A dash is standard input, wherever it stands.
    let both = newsstage(
        &["enrich", &path, "-"],
        article("last", "A ferry").as_bytes(),
    )
    .success();
    assert_eq!(ids(&both).last().map(String::as_str), Some("last"));
    assert_eq!(values(&both)[1500]["enrichment"]["input"]["topic"], "-");
    assert_eq!(newsstage(&["enrich"], b"").success(), "");
}

#[test]
fn a_pretty_printed_article_is_one_article() {
    let folder = folder();
    let pretty = serde_json::to_string_pretty(&json!({ "title": "Ferry", "text": STORY })).unwrap();
    let path = file(&folder, "article.json", &pretty);
    let out = run(&["enrich", &path]).success();
    let values = values(&out);
    assert_eq!(values.len(), 1);
    assert_eq!(values[0]["text"], STORY);
    let from_pipe = newsstage(&["enrich"], pretty.as_bytes()).success();
    assert_eq!(from_pipe.lines().count(), 1);
}

#[test]
fn an_array_of_articles_is_its_articles() {
    let folder = folder();
    let array = format!(
        "[{},\n {}, 3]",
        article("a", STORY),
        article("b", "A ferry")
    );
    let path = file(&folder, "array.json", array);
    let ran = run(&["enrich", &path]);
    assert_eq!(ids(&ran.stdout), ["a", "b"]);
    assert!(
        ran.stderr.contains(&format!("{path}:3: not_object: ")),
        "{}",
        ran.stderr
    );
    let shown = run(&["explain", &path]);
    assert_eq!(shown.code, 65, "the third is no article");
    assert_eq!(shown.stdout.matches("\nDuplicate?\n").count(), 2);
    assert!(
        shown.stderr.contains("as one message the stage refuses it"),
        "{}",
        shown.stderr
    );
    let second = run(&["explain", &path, "--id", "b"]);
    assert_eq!(second.code, 0);
    let second = second.stdout;
    assert_eq!(second.matches("\nDuplicate?\n").count(), 1);
    assert!(
        second.contains("compared     with 1 earlier article\n"),
        "{second}"
    );
    let none = run(&["explain", &path, "--id", "nobody"]);
    assert_eq!((none.code, none.stdout.as_str()), (65, ""));
    assert!(
        none.stderr
            .contains("no article with the id nobody among 3"),
        "{}",
        none.stderr
    );
    // One object a line, with --json too.
    let lines = format!("{}\n{}\n", article("a", STORY), article("b", STORY));
    let lines = file(&folder, "lines.ndjson", lines);
    let shown = values(&run(&["explain", "--json", &lines]).success());
    assert_eq!(shown[1]["output"]["enrichment"]["dedup"]["of"], "a");
}

#[test]
fn plain_text_may_begin_with_a_bracket() {
    for text in [
        "[Update] The harbour council voted.",
        "{sic} The harbour council voted.",
    ] {
        let shown = newsstage(&["explain", "-"], text.as_bytes()).success();
        assert!(shown.contains("The harbour council voted."), "{shown}");
    }
}

#[test]
fn dropped_duplicates_are_not_written() {
    let lines = [
        article("a", STORY),
        article("b", STORY),
        article("c", "A ferry stays"),
    ]
    .join("\n");
    let drop = ["enrich", "--set", "output.duplicates=drop"];
    let ran = newsstage(&drop, lines.as_bytes());
    assert_eq!(ids(&ran.stdout), ["a", "c"]);
    assert_eq!(ran.stderr, "2 enriched, 0 not, 1 duplicate dropped\n");
    let all = newsstage(&["enrich"], lines.as_bytes()).success();
    assert_eq!(ids(&all), ["a", "b", "c"]);
}

#[test]
fn dead_letters_are_told_with_file_and_line() {
    let folder = folder();
    let lines = format!(
        "{}\nnot json\n\n[1]\n{}",
        article("a", STORY),
        article("b", "A ferry")
    );
    let path = file(&folder, "mixed.ndjson", lines);
    let ran = run(&["enrich", &path]);
    assert_eq!(ran.code, 0, "without --strict they are no failure");
    assert_eq!(ids(&ran.stdout), ["a", "b"]);
    let told: Vec<&str> = ran.stderr.lines().collect();
    assert!(
        told[0].starts_with(&format!("{path}:2: not_json: ")),
        "{told:?}"
    );
    assert!(
        told[1].starts_with(&format!("{path}:4: not_object: ")),
        "{told:?}"
    );
    assert_eq!(told[2..], ["2 enriched, 2 not"]);
    let strict = run(&["enrich", "--strict", &path]);
    assert_eq!((strict.code, &strict.stdout), (65, &ran.stdout));
    let good = file(&folder, "good.ndjson", article("a", STORY));
    assert_eq!(run(&["enrich", "--strict", &good]).code, 0);
}

#[test]
fn what_cannot_be_read_or_written_is_told() {
    let told = run(&["enrich", "/nowhere/a.ndjson"]).failure(74);
    assert!(told.starts_with("/nowhere/a.ndjson: "), "{told}");
    let told = run(&["explain", "/nowhere/a.json"]).failure(74);
    assert!(told.starts_with("/nowhere/a.json: "), "{told}");
    let folder = folder();
    let good = file(&folder, "good.json", article("a", STORY));
    let told = run(&["explain", &good, "--against", "/nowhere/b.json"]).failure(74);
    assert!(told.contains("/nowhere/b.json"), "{told}");
    let told = run(&["enrich", folder.path().to_str().unwrap()]).failure(74);
    assert!(told.contains("directory"), "{told}");
    let told = run(&["enrich", "--index", &format!("{good}/index"), &good]).failure(74);
    assert!(told.contains("index"), "{told}");
    // A full disk.
    let mut command = program();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    command
        .args(["enrich", &good])
        .stdin(Stdio::null())
        .stderr(Stdio::piped());
    command.stdout(full.expect("/dev/full"));
    let output = command.output().expect("it ends");
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
}

/// `newsstage enrich … | head -1`
#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let folder = folder();
    let input: String = (0..5000)
        .map(|n| article(&format!("a{n}"), STORY) + "\n")
        .collect();
    let path = file(&folder, "articles.ndjson", input);
    for arguments in [
        &["enrich", &path][..],
        &["config", "reference"],
        &["completions", "bash"],
    ] {
        let mut child = program()
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        let mut first = [0; 10];
        let mut stdout = child.stdout.take().expect("a pipe");
        stdout.read_exact(&mut first).expect("the first bytes");
        drop(stdout);
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (output.status.code(), told.as_str()),
            (Some(0), ""),
            "{arguments:?}"
        );
    }
}

#[test]
fn an_index_of_its_own_finds_copies_of_the_last_run() {
    let folder = folder();
    let index = folder.path().join("index").display().to_string();
    let first = file(&folder, "first.ndjson", article("first", STORY));
    let second = file(
        &folder,
        "second.ndjson",
        article("second", STORY).replace("Story second", "Story first"),
    );
    let verdict = |path: &str, arguments: &[&str]| -> Value {
        let mut all = vec!["enrich", path];
        all.extend(arguments);
        values(&run(&all).success()).remove(0)["enrichment"]["dedup"].clone()
    };
    let keep = ["--index", index.as_str()];
    assert_eq!(verdict(&first, &keep)["status"], "unique");
    let copy = verdict(&second, &keep);
    assert_eq!(
        (&copy["status"], &copy["of"]),
        (&json!("exact"), &json!("first"))
    );
    // The same file again is the same message again, not a copy of itself.
    assert_eq!(verdict(&first, &keep)["status"], "unique");
    // Without an index everything is new.
    assert_eq!(verdict(&second, &[])["status"], "unique");
}

#[test]
fn an_index_in_use_is_told() {
    let folder = folder();
    let settings = DedupSettings {
        path: folder.path().join("index"),
        ..DedupSettings::default()
    };
    let index = settings.path.display().to_string();
    let holder = DedupIndex::open(&settings, 0).expect("a new index");
    let told = newsstage(&["enrich", "--index", &index], b"").failure(74);
    assert!(
        told.contains(&index) && told.contains("in use by process"),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    drop(holder);
    assert_eq!(newsstage(&["enrich", "--index", &index], b"").code, 0);
}

#[test]
fn explain_shows_people_what_was_read_set_aside_and_found() {
    // A page as plain text, furniture and all.
    let shown = run(&["explain", &fixture("pages/aggregator_ar.txt")]).success();
    for words in [
        "Article",
        "Text",
        "Duplicate?",
        "Language",
        "Topics",
        "lead ",
        "main ",
        "byline ",
        "keyword_cloud ",
        "read_also ",
        "embedded_post ",
        "headline_list ",
        "marker: إقرأ أيضاً",
        "status       unique",
        "code         ar",
        "reliable",
        "medtop:16000000",
        "medtop:11000000",
        "✓ ",
        "وزارة الدفاع",
        "weight ",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    assert!(!shown.contains('\u{1b}'), "colours outside a terminal");
    // Nothing from the keyword cloud and the other headlines is a topic.
    let (_, topics) = shown.split_once("\nTopics\n").expect("topics");
    let given = topics.lines().filter(|line| line.contains('✓'));
    assert!(
        given
            .clone()
            .all(|line| !line.contains("sport") && !line.contains("art")),
        "{topics}"
    );
    assert!(given.count() >= 2);
}

#[test]
fn explain_shows_programs_the_same_as_json() {
    let shown = run(&["explain", "--json", &fixture("pages/aggregator_ar.txt")]).success();
    let value: Value = serde_json::from_str(&shown).expect("JSON");
    assert_eq!(value["output"]["enrichment"]["language"]["code"], "ar");
    for member in [
        "article",
        "blocks",
        "content_key",
        "language_candidates",
        "topics",
        "near_misses",
    ] {
        assert!(!value[member].is_null(), "{member}");
    }
    let published = &value["output"]["enrichment"]["topics"][0]["id"];
    assert_eq!(&value["topics"][0]["id"], published);
    let refused = newsstage(&["explain", "--json", "-"], b"[]");
    assert_eq!(refused.code, 65);
    let value: Value = serde_json::from_str(&refused.stdout).expect("JSON");
    assert_eq!(value["rejected"]["code"], "not_object");
}

#[test]
fn explain_finds_the_copy() {
    let folder = folder();
    let earlier = format!(
        "{}\n{}",
        article("other", "A ferry stays"),
        article("first", STORY)
    );
    let earlier = file(&folder, "earlier.ndjson", earlier);
    let copy = article("second", STORY).replace("Story second", "Story first");
    let copy = file(&folder, "copy.json", copy);
    let shown = run(&["explain", &copy, "--against", &earlier]).success();
    for words in [
        "status       exact",
        "of           first",
        "because      same content",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let alone = run(&["explain", &copy]).success();
    assert!(alone.contains("status       unique"), "{alone}");
}

#[test]
fn explain_says_what_it_compared_and_what_decided() {
    let folder = folder();
    let earlier = format!(
        "not json\n{}\n[1]\n{{\"title\":\"\"}}\n\n{{",
        article("first", STORY)
    );
    let earlier = file(&folder, "earlier.ndjson", earlier);
    let alone = format!(
        "{STORY} Nobody in the hall had expected that, and the fishermen sang on the quay."
    );
    let other = file(&folder, "other.json", article("other", &alone));
    let shown = run(&["explain", &other, "--against", &earlier]).success();
    let compared =
        format!("  compared     with 1 earlier article (4 unusable: {earlier}:1: not_json: ");
    assert!(shown.contains(&compared), "{shown}");
    assert!(
        shown.contains(&format!("{earlier}:4: no_text: ")) && shown.contains("; …)\n"),
        "{shown}"
    );
    assert!(shown.contains(" needed (two sources); "), "{shown}");
    // The passage in common is whole.
    let (_, common) = shown
        .split_once("in common with first:\n")
        .expect("passages");
    let passages = common.lines().take_while(|line| line.starts_with("      "));
    assert_eq!(passages.count(), 1, "{common}");
    let bad = file(&folder, "bad.bin", b"\xff\xfe\x00\x01");
    let none = run(&["explain", &other, "--against", &bad]).success();
    let told = format!("with 0 earlier articles (1 unusable: {bad}:1: ");
    assert!(none.contains(&told), "{none}");
    assert!(!run(&["explain", &other]).success().contains("compared "));
    // Of an exact copy the whole text is shown.
    let copy = file(&folder, "copy.json", article("second", STORY));
    let shown = run(&["explain", &copy, "--against", &earlier]).success();
    let whole = format!(
        "  the whole story is that of first:\n      0–{}  The harbour",
        STORY.chars().count()
    );
    assert!(shown.contains(&whole), "{shown}");
    // What decided against a copy has a name, for programs too.
    let quote = format!(
        "{} {}",
        "The ferry was late again and the mayor of the island wrote a letter to the port about it.",
        STORY
    );
    let quote = file(
        &folder,
        "quote.json",
        json!({ "id": "q", "title": "Late", "text": quote }).to_string(),
    );
    let json = run(&["explain", "--json", &quote, "--against", &earlier]).success();
    let value: Value = serde_json::from_str(&json).expect("JSON");
    let neighbour = &value["duplicates"]["neighbours"][0];
    assert!(
        neighbour["needed"].is_number() && neighbour["against"].is_array(),
        "{neighbour}"
    );
    assert_eq!(value["duplicates"]["compared"], 1);
    assert_eq!(value["duplicates"]["refused"], 4);
}

#[test]
fn explain_says_why_a_topic_is_not_given() {
    let text = "The football club won the league match and the cup final. The court tried a judge.";
    let article = json!({ "title": "Football match", "text": text }).to_string();
    let shown = newsstage(&["explain", "-"], article.as_bytes()).success();
    assert!(
        shown.contains("      not given: below topics.threshold\n"),
        "{shown}"
    );
    assert!(
        shown.contains("not given: needs crime, law and justice, which is below its threshold"),
        "{shown}"
    );
    // The word as the article has it, and as the list does where that differs.
    assert!(
        shown.contains("      Football  weight ") || shown.contains("      Football ("),
        "{shown}"
    );
    assert!(
        shown.contains("[judge]") || shown.contains("[court]"),
        "{shown}"
    );
}

#[test]
fn explain_refuses_what_the_stage_refuses() {
    for (input, code) in [
        (&b"{\"title\":\"\"}"[..], "no_text"),
        (b"{\"title\":", "not_json"),
        (b"[]", "not_object"),
        (b"", "no_text"),
        (b"\xff\xfe", "invalid_utf8"),
    ] {
        let ran = newsstage(&["explain", "-"], input);
        assert_eq!((ran.code, ran.stderr.as_str()), (65, ""), "{input:?}");
        assert!(
            ran.stdout.contains("dead-letter topic") && ran.stdout.contains(code),
            "{code}: {}",
            ran.stdout
        );
    }
}

/// A text may try to clear the screen, change colours or turn the direction of a line.
#[test]
fn hostile_text_cannot_drive_the_terminal() {
    let hostile =
        "\u{1b}[2J\u{1b}]0;owned\u{7} ferry \u{9b}31m \u{202e}esrever\u{202c} \u{8}\r stays";
    let article = json!({
        "id": hostile, "title": hostile, "text": format!("{hostile}\n\n{STORY}"), "url": hostile,
        "language": hostile, "tags": [hostile], "description": hostile, "date": hostile, "source": hostile,
        "author": hostile,
    });
    let is_hostile =
        |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
    for arguments in [&["explain", "-"][..], &["explain", "--json", "-"]] {
        let ran = newsstage(arguments, article.to_string().as_bytes());
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let json = arguments.len() == 3;
        let bad = ran
            .stdout
            .chars()
            .find(|&c| is_hostile(c) && !(json && c > '\u{7f}'));
        assert_eq!(bad, None, "{:?}", ran.stdout);
        assert!(ran.stdout.contains("ferry"));
    }
    // The name of a file is foreign text too.
    let folder = folder();
    let name = file(&folder, "a\u{1b}[31m.ndjson", "broken\n");
    let mut command = program();
    command.args(["enrich", &name]);
    let ran = finish(command, b"");
    assert!(!ran.stderr.contains('\u{1b}'), "{:?}", ran.stderr);
}
