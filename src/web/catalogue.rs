//! The lessons: what this page carries of them, and how the rest is fetched.

use crate::later;
use course::Lesson;
use course::progress::Outline;
use js_sys::{ArrayBuffer, Uint8Array};
use std::rc::Rc;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Response, window};

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lessons.bin"));

/// All lessons in their order; some may be outlines.
pub fn lessons() -> Vec<Rc<Lesson>> {
    let mut lessons = Vec::new();
    let mut rest = PACKED;
    while let Some((len, after)) = rest.split_first_chunk::<4>() {
        let Some((bytes, after)) = after.split_at_checked(u32::from_le_bytes(*len) as usize) else { break };
        if let Ok(lesson) = Lesson::unpack(bytes) {
            lessons.push(Rc::new(lesson));
        }
        rest = after;
    }
    lessons
}

/// Whether a lesson has to be fetched before it can be shown.
pub fn is_outline(lesson: &Lesson) -> bool {
    lesson.blocks.is_empty()
}

/// The whole of a lesson, from beside its plain page.
pub async fn fetch(slug: String) -> Option<Lesson> {
    let response = JsFuture::from(window()?.fetch_with_str(&format!("learn/{slug}/lesson.bin"))).await.ok()?;
    let response: Response = response.dyn_into().ok().filter(Response::ok)?;
    let buffer: ArrayBuffer = JsFuture::from(response.array_buffer().ok()?).await.ok()?.dyn_into().ok()?;
    let lesson = Lesson::unpack(&Uint8Array::new(&buffer).to_vec()).ok()?;
    // What its stage and its goals need must be here before they are played.
    (later::has_all_of_lesson(&lesson) || later::fetch().await).then_some(lesson)
}

pub fn outlines(lessons: &[Rc<Lesson>]) -> Vec<Outline> {
    lessons.iter().map(|lesson| Outline::from(&**lesson)).collect()
}
