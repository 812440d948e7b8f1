//! Through the page and the window: what a person does with hands and eyes, in Chromium and in the real window.

mod asked;
mod browser;
mod credentials;
mod desktop;
mod driver;
mod gates;
mod holding;
mod identities;
mod inbox;
mod ledger;
mod letter;
mod manners;
mod notices;
mod page;
mod sources;
mod states;
mod story;
mod telling;
mod tray;
mod window;
