//! The audio thread's side: collects groups of samples from the PRU, pass by pass.
//!
//! A callback checks at most once whether the requested pass has arrived, which takes one
//! access, or eleven if it has; and requests at most one pass, which takes two. It never
//! waits. It accepts an answer only with the epoch of the program's last start, the number
//! of the request, and a check word that fits the samples.
//!
//! Nothing here allocates, locks, makes system calls or panics.

use std::fmt;
use std::sync::Arc;

use engine::OffloadedGroup;
use logicnet::{W512, Word};
use pru_codegen::{LANES, check};

use super::memory::{Memory, MemoryWindow, mailbox};
use super::status::{ReadyProgram, SharedStatus};

/// Accesses of a pass that arrives in time: two for the request; one each for answer,
/// epoch and check, and eight for the planes.
pub const ACCESSES_PER_PASS: u32 = 13;
/// Approximate time of an access on a board: uncached, in order, through two buses.
pub const ACCESS_NS: u32 = 100;
/// Passes of the largest group.
const MAX_PASSES: usize = W512::LANES / LANES as usize;
/// Groups missed in a row after which the program is given up; the supervisor then
/// restarts it.
const MAX_MISSES: u32 = 8;
/// End of the range of request numbers; the supervisor uses those from here on.
const END_OF_NUMBERS: u32 = 1 << 31;

/// The group that is being collected.
#[derive(Clone, Copy, Debug)]
struct PartialGroup {
    group: u32,
    /// Passes that have arrived.
    passes: usize,
    /// True if a pass did not arrive by the next callback.
    late: bool,
    /// True if an answer was damaged or another program's: the group stays incomplete.
    damaged: bool,
}

/// Collects groups ahead of the CPU's own schedule.
pub struct PruOffload {
    memory: Box<dyn Memory>,
    status: Arc<SharedStatus>,
    /// The PRU's program, if the engine plays the same one.
    playing: Option<ReadyProgram>,
    partial: Option<PartialGroup>,
    planes: [[u32; MAX_PASSES]; 8],
    /// Number of the last request.
    number: u32,
    /// True while the answer to the last request is outstanding.
    pending: bool,
    /// Groups missed in a row.
    misses: u32,
    /// Accesses since the engine last asked for their time.
    accesses: u32,
}

impl fmt::Debug for PruOffload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PruOffload")
            .field("playing", &self.playing)
            .field("partial", &self.partial)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl PruOffload {
    pub(super) fn new(memory: Box<dyn Memory>, status: Arc<SharedStatus>) -> PruOffload {
        PruOffload {
            memory,
            status,
            playing: None,
            partial: None,
            planes: [[0; MAX_PASSES]; 8],
            number: 0,
            pending: false,
            misses: 0,
            accesses: 0,
        }
    }

    /// Reads the answer's samples, if they are this program's and undamaged.
    fn read_answer(&mut self, epoch: u16) -> Option<[u32; 8]> {
        if self.read(mailbox::EPOCH) != u32::from(epoch) {
            return None;
        }
        let planes = mailbox::PLANES.map(|window| self.read(window));
        (self.read(mailbox::CHECK) == check(&planes)).then_some(planes)
    }

    fn read(&mut self, window: MemoryWindow) -> u32 {
        self.accesses += 1;
        self.memory.read(window)
    }

    fn write(&mut self, window: MemoryWindow, value: u32) {
        self.accesses += 1;
        self.memory.write(window, value);
    }
}

impl<W: Word> engine::Offload<W> for PruOffload {
    fn poll(&mut self, program: Option<u32>) {
        let ready = self.status.ready().filter(|ready| {
            Some(ready.program) == program && !self.status.is_given_up(ready.epoch)
        });
        if ready != self.playing {
            self.playing = ready;
            self.partial = None;
            self.pending = false;
            self.misses = 0;
        }
        let (Some(ready), Some(mut partial), true) = (self.playing, self.partial, self.pending)
        else {
            return;
        };
        if self.read(mailbox::ANSWER) == self.number {
            self.pending = false;
            match self.read_answer(ready.epoch) {
                Some(planes) => {
                    for (to, plane) in self.planes.iter_mut().zip(planes) {
                        if let Some(to) = to.get_mut(partial.passes) {
                            *to = plane;
                        }
                    }
                    partial.passes += 1;
                }
                None => partial.damaged = true,
            }
        } else {
            partial.late = true;
        }
        self.partial = Some(partial);
    }

    fn take(&mut self, group: u32) -> OffloadedGroup<W> {
        let (Some(ready), Some(partial)) = (self.playing, self.partial) else {
            return OffloadedGroup::NotRequested;
        };
        if partial.group != group {
            return OffloadedGroup::NotRequested;
        }
        self.partial = None;
        self.pending = false;
        if partial.passes == passes::<W>() {
            self.misses = 0;
            let planes = &self.planes;
            return OffloadedGroup::Ready(std::array::from_fn(|bit| {
                W::from_columns(|j| {
                    let half = |i: usize| planes[bit].get(i).map_or(0, |&half| u64::from(half));
                    half(2 * j) | half(2 * j + 1) << 32
                })
            }));
        }
        if !partial.late && !partial.damaged {
            // Requested, but not due yet.
            return OffloadedGroup::NotRequested;
        }
        self.misses += 1;
        if self.misses >= MAX_MISSES {
            self.status.give_up(ready.epoch);
        }
        OffloadedGroup::Missed
    }

    fn holds(&self, group: u32) -> bool {
        let complete =
            |partial: PartialGroup| partial.group == group && partial.passes == passes::<W>();
        self.partial.is_some_and(complete)
    }

    fn request(&mut self, group: u32) {
        if self.playing.is_none() {
            return;
        }
        let partial = match self.partial {
            Some(partial) if partial.group == group => partial,
            _ => {
                // An answer to an older request has another number and is ignored.
                self.pending = false;
                PartialGroup {
                    group,
                    passes: 0,
                    late: false,
                    damaged: false,
                }
            }
        };
        if !self.pending && !partial.damaged && partial.passes < passes::<W>() {
            self.number = (self.number + 1) % END_OF_NUMBERS;
            self.number = self.number.max(1);
            let first = group.wrapping_mul(W::LANES as u32);
            let t = first.wrapping_add(LANES * partial.passes as u32);
            self.write(mailbox::TIME, t);
            // Written last: the PRU reads the time when the number changes.
            self.write(mailbox::REQUEST, self.number);
            self.pending = true;
        }
        self.partial = Some(partial);
    }

    fn max_pace(&self) -> u32 {
        LANES
    }

    fn exchange_ns(&mut self) -> u32 {
        std::mem::take(&mut self.accesses) * ACCESS_NS
    }
}

/// Passes of a group in lanes `W`.
fn passes<W: Word>() -> usize {
    W::LANES.div_ceil(LANES as usize)
}
