//! What a client is in the middle of: a transaction and its queue, watched keys, channels that it listens to, a wait.
//!
//! The server knows all of it but one thing: which command it was that spoilt a transaction. That the pane remembers, from the
//! refusals that it has heard. Under the transcript this is a card; for those who listen it is a sentence that changes when the
//! state does and not with the clock.

use crate::inspector::ring;
use crate::line;
use crate::terminal::{Badge, Span, spans};
use engine::{Blocked, Client, ClientId, Engine, Subscriptions, Transaction};
use inspect::text::{self, printable};
use std::rc::Rc;
use yew::prelude::*;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    pub badges: Vec<Badge>,
    /// For those who listen.
    said: Rc<str>,
    queue: Option<Queue>,
    watched: Vec<Watched>,
    channels: Vec<Channel>,
    /// Over RESP2 a client that listens can do little else.
    restricted: bool,
    wait: Option<Wait>,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Queue {
    commands: Vec<Queued>,
    count: usize,
    /// Commands that are not shown.
    hidden: usize,
    /// Why EXEC will run nothing.
    spoilt: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq)]
struct Queued {
    line: Vec<Span>,
    /// Why it was not queued.
    refused: Option<Rc<str>>,
}

#[derive(Clone, Debug, PartialEq)]
struct Watched {
    key: Rc<str>,
    changed: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct Channel {
    name: Rc<str>,
    kind: &'static str,
}

#[derive(Clone, Debug, PartialEq)]
struct Wait {
    /// `an element in`
    what: &'static str,
    keys: Vec<Rc<str>>,
    /// The time left and the whole time in words, and what is left in thousandths.
    limit: Option<(String, String, u16)>,
}

/// A command that the server did not queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// So many commands were queued before it.
    pub behind: usize,
    pub line: Rc<str>,
    pub why: Rc<str>,
}

const MOST: usize = 24;

fn short(name: &[u8]) -> Rc<str> {
    printable(name, 40).into()
}

impl Standing {
    pub fn of(engine: &Engine, client: ClientId, refused: &[Refused], now_ms: i64) -> Standing {
        let mut standing = Standing::default();
        let id = client;
        let Some(client) = engine.clients().get(id) else { return standing };
        let mut said = Vec::new();
        if client.protocol == resp::Protocol::Resp3 {
            standing.badge("RESP3", "");
        }
        if let Some(transaction) = &client.transaction {
            standing.queues(transaction, client, refused, &mut said);
        }
        if !client.watched.is_empty() {
            standing.watches(engine, client, id, &mut said);
        }
        if !client.subscriptions.is_empty() {
            standing.listens(&client.subscriptions, client.protocol == resp::Protocol::Resp2, &mut said);
        }
        if let Some(blocked) = &client.blocked {
            standing.waits(blocked, now_ms, &mut said);
        }
        standing.said = said.concat().into();
        standing
    }

    fn badge(&mut self, text: &str, tone: &'static str) {
        self.badges.push(Badge { text: text.into(), tone });
    }

    fn queues(&mut self, transaction: &Transaction, client: &Client, refused: &[Refused], said: &mut Vec<String>) {
        let mut queue = Queue { count: transaction.requests.len(), ..Queue::default() };
        let mut refused = refused.iter().peekable();
        for at in 0..=queue.count {
            while let Some(one) = refused.next_if(|one| one.behind == at) {
                queue.commands.push(Queued { line: line::spans(&one.line), refused: Some(one.why.clone()) });
            }
            // The latest ones: those before them are only counted.
            if let Some(request) = transaction.requests.get(at).filter(|_| at + MOST >= queue.count) {
                let words: Vec<String> = request.args().all().map(term::quote::typed).collect();
                queue.commands.push(Queued { line: line::spans(&words.join(" ")), refused: None });
            }
        }
        queue.hidden = queue.count.saturating_sub(MOST);
        queue.spoilt = if transaction.aborted {
            Some(
                "EXEC will run nothing (EXECABORT): a command was refused. What follows is answered QUEUED, but not kept",
            )
        } else if client.watch_broken {
            Some("EXEC will run nothing and answer (nil): a watched key has changed")
        } else {
            None
        };
        self.badge("transaction", if queue.spoilt.is_some() { "bad" } else { "now" });
        said.push(["In a transaction, ", &text::counted(queue.count, "command", "commands"), " queued. "].concat());
        if transaction.aborted {
            said.push("A command was refused: EXEC will run nothing. ".to_owned());
        }
        self.queue = Some(queue);
    }

    fn watches(&mut self, engine: &Engine, client: &Client, id: ClientId, said: &mut Vec<String>) {
        let watched = engine.watched(id).take(MOST);
        self.watched = watched.map(|(_, key, changed)| Watched { key: short(key), changed }).collect();
        for Watched { key, changed } in &self.watched {
            said.push(["Watches ", key, if *changed { ": changed. " } else { ": unchanged. " }].concat());
        }
        if self.queue.is_none() {
            self.badge(
                if client.watch_broken { "✗ watched key changed" } else { "watching" },
                if client.watch_broken { "bad" } else { "" },
            );
        }
    }

    /// Only a command of the second module begins to listen (`later.txt`).
    #[inline(never)]
    fn listens(&mut self, subscriptions: &Subscriptions, restricted: bool, said: &mut Vec<String>) {
        for (names, kind) in [
            (&subscriptions.channels, "channel"),
            (&subscriptions.patterns, "pattern"),
            (&subscriptions.shard_channels, "shard channel"),
        ] {
            self.channels.extend(names.iter().take(MOST).map(|name| Channel { name: short(name), kind }));
        }
        self.restricted = restricted;
        self.badge("listening", "now");
        for Channel { name, kind } in &self.channels {
            said.push(["Listens to ", kind, " ", name, ". "].concat());
        }
    }

    /// Only a command of the second module blocks.
    #[inline(never)]
    fn waits(&mut self, blocked: &Blocked, now_ms: i64, said: &mut Vec<String>) {
        let what = match blocked.wanted {
            "list" => "an element in",
            "zset" => "a member in",
            "stream" => "an entry in",
            _ => "something in",
        };
        let keys: Vec<Rc<str>> = blocked.keys.iter().take(MOST).map(|key| short(key)).collect();
        let limit = blocked.deadline.map(|deadline| {
            let (left, whole) = ((deadline - now_ms).max(0), (deadline - blocked.since).max(1));
            (text::span(left), text::span(whole), (left.min(whole) * 1000 / whole) as u16)
        });
        let badge =
            limit.as_ref().map_or_else(|| "blocked, no limit".to_owned(), |(left, ..)| ["blocked, ", left].concat());
        self.badge(&badge, "now");
        let limit_words = limit
            .as_ref()
            .map_or_else(|| "without a limit".to_owned(), |(_, whole, _)| ["for at most ", whole].concat());
        said.push(["Blocked ", &limit_words, ", waits for ", what, " ", &keys.join(" or "), ". "].concat());
        self.wait = Some(Wait { what, keys, limit });
    }
}

/// The card under the transcript, and the sentence for those who listen.
pub fn standing(view: &Standing) -> Html {
    let Standing { said, queue, watched, channels, wait, .. } = view;
    let is_calm = queue.is_none() && watched.is_empty() && channels.is_empty() && wait.is_none();
    html! {
        <>
            <p class="visually-hidden" role="status">{ said.to_string() }</p>
            if !is_calm {
                <div class="standing">
                    if !watched.is_empty() { { draw_watched(watched, queue.is_some()) } }
                    if let Some(queue) = queue { { draw_queue(queue) } }
                    if !channels.is_empty() { { draw_channels(view) } }
                    if let Some(wait) = wait { { draw_wait(wait) } }
                </div>
            }
        </>
    }
}

fn draw_queue(queue: &Queue) -> Html {
    let head = match queue.count {
        count if queue.spoilt.is_some() => [&text::counted(count, "command", "commands"), " queued, in vain"].concat(),
        0 => "Nothing is queued yet: what you type now waits for EXEC".to_owned(),
        1 => "1 command waits for EXEC".to_owned(),
        count => [&text::figure(count as u64), " commands wait for EXEC, to be run in one go"].concat(),
    };
    let before = queue.hidden;
    html! {
        <section aria-label="Transaction">
            <p>{ head }</p>
            if before > 0 { <p class="quiet">{ [&text::figure(before as u64), " before these"].concat() }</p> }
            <ol class="queue" start={(before + 1).to_string()}>
                { for queue.commands.iter().enumerate().map(|(at, command)| html! {
                    <li key={at} class={classes!(command.refused.is_some().then_some("refused"))}>
                        <span>{ spans(&command.line) }</span>
                        if let Some(why) = &command.refused { <small><b>{ "not queued: " }</b>{ why.to_string() }</small> }
                    </li>
                }) }
            </ol>
            if let Some(spoilt) = queue.spoilt { <p class="spoilt"><b aria-hidden="true">{ "✗ " }</b>{ spoilt }</p> }
        </section>
    }
}

fn draw_watched(watched: &[Watched], in_transaction: bool) -> Html {
    let changed = watched.iter().any(|one| one.changed);
    html! {
        <section aria-label="Watched keys">
            <ul class="chips"><li class="what">{ "Watches" }</li>
                { for watched.iter().map(|one| {
                    let (class, sign, words) = if one.changed { ("dirty", "✗", "changed") } else { ("clean", "✓", "unchanged") };
                    html! { <li key={one.key.to_string()} class={class}><i aria-hidden="true">{ sign }</i><code>{ one.key.to_string() }</code>{ words }</li> }
                }) }
            </ul>
            if changed && !in_transaction { <p class="quiet">{ "The next EXEC will run nothing. UNWATCH forgets the change." }</p> }
        </section>
    }
}

#[inline(never)]
fn draw_channels(view: &Standing) -> Html {
    html! {
        <section aria-label="Subscriptions">
            <ul class="chips"><li class="what">{ "Listens to" }</li>
                { for view.channels.iter().enumerate().map(|(at, channel)| html! {
                    <li key={at} class="heard"><code>{ channel.name.to_string() }</code>{ channel.kind }</li>
                }) }
            </ul>
            if view.restricted {
                <p class="quiet">{ "Over RESP2 a connection that listens takes only (P|S)SUBSCRIBE, (P|S)UNSUBSCRIBE, PING, QUIT and RESET. After HELLO 3 it takes every command." }</p>
            }
        </section>
    }
}

#[inline(never)]
fn draw_wait(wait: &Wait) -> Html {
    let keys = wait.keys.iter().enumerate().map(|(at, key)| {
        html! { <>if at > 0 { { " or " } }<code>{ key.to_string() }</code></> }
    });
    html! {
        <section class="wait" aria-label="Blocked">
            if let Some((left, whole, part)) = &wait.limit {
                { ring(*part) }<p><b>{ left.clone() }</b>{ " of " }{ whole.clone() }{ " left, waiting for " }{ wait.what }{ " " }{ for keys }</p>
            } else {
                <span class="endless" aria-hidden="true">{ "∞" }</span><p><b>{ "No limit" }</b>{ ": waits for " }{ wait.what }{ " " }{ for keys }</p>
            }
        </section>
    }
}
