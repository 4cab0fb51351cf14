//! The course: the lesson format, the transcript language, goals and a learner's progress.
//!
//! The course knows no page and no socket. A [`transcript::Stage`] is whatever a transcript can be played on; what a lesson
//! looks like is the page's business; where progress is kept, too.

pub mod lesson;
pub mod rule;
pub mod transcript;

pub use lesson::Lesson;
pub use transcript::Transcript;
