//! A script that is gone through on a copy of the server, forwards and backwards.
//!
//! What happens in the copy depends on nothing but the moment at which the script began, so every line has a number and can be
//! had again: from the nearest moment before it that was kept, forwards. Moments are kept where the learner stops and, when a
//! script runs for long, now and then; the longer it runs, the wider apart.

use engine::walk::{Depth, Halt, Until, Walk};
use engine::{ClientId, Engine, Event, Outputs};

/// Fuel between two looks at the clock: about a millisecond.
const FUEL: u32 = 20_000;
/// How many moments are kept, and how many bytes the machines in them may take.
const KEPT: usize = 64;
const MEMORY: usize = 48 << 20;
/// Lines between two moments that are kept, at first.
const SPACING: u64 = 512;

const EVENTS: usize = 10_000;

#[derive(Clone, Debug)]
struct Moment {
    engine: Engine,
    walk: Walk,
}

/// What the learner asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    Step,
    Over,
    Out,
    Continue,
    /// To the end, whatever stands in the way.
    End,
    /// To this line, counted from 1 in the order in which they ran.
    To(u64),
}

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It wants to go on.
    Moving,
    /// Before a line, because it was asked to come here.
    Line,
    /// Before a line, at a breakpoint.
    Breakpoint,
    Ended,
}

#[derive(Debug)]
pub struct Session {
    present: Moment,
    kept: Vec<Moment>,
    spacing: u64,
    going: Option<Move>,
    /// How deep it was when it set out.
    depth: Depth,
    standing: Standing,
    /// The highest number of a line that was reached, the end included.
    reached: u64,
    /// What happened since the last stop.
    events: Vec<Event>,
    outputs: Outputs,
}

impl Session {
    /// Lets `client` run a request on a copy of the server. The error is the server's reply, as bytes; without one, the client waits.
    pub fn begin(engine: &Engine, client: ClientId, request: &[u8]) -> Result<Session, Vec<u8>> {
        let mut engine = engine.clone();
        let mut outputs = Outputs::new();
        let Some(walk) = engine.walk(client, request, &mut outputs) else {
            let reply = outputs.iter().find_map(|output| match output {
                engine::Output::Bytes { client: to, bytes } if to == client => Some(bytes.to_vec()),
                _ => None,
            });
            return Err(reply.unwrap_or_default());
        };
        outputs.clear();
        let present = Moment { engine, walk };
        Ok(Session {
            kept: vec![present.clone()],
            present,
            spacing: SPACING,
            going: Some(Move::Step),
            depth: Depth::default(),
            standing: Standing::Moving,
            reached: 0,
            events: Vec::new(),
            outputs,
        })
    }

    pub fn engine(&self) -> &Engine {
        &self.present.engine
    }

    pub fn walk(&self) -> &Walk {
        &self.present.walk
    }

    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// The number of the line before which it stands; the end counts as a line.
    pub fn position(&self) -> u64 {
        position(&self.present.walk)
    }

    pub fn reached(&self) -> u64 {
        self.reached
    }

    /// What happened on the way from the last stop to this one.
    pub fn take_events(&mut self) -> Vec<Event> {
        core::mem::take(&mut self.events)
    }

    /// Sets out; [`Session::work`] goes the way. False: there is nowhere to go.
    pub fn set_out(&mut self, to: Move) -> bool {
        match to {
            Move::To(line) => {
                let line = line.clamp(1, self.reached.max(1));
                if line == self.position() {
                    return false;
                }
                let from = self.kept.iter().rev().find(|moment| moment.walk.count() <= line && !ended(&moment.walk));
                let ahead = line > self.position() && !ended(&self.present.walk);
                let nearer = from.filter(|moment| !ahead || moment.walk.count() > self.present.walk.count());
                if let Some(moment) = nearer {
                    self.present = moment.clone();
                }
                self.going = Some(Move::To(line));
            }
            _ if ended(&self.present.walk) => return false,
            to => self.going = Some(to),
        }
        self.depth = self.present.walk.depth();
        self.standing = Standing::Moving;
        self.events.clear();
        true
    }

    /// Whoever is tired of a script that runs and runs stops it where it is: before its next line.
    pub fn halt(&mut self) {
        if self.going.is_some() {
            self.going = Some(Move::Step);
            self.work(&[], &|| false);
        }
    }

    /// Goes on until it is there, or until there is no time left. True once it stands.
    pub fn work(&mut self, breakpoints: &[u32], time_left: &dyn Fn() -> bool) -> bool {
        let Some(going) = self.going else { return true };
        let (until, minded) = match going {
            Move::Step => (Until::Line, Some(breakpoints)),
            Move::Over => (Until::Within(self.depth), Some(breakpoints)),
            Move::Out => (Until::Outside(self.depth), Some(breakpoints)),
            Move::Continue => (Until::End, Some(breakpoints)),
            Move::End => (Until::End, None),
            Move::To(line) => (Until::Count(line), None),
        };
        if let Move::To(line) = going
            && self.present.walk.count() == line
            && !ended(&self.present.walk)
        {
            return self.stand(Standing::Line);
        }
        loop {
            let Moment { engine, walk } = &mut self.present;
            let halt = engine.go_on(walk, until, minded, FUEL, &mut self.outputs);
            // Beyond so many the inspector looks at everything anew, and the rest of them says no more.
            if self.events.len() < EVENTS {
                self.events.extend_from_slice(self.outputs.events());
            }
            self.outputs.clear();
            match halt {
                Halt::There => return self.stand(Standing::Line),
                Halt::Breakpoint => return self.stand(Standing::Breakpoint),
                Halt::Ended => return self.stand(Standing::Ended),
                Halt::Spent => {
                    self.reached = self.reached.max(self.position());
                    if self.present.walk.count() >= self.last_kept() + self.spacing {
                        self.keep();
                    }
                    if !time_left() {
                        return false;
                    }
                }
            }
        }
    }

    fn stand(&mut self, standing: Standing) -> bool {
        self.going = None;
        self.standing = standing;
        self.reached = self.reached.max(self.position());
        if !ended(&self.present.walk) && self.present.walk.count() > self.last_kept() {
            self.keep();
        }
        true
    }

    fn last_kept(&self) -> u64 {
        self.kept.last().map_or(0, |moment| moment.walk.count())
    }

    /// Keeps this moment, which lies beyond all that are kept.
    fn keep(&mut self) {
        self.kept.push(self.present.clone());
        while self.kept.len() > KEPT
            || self.kept.len() > 4 && self.kept.iter().map(|moment| moment.walk.memory()).sum::<usize>() > MEMORY
        {
            // Every second one goes, but neither the beginning nor the latest.
            let last = self.kept.len() - 1;
            let mut at = 0;
            self.kept.retain(|_| {
                at += 1;
                at % 2 == 1 || at > last
            });
            self.spacing *= 2;
        }
    }
}

fn ended(walk: &Walk) -> bool {
    walk.ended().is_some()
}

fn position(walk: &Walk) -> u64 {
    walk.count() + u64::from(ended(walk))
}
