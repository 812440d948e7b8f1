//! Who is being served: so many at once. Where all seats are taken, the one who has brought nothing for longest goes,
//! so that nobody can keep others out by sitting there.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio_util::sync::CancellationToken;

/// How many clients are served at once.
const SEATS: usize = 100;
/// A mail up to this size, in bytes, is always read; larger ones share room.
const SMALL: usize = 256 * 1024;
/// The room for larger mails that are being read, in bytes.
const ROOM: usize = 192 * 1024 * 1024;
/// A client whose mail is being written keeps its seat.
const BUSY: u64 = u64::MAX;

/// The seats. Cheap to clone; when the last one goes, all who sit do.
#[derive(Clone)]
pub struct Seats {
    inner: Arc<Inner>,
}

struct Inner {
    begun: Instant,
    taken: Mutex<Vec<Arc<Place>>>,
    room: AtomicUsize,
}

/// A seat that is taken; it is free again when this is dropped.
pub struct Seat {
    seats: Arc<Inner>,
    place: Arc<Place>,
    held: usize,
}

struct Place {
    /// When its client last got on, in milliseconds since the server began.
    last: AtomicU64,
    out: CancellationToken,
}

impl Default for Seats {
    fn default() -> Self {
        let inner = Inner { begun: Instant::now(), taken: Mutex::default(), room: AtomicUsize::new(ROOM) };
        Self { inner: Arc::new(inner) }
    }
}

impl Seats {
    /// A seat for whoever comes. None if everybody's mail is just being written.
    pub fn take(&self) -> Option<Seat> {
        let mut taken = self.inner.taken();
        if taken.len() >= SEATS {
            let idle = |place: &&Arc<Place>| place.last.load(Ordering::Relaxed);
            let longest = taken.iter().min_by_key(idle).filter(|place| idle(place) != BUSY)?.clone();
            longest.out.cancel();
            taken.retain(|place| !Arc::ptr_eq(place, &longest));
        }
        let last = AtomicU64::new(self.inner.now());
        let place = Arc::new(Place { last, out: CancellationToken::new() });
        taken.push(place.clone());
        Some(Seat { seats: self.inner.clone(), place, held: 0 })
    }
}

impl Seat {
    /// Its client got on.
    pub fn gets_on(&self) {
        self.place.last.store(self.seats.now(), Ordering::Relaxed);
    }

    /// Its client's mail is being written.
    pub fn is_busy(&self) {
        self.place.last.store(BUSY, Ordering::Relaxed);
    }

    /// Cancelled when somebody else shall have it.
    pub fn out(&self) -> CancellationToken {
        self.place.out.clone()
    }

    /// Whether there is room for so many bytes of its client's mail.
    pub fn holds(&mut self, bytes: usize) -> bool {
        let wanted = if bytes > SMALL { bytes } else { 0 };
        let room = &self.seats.room;
        if wanted > self.held {
            let more = wanted - self.held;
            let take = |room: usize| room.checked_sub(more);
            if room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
                return false;
            }
        } else {
            room.fetch_add(self.held - wanted, Ordering::Relaxed);
        }
        self.held = wanted;
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.holds(0);
        self.seats.taken().retain(|place| !Arc::ptr_eq(place, &self.place));
    }
}

impl Inner {
    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(BUSY - 1)
    }

    fn taken(&self) -> MutexGuard<'_, Vec<Arc<Place>>> {
        self.taken.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_when_all_seats_are_taken_gets_that_of_the_idlest() {
        let seats = Seats::default();
        let all: Vec<Seat> = (0..SEATS).filter_map(|_| seats.take()).collect();
        for (at, seat) in all.iter().enumerate() {
            seat.place.last.store(if at == 7 { 1 } else { 2 }, Ordering::Relaxed);
        }
        let late = seats.take();
        assert!(late.is_some() && all[7].place.out.is_cancelled());
        assert_eq!(all.iter().filter(|seat| seat.place.out.is_cancelled()).count(), 1);
        all.iter().chain(&late).for_each(Seat::is_busy);
        assert!(seats.take().is_none());
    }

    #[test]
    fn large_mails_share_room_and_small_ones_need_none() {
        let seats = Seats::default();
        let (mut one, mut other) = (seats.take().unwrap(), seats.take().unwrap());
        assert!(one.holds(ROOM - SMALL));
        assert!(!other.holds(2 * SMALL) && other.holds(SMALL));
        drop(one);
        assert!(other.holds(ROOM) && other.holds(0));
        assert_eq!(seats.inner.room.load(Ordering::Relaxed), ROOM);
    }
}
