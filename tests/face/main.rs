//! Through the page and the window: what a person does with hands and eyes, in Chromium and in the real window.

mod browser;
mod desktop;
mod driver;
mod holding;
mod manners;
mod notices;
mod page;
mod story;
mod tray;
mod window;
