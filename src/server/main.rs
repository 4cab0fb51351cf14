//! `rediscover-server`: the engine over TCP and unix sockets, with the real clock, started and logging as redis-server does.

mod config;
mod connection;
mod files;
mod host;
mod listener;
mod log;
mod server;

use config::{CommandLine, Configuration, REDIS_VERSION, Refusal};
use host::Host;
use log::Log;
use std::fs;
use std::process::{Command, ExitCode, Stdio};

const USAGE: &str = "\
Usage: ./rediscover-server [/path/to/redis.conf] [options] [-]
       ./rediscover-server - (read config from stdin)
       ./rediscover-server -v or --version
       ./rediscover-server -h or --help

Examples:
       ./rediscover-server (run the server with default conf)
       echo 'loglevel verbose' | ./rediscover-server -
       ./rediscover-server /etc/redis/6379.conf
       ./rediscover-server --port 7777
       ./rediscover-server /etc/myredis.conf --loglevel verbose -
       ./rediscover-server /etc/myredis.conf --loglevel verbose
";

fn main() -> ExitCode {
    let arguments: Vec<String> =
        std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()).collect();
    if let [first] = arguments.as_slice() {
        match first.as_str() {
            "-v" | "--version" => {
                // Tools look for `v=`; the build says who we are.
                let version = env!("CARGO_PKG_VERSION");
                println!(
                    "Redis server v={REDIS_VERSION} sha=00000000:0 malloc=libc bits=64 build=rediscover-{version}"
                );
                return ExitCode::SUCCESS;
            }
            "-h" | "--help" => {
                eprint!("{USAGE}");
                return ExitCode::FAILURE;
            }
            _ => {}
        }
    }
    let command_line = CommandLine::parse(&arguments);
    let configuration = match Configuration::load(&command_line) {
        Ok(configuration) => configuration,
        Err(refusal) => {
            if let Some(banner) = refusal.banner() {
                eprint!("{banner}");
            } else if let Refusal::File { path, reason } = refusal {
                Log::new(log::Level::Notice)
                    .warning(format_args!("Fatal error, can't open config file '{path}': {reason}"));
            }
            return ExitCode::FAILURE;
        }
    };
    if configuration.settings.is_yes("daemonize") {
        return daemonize(&command_line);
    }
    run(&configuration, &command_line)
}

fn run(configuration: &Configuration, command_line: &CommandLine) -> ExitCode {
    let settings = &configuration.settings;
    let host = Host::new(settings);
    let mut log = Log::new(host.log_level);
    if let Some(path) = host::path(settings, "logfile")
        && let Err(error) = log.open(&path)
    {
        let reason = config::reason(&error);
        eprint!("\n*** FATAL CONFIG FILE ERROR (Redis {REDIS_VERSION}) ***\nCan't open the log file: {reason}\n");
        return ExitCode::FAILURE;
    }
    if command_line.stdin {
        log.notice("Reading config from stdin");
    }
    let (version, pid) = (env!("CARGO_PKG_VERSION"), std::process::id());
    log.notice("oO0OoO0OoO0Oo Rediscover is starting oO0OoO0OoO0Oo");
    log.notice(format_args!(
        "Rediscover version={version}, Redis version={REDIS_VERSION}, bits=64, pid={pid}, just started"
    ));
    if command_line.file.is_none() && !command_line.stdin && command_line.lines.is_empty() {
        log.warning("Warning: no config file specified, using the default config. In order to specify a config file use rediscover-server /path/to/redis.conf");
    } else {
        log.notice("Configuration loaded");
    }
    log.serves();
    log.notice(format_args!("Running mode=standalone, port={}.", host.port));
    for directive in &configuration.without_effect {
        log.warning(format_args!("WARNING: without effect here: {directive}"));
    }
    let server = match server::Server::open(settings, host, log) {
        Ok(server) => server,
        // Said in the log already.
        Err(server::CannotServe) => return ExitCode::FAILURE,
    };
    let pid_file = host::path(settings, "pidfile");
    if let Some(path) = &pid_file {
        // A pid file that cannot be written is no reason not to serve; so it is in Redis.
        let _ = fs::write(path, format!("{pid}\n"));
    }
    server.run();
    if let Some(path) = &pid_file {
        let _ = fs::remove_file(path);
    }
    ExitCode::SUCCESS
}

/// Starts the same server again as a process of its own, in its own process group and without a terminal, and leaves.
fn daemonize(command_line: &CommandLine) -> ExitCode {
    let Ok(program) = std::env::current_exe() else {
        eprintln!("Can't find the path of this program to start it in the background.");
        return ExitCode::FAILURE;
    };
    if command_line.stdin {
        eprintln!("'daemonize yes' and a configuration from standard input do not go together here.");
        return ExitCode::FAILURE;
    }
    let mut command = Command::new(program);
    command.args(std::env::args_os().skip(1)).args(["--daemonize", "no"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    match command.spawn() {
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Can't start in the background: {}", config::reason(&error));
            ExitCode::FAILURE
        }
    }
}
