//! What the daemon asks of a keeper, and what is done about it.

use super::super::clients::Client;
use super::super::control::{Ask, Change, Ended};
use super::super::door::{DOORS_MAX, Door, Question};
use super::super::painter::Job;
use super::{INPUT_MAX, Pump};
use api::{Code, Error};
use rustix::event::PollFlags;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many clients may be attached at once.
const CLIENTS_MAX: usize = 64;

impl Pump {
    /// Takes the next connection.
    pub(super) fn accept(&mut self) {
        self.state.numbers += 1;
        if let Ok(Some(door)) = Door::accept(&self.listener, self.state.numbers, &self.hello)
            && self.state.doors.len() < DOORS_MAX
        {
            self.state.doors.push(door);
        }
    }

    /// Reads and answers what has come.
    pub(super) fn serve_doors(&mut self, woken: &[PollFlags]) {
        for index in 0..woken.len() {
            let (Some(flags), Some(door)) = (woken.get(index), self.state.doors.get_mut(index)) else {
                return;
            };
            if flags.contains(PollFlags::OUT) {
                door.flush();
            }
            if !flags.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                continue;
            }
            let mut next = door.read();
            while let Some(question) = next {
                self.ask(index, question);
                next = self.state.doors.get_mut(index).and_then(Door::next);
            }
        }
    }

    fn ask(&mut self, index: usize, question: Question) {
        let Some(door) = self.state.doors.get_mut(index) else { return };
        let done: api::Result<()> = Ok(());
        match question.ask {
            Ask::Watch {} => {
                door.watches = true;
                door.answer(&done);
                let newest = Change::signals(self.state.queries.signals.newest());
                newest.iter().for_each(|newest| door.tell(newest));
                if let Some(ended) = self.hello.ended {
                    door.tell(&Change::Ended(ended));
                }
            }
            Ask::Send { .. } => {
                let result = take_input(&mut self.state.input, &question.bytes, self.hello.ended);
                door.answer(&result);
                self.type_on();
            }
            Ask::Screen {} => {
                door.waits = true;
                self.painter.order(Job::Screen(door.number));
            }
            Ask::Stop { grace_ms } => match self.hello.ended {
                Some(ended) => door.answer(&Ok(ended)),
                None => {
                    door.waits = true;
                    self.state.stoppers.push(door.number);
                    self.ending.begin(Duration::from_millis(grace_ms), &self.terminal);
                }
            },
            Ask::Attach { .. } if self.state.clients.len() >= CLIENTS_MAX => {
                door.gift = None;
                let error =
                    Error::conflict("too many clients look at this session").hint("close one of them");
                door.answer(&Err::<(), _>(error));
            }
            Ask::Attach { size, scrollback } => match door.gift.take() {
                Some(socket) if rustix::net::sockopt::socket_type(&socket).is_ok() => {
                    door.answer(&done);
                    self.state.numbers += 1;
                    self.state.clients.push(Client::new(self.state.numbers, socket, size, scrollback));
                }
                _ => door.answer(&Err::<(), _>(Error::invalid("there is no socket to attach"))),
            },
            Ask::Release {} => {
                door.answer(&done);
                self.state.released = Some(Instant::now());
            }
        }
    }
}

/// Takes input from the daemon, if there is a program to read it.
fn take_input(input: &mut VecDeque<u8>, bytes: &[u8], ended: Option<Ended>) -> api::Result<()> {
    if ended.is_some() {
        return Err(Error::conflict("the session has ended").hint("start it again to type into it"));
    }
    if input.len() + bytes.len() > INPUT_MAX {
        return Err(Error::new(Code::TooLarge, "the program does not read what was typed before")
            .hint("wait for it, or stop the session"));
    }
    input.extend(bytes);
    Ok(())
}
