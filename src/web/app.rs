//! The one component with state: it owns the bench, hears what happened, and hands plain views down.

use crate::bench;
use crate::divide::Divide;
use crate::inspector::Keyspace;
use crate::masthead::Masthead;
use crate::route::{self, Route};
use crate::terminal::{Pane, PaneMsg};
use crate::theme::Theme;
use crate::timebar::{TimeMsg, Timebar};
use yew::prelude::*;

pub type Send = Callback<Msg>;

/// A callback that sends what `what` makes of an event, if it makes anything of it.
pub fn when<E: 'static>(send: &Send, what: impl Fn(E) -> Option<Msg> + 'static) -> Callback<E> {
    let send = send.clone();
    Callback::from(move |event| {
        if let Some(msg) = what(event) {
            send.emit(msg);
        }
    })
}

#[derive(Clone, Debug)]
pub enum Msg {
    Went(Route),
    NextTheme,
    Pane(u32, PaneMsg),
    NewClient,
    Time(TimeMsg),
    Filter(String),
    ToggleTable,
    FindCommand(String),
    LessonWidth(f64),
    PanesHeight(f64),
}

pub struct App {
    send: Send,
    route: Route,
    theme: Theme,
    lesson_width: f64,
    panes_height: f64,
    table: bool,
    filter: String,
    _listener: route::Listener,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> App {
        let send = ctx.link().callback(|msg: Msg| msg);
        let went = send.clone();
        App { send, route: Route::current(), theme: Theme::stored(), lesson_width: 37.0, panes_height: 48.0, table: false, filter: String::new(),
            _listener: route::Listener::new(move |route| went.emit(Msg::Went(route))) }
    }

    fn update(&mut self, _ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Went(route) => self.route = route,
            Msg::NextTheme => { self.theme = self.theme.next(); self.theme.apply(); }
            Msg::LessonWidth(at) => self.lesson_width = at.clamp(15.0, 75.0),
            Msg::PanesHeight(at) => self.panes_height = at.clamp(15.0, 85.0),
            Msg::ToggleTable => self.table = !self.table,
            _ => {}
        }
        true
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        let send = &self.send;
        let panes = bench::panes();
        let count = panes.len();
        let lesson = include_str!("/tmp/web/lesson.html");
        html! {
            <>
                <Masthead route={self.route.clone()} theme={self.theme} place={Some(AttrValue::from("Lifetime, lesson 1 of 6"))} send={send.clone()} />
                <nav class="views" aria-label="Show"><button aria-pressed="true">{ "Lesson" }</button><button aria-pressed="false">{ "Terminal" }</button><button aria-pressed="false">{ "Keyspace" }</button></nav>
                <main class="desk" data-view="lesson" style={format!("--lesson:{}%;--panes:{}%", self.lesson_width, self.panes_height)}>
                    <div class="reading" tabindex="0">{ Html::from_html_unchecked(AttrValue::from(lesson)) }</div>
                    <Divide label="Width of the lesson" at={self.lesson_width} moved={send.reform(Msg::LessonWidth)} />
                    <div class="bench">
                        <div class="panes">{ for panes.into_iter().enumerate().map(|(index, view)| html! { <Pane key={view.id} view={view.clone()} last={index + 1 == count} send={send.clone()} /> }) }</div>
                        <Divide label="Height of the terminals" level=true at={self.panes_height} moved={send.reform(Msg::PanesHeight)} />
                        <Keyspace view={bench::keyspace()} table={self.table} filter={self.filter.clone()} send={send.clone()} />
                    </div>
                </main>
                <Timebar view={bench::time()} send={send.clone()} />
            </>
        }
    }
}
