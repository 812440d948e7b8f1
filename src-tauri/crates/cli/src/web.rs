//! `lanyard web`: a one-time address for a browser on this machine.

use crate::failure::Result;
use crate::hand::Hand;
use api::status::OpenWeb;

/// Prints the address.
pub fn run(hand: &mut Hand) -> Result<()> {
    let web = hand.ask(&OpenWeb {})?;
    // EXPOSE: the owner asked for the address, and its code is worth one use.
    hand.out.show(&web, || web.url.expose().to_string())
}
