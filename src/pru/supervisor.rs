//! The supervisor: makes the PRU's program of what is played, uploads it, tries it, hands
//! it to the audio thread, and watches it.
//!
//! Runs in the background, in turns of about 10 ms; never in the audio thread. The sound
//! does not wait for it.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use logicnet::{Evaluator, Masks, Network, Program, Word};
use pru_codegen::{Code, LANES, compile};

use super::Choice;
use super::link::{Link, Ready};
use super::loader::{Loader, Trouble};
use super::memory::Memory;
use super::offload::{ACCESS_NS, ACCESSES_A_PASS};
use engine::{Platform, Settings};

/// What plays now, for a program to be made of, and how fast.
#[derive(Clone, Debug)]
pub struct ProgramRequest {
    /// The id of the change that brings it to the engine.
    pub program: u32,
    /// The network ...
    pub network: Arc<Network>,
    /// ... under these masks, and not its own.
    pub masks: Masks,
    /// Rate and speed at which it is read. That they change is a wish, too, for the same
    /// program.
    pub settings: Settings,
}

/// The way for requests. Only the newest counts.
#[derive(Clone, Debug)]
pub struct ProgramRequests(Sender<ProgramRequest>);

impl ProgramRequests {
    /// ProgramRequests for a program. Never waits.
    pub fn send(&self, wish: ProgramRequest) {
        // Without an supervisor the CPU plays.
        let _ = self.0.send(wish);
    }
}

pub(super) fn requests() -> (ProgramRequests, Receiver<ProgramRequest>) {
    let (send, inbox) = unbounded();
    (ProgramRequests(send), inbox)
}

/// PruOffload that are tried before a program plays, spread over the period.
const TRIALS: u32 = 64;
/// Their requests' numbers are from here on: no audio thread uses these.
const TRIAL_NUMBERS: u32 = 1 << 31;
/// Turns to wait before a start of the same program again; after that it is left alone.
const RESTARTS: [u32; 4] = [0, 50, 500, 3000];
/// Good turns after which its failures are forgiven: a minute.
const FORGIVEN: u32 = 6000;

/// A program, and how it does.
#[derive(Debug)]
struct Playing {
    code: Code,
    /// The number of its last start; none when that has failed.
    epoch: Option<u16>,
    beat: u32,
    /// Good turns, one after the other.
    good: u32,
    restarts: usize,
    /// Turns until it is started again.
    rest: u32,
}

/// What becomes of the newest wish.
#[derive(Debug)]
enum Stage {
    /// The next turn makes its program, unless it is read too fast.
    Waiting,
    Playing(Box<Playing>),
    /// The CPU plays it, until there is another program.
    Left,
}

/// Has the PRU at its command.
#[derive(Debug)]
pub struct Supervisor {
    choice: Choice,
    platform: Platform,
    /// Samples of an engine's group.
    group: u32,
    loader: Loader,
    link: Arc<Link>,
    inbox: Receiver<ProgramRequest>,
    /// The newest.
    wish: Option<ProgramRequest>,
    stage: Stage,
    epoch: u16,
    trials: u32,
    starts: u32,
    /// The network of which was told that the PRU does not play it.
    told: Option<Arc<Network>>,
    /// Whether the core was ever halted by us.
    begun: bool,
}

impl Supervisor {
    pub(super) fn new(
        choice: Choice,
        platform: Platform,
        group: u32,
        memory: Box<dyn Memory>,
        link: Arc<Link>,
        inbox: Receiver<ProgramRequest>,
    ) -> Supervisor {
        Supervisor {
            choice,
            platform,
            group,
            loader: Loader::new(memory),
            link,
            inbox,
            wish: None,
            stage: Stage::Left,
            epoch: 0,
            trials: 0,
            starts: 0,
            told: None,
            begun: false,
        }
    }

    /// Gates of the network that the next turn makes a program of, if it does.
    pub fn waiting(&self) -> Option<usize> {
        let wish = self.wish.as_ref()?;
        let makes = matches!(self.stage, Stage::Waiting) && self.too_fast(wish).is_none();
        makes.then(|| wish.network.gates().len())
    }

    /// Programs started, again or for the first time.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// One turn: takes the newest wish; or, if none is newer, makes and starts its
    /// program; or else watches it. What the player should be told, if anything.
    pub fn turn(&mut self) -> Option<String> {
        if !self.begun {
            self.begun = true;
            // Whatever runs there, of a process that was killed.
            if let Err(trouble) = self.loader.halt() {
                log::warn!("PRU: {trouble}");
            }
        }
        if let Some(wish) = self.inbox.try_iter().last() {
            let program = wish.program;
            let before = self.wish.replace(wish);
            if before.is_none_or(|before| before.program != program) {
                // While a finger moves, programs live for milliseconds: a turn without a
                // newer one is waited for.
                self.link.set_ready(None);
                self.stage = Stage::Waiting;
                return None;
            }
        }
        let wish = self.wish.take()?;
        let (stage, told) = match std::mem::replace(&mut self.stage, Stage::Left) {
            Stage::Waiting => self.fulfil(&wish),
            Stage::Playing(playing) => self.watch(&wish, playing),
            Stage::Left => (Stage::Left, None),
        };
        self.wish = Some(wish);
        self.stage = stage;
        told
    }

    /// Halts the core, for the end.
    pub fn end(&mut self) {
        self.link.set_ready(None);
        if let Err(trouble) = self.loader.halt() {
            log::warn!("PRU: {trouble}");
        }
    }

    /// Why the audio thread does not ask for a wish's samples, if it does not: where a
    /// callback reads more than a pass, the PRU would not keep up.
    fn too_fast(&self, wish: &ProgramRequest) -> Option<String> {
        let pace = self.platform.pace(&wish.settings);
        (pace > LANES).then(|| {
            format!(
                "too fast for the PRU, which makes {LANES} samples a callback, and not {pace}: \
                 lower rate or speed, or use shorter periods"
            )
        })
    }

    fn fulfil(&mut self, wish: &ProgramRequest) -> (Stage, Option<String>) {
        if let Some(problem) = self.too_fast(wish) {
            return (Stage::Waiting, self.tell(wish, &problem));
        }
        let name = wish.network.name();
        let code = match compile(&wish.network, &wish.masks) {
            Ok(code) => code,
            Err(error) => return (Stage::Left, self.tell(wish, &error.to_string())),
        };
        let (statistics, group) = (code.statistics(), self.group);
        let spared = statistics.gates as f32 * self.platform.cost.gate_ns;
        let exchange = (group.div_ceil(LANES) * ACCESSES_A_PASS * ACCESS_NS) as f32;
        if self.choice == Choice::Auto && spared <= exchange {
            log::info!(
                "the CPU plays {name}: the PRU would spare {:.1} us of {group} samples, and \
                 {:.1} us go into the exchange",
                spared / 1000.0,
                exchange / 1000.0
            );
            return (Stage::Left, None);
        }
        log::info!(
            "PRU: {name}, {} gates in {} instructions, {:.1} us for {LANES} samples",
            statistics.gates,
            statistics.instructions,
            f64::from(statistics.cycles()) * 0.005
        );
        let playing = Box::new(Playing {
            code,
            epoch: None,
            beat: 0,
            good: 0,
            restarts: 0,
            rest: 0,
        });
        self.start(wish, playing)
    }

    /// What the PRU cannot play is told once for a network: to the log and, if the PRU was
    /// asked for, to the player.
    fn tell(&mut self, wish: &ProgramRequest, problem: &str) -> Option<String> {
        let again = |told: &Arc<Network>| Arc::ptr_eq(told, &wish.network);
        if self.told.as_ref().is_some_and(again) {
            return None;
        }
        self.told = Some(Arc::clone(&wish.network));
        log::info!("the CPU plays {}: {problem}", wish.network.name());
        (self.choice == Choice::Pru).then(|| format!("the CPU plays: {problem}"))
    }

    fn start(
        &mut self,
        wish: &ProgramRequest,
        mut playing: Box<Playing>,
    ) -> (Stage, Option<String>) {
        self.starts += 1;
        match self.try_start(wish, &playing.code) {
            Ok(()) => {
                playing.beat = self.loader.beat();
                playing.epoch = Some(self.epoch);
                self.link.set_ready(Some(Ready {
                    epoch: self.epoch,
                    program: wish.program,
                }));
                (Stage::Playing(playing), None)
            }
            Err(trouble) => self.failed(playing, trouble),
        }
    }

    /// Uploads, starts and tries a program under a new number.
    fn try_start(&mut self, wish: &ProgramRequest, code: &Code) -> Result<(), Trouble> {
        self.epoch = self.epoch.wrapping_add(1).max(1);
        self.loader.load(&code.words(self.epoch))?;
        self.loader.start();
        let mut evaluator = Evaluator::<u32>::new(Program::new(&wish.network, &wish.masks));
        let passes = wish.network.period().div_ceil(LANES);
        for trial in 0..TRIALS {
            let pass = u64::from(trial) * u64::from(passes - 1) / u64::from(TRIALS - 1);
            let t = pass as u32 * LANES;
            self.trials = self.trials.wrapping_add(1);
            let number = TRIAL_NUMBERS | self.trials;
            let planes = self.loader.pass(self.epoch, number, t)?;
            let (mut made, mut right) = ([0; LANES as usize], [0; LANES as usize]);
            u32::bytes(planes, &mut made);
            evaluator.render(t, &mut right);
            if made != right {
                return Err(Trouble::Wrong { t });
            }
        }
        Ok(())
    }

    /// Looks whether it lives and answers, and starts it again if not.
    fn watch(
        &mut self,
        wish: &ProgramRequest,
        mut playing: Box<Playing>,
    ) -> (Stage, Option<String>) {
        let Some(epoch) = playing.epoch else {
            if playing.rest > 0 {
                playing.rest -= 1;
                return (Stage::Playing(playing), None);
            }
            return self.start(wish, playing);
        };
        let beat = self.loader.beat();
        let stands = beat == std::mem::replace(&mut playing.beat, beat);
        if stands {
            return self.failed(playing, Trouble::Standing);
        }
        if self.link.is_given_up(epoch) {
            return self.failed(playing, Trouble::Late);
        }
        playing.good = playing.good.saturating_add(1);
        if playing.good == FORGIVEN {
            playing.restarts = 0;
        }
        // It stays there, for when it is slower again.
        let told = self
            .too_fast(wish)
            .and_then(|problem| self.tell(wish, &problem));
        (Stage::Playing(playing), told)
    }

    fn failed(&mut self, mut playing: Box<Playing>, trouble: Trouble) -> (Stage, Option<String>) {
        self.link.set_ready(None);
        playing.epoch = None;
        playing.good = 0;
        let Some(&rest) = RESTARTS.get(playing.restarts) else {
            log::warn!("PRU: {trouble}; it is left alone until another program comes");
            let told = format!("the CPU plays: the PRU is left alone, {trouble}");
            return (Stage::Left, Some(told));
        };
        log::warn!("PRU: {trouble}; the CPU plays, and it is started again");
        playing.restarts += 1;
        playing.rest = rest;
        (Stage::Playing(playing), None)
    }
}
