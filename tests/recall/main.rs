//! How much of what is nearest VSIM finds at equal breadth, and what it costs: the same vectors on any number of servers, side by side.
//!
//!     cargo run --release -p tests --bin recall -- ADDRESS… [--vectors N] [--queries Q] [--sets S] [--dims D,D…] [--efs E,E…]
//!         [--quantisations Q8,NOQUANT,BIN] [--kinds even,centres,uneven] [--m M] [--build-ef EF] [--record]
//!
//! The same vectors, drawn anew for each of `--sets` data sets, go to every server with `M` and `EF` said explicitly, and so does the
//! `EF` of every search; only the column "default" leaves it to the server. A find counts when its score is at least that of the tenth that
//! `VSIM … TRUTH` names on the same server, so that recall says how good the graph is and not how much quantisation lost, and so that
//! of elements which are equally near (there are many with BIN) any counts. Requests go in batches; the times are the CPU time of the servers' processes, where they run on this
//! machine. The key `recall` is deleted on each server. `--record` writes the table to tests/reference/recall.md.

use resp::{Decoder, Value, request_bytes};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::ExitCode;

const BATCH: usize = 100;
const COUNT: usize = 10;
const RECORD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/reference/recall.md");

type Request = Vec<Vec<u8>>;

struct Server {
    name: String,
    stream: TcpStream,
    decoder: Decoder,
    process: Option<String>,
}

impl Server {
    fn open(address: &str) -> Result<Server, String> {
        let stream = TcpStream::connect(address).map_err(|error| format!("{address}: {error}"))?;
        let _ = stream.set_nodelay(true);
        let mut server = Server { name: address.to_owned(), stream, decoder: Decoder::new(), process: None };
        let replies = server.ask(&[request(&[b"INFO", b"server"])])?;
        if let [Value::Bulk(info)] = &replies[..] {
            let info = String::from_utf8_lossy(info).into_owned();
            let field = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            server.process = field("process_id:");
            if field("executable:").is_some_and(|path| path.contains("redis-server")) {
                server.name = format!("Redis {}", field("redis_version:").unwrap_or_default());
            } else {
                "ours".clone_into(&mut server.name);
            }
        }
        Ok(server)
    }

    /// Sends requests in batches.
    fn ask(&mut self, requests: &[Request]) -> Result<Vec<Value>, String> {
        let complain = |error: std::io::Error| format!("{}: {error}", self.name);
        let mut replies = Vec::with_capacity(requests.len());
        for batch in requests.chunks(BATCH) {
            let bytes: Vec<u8> = batch.iter().flat_map(request_bytes).collect();
            self.stream.write_all(&bytes).map_err(complain)?;
            let wanted = replies.len() + batch.len();
            let mut buffer = [0; 8192];
            while replies.len() < wanted {
                match self.decoder.next().map_err(|error| format!("{}: {error:?}", self.name))? {
                    Some(Value::Error(text)) => return Err(String::from_utf8_lossy(&text).into_owned()),
                    Some(reply) => replies.push(reply),
                    None => {
                        let read = self.stream.read(&mut buffer).map_err(complain)?;
                        if read == 0 {
                            return Err(format!("{} closed the connection", self.name));
                        }
                        self.decoder.feed(&buffer[..read]);
                    }
                }
            }
        }
        Ok(replies)
    }

    /// The CPU time that the server's process took so far, in µs; Linux counts it in hundredths of a second.
    fn cpu_us(&self) -> f64 {
        let stat = |process: &String| std::fs::read_to_string(format!("/proc/{process}/stat")).ok();
        let ticks = |stat: String| {
            let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
            let mut next = || fields.next()?.parse::<f64>().ok();
            Some(next()? + next()?)
        };
        self.process.as_ref().and_then(stat).and_then(ticks).unwrap_or(f64::NAN) * 10_000.0
    }

    /// The same with the CPU time it took, in µs a request.
    fn timed(&mut self, requests: &[Request]) -> Result<(Vec<Value>, f64), String> {
        let before = self.cpu_us();
        let replies = self.ask(requests)?;
        Ok((replies, (self.cpu_us() - before) / requests.len() as f64))
    }
}

struct Random(u64);

impl Random {
    /// From -1 to 1.
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1 << 23) as f32 - 1.0
    }

    fn vector(&mut self, dim: usize) -> Vec<f32> {
        (0..dim).map(|_| self.next()).collect()
    }
}

/// Vectors to store, and queries of the same kind: spread evenly, around a hundred centres alike, or around centres of which some have
/// many and some few, some closely and some far about them, with every twentieth vector anywhere.
fn vectors(kind: &str, count: usize, dim: usize, random: &mut Random) -> Vec<Vec<f32>> {
    let centres: Vec<Vec<f32>> = (0..100).map(|_| random.vector(dim)).collect();
    let around = |at: usize, spread: f32, random: &mut Random| -> Vec<f32> {
        centres[at].iter().map(|value| value + spread * random.next()).collect()
    };
    (0..count)
        .map(|at| match kind {
            "centres" => around(at % centres.len(), 1.0, random),
            "uneven" if at % 20 > 0 => {
                let centre = (random.next().powi(2) * 99.9) as usize;
                around(centre, 0.2 + 0.2 * (centre % 8) as f32, random)
            }
            _ => random.vector(dim),
        })
        .collect()
}

fn blob(vector: &[f32]) -> Vec<u8> {
    vector.iter().flat_map(|value| value.to_le_bytes()).collect()
}

fn request(words: &[&[u8]]) -> Request {
    words.iter().map(|word| word.to_vec()).collect()
}

fn searches(asked: &[Vec<f32>], options: &[&str]) -> Vec<Request> {
    let search = |query: &Vec<f32>| {
        let mut words =
            request(&[b"VSIM", b"recall", b"FP32", &blob(query), b"COUNT", b"10", b"WITHSCORES", b"NOTHREAD"]);
        words.extend(options.iter().map(|word| word.as_bytes().to_vec()));
        words
    };
    asked.iter().map(search).collect()
}

/// The scores in a reply of VSIM WITHSCORES.
fn scores(reply: &Value) -> Vec<f64> {
    let Value::Array(reply) = reply else { return Vec::new() };
    let score = |value: &Value| match value {
        Value::Bulk(text) => String::from_utf8_lossy(text).parse().ok(),
        _ => None,
    };
    reply.iter().skip(1).step_by(2).filter_map(score).collect()
}

struct Options {
    addresses: Vec<String>,
    vectors: usize,
    queries: usize,
    sets: usize,
    dims: Vec<usize>,
    efs: Vec<String>,
    quantisations: Vec<String>,
    kinds: Vec<String>,
    m: String,
    build_ef: String,
    record: bool,
}

fn options() -> Result<Options, String> {
    let words = |text: &str| text.split(',').map(str::to_owned).collect::<Vec<String>>();
    let number = |text: &str| text.parse::<usize>().map_err(|_| format!("{text} is no number"));
    let mut options = Options {
        addresses: Vec::new(),
        vectors: 10_000,
        queries: 1000,
        sets: 1,
        dims: vec![100],
        efs: words("10,50,100,200,500"),
        quantisations: words("NOQUANT,Q8,BIN"),
        kinds: words("even,centres,uneven"),
        m: "16".to_owned(),
        build_ef: "200".to_owned(),
        record: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        if name == "--record" {
            options.record = true;
            continue;
        }
        if !name.starts_with("--") {
            options.addresses.push(name);
            continue;
        }
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        match &name[..] {
            "--vectors" => options.vectors = number(&value)?,
            "--queries" => options.queries = number(&value)?,
            "--sets" => options.sets = number(&value)?,
            "--dims" => options.dims = words(&value).iter().map(|dim| number(dim)).collect::<Result<_, _>>()?,
            "--efs" => options.efs = words(&value),
            "--quantisations" => options.quantisations = words(&value),
            "--kinds" => options.kinds = words(&value),
            "--m" => options.m = value,
            "--build-ef" => options.build_ef = value,
            _ => return Err(format!("there is no option {name}")),
        }
    }
    if options.addresses.is_empty() {
        return Err("usage: recall ADDRESS… (what else there is stands at the head of tests/recall/main.rs)".to_owned());
    }
    Ok(options)
}

/// What one server did with some vectors: the share found at each breadth and at its own, and µs a VADD and for each search.
fn measure(
    server: &mut Server,
    adds: &[Request],
    asked: &[Vec<f32>],
    efs: &[String],
) -> Result<(Vec<f64>, Vec<f64>), String> {
    server.ask(&[request(&[b"DEL", b"recall"])])?;
    let (_, adding) = server.timed(adds)?;
    let truth = server.ask(&searches(asked, &["TRUTH"]))?;
    let mut costs = vec![adding];
    let mut recalls = Vec::new();
    for ef in efs.iter().map(Some).chain([None]) {
        let options = ef.map_or(Vec::new(), |ef| vec!["EF", ef]);
        let (found, cost) = server.timed(&searches(asked, &options))?;
        let hits: usize = found
            .iter()
            .zip(&truth)
            .map(|(found, truth)| {
                let least = scores(truth).last().copied().unwrap_or(0.0);
                scores(found).iter().filter(|score| **score >= least).count()
            })
            .sum();
        recalls.push(hits as f64 / (COUNT * asked.len()) as f64);
        costs.push(cost);
    }
    server.ask(&[request(&[b"DEL", b"recall"])])?;
    Ok((recalls, costs))
}

fn run() -> Result<(), String> {
    let options = options()?;
    let mut servers = options.addresses.iter().map(|address| Server::open(address)).collect::<Result<Vec<_>, _>>()?;
    let mut table = format!(
        "{} vectors, M {}, build EF {}; {} data sets, {} queries each, COUNT {COUNT}\n\n| vectors | dim | quantisation | server |",
        options.vectors, options.m, options.build_ef, options.sets, options.queries
    );
    let efs: Vec<String> = options.efs.iter().map(|ef| format!(" EF {ef} |")).collect();
    let costs: Vec<String> = options.efs.iter().map(|ef| format!(" VSIM EF {ef} µs |")).collect();
    let _ = writeln!(table, "{} default | VADD µs |{} default µs |", efs.concat(), costs.concat());
    let _ = writeln!(table, "|---|---|---|---|{}", "---:|".repeat(2 * efs.len() + 3));
    print!("{table}");
    for kind in &options.kinds {
        for &dim in &options.dims {
            for quantisation in &options.quantisations {
                let mut sums = vec![(vec![0.0; efs.len() + 1], vec![0.0; efs.len() + 2]); servers.len()];
                for set in 0..options.sets {
                    let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (set as u64) << 32);
                    let mut stored = vectors(kind, options.vectors + options.queries, dim, &mut random);
                    let asked = stored.split_off(options.vectors);
                    let add = |(at, vector): (usize, &Vec<f32>)| {
                        let name = at.to_string().into_bytes();
                        let (m, ef) = (options.m.as_bytes(), options.build_ef.as_bytes());
                        let kept = quantisation.as_bytes();
                        request(&[b"VADD", b"recall", b"FP32", &blob(vector), &name, kept, b"M", m, b"EF", ef])
                    };
                    let adds: Vec<_> = stored.iter().enumerate().map(add).collect();
                    for (server, sums) in servers.iter_mut().zip(&mut sums) {
                        let (recalls, costs) = measure(server, &adds, &asked, &options.efs)?;
                        sums.0.iter_mut().zip(recalls).for_each(|(sum, recall)| *sum += recall);
                        sums.1.iter_mut().zip(costs).for_each(|(sum, cost)| *sum += cost);
                    }
                }
                for (server, (recalls, costs)) in servers.iter().zip(sums) {
                    let mut row = format!("| {kind} | {dim} | {quantisation} | {} |", server.name);
                    let sets = options.sets as f64;
                    for recall in recalls {
                        let _ = write!(row, " {:.4} |", recall / sets);
                    }
                    for cost in costs {
                        let _ = write!(row, " {:.0} |", cost / sets);
                    }
                    println!("{row}");
                    table += &row;
                    table.push('\n');
                }
            }
        }
    }
    if options.record {
        let head = "Recall of VSIM and what it costs, beside a real Redis; written by `cargo run --release -p tests --bin recall -- … --record`\n(tests/recall/main.rs says how it is measured). Times are CPU time of the server's process.\n\n";
        std::fs::write(RECORD, format!("{head}{table}")).map_err(|error| format!("{RECORD}: {error}"))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}
