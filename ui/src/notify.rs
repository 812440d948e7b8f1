//! Notifications on the page: what the owner is told of and when, the routes besides the desktop, and what became of it.

mod route_form;
mod routes;
mod rules;

pub use route_form::RouteForm;
pub use routes::Routes;
pub use rules::Rules;

use api::notify::Occasion;

/// What the owner is told of, in words.
pub fn occasion(of: Occasion) -> &'static str {
    match of {
        Occasion::Finished => "an agent is done",
        Occasion::Failed => "an agent fails",
        Occasion::Waiting => "an agent waits for you",
        Occasion::Attention => "a terminal asks for a look",
        Occasion::Approval => "an agent asks for a credential",
    }
}
