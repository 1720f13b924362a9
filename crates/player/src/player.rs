//! The player: the instrument's state, and the changes that follow from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Change, Clock, Cost, Engine, Platform, ReturnedVoices, Settings, Start};
use instrument::parameters::{Key, Parameters};
use instrument::{Command, Instrument, Limits, Sound, State};
use logicnet::{Builder, Network, Word};
use midi::Port;
use rtrb::{Consumer, RingBuffer};

use crate::commands::{self, Line};
use crate::mailbox::{Changes, Outbox, mailbox};
use crate::renderer::{Part, Renderer};
use crate::request::{MAX_REQUESTS, Request};
use crate::sound::{EngineLimits, change, settings, voice};
use crate::{Lanes, MAX_NODES, nodes};

/// How a player is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Frames a second, 1..=192,000.
    pub rate: u32,
    /// Most frames of a block, 1..=65,536.
    pub block: u32,
    /// Number of node outputs, at most [`MAX_NODES`].
    pub nodes: u32,
}

impl Options {
    fn check(self) -> Result<Options, String> {
        if !(1..=192_000).contains(&self.rate) {
            return Err(format!("{} Hz: the rate is 1 to 192,000 Hz", self.rate));
        }
        if !(1..=65_536).contains(&self.block) {
            return Err(format!(
                "a block has 1 to 65,536 frames, not {}",
                self.block
            ));
        }
        if self.nodes as usize > MAX_NODES {
            return Err(format!(
                "there are at most {MAX_NODES} node outputs, not {}",
                self.nodes
            ));
        }
        Ok(self)
    }

    fn platform(self) -> Platform {
        Platform {
            rate: self.rate,
            block: self.block,
            cost: COST,
        }
    }
}

/// On a computer, a network of the most gates takes a part of any block.
#[cfg(not(target_arch = "arm"))]
const COST: Cost = Cost {
    gate_ns: 0.01,
    group_ns: 1.0,
    frame_ns: 0.01,
    callback_ns: 1.0,
};

/// The costs of a BeagleBone Black: those of `boards/bela-black.toml`.
#[cfg(target_arch = "arm")]
const COST: Cost = Cost {
    gate_ns: 14.0,
    group_ns: 2000.0,
    frame_ns: 250.0,
    callback_ns: 3000.0,
};

/// Returns the limits of what can be played here: none on a computer.
fn limits(platform: Platform) -> Option<Box<dyn Limits>> {
    cfg!(target_arch = "arm").then(|| {
        Box::new(EngineLimits {
            platform,
            lanes: Lanes::LANES,
        }) as Box<dyn Limits>
    })
}

/// Holds the state, applies commands, and sends what follows from them to the renderer. It
/// allocates, so it does not belong in the audio thread.
pub struct Player {
    options: Options,
    instrument: Instrument,
    clock: Clock,
    /// The chosen nodes.
    nodes: Vec<u32>,
    /// The network that they were chosen from, and the one whose samples they are.
    node_network: Option<(Arc<Network>, Network)>,
    builder: Builder,
    port: Port,
    outbox: Outbox,
    returned: ReturnedVoices<Lanes>,
    returned_nodes: Option<ReturnedVoices<Lanes>>,
    requests: Consumer<Request>,
    rendered: Arc<AtomicU64>,
}

impl std::fmt::Debug for Player {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let network = self.state().network.name();
        f.debug_struct("Player")
            .field("network", &network)
            .finish_non_exhaustive()
    }
}

impl Player {
    /// Creates a player of a network, from time 0 and at a level of 1, and its renderer.
    ///
    /// # Errors
    /// Returns a message if the options are out of range, or the network cannot be played
    /// here.
    pub fn new(network: Arc<Network>, options: Options) -> Result<(Player, Renderer), String> {
        let options = options.check()?;
        let mut parameters = Parameters::default();
        parameters.set(Key::Volume, 0);
        let networks = vec![Arc::unwrap_or_clone(network)];
        let limits = limits(options.platform());
        let (instrument, sound) = Instrument::new(networks, parameters, Vec::new(), limits, 1)?;
        Ok(Player::assemble(
            options,
            instrument,
            sound,
            Clock::Running,
            Vec::new(),
        ))
    }

    /// Ends this player, and creates one at another rate and size of blocks with the same
    /// network, bends and parameters, from time 0.
    ///
    /// # Errors
    /// Returns a message if the rate or the size are out of range, and the player.
    pub fn restart(
        self,
        rate: u32,
        block: u32,
    ) -> Result<(Player, Renderer), (Box<Player>, String)> {
        let options = Options {
            rate,
            block,
            ..self.options
        };
        if let Err(problem) = options.check() {
            return Err((Box::new(self), problem));
        }
        let Player {
            instrument,
            clock,
            nodes,
            ..
        } = self;
        let state = Arc::clone(instrument.state());
        let program =
            Builder::new().build_with(&state.network, &state.masks(), &state.control_values());
        let sound = Sound {
            id: state.sound,
            program: Some(program),
            playback: state.playback(),
            seek: Some(0),
            fade: false,
        };
        Ok(Player::assemble(options, instrument, sound, clock, nodes))
    }

    fn assemble(
        options: Options,
        instrument: Instrument,
        sound: Sound,
        clock: Clock,
        nodes: Vec<u32>,
    ) -> (Player, Renderer) {
        let platform = options.platform();
        let part = || {
            let (engine, handover) = Engine::exact(platform);
            let (sender, returned) = handover.split();
            (Part { engine, sender }, returned)
        };
        let (sound_part, returned) = part();
        let (node_part, returned_nodes) = if options.nodes > 0 {
            Some(part())
        } else {
            None
        }
        .unzip();
        let (outbox, inbox) = mailbox();
        let (producer, requests) = RingBuffer::new(MAX_REQUESTS);
        let rendered = Arc::new(AtomicU64::new(0));
        let renderer = Renderer::new(
            sound_part,
            node_part,
            inbox,
            producer,
            Arc::clone(&rendered),
        );
        let mut player = Player {
            options,
            instrument,
            clock,
            nodes,
            node_network: None,
            builder: Builder::new(),
            port: Port::default(),
            outbox,
            returned,
            returned_nodes,
            requests,
            rendered,
        };
        player.post(sound);
        (player, renderer)
    }

    /// Returns the options that it was made with.
    pub fn options(&self) -> Options {
        self.options
    }

    /// Returns the state of the instrument.
    pub fn state(&self) -> &Arc<State> {
        self.instrument.state()
    }

    /// Plays another network, without bends.
    ///
    /// # Errors
    /// Returns a message if it cannot be played here; nothing changes then.
    pub fn play(&mut self, network: &Network) -> Result<(), String> {
        self.apply(Command::Load(Box::new(network.clone())))
    }

    /// Applies a command in words: one of the instrument's; `loop FIRST END` or `loop off`;
    /// `touch X Y`, with SIZE if wanted, or `lift`.
    ///
    /// # Errors
    /// Returns a message if it is refused; nothing changes then.
    pub fn command(&mut self, line: &str) -> Result<(), String> {
        match commands::parse(line)? {
            Line::Instrument(command) => self.apply(command),
            Line::Clock(clock) => self.set_clock(clock),
        }
    }

    /// Follows the times that come with blocks, or the own counter again.
    ///
    /// # Errors
    /// Returns a message if the network cannot be played so here; nothing changes then.
    pub fn follow_times(&mut self, follow: bool) -> Result<(), String> {
        self.set_clock(if follow { Clock::Given } else { Clock::Running })
    }

    /// Chooses the nodes of the node outputs, from the first on; the others are 0.
    ///
    /// # Errors
    /// Returns a message if there are too many, or one does not exist; nothing changes then.
    pub fn choose_nodes(&mut self, nodes: &[u32]) -> Result<(), String> {
        let most = self.options.nodes as usize;
        if nodes.len() > most {
            return Err(format!("{} nodes for {most} outputs", nodes.len()));
        }
        let count = self.state().network.nodes();
        if let Some(node) = nodes.iter().find(|node| **node >= count) {
            return Err(format!("no node {node}; this network has {count}"));
        }
        self.nodes = nodes.to_vec();
        self.node_network = None;
        self.replay();
        Ok(())
    }

    /// Applies the requests of the audio thread, in their order, and drops what the renderer
    /// has given back. Call it before each block, or about each millisecond.
    ///
    /// # Errors
    /// Returns the first message if some were refused; the others are applied.
    pub fn update(&mut self) -> Result<(), String> {
        self.collect();
        let mut outcome = Ok(());
        let mut next = self.requests.pop().ok();
        while let Some(request) = next {
            next = self.requests.pop().ok();
            if next
                .as_ref()
                .is_some_and(|later| request.is_replaced_by(later))
            {
                continue;
            }
            let now = self.now();
            let command = request.command(self.instrument.state(), &mut self.port, now);
            let applied = command.and_then(|command| self.apply(command));
            outcome = outcome.and(applied);
        }
        outcome
    }

    /// Returns the time of the frames rendered, in nanoseconds.
    fn now(&self) -> u64 {
        let frames = u128::from(self.rendered.load(Ordering::Relaxed));
        (frames * 1_000_000_000 / u128::from(self.options.rate)) as u64
    }

    fn collect(&mut self) {
        self.returned.collect();
        if let Some(returned) = &mut self.returned_nodes {
            returned.collect();
        }
    }

    fn apply(&mut self, command: Command) -> Result<(), String> {
        let command = match command {
            Command::Midi(mut events) => {
                let now = self.now();
                for event in &mut events {
                    event.at = now;
                }
                Command::Midi(events)
            }
            command => command,
        };
        let effect = self.instrument.apply(command)?;
        if let Some(sound) = effect.sound {
            self.post(sound);
        }
        Ok(())
    }

    fn set_clock(&mut self, clock: Clock) -> Result<(), String> {
        let state = self.instrument.state();
        let settings = Settings {
            clock,
            ..settings(&state.running())
        };
        if cfg!(target_arch = "arm") {
            let program =
                self.builder
                    .build_with(&state.network, &state.masks(), &state.control_values());
            let checked = self
                .options
                .platform()
                .keeps_up(&program, &settings, Lanes::LANES);
            checked.map_err(|error| error.to_string())?;
        }
        self.clock = clock;
        self.replay();
        Ok(())
    }

    /// Starts the present program again at the present time: clock or nodes have changed.
    fn replay(&mut self) {
        let state = self.instrument.state();
        let program =
            self.builder
                .build_with(&state.network, &state.masks(), &state.control_values());
        let sound = Sound {
            id: state.sound,
            program: Some(program),
            playback: state.playback(),
            seek: None,
            fade: false,
        };
        self.post(sound);
    }

    /// Sends a sound of the present state to the renderer.
    fn post(&mut self, sound: Sound) {
        self.collect();
        let sound = change(sound, self.clock);
        let nodes = self.node_change(&sound);
        self.outbox.post(Changes { sound, nodes });
    }

    /// Returns what a change of the sound is for the node outputs: the same change of another
    /// program, without notes.
    fn node_change(&mut self, sound: &Change<Lanes>) -> Option<Change<Lanes>> {
        self.returned_nodes.as_ref()?;
        let settings = Settings {
            level: 1.0,
            dry: 0.0,
            notes: None,
            ..sound.settings
        };
        let state = Arc::clone(self.instrument.state());
        let is_made = self
            .node_network
            .as_ref()
            .is_some_and(|(network, _)| Arc::ptr_eq(network, &state.network));
        if !is_made {
            self.node_network = nodes::network_of(&state.network, &self.nodes)
                .map(|network| (Arc::clone(&state.network), network));
        }
        let (_, network) = self.node_network.as_ref()?;
        let start = sound.start.as_ref().map(|start| {
            let program = self
                .builder
                .build_with(network, &state.masks(), &state.control_values());
            Start {
                voice: voice(program, &settings),
                seek: start.seek,
                fade: start.fade,
            }
        });
        let id = sound.id;
        Some(Change {
            id,
            settings,
            start,
        })
    }
}
