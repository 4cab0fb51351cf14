//! Time along the bottom: undo, play, speed, the next event, and the whole history to scrub through.
//!
//! The track is not to scale: a learner types five commands in ten seconds and then jumps an hour. The room between two
//! neighbouring marks grows with the logarithm of the time between them, and inside that room time runs evenly, so every
//! moment has its place, nothing is squeezed to a point, and the order is always right.

use crate::app::{Msg, Send, when};
use crate::icon::Icon;
use engine::sort;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

pub const SPEEDS: [u32; 4] = [1, 10, 100, 1000];

/// A moment with a name: a command that was given, or an expiry to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: u64,
    pub label: Rc<str>,
}

/// What the time bar shows; all times are microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeView {
    pub start: u64,
    pub now: u64,
    /// The latest moment that was reached; later than `now` while scrubbing.
    pub reached: u64,
    pub commands: Vec<Mark>,
    /// In the order of time, all later than `now`.
    pub coming: Vec<Mark>,
    pub undo: Option<AttrValue>,
    pub redo: Option<AttrValue>,
    pub playing: bool,
    pub speed: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TimeMsg {
    Undo,
    Redo,
    Toggle,
    Step,
    Jump,
    Speed(u32),
    /// To this moment.
    Scrub(u64),
}

const SECOND: f64 = 1e6;
/// The track's resolution as a range input.
const STEPS: f64 = 10_000.0;

/// The places of moments on the track, from 0 to 1.
struct Scale {
    /// (moment, place), both ascending.
    stops: Vec<(u64, f64)>,
}

impl Scale {
    fn new(view: &TimeView) -> Scale {
        let mut moments = vec![view.start, view.now, view.reached];
        moments.extend(view.commands.iter().map(|mark| mark.at));
        moments.extend(view.coming.iter().map(|mark| mark.at));
        moments.retain(|moment| *moment >= view.start);
        sort::by(&mut moments, |a, b| a < b);
        moments.dedup();
        let mut place = 0.0;
        let mut before = view.start;
        let mut stops: Vec<(u64, f64)> = moments
            .into_iter()
            .map(|moment| {
                let apart = (moment - before) as f64 / SECOND;
                place += if moment == before { 0.0 } else { 0.12 + (1.0 + apart).ln() };
                before = moment;
                (moment, place)
            })
            .collect();
        // A young history does not fill the track: it grows from the left, and there is room for what comes.
        let room = (place * 1.06).max(6.0);
        for stop in &mut stops {
            stop.1 /= room;
        }
        Scale { stops }
    }

    fn place(&self, moment: u64) -> f64 {
        let after = self.stops.partition_point(|stop| stop.0 < moment);
        match (after.checked_sub(1).and_then(|before| self.stops.get(before)), self.stops.get(after)) {
            (Some(before), Some(after)) => {
                let part = (moment - before.0) as f64 / (after.0 - before.0) as f64;
                before.1 + part * (after.1 - before.1)
            }
            (None, Some(stop)) | (Some(stop), None) => stop.1,
            (None, None) => 0.0,
        }
    }

    fn moment(&self, place: f64) -> u64 {
        let after = self.stops.partition_point(|stop| stop.1 < place);
        match (after.checked_sub(1).and_then(|before| self.stops.get(before)), self.stops.get(after)) {
            (Some(before), Some(after)) => {
                let part = (place - before.1) / (after.1 - before.1);
                before.0 + (part * (after.0 - before.0) as f64) as u64
            }
            (None, Some(stop)) | (Some(stop), None) => stop.0,
            (None, None) => 0,
        }
    }
}

/// A part of the whole for a style. (Formatting a float would cost the page more bytes than all of this file.)
pub fn percent(part: f64) -> String {
    let hundredths = (part * 10_000.0) as u32;
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

/// `1:02:03.4`, without the hours while there are none.
pub fn clock(micros: u64) -> String {
    let tenths = micros / 100_000;
    let (seconds, minutes, hours) = (tenths / 10 % 60, tenths / 600 % 60, tenths / 36_000);
    if hours == 0 {
        format!("{minutes:02}:{seconds:02}.{}", tenths % 10)
    } else if hours < 48 {
        format!("{hours}:{minutes:02}:{seconds:02}.{}", tenths % 10)
    } else {
        format!("{} d {:02}:{minutes:02}:{seconds:02}", hours / 24, hours % 24)
    }
}

pub fn timebar(view: &TimeView, send: &Send) -> Html {
    let act = |msg: TimeMsg| send.reform(move |_: MouseEvent| Msg::Time(msg.clone()));
    let undo = view.undo.as_ref().map_or_else(|| "Undo".to_owned(), |what| format!("Undo {what}"));
    let redo = view.redo.as_ref().map_or_else(|| "Redo".to_owned(), |what| format!("Redo {what}"));
    let (play, play_icon) = if view.playing { ("Pause", Icon::Pause) } else { ("Play", Icon::Play) };
    let next = view.coming.first();
    let jump =
        next.map_or_else(|| "Next event: nothing is due".to_owned(), |mark| format!("Next event: {}", mark.label));
    html! {
        <section class="timebar" aria-label="Time">
            <div class="transport" role="group" aria-label="Time controls">
                <button class="icon" disabled={view.undo.is_none()} onclick={act(TimeMsg::Undo)} aria-label={undo.clone()} title={undo}>{ Icon::Undo.draw() }</button>
                <button class="icon" disabled={view.redo.is_none()} onclick={act(TimeMsg::Redo)} aria-label={redo.clone()} title={redo}>{ Icon::Redo.draw() }</button>
                <span class="gap" />
                <button class={classes!("icon", "play", (!view.playing).then_some("held"))} onclick={act(TimeMsg::Toggle)} aria-label={play} title={play}>{ play_icon.draw() }</button>
                <fieldset class="speeds">
                    <legend class="visually-hidden">{ "Speed" }</legend>
                    { for SPEEDS.iter().map(|&speed| {
                        let choose = send.reform(move |_: Event| Msg::Time(TimeMsg::Speed(speed)));
                        html! { <label key={speed}><input type="radio" name="speed" checked={view.speed == speed} onchange={choose} />{ format!("×{speed}") }</label> }
                    }) }
                </fieldset>
                <button class="icon" onclick={act(TimeMsg::Step)} aria-label="One second on" title="One second on">{ Icon::Step.draw() }</button>
                <button class="jump" disabled={next.is_none()} onclick={act(TimeMsg::Jump)} aria-label={jump.clone()} title={jump}>{ Icon::Jump.draw() }<span class="word">{ "next event" }</span></button>
            </div>
            { track(view, send) }
            <span class="clock" role="timer" aria-label="Virtual time">{ clock(view.now - view.start) }</span>
        </section>
    }
}

fn track(view: &TimeView, send: &Send) -> Html {
    let scale = Scale::new(view);
    let at = |moment: u64| format!("inset-inline-start:{}", percent(scale.place(moment)));
    let long = |moment: u64| format!("inline-size:{}", percent(scale.place(moment)));
    let now = scale.place(view.now);
    let scrub = {
        let view = view.clone();
        when(send, move |event: InputEvent| {
            let input: HtmlInputElement = event.target_dyn_into()?;
            let moment = Scale::new(&view).moment(input.value_as_number() / STEPS);
            Some(Msg::Time(TimeMsg::Scrub(moment.min(view.reached))))
        })
    };
    // An arrow key goes to the neighbouring command, Home and End to the ends of what was reached.
    let key = {
        let view = view.clone();
        when(send, move |event: KeyboardEvent| {
            let moment = match event.key().as_str() {
                "ArrowLeft" | "ArrowDown" => {
                    view.commands.iter().rev().map(|mark| mark.at).find(|at| *at < view.now).unwrap_or(view.start)
                }
                "ArrowRight" | "ArrowUp" => {
                    view.commands.iter().map(|mark| mark.at).find(|at| *at > view.now).unwrap_or(view.reached)
                }
                "Home" => view.start,
                "End" => view.reached,
                _ => return None,
            };
            event.prevent_default();
            Some(Msg::Time(TimeMsg::Scrub(moment)))
        })
    };
    let said = view.commands.iter().rev().find(|mark| mark.at <= view.now).map_or_else(
        || clock(view.now - view.start),
        |mark| format!("{}, after {}", clock(view.now - view.start), mark.label),
    );
    let mut free = now + 0.06;
    html! {
        <div class="track">
            <span class="rail" />
            <span class="done" style={long(view.reached)} />
            <span class="past" style={long(view.now)} />
            { for view.commands.iter().enumerate().map(|(index, mark)| {
                html! { <span key={index} class={classes!("tick", (mark.at > view.now).then_some("ahead"))} style={at(mark.at)} title={mark.label.to_string()} /> }
            }) }
            { for view.coming.iter().enumerate().map(|(index, mark)| {
                // A label is written only where it does not run into the one before it.
                let place = scale.place(mark.at);
                let named = place >= free;
                if named { free = place + 0.17; }
                html! {
                    <span key={index} class={classes!("due", (place > 0.85).then_some("last"))} style={at(mark.at)} title={mark.label.to_string()}>
                        if named { <span>{ mark.label.to_string() }</span> }
                    </span>
                }
            }) }
            <span class="thumb" style={at(view.now)} />
            <input type="range" min="0" max={(STEPS as u32).to_string()} value={((now * STEPS) as u32).to_string()} oninput={scrub} onkeydown={key}
                aria-label="History" aria-valuetext={said} />
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::{Mark, Scale, TimeView, clock};
    use wasm_bindgen_test::wasm_bindgen_test;

    fn view() -> TimeView {
        let mark = |at| Mark { at, label: "SET k v".into() };
        TimeView {
            start: 1_000,
            now: 9_000_000,
            reached: 9_000_000,
            commands: vec![mark(2_000_000), mark(2_100_000), mark(8_000_000)],
            coming: vec![mark(3_600_000_000)],
            undo: None,
            redo: None,
            playing: true,
            speed: 1,
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn every_moment_has_its_own_place_and_comes_back_from_it() {
        let scale = Scale::new(&view());
        let mut last = -1.0;
        for moment in
            [1_000, 1_900_000, 2_000_000, 2_050_000, 2_100_000, 5_000_000, 9_000_000, 1_000_000_000, 3_600_000_000]
        {
            let place = scale.place(moment);
            assert!(place > last && place <= 1.0, "{moment} at {place}");
            assert!(scale.moment(place).abs_diff(moment) < 10, "{moment} at {place}");
            last = place;
        }
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn the_clock_grows_with_its_time() {
        assert_eq!(clock(83_400_000), "01:23.4");
        assert_eq!(clock(3_600_000_000), "1:00:00.0");
        assert_eq!(clock(90 * 86_400_000_000), "90 d 00:00:00");
    }
}
