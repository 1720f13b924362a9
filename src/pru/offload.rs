//! The audio thread's side: groups of samples, gathered from the PRU pass by pass.
//!
//! A callback looks at most once whether the pass asked for is there, which takes one
//! access, or eleven if it is; and asks for at most one, which takes two. It never waits
//! for an answer, and takes none that is not certainly the one: of this program's start,
//! with the number of this request, and with a check that fits the samples.
//!
//! Nothing here allocates, locks, calls the system or panics.

use std::fmt;
use std::sync::Arc;

use engine::OffloadedGroup;
use logicnet::{W512, Word};
use pru_codegen::{LANES, check};

use super::link::{Link, Ready};
use super::memory::{Memory, MemoryWindow, mailbox};

/// Accesses of a pass that comes in time: two to ask; answer, epoch, eight planes and
/// their check to pick it up.
pub const ACCESSES_A_PASS: u32 = 13;
/// What an access takes on a board, about: uncached, in order, through two buses.
pub const ACCESS_NS: u32 = 100;
/// PruOffload of the largest group there is.
const MOST_PASSES: usize = W512::LANES / LANES as usize;
/// Groups missed in a row until the PRU is given up, for the supervisor to see to it.
const MOST_MISSES: u32 = 8;
/// Numbers of requests are below: the supervisor's are not.
const NUMBERS: u32 = 1 << 31;

/// The group that is being gathered.
#[derive(Clone, Copy, Debug)]
struct Gathered {
    group: u32,
    /// PruOffload that are there.
    passes: usize,
    /// A pass was not there when it should have been, or will never be.
    late: bool,
    lost: bool,
}

/// Gathers groups ahead of the CPU's own schedule.
pub struct PruOffload {
    memory: Box<dyn Memory>,
    link: Arc<Link>,
    /// What plays on the PRU, if that is what the engine plays.
    playing: Option<Ready>,
    gathered: Option<Gathered>,
    planes: [[u32; MOST_PASSES]; 8],
    /// The number of the last request, and whether its answer is still wanted.
    number: u32,
    asked: bool,
    misses: u32,
    accesses: u32,
}

impl fmt::Debug for PruOffload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PruOffload")
            .field("playing", &self.playing)
            .field("gathered", &self.gathered)
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

impl PruOffload {
    pub(super) fn new(memory: Box<dyn Memory>, link: Arc<Link>) -> PruOffload {
        PruOffload {
            memory,
            link,
            playing: None,
            gathered: None,
            planes: [[0; MOST_PASSES]; 8],
            number: 0,
            asked: false,
            misses: 0,
            accesses: 0,
        }
    }

    /// The answer's samples, if they are this program's and whole.
    fn answer(&mut self, epoch: u16) -> Option<[u32; 8]> {
        if self.read(mailbox::EPOCH) != u32::from(epoch) {
            return None;
        }
        let planes = mailbox::PLANES.map(|place| self.read(place));
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
        let ready = self
            .link
            .ready()
            .filter(|ready| Some(ready.program) == program && !self.link.is_given_up(ready.epoch));
        if ready != self.playing {
            self.playing = ready;
            self.gathered = None;
            self.asked = false;
            self.misses = 0;
        }
        let (Some(ready), Some(mut gathered), true) = (self.playing, self.gathered, self.asked)
        else {
            return;
        };
        if self.read(mailbox::ANSWER) == self.number {
            self.asked = false;
            match self.answer(ready.epoch) {
                Some(planes) => {
                    for (to, plane) in self.planes.iter_mut().zip(planes) {
                        if let Some(place) = to.get_mut(gathered.passes) {
                            *place = plane;
                        }
                    }
                    gathered.passes += 1;
                }
                None => gathered.lost = true,
            }
        } else {
            gathered.late = true;
        }
        self.gathered = Some(gathered);
    }

    fn take(&mut self, group: u32) -> OffloadedGroup<W> {
        let (Some(ready), Some(gathered)) = (self.playing, self.gathered) else {
            return OffloadedGroup::NotRequested;
        };
        if gathered.group != group {
            return OffloadedGroup::NotRequested;
        }
        self.gathered = None;
        self.asked = false;
        if gathered.passes == passes::<W>() {
            self.misses = 0;
            let planes = &self.planes;
            return OffloadedGroup::Ready(std::array::from_fn(|bit| {
                W::from_columns(|j| {
                    let half = |i: usize| planes[bit].get(i).map_or(0, |&half| u64::from(half));
                    half(2 * j) | half(2 * j + 1) << 32
                })
            }));
        }
        if !gathered.late && !gathered.lost {
            // It just began to be asked for.
            return OffloadedGroup::NotRequested;
        }
        self.misses += 1;
        if self.misses >= MOST_MISSES {
            self.link.give_up(ready.epoch);
        }
        OffloadedGroup::Missed
    }

    fn holds(&self, group: u32) -> bool {
        let whole =
            |gathered: Gathered| gathered.group == group && gathered.passes == passes::<W>();
        self.gathered.is_some_and(whole)
    }

    fn request(&mut self, group: u32) {
        if self.playing.is_none() {
            return;
        }
        let gathered = match self.gathered {
            Some(gathered) if gathered.group == group => gathered,
            _ => {
                // An answer to what was asked before has another number.
                self.asked = false;
                Gathered {
                    group,
                    passes: 0,
                    late: false,
                    lost: false,
                }
            }
        };
        if !self.asked && !gathered.lost && gathered.passes < passes::<W>() {
            self.number = (self.number + 1) % NUMBERS;
            self.number = self.number.max(1);
            let first = group.wrapping_mul(W::LANES as u32);
            let t = first.wrapping_add(LANES * gathered.passes as u32);
            self.write(mailbox::TIME, t);
            // Last: the PRU takes it with the time.
            self.write(mailbox::REQUEST, self.number);
            self.asked = true;
        }
        self.gathered = Some(gathered);
    }

    fn max_pace(&self) -> u32 {
        LANES
    }

    fn exchange_ns(&mut self) -> u32 {
        std::mem::take(&mut self.accesses) * ACCESS_NS
    }
}

/// PruOffload of a group in lanes `W`.
fn passes<W: Word>() -> usize {
    W::LANES.div_ceil(LANES as usize)
}
