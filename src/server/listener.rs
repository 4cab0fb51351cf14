//! Where clients come in: TCP addresses and a unix socket.

use crate::config::reason;
use crate::connection::Stream;
use crate::host::Host;
use crate::log::Log;
use mio::event::Source;
use mio::net::{TcpListener, UnixListener};
use mio::{Interest, Registry, Token};
use socket2::{Domain, Protocol, SockRef, Socket, TcpKeepalive, Type};
use std::fs::{self, Permissions};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One place that is listened on.
pub enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener, PathBuf),
}

/// A connection that has just come in.
pub struct Accepted {
    pub stream: Stream,
    pub address: String,
    pub local_address: String,
    /// Whether it came from this machine.
    pub local: bool,
}

/// Opens everything that the settings name; the reasons why it cannot are in the log.
pub fn open_all(host: &Host, log: &mut Log) -> Option<Vec<Listener>> {
    let mut listeners = Vec::new();
    if host.port != 0 {
        for address in &host.bind {
            // A minus in front: where this address does not exist, do without.
            let (optional, address) = match address.strip_prefix('-') {
                Some(address) => (true, address),
                None => (false, address.as_str()),
            };
            let opened = resolve(address, host.port).and_then(|address| open_tcp(address, host.tcp_backlog));
            match opened {
                Ok(listener) => listeners.push(Listener::Tcp(listener)),
                Err(error) => {
                    let missing = matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::Unsupported);
                    if optional && (missing || address == "::*") {
                        continue;
                    }
                    let port = host.port;
                    let reason = reason(&error);
                    log.warning(format_args!(
                        "Warning: Could not create server TCP listening socket {address}:{port}: bind: {reason}"
                    ));
                    log.warning(format_args!("Failed listening on port {port} (tcp), aborting."));
                    return None;
                }
            }
        }
    }
    if let Some(path) = &host.unix_socket {
        match open_unix(path, host.unix_socket_permissions) {
            Ok(listener) => listeners.push(Listener::Unix(listener, path.clone())),
            Err(error) => {
                log.warning(format_args!("Failed opening Unix socket: bind: {}", reason(&error)));
                return None;
            }
        }
    }
    if listeners.is_empty() {
        log.warning("Configured to not listen anywhere, exiting.");
        return None;
    }
    Some(listeners)
}

fn resolve(address: &str, port: u16) -> io::Result<SocketAddr> {
    match address {
        "*" => Ok((Ipv4Addr::UNSPECIFIED, port).into()),
        "::*" => Ok((Ipv6Addr::UNSPECIFIED, port).into()),
        name => (name, port).to_socket_addrs()?.next().ok_or_else(|| io::ErrorKind::AddrNotAvailable.into()),
    }
}

fn open_tcp(address: SocketAddr, backlog: i32) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(backlog)?;
    Ok(TcpListener::from_std(socket.into()))
}

fn open_unix(path: &Path, permissions: Option<u32>) -> io::Result<UnixListener> {
    // What a server that died left behind is in the way; anything but a socket is left alone.
    if fs::symlink_metadata(path).is_ok_and(|found| std::os::unix::fs::FileTypeExt::is_socket(&found.file_type())) {
        fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    if let Some(permissions) = permissions {
        fs::set_permissions(path, Permissions::from_mode(permissions))?;
    }
    Ok(listener)
}

impl Listener {
    pub fn kind(&self) -> &'static str {
        match self {
            Listener::Tcp(_) => "tcp",
            Listener::Unix(..) => "unix",
        }
    }

    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.register(registry, token, Interest::READABLE),
            Listener::Unix(listener, _) => listener.register(registry, token, Interest::READABLE),
        }
    }

    pub fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        match self {
            Listener::Tcp(listener) => listener.deregister(registry),
            Listener::Unix(listener, _) => listener.deregister(registry),
        }
    }

    /// The next connection that waits, or `WouldBlock`.
    pub fn accept(&self, keepalive_seconds: u64) -> io::Result<Accepted> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, address) = listener.accept()?;
                // A connection that ended meanwhile may refuse these; the first read will tell.
                let _ = stream.set_nodelay(true);
                if keepalive_seconds > 0 {
                    let _ = SockRef::from(&stream).set_tcp_keepalive(&keepalive(keepalive_seconds));
                }
                let local_address = stream.local_addr().map(|address| address.to_string()).unwrap_or_default();
                let local = is_loopback(address.ip());
                Ok(Accepted { stream: Stream::Tcp(stream), address: address.to_string(), local_address, local })
            }
            Listener::Unix(listener, path) => {
                let (stream, _) = listener.accept()?;
                let address = format!("{}:0", path.display());
                Ok(Accepted {
                    stream: Stream::Unix(stream),
                    address: address.clone(),
                    local_address: address,
                    local: true,
                })
            }
        }
    }

    /// Takes away what would stay behind.
    pub fn close(self, log: &mut Log) {
        if let Listener::Unix(_, path) = self {
            log.notice("Removing the unix socket file.");
            let _ = fs::remove_file(path);
        }
    }
}

fn is_loopback(address: IpAddr) -> bool {
    address.to_canonical().is_loopback()
}

/// A dead peer is noticed after about twice the given time: probes after it, three of them in a third of it each.
fn keepalive(seconds: u64) -> TcpKeepalive {
    let interval = (seconds / 3).max(1);
    TcpKeepalive::new()
        .with_time(Duration::from_secs(seconds))
        .with_interval(Duration::from_secs(interval))
        .with_retries(3)
}
