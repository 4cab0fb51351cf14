//! `cargo xtask`: the project's own commands.
//!
//! It needs nothing but the standard library, so that the first thing a newcomer types is compiled in a few seconds.
//! Whatever else a task needs is looked for on the machine and installed once (see `setup`).

mod bench;
mod fuzz;
mod gate;
mod http;
mod oracle;
mod page;
mod places;
mod run;
mod serve;
mod setup;
mod sizes;
mod split;
mod wasm_target;

use std::process::ExitCode;

/// What went wrong, in words for the person at the terminal.
type Outcome<T = ()> = Result<T, String>;

const USAGE: &str = "\
cargo xtask COMMAND

  serve [--port N]           build the release page and serve it on 127.0.0.1 (port 8080)
  serve --watch [--port N]   the same in the dev profile; rebuilds and reloads when a file is saved
  test [STAGE ...]           run everything that must hold, or only the stages named
  dist                       write the static site into dist/ and hold it against the size budget
  size                       print the sizes of the site that is in dist/
  size lua | PATH ...        print what scripts, or the functions of these paths, add to the program of the last dist
  why [PATH]                 what stays in the page's first module, by size; or what keeps a path there; or all doors
  oracle [FILTER]            play the transcripts on a real Redis 8 and report differences
  bench [TEST ... | all]     in-process benchmarks; with a real Redis 8, redis-benchmark on both servers in turn
  bench lua                  Lua's speed programs against lua5.1, and in wasm against our own native time
  fuzz [TARGET [SECONDS]]    cargo-fuzz on one target, or on all of them a minute each
  lighthouse                 Lighthouse on the page in dist/
  setup                      install what all of these need, and nothing else

A real Redis is a redis-server 8.x on PATH, or the one that REDIS_SERVER names.
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[String]) -> Outcome {
    let Some((command, rest)) = arguments.split_first() else {
        print!("{USAGE}");
        return Ok(());
    };
    std::env::set_current_dir(places::root()).map_err(|e| format!("cannot enter {}: {e}", places::root().display()))?;
    match (command.as_str(), rest) {
        ("serve", options) => serve::command(options),
        ("test", stages) => gate::command(stages),
        ("dist", []) => setup::for_page().and_then(|()| page::dist()),
        ("size", []) => sizes::report(&places::dist()),
        ("size", [part]) if part == "lua" => page::weigh_lua(),
        ("size", paths) => page::weigh(&[(&paths.join(" "), paths)]),
        ("oracle", filter) => oracle::command(filter),
        ("bench", tests) => bench::command(tests),
        ("fuzz", options) => fuzz::command(options),
        ("lighthouse", []) => setup::for_tests().and_then(|()| gate::lighthouse()),
        ("why", []) => page::why(None),
        ("why", [path]) => page::why(Some(path)),
        ("setup", []) => setup::for_tests(),
        ("help" | "--help" | "-h", _) => {
            print!("{USAGE}");
            Ok(())
        }
        _ => Err(format!("what is `cargo xtask {}`?\n\n{USAGE}", arguments.join(" "))),
    }
}
