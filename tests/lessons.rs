//! Every lesson, played: the page says what the server says, no goal is met before anything was done, every solution meets its goal.

use std::collections::{BTreeMap, BTreeSet};

use course::goal;
use course::lesson::{Block, Lesson, Task, compile};
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
fn play<S: Stage>(play: &mut Play<'_, S>, text: &str, what: &str, complaints: &mut Vec<String>) -> u32 {
    match play.run(&parse(text)) {
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

/// Plays the page from top to bottom.
pub fn play_page<S: Stage>(lesson: &Lesson, stage: &mut S, complaints: &mut Vec<String>) -> u32 {
    let mut player = Play::new(stage);
    let mut compared = play(&mut player, &lesson.start, &format!("{}/start.redis", lesson.slug), complaints);
    for (index, transcript) in lesson.transcripts().iter().enumerate() {
        let what = format!("{}, transcript {} of the page", lesson.slug, index + 1);
        compared += play(&mut player, transcript, &what, complaints);
    }
    compared
}

/// Plays start, solution and goal of a task.
pub fn play_task<S: Stage>(lesson: &Lesson, task: &Task, stage: &mut S, complaints: &mut Vec<String>) -> u32 {
    let what = format!("{}, {:?}", lesson.slug, task.title);
    let compared = play(&mut Play::new(stage), &lesson.start, &what, complaints);
    let mut player = Play::new(stage);
    for command in &task.solution {
        // What it says is compared below, on the engine.
        let transcript = parse(&format!("> {command}\n..."));
        if let Err(error) = player.run(&transcript) {
            complaints.push(format!("{what}:{error}"));
        }
    }
    compared + play(&mut Play::new(stage), &task.goal, &what, complaints)
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
    for lesson in course() {
        let mut stage = WorldStage::new(World::new(&WorldConfig::default()));
        compared += play_page(&lesson, &mut stage, &mut complaints);
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
