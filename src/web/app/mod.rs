//! The one component with state: it owns the benches and the learner's progress, hears what happened, and hands plain views down.

mod desk;
mod place;

pub use desk::Part;

use crate::bench::Bench;
use crate::catalogue;
use crate::frames::{self, Frames};
use crate::later;
use crate::lesson::{LessonMsg, client_number};
use crate::masthead::masthead;
use crate::notice::notice;
use crate::reference::{anchor, reference};
use crate::route::{self, Route};
use crate::script::{self, ScriptAct};
use crate::soon::{self, Soon};
use crate::storage::{self, Wreck};
use crate::study::Study;
use crate::terminal::PaneMsg;
use crate::theme::Theme;
use crate::timebar::TimeMsg;
use course::{Lesson, Progress};
use inspect::{InspectMsg, Layout};
use place::{Place, first_part, is_awaited, place_of, study_of};
use sim::Journal;
use std::rc::Rc;
use web_sys::window;
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
    Frame(f64),
    /// Nothing else is to be done at the moment.
    Soon,
    /// A lesson that was fetched, or could not be.
    Arrived(String, Option<Rc<Lesson>>),
    Went(Route),
    NextTheme,
    Show(Part),
    Pane(u32, PaneMsg),
    NewClient,
    Time(TimeMsg),
    Lesson(LessonMsg),
    Inspect(InspectMsg),
    Script(ScriptAct),
    /// Puts a line into the prompt of the active client.
    Put(String),
    FindCommand(String),
    TypeCode(String),
    Import,
    /// The rest of the program came, or could not be had.
    Later(bool),
    TryAgain,
    Dismiss,
    /// In hundredths of a per cent.
    LessonWidth(u32),
    PanesHeight(u32),
}

pub struct App {
    send: Send,
    route: Route,
    theme: Theme,
    part: Part,
    lesson_width: u32,
    panes_height: u32,
    lessons: Rc<Vec<Rc<Lesson>>>,
    progress: Progress,
    place: Place,
    bench: Bench,
    /// The benches of other places, as they were left.
    parked: Vec<(Place, Bench)>,
    find: AttrValue,
    code: AttrValue,
    import_said: AttrValue,
    wreck: Option<Rc<Wreck>>,
    /// The journal of a broken instance whose lesson is still being fetched.
    journal: Option<Journal>,
    /// Slugs of lessons that were asked for, and whether they could not be had.
    fetched: Vec<(String, bool)>,
    /// The rest of the program is being fetched; it could not be had the last time.
    coming: bool,
    /// The key that is to be opened when it is here.
    opening: Option<InspectMsg>,
    /// The script that is to be opened when the debugger is here.
    scripting: Option<ScriptAct>,
    failed: bool,
    last_frame: f64,
    /// After going elsewhere the heading takes the focus, so that a screen reader begins there.
    new_page: bool,
    soon: Option<Soon>,
    _frames: Frames,
    _listener: route::Listener,
}

impl Component for App {
    type Message = Msg;
    type Properties = ();

    fn create(ctx: &Context<Self>) -> App {
        let send = ctx.link().callback(|msg: Msg| msg);
        let (went, frame) = (send.clone(), send.clone());
        let lessons = Rc::new(catalogue::lessons());
        let progress = storage::get("progress").map_or_else(Progress::default, |text| Progress::from_text(&text));
        let route = Route::current();
        let place = place_of(&route, &lessons, &progress);
        let wreck = storage::wreck();
        let mut journal = wreck.as_ref().and_then(|wreck| Journal::decode(&wreck.journal).ok());
        let study = study_of(&place, &lessons, &progress);
        let here = (study.is_some() || place.is_empty()) && journal.as_ref().is_none_or(later::has_all_of);
        let mut bench = match journal.take_if(|_| here) {
            Some(journal) => Bench::restore(study, &journal),
            None => Bench::new(study),
        };
        bench.focus(bench.active);
        if is_awaited(&place, &lessons) {
            bench.await_lesson();
        }
        let number = |key: &str, or: u32| storage::get(key).and_then(|text| text.parse().ok()).unwrap_or(or);
        let mut app = App {
            theme: Theme::stored(),
            part: first_part(&route),
            lesson_width: number("lesson-width", 3700),
            panes_height: number("panes-height", 4600),
            lessons,
            progress,
            place,
            bench,
            parked: Vec::new(),
            find: AttrValue::default(),
            code: AttrValue::default(),
            import_said: AttrValue::default(),
            wreck: wreck.map(Rc::new),
            journal,
            fetched: Vec::new(),
            coming: false,
            opening: None,
            scripting: None,
            failed: false,
            last_frame: frames::now(),
            route,
            new_page: false,
            soon: None,
            _frames: Frames::new(move |at| frame.emit(Msg::Frame(at))),
            _listener: route::Listener::new(move |route| went.emit(Msg::Went(route))),
            send,
        };
        app.name_page();
        app.fetch(ctx);
        app.open_script();
        app.look_ahead(ctx);
        app
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Frame(at) => {
                let changed = self.frame(at);
                self.go_on_soon();
                return changed;
            }
            Msg::Soon => {
                let changed = self.bench.compute(&frames::now);
                self.go_on_soon();
                return changed;
            }
            Msg::Arrived(slug, lesson) => {
                self.arrived(&slug, lesson);
                self.fetch(ctx);
                self.look_ahead(ctx);
            }
            Msg::Went(route) => {
                self.go(route);
                self.open_script();
                self.fetch(ctx);
                self.look_ahead(ctx);
            }
            Msg::NextTheme => {
                self.theme = self.theme.next();
                self.theme.apply();
            }
            Msg::Show(part) => self.part = part,
            Msg::Pane(id, msg) => {
                if self.bench.pane_message(id, msg, &mut self.progress) {
                    self.keep_progress();
                }
                self.look_ahead(ctx);
            }
            Msg::NewClient => {
                let id = self.bench.new_client();
                self.bench.focus(id);
            }
            Msg::Time(msg) => {
                self.bench.time(&msg);
            }
            Msg::Lesson(msg) => {
                self.lesson(msg);
                self.look_ahead(ctx);
            }
            Msg::Inspect(msg) if matches!(msg, InspectMsg::Open(_)) && !later::is_here() => {
                self.opening = Some(msg);
                self.fetch_later(ctx);
            }
            Msg::Inspect(msg) => {
                self.bench.inspect(&msg);
                if let InspectMsg::Layout(layout) = msg {
                    let table = layout == Layout::Table;
                    if table { storage::set("table", "1") } else { storage::remove("table") }
                }
            }
            Msg::Script(act) => {
                self.script(act);
                self.look_ahead(ctx);
            }
            Msg::Put(line) => {
                self.bench.put(self.bench.active, &line);
                if self.part == Part::Lesson {
                    self.part = Part::Keyspace;
                }
                self.look_ahead(ctx);
            }
            Msg::FindCommand(find) => self.find = find.into(),
            Msg::TypeCode(code) => self.code = code.into(),
            Msg::Import => self.import(),
            Msg::Later(came) => self.later(came),
            Msg::TryAgain => self.look_ahead(ctx),
            Msg::Dismiss => self.wreck = None,
            Msg::LessonWidth(at) => {
                self.lesson_width = at.clamp(1500, 7500);
                storage::set("lesson-width", &self.lesson_width.to_string());
            }
            Msg::PanesHeight(at) => {
                self.panes_height = at.clamp(1500, 8500);
                storage::set("panes-height", &self.panes_height.to_string());
            }
        }
        true
    }

    fn view(&self, _ctx: &Context<Self>) -> Html {
        let page = match &self.route {
            Route::Lessons if later::is_here() => self.contents(),
            Route::Lessons => self.without_sheet("Lessons"),
            Route::Commands(named) if later::is_here() => reference(named, &self.find, &self.send),
            Route::Commands(_) => self.without_sheet("Commands"),
            Route::Playground | Route::Script(_) => self.desk(false),
            Route::Learn | Route::Lesson(_) => self.desk(true),
        };
        html! {
            <>
                <a class="skip" href="#main" onclick={skip()}>{ "Skip to the content" }</a>
                { masthead(&self.route, self.theme, self.place_words(), &self.send) }
                { page }
                if let Some(wreck) = &self.wreck { { notice(wreck, &self.send) } }
            </>
        }
    }

    fn rendered(&mut self, _ctx: &Context<Self>, _first: bool) {
        if core::mem::take(&mut self.new_page) {
            focus("#main h1, #main");
            if let Route::Commands(named) = &self.route
                && let Some(row) = window().and_then(|window| window.document()?.get_element_by_id(&anchor(named)))
            {
                row.scroll_into_view();
            }
        }
    }
}

impl App {
    fn frame(&mut self, at: f64) -> bool {
        let real_us = ((at - self.last_frame).max(0.0) * 1000.0) as u64;
        self.last_frame = at;
        self.bench.frame(real_us, frames::now)
    }

    /// What takes all the time that there is gets it, in moments between whatever else happens.
    fn go_on_soon(&mut self) {
        if self.bench.is_computing() {
            soon::ask(&mut self.soon, &self.send);
        }
    }

    /// Sees to it that the lesson on view and the one after it are here.
    fn fetch(&mut self, ctx: &Context<Self>) {
        let Some(at) = self.lessons.iter().position(|lesson| lesson.slug == self.place) else { return };
        for lesson in self.lessons.iter().skip(at).take(2).filter(|lesson| catalogue::is_outline(lesson)) {
            let slug = lesson.slug.clone();
            if self.fetched.iter().any(|(known, _)| *known == slug) {
                continue;
            }
            self.fetched.push((slug.clone(), false));
            ctx.link().send_future(async move {
                let lesson = catalogue::fetch(slug.clone()).await;
                Msg::Arrived(slug, lesson.map(Rc::new))
            });
        }
    }

    /// Fetches the rest of the program when something waits for it, or will as soon as a line is given.
    fn look_ahead(&mut self, ctx: &Context<Self>) {
        let is_sheet = matches!(self.route, Route::Lessons | Route::Commands(_));
        let waits = self.bench.is_held() || self.journal.is_some() || self.scripting.is_some() || is_sheet;
        if waits || !self.failed && self.bench.is_ahead() {
            self.fetch_later(ctx);
        }
    }

    fn fetch_later(&mut self, ctx: &Context<Self>) {
        if !later::is_here() && !core::mem::replace(&mut self.coming, true) {
            ctx.link().send_future(async { Msg::Later(later::fetch().await) });
        }
    }

    fn later(&mut self, came: bool) {
        self.coming = false;
        self.failed = !came;
        if came && let Some(study) = study_of(&self.place, &self.lessons, &self.progress) {
            self.restore(Some(study));
        } else if came && self.place.is_empty() {
            self.restore(None);
        }
        self.bench.arrived(came, &mut self.progress);
        if let Some(open) = self.opening.take().filter(|_| came) {
            self.bench.inspect(&open);
        }
        if let Some(act) = self.scripting.take().filter(|_| came) {
            self.script(act);
        }
        self.keep_progress();
    }

    /// The address may ask for the debugger.
    fn open_script(&mut self) {
        if let Route::Script(line) = &self.route {
            self.script(ScriptAct::Open(line.clone()));
        }
    }

    fn script(&mut self, act: ScriptAct) {
        if !later::is_here() {
            self.scripting = Some(act);
            return;
        }
        script::act(&mut self.bench, &act, &mut self.progress);
        match act {
            ScriptAct::Open(_) => self.part = Part::Script,
            ScriptAct::Close => {
                if self.part == Part::Script {
                    self.part = Part::Terminal;
                }
                // So that the same link opens it once more.
                if matches!(self.route, Route::Script(_)) {
                    route::go(&Route::Playground);
                }
            }
            _ => {}
        }
        self.keep_progress();
    }

    /// The bench of a broken instance, if there was one and all that it needs is here.
    fn restore(&mut self, study: Option<Study>) {
        if let Some(journal) = self.journal.take_if(|journal| later::has_all_of(journal)) {
            self.bench = Bench::restore(study, &journal);
            self.bench.focus(self.bench.active);
        }
    }

    fn arrived(&mut self, slug: &str, lesson: Option<Rc<Lesson>>) {
        let Some(lesson) = lesson else {
            if let Some((_, failed)) = self.fetched.iter_mut().find(|(known, _)| known == slug) {
                *failed = true;
            }
            if self.place == slug {
                self.bench.begin_without_lesson(&mut self.progress);
            }
            return;
        };
        if let Some(place) = Rc::make_mut(&mut self.lessons).iter_mut().find(|known| known.slug == slug) {
            *place = lesson;
        }
        if self.place == slug {
            let study = study_of(&self.place, &self.lessons, &self.progress);
            let early = core::mem::replace(&mut self.bench, Bench::new(study.clone()));
            self.bench.focus(self.bench.active);
            self.restore(study);
            self.bench.take_over(early, &mut self.progress);
            self.keep_progress();
            self.name_page();
        }
    }

    fn go(&mut self, route: Route) {
        if route == self.route {
            return;
        }
        let place = place_of(&route, &self.lessons, &self.progress);
        let on_bench = !matches!(route, Route::Lessons | Route::Commands(_));
        if on_bench && place != self.place {
            let parked = self.parked.iter().position(|(parked, _)| *parked == place);
            let mut bench = match parked {
                Some(at) => self.parked.swap_remove(at).1,
                None => Bench::new(study_of(&place, &self.lessons, &self.progress)),
            };
            if is_awaited(&place, &self.lessons) && !self.fetched.iter().any(|(slug, failed)| *failed && *slug == place)
            {
                bench.await_lesson();
            }
            let left = core::mem::replace(&mut self.bench, bench);
            self.parked.push((core::mem::replace(&mut self.place, place), left));
            self.part = first_part(&route);
        }
        if on_bench && !self.place.is_empty() {
            self.progress.place = Some(self.place.clone());
            self.keep_progress();
        }
        self.new_page = true;
        self.route = route;
        self.name_page();
    }

    fn lesson(&mut self, msg: LessonMsg) {
        match msg {
            LessonMsg::Use { client, command } => {
                let pane = self.bench.pane_of(client_number(&client));
                self.bench.put(pane, &command);
            }
            LessonMsg::Answer { block, choice } => {
                if let Some(study) = &mut self.bench.study {
                    study.answer(block, choice);
                }
            }
            LessonMsg::Hint { task } => {
                if let Some(study) = &mut self.bench.study {
                    study.hint(task);
                }
            }
            LessonMsg::Solution { task } => {
                let lines = self
                    .bench
                    .study
                    .as_ref()
                    .and_then(|study| study.lesson.tasks.get(task))
                    .map(|task| task.solution.clone());
                let pane = self.bench.pane_of(1);
                self.bench.put_all(pane, &lines.unwrap_or_default());
            }
            LessonMsg::StartOver => self.bench.start_over(study_of(&self.place, &self.lessons, &self.progress)),
        }
    }

    fn import(&mut self) {
        let said = match self.progress.import(&self.code, &catalogue::outlines(&self.lessons)) {
            Ok(imported) if imported.added == 0 => "You had done all of that already.".to_owned(),
            Ok(imported) if imported.added == 1 => "One task added.".to_owned(),
            Ok(imported) => format!("{} tasks added.", imported.added),
            Err(error) => error.to_string(),
        };
        self.import_said = said.into();
        self.keep_progress();
    }

    fn keep_progress(&self) {
        storage::set("progress", &self.progress.to_text());
    }

    fn name_page(&self) {
        let name = match &self.route {
            Route::Lessons => "Lessons",
            Route::Playground => "Playground",
            Route::Script(_) => "Script",
            Route::Commands(_) => "Commands",
            Route::Learn | Route::Lesson(_) => self.study().map_or("Learn", |study| study.lesson.title.as_str()),
        };
        if let Some(document) = window().and_then(|window| window.document()) {
            document.set_title(&format!("{name} · Rediscover"));
        }
    }

    fn study(&self) -> Option<&Study> {
        self.bench.study.as_ref()
    }
}

/// A link within the page would change the route: the content takes the focus without it.
fn skip() -> Callback<MouseEvent> {
    Callback::from(|event: MouseEvent| {
        event.prevent_default();
        focus("#main");
    })
}

fn focus(selector: &str) {
    let found = window()
        .and_then(|window| window.document())
        .and_then(|document| document.query_selector(selector).ok().flatten());
    if let Some(element) =
        found.and_then(|element| wasm_bindgen::JsCast::dyn_into::<web_sys::HtmlElement>(element).ok())
    {
        let _ = element.focus();
    }
}
