//! Through the page and the window.
