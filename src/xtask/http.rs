//! A small static web server for the finished site: GET and HEAD, correct types, compressed twins, cache headers.
//!
//! Files named by their content may be kept for ever; everything else is asked for again and answered 304 while it is
//! unchanged. It serves one machine's own browser and tests, so a thread for each connection is plenty.

use std::fs;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

pub struct Site {
    pub dir: PathBuf,
    /// Holds FILE.br and FILE.gz for the files of `dir` that have them.
    pub compressed: PathBuf,
    /// Under which path the site is found: `/`, or `/some/where/`.
    pub base: String,
}

/// Serves in the background until the process ends; gives the address.
pub fn start(site: Site, port: u16) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let address = listener.local_addr()?;
    let site = Arc::new(site);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let site = Arc::clone(&site);
            thread::spawn(move || connection(&site, stream).ok());
        }
    });
    Ok(address)
}

fn connection(site: &Site, stream: TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_mins(1)))?;
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut stream = stream;
    while let Some(request) = Request::read(&mut reader)? {
        let answer = site.answer(&request);
        stream.write_all(&answer.encode(request.method == "HEAD"))?;
        if request.close {
            break;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Request {
    method: String,
    path: String,
    encodings: String,
    known: String,
    close: bool,
}

impl Request {
    fn read(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Request>> {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let mut words = line.split_whitespace();
        let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let mut request = Request { method: method.to_owned(), path: decoded(path), ..Request::default() };
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line)? == 0 || line.trim().is_empty() {
                return Ok(Some(request));
            }
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim().to_owned();
            match name.to_ascii_lowercase().as_str() {
                "accept-encoding" => request.encodings = value,
                "if-none-match" => request.known = value,
                "connection" => request.close = value.eq_ignore_ascii_case("close"),
                _ => {}
            }
        }
    }
}

fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        match hex.and_then(|two| u8::from_str_radix(two, 16).ok()).filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

struct Answer {
    status: &'static str,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn plain(status: &'static str) -> Answer {
        let headers = vec![("Content-Type", "text/plain; charset=utf-8".to_owned())];
        Answer { status, headers, body: format!("{status}\n").into_bytes() }
    }

    fn encode(&self, head_only: bool) -> Vec<u8> {
        let mut out = format!("HTTP/1.1 {}\r\nContent-Length: {}\r\n", self.status, self.body.len()).into_bytes();
        for (name, value) in &self.headers {
            out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        if !head_only {
            out.extend_from_slice(&self.body);
        }
        out
    }
}

impl Site {
    fn answer(&self, request: &Request) -> Answer {
        if request.method != "GET" && request.method != "HEAD" {
            return Answer::plain("405 Method Not Allowed");
        }
        let Some(file) = self.file(&request.path) else { return Answer::plain("404 Not Found") };
        let name = file.to_string_lossy().into_owned();
        let (encoding, body) = self.read(&name, &request.encodings);
        let Ok(body) = body else { return Answer::plain("404 Not Found") };

        let mut hash = DefaultHasher::new();
        hash.write(&body);
        let tag = format!("\"{:016x}\"", hash.finish());
        let keep = if is_hashed(&name) { "public, max-age=31536000, immutable" } else { "no-cache" };
        let mut headers = vec![
            ("Content-Type", content_type(&name).to_owned()),
            ("Cache-Control", keep.to_owned()),
            ("ETag", tag.clone()),
            ("Vary", "Accept-Encoding".to_owned()),
            ("X-Content-Type-Options", "nosniff".to_owned()),
        ];
        if let Some(encoding) = encoding {
            headers.push(("Content-Encoding", encoding.to_owned()));
        }
        if request.known == tag {
            // A 304 has no body, but its length would be read as one.
            return Answer { status: "304 Not Modified", headers, body: Vec::new() };
        }
        Answer { status: "200 OK", headers, body }
    }

    /// The file under `dir` that a path means; none if it leads elsewhere.
    fn file(&self, path: &str) -> Option<PathBuf> {
        let inside = path.strip_prefix(&self.base)?;
        let mut file = PathBuf::from(inside);
        if !file.components().all(|part| matches!(part, Component::Normal(_))) {
            return None;
        }
        if inside.is_empty() || inside.ends_with('/') {
            file.push("index.html");
        }
        self.dir.join(&file).is_file().then_some(file)
    }

    fn read(&self, name: &str, accepted: &str) -> (Option<&'static str>, io::Result<Vec<u8>>) {
        for (encoding, kind) in [("br", "br"), ("gzip", "gz")] {
            let accepts = accepted.split(',').any(|word| word.split(';').next().is_some_and(|w| w.trim() == encoding));
            if accepts && let Ok(body) = fs::read(self.compressed.join(format!("{name}.{kind}"))) {
                return (Some(encoding), Ok(body));
            }
        }
        (None, fs::read(self.dir.join(name)))
    }
}

/// Trunk and we put a hash into the names of files that never change under that name; trunk drops its leading zeros.
fn is_hashed(name: &str) -> bool {
    let stem = Path::new(name).file_name().unwrap_or_default().to_string_lossy();
    stem.split(['-', '.', '_'])
        .any(|part| (12..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

fn content_type(name: &str) -> &'static str {
    match Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" | "redis" => "text/plain; charset=utf-8",
        "xml" => "application/xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::{Site, decoded, is_hashed};

    #[test]
    fn a_path_never_leaves_the_site() {
        let dir = env!("CARGO_MANIFEST_DIR").into();
        let site = Site { dir, compressed: "/nowhere".into(), base: "/under/".to_owned() };
        assert_eq!(site.file("/under/main.rs").as_deref(), Some("main.rs".as_ref()));
        for path in ["/main.rs", "/under/../xtask/main.rs", "/under//etc/passwd", "/under/.", "/under", "/under/absent"]
        {
            assert_eq!(site.file(path), None, "{path}");
        }
    }

    #[test]
    fn percent_signs_are_decoded_where_they_mean_something() {
        assert_eq!(decoded("/a%20b%zz%2"), "/a b%zz%2");
    }

    #[test]
    fn names_with_a_hash_are_known() {
        assert!(is_hashed("web-0123456789abcdef_bg.wasm"));
        assert!(!is_hashed("index.html"));
    }
}
