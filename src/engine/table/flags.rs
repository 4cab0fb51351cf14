//! What a command is and may do, in the words of COMMAND INFO.

use super::Group;

/// A command's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Flag {
    Write = 1 << 0,
    ReadOnly = 1 << 1,
    DenyOom = 1 << 2,
    Admin = 1 << 3,
    PubSub = 1 << 4,
    NoScript = 1 << 5,
    Blocking = 1 << 6,
    Loading = 1 << 7,
    Stale = 1 << 8,
    SkipMonitor = 1 << 9,
    SkipSlowLog = 1 << 10,
    Asking = 1 << 11,
    Fast = 1 << 12,
    NoAuth = 1 << 13,
    MayReplicate = 1 << 14,
    NoAsyncLoading = 1 << 15,
    NoMulti = 1 << 16,
    AllowBusy = 1 << 17,
    MovableKeys = 1 << 18,
    NoMandatoryKeys = 1 << 19,
    Sentinel = 1 << 20,
    OnlySentinel = 1 << 21,
    Protected = 1 << 22,
    /// The command may be put away and end in a later step. Not shown: what suspends it are scripts.
    Suspends = 1 << 23,
    Module = 1 << 24,
}

/// ACL categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Category {
    Keyspace = 1 << 0,
    Read = 1 << 1,
    Write = 1 << 2,
    Set = 1 << 3,
    SortedSet = 1 << 4,
    List = 1 << 5,
    Hash = 1 << 6,
    String = 1 << 7,
    Bitmap = 1 << 8,
    HyperLogLog = 1 << 9,
    Geo = 1 << 10,
    Stream = 1 << 11,
    PubSub = 1 << 12,
    Admin = 1 << 13,
    Fast = 1 << 14,
    Slow = 1 << 15,
    Blocking = 1 << 16,
    Dangerous = 1 << 17,
    Connection = 1 << 18,
    Transaction = 1 << 19,
    Scripting = 1 << 20,
}

/// The names of COMMAND INFO, in its order.
pub const FLAGS: [(Flag, &str); 24] = [
    (Flag::Write, "write"),
    (Flag::ReadOnly, "readonly"),
    (Flag::DenyOom, "denyoom"),
    (Flag::Module, "module"),
    (Flag::Admin, "admin"),
    (Flag::PubSub, "pubsub"),
    (Flag::NoScript, "noscript"),
    (Flag::Blocking, "blocking"),
    (Flag::Loading, "loading"),
    (Flag::Stale, "stale"),
    (Flag::SkipMonitor, "skip_monitor"),
    (Flag::SkipSlowLog, "skip_slowlog"),
    (Flag::Asking, "asking"),
    (Flag::Fast, "fast"),
    (Flag::NoAuth, "no_auth"),
    (Flag::MayReplicate, "may_replicate"),
    (Flag::Sentinel, "sentinel"),
    (Flag::OnlySentinel, "only_sentinel"),
    (Flag::NoMandatoryKeys, "no_mandatory_keys"),
    (Flag::Protected, "protected"),
    (Flag::NoAsyncLoading, "no_async_loading"),
    (Flag::NoMulti, "no_multi"),
    (Flag::MovableKeys, "movablekeys"),
    (Flag::AllowBusy, "allow_busy"),
];

/// The names of ACL CAT, in its order.
pub const CATEGORIES: [(Category, &str); 21] = [
    (Category::Keyspace, "keyspace"),
    (Category::Read, "read"),
    (Category::Write, "write"),
    (Category::Set, "set"),
    (Category::SortedSet, "sortedset"),
    (Category::List, "list"),
    (Category::Hash, "hash"),
    (Category::String, "string"),
    (Category::Bitmap, "bitmap"),
    (Category::HyperLogLog, "hyperloglog"),
    (Category::Geo, "geo"),
    (Category::Stream, "stream"),
    (Category::PubSub, "pubsub"),
    (Category::Admin, "admin"),
    (Category::Fast, "fast"),
    (Category::Slow, "slow"),
    (Category::Blocking, "blocking"),
    (Category::Dangerous, "dangerous"),
    (Category::Connection, "connection"),
    (Category::Transaction, "transaction"),
    (Category::Scripting, "scripting"),
];

/// The categories that follow from flags and group. Containers are only slow, and so is whoever stands outside of the group.
pub(super) const fn implied(flags: u32, group: Group, outside_group: bool) -> u32 {
    const fn when(flags: u32, flag: Flag, category: u32) -> u32 {
        if flags & flag as u32 != 0 { category } else { 0 }
    }
    let of_group = match group {
        Group::Bitmap => Category::Bitmap as u32,
        Group::Connection => Category::Connection as u32,
        Group::Generic => Category::Keyspace as u32,
        Group::Geo => Category::Geo as u32,
        Group::Hash => Category::Hash as u32,
        Group::HyperLogLog => Category::HyperLogLog as u32,
        Group::List => Category::List as u32,
        Group::PubSub => Category::PubSub as u32,
        Group::Scripting => Category::Scripting as u32,
        Group::Set => Category::Set as u32,
        Group::SortedSet => Category::SortedSet as u32,
        Group::Stream => Category::Stream as u32,
        Group::String => Category::String as u32,
        Group::Transactions => Category::Transaction as u32,
        Group::Cluster | Group::Module | Group::Sentinel | Group::Server => 0,
    };
    // Modules put their commands into categories by themselves; that of vector sets does not.
    if matches!(group, Group::Module) {
        return 0;
    }
    // Scripts that only read are not in @read: what they read is checked command by command.
    let reads = if matches!(group, Group::Scripting) { 0 } else { when(flags, Flag::ReadOnly, Category::Read as u32) };
    let speed = if flags & Flag::Fast as u32 != 0 { Category::Fast } else { Category::Slow };
    (if outside_group { 0 } else { of_group })
        | reads
        | speed as u32
        | when(flags, Flag::Write, Category::Write as u32)
        | when(flags, Flag::Admin, Category::Admin as u32 | Category::Dangerous as u32)
        | when(flags, Flag::PubSub, Category::PubSub as u32)
        | when(flags, Flag::Blocking, Category::Blocking as u32)
}
