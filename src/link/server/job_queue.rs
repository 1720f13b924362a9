//! Jobs that take long. One thread runs them for all clients, one job of each client at a
//! time; while a client's job runs, the newest of each kind waits.

use std::mem;

use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded};

use crate::link::client_session::refused;
use crate::link::jobs::Job;
use crate::link::protocol::ServerMessage;

/// A job, and the sender of its answer.
pub type QueuedJob = (Job, Sender<ServerMessage>);

/// Runs jobs until all senders are gone.
pub fn run(jobs: &Receiver<QueuedJob>) {
    for (job, reply) in jobs {
        // The client may have left.
        let _ = reply.send(job.answer());
    }
}

/// A client's jobs.
#[derive(Default)]
pub struct JobQueue {
    running: Option<(u32, Receiver<ServerMessage>)>,
    waiting: Vec<Job>,
}

impl JobQueue {
    /// Adds a job. Returns the refusal of the waiting job that it replaces, if any.
    pub fn add(&mut self, job: Job) -> Option<ServerMessage> {
        let kind = mem::discriminant(&job);
        let earlier = self
            .waiting
            .iter_mut()
            .find(|earlier| mem::discriminant(*earlier) == kind);
        let Some(earlier) = earlier else {
            self.waiting.push(job);
            return None;
        };
        let id = mem::replace(earlier, job).id();
        let reason = "a newer request has replaced this one";
        Some(refused(Some(id), reason.into()))
    }

    /// Returns the answer to the running job if it has arrived, and starts the next one.
    pub fn poll(&mut self, jobs: &Sender<QueuedJob>) -> Option<ServerMessage> {
        let answer = match &self.running {
            Some((id, answer)) => match answer.try_recv() {
                Ok(answer) => Some(answer),
                Err(TryRecvError::Empty) => return None,
                Err(TryRecvError::Disconnected) => {
                    Some(refused(Some(*id), "this could not be worked out".into()))
                }
            },
            None => None,
        };
        self.running = None;
        if !self.waiting.is_empty() {
            let job = self.waiting.remove(0);
            let (reply, answer) = bounded(1);
            self.running = Some((job.id(), answer));
            // If the thread has ended, the answer is found to be disconnected.
            let _ = jobs.send((job, reply));
        }
        answer
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
            bits: Some(8),
            rate: None,
        }
    }

    #[test]
    fn a_newer_job_replaces_a_waiting_one_and_all_are_answered() {
        let (jobs, inbox) = unbounded();
        let mut queue = JobQueue::default();
        assert_eq!(queue.add(compile(1)), None);
        assert_eq!(queue.poll(&jobs), None);
        assert_eq!(queue.add(compile(2)), None);
        assert!(matches!(
            queue.add(compile(3)),
            Some(ServerMessage::Refused { id: Some(2), .. })
        ));
        // One job at a time.
        assert_eq!(queue.poll(&jobs), None);
        assert_eq!(inbox.len(), 1);
        let (job, reply) = inbox.recv().unwrap();
        reply.send(job.answer()).unwrap();
        assert!(matches!(
            queue.poll(&jobs),
            Some(ServerMessage::Compiled { id: 1, .. })
        ));
        // The thread has ended.
        drop(inbox);
        assert!(matches!(
            queue.poll(&jobs),
            Some(ServerMessage::Refused { id: Some(3), .. })
        ));
        assert_eq!(queue.poll(&jobs), None);
    }
}
