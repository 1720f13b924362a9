//! The player: the instrument's state, and the changes that follow from it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{Change, Clock, Cost, Engine, Platform, ReturnedVoices, Settings, Start};
use instrument::parameters::{Key, Parameters};
use instrument::{Command, Instrument, Limits, Sound, State};
use logicnet::{Builder, Network, Program, Word};
use midi::Port;
use rtrb::{Consumer, RingBuffer};

use crate::commands::{self, Line};
use crate::mailbox::{Changes, Outbox, mailbox};
use crate::renderer::{Part, Renderer};
use crate::request::{self, MAX_REQUESTS, Request};
use crate::sound::{EngineLimits, change, settings, voice};
use crate::{Lanes, MAX_NODES, nodes};

/// Options of a player.
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
    /// True if blocks bring their times.
    follows: bool,
    /// The times that repeat: the first one, and the one after the last.
    range: Option<(u32, u32)>,
    /// The chosen nodes.
    nodes: Vec<u32>,
    /// The network that they were chosen from, the one whose samples they are, and a bit for
    /// each that exists.
    node_network: Option<(Arc<Network>, Network, u32)>,
    builder: Builder,
    port: Port,
    connection: Connection,
}

/// The player's ends of what connects it with its renderer.
struct Connection {
    outbox: Outbox,
    returned: ReturnedVoices<Lanes>,
    returned_nodes: Option<ReturnedVoices<Lanes>>,
    requests: Consumer<Request>,
    rendered: Arc<AtomicU64>,
}

impl Connection {
    /// Creates a renderer, and the other ends of its connections.
    fn new(options: Options) -> (Connection, Renderer) {
        let part = || {
            let (engine, handover) = Engine::exact(options.platform());
            let (sender, returned) = handover.split();
            (Part { engine, sender }, returned)
        };
        let (sound, returned) = part();
        let (nodes, returned_nodes) = (options.nodes > 0).then(part).unzip();
        let (outbox, inbox) = mailbox();
        let (producer, requests) = RingBuffer::new(MAX_REQUESTS);
        let rendered = Arc::new(AtomicU64::new(0));
        let renderer = Renderer::new(sound, nodes, inbox, producer, Arc::clone(&rendered));
        let connection = Connection {
            outbox,
            returned,
            returned_nodes,
            requests,
            rendered,
        };
        (connection, renderer)
    }
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
        let (connection, renderer) = Connection::new(options);
        let mut player = Player {
            options,
            instrument,
            follows: false,
            range: None,
            nodes: Vec::new(),
            node_network: None,
            builder: Builder::new(),
            port: Port::default(),
            connection,
        };
        player.post(sound);
        Ok((player, renderer))
    }

    /// Continues at another rate and size of blocks with the same network, bends and
    /// parameters, from time 0. Returns the renderer to use from here on. Requests that wait
    /// are applied first.
    ///
    /// # Errors
    /// Returns a message if the rate or the size are out of range; nothing changes then.
    pub fn restart(&mut self, rate: u32, block: u32) -> Result<Renderer, String> {
        let options = Options {
            rate,
            block,
            ..self.options
        };
        options.check()?;
        // Refusals change nothing, and who sent the requests begins anew.
        let _ = self.update();
        let renderer;
        self.options = options;
        (self.connection, renderer) = Connection::new(options);
        self.replay(Some(0));
        Ok(renderer)
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
            Line::Instrument(Command::Midi(mut events)) => {
                let now = self.now();
                for event in &mut events {
                    event.at = now;
                }
                self.apply(Command::Midi(events))
            }
            Line::Instrument(command) => self.apply(command),
            Line::Loop(range) => self.set_clock(self.follows, range),
        }
    }

    /// Follows the times that come with blocks, or its own counter again.
    ///
    /// # Errors
    /// Returns a message if the network cannot be played so here; nothing changes then.
    pub fn follow_times(&mut self, follow: bool) -> Result<(), String> {
        self.set_clock(follow, self.range)
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
        self.replay(None);
        Ok(())
    }

    /// Applies the requests of the audio thread that wait, in their order, and drops what the
    /// renderer has given back. Call it about each millisecond, or before each block if nothing
    /// is in real time.
    ///
    /// # Errors
    /// Returns the first message if some were refused; the others are applied.
    pub fn update(&mut self) -> Result<(), String> {
        self.collect();
        let requests = &mut self.connection.requests;
        let waiting = requests.slots();
        let waiting = (0..waiting).map_while(|_| requests.pop().ok()).collect();
        let mut outcome = Ok(());
        for request in request::merged(waiting) {
            let now = self.now();
            let command = request.command(self.instrument.state(), &mut self.port, now);
            let applied = command.and_then(|command| self.apply(command));
            outcome = outcome.and(applied);
        }
        outcome
    }

    /// Returns the time of the frames rendered, in nanoseconds.
    fn now(&self) -> u64 {
        let frames = u128::from(self.connection.rendered.load(Ordering::Relaxed));
        (frames * 1_000_000_000 / u128::from(self.options.rate)) as u64
    }

    fn collect(&mut self) {
        self.connection.returned.collect();
        if let Some(returned) = &mut self.connection.returned_nodes {
            returned.collect();
        }
    }

    fn apply(&mut self, command: Command) -> Result<(), String> {
        let effect = self.instrument.apply(command)?;
        if let Some(sound) = effect.sound {
            self.post(sound);
        }
        Ok(())
    }

    /// Returns the source of network time: given times count before a loop.
    fn clock(&self) -> Clock {
        match self.range {
            _ if self.follows => Clock::Given,
            Some((first, end)) => Clock::Loop { first, end },
            None => Clock::Running,
        }
    }

    fn set_clock(&mut self, follows: bool, range: Option<(u32, u32)>) -> Result<(), String> {
        let before = (self.follows, self.range);
        (self.follows, self.range) = (follows, range);
        if let Err(problem) = self.keeps_up() {
            (self.follows, self.range) = before;
            return Err(problem);
        }
        self.replay(None);
        Ok(())
    }

    /// Checks that the network can be played here with the present clock.
    fn keeps_up(&mut self) -> Result<(), String> {
        if cfg!(not(target_arch = "arm")) {
            return Ok(());
        }
        let settings = Settings {
            clock: self.clock(),
            ..settings(&self.state().running())
        };
        let platform = self.options.platform();
        let checked = platform.keeps_up(&self.program(), &settings, Lanes::LANES);
        checked.map_err(|error| error.to_string())
    }

    /// Builds the program of the present state.
    fn program(&mut self) -> Program {
        let state = Arc::clone(self.instrument.state());
        let (masks, controls) = (state.masks(), state.control_values());
        self.builder.build_with(&state.network, &masks, &controls)
    }

    /// Starts the present program again, because clock, nodes or renderer have changed.
    fn replay(&mut self, seek: Option<u32>) {
        let program = Some(self.program());
        let state = self.instrument.state();
        let sound = Sound {
            id: state.sound,
            program,
            playback: state.playback(),
            seek,
            fade: false,
        };
        self.post(sound);
    }

    /// Sends a sound of the present state to the renderer.
    fn post(&mut self, sound: Sound) {
        self.collect();
        let sound = change(sound, self.clock());
        let (nodes, chosen) = self.node_change(&sound).unzip();
        self.connection.outbox.post(Changes {
            sound,
            nodes,
            chosen: chosen.unwrap_or(0),
        });
    }

    /// Returns what a change of the sound is for the node outputs: the same change of another
    /// program, without notes; and a bit for each output that has a node.
    fn node_change(&mut self, sound: &Change<Lanes>) -> Option<(Change<Lanes>, u32)> {
        self.connection.returned_nodes.as_ref()?;
        let settings = Settings {
            level: 1.0,
            dry: 0.0,
            notes: None,
            ..sound.settings
        };
        let state = Arc::clone(self.instrument.state());
        let is_current = |made: &&(Arc<Network>, _, _)| Arc::ptr_eq(&made.0, &state.network);
        let made = self.node_network.take();
        let made = made.filter(|made| is_current(&made));
        let (_, network, chosen) = self.node_network.insert(made.unwrap_or_else(|| {
            let (network, chosen) = nodes::network_of(&state.network, &self.nodes);
            (Arc::clone(&state.network), network, chosen)
        }));
        let start = sound.start.as_ref().map(|start| {
            let (masks, controls) = (state.masks(), state.control_values());
            let program = self.builder.build_with(network, &masks, &controls);
            Start {
                voice: voice(program, &settings),
                seek: start.seek,
                fade: start.fade,
            }
        });
        let change = Change {
            id: sound.id,
            settings,
            start,
        };
        Some((change, *chosen))
    }
}
