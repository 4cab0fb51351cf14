//! From a lesson's folder to a [`Lesson`]: front matter, Markdown, blocks. Every complaint says file and line.

use super::{Block, Choice, Lesson, Task, slug};
use crate::rule::Rule;
use crate::transcript::{ParseError, Step, Transcript};
use core::fmt;
use core::ops::Range;
use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use std::fs;
use std::path::{Path, PathBuf};

/// What is wrong with a lesson, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileError {
    pub file: String,
    pub line: u32,
    pub message: String,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl core::error::Error for CompileError {}

/// The three files of a lesson, read.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// `03-lifetime/01-expiry`
    pub slug: String,
    pub index: String,
    pub start: String,
    pub solution: String,
}

/// Reads and compiles all lessons under a folder, in order, and holds what they say about each other.
pub fn course(root: &Path) -> Result<Vec<Lesson>, Vec<CompileError>> {
    let mut lessons = Vec::new();
    let mut errors = Vec::new();
    for folder in folders(root)? {
        match read(root, &folder).and_then(|source| compile(&source)) {
            Ok(lesson) => lessons.push(lesson),
            Err(error) => errors.push(error),
        }
    }
    for lesson in &lessons {
        let known = |slug: &str| lessons.iter().any(|other| other.slug == slug);
        for needed in lesson.needs.iter().filter(|slug| !known(slug)) {
            errors.push(at(&lesson.slug, "index.md", 1, format!("it needs {needed}, which does not exist")));
        }
        for target in links(lesson).iter().filter(|slug| !known(slug)) {
            errors.push(at(&lesson.slug, "index.md", 1, format!("it links to {target}, which does not exist")));
        }
    }
    if errors.is_empty() { Ok(lessons) } else { Err(errors) }
}

/// The lessons that a lesson links to.
pub fn links(lesson: &Lesson) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |html: &str| {
        for (at, mark) in html.match_indices(LINK) {
            let rest = &html[at + mark.len()..];
            found.push(rest[..rest.find('"').unwrap_or(rest.len())].to_owned());
        }
    };
    fn visit(blocks: &[Block], look: &mut impl FnMut(&str)) {
        for block in blocks {
            match block {
                Block::Prose { html } | Block::Predict { html, .. } => look(html),
                Block::Why { body, .. } | Block::Mistake { body, .. } => visit(body, look),
                Block::Run { .. } | Block::Task { .. } => {}
            }
        }
    }
    visit(&lesson.blocks, &mut look);
    for task in &lesson.tasks {
        look(&task.html);
        look(&task.done);
        task.hints.iter().for_each(|hint| look(hint));
    }
    found
}

/// How a link to another lesson begins in the HTML: the page's route.
const LINK: &str = "href=\"#/learn/";

fn at(slug: &str, file: &str, line: u32, message: String) -> CompileError {
    CompileError { file: format!("lessons/{slug}/{file}"), line, message }
}

/// The folders of all lessons, in order: those two levels down whose names begin with a digit.
fn folders(root: &Path) -> Result<Vec<PathBuf>, Vec<CompileError>> {
    let unreadable = |path: &Path, error: std::io::Error| {
        vec![CompileError { file: path.display().to_string(), line: 1, message: error.to_string() }]
    };
    let children = |path: &Path| -> Result<Vec<PathBuf>, Vec<CompileError>> {
        let mut children = Vec::new();
        for entry in fs::read_dir(path).map_err(|error| unreadable(path, error))? {
            let path = entry.map_err(|error| unreadable(path, error))?.path();
            let numbered = path
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(|name| name.starts_with(|c: char| c.is_ascii_digit()));
            if path.is_dir() && numbered {
                children.push(path);
            }
        }
        children.sort();
        Ok(children)
    };
    let mut folders = Vec::new();
    for chapter in children(root)? {
        folders.extend(children(&chapter)?);
    }
    Ok(folders)
}

/// Reads the files of one lesson.
pub fn read(root: &Path, folder: &Path) -> Result<Source, CompileError> {
    let slug = folder.strip_prefix(root).unwrap_or(folder).to_string_lossy().replace('\\', "/");
    let file = |name: &str| {
        fs::read_to_string(folder.join(name)).map_err(|error| at(&slug, name, 1, format!("cannot be read: {error}")))
    };
    Ok(Source {
        index: file("index.md")?,
        start: file("start.redis")?,
        solution: file("solution.redis")?,
        slug: slug.clone(),
    })
}

/// Compiles one lesson.
pub fn compile(source: &Source) -> Result<Lesson, CompileError> {
    let in_index = |error: ParseError| at(&source.slug, "index.md", error.line, error.message);
    let (mut lesson, body_at) = front_matter(&source.index).map_err(in_index)?;
    lesson.slug.clone_from(&source.slug);
    let mut reader = Reader::new(&source.index, body_at);
    reader.read().map_err(in_index)?;
    lesson.blocks = reader.blocks;
    lesson.tasks = reader.tasks.iter().map(|(_, task)| task.clone()).collect();

    Transcript::parse(&source.start).map_err(|error| at(&source.slug, "start.redis", error.line, error.message))?;
    lesson.start.clone_from(&source.start);

    let in_solution = |line: u32, message: String| at(&source.slug, "solution.redis", line, message);
    let solution = Transcript::parse(&source.solution).map_err(|error| in_solution(error.line, error.message))?;
    for line in &solution.lines {
        if let Step::Directive(crate::transcript::Directive::Task(title)) = &line.step
            && !lesson.tasks.iter().any(|task| slug(&task.title) == slug(title))
        {
            return Err(in_solution(line.number, format!("there is no task called {title:?}")));
        }
    }
    let mut solved = solution.tasks();
    for (task, (line, _)) in lesson.tasks.iter_mut().zip(&reader.tasks) {
        let Some(at) = solved.iter().position(|(title, _)| slug(title) == slug(&task.title)) else {
            return Err(in_solution(1, format!("the task {:?} (index.md:{line}) has no solution", task.title)));
        };
        task.solution = solved.remove(at).1.commands().map(|(_, text)| text.to_owned()).collect();
        if task.solution.is_empty() {
            return Err(in_solution(1, format!("the solution of {:?} is empty", task.title)));
        }
    }
    Ok(lesson)
}

fn error<T>(line: u32, message: impl Into<String>) -> Result<T, ParseError> {
    Err(ParseError { line, message: message.into() })
}

/// Reads the lines between the first two `---`; also returns where the text begins.
fn front_matter(text: &str) -> Result<(Lesson, usize), ParseError> {
    const KEYS: [&str; 5] = ["title", "minutes", "needs", "commands", "from"];
    let Some(rest) = text.strip_prefix("---\n") else {
        return error(1, "a lesson begins with a line --- and its front matter");
    };
    let Some(end) = rest.find("\n---\n") else { return error(1, "the front matter has no end: a line ---") };
    let mut values: [Option<&str>; 5] = [None; 5];
    for (number, line) in (2..).zip(rest[..end].lines()) {
        let Some((key, value)) = line.split_once(':') else {
            return error(number, format!("the front matter consists of lines such as `title: …`, not {line:?}"));
        };
        let Some(at) = KEYS.iter().position(|known| *known == key) else {
            return error(number, format!("unknown key {key:?} (there are {})", KEYS.join(", ")));
        };
        if values[at].replace(value.trim()).is_some() {
            return error(number, format!("{key} is given twice"));
        }
    }
    if let Some(missing) = KEYS.iter().zip(&values).find(|(_, value)| value.is_none()) {
        return error(1, format!("the front matter lacks {}", missing.0));
    }
    let [title, minutes, needs, commands, from] = values.map(Option::unwrap_or_default);
    let list =
        |text: &str| text.split(',').map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect();
    let line_of = |key: &str| 2 + rest.lines().position(|line| line.starts_with(key)).unwrap_or(0) as u32;
    if title.is_empty() {
        return error(line_of("title"), "the title is empty");
    }
    let Some(minutes) = minutes.parse().ok().filter(|minutes| (1..=60).contains(minutes)) else {
        return error(line_of("minutes"), format!("minutes is a number from 1 to 60, not {minutes:?}"));
    };
    let lesson = Lesson {
        title: title.to_owned(),
        minutes,
        needs: list(needs),
        commands: list(commands),
        from: from.to_owned(),
        ..Lesson::default()
    };
    Ok((lesson, 4 + end + 5))
}

/// A paragraph, list, heading, … at the outermost level: its events and where it stands.
struct Node<'t> {
    events: Vec<Event<'t>>,
    at: Range<usize>,
}

/// What a `##` heading opened.
enum Section {
    Predict(String),
    Why(String),
    Mistake(String),
    Task(String),
}

struct Reader<'t> {
    text: &'t str,
    body_at: usize,
    blocks: Vec<Block>,
    tasks: Vec<(u32, Task)>,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, body_at: usize) -> Self {
        Reader { text, body_at, blocks: Vec::new(), tasks: Vec::new() }
    }

    fn line(&self, node: &Node) -> u32 {
        1 + self.text[..self.body_at + node.at.start].matches('\n').count() as u32
    }

    fn read(&mut self) -> Result<(), ParseError> {
        let body: &'t str = &self.text[self.body_at..];
        let mut open: Option<(Section, u32)> = None;
        let mut held: Vec<Node<'t>> = Vec::new();
        for node in nodes(body) {
            let heading = matches!(node.events[0], Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }));
            let rule = matches!(node.events[0], Event::Rule);
            if heading || (rule && open.is_some()) {
                self.close(open.take(), core::mem::take(&mut held))?;
            }
            if rule {
                continue;
            }
            let line = self.line(&node);
            match heading.then(|| section(&plain(&node.events))).flatten() {
                Some(section) => open = Some((section, line)),
                None => held.push(node),
            }
        }
        self.close(open, held)
    }

    fn close(&mut self, open: Option<(Section, u32)>, nodes: Vec<Node<'t>>) -> Result<(), ParseError> {
        let Some((section, line)) = open else {
            let body = self.body(nodes)?;
            self.blocks.extend(body);
            return Ok(());
        };
        let block = match section {
            Section::Why(title) => Block::Why { title, body: self.body(nodes)? },
            Section::Mistake(title) => {
                let belief = title.strip_prefix('“').and_then(|title| title.strip_suffix('”'));
                let Some(belief) = belief.filter(|belief| !belief.contains(['“', '”'])) else {
                    return error(line, "a mistake's title is what people believe, in double quotes");
                };
                let title = capitalised(belief);
                Block::Mistake { title, body: self.body(nodes)? }
            }
            Section::Predict(title) => self.predict(title, nodes, line)?,
            Section::Task(title) => self.task(title, nodes, line)?,
        };
        self.blocks.push(block);
        Ok(())
    }

    /// Text and transcripts in turn.
    fn body(&self, nodes: Vec<Node<'t>>) -> Result<Vec<Block>, ParseError> {
        let mut blocks = Vec::new();
        let mut prose: Vec<Event<'t>> = Vec::new();
        for node in nodes {
            let line = self.line(&node);
            match fence(&node) {
                Some(("redis", "", text)) => {
                    flush(&mut prose, &mut blocks);
                    blocks.push(Block::Run { transcript: transcript(text, line)? });
                }
                Some((word @ ("redis" | "rules"), rest, _)) => {
                    let what = format!("{word} {rest}");
                    return error(line, format!("a block `{}` may not stand here", what.trim()));
                }
                _ => {
                    html_is_ours(&node, line)?;
                    prose.extend(node.events);
                }
            }
        }
        flush(&mut prose, &mut blocks);
        Ok(blocks)
    }

    fn predict(&self, title: String, nodes: Vec<Node<'t>>, line: u32) -> Result<Block, ParseError> {
        let mut choices = Vec::new();
        let mut asked = None;
        let mut prose = Vec::new();
        for node in nodes {
            let line = self.line(&node);
            match fence(&node) {
                Some(("redis", "", text)) if asked.is_none() => asked = Some(transcript(text, line)?),
                Some(("redis" | "rules", ..)) => return error(line, "a prediction has one transcript"),
                _ if asked.is_some() => {
                    return error(line, "what follows a prediction's answer stands below a line ---");
                }
                _ if matches!(node.events[0], Event::Start(Tag::List(_))) => choices = read_choices(node.events, line)?,
                _ => prose.extend(node.events),
            }
        }
        let Some(transcript) = asked else { return error(line, "a prediction needs a transcript with the answer") };
        if choices.len() < 2 || choices.iter().filter(|choice| choice.right).count() != 1 {
            return error(line, "a prediction needs choices, `- [ ] …`, and one of them right, `- [x] …`");
        }
        Ok(Block::Predict { title, html: to_html(prose), choices, transcript })
    }

    fn task(&mut self, title: String, nodes: Vec<Node<'t>>, line: u32) -> Result<Block, ParseError> {
        let mut task = Task { title, ..Task::default() };
        let mut prose = Vec::new();
        for mut node in nodes {
            let line = self.line(&node);
            match fence(&node) {
                Some(("redis", "goal", text)) => {
                    if !task.goal.is_empty() {
                        return error(line, "a task has one goal");
                    }
                    task.goal = transcript(text, line)?;
                    if Transcript::parse(&task.goal).is_ok_and(|goal| goal.commands().next().is_none()) {
                        return error(line, "the goal asks nothing");
                    }
                }
                Some(("rules", "", text)) => {
                    for (number, rule) in (line + 1..).zip(text.lines()) {
                        task.rules.push(Rule::parse(rule).map_err(|message| ParseError { line: number, message })?);
                    }
                }
                Some((word @ ("redis" | "rules"), rest, _)) => {
                    let what = format!("{word} {rest}");
                    return error(line, format!("a task has blocks `redis goal` and `rules`, not `{}`", what.trim()));
                }
                _ => {
                    html_is_ours(&node, line)?;
                    match label(&mut node.events) {
                        Some("Hint") => task.hints.push(to_html(node.events)),
                        Some(_) => task.done = to_html(node.events),
                        None => prose.extend(node.events),
                    }
                }
            }
        }
        task.html = to_html(prose);
        let lacks =
            [(task.goal.is_empty(), "a goal"), (task.hints.is_empty(), "hints"), (task.html.is_empty(), "words")];
        if let Some((_, what)) = lacks.iter().find(|(lacking, _)| *lacking) {
            return error(line, format!("the task {:?} has no {}", task.title, what.trim_start_matches("a ")));
        }
        if self.tasks.iter().any(|(_, other)| slug(&other.title) == slug(&task.title)) {
            return error(line, format!("two tasks are called {:?}", task.title));
        }
        self.tasks.push((line, task));
        Ok(Block::Task { index: self.tasks.len() as u32 - 1 })
    }
}

fn section(title: &str) -> Option<Section> {
    if let Some(rest) = title.strip_prefix("Predict: ") {
        return Some(Section::Predict(capitalised(rest)));
    }
    if title.starts_with("Why ") {
        return Some(Section::Why(title.to_owned()));
    }
    if let Some(rest) = title.strip_prefix("Mistake: ") {
        return Some(Section::Mistake(rest.to_owned()));
    }
    title.strip_prefix("Task: ").map(|rest| Section::Task(rest.to_owned()))
}

/// What stood behind a colon stands alone now, so it begins with a capital.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().collect::<String>()).unwrap_or_default();
    first + letters.as_str()
}

/// Groups events by the outermost element.
fn nodes(text: &str) -> Vec<Node<'_>> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_SMART_PUNCTUATION;
    let mut nodes: Vec<Node<'_>> = Vec::new();
    let mut depth = 0;
    for (event, at) in Parser::new_ext(text, options).into_offset_iter() {
        let (begins, ends) = (matches!(event, Event::Start(_)), matches!(event, Event::End(_)));
        match nodes.last_mut().filter(|_| depth > 0) {
            Some(node) => node.events.push(event),
            None => nodes.push(Node { events: vec![event], at }),
        }
        depth += i32::from(begins) - i32::from(ends);
    }
    nodes
}

/// The text of events without its marks.
fn plain(events: &[Event]) -> String {
    let mut text = String::new();
    for event in events {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(part),
            Event::SoftBreak => text.push(' '),
            _ => {}
        }
    }
    text
}

/// A fenced block as its first word, the rest of its info line and its text.
fn fence<'n>(node: &'n Node) -> Option<(&'n str, &'n str, String)> {
    let Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) = &node.events[0] else { return None };
    let (word, rest) = info.split_once(' ').unwrap_or((info, ""));
    Some((word, rest.trim(), plain(&node.events)))
}

/// Checks that a transcript can be read; `fence_line` is where its fence stands.
fn transcript(text: String, fence_line: u32) -> Result<String, ParseError> {
    let parsed = Transcript::parse_at(&text, fence_line + 1)?;
    if parsed.has_faults() {
        return error(fence_line, "a lesson with faults needs a world of several servers");
    }
    Ok(text)
}

fn html_is_ours(node: &Node, line: u32) -> Result<(), ParseError> {
    if node.events.iter().any(|event| matches!(event, Event::Html(_) | Event::InlineHtml(_))) {
        return error(line, "HTML does not belong in a lesson; a `<` in the text stands in a code span");
    }
    Ok(())
}

/// Takes `Hint: ` or `Done: ` off a paragraph.
fn label(events: &mut [Event]) -> Option<&'static str> {
    let Some(Event::Text(text)) = events.get_mut(1) else { return None };
    for label in ["Hint", "Done"] {
        if let Some(rest) = text.strip_prefix(label).and_then(|rest| rest.strip_prefix(": ")) {
            *text = rest.to_owned().into();
            return Some(label);
        }
    }
    None
}

/// Reads `- [x] choice because`: the choice is a code span, or the first sentence.
fn read_choices(events: Vec<Event<'_>>, line: u32) -> Result<Vec<Choice>, ParseError> {
    let mut choices: Vec<Choice> = Vec::new();
    let mut rest: Vec<Event<'_>> = Vec::new();
    for event in events {
        match event {
            Event::Start(Tag::List(_) | Tag::Paragraph) | Event::End(TagEnd::List(_) | TagEnd::Paragraph) => {}
            Event::Start(Tag::Item) => choices.push(Choice::default()),
            Event::TaskListMarker(right) => {
                if let Some(choice) = choices.last_mut() {
                    choice.right = right;
                }
            }
            Event::End(TagEnd::Item) => {
                if let Some(choice) = choices.last_mut() {
                    to_html(core::mem::take(&mut rest)).trim().clone_into(&mut choice.because);
                    if choice.html.is_empty() || choice.because.is_empty() {
                        return error(line, "a choice consists of what one may choose and why it is right or wrong");
                    }
                }
            }
            event => {
                let Some(choice) = choices.last_mut().filter(|choice| choice.html.is_empty()) else {
                    rest.push(event);
                    continue;
                };
                match event {
                    Event::Text(text) => {
                        let end = text.find(". ").map_or(text.len(), |at| at + 1);
                        choice.html = to_html(vec![Event::Text(text[..end].to_owned().into())]);
                        rest.push(Event::Text(text[end..].to_owned().into()));
                    }
                    event => choice.html = to_html(vec![event]),
                }
            }
        }
    }
    Ok(choices)
}

fn flush(prose: &mut Vec<Event<'_>>, blocks: &mut Vec<Block>) {
    if !prose.is_empty() {
        blocks.push(Block::Prose { html: to_html(core::mem::take(prose)) });
    }
}

/// HTML, in which links to other lessons' files are links to their pages.
fn to_html(events: Vec<Event<'_>>) -> String {
    let events = events.into_iter().map(|event| match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let page =
                dest_url.strip_suffix("/index.md").map(|path| format!("#/learn/{}", path.trim_start_matches("../")));
            let dest_url = page.map_or(dest_url, Into::into);
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        event => event,
    });
    let mut out = String::new();
    html::push_html(&mut out, events);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "---\ntitle: T\nminutes: 5\nneeds:\ncommands: SET\nfrom: 1.1\n---\n\nText with `code`.\n\n```redis\n> PING\nPONG\n```\n\n\
        ## Predict: what comes back?\n\n- [ ] `OK` No.\n- [x] `(nil)` Yes: *nothing*.\n\n```redis\n> GET k\n(nil)\n```\n\n\
        ## Mistake: \"it is so\"\n\nIt is not.\n\n---\n\nMore.\n\n\
        ## Task: Set it\n\nSet `k`.\n\n```redis goal\n> GET k\n\"v\"\n```\n\n```rules\nmust SET\n```\n\nHint: Try.\n\nDone: Good.\n";

    fn source() -> Source {
        Source {
            slug: "01-a/01-b".to_owned(),
            index: INDEX.to_owned(),
            start: String::new(),
            solution: "@task Set it\n> SET k v\nOK\n".to_owned(),
        }
    }

    #[test]
    fn a_lesson_is_made_of_its_files() {
        let lesson = compile(&source()).expect("a lesson");
        assert_eq!(lesson.blocks.len(), 6);
        assert_eq!(lesson.blocks[0], Block::Prose { html: "<p>Text with <code>code</code>.</p>\n".to_owned() });
        let Block::Predict { title, choices, .. } = &lesson.blocks[2] else { panic!("a prediction") };
        assert_eq!(title, "What comes back?");
        assert_eq!(choices[1].html, "<code>(nil)</code>");
        assert_eq!(choices[1].because, "Yes: <em>nothing</em>.");
        assert_eq!(lesson.blocks[5], Block::Task { index: 0 });
        let task = &lesson.tasks[0];
        assert_eq!((task.hints.len(), task.done.as_str()), (1, "<p>Good.</p>\n"));
        assert_eq!(task.solution, ["SET k v"]);
        assert_eq!(Lesson::unpack(&lesson.pack()), Ok(lesson));
    }

    #[test]
    fn what_is_wrong_is_told_with_file_and_line() {
        let complaint = |from: &str, to: &str| {
            assert!(INDEX.contains(from), "{from}");
            let index = INDEX.replacen(from, to, 1);
            compile(&Source { index, ..source() }).expect_err(to).to_string()
        };
        for (from, to, wanted) in [
            ("---\n", "", "lessons/01-a/01-b/index.md:1: a lesson begins with a line ---"),
            ("minutes: 5\n", "", "lessons/01-a/01-b/index.md:1: the front matter lacks minutes"),
            ("minutes: 5", "minutes: many", "lessons/01-a/01-b/index.md:3: minutes is a number"),
            ("from: 1.1", "form: 1.1", "lessons/01-a/01-b/index.md:6: unknown key \"form\""),
            (
                "```redis\n> PING",
                "```redis go\n> PING",
                "lessons/01-a/01-b/index.md:11: a block `redis go` may not stand here",
            ),
            ("```redis goal", "```redis", "lessons/01-a/01-b/index.md:38: a task has blocks"),
            ("> PING\n", "PING\n", "lessons/01-a/01-b/index.md:12: a reply without a command: PING"),
            ("> PING", "> SET \"k", "lessons/01-a/01-b/index.md:12: this is no command"),
            ("\"it is so\"", "it is so", "lessons/01-a/01-b/index.md:26: a mistake's title is what people believe"),
            ("[x]", "[ ]", "lessons/01-a/01-b/index.md:16: a prediction needs choices"),
            ("must SET", "must set", "lessons/01-a/01-b/index.md:44: a rule names a command"),
            ("Hint: Try.", "Try.", "lessons/01-a/01-b/index.md:34: the task \"Set it\" has no hints"),
            ("Set `k`.", "<b>Set</b>.", "lessons/01-a/01-b/index.md:36: HTML does not belong"),
            (
                "Task: Set it",
                "Task: Set that",
                "lessons/01-a/01-b/solution.redis:1: there is no task called \"Set it\"",
            ),
        ] {
            let got = complaint(from, to);
            assert!(got.starts_with(wanted), "{got}\nis not\n{wanted}");
        }
        let without = compile(&Source { solution: String::new(), ..source() }).expect_err("no solution").to_string();
        assert!(without.contains("has no solution"), "{without}");
        let bad_start = compile(&Source { start: "OK\n".to_owned(), ..source() }).expect_err("no start").to_string();
        assert!(bad_start.starts_with("lessons/01-a/01-b/start.redis:1: a reply without a command"), "{bad_start}");
    }
}
