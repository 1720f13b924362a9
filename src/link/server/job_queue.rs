//! What takes long is worked out by one thread for all clients, one job of each at a
//! time; of what a client asks for meanwhile, the newest of each kind.

use std::mem;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use crate::link::jobs::Job;
use crate::link::protocol::ServerMessage;

/// A job, and the sender of its answer.
pub type QueuedJob = (Job, Sender<ServerMessage>);

/// The thread that works; until nobody can give it work any more.
pub fn work(jobs: &Receiver<QueuedJob>) {
    for (work, reply) in jobs {
        // Who has left does not care.
        let _ = reply.send(work.answer());
    }
}

/// A client's work.
#[derive(Default)]
pub struct JobQueue {
    at_work: Option<(u32, Receiver<ServerMessage>)>,
    waiting: Vec<Job>,
}

impl JobQueue {
    /// Takes work; what it makes superfluous is refused.
    pub fn take(&mut self, work: Job) -> Option<ServerMessage> {
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

    /// Brings the next work to the workshop; the answer to what was scope before, if it
    /// is there.
    pub fn turn(&mut self, jobs: &Sender<QueuedJob>) -> Option<ServerMessage> {
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

fn id(work: &Job) -> u32 {
    match work {
        Job::Compile { id, .. } | Job::Waveform { id, .. } => *id,
    }
}

fn refused(work: &Job, reason: &str) -> ServerMessage {
    ServerMessage::Refused {
        id: Some(id(work)),
        reason: reason.into(),
        at: None,
    }
}

fn lost(id: u32) -> ServerMessage {
    ServerMessage::Refused {
        id: Some(id),
        reason: "this could not be worked out".into(),
        at: None,
    }
}

#[cfg(test)]
mod tests {
    use crossbeam_channel::unbounded;

    use super::*;

    fn compile(id: u32) -> Job {
        Job::Compile {
            id,
            expression: "t".into(),
            bits: 8,
        }
    }

    #[test]
    fn the_newest_counts_and_all_are_answered() {
        let (jobs, inbox) = unbounded();
        let mut bench = JobQueue::default();
        assert_eq!(bench.take(compile(1)), None);
        assert_eq!(bench.turn(&jobs), None);
        assert_eq!(bench.take(compile(2)), None);
        assert!(matches!(
            bench.take(compile(3)),
            Some(ServerMessage::Refused { id: Some(2), .. })
        ));
        // One job at a time.
        assert_eq!(bench.turn(&jobs), None);
        assert_eq!(inbox.len(), 1);
        let (work, reply) = inbox.recv().unwrap();
        reply.send(work.answer()).unwrap();
        assert!(matches!(
            bench.turn(&jobs),
            Some(ServerMessage::Compiled { id: 1, .. })
        ));
        // Nobody works any more.
        drop(inbox);
        assert!(matches!(
            bench.turn(&jobs),
            Some(ServerMessage::Refused { id: Some(3), .. })
        ));
        assert_eq!(bench.turn(&jobs), None);
    }
}
