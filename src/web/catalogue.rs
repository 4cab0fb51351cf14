//! The lessons that this page carries.

use course::Lesson;
use course::progress::Outline;
use std::rc::Rc;

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/lessons.bin"));

/// All lessons in their order.
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

pub fn outlines(lessons: &[Rc<Lesson>]) -> Vec<Outline> {
    lessons.iter().map(|lesson| Outline::from(&**lesson)).collect()
}
