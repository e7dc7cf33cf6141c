//! Work that goes on, and what came of it.

mod ended;
mod progress;
mod stop;
mod trouble;
mod words;

pub use ended::Ended;
pub use progress::Progress;
pub use stop::StopQuestion;
pub use trouble::TroubleScreen;
