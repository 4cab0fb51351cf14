//! The terminal against the real redis-cli.
//!
//! What redis-cli prints for any reply ([`replies`]), what it hints at behind a line ([`hints`]) and what whole sessions print
//! ([`sessions`]) is recorded in text files beside these tests. With a real Redis at hand (`cargo xtask oracle`) the records are
//! compared with its redis-cli again; `REDIS_ORACLE_RECORD=1` writes them anew.

mod hints;
mod marks;
mod prompts;
mod replies;
mod sessions;

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The redis-cli beside the redis-server that the oracle uses.
fn redis_cli() -> Option<PathBuf> {
    let found = find_redis_cli();
    if found.is_none() {
        println!("oracle: skipped (no REDIS_ORACLE, or no redis-cli 8.x beside redis-server)");
    }
    found
}

fn recording() -> bool {
    std::env::var_os("REDIS_ORACLE_RECORD").is_some()
}

fn find_redis_cli() -> Option<PathBuf> {
    std::env::var_os("REDIS_ORACLE")?;
    let named = std::env::var_os("REDIS_SERVER").map(PathBuf::from);
    let folder = named.and_then(|path| if path.is_dir() { Some(path) } else { path.parent().map(PathBuf::from) });
    let cli = folder.map_or_else(|| PathBuf::from("redis-cli"), |folder| folder.join("redis-cli"));
    let about = Command::new(&cli).arg("--version").output().ok()?;
    String::from_utf8_lossy(&about.stdout).starts_with("redis-cli 8.").then_some(cli)
}

/// A redis-server of the test's own, killed when this goes away.
struct Server {
    child: Child,
    port: u16,
}

impl Server {
    fn start(cli: &Path) -> Option<Server> {
        let port = TcpListener::bind(("127.0.0.1", 0)).ok()?.local_addr().ok()?.port();
        let options = ["--save", "", "--enable-debug-command", "yes", "--loglevel", "nothing", "--port"];
        let mut command = Command::new(cli.with_file_name("redis-server"));
        command.args(options).arg(port.to_string()).args(["--dir", std::env::temp_dir().to_str()?]);
        let child = command.stdout(Stdio::null()).spawn().ok()?;
        let server = Server { child, port };
        let up = (0..100).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        up.then_some(server)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The real redis-cli at a pseudo terminal, which util-linux' `script` provides.
struct Terminal {
    child: Child,
    input: ChildStdin,
    output: Receiver<Vec<u8>>,
}

impl Terminal {
    fn start(cli: &Path, port: u16) -> Option<Terminal> {
        let run = format!("stty cols 2000; exec {} -p {port}", cli.display());
        let mut command = Command::new("script");
        command.args(["-qfec", &run, "/dev/null"]).env("TERM", "xterm").env("HOME", "/nonexistent");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
        let input = child.stdin.take()?;
        let mut screen = child.stdout.take()?;
        let (sender, output) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                if sender.send(buffer[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        let mut terminal = Terminal { child, input, output };
        terminal.shown(Duration::from_secs(1));
        Some(terminal)
    }

    /// What was painted until nothing more came for a while.
    fn shown(&mut self, quiet: Duration) -> String {
        let mut painted = Vec::new();
        while let Ok(bytes) = self.output.recv_timeout(quiet) {
            painted.extend(bytes);
        }
        String::from_utf8_lossy(&painted).into_owned()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
