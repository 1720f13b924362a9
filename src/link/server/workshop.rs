//! The workshop: it runs the jobs of all clients fairly, one piece at a time.
//!
//! Each job has its own thread, because compiling cannot be left in the middle and continued
//! later. Only one of these threads runs; the others wait for their turn between two pieces
//! of counted work. So a computer with one core spends no more on jobs than on any other
//! thread, and jobs take turns even if the system's scheduler would not let them.
//!
//! Young jobs alternate with those that have already done much work, so a small compilation
//! waits for at most one piece of a long job before each piece of its own. Of the jobs that
//! need much memory, only one of each kind runs at a time.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, TryRecvError, bounded};
use logicnet::{Pace, Stopped};

use crate::link::client_session::refused;
use crate::link::jobs::Job;
use crate::link::protocol::{ServerMessage, Training};
use crate::link::training::Learner;
use crate::spawn::{Role, Spawn};

/// Work of a piece, in gates at 512 times: 5 ms of a desktop, 0.1 s of a BeagleBone.
const PIECE: u64 = 1 << 20;
/// Work up to which a job is young: a compilation of a usual expression with a short period.
const YOUNG: u64 = 16 * PIECE;
/// Memory in bytes from which a job is large.
const LARGE: usize = 3 << 20;

/// Runs jobs.
pub struct Workshop {
    spawn: Spawn,
    schedule: Mutex<Schedule>,
    /// Notified whenever another job may run, or a job is cancelled.
    changed: Condvar,
}

/// A job that has not begun.
pub struct Task {
    id: u32,
    role: Role,
    run: Run,
}

/// Does a job in turns, and returns its answer.
type Run = Box<dyn FnOnce(&mut Turn) -> Result<ServerMessage, Stopped> + Send>;

impl Task {
    /// A client's training.
    pub fn training(id: u32, training: Training) -> Task {
        let run = move |turn: &mut Turn| {
            let ticket = Arc::clone(&turn.ticket);
            let is_wanted = || ticket.is_report_wanted.swap(false, Ordering::Relaxed);
            match Learner::new(id, &training) {
                Ok(learner) => learner.train(turn, is_wanted, |report| ticket.put(report)),
                Err(reason) => Ok(refused(Some(id), reason)),
            }
        };
        Task {
            id,
            role: Role::Training,
            run: Box::new(run),
        }
    }

    /// The id of its message.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The role of its thread, which is another one for each kind of job.
    pub fn role(&self) -> Role {
        self.role
    }
}

impl From<Job> for Task {
    fn from(job: Job) -> Task {
        Task {
            id: job.id(),
            role: match &job {
                Job::Compile { .. } => Role::Jobs,
                Job::Waveform { .. } => Role::Drawing,
            },
            run: Box::new(|turn| job.answer(turn)),
        }
    }
}

/// A job that has begun. Dropping it cancels the job.
pub struct Order {
    id: u32,
    answer: Receiver<ServerMessage>,
    ticket: Arc<Ticket>,
    workshop: Arc<Workshop>,
}

/// The result of asking for an answer.
#[derive(Debug, PartialEq)]
pub enum Answer {
    /// The job goes on.
    Pending,
    /// The job is done.
    Done(Box<ServerMessage>),
    /// The job has ended without an answer: it was cancelled, or it has failed.
    Missing,
}

/// Shared by a job's thread and its client.
#[derive(Default)]
struct Ticket {
    cancelled: AtomicBool,
    /// The part that is done, in thousandths plus 1; 0 if it is not known.
    progress: AtomicU32,
    is_report_wanted: AtomicBool,
    /// The newest report that was not sent.
    report: Mutex<Option<ServerMessage>>,
}

impl Ticket {
    fn put(&self, report: ServerMessage) {
        // A report is whole whenever a panic may happen.
        let mut newest = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        *newest = Some(report);
    }
}

/// The order in which jobs run.
#[derive(Default)]
struct Schedule {
    /// Number of jobs so far.
    jobs: u64,
    /// The job whose piece runs.
    running: Option<u64>,
    /// The jobs that wait for their turn, in order.
    waiting: VecDeque<Waiting>,
    /// True if the last piece was one of a young job.
    was_young: bool,
    /// The large jobs that have begun, one of each kind.
    large: Vec<(Role, u64)>,
    /// The training, and the client's address.
    training: Option<(u64, IpAddr)>,
    /// Number of pieces so far.
    pieces: u64,
}

/// A job that waits for its turn.
#[derive(Clone, Copy)]
struct Waiting {
    job: u64,
    role: Role,
    is_young: bool,
    is_large: bool,
}

impl Schedule {
    /// Lets the next job run, unless one does.
    fn advance(&mut self) {
        if self.running.is_some() {
            return;
        }
        let first = |is_young| {
            self.waiting
                .iter()
                .position(|job| job.is_young == is_young && self.may_run(*job))
        };
        let (preferred, other) = (first(!self.was_young), first(self.was_young));
        let Some(job) = preferred.or(other).and_then(|i| self.waiting.remove(i)) else {
            return;
        };
        if job.is_large && !self.large.contains(&(job.role, job.job)) {
            self.large.push((job.role, job.job));
        }
        self.was_young = job.is_young;
        self.running = Some(job.job);
        self.pieces += 1;
    }

    /// Returns whether there is memory for a job.
    fn may_run(&self, job: Waiting) -> bool {
        let holder = self.large.iter().find(|(role, _)| *role == job.role);
        !job.is_large || holder.is_none_or(|(_, holder)| *holder == job.job)
    }

    /// Ends the turn of a job.
    fn end_turn(&mut self, job: u64) {
        self.waiting.retain(|other| other.job != job);
        if self.running == Some(job) {
            self.running = None;
        }
    }
}

impl Workshop {
    /// Creates a workshop whose threads are started by `spawn`.
    pub fn new(spawn: Spawn) -> Arc<Workshop> {
        Arc::new(Workshop {
            spawn,
            schedule: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    /// Begins a job of the client at this address. A training is refused while there is
    /// another one.
    pub fn begin(self: &Arc<Workshop>, task: Task, peer: IpAddr) -> Order {
        let Task { id, role, run } = task;
        let ticket = Arc::<Ticket>::default();
        let (reply, answer) = bounded(1);
        let mut turn = Turn::new(Arc::clone(self), Arc::clone(&ticket), role);
        let order = Order {
            id,
            answer,
            ticket,
            workshop: Arc::clone(self),
        };
        if role == Role::Training {
            if let Err(other) = turn.claim_training(peer) {
                let other = other.to_canonical();
                let reason =
                    format!("the page at {other} trains a network; one page can at a time");
                let _ = reply.send(refused(Some(id), reason));
                return order;
            }
        }
        let task = move || {
            let answered = turn.wait().and_then(|()| run(&mut turn));
            drop(turn);
            if let Ok(answer) = answered {
                // The client may have left.
                let _ = reply.send(answer);
            }
        };
        if let Err(error) = (self.spawn)("gb-job", role, Box::new(task)) {
            log::warn!("a job was dropped: no thread: {error}");
        }
        order
    }

    /// Returns the address of the client that trains a network.
    pub fn training(&self) -> Option<IpAddr> {
        self.schedule().training.map(|(_, peer)| peer)
    }

    /// Returns the number of pieces so far.
    #[cfg(test)]
    pub fn pieces(&self) -> u64 {
        self.schedule().pieces
    }

    /// Waits until this many pieces have begun.
    #[cfg(test)]
    pub fn wait_for_pieces(&self, pieces: u64) {
        let schedule = self.schedule();
        let reached = self
            .changed
            .wait_while(schedule, |schedule| schedule.pieces < pieces);
        drop(reached);
    }

    fn schedule(&self) -> MutexGuard<'_, Schedule> {
        // The schedule is consistent whenever a panic may happen.
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the schedule, and lets the next job run.
    fn change(&self, change: impl FnOnce(&mut Schedule)) {
        let mut schedule = self.schedule();
        change(&mut schedule);
        schedule.advance();
        drop(schedule);
        self.changed.notify_all();
    }
}

impl Order {
    /// The id of the job's message.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// Stops the job after its present piece; it has no answer then.
    pub fn cancel(&self) {
        self.workshop
            .change(|_| self.ticket.cancelled.store(true, Ordering::Relaxed));
    }

    /// Returns the answer; never blocks.
    pub fn answer(&self) -> Answer {
        match self.answer.try_recv() {
            Ok(answer) => Answer::Done(Box::new(answer)),
            Err(TryRecvError::Empty) => Answer::Pending,
            Err(TryRecvError::Disconnected) => Answer::Missing,
        }
    }

    /// Requests a report of what a training has learned.
    pub fn want_report(&self) {
        self.ticket.is_report_wanted.store(true, Ordering::Relaxed);
    }

    /// Takes the newest report that was not taken.
    pub fn take_report(&self) -> Option<ServerMessage> {
        let mut newest = self.ticket.report.lock();
        newest
            .as_mut()
            .map_or_else(|_| None, |newest| newest.take())
    }

    /// Returns the part that is done, in thousandths, if it is known.
    pub fn progress(&self) -> Option<u32> {
        self.ticket.progress.load(Ordering::Relaxed).checked_sub(1)
    }
}

impl Drop for Order {
    fn drop(&mut self) {
        self.cancel();
    }
}

/// A job's place in the schedule. Dropping it lets the others go on.
struct Turn {
    workshop: Arc<Workshop>,
    ticket: Arc<Ticket>,
    job: u64,
    role: Role,
    /// Work so far, in gates at 512 times.
    work: u64,
    /// Work at which the present piece ends.
    end: u64,
    is_large: bool,
}

impl Turn {
    fn new(workshop: Arc<Workshop>, ticket: Arc<Ticket>, role: Role) -> Turn {
        let mut schedule = workshop.schedule();
        schedule.jobs += 1;
        let number = schedule.jobs;
        drop(schedule);
        Turn {
            workshop,
            ticket,
            job: number,
            role,
            work: 0,
            end: 0,
            is_large: false,
        }
    }

    /// Makes this the only training, of the client at this address, until it is dropped.
    /// Returns the address of the client that has another one.
    fn claim_training(&self, peer: IpAddr) -> Result<(), IpAddr> {
        let mut schedule = self.workshop.schedule();
        if let Some((_, other)) = schedule.training {
            return Err(other);
        }
        schedule.training = Some((self.job, peer));
        Ok(())
    }

    /// Ends a piece, and waits for the next turn.
    fn wait(&mut self) -> Result<(), Stopped> {
        self.end = self.work + PIECE;
        let waiting = Waiting {
            job: self.job,
            role: self.role,
            is_young: self.work < YOUNG,
            is_large: self.is_large,
        };
        self.workshop.change(|schedule| {
            schedule.end_turn(self.job);
            schedule.waiting.push_back(waiting);
        });
        let mut schedule = self.workshop.schedule();
        loop {
            if self.ticket.cancelled.load(Ordering::Relaxed) {
                return Err(Stopped);
            }
            if schedule.running == Some(self.job) {
                return Ok(());
            }
            let changed = self.workshop.changed.wait(schedule);
            schedule = changed.unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Pace for Turn {
    fn work(&mut self, gates: u64) -> Result<(), Stopped> {
        self.work += gates;
        if self.ticket.cancelled.load(Ordering::Relaxed) {
            Err(Stopped)
        } else if self.work < self.end {
            Ok(())
        } else {
            self.wait()
        }
    }

    fn memory(&mut self, bytes: usize) -> Result<(), Stopped> {
        if bytes < LARGE || self.is_large {
            return Ok(());
        }
        self.is_large = true;
        self.wait()
    }

    fn progress(&mut self, part: f64) {
        let thousandths = (part.clamp(0.0, 1.0) * 1000.0) as u32;
        self.ticket
            .progress
            .store(thousandths + 1, Ordering::Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.workshop.change(|schedule| {
            schedule.end_turn(self.job);
            schedule.large.retain(|(_, holder)| *holder != self.job);
            schedule.training.take_if(|(holder, _)| *holder == self.job);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(job: u64, is_young: bool, is_large: bool) -> Waiting {
        Waiting {
            job,
            role: Role::Jobs,
            is_young,
            is_large,
        }
    }

    /// Ends the piece that runs, adds the job to those that wait, and starts the next piece.
    fn next(schedule: &mut Schedule, ended: Option<Waiting>) -> Option<u64> {
        if let Some(ended) = ended {
            schedule.end_turn(ended.job);
            schedule.waiting.push_back(ended);
        }
        schedule.advance();
        schedule.running
    }

    #[test]
    fn jobs_take_turns_and_young_ones_have_every_other_piece() {
        let mut schedule = Schedule::default();
        let old = |number| job(number, false, false);
        schedule.waiting.extend((0..7).map(old));
        schedule.waiting.push_back(job(7, true, false));
        let mut running = next(&mut schedule, None).unwrap();
        let mut pieces = vec![running];
        for _ in 0..30 {
            let ended = job(running, running == 7, false);
            running = next(&mut schedule, Some(ended)).unwrap();
            pieces.push(running);
        }
        // The young job, and the others in turn.
        assert!(pieces.iter().step_by(2).all(|&job| job == 7), "{pieces:?}");
        let others: Vec<u64> = pieces.iter().skip(1).step_by(2).copied().collect();
        let expected: Vec<u64> = (0..7).cycle().take(others.len()).collect();
        assert_eq!(others, expected);
    }

    #[test]
    fn one_large_job_of_a_kind_runs_at_a_time() {
        let mut schedule = Schedule::default();
        let [one, two, small] = [
            job(1, false, true),
            job(2, false, true),
            job(3, false, false),
        ];
        schedule.waiting.extend([one, two, small]);
        assert_eq!(next(&mut schedule, None), Some(1));
        for _ in 0..5 {
            assert_eq!(next(&mut schedule, Some(one)), Some(3));
            assert_eq!(next(&mut schedule, Some(small)), Some(1));
        }
        // Its end leaves room for the next one.
        schedule.end_turn(1);
        schedule.large.clear();
        assert_eq!(next(&mut schedule, None), Some(2));
    }
}
