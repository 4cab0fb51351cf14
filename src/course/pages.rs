//! Every lesson as plain HTML, so that it can be read before the program has loaded, without it, by search engines and on paper.
//!
//! `pages SITE` works on a built site: the first lesson goes into its index.html, in place of the mark `<!--lesson-->`, and each
//! lesson gets a page of its own, `learn/03-lifetime/01-expiry/index.html`, with the head of the index. What is written here looks
//! as the program's own views do, so that nothing jumps when the program takes over. Beside each page lies the lesson in packed
//! form, which the program fetches when the lesson is opened.

use course::Lesson;
use course::lesson::{Block, Task, compile};
use course::transcript::{Expected, Step, Transcript};
use std::fmt::Write;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

const MARK: &str = "<!--lesson-->";
/// From a lesson's page to the site's root.
const UP: &str = "../../../";

fn main() -> ExitCode {
    let Some(site) = env::args().nth(1) else {
        eprintln!("usage: pages SITE");
        return ExitCode::FAILURE;
    };
    match write(Path::new(&site)) {
        Ok(count) => {
            println!("{count} lessons as pages of their own");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write(site: &Path) -> Result<usize, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../lessons");
    let lessons = compile::course(&root)
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
    let index = site.join("index.html");
    let html = fs::read_to_string(&index).map_err(|error| format!("cannot read {}: {error}", index.display()))?;
    for (at, lesson) in lessons.iter().enumerate() {
        let folder = site.join("learn").join(&lesson.slug);
        let page = page(&html, lesson, lessons.get(at.wrapping_sub(1)), lessons.get(at + 1));
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(folder.join("index.html"), page))
            .and_then(|()| fs::write(folder.join("lesson.bin"), lesson.pack()))
            .map_err(|error| format!("cannot write {}: {error}", folder.display()))?;
    }
    if let Some(first) = lessons.first() {
        if !html.contains(MARK) {
            return Err(format!("{} has no {MARK}", index.display()));
        }
        let html = html.replacen(MARK, &article(first), 1).replacen(
            "<html ",
            &format!("<html data-first=\"{}\" ", first.slug),
            1,
        );
        fs::write(&index, html).map_err(|error| format!("cannot write {}: {error}", index.display()))?;
    }
    Ok(lessons.len())
}

/// A lesson's own page.
fn page(index: &str, lesson: &Lesson, before: Option<&Lesson>, after: Option<&Lesson>) -> String {
    let head: String = index
        .split_once("</head>")
        .map_or(index, |(head, _)| head)
        .split_inclusive('>')
        .map(str::trim_start)
        .filter(|tag| tag.starts_with("<meta http-equiv") || tag.starts_with("<link"))
        .fold(String::new(), |head, tag| {
            head + &tag.replace("href=\"./", "href=\"").replace("href=\"", &format!("href=\"{UP}")) + "\n"
        });
    let link = |label: &str, other: Option<&Lesson>| {
        other.map_or_else(String::new, |other| {
            format!("<a class=\"next\" href=\"{UP}learn/{}/\">{label}: {}</a>", other.slug, escaped(&other.title))
        })
    };
    let text = article(lesson)
        .replace("href=\"#/learn/", &format!("href=\"{UP}learn/"))
        .replace("href=\"#/", &format!("href=\"{UP}#/"));
    let (title, about) = (escaped(&lesson.title), escaped(&beginning(lesson)));
    let (slug, before, after) = (&lesson.slug, link("Before", before), link("Next", after));
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>{title} · Rediscover</title>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"description\" content=\"{about}\">\n\
         {head}</head>\n<body class=\"static\">\n<header class=\"masthead\"><a class=\"brand\" href=\"{UP}#/\"><span class=\"word\">re<b>discover</b></span></a>\
         <nav aria-label=\"Main\"><a href=\"{UP}#/lessons\">Lessons</a><a href=\"{UP}#/commands\">Commands</a></nav></header>\n\
         <main><p class=\"lesson live\"><a class=\"next ready\" href=\"{UP}#/learn/{slug}\">Open this lesson beside a server to try it on</a></p>\n\
         {text}\n<nav class=\"lesson onward\" aria-label=\"Other lessons\">{before} {after}</nav></main>\n</body>\n</html>\n"
    )
}

/// The first sentences, for whoever looks for the lesson.
fn beginning(lesson: &Lesson) -> String {
    let html = lesson
        .blocks
        .iter()
        .find_map(|block| if let Block::Prose { html } = block { Some(html.as_str()) } else { None });
    let mut text = String::new();
    let mut inside = false;
    for letter in html.unwrap_or_default().chars() {
        match letter {
            '<' => inside = true,
            '>' => inside = false,
            '\n' => text.push(' '),
            letter if !inside => text.push(letter),
            _ => {}
        }
    }
    let text = text.replace("&quot;", "\"").replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">");
    let end = text.char_indices().take(155).filter(|(_, letter)| *letter == '.').map(|(at, _)| at + 1).last();
    text[..end.unwrap_or(text.len())].trim().to_owned()
}

fn article(lesson: &Lesson) -> String {
    let (number, chapter) = lesson.chapter_title();
    let mut out = format!(
        "<article class=\"lesson\"><nav class=\"crumb\" aria-label=\"Where this lesson stands\"><a href=\"#/lessons\">{number} {chapter}</a>\
         <span aria-hidden=\"true\">·</span><span>{} minutes</span></nav><h1 tabindex=\"-1\">{}</h1>",
        lesson.minutes,
        escaped(&lesson.title)
    );
    for block in &lesson.blocks {
        out += &drawn(block, &lesson.tasks);
    }
    out += "<footer class=\"colophon\"><p>Redis is a trademark of its owner; this project is independent of it.</p></footer></article>";
    out
}

fn drawn(block: &Block, tasks: &[Task]) -> String {
    match block {
        Block::Prose { html } => html.clone(),
        Block::Run { transcript } => run(transcript),
        Block::Why { title, body } => aside("why", "What happened", title, body),
        Block::Mistake { title, body } => aside("mistake", "What people believe", title, body),
        Block::Predict { title, html, choices, .. } => {
            let choices = choices.iter().fold(String::new(), |mut out, choice| {
                let _ = write!(out, "<div class=\"choice\"><span class=\"mark\"></span><div>{}</div></div>", choice.html);
                out
            });
            format!(
                "<section class=\"block aside-block predict\"><p class=\"label\">Predict</p><h2>{}</h2>{html}<div class=\"choices\">{choices}</div></section>",
                escaped(title)
            )
        }
        Block::Task { index } => tasks.get(*index as usize).map_or_else(String::new, |task| {
            format!(
                "<section class=\"block task\"><h2><span class=\"goal-mark\" aria-hidden=\"true\"></span><span>{}</span></h2><div class=\"block\">{}</div></section>",
                escaped(&task.title),
                task.html
            )
        }),
    }
}

fn aside(class: &str, label: &str, title: &str, body: &[Block]) -> String {
    let body = body.iter().map(|block| drawn(block, &[])).collect::<String>();
    let title = escaped(title.trim().trim_matches('"'));
    format!(
        "<section class=\"block aside-block {class}\"><p class=\"label\">{label}</p><h2>{title}</h2>{body}</section>"
    )
}

fn run(transcript: &str) -> String {
    let Ok(transcript) = Transcript::parse(transcript) else {
        return format!("<pre class=\"plain\">{}</pre>", escaped(transcript));
    };
    // Where several clients act, each command says whose it is: they are named by letters, and shown by numbers.
    let named = transcript.lines.iter().any(
        |line| matches!(&line.step, Step::Command { client, .. } | Step::Send { client, .. } if client.name() != "a"),
    );
    let who = |name: &str| match name.as_bytes() {
        [letter @ b'a'..=b'z'] if named => format!("<span class=\"who\">client {}</span>", letter - b'a' + 1),
        _ => String::new(),
    };
    let command =
        |name: &str, text: &str| format!("<div class=\"cmd\">{}<code>{}</code></div>", who(name), escaped(text));
    let reply = |expected: &Expected| {
        if expected.lines.is_empty() { String::new() } else { format!("<pre>{}</pre>", escaped(&expected.shown())) }
    };
    let lines = transcript.lines.iter().map(|line| match &line.step {
        Step::Command { client, text, reply: expected } => command(client.name(), text) + &reply(expected),
        Step::Send { client, text } => command(client.name(), text),
        Step::Receive { reply: expected, .. } => reply(expected),
        Step::Pass { text, .. } => format!("<p class=\"wait\">after {}</p>", escaped(text)),
        _ => String::new(),
    });
    format!("<div class=\"run\">{}</div>", lines.collect::<String>())
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
