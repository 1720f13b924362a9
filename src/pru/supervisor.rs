//! The supervisor: compiles the PRU's program, uploads and tests it, hands it to the audio
//! thread, and watches it.
//!
//! Runs in the background about every 10 ms, never on the audio thread. The sound does not
//! wait for it.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, unbounded};
use logicnet::{Evaluator, Masks, Network, Program, Word, count};
use pru_codegen::{Code, LANES, compile};

use super::Choice;
use super::error::PruError;
use super::loader::Loader;
use super::memory::Memory;
use super::offload::{ACCESS_NS, ACCESSES_PER_PASS};
use super::status::{ReadyProgram, SharedStatus};
use engine::{Platform, Settings};

/// A request for a program of the network that plays.
#[derive(Clone, Debug)]
pub struct ProgramRequest {
    /// Id of the change that brings the program to the engine.
    pub program: u32,
    /// Network to evaluate.
    pub network: Arc<Network>,
    /// Masks that replace the network's own.
    pub masks: Masks,
    /// Rate and speed of playback. A request that changes only these has the same program
    /// id as the one before.
    pub settings: Settings,
}

/// Sender of requests, of which only the newest counts.
#[derive(Clone, Debug)]
pub struct ProgramRequests(Sender<ProgramRequest>);

impl ProgramRequests {
    /// Sends a request. Never waits.
    pub fn send(&self, request: ProgramRequest) {
        // Without a supervisor, the CPU plays.
        let _ = self.0.send(request);
    }
}

pub(super) fn requests() -> (ProgramRequests, Receiver<ProgramRequest>) {
    let (sender, inbox) = unbounded();
    (ProgramRequests(sender), inbox)
}

/// Passes that test a program before it plays, spread over the network's period.
const TRIALS: u32 = 64;
/// First request number of trials; the audio thread uses those below.
const TRIAL_NUMBERS: u32 = 1 << 31;
/// Polls to skip before each restart of a program. After the last, the CPU plays it.
const RESTART_DELAYS: [u32; 4] = [0, 50, 500, 3000];
/// Healthy polls in a row that reset the count of restarts: a minute.
const HEALTHY_POLLS: u32 = 6000;

/// A compiled program and its health.
#[derive(Debug)]
struct CompiledProgram {
    code: Code,
    /// Number of the last start; none if the program is not running.
    epoch: Option<u16>,
    /// Heartbeat at the last poll.
    beat: u32,
    /// Healthy polls in a row.
    healthy: u32,
    restarts: usize,
    /// Polls to skip before the next start.
    delay: u32,
}

/// State of the newest request.
#[derive(Debug)]
enum RequestState {
    /// The next poll compiles the program, unless its pace is too fast.
    Pending,
    /// The program is compiled, and runs or waits for a restart.
    Compiled(Box<CompiledProgram>),
    /// The CPU plays, until another program is requested.
    Refused,
}

/// Keeps the PRU playing the program that was requested last.
#[derive(Debug)]
pub struct Supervisor {
    choice: Choice,
    platform: Platform,
    /// Samples per group of the engine.
    group: u32,
    loader: Loader,
    status: Arc<SharedStatus>,
    inbox: Receiver<ProgramRequest>,
    /// The newest request.
    request: Option<ProgramRequest>,
    state: RequestState,
    epoch: u16,
    trials: u32,
    starts: u32,
    /// Network for which a problem was reported last.
    reported: Option<Arc<Network>>,
    /// True after the first poll, which halts the core.
    initialized: bool,
}

impl Supervisor {
    pub(super) fn new(
        choice: Choice,
        platform: Platform,
        group: u32,
        memory: Box<dyn Memory>,
        status: Arc<SharedStatus>,
        inbox: Receiver<ProgramRequest>,
    ) -> Supervisor {
        Supervisor {
            choice,
            platform,
            group,
            loader: Loader::new(memory),
            status,
            inbox,
            request: None,
            state: RequestState::Refused,
            epoch: 0,
            trials: 0,
            starts: 0,
            reported: None,
            initialized: false,
        }
    }

    /// Returns the number of gates that the next poll compiles, if it compiles a program.
    pub fn pending_gates(&self) -> Option<usize> {
        let request = self.request.as_ref()?;
        let compiles =
            matches!(self.state, RequestState::Pending) && self.too_fast(request).is_none();
        compiles.then(|| request.network.gates().len())
    }

    /// Returns the number of program starts, including restarts.
    pub fn starts(&self) -> u32 {
        self.starts
    }

    /// Takes the newest request. If there is none, compiles and starts the pending program,
    /// or else checks the running one. Returns a notice for the player, if any.
    pub fn poll(&mut self) -> Option<String> {
        if !self.initialized {
            self.initialized = true;
            // The core may still run a program of a killed process.
            self.halt();
        }
        if let Some(request) = self.inbox.try_iter().last() {
            let program = request.program;
            let previous = self.request.replace(request);
            if previous.is_none_or(|previous| previous.program != program) {
                // While a finger moves, programs live for milliseconds: compiling waits for
                // a poll without a newer request.
                self.status.set_ready(None);
                self.state = RequestState::Pending;
                return None;
            }
        }
        let request = self.request.take()?;
        let (state, notice) = match std::mem::replace(&mut self.state, RequestState::Refused) {
            RequestState::Pending => self.fulfil(&request),
            RequestState::Compiled(program) => self.check(&request, program),
            RequestState::Refused => (RequestState::Refused, None),
        };
        self.request = Some(request);
        self.state = state;
        notice
    }

    /// Halts the core, before the process ends.
    pub fn stop(&mut self) {
        self.status.set_ready(None);
        self.halt();
    }

    fn halt(&mut self) {
        if let Err(error) = self.loader.halt() {
            log::warn!("PRU: {error}");
        }
    }

    /// Returns a message if a callback reads more samples than a pass has: the PRU could not
    /// keep up, and the audio thread requests nothing.
    fn too_fast(&self, request: &ProgramRequest) -> Option<String> {
        let pace = self.platform.pace(&request.settings);
        (pace > LANES).then(|| {
            format!(
                "too fast for the PRU, which makes {LANES} samples per callback, and not {pace}: \
                 lower the rate or the speed, or use shorter periods"
            )
        })
    }

    fn fulfil(&mut self, request: &ProgramRequest) -> (RequestState, Option<String>) {
        if let Some(problem) = self.too_fast(request) {
            return (RequestState::Pending, self.report(request, &problem));
        }
        let name = request.network.name();
        let code = match compile(&request.network, &request.masks) {
            Ok(code) => code,
            Err(error) => {
                let notice = self.report(request, &error.to_string());
                return (RequestState::Refused, notice);
            }
        };
        let (statistics, group) = (code.statistics(), self.group);
        let spared = statistics.gates as f32 * self.platform.cost.gate_ns;
        let exchange = (group.div_ceil(LANES) * ACCESSES_PER_PASS * ACCESS_NS) as f32;
        if self.choice == Choice::Auto && spared <= exchange {
            log::info!(
                "the CPU plays {name}: for {group} samples, the PRU would spare it {:.1} us, and \
                 the exchange takes {:.1} us",
                spared / 1000.0,
                exchange / 1000.0
            );
            return (RequestState::Refused, None);
        }
        log::info!(
            "PRU: {name}, {} in {}, {:.1} us for {LANES} samples",
            count(statistics.gates, "gate"),
            count(statistics.instructions, "instruction"),
            f64::from(statistics.cycles()) * 0.005
        );
        let program = Box::new(CompiledProgram {
            code,
            epoch: None,
            beat: 0,
            healthy: 0,
            restarts: 0,
            delay: 0,
        });
        self.start(request, program)
    }

    /// Reports, once for a network, that the PRU cannot play it: to the log and, if the PRU
    /// was chosen explicitly, as a notice to the player.
    fn report(&mut self, request: &ProgramRequest, problem: &str) -> Option<String> {
        let same = |network: &Arc<Network>| Arc::ptr_eq(network, &request.network);
        if self.reported.as_ref().is_some_and(same) {
            return None;
        }
        self.reported = Some(Arc::clone(&request.network));
        log::info!("the CPU plays {}: {problem}", request.network.name());
        (self.choice == Choice::Pru).then(|| format!("the CPU plays: {problem}"))
    }

    fn start(
        &mut self,
        request: &ProgramRequest,
        mut program: Box<CompiledProgram>,
    ) -> (RequestState, Option<String>) {
        self.starts += 1;
        match self.try_start(request, &program.code) {
            Ok(()) => {
                program.beat = self.loader.beat();
                program.epoch = Some(self.epoch);
                self.status.set_ready(Some(ReadyProgram {
                    epoch: self.epoch,
                    program: request.program,
                }));
                (RequestState::Compiled(program), None)
            }
            Err(error) => self.schedule_restart(program, error),
        }
    }

    /// Uploads, starts and tests a program under a new epoch.
    fn try_start(&mut self, request: &ProgramRequest, code: &Code) -> Result<(), PruError> {
        self.epoch = self.epoch.wrapping_add(1).max(1);
        self.loader.load(&code.words(self.epoch))?;
        self.loader.start();
        let mut evaluator = Evaluator::<u32>::new(Program::new(&request.network, &request.masks));
        let passes = request.network.period().div_ceil(LANES);
        for trial in 0..TRIALS {
            let pass = u64::from(trial) * u64::from(passes - 1) / u64::from(TRIALS - 1);
            let t = pass as u32 * LANES;
            self.trials = self.trials.wrapping_add(1);
            let number = TRIAL_NUMBERS | self.trials;
            let planes = self.loader.pass(self.epoch, number, t)?;
            let (mut actual, mut expected) = ([0; LANES as usize], [0; LANES as usize]);
            u32::bytes(planes, &mut actual);
            evaluator.render(t, &mut expected);
            if actual != expected {
                return Err(PruError::WrongSamples { t });
            }
        }
        Ok(())
    }

    /// Checks that the program runs and answers, and restarts it if not.
    fn check(
        &mut self,
        request: &ProgramRequest,
        mut program: Box<CompiledProgram>,
    ) -> (RequestState, Option<String>) {
        let Some(epoch) = program.epoch else {
            if program.delay > 0 {
                program.delay -= 1;
                return (RequestState::Compiled(program), None);
            }
            return self.start(request, program);
        };
        let beat = self.loader.beat();
        let stopped = beat == std::mem::replace(&mut program.beat, beat);
        if stopped {
            return self.schedule_restart(program, PruError::Stopped);
        }
        if self.status.is_given_up(epoch) {
            return self.schedule_restart(program, PruError::Late);
        }
        program.healthy = program.healthy.saturating_add(1);
        if program.healthy == HEALTHY_POLLS {
            program.restarts = 0;
        }
        // The program keeps running, ready for a slower pace.
        let notice = self
            .too_fast(request)
            .and_then(|problem| self.report(request, &problem));
        (RequestState::Compiled(program), notice)
    }

    fn schedule_restart(
        &mut self,
        mut program: Box<CompiledProgram>,
        error: PruError,
    ) -> (RequestState, Option<String>) {
        self.status.set_ready(None);
        program.epoch = None;
        program.healthy = 0;
        let Some(&delay) = RESTART_DELAYS.get(program.restarts) else {
            log::warn!("PRU: {error}; it is not restarted until the program changes");
            let notice = format!("the CPU plays: the PRU failed too often, {error}");
            return (RequestState::Refused, Some(notice));
        };
        log::warn!("PRU: {error}; the CPU plays until it is restarted");
        program.restarts += 1;
        program.delay = delay;
        (RequestState::Compiled(program), None)
    }
}
