//! The course: the lesson format, the transcript language, goals and a learner's progress.
//!
//! The course knows no page and no socket. A [`transcript::Stage`] is whatever a transcript can be played on, [`stage::WorldStage`]
//! being the one of simulated worlds; what a lesson looks like is the page's business, and so is where progress is kept.

pub mod goal;
pub mod lesson;
pub mod progress;
pub mod rule;
pub mod stage;
pub mod transcript;

pub use goal::{Unmet, Verdict};
pub use lesson::Lesson;
pub use progress::Progress;
pub use transcript::Transcript;
