//! Publish and subscribe: what happened, to everyone who watches.

use api::Event;
use tokio::sync::broadcast;

/// How many events a slow reader may be behind before it is told `Lagged` and lists again.
const BEHIND: usize = 256;

/// The place where events are told. Cheap to clone.
#[derive(Clone)]
pub struct Bus {
    sender: broadcast::Sender<Event>,
}

/// One reader of the bus.
pub struct Subscription {
    receiver: broadcast::Receiver<Event>,
}

impl Default for Bus {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND) }
    }
}

impl Bus {
    /// Tells everyone; nobody listening is fine.
    pub fn publish(&self, event: Event) {
        self.sender.send(event).ok();
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription { receiver: self.sender.subscribe() }
    }
}

impl Subscription {
    /// The next event; none once the bus is gone.
    pub async fn next(&mut self) -> Option<Event> {
        match self.receiver.recv().await {
            Ok(event) => Some(event),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Event::Lagged { missed }),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_slow_reader_is_told_how_much_it_missed() {
        let bus = Bus::default();
        let mut slow = bus.subscribe();
        for slot in 0..BEHIND as u32 + 3 {
            bus.publish(Event::SlotChanged { slot });
        }
        assert_eq!(slow.next().await, Some(Event::Lagged { missed: 3 }));
        assert_eq!(slow.next().await, Some(Event::SlotChanged { slot: 3 }));
    }
}
