//! A real Redis beside ours: found, started privately, asked, stopped.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::{Outcome, places, run};

pub struct Found {
    pub server: PathBuf,
    pub version: String,
}

/// The redis-server 8.x that REDIS_SERVER names (the program, or the folder it is in) or that is on PATH.
pub fn find() -> Outcome<Found> {
    let named = env::var_os("REDIS_SERVER").map(PathBuf::from);
    let named = named.map(|path| if path.is_dir() { path.join("redis-server") } else { path });
    let server = named
        .or_else(|| places::on_path(&["redis-server"]))
        .ok_or("no redis-server is on PATH, and REDIS_SERVER names none")?;
    let about = run::answer(Command::new(&server).arg("--version"))
        .ok_or_else(|| format!("{} --version does not answer", server.display()))?;
    let version = about.split_whitespace().find_map(|word| word.strip_prefix("v=")).unwrap_or("?").to_owned();
    if !version.starts_with("8.") {
        return Err(format!("{} is version {version}; it must be 8.x", server.display()));
    }
    Ok(Found { server, version })
}

pub fn command(filter: &[String]) -> Outcome {
    match find() {
        Ok(found) => play(&found, filter),
        Err(why) => {
            println!("oracle: skipped\n{why}");
            Ok(())
        }
    }
}

/// The tests named `oracle…` play every transcript on the server whose address they find in REDIS_ORACLE.
pub fn play(found: &Found, filter: &[String]) -> Outcome {
    let options = ["--save", "", "--enable-debug-command", "yes"];
    let server = Running::start("oracle", &found.server, &options)?;
    println!("oracle: Redis {} on port {}", found.version, server.port);
    let mut tests = run::cargo();
    tests.args(["test", "-p", "tests", "oracle", "--", "--nocapture"]);
    tests.env("REDIS_ORACLE", format!("127.0.0.1:{}", server.port));
    if let Some(filter) = filter.first() {
        tests.env("REDIS_ORACLE_FILTER", filter);
    }
    run::shown(&mut tests)
}

/// A server of our own on a free port of this machine; ends with this value.
pub struct Running {
    pub child: Child,
    pub port: u16,
    dir: PathBuf,
}

impl Running {
    pub fn start(name: &str, program: &Path, options: &[&str]) -> Outcome<Running> {
        let port = free_port()?;
        let dir = places::target().join("xtask").join(format!("{name}-{port}"));
        let fail = |e: std::io::Error| format!("{}: {e}", dir.display());
        fs::create_dir_all(&dir).map_err(fail)?;
        let log = fs::File::create(dir.join("log")).map_err(fail)?;
        let child = Command::new(program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(options)
            .current_dir(&dir)
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("cannot run {}: {e}", program.display()))?;
        let mut running = Running { child, port, dir };
        running.wait_for_pong().map_err(|e| format!("{}: {e}", program.display()))?;
        Ok(running)
    }

    fn wait_for_pong(&mut self) -> Outcome {
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(20) {
            if let Ok(Some(status)) = self.child.try_wait() {
                let log = fs::read_to_string(self.dir.join("log")).unwrap_or_default();
                return Err(format!("it ended at once ({status})\n{log}"));
            }
            if ping(self.port).is_some() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(50));
        }
        Err("it does not answer PING".to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
        fs::remove_dir_all(&self.dir).ok();
    }
}

fn ping(port: u16) -> Option<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(b"PING\r\n").ok()?;
    let mut reply = [0; 7];
    stream.read_exact(&mut reply).ok()?;
    (&reply == b"+PONG\r\n").then_some(())
}

fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|e| format!("no free port: {e}"))
}
