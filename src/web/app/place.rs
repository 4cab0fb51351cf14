//! Where one is: each lesson has a bench of its own, and so has the playground.

use super::desk::Part;
use crate::catalogue;
use crate::route::Route;
use crate::study::Study;
use course::{Lesson, Progress};
use std::rc::Rc;

/// The bench of a lesson by its slug; the playground's name is empty.
pub(super) type Place = String;

pub(super) fn place_of(route: &Route, lessons: &[Rc<Lesson>], progress: &Progress) -> Place {
    match route {
        Route::Lesson(slug) => slug.clone(),
        Route::Playground | Route::Script(_) => Place::new(),
        _ => {
            let last = progress.place.as_ref().filter(|place| lessons.iter().any(|lesson| lesson.slug == **place));
            last.cloned().or_else(|| lessons.first().map(|lesson| lesson.slug.clone())).unwrap_or_default()
        }
    }
}

/// Whether a place's lesson is known, but not here yet.
pub(super) fn is_awaited(place: &Place, lessons: &[Rc<Lesson>]) -> bool {
    lessons.iter().any(|lesson| lesson.slug == *place && catalogue::is_outline(lesson))
}

pub(super) fn study_of(place: &Place, lessons: &[Rc<Lesson>], progress: &Progress) -> Option<Study> {
    let lesson = lessons.iter().find(|lesson| lesson.slug == *place && !catalogue::is_outline(lesson))?;
    Some(Study::new(lesson.clone(), progress))
}

/// What a narrow window shows first.
pub(super) fn first_part(route: &Route) -> Part {
    if matches!(route, Route::Playground | Route::Script(_)) { Part::Terminal } else { Part::Lesson }
}
