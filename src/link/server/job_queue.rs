//! A client's jobs. Of each kind, one runs; a newer one replaces it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::workshop::{Answer, Order, Task, Workshop};
use crate::link::client_session::refused;
use crate::link::protocol::ServerMessage;
use crate::spawn::Role;

/// Period of messages of progress. Shorter jobs have none.
const PROGRESS_PERIOD: Duration = Duration::from_millis(300);
/// Period of reports of a training.
const REPORT_PERIOD: Duration = Duration::from_millis(500);

/// A client's jobs. Dropping it cancels them.
pub struct JobQueue {
    workshop: Arc<Workshop>,
    /// The client's address.
    peer: IpAddr,
    kinds: Vec<JobsOfKind>,
}

/// A client's jobs of a kind.
struct JobsOfKind {
    /// The role of their threads.
    role: Role,
    running: Option<Running>,
    /// The job that begins when the running one, which is cancelled, has ended.
    next: Option<Task>,
}

struct Running {
    order: Order,
    is_cancelled: bool,
    /// The progress that the client was sent last, in thousandths.
    sent: Option<u32>,
    /// Time of the next message of progress.
    due: Duration,
}

impl JobQueue {
    /// Creates the jobs of the client at this address, which has none.
    pub fn new(workshop: Arc<Workshop>, peer: IpAddr) -> JobQueue {
        JobQueue {
            workshop,
            peer,
            kinds: Vec::new(),
        }
    }

    /// Adds a job. Returns the refusal of the earlier job that it replaces, if any.
    pub fn add(&mut self, task: impl Into<Task>) -> Option<ServerMessage> {
        let task = task.into();
        let role = task.role();
        let index = self.kinds.iter().position(|jobs| jobs.role == role);
        let index = index.unwrap_or_else(|| {
            self.kinds.push(JobsOfKind {
                role,
                running: None,
                next: None,
            });
            self.kinds.len() - 1
        });
        let jobs = &mut self.kinds[index];
        let replaced = jobs.end();
        jobs.next = Some(task);
        replaced.map(|id| {
            let reason = "a newer request has replaced this one";
            refused(Some(id), reason.into())
        })
    }

    /// Ends the client's training. Returns its refusal, if there is one.
    pub fn stop_training(&mut self) -> Option<ServerMessage> {
        let mut kinds = self.kinds.iter_mut();
        let training = kinds.find(|jobs| jobs.role == Role::Training)?;
        let stopped = training.end();
        stopped.map(|id| refused(Some(id), "stopped".into()))
    }

    /// Begins the jobs that can, at a time. Returns the answers that have arrived, and the
    /// progress of jobs that take long.
    pub fn poll(&mut self, now: Duration) -> Vec<ServerMessage> {
        let mut messages = Vec::new();
        for jobs in &mut self.kinds {
            if let Some(running) = &mut jobs.running {
                match running.order.answer() {
                    Answer::Pending => {
                        messages.extend(running.progress(now));
                        continue;
                    }
                    _ if running.is_cancelled => {}
                    Answer::Done(answer) => {
                        messages.extend(running.order.take_report());
                        messages.push(*answer);
                    }
                    Answer::Missing => {
                        let reason = "this could not be worked out";
                        messages.push(refused(Some(running.order.id()), reason.into()));
                    }
                }
            }
            jobs.running = jobs.next.take().map(|task| Running {
                order: self.workshop.begin(task, self.peer),
                is_cancelled: false,
                sent: None,
                due: now + PROGRESS_PERIOD,
            });
        }
        messages
    }
}

impl JobsOfKind {
    /// Ends the job that runs, or the one that waits. Returns the id of its message.
    fn end(&mut self) -> Option<u32> {
        let waiting = self.next.take().map(|task| task.id());
        let running = self.running.as_mut().filter(|job| !job.is_cancelled);
        running.map_or(waiting, |running| {
            running.is_cancelled = true;
            running.order.cancel();
            Some(running.order.id())
        })
    }
}

impl Running {
    /// Returns a message of progress if there is something to say.
    fn progress(&mut self, now: Duration) -> Option<ServerMessage> {
        if self.is_cancelled {
            return None;
        }
        if let Some(report) = self.order.take_report() {
            self.due = now + REPORT_PERIOD;
            return Some(report);
        }
        let progress = self.order.progress();
        if now < self.due {
            return None;
        }
        self.order.want_report();
        if progress == self.sent {
            return None;
        }
        self.due = now + PROGRESS_PERIOD;
        self.sent = progress;
        progress.map(|thousandths| ServerMessage::Progress {
            of: self.order.id(),
            part: thousandths as f32 / 1000.0,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::OnceLock;
    use std::thread;

    use data_encoding::BASE64;
    use logicnet::random::{Ops, Rng};
    use logicnet::{Masks, Network};

    use super::*;
    use crate::link::jobs::Job;
    use crate::link::protocol::{Compilation, Training};
    use crate::spawn::spawn_plainly;

    const LONG: Duration = Duration::from_secs(3600);
    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 168, 7, 1));

    fn compile(id: u32) -> Job {
        Job::Compile {
            id,
            compilation: Compilation {
                expression: "t>>4&t".into(),
                ..Compilation::default()
            },
        }
    }

    /// A waveform of a largest network, which takes seconds.
    fn waveform(id: u32) -> Job {
        static LARGEST: OnceLock<Arc<Network>> = OnceLock::new();
        let largest = LARGEST.get_or_init(|| {
            let made = Network::random(24, &[1024; 64], Ops::XorRich, 1);
            made.unwrap().into()
        });
        Job::Waveform {
            id,
            columns: 1000,
            file: "".into(),
            network: Some(Arc::clone(largest)),
            masks: Masks::new(),
        }
    }

    /// A training to noise with too few gates, which takes a minute.
    fn training(id: u32) -> Task {
        let mut rng = Rng::new(1);
        let noise: Vec<u8> = (0..1 << 10).map(|_| rng.next() as u8).collect();
        let training = Training {
            name: "noise".into(),
            sound: BASE64.encode(&noise),
            rate: 8000,
            bits: 9,
            gates: 50,
        };
        Task::training(id, training)
    }

    /// Polls until there are messages.
    fn messages(queue: &mut JobQueue, now: Duration) -> Vec<ServerMessage> {
        loop {
            let messages = queue.poll(now);
            if !messages.is_empty() {
                return messages;
            }
            thread::yield_now();
        }
    }

    /// Polls, an hour later each time, until there are messages.
    fn reports(queue: &mut JobQueue, now: &mut Duration) -> Vec<ServerMessage> {
        loop {
            *now += LONG;
            let messages = queue.poll(*now);
            if !messages.is_empty() {
                return messages;
            }
            thread::yield_now();
        }
    }

    fn workshop() -> Arc<Workshop> {
        Workshop::new(spawn_plainly)
    }

    #[test]
    fn a_small_compilation_does_not_wait_for_a_large_waveform_of_another_client() {
        let workshop = workshop();
        let [mut one, mut two] = [(); 2].map(|()| JobQueue::new(Arc::clone(&workshop), PEER));
        assert_eq!(one.add(waveform(1)), None);
        assert_eq!(one.poll(Duration::ZERO), []);
        workshop.wait_for_pieces(1);
        for id in 0..3 {
            assert_eq!(two.add(compile(id)), None);
            let answers = messages(&mut two, Duration::ZERO);
            assert!(
                matches!(answers[..], [ServerMessage::Compiled { id: done, .. }] if done == id),
                "{answers:?}"
            );
        }
        assert_eq!(one.poll(Duration::ZERO), [], "the waveform goes on");
    }

    #[test]
    fn jobs_end_when_their_client_leaves() {
        let workshop = workshop();
        let mut queue = JobQueue::new(Arc::clone(&workshop), PEER);
        queue.add(waveform(1));
        queue.add(compile(2));
        assert_eq!(queue.poll(Duration::ZERO), []);
        workshop.wait_for_pieces(2);
        drop(queue);
        // Only the threads of jobs have the others.
        while Arc::strong_count(&workshop) > 1 {
            thread::yield_now();
        }
        // A whole waveform has 3,600 pieces.
        assert!(workshop.pieces() < 1000, "{}", workshop.pieces());
    }

    #[test]
    fn a_newer_job_replaces_those_of_its_kind_and_all_are_answered() {
        let workshop = workshop();
        let mut queue = JobQueue::new(Arc::clone(&workshop), PEER);
        assert_eq!(queue.add(waveform(1)), None);
        assert_eq!(queue.poll(Duration::ZERO), []);
        // The running one is replaced, then the one that waits for its end.
        for id in 2..5 {
            let refusal = queue.add(waveform(id));
            let Some(ServerMessage::Refused {
                id: old, reason, ..
            }) = refusal
            else {
                panic!("{refusal:?}");
            };
            assert_eq!(old, Some(id - 1));
            assert_eq!(reason, "a newer request has replaced this one");
        }
        // Jobs of another kind are not.
        assert_eq!(queue.add(compile(9)), None);
        let answers = messages(&mut queue, Duration::ZERO);
        assert!(
            matches!(answers[..], [ServerMessage::Compiled { id: 9, .. }]),
            "{answers:?}"
        );
        // The newest waveform has begun, and says so.
        let progress = messages(&mut queue, LONG);
        assert!(
            matches!(progress[..], [ServerMessage::Progress { of: 4, part }] if part < 0.5),
            "{progress:?}"
        );
    }

    #[test]
    fn a_training_reports_until_it_is_stopped() {
        let (mut queue, mut now) = (JobQueue::new(workshop(), PEER), Duration::ZERO);
        assert_eq!(queue.stop_training(), None);
        assert_eq!(queue.add(training(1)), None);
        assert_eq!(queue.poll(Duration::ZERO), []);
        let mut parts = Vec::new();
        for _ in 0..2 {
            let reports = reports(&mut queue, &mut now);
            let [ServerMessage::Learning { of: 1, part, .. }] = reports[..] else {
                panic!("{reports:?}");
            };
            parts.push(part);
        }
        assert!(parts[0] <= parts[1] && parts[1] < 0.5, "{parts:?}");
        let Some(ServerMessage::Refused { id, reason, .. }) = queue.stop_training() else {
            panic!("a training that goes on is stopped");
        };
        assert_eq!((id, &reason[..]), (Some(1), "stopped"));
        assert_eq!(queue.stop_training(), None);
        // The next one begins once it has ended, and no report of it comes any more.
        assert_eq!(queue.add(training(2)), None);
        let reports = reports(&mut queue, &mut now);
        assert!(
            matches!(reports[..], [ServerMessage::Learning { of: 2, .. }]),
            "{reports:?}"
        );
    }

    #[test]
    fn one_client_trains_at_a_time_and_others_are_told() {
        let workshop = workshop();
        let mut one = JobQueue::new(Arc::clone(&workshop), PEER);
        let mut two = JobQueue::new(Arc::clone(&workshop), Ipv4Addr::LOCALHOST.into());
        one.add(training(1));
        assert_eq!(one.poll(Duration::ZERO), []);
        assert_eq!(workshop.training(), Some(PEER));
        two.add(training(2));
        let refusals = messages(&mut two, Duration::ZERO);
        let [ServerMessage::Refused { reason, .. }] = &refusals[..] else {
            panic!("{refusals:?}");
        };
        assert_eq!(
            reason,
            "the page at 192.168.7.1 trains a network; one page can at a time"
        );
        // Jobs of other kinds are done meanwhile.
        two.add(compile(3));
        let answers = messages(&mut two, Duration::ZERO);
        assert!(
            matches!(answers[..], [ServerMessage::Compiled { id: 3, .. }]),
            "{answers:?}"
        );
        // It ends with its client.
        drop(one);
        while workshop.training().is_some() {
            thread::yield_now();
        }
        two.add(training(4));
        let reports = reports(&mut two, &mut Duration::default());
        assert!(
            matches!(reports[..], [ServerMessage::Learning { of: 4, .. }]),
            "{reports:?}"
        );
    }

    #[test]
    fn a_job_without_a_thread_is_refused() {
        let none = |_: &'static str, _, _| Err(std::io::ErrorKind::OutOfMemory.into());
        let mut queue = JobQueue::new(Workshop::new(none), PEER);
        queue.add(compile(3));
        let refusals = messages(&mut queue, Duration::ZERO);
        assert!(
            matches!(refusals[..], [ServerMessage::Refused { id: Some(3), .. }]),
            "{refusals:?}"
        );
    }
}
