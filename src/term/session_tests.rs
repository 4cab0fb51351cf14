//! What goes in and out of a session, as text: `> ` submits a line, `< ` is a reply (`@1.5s` says how long it took), `! ` is
//! something that happens; what stands below is what the session prints and does.

use crate::session::{Action, Session};

fn unescaped(text: &str) -> Vec<u8> {
    text.replace("\\r", "\r").replace("\\n", "\n").into_bytes()
}

fn told(actions: Vec<Action>, out: &mut String) {
    for action in actions {
        let text = match action {
            Action::Print(line) => line.text(),
            Action::Clear => "(clear)".to_owned(),
            Action::Send(bytes) => {
                let mut parser = resp::Decoder::new();
                parser.feed(&bytes);
                let value = parser.next().ok().flatten();
                let words = value.as_ref().and_then(resp::Value::as_elements).unwrap_or_default();
                let words: Vec<String> =
                    words.iter().filter_map(resp::Value::as_bytes).map(crate::quote::typed).collect();
                format!("=> {}", words.join(" "))
            }
            Action::Connect { host, port } => format!("(connect {host} {port})"),
            Action::Exit => "(exit)".to_owned(),
        };
        out.push_str(&text);
        out.push('\n');
    }
}

#[track_caller]
fn check(script: &str) {
    let mut session = Session::connected_to("127.0.0.1", 6379);
    let mut told_so_far = String::new();
    let mut wire = resp::Decoder::new();
    for line in script.lines() {
        let actions = if let Some(typed) = line.strip_prefix("> ") {
            session.submit(typed)
        } else if let Some(reply) = line.strip_prefix("< ") {
            let (reply, waited) = match reply.split_once(" @") {
                Some((reply, waited)) => (reply, waited.trim_end_matches('s').parse::<f64>().unwrap_or(0.0)),
                None => (reply, 0.0),
            };
            wire.feed(&unescaped(reply));
            wire.feed(if reply.ends_with("\\r\\n") { b"" } else { b"\r\n" });
            let mut actions = Vec::new();
            while let Ok(Some(value)) = wire.next() {
                actions.extend(session.receive(&value, (waited * 1e6) as u64));
            }
            actions
        } else if let Some(event) = line.strip_prefix("! ") {
            match event {
                "open" => session.open(),
                "connected" => session.connected(),
                "refused" => session.refused("Connection refused"),
                "closed" => session.closed(),
                "^C" => session.interrupt(1_000_000),
                "prompt" => {
                    told_so_far.push_str("! prompt\n");
                    told_so_far.push_str(&session.prompt());
                    told_so_far.push_str(session.status_line().unwrap_or("|"));
                    told_so_far.push('\n');
                    continue;
                }
                other => panic!("what is {other}?"),
            }
        } else {
            continue;
        };
        told_so_far.push_str(line);
        told_so_far.push('\n');
        told(actions, &mut told_so_far);
    }
    assert!(told_so_far == script, "the session did this:\n{told_so_far}");
}

#[test]
fn the_prompt_follows_select_and_multi() {
    check(
        "\
> set a 1
127.0.0.1:6379> set a 1
=> set a 1
< +OK
OK
> select 2
127.0.0.1:6379> select 2
=> select 2
< +OK
OK
> multi
127.0.0.1:6379[2]> multi
=> multi
< +OK
OK
> SELECT 4
127.0.0.1:6379[2](TX)> SELECT 4
=> SELECT 4
< +QUEUED
QUEUED
> discard
127.0.0.1:6379[4](TX)> discard
=> discard
< +OK
OK
> multi
127.0.0.1:6379[2]> multi
=> multi
< +OK
OK
> exec x
127.0.0.1:6379[2](TX)> exec x
=> exec x
< -EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
(error) EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command
> exec
127.0.0.1:6379[2](TX)> exec
=> exec
< -ERR EXEC without MULTI
(error) ERR EXEC without MULTI
> reset
127.0.0.1:6379[2]> reset
=> reset
< +RESET
RESET
! prompt
127.0.0.1:6379> |
",
    );
}

#[test]
fn an_exec_that_a_watch_stops_goes_back_to_the_database_before() {
    check(
        "\
> multi
127.0.0.1:6379> multi
=> multi
< +OK
OK
> select 5
127.0.0.1:6379(TX)> select 5
=> select 5
< +QUEUED
QUEUED
> exec
127.0.0.1:6379[5](TX)> exec
=> exec
< *-1
(nil)
! prompt
127.0.0.1:6379> |
",
    );
}

#[test]
fn lines_that_redis_cli_keeps_to_itself() {
    check(
        "\
> foo \"a\"b
127.0.0.1:6379> foo \"a\"b
Invalid argument(s)
> \n\
127.0.0.1:6379> \n\
> -1 ping
127.0.0.1:6379> -1 ping
Invalid redis-cli repeat command option value.
> 99999999999999999999 ping
127.0.0.1:6379> 99999999999999999999 ping
Invalid redis-cli repeat command option value.
> \"\" ping
127.0.0.1:6379> \"\" ping
Invalid redis-cli repeat command option value.
> CLEAR
127.0.0.1:6379> CLEAR
(clear)
> :set nohints
127.0.0.1:6379> :set nohints
> :set foo
127.0.0.1:6379> :set foo
unknown redis-cli preference 'foo'
> :get
127.0.0.1:6379> :get
unknown redis-cli internal command ':get'
> restart
127.0.0.1:6379> restart
Use 'restart' only in Lua debugging mode.
> Exit now
127.0.0.1:6379> Exit now
(exit)
> get a
",
    );
}

#[test]
fn a_number_repeats_and_the_time_is_that_of_all() {
    check(
        "\
> 2 blpop q 0.3
127.0.0.1:6379> 2 blpop q 0.3
=> blpop q 0.3
< *-1 @0.304s
(nil)
=> blpop q 0.3
< *-1 @0.3s
(nil)
(0.60s)
> 2
127.0.0.1:6379> 2
=> 2
< -ERR unknown command '2'
(error) ERR unknown command '2'
> 2x ping
127.0.0.1:6379> 2x ping
=> 2x ping
< -ERR unknown command '2x', with args beginning with: 'ping'
(error) ERR unknown command '2x', with args beginning with: 'ping'
> +1 clear
127.0.0.1:6379> +1 clear
=> clear
< -ERR unknown command 'clear'
(error) ERR unknown command 'clear'
> debug sleep 0.5
127.0.0.1:6379> debug sleep 0.5
=> debug sleep 0.5
< +OK @0.5s
OK
(0.50s)
> debug sleep 0.499
127.0.0.1:6379> debug sleep 0.499
=> debug sleep 0.499
< +OK @0.499s
OK
",
    );
}

#[test]
fn subscribed_until_ctrl_c_or_reset() {
    check(
        "\
> subscribe a b
127.0.0.1:6379> subscribe a b
=> subscribe a b
< *3\\r\\n$9\\r\\nsubscribe\\r\\n$1\\r\\na\\r\\n:1
1) \"subscribe\"
2) \"a\"
3) (integer) 1
! prompt
127.0.0.1:6379(subscribed mode)> Reading messages... (press Ctrl-C to quit or any key to type command)
< *3\\r\\n$9\\r\\nsubscribe\\r\\n$1\\r\\nb\\r\\n:2
1) \"subscribe\"
2) \"b\"
3) (integer) 2
< *3\\r\\n$7\\r\\nmessage\\r\\n$1\\r\\nb\\r\\n$5\\r\\nhello
1) \"message\"
2) \"b\"
3) \"hello\"
> ping hello
127.0.0.1:6379(subscribed mode)> ping hello
=> ping hello
< *2\\r\\n$4\\r\\npong\\r\\n$5\\r\\nhello
1) \"pong\"
2) \"hello\"
> unsubscribe
127.0.0.1:6379(subscribed mode)> unsubscribe
=> unsubscribe
< *3\\r\\n$11\\r\\nunsubscribe\\r\\n$1\\r\\na\\r\\n:1
1) \"unsubscribe\"
2) \"a\"
3) (integer) 1
< *3\\r\\n$11\\r\\nunsubscribe\\r\\n$1\\r\\nb\\r\\n:0
1) \"unsubscribe\"
2) \"b\"
3) (integer) 0
! prompt
127.0.0.1:6379(subscribed mode)> Reading messages... (press Ctrl-C to quit or any key to type command)
! ^C
(connect 127.0.0.1 6379)
! connected
! prompt
127.0.0.1:6379> |
> unsubscribe
127.0.0.1:6379> unsubscribe
=> unsubscribe
< *3\\r\\n$11\\r\\nunsubscribe\\r\\n$-1\\r\\n:0
1) \"unsubscribe\"
2) (nil)
3) (integer) 0
! prompt
127.0.0.1:6379> |
",
    );
}

#[test]
fn resp3_tells_pushes_from_replies() {
    check(
        "\
> hello 3
127.0.0.1:6379> hello 3
=> hello 3
< %1\\r\\n$5\\r\\nproto\\r\\n:3
1# \"proto\" => (integer) 3
> ssubscribe s
127.0.0.1:6379> ssubscribe s
=> ssubscribe s
< >3\\r\\n$10\\r\\nssubscribe\\r\\n$1\\r\\ns\\r\\n:1
1) \"ssubscribe\"
2) \"s\"
3) (integer) 1
> lrange l 0 -1
127.0.0.1:6379(subscribed mode)> lrange l 0 -1
=> lrange l 0 -1
< >2\\r\\n$10\\r\\ninvalidate\\r\\n*1\\r\\n$1\\r\\na
1) \"invalidate\"
2) 1) \"a\"
< *1\\r\\n$7\\r\\nmessage
1) \"message\"
> reset
127.0.0.1:6379(subscribed mode)> reset
=> reset
< +RESET
RESET
< >2\\r\\n$10\\r\\ninvalidate\\r\\n*2\\r\\n$1\\r\\na\\r\\n$1\\r\\nb
-> invalidate: 'a', 'b'
< >2\\r\\n$10\\r\\ninvalidate\\r\\n_
1) \"invalidate\"
2) (nil)
! prompt
127.0.0.1:6379> |
",
    );
}

#[test]
fn subscribing_in_a_transaction_is_a_reply_like_others() {
    check(
        "\
> multi
127.0.0.1:6379> multi
=> multi
< +OK
OK
> subscribe a
127.0.0.1:6379(TX)> subscribe a
=> subscribe a
< +QUEUED
QUEUED
> exec
127.0.0.1:6379(TX)> exec
=> exec
< *1\\r\\n*3\\r\\n$9\\r\\nsubscribe\\r\\n$1\\r\\na\\r\\n:1
1) 1) \"subscribe\"
   2) \"a\"
   3) (integer) 1
! prompt
127.0.0.1:6379> |
",
    );
}

#[test]
fn monitor_ends_with_ctrl_c() {
    check(
        "\
> monitor
127.0.0.1:6379> monitor
=> monitor
< +OK
OK
< +1460100081.165665 [0 127.0.0.1:51706] \"set\" \"k\" \"v\"
1460100081.165665 [0 127.0.0.1:51706] \"set\" \"k\" \"v\"
> get a
! ^C
^C
(1.00s)
(connect 127.0.0.1 6379)
! connected
> get a
127.0.0.1:6379> get a
=> get a
< $-1
(nil)
",
    );
}

#[test]
fn a_lost_connection_is_noticed_and_opened_again() {
    check(
        "\
> select 3
127.0.0.1:6379> select 3
=> select 3
< +OK
OK
! closed
> get a
127.0.0.1:6379[3]> get a
Error: Server closed the connection
> multi
not connected> multi
(connect 127.0.0.1 6379)
! connected
=> SELECT 3
=> multi
< +OK
< +OK
OK
! closed
! prompt
127.0.0.1:6379[3](TX)> |
> exec
127.0.0.1:6379[3](TX)> exec
Error: Server closed the connection
> exec
not connected> exec
(connect 127.0.0.1 6379)
! connected
=> SELECT 3
=> exec
< +OK
< -ERR EXEC without MULTI
(error) ERR EXEC without MULTI
> connect 10.0.0.1 7000
127.0.0.1:6379[3]> connect 10.0.0.1 7000
(connect 10.0.0.1 7000)
! refused
Could not connect to Redis at 10.0.0.1:7000: Connection refused
> get a
not connected> get a
(connect 10.0.0.1 7000)
! refused
Could not connect to Redis at 10.0.0.1:7000: Connection refused
",
    );
}

#[test]
fn a_blocked_client_takes_lines_for_later_and_leaves_with_ctrl_c() {
    check(
        "\
> blpop q 0
127.0.0.1:6379> blpop q 0
=> blpop q 0
> get a
> get b
< *2\\r\\n$1\\r\\nq\\r\\n$1\\r\\nx @2s
1) \"q\"
2) \"x\"
(2.00s)
127.0.0.1:6379> get a
=> get a
< $-1
(nil)
127.0.0.1:6379> get b
=> get b
< $-1
(nil)
> blpop q 0
127.0.0.1:6379> blpop q 0
=> blpop q 0
! ^C
^C
(exit)
",
    );
}

#[test]
fn a_shutdown_closes_without_a_word() {
    check(
        "\
> shutdown nosave
127.0.0.1:6379> shutdown nosave
=> shutdown nosave
! closed
! prompt
not connected> |
> blpop q 0
not connected> blpop q 0
(connect 127.0.0.1 6379)
! connected
=> blpop q 0
! closed
Error: Server closed the connection
",
    );
}

#[test]
fn reports_are_printed_plain() {
    check(
        "\
> info
127.0.0.1:6379> info
=> info
< $7\\r\\na:1\\r\\nb\\n\\r\\n
a:1\r
b
> get a
127.0.0.1:6379> get a
=> get a
< $1\\r\\n\\n\\r\\n
\"\\n\"
",
    );
}
