//! INFO: what the server can tell of itself, section by section.
//!
//! Fields are those of Redis 8.6 in its order. What is a property of the machine or the compiler is said to be virtual; what is
//! not modelled is left out rather than made up. Microseconds of commandstats, latencies and CPU
//! are the engine's effort: one for a call and one for every element it visited.

use crate::args::Args;
use crate::client::Client;
use crate::ctx::Ctx;
use crate::error::Error;
use crate::memory::used;
use crate::pubsub::Sort;
use crate::script::Kind;
use crate::server::VERSION;
use crate::table::{self, Category, Command, Flag::*, Group};
use crate::value::Value;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

pub(super) const COMMANDS: &[Command] = &[Command::new("info", "[section [section ...]]", info)
    .group(Group::Server)
    .summary("Tells what the server knows of itself, all of it or some sections.")
    .flags(&[Loading, Stale])
    .tips(&["nondeterministic_output", "request_policy:all_shards", "response_policy:special"])
    .categories(&[Category::Dangerous])];

struct Section {
    name: &'static str,
    /// Shown when no section is asked for.
    usual: bool,
    write: fn(&mut Ctx, &mut String),
}

const fn usual(name: &'static str, write: fn(&mut Ctx, &mut String)) -> Section {
    Section { name, usual: true, write }
}

const fn on_request(name: &'static str, write: fn(&mut Ctx, &mut String)) -> Section {
    Section { name, usual: false, write }
}

const SECTIONS: &[Section] = &[
    usual("Server", server),
    usual("Clients", clients),
    usual("Memory", memory),
    usual("Persistence", persistence),
    usual("Threads", threads),
    usual("Stats", stats),
    usual("Replication", replication),
    usual("CPU", cpu),
    usual("Hotkeys", nothing),
    usual("Modules", modules),
    on_request("Commandstats", command_statistics),
    usual("Errorstats", error_statistics),
    on_request("Latencystats", latency_statistics),
    usual("Cluster", cluster),
    usual("Keyspace", keyspace),
    usual("Keysizes", key_sizes),
];

fn info(ctx: &mut Ctx, args: &mut Args) -> Result<(), Error> {
    let words: Vec<&[u8]> = args.rest().collect();
    let asks = |name: &str| words.iter().any(|word| word.eq_ignore_ascii_case(name.as_bytes()));
    let all = asks("all") || asks("everything");
    let default = words.is_empty() || asks("default");
    let mut text = String::new();
    for section in SECTIONS {
        if all || default && section.usual || asks(section.name) {
            if !text.is_empty() {
                text.push_str("\r\n");
            }
            field(&mut text, format_args!("# {}", section.name));
            (section.write)(ctx, &mut text);
        }
    }
    ctx.reply.verbatim(b"txt", text);
    Ok(())
}

fn field(text: &mut String, line: core::fmt::Arguments) {
    let _ = text.write_fmt(line);
    text.push_str("\r\n");
}

/// Lines `name:value`.
fn fields(text: &mut String, lines: &[(&str, &dyn core::fmt::Display)]) {
    for (name, value) in lines {
        field(text, format_args!("{name}:{value}"));
    }
}

/// Lines whose value is 0, in a row.
fn zeros(text: &mut String, names: &[&str]) {
    for name in names {
        field(text, format_args!("{name}:0"));
    }
}

/// A number that is not negative, with two digits behind the point. (The formatter of floats would be 11 KB of the page.)
fn two_digits(value: f64) -> String {
    let hundredths = libm::rint(value * 100.0) as u64;
    alloc::format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// Bytes as people read them: `1.00M`.
fn human(bytes: i64) -> String {
    const UNITS: [&str; 5] = ["K", "M", "G", "T", "P"];
    if bytes < 1024 {
        return alloc::format!("{bytes}B");
    }
    let mut value = bytes as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    alloc::format!("{}{}", two_digits(value), UNITS[unit])
}

fn nothing(_: &mut Ctx, _: &mut String) {}

fn server(ctx: &mut Ctx, text: &mut String) {
    let settings = &ctx.server.settings;
    let uptime = ctx.now.0.saturating_sub(ctx.server.started.0) / 1_000_000;
    let (port, hz) = (settings.integer("port"), settings.integer("hz"));
    fields(
        text,
        &[
            ("redis_version", &VERSION),
            ("redis_git_sha1", &"00000000"),
            ("redis_git_dirty", &0),
            ("redis_build_id", &"0000000000000000"),
            ("redis_mode", &"standalone"),
            ("os", &"Rediscover"),
            ("arch_bits", &64),
            ("monotonic_clock", &"virtual"),
            ("multiplexing_api", &"virtual"),
            ("atomicvar_api", &"none"),
            ("gcc_version", &"0.0.0"),
            ("process_id", &ctx.server.config.process_id),
            ("process_supervised", &"no"),
            ("run_id", &ctx.server.run_id),
            ("tcp_port", &port),
            ("server_time_usec", &ctx.now.0),
            ("uptime_in_seconds", &uptime),
            ("uptime_in_days", &(uptime / 86_400)),
            ("hz", &hz),
            ("configured_hz", &hz),
            ("lru_clock", &(ctx.now.seconds() & 0xFF_FFFF)),
            ("executable", &"rediscover-server"),
            ("config_file", &""),
            ("io_threads_active", &0),
        ],
    );
    let addresses = String::from_utf8_lossy(settings.get("bind"));
    let binds = addresses.replace(' ', ",bind=");
    field(text, format_args!("listener0:name=tcp,bind={binds},port={port}"));
}

fn clients(ctx: &mut Ctx, text: &mut String) {
    let count = |which: &dyn Fn(&Client) -> bool| ctx.clients.iter().filter(|client| which(client)).count();
    let deadlines = count(&|client| client.blocked.as_ref().is_some_and(|blocked| blocked.deadline.is_some()));
    fields(
        text,
        &[
            ("connected_clients", &count(&|client| !client.closing)),
            ("cluster_connections", &0),
            ("maxclients", &ctx.server.settings.integer("maxclients")),
            ("client_recent_max_input_buffer", &0),
            ("client_recent_max_output_buffer", &0),
            ("blocked_clients", &count(&Client::is_waiting)),
            ("tracking_clients", &count(&|client| client.tracking.is_some())),
            ("pubsub_clients", &count(&|client| !client.subscriptions.is_empty())),
            ("watching_clients", &count(&|client| !client.watched.is_empty() && !client.watch_broken)),
            ("clients_in_timeout_table", &deadlines),
            ("total_watched_keys", &ctx.server.watches.len()),
            ("total_blocking_keys", &ctx.server.waits.keys()),
            ("total_blocking_keys_on_nokey", &0),
        ],
    );
}

fn memory(ctx: &mut Ctx, text: &mut String) {
    let used = used::used(ctx.db, ctx.clients);
    ctx.server.peak.note(used.total, ctx.now);
    let peak = ctx.server.peak;
    let settings = &ctx.server.settings;
    let limit = settings.integer("maxmemory");
    let policy = String::from_utf8_lossy(settings.get("maxmemory-policy"));
    let total = used.total;
    let readable = human(total as i64);
    let rehashing: usize = (0..ctx.db.databases())
        .map(|database| ctx.db.keyspace(database).buckets())
        .map(|(main, volatile)| (main.leaving() + volatile.leaving()) * 8)
        .sum();
    let percent = |share: f32| two_digits(f64::from(share));
    let scripting = &ctx.server.scripting;
    let eval = (scripting.machine_memory(Kind::Script) as u64).max(used::SCRIPT_VM);
    let functions = (scripting.machine_memory(Kind::Function) as u64).max(used::FUNCTION_VM);
    let machines = eval + functions;
    let scripts = scripting.cache.memory() as u64;
    let libraries = used::FUNCTIONS + scripting.libraries.memory() as u64;
    let all_scripts = scripts + libraries;
    fields(
        text,
        &[
            ("used_memory", &total),
            ("used_memory_human", &readable),
            ("used_memory_rss", &total),
            ("used_memory_rss_human", &readable),
            ("used_memory_peak", &peak.bytes),
            ("used_memory_peak_human", &human(peak.bytes as i64)),
            ("used_memory_peak_time", &peak.at.seconds()),
            ("used_memory_peak_perc", &format_args!("{}%", percent(total as f32 * 100.0 / peak.bytes.max(1) as f32))),
            ("used_memory_overhead", &used.overhead),
            ("used_memory_startup", &used::STARTUP),
            ("used_memory_dataset", &(used.dataset() as u64)),
            ("used_memory_dataset_perc", &format_args!("{}%", percent(used.dataset_share()))),
            ("allocator_allocated", &total),
            ("allocator_active", &total),
            ("allocator_resident", &total),
            ("allocator_muzzy", &0),
            ("total_system_memory", &0),
            ("total_system_memory_human", &human(0)),
            ("used_memory_lua", &eval),
            ("used_memory_vm_eval", &eval),
            ("used_memory_lua_human", &human(eval as i64)),
            ("used_memory_scripts_eval", &scripts),
            ("number_of_cached_scripts", &scripting.cache.len()),
            ("number_of_functions", &scripting.libraries.functions()),
            ("number_of_libraries", &scripting.libraries.iter().len()),
            ("used_memory_vm_functions", &functions),
            ("used_memory_vm_total", &machines),
            ("used_memory_vm_total_human", &human(machines as i64)),
            ("used_memory_functions", &libraries),
            ("used_memory_scripts", &all_scripts),
            ("used_memory_scripts_human", &human(all_scripts as i64)),
            ("maxmemory", &limit),
            ("maxmemory_human", &human(limit)),
            ("maxmemory_policy", &policy),
        ],
    );
    for name in ["allocator_frag", "allocator_rss", "rss_overhead", "mem_fragmentation"] {
        field(text, format_args!("{name}_ratio:1.00"));
        field(text, format_args!("{name}_bytes:0"));
    }
    zeros(
        text,
        &[
            "mem_not_counted_for_evict",
            "mem_replication_backlog",
            "mem_total_replication_buffers",
            "mem_replica_full_sync_buffer",
            "mem_clients_slaves",
        ],
    );
    fields(text, &[("mem_clients_normal", &used.clients)]);
    zeros(
        text,
        &[
            "mem_cluster_slot_migration_output_buffer",
            "mem_cluster_slot_migration_input_buffer",
            "mem_cluster_slot_migration_input_buffer_peak",
            "mem_cluster_links",
            "mem_aof_buffer",
        ],
    );
    fields(text, &[("mem_allocator", &"virtual"), ("mem_overhead_db_hashtable_rehashing", &rehashing)]);
    zeros(text, &["active_defrag_running", "lazyfree_pending_objects", "lazyfreed_objects"]);
}

fn persistence(ctx: &mut Ctx, text: &mut String) {
    zeros(text, &["loading", "async_loading", "current_cow_peak", "current_cow_size", "current_cow_size_age"]);
    field(text, format_args!("current_fork_perc:0.00"));
    zeros(text, &["current_save_keys_processed", "current_save_keys_total"]);
    fields(
        text,
        &[
            ("rdb_changes_since_last_save", &ctx.db.effects.dirty),
            ("rdb_bgsave_in_progress", &0),
            ("rdb_last_save_time", &ctx.server.last_save.seconds()),
            ("rdb_last_bgsave_status", &"ok"),
            ("rdb_last_bgsave_time_sec", &-1),
            ("rdb_current_bgsave_time_sec", &-1),
        ],
    );
    zeros(
        text,
        &[
            "rdb_saves",
            "rdb_saves_consecutive_failures",
            "rdb_last_cow_size",
            "rdb_last_load_keys_expired",
            "rdb_last_load_keys_loaded",
        ],
    );
    let append_only = i32::from(ctx.server.settings.get("appendonly") == b"yes");
    fields(
        text,
        &[
            ("aof_enabled", &append_only),
            ("aof_rewrite_in_progress", &0),
            ("aof_rewrite_scheduled", &0),
            ("aof_last_rewrite_time_sec", &-1),
            ("aof_current_rewrite_time_sec", &-1),
            ("aof_last_bgrewrite_status", &"ok"),
            ("aof_rewrites", &0),
            ("aof_rewrites_consecutive_failures", &0),
            ("aof_last_write_status", &"ok"),
            ("aof_last_cow_size", &0),
            ("module_fork_in_progress", &0),
            ("module_fork_last_cow_size", &0),
        ],
    );
}

fn threads(ctx: &mut Ctx, text: &mut String) {
    let (clients, reads) = (ctx.clients.len(), ctx.server.reads);
    field(text, format_args!("io_thread_0:clients={clients},reads={reads},writes={reads}"));
}

fn stats(ctx: &mut Ctx, text: &mut String) {
    let server = &*ctx.server;
    fields(
        text,
        &[
            ("total_connections_received", &ctx.clients.connections_received),
            ("total_commands_processed", &server.commands_processed),
            ("instantaneous_ops_per_sec", &server.rate.per_second(ctx.now)),
            ("total_net_input_bytes", &server.bytes_in),
            ("total_net_output_bytes", &server.bytes_out),
        ],
    );
    zeros(text, &["total_net_repl_input_bytes", "total_net_repl_output_bytes"]);
    // Rates of bytes would need samples of a clock that goes on by itself.
    for kind in ["input", "output", "input_repl", "output_repl"] {
        let _ = write!(text, "instantaneous_{kind}_kbps:0.00\r\n");
    }
    field(text, format_args!("rejected_connections:{}", server.incidents.rejected));
    zeros(text, &["sync_full", "sync_partial_ok", "sync_partial_err"]);
    let stats = &ctx.db.stats;
    fields(
        text,
        &[
            ("expired_subkeys", &stats.expired_fields),
            ("expired_subkeys_active", &stats.expired_fields),
            ("expired_keys", &stats.expired),
            ("expired_keys_active", &stats.expired_actively),
            ("expired_stale_perc", &"0.00"),
            ("expired_time_cap_reached_count", &0),
            ("expire_cycle_cpu_milliseconds", &0),
            ("evicted_keys", &stats.evicted),
            ("evicted_clients", &server.incidents.evicted),
            ("evicted_scripts", &ctx.server.scripting.cache.evicted),
            ("total_eviction_exceeded_time", &0),
            ("current_eviction_exceeded_time", &0),
            ("keyspace_hits", &stats.hits),
            ("keyspace_misses", &stats.misses),
            ("pubsub_channels", &server.pubsub.of(Sort::Channel).len()),
            ("pubsub_patterns", &server.pubsub.of(Sort::Pattern).len()),
            ("pubsubshard_channels", &server.pubsub.of(Sort::Shard).len()),
            ("latest_fork_usec", &0),
            ("total_forks", &0),
            ("migrate_cached_sockets", &0),
            ("slave_expires_tracked_keys", &0),
        ],
    );
    zeros(
        text,
        &[
            "active_defrag_hits",
            "active_defrag_misses",
            "active_defrag_key_hits",
            "active_defrag_key_misses",
            "total_active_defrag_time",
            "current_active_defrag_time",
        ],
    );
    let (keys, items, prefixes) = server.tracking.counts();
    fields(
        text,
        &[
            ("tracking_total_keys", &keys),
            ("tracking_total_items", &items),
            ("tracking_total_prefixes", &prefixes),
            ("unexpected_error_replies", &0),
            ("total_error_replies", &server.total_error_replies),
            ("dump_payload_sanitizations", &0),
            ("total_reads_processed", &server.reads),
            ("total_writes_processed", &server.reads),
        ],
    );
    zeros(
        text,
        &[
            "io_threaded_reads_processed",
            "io_threaded_writes_processed",
            "io_threaded_total_prefetch_batches",
            "io_threaded_total_prefetch_entries",
        ],
    );
    let [denied_auth, denied_command, denied_key, denied_channel] = server.access.denied();
    fields(
        text,
        &[
            ("client_query_buffer_limit_disconnections", &server.incidents.beyond_query_limit),
            ("client_output_buffer_limit_disconnections", &server.incidents.beyond_output_limit),
            ("reply_buffer_shrinks", &0),
            ("reply_buffer_expands", &0),
            ("eventloop_cycles", &server.reads),
            // Time stands still within a step.
            ("eventloop_duration_sum", &0),
            ("eventloop_duration_cmd_sum", &0),
            ("instantaneous_eventloop_cycles_per_sec", &0),
            ("instantaneous_eventloop_duration_usec", &0),
            ("acl_access_denied_auth", &denied_auth),
            ("acl_access_denied_cmd", &denied_command),
            ("acl_access_denied_key", &denied_key),
            ("acl_access_denied_channel", &denied_channel),
        ],
    );
    zeros(text, &["acl_access_denied_tls_cert"]);
}

fn replication(ctx: &mut Ctx, text: &mut String) {
    fields(
        text,
        &[
            ("role", &"master"),
            ("connected_slaves", &0),
            ("master_failover_state", &"no-failover"),
            ("master_replid", &ctx.server.replication_id),
            ("master_replid2", &"0000000000000000000000000000000000000000"),
            ("master_repl_offset", &0),
            ("second_repl_offset", &-1),
            ("repl_backlog_active", &0),
            ("repl_backlog_size", &ctx.server.settings.integer("repl-backlog-size")),
            ("repl_backlog_first_byte_offset", &0),
            ("repl_backlog_histlen", &0),
        ],
    );
}

fn cpu(ctx: &mut Ctx, text: &mut String) {
    let effort: u64 = ctx.server.calls.iter().map(|calls| calls.effort).sum();
    let used = alloc::format!("{}.{:06}", effort / 1_000_000, effort % 1_000_000);
    let none = "0.000000";
    fields(
        text,
        &[
            ("used_cpu_sys", &none),
            ("used_cpu_user", &used),
            ("used_cpu_sys_children", &none),
            ("used_cpu_user_children", &none),
            ("used_cpu_sys_main_thread", &none),
            ("used_cpu_user_main_thread", &used),
        ],
    );
}

fn modules(_: &mut Ctx, text: &mut String) {
    field(
        text,
        format_args!(
            "module:name=vectorset,ver=1,api=1,filters=0,usedby=[],using=[],options=[handle-io-errors|handle-repl-async-load]"
        ),
    );
}

fn command_statistics(ctx: &mut Ctx, text: &mut String) {
    for (id, counted) in ctx.server.calls.iter().enumerate() {
        let Some(command) = table::row(id as u16) else { continue };
        let (calls, effort) = (counted.calls, counted.effort);
        if calls == 0 && counted.rejected == 0 && counted.failed == 0 {
            continue;
        }
        let each = two_digits(if calls == 0 { 0.0 } else { effort as f64 / calls as f64 });
        field(
            text,
            format_args!(
                "cmdstat_{}:calls={calls},usec={effort},usec_per_call={each},rejected_calls={},failed_calls={}",
                command.full_name, counted.rejected, counted.failed
            ),
        );
    }
}

fn error_statistics(ctx: &mut Ctx, text: &mut String) {
    let mut errors = ctx.server.errors.clone();
    crate::sort::by(&mut errors, |a, b| a < b);
    for (code, count) in errors {
        field(text, format_args!("errorstat_{}:count={count}", String::from_utf8_lossy(&code)));
    }
}

fn latency_statistics(ctx: &mut Ctx, text: &mut String) {
    let latency = &ctx.server.latency;
    if !latency.tracks {
        return;
    }
    let shown = ctx.server.settings.get("latency-tracking-info-percentiles");
    let percents: Vec<f64> = shown.split(|&byte| byte == b' ').filter_map(crate::number::parse_double).collect();
    for (id, counted) in (0..).zip(&ctx.server.calls) {
        let calls = latency.tracked(id, counted.calls);
        let Some(command) = table::row(id).filter(|_| calls > 0) else { continue };
        let shares = percents.iter().map(|&percent| {
            let ns = latency.percentile_ns(id, calls, percent);
            format!("p{percent}={}.{:03}", ns / 1000, ns % 1000)
        });
        let shares: Vec<String> = shares.collect();
        field(text, format_args!("latency_percentiles_usec_{}:{}", command.full_name, shares.join(",")));
    }
}

fn cluster(_: &mut Ctx, text: &mut String) {
    zeros(text, &["cluster_enabled"]);
}

fn keyspace(ctx: &mut Ctx, text: &mut String) {
    for database in 0..ctx.db.databases() {
        let space = ctx.db.keyspace(database);
        if space.is_empty() {
            continue;
        }
        let (keys, volatile) = (space.len(), space.volatile_len());
        let fields = space.volatile_fields_len();
        let average = space.average_deadline().map_or(0, |deadline| deadline.saturating_sub(ctx.now.millis()).max(0));
        field(text, format_args!("db{database}:keys={keys},expires={volatile},avg_ttl={average},subexpiry={fields}"));
    }
}

/// For every type how many keys there are of each size, by powers of two: bytes of strings, elements of collections.
fn key_sizes(ctx: &mut Ctx, text: &mut String) {
    const TYPES: [&str; 5] = ["strings_sizes", "lists_items", "sets_items", "zsets_items", "hashes_items"];
    for database in 0..ctx.db.databases() {
        let space = ctx.db.keyspace(database);
        let mut counts = [[0_u64; 65]; TYPES.len()];
        for (_, value, _) in space.iter() {
            let (kind, size) = match value {
                Value::Text(_) | Value::Int(_) | Value::Raw(_) => {
                    (0, value.as_string().map_or(0, |string| string.len()))
                }
                Value::List(list) => (1, list.len()),
                Value::Set(set) => (2, set.len()),
                Value::SortedSet(zset) => (3, zset.len()),
                Value::Hash(hash) => (4, hash.len()),
                Value::Stream(_) | Value::VectorSet(_) => continue,
            };
            counts[kind][size.checked_ilog2().map_or(0, |power| power as usize + 1)] += 1;
        }
        for (name, counts) in TYPES.iter().zip(&counts) {
            let sizes = counts.iter().enumerate().filter(|(_, count)| **count > 0);
            let line: Vec<String> = sizes.map(|(power, count)| format!("{}={count}", power_of_two(power))).collect();
            if !line.is_empty() {
                field(text, format_args!("db{database}_distrib_{name}:{}", line.join(",")));
            }
        }
    }
}

/// 0, 1, 2, 4 … 512, 1K, 2K …
fn power_of_two(place: usize) -> String {
    let Some(power) = place.checked_sub(1) else { return String::from("0") };
    let unit = ["", "K", "M", "G", "T", "P", "E"][power / 10];
    format!("{}{unit}", 1_u64 << (power % 10))
}
