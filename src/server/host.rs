//! Those parameters that concern the host and not the engine, in the form in which the event loop needs them. They are read
//! again when CONFIG SET has changed any.

use crate::log::Level;
use engine::config::Settings;
use std::path::PathBuf;

/// How much a slow reader may be behind: at once, or for longer than a number of seconds. Zero is no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutputLimit {
    pub hard: u64,
    pub soft: u64,
    pub soft_seconds: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub port: u16,
    pub bind: Vec<String>,
    pub unix_socket: Option<PathBuf>,
    pub unix_socket_permissions: Option<u32>,
    pub max_clients: usize,
    pub idle_timeout_seconds: i64,
    pub tcp_backlog: i32,
    pub tcp_keepalive_seconds: u64,
    /// Connections from other machines are refused.
    pub protected: bool,
    pub normal_limit: OutputLimit,
    pub subscriber_limit: OutputLimit,
    pub log_level: Level,
}

impl Host {
    pub fn new(settings: &Settings) -> Host {
        let text = |name| String::from_utf8_lossy(settings.get(name)).into_owned();
        let permissions = u32::from_str_radix(&text("unixsocketperm"), 8).unwrap_or(0);
        let limits = text("client-output-buffer-limit");
        Host {
            port: settings.integer("port") as u16,
            bind: text("bind").split_ascii_whitespace().map(str::to_owned).collect(),
            unix_socket: path(settings, "unixsocket"),
            unix_socket_permissions: (permissions != 0).then_some(permissions),
            max_clients: settings.integer("maxclients") as usize,
            idle_timeout_seconds: settings.integer("timeout"),
            tcp_backlog: settings.integer("tcp-backlog") as i32,
            tcp_keepalive_seconds: settings.integer("tcp-keepalive") as u64,
            protected: settings.is_yes("protected-mode") && settings.get("requirepass").is_empty(),
            normal_limit: output_limit(&limits, "normal"),
            subscriber_limit: output_limit(&limits, "pubsub"),
            log_level: Level::named(&text("loglevel")).unwrap_or_default(),
        }
    }
}

/// A path, if there is one.
pub fn path(settings: &Settings, name: &str) -> Option<PathBuf> {
    let text = String::from_utf8_lossy(settings.get(name)).into_owned();
    (!text.is_empty()).then(|| text.into())
}

/// The limit of a class of clients, from groups of class, hard limit, soft limit and seconds.
fn output_limit(text: &str, class: &str) -> OutputLimit {
    let words: Vec<&str> = text.split_ascii_whitespace().collect();
    let number = |word: &str| word.parse().unwrap_or(0);
    let found = words.chunks_exact(4).find(|group| group[0] == class);
    found.map_or(OutputLimit::default(), |group| OutputLimit {
        hard: number(group[1]),
        soft: number(group[2]),
        soft_seconds: number(group[3]),
    })
}
