//! What takes long is worked out by one thread for all clients, one job of each at a
//! time; of what a client asks for meanwhile, the newest of each kind.

use std::mem;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use crate::link::protocol::Tell;
use crate::link::workshop::Work;

/// Work, and where its answer goes.
pub type Job = (Work, Sender<Tell>);

/// The thread that works; until nobody can give it work any more.
pub fn work(jobs: &Receiver<Job>) {
    for (work, reply) in jobs {
        // Who has left does not care.
        let _ = reply.send(work.answer());
    }
}

/// A client's work.
#[derive(Default)]
pub struct Workbench {
    at_work: Option<(u32, Receiver<Tell>)>,
    waiting: Vec<Work>,
}

impl Workbench {
    /// Takes work; what it makes superfluous is refused.
    pub fn take(&mut self, work: Work) -> Option<Tell> {
        let kind = mem::discriminant(&work);
        let earlier = self
            .waiting
            .iter_mut()
            .find(|earlier| mem::discriminant(*earlier) == kind);
        let Some(earlier) = earlier else {
            self.waiting.push(work);
            return None;
        };
        let earlier = mem::replace(earlier, work);
        Some(refused(&earlier, "you have asked for another one since"))
    }

    /// Brings the next work to the workshop; the answer to what was brought before, if it
    /// is there.
    pub fn turn(&mut self, jobs: &Sender<Job>) -> Option<Tell> {
        let answer = match &self.at_work {
            Some((id, answer)) => match answer.try_recv() {
                Ok(tell) => Some(tell),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => Some(lost(*id)),
            },
            None => None,
        };
        self.at_work = None;
        if !self.waiting.is_empty() {
            let work = self.waiting.remove(0);
            let id = id(&work);
            let (reply, answer) = bounded(1);
            self.at_work = Some((id, answer));
            // If nobody works any more, the answer says so.
            let _ = jobs.send((work, reply));
        }
        answer
    }
}

fn id(work: &Work) -> u32 {
    match work {
        Work::Compile { id, .. } | Work::Waveform { id, .. } => *id,
    }
}

fn refused(work: &Work, reason: &str) -> Tell {
    Tell::Refused {
        id: Some(id(work)),
        reason: reason.into(),
        at: None,
    }
}

fn lost(id: u32) -> Tell {
    Tell::Refused {
        id: Some(id),
        reason: "this could not be worked out".into(),
        at: None,
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    fn compile(id: u32) -> Work {
        Work::Compile {
            id,
            expression: "t".into(),
            bits: 8,
        }
    }

    #[test]
    fn the_newest_counts_and_all_are_answered() {
        let (jobs, inbox) = unbounded();
        let mut bench = Workbench::default();
        assert_eq!(bench.take(compile(1)), None);
        assert_eq!(bench.turn(&jobs), None);
        assert_eq!(bench.take(compile(2)), None);
        assert!(matches!(
            bench.take(compile(3)),
            Some(Tell::Refused { id: Some(2), .. })
        ));
        // One job at a time.
        assert_eq!(bench.turn(&jobs), None);
        assert_eq!(inbox.len(), 1);
        let (work, reply) = inbox.recv().unwrap();
        reply.send(work.answer()).unwrap();
        assert!(matches!(
            bench.turn(&jobs),
            Some(Tell::Compiled { id: 1, .. })
        ));
        // Nobody works any more.
        drop(inbox);
        assert!(matches!(
            bench.turn(&jobs),
            Some(Tell::Refused { id: Some(3), .. })
        ));
        assert_eq!(bench.turn(&jobs), None);
    }
}
