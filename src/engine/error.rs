//! Every error text that a client can see, in one place.

use alloc::borrow::Cow;
use alloc::vec::Vec;

/// An error reply: its text without the leading `-`, first word the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(pub Cow<'static, [u8]>);

macro_rules! texts {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Error {
            $($(#[$doc])* pub const $name: Error = Error(Cow::Borrowed($text.as_bytes()));)*
        }
    };
}

texts! {
    WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    INVALID_COMMAND = "ERR Invalid command specified";
    INVALID_COMMAND_ARITY = "ERR Invalid number of arguments specified for command";
    INVALID_COMMAND_ARGUMENTS = "ERR Invalid arguments specified for command";
    NO_KEY_ARGUMENTS = "ERR The command has no key arguments";
    NOT_AUTHENTICATED = "NOAUTH Authentication required.";
    HELLO_NEEDS_AUTH = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";
    NO_PASSWORD_SET = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";
    BAD_USERNAME = "ERR Usernames can't contain spaces or null characters";
    DEFAULT_USER_STAYS = "ERR The 'default' user cannot be removed";
    PASSWORD_SIZE = "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096";
    NO_ACL_FILE = "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.";
    SORT_BY_DENIED = "ERR BY option of SORT denied due to insufficient ACL permissions.";
    SORT_GET_DENIED = "ERR GET option of SORT denied due to insufficient ACL permissions.";
    WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled.";
    UNSUPPORTED_PROTOCOL = "NOPROTO unsupported protocol version";
    PROTOCOL_NOT_AN_INTEGER = "ERR Protocol version is not an integer or out of range";
    INVALID_CLIENT_NAME = "ERR Client names cannot contain spaces, newlines or special characters.";
    INVALID_CLIENT_ID = "ERR Invalid client ID";
    CLIENT_ID_NOT_POSITIVE = "ERR client-id should be greater than 0";
    MAXAGE_NOT_AN_INTEGER = "ERR maxage is not an integer or out of range";
    MAXAGE_NOT_POSITIVE = "ERR maxage should be greater than 0";
    NO_SUCH_CLIENT = "ERR No such client";
    UNBLOCK_REASON = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
    TIMEOUT_NOT_AN_INTEGER = "ERR timeout is not an integer or out of range";
    PAUSE_MODE = "ERR CLIENT PAUSE mode must be WRITE or ALL";
    CACHING_WITHOUT_MODE = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled";
    CACHING_YES_WITHOUT_OPTIN = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
    CACHING_NO_WITHOUT_OPTOUT = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";
    TRACKING_REDIRECT_TWICE = "ERR A client can only redirect to a single other client";
    TRACKING_REDIRECT_UNKNOWN = "ERR The client ID you want redirect to does not exist";
    TRACKING_PREFIX_WITHOUT_BCAST = "ERR PREFIX option requires BCAST mode to be enabled";
    TRACKING_BCAST_SWITCH = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.";
    TRACKING_OPT_SWITCH = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.";
    TRACKING_BCAST_WITH_OPT = "ERR OPTIN and OPTOUT are not compatible with BCAST";
    TRACKING_BOTH_OPT = "ERR You can't specify both OPTIN mode and OPTOUT mode";
    NO_SHUTDOWN = "ERR No shutdown in progress.";
    INVALID_FIRST_DB = "ERR invalid first DB index";
    INVALID_SECOND_DB = "ERR invalid second DB index";
    DEBUG_NOT_ALLOWED = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.";
    DATABASE_OUT_OF_RANGE = "ERR Out of range database";
    NO_HASH_TABLE = "ERR The value stored at the specified key is not represented using an hash table";
    NO_LISTPACK = "ERR Not a listpack encoded object.";
    NO_QUICKLIST = "ERR Not a quicklist encoded object.";
    RELOAD_OPTIONS = "ERR DEBUG RELOAD only supports the MERGE, NOFLUSH and NOSAVE options.";
    PACKED_THRESHOLD = "ERR argument must be a memory value bigger than 1 and smaller than 4gb";
    NEEDS_RESP3 = "ERR RESP2 is not supported by this command";
    PROTOCOL_TYPE = "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false";
    SLOWLOG_COUNT = "ERR count should be greater than or equal to -1";
    NO_CONFIG_FILE = "ERR The server is running without a config file";
    SYNTAX = "ERR syntax error";
    NOT_AN_INTEGER = "ERR value is not an integer or out of range";
    BUSY_KEY = "BUSYKEY Target key name already exists.";
    RESTORE_IDLETIME = "ERR Invalid IDLETIME value, must be >= 0";
    RESTORE_FREQ = "ERR Invalid FREQ value, must be >= 0 and <= 255";
    RESTORE_TTL = "ERR Invalid TTL value, must be >= 0";
    RESTORE_CHECKSUM = "ERR DUMP payload version or checksum are wrong";
    RESTORE_FORMAT = "ERR Bad data format";
    NOT_A_HYPERLOGLOG = "WRONGTYPE Key is not a valid HyperLogLog string value.";
    CORRUPTED_HYPERLOGLOG = "INVALIDOBJ Corrupted HLL object detected";
    PFDEBUG_NO_KEY = "ERR The specified key does not exist";
    PFDEBUG_NOT_SPARSE = "ERR HLL encoding is not sparse";
    PFDEBUG_SIMD = "ERR Argument must be ON or OFF";
    SORT_NOT_A_DOUBLE = "ERR One or more scores can't be converted into double";
    NOT_AN_INT = "ERR value is out of range, value must between -2147483648 and 2147483647";
    NOT_A_FLOAT = "ERR value is not a valid float";
    OUT_OF_RANGE = "ERR value is out of range";
    NOT_ZERO_OR_ONE = "ERR value is out of range, value must between 0 and 1";
    WAITAOF_WITHOUT_AOF = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";
    CLUSTER_DISABLED = "ERR This instance has cluster support disabled";
    MUST_BE_POSITIVE = "ERR value is out of range, must be positive";
    NO_SUCH_KEY = "ERR no such key";
    INDEX_OUT_OF_RANGE = "ERR index out of range";
    OFFSET_OUT_OF_RANGE = "ERR offset is out of range";
    SAME_OBJECT = "ERR source and destination objects are the same";
    DB_INDEX_OUT_OF_RANGE = "ERR DB index is out of range";
    DECREMENT_OVERFLOW = "ERR decrement would overflow";
    DIGEST_LENGTH = "ERR must be exactly 16 hexadecimal characters";
    DELEX_CONDITION = "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE";
    DELEX_TYPE = "ERR Key should be of string type if conditions are specified";
    MSETEX_NUMKEYS = "ERR invalid numkeys value";
    MSETEX_PAIRS = "ERR wrong number of key-value pairs";
    LCS_TYPE = "ERR The specified keys must contain string values";
    LCS_LEN_AND_IDX = "ERR If you want both the length and indexes, please just use IDX.";
    LCS_MEMORY = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
    EXPIRE_NX_CLASH = "ERR NX and XX, GT or LT options at the same time are not compatible";
    EXPIRE_GT_LT_CLASH = "ERR GT and LT options at the same time are not compatible";
    LFU_POLICY = "ERR An LFU maxmemory policy is selected, idle time not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";
    NOT_AN_SDS = "ERR Not an sds encoded string.";
    NO_LFU_POLICY = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";
    INCREMENT_NOT_FINITE = "ERR increment would produce NaN or Infinity";
    NOT_IN_TRANSACTION = "ERR Command not allowed inside a transaction";
    NESTED_MULTI = "ERR MULTI calls can not be nested";
    EXEC_WITHOUT_MULTI = "ERR EXEC without MULTI";
    DISCARD_WITHOUT_MULTI = "ERR DISCARD without MULTI";
    WATCH_IN_MULTI = "ERR WATCH inside MULTI is not allowed";
    EXEC_ABORT = "EXECABORT Transaction discarded because of previous errors.";
    TIMEOUT_NOT_A_FLOAT = "ERR timeout is not a float or out of range";
    TIMEOUT_NEGATIVE = "ERR timeout is negative";
    TIMEOUT_OUT_OF_RANGE = "ERR timeout is out of range";
    OVERFLOW = "ERR increment or decrement would overflow";
    STRING_TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    NUMKEYS_NOT_POSITIVE = "ERR numkeys should be greater than 0";
    COUNT_NOT_POSITIVE = "ERR count should be greater than 0";
    COUNT_NEGATIVE = "ERR COUNT can't be negative";
    MAXLEN_NEGATIVE = "ERR MAXLEN can't be negative";
    RANK_ZERO = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";
    RANGE_SYMMETRIC = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    LIMIT_NEGATIVE = "ERR LIMIT can't be negative";
    TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args";
    NOVALUES_OUTSIDE_HSCAN = "ERR NOVALUES option can only be used in HSCAN";
    /// What no server could answer, because the reply alone would fill the memory.
    OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'.";
    HASH_NOT_AN_INTEGER = "ERR hash value is not an integer";
    HASH_NOT_A_FLOAT = "ERR hash value is not a float";
    NAN_OR_INFINITY = "ERR value is NaN or Infinity";
    FIELD_EXPIRE_NEGATIVE = "ERR invalid expire time, must be >= 0";
    FIELDS_TWICE = "ERR FIELDS keyword specified multiple times";
    FIELDS_INCOMPLETE = "ERR FIELDS requires at least numfields and one field argument";
    FIELDS_MISSING = "ERR missing FIELDS argument";
    FIELDS_NOT_HERE = "ERR Mandatory argument FIELDS is missing or not at the right position";
    NUM_FIELDS_NOT_POSITIVE = "ERR Parameter `numFields` should be greater than 0";
    NUMBER_OF_FIELDS = "ERR Number of fields must be a positive integer";
    INVALID_NUMBER_OF_FIELDS = "ERR invalid number of fields";
    NUMFIELDS_MISMATCH = "ERR The `numfields` parameter must match the number of arguments";
    WRONG_NUMBER = "ERR wrong number of arguments";
    CONDITIONS_CONTRADICT = "ERR Multiple condition flags specified";
    EXPIRE_OR_PERSIST_TWICE = "ERR Only one of EX, PX, EXAT, PXAT or PERSIST arguments can be specified";
    EXPIRE_OR_KEEPTTL_TWICE = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
    EXPIRE_TIME_MISSING = "ERR missing expire time";
    FIELD_CONDITIONS_TWICE = "ERR Only one of FXX or FNX arguments can be specified";
    UNKNOWN_ARGUMENT = "ERR unknown argument";
    NX_AND_XX = "ERR XX and NX options at the same time are not compatible";
    GT_LT_AND_NX = "ERR GT, LT, and/or NX options at the same time are not compatible";
    INCR_TAKES_ONE_PAIR = "ERR INCR option supports a single increment-element pair";
    SCORE_NAN = "ERR resulting score is not a number (NaN)";
    MIN_OR_MAX_NOT_A_FLOAT = "ERR min or max is not a float";
    MIN_OR_MAX_NOT_A_NAME = "ERR min or max not valid string range item";
    LIMIT_NEEDS_BY = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
    WITHSCORES_WITH_BYLEX = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
    WEIGHT_NOT_A_FLOAT = "ERR weight value is not a float";
    UNSUPPORTED_UNIT = "ERR unsupported unit provided. please use M, KM, FT, MI";
    GEO_COUNT_NOT_POSITIVE = "ERR COUNT must be > 0";
    ANY_NEEDS_COUNT = "ERR the ANY argument requires COUNT argument";
    RADIUS_NOT_NUMERIC = "ERR need numeric radius";
    RADIUS_NEGATIVE = "ERR radius cannot be negative";
    WIDTH_NOT_NUMERIC = "ERR need numeric width";
    HEIGHT_NOT_NUMERIC = "ERR need numeric height";
    BOX_NEGATIVE = "ERR height or width cannot be negative";
    NO_SUCH_PLACE = "ERR could not decode requested zset member";
    GEORADIUS_STORE_SHOWS = "ERR STORE option in GEORADIUS is not compatible with WITHDIST, WITHHASH and WITHCOORD options";
    GEOSEARCHSTORE_SHOWS = "ERR GEOSEARCHSTORE is not compatible with WITHDIST, WITHHASH and WITHCOORD options";
    BIT_OFFSET = "ERR bit offset is not an integer or out of range";
    BIT_VALUE = "ERR bit is not an integer or out of range";
    BIT_ARGUMENT = "ERR The bit argument must be 1 or 0.";
    BITOP_NOT = "ERR BITOP NOT must be called with a single source key.";
    BITOP_DIFF = "ERR BITOP DIFF must be called with at least two source keys.";
    BITOP_DIFF1 = "ERR BITOP DIFF1 must be called with at least two source keys.";
    BITOP_ANDOR = "ERR BITOP ANDOR must be called with at least two source keys.";
    BITFIELD_TYPE = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
    OVERFLOW_TYPE = "ERR Invalid OVERFLOW type specified";
    BITFIELD_READ_ONLY = "ERR BITFIELD_RO only supports the GET subcommand";
    VECTOR = "ERR invalid vector specification";
    VADD_OPTION = "ERR invalid option after element";
    VSIM_OPTION = "ERR syntax error in VSIM command";
    INVALID_OPTION = "ERR invalid option";
    INVALID_EF = "ERR invalid EF";
    INVALID_M = "ERR invalid M";
    INVALID_COUNT = "ERR invalid COUNT";
    INVALID_EPSILON = "ERR invalid EPSILON";
    INVALID_FILTER_EF = "ERR invalid FILTER-EF";
    QUANTISATION_MISMATCH = "ERR asked quantization mismatch with existing vector set";
    LINKS_MISMATCH = "ERR asked M value mismatch with existing vector set";
    NO_PROJECTION = "ERR cannot add projection to existing set without projection";
    ELEMENT_NOT_FOUND = "ERR element not found in set";
    KEY_DOES_NOT_EXIST = "ERR key does not exist";
    COUNT_NOT_AN_INTEGER = "ERR COUNT value is not an integer";
    RANGE_START = "ERR invalid start range format";
    RANGE_END = "ERR invalid end range format";
    RANGE_SIGNS = "ERR '-' can only be used as first argument, '+' only as second";
    RANGE_COUNT = "ERR invalid COUNT value";
    NO_COPY_OF_MODULE_KEY = "ERR not supported for this module key";
    INVALID_CURSOR = "ERR invalid cursor";
    NEGATIVE_NUMKEYS = "ERR Number of keys can't be negative";
    NO_SCRIPT = "NOSCRIPT No matching script. Please use EVAL.";
    NO_SCRIPT_RUNS = "NOTBUSY No scripts in execution right now.";
    BUSY_SCRIPT = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    BUSY_FUNCTION = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
    SCRIPT_KILLED = "ERR Script killed by user with SCRIPT KILL...";
    UNKILLABLE = "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.";
    WRITING_SCRIPT = "ERR Can not execute a script with write flag using *_ro command.";
    INVALID_SHEBANG = "ERR Invalid script shebang";
    INVALID_SHEBANG_ENGINE = "ERR Invalid engine in script shebang";
    SCRIPT_FLUSH_MODE = "ERR SCRIPT FLUSH only support SYNC|ASYNC option";
    NO_SUCH_FUNCTION = "ERR Function not found";
    BAD_NUMKEYS = "ERR Bad number of keys provided";
    NO_LIBRARY_METADATA = "ERR Missing library metadata";
    INVALID_LIBRARY_METADATA = "ERR Invalid library metadata";
    NO_LIBRARY_NAME = "ERR Library name was not given";
    LIBRARY_NAMED_TWICE = "ERR Invalid metadata value, name argument was given multiple times";
    LIBRARY_NAME = "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least one character long";
    NO_FUNCTIONS = "ERR No functions registered";
    NO_SUCH_LIBRARY = "ERR Library not found";
    LIBRARY_PAYLOAD = "ERR Failed loading library payload";
    OLD_LIBRARY_FORMAT = "ERR Pre-GA function format not supported";
    NOT_A_LIBRARY = "ERR given type is not a function";
    RESTORE_POLICY = "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.";
    FUNCTION_FLUSH_MODE = "ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
    NO_LIBRARY_PATTERN = "ERR library name argument was not given";
    CALL_NOTHING = "ERR Please specify at least one argument for this redis lib call";
    CALL_ARGUMENT = "ERR Lua redis lib command arguments must be strings or integers";
    REGISTER_NOT_NOW = "ERR redis.register_function can only be called on FUNCTION LOAD command";
    LOG_ARGUMENTS = "ERR redis.log() requires two arguments or more.";
    LOG_LEVEL_TYPE = "ERR First argument must be a number (log level).";
    LOG_LEVEL = "ERR Invalid log level.";
    SETRESP_ARGUMENTS = "ERR redis.setresp() requires one argument.";
    SETRESP_VERSION = "ERR RESP version must be 2 or 3.";
    SET_REPL_ARGUMENTS = "ERR redis.set_repl() requires one argument.";
    SET_REPL_FLAGS = "ERR Invalid replication flags. Use REPL_AOF, REPL_REPLICA, REPL_ALL or REPL_NONE.";
    ONE_LINE_ARGUMENTS = "ERR wrong number or type of arguments";
    CALL_UNKNOWN = "ERR Unknown Redis command called from script";
    CALL_ARITY = "ERR Wrong number of args calling Redis command from script";
    CALL_NOT_ALLOWED = "ERR This Redis command is not allowed from script";
    CALL_WRITES = "ERR Write commands are not allowed from read-only scripts.";
    ACL_CHECK_UNKNOWN = "ERR Invalid command passed to redis.acl_check_cmd()";
    ACL_CHECK_ARITY = "ERR Wrong number of args for redis.acl_check_cmd()";
    REGISTER_SINGLE = "ERR calling redis.register_function with a single argument is only applicable to Lua table (representing named arguments).";
    REGISTER_FIRST = "ERR first argument to redis.register_function must be a string";
    REGISTER_SECOND = "ERR second argument to redis.register_function must be a function";
    REGISTER_ARGUMENTS = "ERR wrong number of arguments to redis.register_function";
    REGISTER_TWICE = "ERR Function already exists in the library";
    REGISTER_KEY = "ERR named argument key given to redis.register_function is not a string";
    REGISTER_NAME = "ERR function_name argument given to redis.register_function must be a string";
    REGISTER_DESCRIPTION = "ERR description argument given to redis.register_function must be a string";
    REGISTER_CALLBACK = "ERR callback argument given to redis.register_function must be a function";
    REGISTER_FLAGS = "ERR flags argument to redis.register_function must be a table representing function flags";
    REGISTER_UNKNOWN_FLAG = "ERR unknown flag given";
    REGISTER_UNKNOWN_ARGUMENT = "ERR unknown argument given to redis.register_function";
    REGISTER_NO_NAME = "ERR redis.register_function must get a function name argument";
    REGISTER_NO_CALLBACK = "ERR redis.register_function must get a callback argument";
    DEBUG_BY_SHA = "ERR Please use EVAL instead of EVALSHA for debugging";
    DEBUG_IN_PIPELINE = "ERR SCRIPT DEBUG must be called outside a pipeline";
    SCRIPT_DEBUG_MODE = "ERR Use SCRIPT DEBUG YES/SYNC/NO";
    INVALID_STREAM_ID = "ERR Invalid stream ID specified as stream command argument";
    INVALID_INTERVAL_START = "ERR invalid start ID for the interval";
    INVALID_INTERVAL_END = "ERR invalid end ID for the interval";
    XADD_ID_ZERO = "ERR The ID specified in XADD must be greater than 0-0";
    XADD_ID_SMALL = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
    STREAM_EXHAUSTED = "ERR The stream has exhausted the last possible ID, unable to add more items";
    TRIM_TWICE = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
    TRIM_MAXLEN_NEGATIVE = "ERR The MAXLEN argument must be >= 0.";
    TRIM_LIMIT_NEGATIVE = "ERR The LIMIT argument must be >= 0.";
    TRIM_LIMIT_ALONE = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
    TRIM_LIMIT_EXACT = "ERR syntax error, LIMIT cannot be used without the special ~ option";
    XTRIM_WITHOUT_STRATEGY = "ERR syntax error, XTRIM must be called with either MAXLEN or MINID strategies";
    IDMP_TWICE = "ERR syntax error, IDMP/IDMPAUTO specified multiple times";
    IDMP_NO_PRODUCER = "ERR syntax error, IDMP requires a non-empty producer ID";
    IDMP_NO_ID = "ERR syntax error, IDMP requires a non-empty idempotent ID";
    IDMPAUTO_NO_PRODUCER = "ERR syntax error, IDMPAUTO requires a non-empty producer ID";
    IDMP_EXPLICIT_ID = "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";
    IDMP_DURATION = "ERR IDMP-DURATION must be between 1 and 86400 seconds";
    IDMP_DURATION_TWICE = "ERR IDMP-DURATION specified multiple times";
    IDMP_MAXSIZE = "ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
    IDMP_MAXSIZE_TWICE = "ERR IDMP-MAXSIZE specified multiple times";
    XCFGSET_NOTHING = "ERR At least one parameter must be specified";
    PRODUCER_EMPTY = "ERR producer ID must be non-empty";
    IDEMPOTENT_ID_EMPTY = "ERR idempotent ID must be non-empty";
    IDEMPOTENT_ID_TAKEN = "ERR IID already exists for this producer with a different stream ID";
    NO_SUCH_MESSAGE = "ERR No such message in stream";
    NUMBER_OF_IDS = "ERR Number of IDs must be a positive integer";
    NUMIDS_MISMATCH = "ERR The `numids` parameter must match the number of arguments";
    XSETID_SMALL = "ERR The ID specified in XSETID is smaller than the target stream top item";
    XSETID_BELOW_DELETED = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
    XSETID_BELOW_GIVEN_DELETED = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
    XSETID_ENTRIES_NEGATIVE = "ERR entries_added must be positive";
    XSETID_ENTRIES_SMALL = "ERR The entries_added specified in XSETID is smaller than the target stream length";
    XGROUP_NO_KEY = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";
    ENTRIESREAD_NEGATIVE = "ERR value for ENTRIESREAD must be positive or -1";
    BUSY_GROUP = "BUSYGROUP Consumer Group name already exists";
    XREAD_GREATER = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.";
    XREADGROUP_DOLLAR = "ERR The $ ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The $ ID would just return an empty result set.";
    XREADGROUP_PLUS = "ERR The + ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer by specifying a proper ID, or use the > ID to get new messages. The + ID would just return an empty result set.";
    XREADGROUP_NO_GROUP = "ERR Missing GROUP option for XREADGROUP";
    XREAD_UNBALANCED = "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified.";
    XREADGROUP_UNBALANCED = "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.";
    MIN_IDLE_NOT_AN_INTEGER = "ERR min-idle-time is not an integer or out of range";
    MIN_IDLE_NEGATIVE = "ERR min-idle-time must be a positive integer";
    XAUTOCLAIM_COUNT = "ERR COUNT must be > 0";
}

impl Error {
    /// An error whose text is put together from parts.
    pub fn text(parts: &[&[u8]]) -> Error {
        Error(Cow::Owned(parts.iter().flat_map(|part| shown(part)).copied().collect()))
    }

    pub fn wrong_arguments(command: &str) -> Error {
        Error::text(&[b"ERR wrong number of arguments for '", command.as_bytes(), b"' command"])
    }

    pub fn subcommand_arguments(parent: &str, word: &[u8]) -> Error {
        let parent = parent.to_ascii_uppercase();
        Error::text(&[
            b"ERR unknown subcommand or wrong number of arguments for '",
            word,
            b"'. Try ",
            parent.as_bytes(),
            b" HELP.",
        ])
    }

    pub fn unknown_subcommand(parent: &str, word: &[u8]) -> Error {
        let parent = parent.to_ascii_uppercase();
        Error::text(&[b"ERR unknown subcommand '", clip(word, 128), b"'. Try ", parent.as_bytes(), b" HELP."])
    }

    /// The command's first 128 bytes and then arguments until 128 bytes of them were quoted.
    pub fn unknown_command<'a>(name: &[u8], arguments: impl Iterator<Item = &'a [u8]>) -> Error {
        let mut text = Vec::from(&b"ERR unknown command '"[..]);
        text.extend_from_slice(clip(name, 128));
        text.push(b'\'');
        let mut quoted: Vec<u8> = Vec::new();
        for argument in arguments {
            if quoted.len() >= 128 {
                break;
            }
            let room = 128 - quoted.len();
            quoted.push(b'\'');
            quoted.extend_from_slice(clip(argument, room));
            quoted.extend_from_slice(b"' ");
        }
        if !quoted.is_empty() {
            text.extend_from_slice(b", with args beginning with: ");
            text.extend_from_slice(&quoted);
        }
        Error(Cow::Owned(text))
    }

    /// RESP2 has no pushes, so a subscribed connection can do little else.
    pub fn only_while_subscribed(command: &str) -> Error {
        Error::text(&[
            b"ERR Can't execute '",
            command.as_bytes(),
            b"': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context",
        ])
    }

    /// An option of XREADGROUP in XREAD.
    pub fn only_in_xreadgroup(option: &str) -> Error {
        let option = option.as_bytes();
        Error::text(&[b"ERR The ", option, b" option is only supported by XREADGROUP. You called XREAD instead."])
    }

    pub fn no_stream_group(group: &[u8], key: &[u8]) -> Error {
        Error::text(&[b"NOGROUP No such consumer group '", group, b"' for key name '", key, b"'"])
    }

    pub fn no_key_or_group(key: &[u8], group: &[u8], suffix: &str) -> Error {
        Error::text(&[b"NOGROUP No such key '", key, b"' or consumer group '", group, b"'", suffix.as_bytes()])
    }

    pub fn invalid_claim_argument(argument: &str, command: &str) -> Error {
        Error::text(&[b"ERR Invalid ", argument.as_bytes(), b" argument for ", command.as_bytes()])
    }

    pub fn unknown_argument(word: &[u8]) -> Error {
        Error::text(&[b"ERR unknown argument: ", word])
    }

    pub fn invalid_expire(command: &str) -> Error {
        Error::text(&[b"ERR invalid expire time in '", command.as_bytes(), b"' command"])
    }
}

fn clip(bytes: &[u8], most: usize) -> &[u8] {
    let shown = shown(bytes);
    &shown[..shown.len().min(most)]
}

/// What an error quotes of an argument: Redis formats errors in C, where a zero byte ends a string.
fn shown(bytes: &[u8]) -> &[u8] {
    bytes.split(|&byte| byte == 0).next().unwrap_or_default()
}
