//! Sessions on the page: desks with their terminals, starting, stopping, and what there is to know of one.

mod desk;
mod note;
mod panel;
mod start;
mod stop;
mod summary;
mod tab;
mod terminal;

pub use desk::Desks;
pub use start::StartForm;
pub use stop::StopQuestion;
