//! The same transcripts and lessons on a real redis-server, whose address REDIS_ORACLE names (`cargo xtask oracle` sets it).
//!
//! Time is real there. Up to two seconds are slept; longer ones are played by bringing every deadline of keys and fields nearer.
//! The server is emptied before each file, so do not name one that is in use.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use course::Transcript;
use course::transcript::{Elapsed, Patience, Play, Stage};
use resp::{Decoder, Value, request_bytes};

use crate::{lessons, memory, transcripts};

/// A real server as a stage.
pub struct TcpStage {
    address: String,
    clients: BTreeMap<String, Connection>,
    /// What must be set again at the end.
    settings: Vec<(String, String)>,
}

pub struct Connection {
    stream: TcpStream,
    decoder: Decoder,
    sent: Instant,
}

impl Connection {
    pub fn open(address: &str) -> Result<Connection, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
        stream.set_nodelay(true).map_err(|error| error.to_string())?;
        Ok(Connection { stream, decoder: Decoder::new(), sent: Instant::now() })
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.sent = Instant::now();
        // A server that has closed the connection is seen when its reply is read.
        match self.stream.write_all(bytes) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe && error.kind() != ErrorKind::ConnectionReset => {
                Err(error.to_string())
            }
            _ => Ok(()),
        }
    }

    fn receive(&mut self, patience: Duration) -> Result<Option<Value>, String> {
        let until = Instant::now() + patience;
        let mut buffer = vec![0; 65_536];
        loop {
            if let Some(value) = self.decoder.next().map_err(|error| format!("{error:?}"))? {
                return Ok(Some(value));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            self.stream.set_read_timeout(Some(left)).map_err(|error| error.to_string())?;
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(None),
                Ok(count) => self.decoder.feed(&buffer[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
                Err(error) => return Err(error.to_string()),
            }
        }
    }

    pub fn ask(&mut self, arguments: &[&str]) -> Result<Value, String> {
        self.send(&request_bytes(arguments))?;
        self.receive(PATIENCE)?.ok_or_else(|| format!("no reply to {}", arguments.join(" ")))
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
const IMPATIENCE: Duration = Duration::from_millis(120);
const LONGEST_SLEEP_US: u64 = 2_000_000;

impl TcpStage {
    /// A stage on an emptied server.
    pub fn new(address: &str) -> Result<TcpStage, String> {
        let mut stage = TcpStage { address: address.to_owned(), clients: BTreeMap::new(), settings: Vec::new() };
        let mut admin = Connection::open(&stage.address)?;
        for command in [
            &["FLUSHALL"][..],
            &["SCRIPT", "FLUSH"],
            &["FUNCTION", "FLUSH"],
            &["CONFIG", "RESETSTAT"],
            &["SLOWLOG", "RESET"],
            &["ACL", "LOG", "RESET"],
        ] {
            admin.ask(command)?;
        }
        stage.settings = settings(&mut admin)?;
        Ok(stage)
    }

    /// Undoes what the transcript has set.
    pub fn finish(self) -> Result<(), String> {
        let mut admin = Connection::open(&self.address)?;
        let now = settings(&mut admin)?;
        for (name, value) in self.settings.iter().filter(|setting| !now.contains(setting)) {
            admin.ask(&["CONFIG", "SET", name, value])?;
        }
        let users = admin.ask(&["ACL", "USERS"])?;
        for user in users.as_elements().unwrap_or_default() {
            let user = String::from_utf8_lossy(user.as_bytes().unwrap_or_default()).into_owned();
            if user != "default" {
                admin.ask(&["ACL", "DELUSER", &user])?;
            }
        }
        // `+get` beside `+@all` would stay in what ACL LIST shows.
        admin.ask(&["ACL", "SETUSER", "default", "reset", "on", "nopass", "sanitize-payload", "~*", "&*", "+@all"])?;
        Ok(())
    }

    fn client(&mut self, name: &str) -> Result<&mut Connection, String> {
        self.clients.get_mut(name).ok_or_else(|| format!("client {name} is not connected"))
    }
}

/// Every setting of the server.
fn settings(admin: &mut Connection) -> Result<Vec<(String, String)>, String> {
    let reply = admin.ask(&["CONFIG", "GET", "*"])?;
    let texts: Vec<String> = reply
        .as_elements()
        .unwrap_or_default()
        .iter()
        .map(|text| String::from_utf8_lossy(text.as_bytes().unwrap_or_default()).into_owned())
        .collect();
    Ok(texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect())
}

impl Stage for TcpStage {
    fn connect(&mut self, client: &str) -> Result<(), String> {
        let connection = Connection::open(&self.address)?;
        self.clients.insert(client.to_owned(), connection);
        Ok(())
    }

    fn send(&mut self, client: &str, bytes: &[u8]) -> Result<(), String> {
        self.client(client)?.send(bytes)
    }

    fn receive(&mut self, client: &str, patience: Patience) -> Result<Option<(Value, Elapsed)>, String> {
        let connection = self.client(client)?;
        let reply = connection.receive(if patience == Patience::None { IMPATIENCE } else { PATIENCE })?;
        Ok(reply.map(|value| (value, connection.sent.elapsed().as_micros() as Elapsed)))
    }

    fn pass(&mut self, us: u64) -> Result<(), String> {
        if us <= LONGEST_SLEEP_US {
            // A server's clock may be read a little before ours.
            thread::sleep(Duration::from_micros(us) + Duration::from_millis(3));
            return Ok(());
        }
        let mut admin = Connection::open(&self.address)?;
        for database in 0..16 {
            admin.ask(&["SELECT", &database.to_string()])?;
            let keys = admin.ask(&["KEYS", "*"])?;
            for key in keys.as_elements().unwrap_or_default() {
                bring_nearer(
                    &mut admin,
                    &String::from_utf8_lossy(key.as_bytes().unwrap_or_default()),
                    us as i64 / 1000,
                )?;
            }
        }
        thread::sleep(Duration::from_millis(250));
        Ok(())
    }

    fn is_real(&self) -> bool {
        true
    }

    fn settle(&mut self) {
        thread::sleep(Duration::from_millis(40));
    }
}

/// Brings the deadlines of a key and of its fields nearer by some milliseconds.
fn bring_nearer(admin: &mut Connection, key: &str, by_ms: i64) -> Result<(), String> {
    if let Some(left) = admin.ask(&["PTTL", key])?.as_integer().filter(|left| *left >= 0) {
        admin.ask(&["PEXPIRE", key, &(left - by_ms).max(1).to_string()])?;
    }
    if admin.ask(&["TYPE", key])? != Value::Simple(b"hash".to_vec()) {
        return Ok(());
    }
    let fields = admin.ask(&["HKEYS", key])?;
    for field in fields.as_elements().unwrap_or_default() {
        let field = String::from_utf8_lossy(field.as_bytes().unwrap_or_default()).into_owned();
        let left = admin.ask(&["HPTTL", key, "FIELDS", "1", &field])?;
        if let Some([Value::Integer(left)]) = left.as_elements()
            && *left >= 0
        {
            admin.ask(&["HPEXPIRE", key, &(left - by_ms).max(1).to_string(), "FIELDS", "1", &field])?;
        }
    }
    Ok(())
}

/// Everything in one test, because there is one server.
#[test]
fn everything_holds_on_the_oracle() {
    let Ok(address) = std::env::var("REDIS_ORACLE") else {
        println!("oracle: skipped (REDIS_ORACLE names no server)");
        return;
    };
    let filter = std::env::var("REDIS_ORACLE_FILTER").unwrap_or_default();
    let bless = std::env::var_os("BLESS").is_some();
    let mut complaints = Vec::new();
    let (mut compared, mut files) = (0, 0);
    let folders = ["transcripts", "wishlist", "deviations"];
    for file in &folders.map(transcripts::under).concat() {
        let (_, mut transcript) = transcripts::read(file);
        let name = transcripts::name(file);
        if !name.contains(&filter) || transcript.has_faults() {
            continue;
        }
        files += 1;
        let mut stage = TcpStage::new(&address).expect("the oracle answers");
        match Play::new(&mut stage).run(&transcript) {
            Ok(report) => {
                compared += report.compared;
                for difference in &report.differences {
                    complaints.push(format!("{name}: {difference}"));
                }
                if bless && !report.differences.is_empty() {
                    transcript.bless(&report);
                    std::fs::write(file, transcript.to_string()).expect("the transcript is written");
                }
            }
            Err(error) => complaints.push(format!("{name}:{error}")),
        }
        stage.finish().expect("the oracle answers");
    }
    for (lesson, source) in lessons::with_sources().iter().filter(|(lesson, _)| lesson.slug.contains(&filter)) {
        let mut stage = TcpStage::new(&address).expect("the oracle answers");
        files += 1;
        compared += lessons::play_page(lesson, source, &mut stage, &mut complaints);
        stage.finish().expect("the oracle answers");
        for task in &lesson.tasks {
            let mut stage = TcpStage::new(&address).expect("the oracle answers");
            compared += lessons::play_task(lesson, source, task, &mut stage, &mut complaints);
            stage.finish().expect("the oracle answers");
        }
    }
    if "memory".contains(&filter) {
        compared += memory::compare_with(&address, !filter.is_empty(), bless, &mut complaints);
    }
    println!("oracle: {files} files and lessons, {compared} replies compared");
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

/// Reads what a client of a real server would: the player and this stage agree about what a reply is.
#[test]
fn a_stage_without_a_server_says_so() {
    let mut stage = TcpStage { address: "127.0.0.1:1".to_owned(), clients: BTreeMap::new(), settings: Vec::new() };
    let transcript = Transcript::parse("> PING\nPONG\n").expect("a transcript");
    assert!(Play::new(&mut stage).run(&transcript).is_err());
}
