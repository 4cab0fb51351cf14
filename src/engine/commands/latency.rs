//! LATENCY: reading and clearing what `latency.rs` keeps.

use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::latency::Series;
use crate::table::{self, Command, Flag::*, Group};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

pub(super) const COMMANDS: &[Command] = &[Command::container(
    "latency",
    &[
        Command::sub("latency|doctor", "", doctor)
            .since("2.8.13")
            .summary("Says in words what took long.")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
        Command::sub("latency|graph", "event", graph)
            .since("2.8.13")
            .summary("Draws the seconds in which an event took long.")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
        Command::help_of("latency|help").since("2.8.13"),
        Command::sub("latency|histogram", "[command [command ...]]", histogram)
            .since("7.0.0")
            .summary("Tells how the durations of commands are spread.")
            .complexity("O(N) with N commands that have a histogram")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
        Command::sub("latency|history", "event", history)
            .since("2.8.13")
            .summary("Lists the seconds in which an event took long.")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
        Command::sub("latency|latest", "", latest)
            .since("2.8.13")
            .summary("Lists for each event when it last took long.")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["nondeterministic_output", "request_policy:all_nodes", "response_policy:special"]),
        Command::sub("latency|reset", "[event [event ...]]", reset)
            .since("2.8.13")
            .summary("Forgets what took long.")
            .flags(&[Admin, NoScript, Loading, Stale])
            .tips(&["request_policy:all_nodes", "response_policy:agg_sum"]),
    ],
)
.group(Group::Server)
.since("2.8.13")
.summary("Looks at what took long.")
.help(&[
    "DOCTOR",
    "    Return a human readable latency analysis report.",
    "GRAPH <event>",
    "    Return an ASCII latency graph for the <event> class.",
    "HISTORY <event>",
    "    Return time-latency samples for the <event> class.",
    "LATEST",
    "    Return the latest latency samples for all events.",
    "RESET [<event> ...]",
    "    Reset latency data of one or more <event> classes.",
    "    (default: reset all data for all event classes)",
    "HISTOGRAM [COMMAND ...]",
    "    Return a cumulative distribution of latencies in the format of a histogram for the specified command names.",
    "    If no commands are specified then all histograms are replied.",
])];

fn latest(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let series = &ctx.server.latency.series;
    ctx.reply.array(series.len());
    for event in series {
        let last = event.samples.back().copied();
        ctx.reply.array(4);
        ctx.reply.bulk(event.name);
        ctx.reply.integer(last.map_or(0, |sample| sample.second));
        ctx.reply.integer(last.map_or(0, |sample| sample.ms as i64));
        ctx.reply.integer(event.longest_ms as i64);
    }
    Ok(())
}

fn find<'a>(ctx: &'a Ctx, name: &[u8]) -> Option<&'a Series> {
    ctx.server.latency.series.iter().find(|series| series.name.as_bytes() == name)
}

fn history(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let samples = find(ctx, args.next()?).map(|series| series.samples.clone()).unwrap_or_default();
    ctx.reply.array(samples.len());
    for sample in samples {
        ctx.reply.array(2);
        ctx.reply.integer(sample.second);
        ctx.reply.integer(sample.ms as i64);
    }
    Ok(())
}

fn reset(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let names: Vec<&[u8]> = args.rest().collect();
    let series = &mut ctx.server.latency.series;
    let before = series.len();
    series.retain(|series| !names.is_empty() && !names.contains(&series.name.as_bytes()));
    ctx.reply.integer((before - series.len()) as i64);
    Ok(())
}

fn doctor(ctx: &mut Ctx, _: &mut Args) -> Result<(), Error> {
    let latency = &ctx.server.latency;
    if latency.series.is_empty() {
        ctx.reply.verbatim(
            b"txt",
            if latency.threshold_ms == 0 {
                "I'm sorry, Dave, I can't do that. Latency monitoring is disabled in this Redis instance. You may use \"CONFIG SET latency-monitor-threshold <milliseconds>.\" in order to enable it. If we weren't in a deep space mission I'd suggest to take a look at https://redis.io/docs/latest/operate/oss_and_stack/management/optimization/latency-monitor.\n"
            } else {
                "Dave, no latency spike was observed during the lifetime of this Redis instance, not in the slightest bit. I honestly think you ought to sit down calmly, take a stress pill, and think things over.\n"
            },
        );
        return Ok(());
    }
    let mut text = String::from(
        "Dave, I have observed latency spikes in this Redis instance. You don't mind talking about it, do you Dave?\n\n",
    );
    for (at, series) in latency.series.iter().enumerate() {
        let count = series.samples.len().max(1) as u64;
        let average = series.samples.iter().map(|sample| sample.ms).sum::<u64>() / count;
        let deviation = series.samples.iter().map(|sample| sample.ms.abs_diff(average)).sum::<u64>() / count;
        let first = series.samples.front().map_or(0, |sample| sample.second);
        let since = (ctx.now.seconds() - first).max(1) as u64;
        // Hundredths of a second between two of them. (Writing to a string cannot fail.)
        let period = since * 100 / count;
        let _ = writeln!(
            text,
            "{}. {}: {count} latency spikes (average {average}ms, mean deviation {deviation}ms, period {}.{:02} sec). Worst all time event {}ms.",
            at + 1,
            series.name,
            period / 100,
            period % 100,
            series.longest_ms
        );
    }
    ctx.reply.verbatim(b"txt", text);
    Ok(())
}

/// Twelve heights in four lines, and below each column how long ago it was.
fn graph(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let name = args.next()?;
    let Some(series) = find(ctx, name) else {
        return Err(Error::text(&[b"ERR No samples available for event '", name, b"'"]));
    };
    let text = draw(series, ctx.now.seconds());
    ctx.reply.verbatim(b"txt", text);
    Ok(())
}

fn draw(series: &Series, now: i64) -> String {
    let ms = |of: fn(&mut dyn Iterator<Item = u64>) -> Option<u64>| {
        of(&mut series.samples.iter().map(|s| s.ms)).unwrap_or(0)
    };
    let (high, low) = (ms(|all| all.max()), ms(|all| all.min()));
    let mut text = format!("{} - high {high} ms, low {low} ms (all time high {} ms)\n", series.name, series.longest_ms);
    text.push_str(&"-".repeat(COLUMNS));
    text.push('\n');
    let columns: Vec<(u64, String)> = series
        .samples
        .iter()
        .map(|sample| {
            let height = ((sample.ms - low) * HEIGHTS).checked_div(high - low).unwrap_or(0).min(HEIGHTS - 1);
            (height, ago(now - sample.second))
        })
        .collect();
    for (at, columns) in columns.chunks(COLUMNS).enumerate() {
        if at > 0 {
            text.push('\n');
        }
        for row in (0..ROWS).rev() {
            text.extend(columns.iter().map(|&(height, _)| match height.checked_sub(row * MARKS.len() as u64) {
                None => ' ',
                Some(mark) => MARKS.get(mark as usize).copied().unwrap_or('|'),
            }));
            text.push('\n');
        }
        text.push_str(&" ".repeat(columns.len()));
        text.push('\n');
        let longest = columns.iter().map(|(_, label)| label.len()).max().unwrap_or(0);
        for at in 0..longest {
            text.extend(
                columns.iter().map(|(_, label)| label.as_bytes().get(at).map_or(' ', |&byte| char::from(byte))),
            );
            text.push('\n');
        }
    }
    text
}

const COLUMNS: usize = 80;
const ROWS: u64 = 4;
/// The marks of three heights within a line.
const MARKS: [char; 3] = ['_', 'o', '#'];
const HEIGHTS: u64 = ROWS * MARKS.len() as u64;

fn ago(seconds: i64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

fn histogram(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let mut rows: Vec<u16> = Vec::new();
    if args.left() == 0 {
        rows.extend(0..ctx.server.calls.len() as u16);
    }
    for name in args.rest() {
        let (name, word) = match name.iter().position(|&byte| byte == b'|') {
            Some(at) => (&name[..at], Some(&name[at + 1..])),
            None => (name, None),
        };
        let Some(command) = table::find(name) else { continue };
        match word {
            Some(word) => rows.extend(command.subcommand(word).map(|found| found.id)),
            None if command.subcommands.is_empty() => rows.push(command.id),
            None => rows.extend(command.subcommands.iter().map(|sub| sub.id)),
        }
    }
    let latency = &ctx.server.latency;
    let called = |&row: &u16| {
        let calls = ctx.server.calls.get(usize::from(row)).map_or(0, |counted| latency.tracked(row, counted.calls));
        let command = table::row(row)?;
        (calls > 0).then(|| (command.full_name, calls, latency.histogram(row, calls)))
    };
    let found: Vec<_> = rows.iter().filter_map(called).collect();
    ctx.reply.map(found.len());
    for (name, calls, steps) in found {
        ctx.reply.bulk(name);
        ctx.reply.map(2);
        ctx.reply.bulk("calls");
        ctx.reply.integer(calls as i64);
        ctx.reply.bulk("histogram_usec");
        ctx.reply.map(steps.len());
        for (bound, count) in steps {
            ctx.reply.integer(bound as i64);
            ctx.reply.integer(count as i64);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Sample;

    #[test]
    fn the_picture_is_the_one_that_the_oracle_drew() {
        let ms = [10, 22, 30, 40, 50, 60, 70, 80, 90, 103, 110, 120, 130];
        let samples = ms.iter().enumerate().map(|(second, &ms)| Sample { second: second as i64, ms }).collect();
        let drawn = draw(&Series { name: "command", longest_ms: 130, samples }, 13);
        let expected = "         _o##\n      _o#||||\n   _o#|||||||\n_o#||||||||||\n             \n1111987654321\n3210sssssssss\nssss         \n";
        assert_eq!(drawn.splitn(3, '\n').nth(2), Some(expected));
        assert!(drawn.starts_with("command - high 130 ms, low 10 ms (all time high 130 ms)\n----"));
    }
}
