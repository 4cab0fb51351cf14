//! One client's socket and what could not be written to it yet.

use crate::host::OutputLimit;
use engine::{ClientId, Instant};
use mio::event::Source;
use mio::net::{TcpStream, UnixStream};
use mio::{Interest, Registry, Token};
use std::io::{self, Read, Write};

/// Where no limit is configured, as for normal clients by default, a reader may still not fall behind without end.
const MOST_PENDING: usize = 1 << 30;
/// Memory for unsent bytes that an idle connection may keep.
const IDLE_CAPACITY: usize = 64 * 1024;

pub enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    #[inline]
    pub fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.read(buffer),
            Stream::Unix(stream) => stream.read(buffer),
        }
    }

    #[inline]
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Stream::Tcp(stream) => stream.write(bytes),
            Stream::Unix(stream) => stream.write(bytes),
        }
    }

    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = Interest::READABLE | Interest::WRITABLE;
        match self {
            Stream::Tcp(stream) => stream.register(registry, token, interest),
            Stream::Unix(stream) => stream.register(registry, token, interest),
        }
    }
}

pub struct Connection {
    pub stream: Stream,
    pub client: ClientId,
    pub last_active: Instant,
    /// To be closed as soon as everything was sent.
    pub closing: bool,
    /// More may be waiting in the socket than was read last time.
    pub unread: bool,
    /// The engine holds requests back until the replies before them are out.
    pub waiting: bool,
    /// Bytes from `sent` on are still to be sent.
    pending: Vec<u8>,
    sent: usize,
    /// Since when the soft limit is exceeded.
    behind_since: Option<Instant>,
}

/// The socket is of no use any more.
pub struct Broken;

impl Connection {
    pub fn new(stream: Stream, client: ClientId, now: Instant) -> Connection {
        Connection {
            stream,
            client,
            last_active: now,
            closing: false,
            unread: false,
            waiting: false,
            pending: Vec::new(),
            sent: 0,
            behind_since: None,
        }
    }

    /// Bytes that wait for the reader.
    #[inline]
    pub fn pending(&self) -> usize {
        self.pending.len() - self.sent
    }

    /// Sends `bytes`, or as much as the socket takes and the rest later.
    #[inline]
    pub fn send(&mut self, mut bytes: &[u8]) -> Result<(), Broken> {
        if self.pending() == 0 {
            let sent = self.write_some(bytes)?;
            if sent == bytes.len() {
                return Ok(());
            }
            bytes = &bytes[sent..];
        }
        self.pending.extend_from_slice(bytes);
        Ok(())
    }

    /// Goes on sending what was left.
    pub fn flush(&mut self) -> Result<(), Broken> {
        if self.pending() == 0 {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.pending);
        let sent = self.write_some(&pending[self.sent..]);
        self.pending = pending;
        self.sent += sent?;
        if self.sent == self.pending.len() {
            self.pending.clear();
            self.pending.shrink_to(IDLE_CAPACITY);
            self.sent = 0;
        } else if self.sent > self.pending.len() / 2 {
            self.pending.drain(..self.sent);
            self.sent = 0;
        }
        Ok(())
    }

    /// Writes until the socket is full.
    fn write_some(&mut self, bytes: &[u8]) -> Result<usize, Broken> {
        let mut sent = 0;
        while sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(0) => return Err(Broken),
                Ok(written) => sent += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(_) => return Err(Broken),
            }
        }
        Ok(sent)
    }

    /// Whether the reader is further behind than it may be.
    #[inline]
    pub fn overflows(&mut self, limit: OutputLimit, now: Instant) -> bool {
        let pending = self.pending();
        if pending == 0 {
            self.behind_since = None;
            return false;
        }
        let hard = if limit.hard == 0 { MOST_PENDING as u64 } else { limit.hard };
        if pending as u64 > hard {
            return true;
        }
        if limit.soft == 0 || pending as u64 <= limit.soft {
            self.behind_since = None;
            return false;
        }
        let since = *self.behind_since.get_or_insert(now);
        now.seconds() - since.seconds() > limit.soft_seconds as i64
    }
}
