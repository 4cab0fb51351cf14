//! Every lesson, played: the page says what the server says, no goal is met before anything was done, every solution meets its goal.

use std::collections::{BTreeMap, BTreeSet};

use course::goal;
use course::lesson::compile::{self, Source};
use course::lesson::{Block, Lesson, Task, slug};
use course::progress::mark_of;
use course::stage::WorldStage;
use course::transcript::{Play, Stage, arguments};
use course::{Transcript, rule};
use sim::{World, WorldConfig};

use crate::root;

pub fn course() -> Vec<Lesson> {
    match compile::course(&root().join("lessons")) {
        Ok(lessons) => lessons,
        Err(errors) => {
            let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
            panic!("\n{}\n", errors.join("\n"))
        }
    }
}

fn parse(text: &str) -> Transcript {
    Transcript::parse(text).expect("it was compiled")
}

/// Plays a transcript and notes what differs; says how many replies were compared.
fn play<S: Stage>(play: &mut Play<'_, S>, transcript: &Transcript, what: &str, complaints: &mut Vec<String>) -> u32 {
    match play.run(transcript) {
        Ok(report) => {
            for difference in &report.differences {
                complaints.push(format!("{what}: {difference}"));
            }
            report.compared
        }
        Err(error) => {
            complaints.push(format!("{what}:{error}"));
            0
        }
    }
}

/// Lessons with the files they were made of.
pub fn with_sources() -> Vec<(Lesson, Source)> {
    let folder = root().join("lessons");
    let lessons = course().into_iter();
    lessons
        .map(|lesson| {
            let source = compile::read(&folder, &folder.join(&lesson.slug)).expect("it was compiled");
            (lesson, source)
        })
        .collect()
}

/// Plays the page from top to bottom.
pub fn play_page<S: Stage>(lesson: &Lesson, source: &Source, stage: &mut S, complaints: &mut Vec<String>) -> u32 {
    let mut player = Play::new(stage);
    let slug = &lesson.slug;
    let mut compared = play(&mut player, &parse(&lesson.start), &format!("lessons/{slug}/start.redis"), complaints);
    let mut from = 0;
    for transcript in lesson.transcripts() {
        // The text stands in the page as it is, so that its line can be found.
        let at = source.index[from..].find(transcript).map_or(from, |at| from + at);
        from = at + transcript.len();
        let first = 1 + source.index[..at].matches('\n').count() as u32;
        let transcript = Transcript::parse_at(transcript, first).expect("it was compiled");
        compared += play(&mut player, &transcript, &format!("lessons/{slug}/index.md"), complaints);
    }
    compared
}

/// Plays start, solution and goal of a task.
pub fn play_task<S: Stage>(
    lesson: &Lesson,
    source: &Source,
    task: &Task,
    stage: &mut S,
    complaints: &mut Vec<String>,
) -> u32 {
    let folder = format!("lessons/{}", lesson.slug);
    let mut player = Play::new(stage);
    let mut compared = play(&mut player, &parse(&lesson.start), &format!("{folder}/start.redis"), complaints);
    let solutions = parse(&source.solution).tasks();
    let solution = solutions.iter().find(|(title, _)| slug(title) == slug(&task.title)).expect("it was compiled");
    compared += play(&mut player, &solution.1, &format!("{folder}/solution.redis"), complaints);
    let what = format!("{folder}, goal of {:?}", task.title);
    compared + play(&mut Play::new(stage), &parse(&task.goal), &what, complaints)
}

fn started(lesson: &Lesson) -> WorldStage {
    let mut stage = WorldStage::new(World::new(&WorldConfig::default()));
    let report = Play::new(&mut stage).run(&parse(&lesson.start)).expect("start plays");
    assert!(report.differences.is_empty(), "{}/start.redis: {:?}", lesson.slug, report.differences);
    stage
}

fn typed(task: &Task) -> Vec<Vec<Vec<u8>>> {
    task.solution.iter().filter_map(|command| arguments(command)).collect()
}

/// Plays a task's solution; `goal::check` then judges the world as it judges the learner's.
fn solve(stage: &mut WorldStage, task: &Task) {
    let mut player = Play::new(stage);
    for command in &task.solution {
        player.run(&parse(&format!("> {command}\n..."))).expect("the solution plays");
    }
}

#[test]
fn the_page_says_what_the_server_says() {
    let mut complaints = Vec::new();
    let mut compared = 0;
    for (lesson, source) in with_sources() {
        let mut stage = WorldStage::new(World::new(&WorldConfig::default()));
        compared += play_page(&lesson, &source, &mut stage, &mut complaints);
        for task in &lesson.tasks {
            let mut stage = WorldStage::new(World::new(&WorldConfig::default()));
            compared += play_task(&lesson, &source, task, &mut stage, &mut complaints);
        }
    }
    println!("lessons: {compared} replies compared");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn no_goal_is_met_before_anything_was_done() {
    for lesson in course() {
        let at_start = started(&lesson).into_world();
        let mut read = started(&lesson);
        let mut player = Play::new(&mut read);
        for transcript in lesson.transcripts() {
            player.run(&parse(transcript)).expect("the page plays");
        }
        let after_reading = read.into_world();
        for task in &lesson.tasks {
            for (world, when) in [(&at_start, "at the start"), (&after_reading, "after the examples of the page")] {
                let verdict = goal::check(world, task, &[]).expect("the goal plays");
                assert!(!verdict.unmet.is_empty(), "{}: {:?} is met {when}", lesson.slug, task.title);
            }
        }
    }
}

#[test]
fn every_solution_meets_its_goal_and_keeps_the_rules() {
    for lesson in course() {
        for task in &lesson.tasks {
            let mut alone = started(&lesson);
            solve(&mut alone, task);
            let verdict = goal::check(alone.world(), task, &typed(task)).expect("the goal plays");
            assert!(verdict.is_met(), "{}: {:?}: {verdict:?}", lesson.slug, task.title);
        }
        // One after the other, as a learner does it.
        let mut stage = started(&lesson);
        for task in &lesson.tasks {
            solve(&mut stage, task);
            let verdict = goal::check(stage.world(), task, &typed(task)).expect("the goal plays");
            assert!(verdict.is_met(), "{}: {:?} after the others: {verdict:?}", lesson.slug, task.title);
        }
    }
}

/// What people try first, and what they are told.
#[test]
fn a_wrong_attempt_is_told_what_differs() {
    let lessons = course();
    for (slug, title, attempt, wanted) in [
        (
            "01-first-steps/01-what-redis-is",
            "Remember Grace",
            "PING",
            "wanted GET session:c0de \"Grace\"; you have (nil), no such key",
        ),
        ("01-first-steps/01-what-redis-is", "Count three visitors", "SET visits:tea 3", "not yet with INCR"),
        (
            "01-first-steps/02-the-prompt",
            "A motto",
            "SET motto Keep",
            "wanted GET motto \"Keep it simple\"; you have \"Keep\"",
        ),
        (
            "01-first-steps/02-the-prompt",
            "Sweep up after a comment",
            "PING",
            "wanted EXISTS -- 0, it does not exist; you have 1, it exists",
        ),
        (
            "01-first-steps/03-keys",
            "Move house",
            "RENAMENX cart:guest cart:ada",
            "wanted LRANGE cart:ada 0 -1 \"apples\", \"plums\"; you have \"pears\"",
        ),
        (
            "01-first-steps/03-keys",
            "Clear out, gently",
            "KEYS tmp:*",
            "used KEYS, which this task does without: go back to where the task began",
        ),
        (
            "02-data-types/01-strings",
            "Three settings, one trip",
            "SET theme:ada dark",
            "wanted MGET theme:ada lang:ada zoom:ada \"dark\", \"fr\", \"110\"; you have \"dark\", (nil), (nil)",
        ),
        (
            "03-lifetime/01-expiry",
            "A one-time code",
            "SET otp:7 4711",
            "wanted TTL otp:7 from 90 to 120; you have -1, no expiry",
        ),
        (
            "03-lifetime/01-expiry",
            "A one-time code",
            "SET otp:7 4711 EX 130",
            "wanted TTL otp:7 from 90 to 120; you have 130",
        ),
        (
            "03-lifetime/01-expiry",
            "A new price, the same deadline",
            "SET coupon:spring 20%",
            "wanted TTL coupon:spring from 1 to 86400; you have -1, no expiry",
        ),
        (
            "03-lifetime/01-expiry",
            "Never mind",
            "DEL session:ada",
            "wanted TTL session:ada -1, no expiry; you have -2, no such key",
        ),
    ] {
        let lesson = lessons.iter().find(|lesson| lesson.slug == slug).expect("the lesson");
        let task = lesson.tasks.iter().find(|task| task.title == title).expect("the task");
        let mut stage = started(lesson);
        Play::new(&mut stage).run(&parse(&format!("> {attempt}\n..."))).expect("the attempt plays");
        let typed: Vec<_> = arguments(attempt).into_iter().collect();
        let verdict = goal::check(stage.world(), task, &typed).expect("the goal plays");
        let said = verdict.unmet.iter().map(ToString::to_string).chain(verdict.broken.iter().map(ToString::to_string));
        let said: Vec<String> = said.collect();
        assert!(said.iter().any(|said| said == wanted), "{slug}, {attempt}: {said:#?}");
    }
}

#[test]
fn a_goal_is_checked_on_a_copy() {
    for lesson in course() {
        let mut stage = started(&lesson);
        for task in &lesson.tasks {
            solve(&mut stage, task);
            let before = (stage.world().trace_hash(), stage.world().moment());
            goal::check(stage.world(), task, &[]).expect("the goal plays");
            assert_eq!((stage.world().trace_hash(), stage.world().moment()), before, "{}", lesson.slug);
        }
    }
}

/// The answer that a prediction calls right is the one that its transcript shows.
#[test]
fn predictions_know_the_answer() {
    for lesson in course() {
        for block in &lesson.blocks {
            let Block::Predict { title, choices, transcript, .. } = block else { continue };
            let right =
                choices.iter().find(|choice| choice.right).map(|choice| choice.html.as_str()).unwrap_or_default();
            let Some(right) = right.strip_prefix("<code>").and_then(|right| right.strip_suffix("</code>")) else {
                continue;
            };
            let right = right.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            let shown = transcript.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
            assert_eq!(right, shown, "{}: {title}", lesson.slug);
        }
    }
}

/// No lesson needs a command that neither it nor one it builds upon explains, or that it does not link to.
#[test]
fn commands_are_explained_before_they_are_used() {
    let lessons = course();
    let by_slug: BTreeMap<&str, &Lesson> = lessons.iter().map(|lesson| (lesson.slug.as_str(), lesson)).collect();
    for lesson in &lessons {
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut open: Vec<&str> = vec![&lesson.slug];
        let linked = compile::links(lesson);
        open.extend(linked.iter().map(String::as_str));
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(slug) = open.pop() {
            if !seen.insert(slug) {
                continue;
            }
            let lesson = by_slug[slug];
            known.extend(lesson.commands.iter().filter_map(|command| command.split(' ').next().map(str::to_owned)));
            open.extend(lesson.needs.iter().map(String::as_str));
        }
        let mut used: BTreeSet<String> = BTreeSet::new();
        let shown = lesson
            .transcripts()
            .into_iter()
            .map(parse)
            .flat_map(|transcript| transcript.commands().map(|(_, text)| text.to_owned()).collect::<Vec<_>>());
        for command in shown.chain(lesson.tasks.iter().flat_map(|task| task.solution.clone())) {
            used.extend(command.split_whitespace().next().map(str::to_ascii_uppercase));
        }
        // A command that does not exist is shown now and then, on purpose.
        let unknown: Vec<&String> = used.difference(&known).filter(|name| *name != "SETT").collect();
        assert!(unknown.is_empty(), "{} uses {unknown:?} without explaining or linking them", lesson.slug);
        for command in &lesson.commands {
            let words: Vec<&str> = command.split(' ').collect();
            let page = format!("{:?}", (&lesson.blocks, &lesson.tasks));
            assert!(
                page.contains(words[words.len() - 1]),
                "{} promises to explain {command} and does not mention it",
                lesson.slug
            );
        }
    }
}

/// Reading takes a minute for 180 words, trying out a command 6 seconds, thinking about a question or a task 45 seconds.
#[test]
fn minutes_add_up() {
    let mut wrong = Vec::new();
    for lesson in course() {
        let mut html = String::new();
        collect_html(&lesson.blocks, &mut html);
        for task in &lesson.tasks {
            html.push_str(&task.html);
        }
        let words = without_tags(&html).split_whitespace().count() as f64;
        let commands: usize = lesson.transcripts().into_iter().map(|text| parse(text).commands().count()).sum();
        let questions = lesson.blocks.iter().filter(|block| matches!(block, Block::Predict { .. })).count();
        let minutes = words / 180.0 + commands as f64 / 10.0 + (lesson.tasks.len() + questions) as f64 * 0.75;
        if (f64::from(lesson.minutes) - minutes).abs() > 1.0 {
            wrong.push(format!("{}: says {} minutes, but takes about {minutes:.0}", lesson.slug, lesson.minutes));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

fn collect_html(blocks: &[Block], into: &mut String) {
    for block in blocks {
        match block {
            Block::Prose { html } => into.push_str(html),
            Block::Predict { html, choices, .. } => {
                into.push_str(html);
                for choice in choices {
                    into.push_str(&choice.because);
                }
            }
            Block::Why { body, .. } | Block::Mistake { body, .. } => collect_html(body, into),
            Block::Run { .. } | Block::Task { .. } => {}
        }
        into.push(' ');
    }
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => inside = false,
            c if !inside => text.push(c),
            _ => {}
        }
    }
    text
}

#[test]
fn lessons_can_be_told_apart_in_a_code() {
    let lessons = course();
    let marks: BTreeSet<u16> = lessons.iter().map(|lesson| mark_of(&lesson.slug)).collect();
    assert_eq!(marks.len(), lessons.len());
    for lesson in &lessons {
        assert!(lesson.tasks.len() <= 8, "{}: a code has room for eight tasks", lesson.slug);
    }
}

#[test]
fn rules_count_from_where_the_task_began() {
    let lessons = course();
    let keys = lessons.iter().find(|lesson| lesson.slug.ends_with("03-keys")).expect("the lesson on keys");
    let task = keys.tasks.iter().find(|task| !task.rules.is_empty()).expect("a task with rules");
    let examples: Vec<_> = keys.transcripts().into_iter().map(parse).collect();
    let examples: Vec<_> =
        examples.iter().flat_map(Transcript::commands).filter_map(|(_, text)| arguments(text)).collect();
    let mut history: Vec<_> = ["KEYS session:?"].iter().filter_map(|command| arguments(command)).collect();
    history.extend(typed(task));
    let mut stage = started(keys);
    solve(&mut stage, task);
    let verdict = goal::check(stage.world(), task, &history).expect("the goal plays");
    assert!(!verdict.broken.is_empty(), "KEYS breaks a rule of this task");
    let verdict =
        goal::check(stage.world(), task, &history[rule::since(&history, 0, &examples)..]).expect("the goal plays");
    assert!(verdict.is_met(), "an example of the page is no part of the task: {verdict:?}");
}
