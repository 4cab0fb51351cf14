//! The reference: every command that the engine's table knows, in the table's own words.

use crate::app::{Msg, Send, when};
use crate::colophon::colophon;
use crate::route::Route;
use engine::sort;
use engine::table::{self, Command, Group};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// A container such as CLIENT stands for its subcommands.
fn rows() -> Vec<&'static Command> {
    let mut rows: Vec<&Command> = table::all()
        .flat_map(
            |command| if command.subcommands.is_empty() { core::slice::from_ref(command) } else { command.subcommands },
        )
        .collect();
    sort::by_key(&mut rows, |command| command.full_name);
    rows
}

fn matches(command: &Command, filter: &str) -> bool {
    let name = command.full_name.replace('|', " ");
    filter.to_ascii_lowercase().split_whitespace().all(|word| {
        name.contains(word) || command.group.name() == word || command.summary.to_ascii_lowercase().contains(word)
    })
}

/// `named` is the command that the address names.
#[inline(never)]
pub fn reference(named: &str, filter: &AttrValue, send: &Send) -> Html {
    let rows = rows();
    let mut groups: Vec<Group> = rows.iter().map(|command| command.group).collect();
    sort::by(&mut groups, |a, b| a < b);
    groups.dedup();
    let shown: Vec<&Command> = rows.iter().copied().filter(|command| matches(command, filter)).collect();
    let typed = when(send, |event: InputEvent| {
        let input: HtmlInputElement = event.target_dyn_into()?;
        Some(Msg::FindCommand(input.value()))
    });
    let group = |group: Group| {
        let name = group.name();
        let on = **filter == *name;
        let choose =
            send.reform(move |_: MouseEvent| Msg::FindCommand(if on { String::new() } else { name.to_owned() }));
        html! { <button key={name} aria-pressed={on.to_string()} onclick={choose}>{ name }</button> }
    };
    html! {
        <main class="sheet" tabindex="-1" id="main">
            <div>
                <h1>{ "Commands" }</h1>
                <p class="lead">{ "Every command of this server, with what it costs and since when Redis has had it. The terminal's hints come from the same table." }</p>
                <div class="find" role="search">
                    <input type="search" aria-label="Find a command" placeholder="Find a command by name, group or purpose" value={filter.clone()} oninput={typed}
                        autocapitalize="off" autocorrect="off" autocomplete="off" spellcheck="false" />
                    <span class="count" role="status">{ format!("{} of {}", shown.len(), rows.len()) }</span>
                </div>
                <div class="groups" role="group" aria-label="Groups">{ for groups.into_iter().map(group) }</div>
                <ul class="commands">
                    { for shown.into_iter().map(|command| row(command, named)) }
                </ul>
                { colophon() }
            </div>
        </main>
    }
}

/// The id of a command's line.
pub fn anchor(name: &str) -> String {
    format!("command-{}", name.replace(['|', ' ', '-'], "-"))
}

fn row(command: &'static Command, named: &str) -> Html {
    let path = command.full_name.replace('|', "-");
    let name = command.full_name.replace('|', " ").to_ascii_uppercase();
    html! {
        <li key={command.full_name} id={anchor(command.full_name)} class={classes!((path == named).then_some("named"))}>
            <div class="syntax"><a href={Route::Commands(path).href()}>{ name }</a>{ " " }{ command.syntax_display() }</div>
            <p>{ command.summary }</p>
            <div class="facts"><b>{ command.complexity }</b>{ format!("{}, since {}", command.group.name(), command.since) }</div>
        </li>
    }
}
