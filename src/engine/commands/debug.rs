//! DEBUG: what tests and the curious use. Only what means something here is there; HELP lists that.

use super::debug_digest::{digest, digest_values};
use super::debug_tables;
use crate::args::Args;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::rdb;
use crate::table::{Command, Flag::*, Group};
use crate::text::Text;
use crate::value::Value;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;
use resp::Protocol;
use resp::number::parse_integer;

pub(super) const COMMANDS: &[Command] = &[Command::new("debug", "", debug)
    .group(Group::Server)
    .arity(-2)
    .summary("Looks inside and pokes, for tests.")
    .complexity("Depends on subcommand.")
    .flags(&[Admin, NoScript, Loading, Stale])
    .system()];

const HELP: &[&str] = &[
    "DEBUG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:",
    "CHANGE-REPL-ID",
    "    Change the replication IDs of the instance.",
    "    Dangerous: should be used only for testing the replication subsystem.",
    "DIGEST",
    "    Output a hex signature representing the current DB content.",
    "DIGEST-VALUE <key> [<key> ...]",
    "    Output a hex signature of the values of all the specified keys.",
    "ERROR <string>",
    "    Return a Redis protocol error with <string> as message. Useful for clients",
    "    unit tests to simulate Redis errors.",
    "LEAK <string>",
    "    Create a memory leak of the input string.",
    "LOG <message>",
    "    Write <message> to the server log.",
    "HTSTATS <dbid> [full]",
    "    Return hash table statistics of the specified Redis database.",
    "HTSTATS-KEY <key> [full]",
    "    Like HTSTATS but for the hash table stored at <key>'s value.",
    "KEYSIZES-HIST-ASSERT <0|1>",
    "    Enable/disable keysizes histogram assertion after each command.",
    "OBJECT <key>",
    "    Show low level info about `key` and associated value.",
    "POPULATE <count> [<prefix>] [<size>]",
    "    Create <count> string keys named key:<num>. If <prefix> is specified then",
    "    it is used instead of the 'key' prefix. These are not propagated to",
    "    replicas. Cluster slots are not respected so keys not belonging to the",
    "    current node can be created in cluster mode.",
    "PROTOCOL <type>",
    "    Reply with a test value of the specified type. <type> can be: string,",
    "    integer, double, bignum, null, array, set, map, attrib, push, verbatim,",
    "    true, false.",
    "RELOAD [option ...]",
    "    Save the RDB on disk and reload it back to memory. Valid <option> values:",
    "    * MERGE: conflicting keys will be loaded from RDB.",
    "    * NOFLUSH: the existing database will not be removed before load, but",
    "      conflicting keys will generate an exception and kill the server.",
    "    * NOSAVE: the database will be loaded from an existing RDB file.",
    "    Examples:",
    "    * DEBUG RELOAD: verify that the server is able to persist, flush and reload",
    "      the database.",
    "    * DEBUG RELOAD NOSAVE: replace the current database with the contents of an",
    "      existing RDB file.",
    "    * DEBUG RELOAD NOSAVE NOFLUSH MERGE: add the contents of an existing RDB",
    "      file to the database.",
    "SDSLEN <key>",
    "    Show low level SDS string info representing `key` and value.",
    "SET-ACTIVE-EXPIRE <0|1>",
    "    Setting it to 0 disables expiring keys (and hash-fields) in background ",
    "    when they are not accessed (otherwise the Redis behavior). Setting it",
    "    to 1 reenables back the default.",
    "QUICKLIST-PACKED-THRESHOLD <size>",
    "    Sets the threshold for elements to be inserted as plain vs packed nodes",
    "    Default value is 1GB, allows values up to 4GB. Setting to 0 restores to default.",
    "SET-SKIP-CHECKSUM-VALIDATION <0|1>",
    "    Enables or disables checksum checks for RDB files and RESTORE's payload.",
    "SLEEP <seconds>",
    "    Stop the server for <seconds>. Decimals allowed.",
    "STRUCTSIZE",
    "    Return the size of different Redis core C structures.",
    "LISTPACK <key>",
    "    Show low level info about the listpack encoding of <key>.",
    "QUICKLIST <key> [<0|1>]",
    "    Show low level info about the quicklist encoding of <key>.",
    "    The optional argument (0 by default) sets the level of detail",
    "PAUSE-CRON <0|1>",
    "    Stop periodic cron job processing.",
    "REPLYBUFFER PEAK-RESET-TIME <NEVER||RESET|time>",
    "    Sets the time (in milliseconds) to wait between client reply buffer peak resets.",
    "    In case NEVER is provided the last observed peak will never be reset",
    "    In case RESET is provided the peak reset time will be restored to the default value",
    "REPLYBUFFER RESIZING <0|1>",
    "    Enable or disable the reply buffer resize cron job",
    "REPLY-COPY-AVOIDANCE <0|1>",
    "    Enable/disable reply copy avoidance optimization.",
    "DICT-RESIZING <0|1>",
    "    Enable or disable the main dict and expire dict resizing.",
    "SCRIPT <LIST|<sha>>",
    "    Output SHA and content of all scripts or of a specific script with its SHA.",
    "HELP",
    "    Print this help.",
];

fn debug(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    if ctx.server.settings.get("enable-debug-command") == b"no" {
        return Err(Error::DEBUG_NOT_ALLOWED);
    }
    let word = args.next()?;
    match (&*word.to_ascii_lowercase(), args.left()) {
        (b"help", 0) => ctx.help(HELP),
        (b"sleep", 1) => sleep(ctx, args)?,
        (b"error", 1) => ctx.reply.error(args.next()?),
        (b"sdslen", 1) => string_sizes(ctx, args)?,
        (b"object", 1) => object(ctx, args)?,
        (b"populate", 1..=3) => populate(ctx, args)?,
        (b"protocol", 1) => protocol(ctx, args)?,
        (b"set-active-expire", 1) => {
            ctx.db.expires_actively = parse_integer(args.next()?).unwrap_or(0) != 0;
            ctx.reply.ok();
        }
        (b"change-repl-id", 0) => {
            ctx.server.replication_id = ctx.db.random.hexadecimal();
            ctx.reply.ok();
        }
        (b"quicklist-packed-threshold", 1) => {
            const MOST: u64 = (1 << 32) - (1 << 20);
            let size = crate::config::parse_memory(args.next()?);
            size.filter(|&size| size <= MOST).ok_or(Error::PACKED_THRESHOLD)?;
            ctx.reply.ok();
        }
        (b"htstats", 1..) => debug_tables::of_database(ctx, args)?,
        (b"htstats-key", 1..) => debug_tables::of_key(ctx, args)?,
        (b"listpack", 1) => shown(ctx, args, "listpack", Error::NO_LISTPACK)?,
        (b"quicklist", 1..=2) => shown(ctx, args, "quicklist", Error::NO_QUICKLIST)?,
        (b"replybuffer", 2) => reply_buffer(ctx, args, word)?,
        (b"script", 1) => script(ctx, args, word)?,
        (b"pause-cron", 1) => {
            ctx.db.cron_pauses = parse_integer(args.next()?).unwrap_or(0) != 0;
            ctx.reply.ok();
        }
        (b"set-skip-checksum-validation", 1) => {
            ctx.db.skips_checksums = parse_integer(args.next()?).unwrap_or(0) != 0;
            ctx.reply.ok();
        }
        (b"keysizes-hist-assert", 1) => {
            args.integer()?;
            ctx.reply.ok();
        }
        (b"digest", 0) => digest(ctx, args)?,
        (b"digest-value", _) => digest_values(ctx, args)?,
        (b"reload", _) => reload(ctx, args)?,
        (b"structsize", 0) => {
            ctx.reply.bulk("bits:64 robj:16 dictentry:24 sdshdr5:1 sdshdr8:3 sdshdr16:5 sdshdr32:9 sdshdr64:17 ");
        }
        (b"log" | b"dict-resizing" | b"reply-copy-avoidance" | b"leak", 1) => ctx.reply.ok(),
        _ => {
            return Err(Error::subcommand_arguments("debug", word));
        }
    }
    Ok(())
}

/// Redis prints how such a value is laid out to its own terminal, and says so. There is none here.
fn shown(ctx: &mut Ctx, args: &mut Args, encoding: &str, other: Error) -> Result<(), Error> {
    let key = args.next()?;
    let value = ctx.db.peek(key).ok_or(Error::NO_SUCH_KEY)?;
    if !value.encoding(key.len()).starts_with(encoding) {
        return Err(other);
    }
    let mut name = String::from(encoding);
    name[..1].make_ascii_uppercase();
    ctx.reply.simple(alloc::format!("{name} structure printed on stdout"));
    Ok(())
}

/// How Redis' reply buffers shrink: ours are modelled, not resized.
fn reply_buffer(ctx: &mut Ctx, args: &mut Args, word: &[u8]) -> Result<(), Error> {
    if args.word("PEAK-RESET-TIME") {
        if !args.word("NEVER") && !args.word("RESET") {
            args.integer()?;
        }
    } else if !args.word("RESIZING") {
        return Err(Error::subcommand_arguments("debug", word));
    }
    ctx.reply.ok();
    Ok(())
}

fn script(ctx: &mut Ctx, args: &mut Args, word: &[u8]) -> Result<(), Error> {
    let name = args.next()?;
    if !name.eq_ignore_ascii_case(b"list") {
        if name.len() != 40 {
            return Err(Error::subcommand_arguments("debug", word));
        }
        if !ctx.server.scripting.cache.contains(&name.to_ascii_lowercase()) {
            return Err(Error::NO_SCRIPT);
        }
    }
    ctx.reply.ok();
    Ok(())
}

/// Time stands still in here: the sleep is effort, which whoever hosts the engine may turn into time.
fn sleep(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let seconds = crate::number::parse_double(args.next()?).unwrap_or(0.0);
    ctx.effort += (seconds * 1e6).clamp(0.0, 1e15) as u64;
    ctx.reply.ok();
    Ok(())
}

/// Every value goes out and comes back as a snapshot would take it: encodings follow the present limits, access clocks start anew.
/// There is no file: what would be read from one (NOSAVE) is what is there.
fn reload(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    while args.left() > 0 {
        if !["MERGE", "NOFLUSH", "NOSAVE"].iter().any(|word| args.word(word)) {
            return Err(Error::RELOAD_OPTIONS);
        }
    }
    for database in 0..ctx.db.databases() {
        let mut kept: Vec<(Text, Vec<u8>, Option<i64>)> = Vec::new();
        for (key, value, deadline) in ctx.db.keyspace(database).iter() {
            if deadline.is_none_or(|deadline| deadline > ctx.now.millis()) {
                kept.push((key.clone(), rdb::dump(value), deadline));
            }
        }
        ctx.effort += kept.len() as u64;
        ctx.db.flush(database);
        ctx.db.in_database(database, |db| {
            for (key, payload, deadline) in kept {
                if let Ok(value) = rdb::restore(&payload, db) {
                    db.set(&key, value);
                    db.set_deadline(&key, deadline);
                }
            }
        });
    }
    ctx.server.tracking.flushed(ctx.clients.current_id(), ctx.clients, &mut ctx.server.outbox);
    ctx.reply.ok();
    Ok(())
}

fn object(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let now = ctx.now.seconds();
    let access = ctx.db.access(key).ok_or(Error::NO_SUCH_KEY)?;
    let value = ctx.db.peek(key).ok_or(Error::NO_SUCH_KEY)?;
    let encoding = value.encoding(key.len());
    // A dump without its type, version and checksum.
    let dump = rdb::dump(value);
    let length = dump.len().saturating_sub(11 + rdb::ahead(&dump));
    let idle = (now - i64::from(access)) & 0xFF_FFFF;
    let mut text = alloc::format!(
        "Value at:0x7f0000000000 refcount:1 encoding:{encoding} serializedlength:{length} lru:{access} lru_seconds_idle:{idle}"
    );
    if let Value::List(list) = value
        && encoding == "quicklist"
    {
        let (len, nodes) = (list.len(), list.nodes().max(1));
        // The nearest hundredth; what lies in the middle goes to the even one, as C does it.
        let (whole, rest) = (len * 100 / nodes, len * 100 % nodes * 2);
        let average = whole + usize::from(rest > nodes || rest == nodes && whole % 2 == 1);
        let bytes: usize = list
            .node_contents()
            .map(|node| node.map_or_else(<[u8]>::len, crate::types::listpack::Listpack::size))
            .sum();
        let (most, depth) = (ctx.db.encodings.list_max_listpack_size, ctx.db.encodings.list_compress_depth);
        // Writing to a string cannot fail.
        let _ = write!(
            text,
            " ql_nodes:{nodes} ql_avg_node:{}.{:02} ql_listpack_max:{most} ql_compressed:{} ql_uncompressed_size:{bytes}",
            average / 100,
            average % 100,
            i32::from(depth > 0)
        );
    }
    ctx.reply.simple(text);
    Ok(())
}

/// What the strings of a key and its value take, and how much room they have.
fn string_sizes(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let key = args.next()?;
    let sizes = ctx.db.string_sizes(key)?;
    ctx.reply.simple(alloc::format!(
        "key_sds_len:{}, key_sds_avail:0, key_zmalloc: {}, val_sds_len:{}, val_sds_avail:{}, val_zmalloc: {}",
        key.len(),
        sizes.object,
        sizes.len,
        sizes.room - sizes.len,
        sizes.own
    ));
    Ok(())
}

fn populate(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let number =
        |args: &mut Args| parse_integer(args.next()?).filter(|&number| number >= 0).ok_or(Error::MUST_BE_POSITIVE);
    let count = number(args)?;
    let prefix = if args.left() > 0 { args.next()? } else { b"key" };
    let size = if args.left() > 0 { Some(number(args)?) } else { None };
    // As much as nobody wants to wait for.
    const MOST_BYTES: i64 = 1 << 32;
    if count.saturating_mul(size.unwrap_or(0).saturating_add(64)) > MOST_BYTES {
        return Err(Error::OUT_OF_MEMORY);
    }
    ctx.db.make_room(count as usize);
    for index in 0..count {
        let digits = alloc::format!("{index}");
        let key = [prefix, b":", digits.as_bytes()].concat();
        if ctx.db.contains(&key) {
            continue;
        }
        let mut value = [b"value:", digits.as_bytes()].concat();
        if let Some(size) = size {
            value.resize(size as usize, 0);
        }
        ctx.db.set(&key, Value::string(&value));
        ctx.effort += 1;
    }
    ctx.reply.ok();
    Ok(())
}

fn protocol(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let reply = &mut ctx.reply;
    match &*args.next()?.to_ascii_lowercase() {
        b"string" => reply.bulk("Hello World"),
        b"integer" => reply.integer(12345),
        b"double" => reply.double(3141.0 / 1000.0),
        b"bignum" => reply.big_number("1234567999999999999999999999999999999"),
        b"null" => reply.null(),
        b"array" => {
            reply.array(3);
            (0..3).for_each(|number| reply.integer(number));
        }
        b"set" => {
            reply.set(3);
            (0..3).for_each(|number| reply.integer(number));
        }
        b"map" => {
            reply.map(3);
            for number in 0..3 {
                reply.integer(number);
                reply.boolean(number == 1);
            }
        }
        b"attrib" => {
            if reply.attribute(1) {
                reply.bulk("key-popularity");
                reply.array(2);
                reply.bulk("key:123");
                reply.integer(90);
            }
            reply.bulk("Some real reply following the attribute");
        }
        b"push" => {
            if reply.protocol == Protocol::Resp2 {
                return Err(Error::NEEDS_RESP3);
            }
            reply.bulk("Some real reply following the push reply");
            reply.push(2);
            reply.bulk("server-cpu-usage");
            reply.integer(42);
        }
        b"verbatim" => reply.verbatim(b"txt", "This is a verbatim\nstring"),
        b"true" => reply.boolean(true),
        b"false" => reply.boolean(false),
        _ => return Err(Error::PROTOCOL_TYPE),
    }
    Ok(())
}
