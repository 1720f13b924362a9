//! MIDI inputs of the system's MIDI service: hardware, and other programs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use midir::{MidiInput, MidiInputConnection};

use crate::runtime::midi::{Ports, Receive, WAIT};

/// The name that other programs see.
const CLIENT: &str = "gatebend";
/// Time between two searches for new ports.
const SEARCH: Duration = Duration::from_secs(1);

/// Most messages that wait to be received.
const WAITING: usize = 4096;

type Bytes = (u32, Vec<u8>);

/// A connection that ends when it is dropped.
struct Connected {
    number: u32,
    id: String,
    _connection: MidiInputConnection<()>,
}

/// The inputs of the system's MIDI service.
pub struct SystemMidi {
    /// Text that the name of a port must contain, in lower case.
    name: Option<String>,
    sender: Sender<Bytes>,
    received: Receiver<Bytes>,
    /// True once messages were lost in a flood.
    lost: Arc<AtomicBool>,
    connected: Vec<Connected>,
    next: u32,
    search: Instant,
    failed: bool,
}

impl SystemMidi {
    /// Creates the inputs whose names contain a text, or all.
    pub fn new(name: Option<String>) -> SystemMidi {
        let (sender, received) = bounded(WAITING);
        SystemMidi {
            name: name.map(|name| name.to_lowercase()),
            sender,
            received,
            lost: Arc::new(AtomicBool::new(false)),
            connected: Vec::new(),
            next: 0,
            search: Instant::now(),
            failed: false,
        }
    }

    /// Connects new ports, and reports those that are gone.
    ///
    /// # Errors
    /// Returns a message if there is no MIDI service.
    fn search(&mut self, receive: &mut Receive<'_>) -> Result<(), String> {
        let client = || MidiInput::new(CLIENT).map_err(|error| error.to_string());
        let probe = client()?;
        let ports = probe.ports();
        self.connected.retain(|connected| {
            let is_there = ports.iter().any(|port| port.id() == connected.id);
            if !is_there {
                receive(connected.number, None);
            }
            is_there
        });
        for port in &ports {
            let id = port.id();
            // A port may vanish at any time.
            let Ok(name) = probe.port_name(port) else {
                continue;
            };
            let is_chosen = match &self.name {
                Some(chosen) => name.to_lowercase().contains(chosen),
                None => true,
            };
            if !is_chosen || self.connected.iter().any(|connected| connected.id == id) {
                continue;
            }
            let (number, sender) = (self.next, self.sender.clone());
            let lost = Arc::clone(&self.lost);
            let forward = move |_: u64, bytes: &[u8], (): &mut ()| {
                // A callback must not wait. The receiver is gone at the end.
                if sender.try_send((number, bytes.to_vec())).is_err() {
                    lost.store(true, Ordering::Relaxed);
                }
            };
            if let Ok(connection) = client()?.connect(port, CLIENT, forward, ()) {
                log::info!("MIDI: {name}");
                self.next = self.next.wrapping_add(1);
                self.connected.push(Connected {
                    number,
                    id,
                    _connection: connection,
                });
            }
        }
        Ok(())
    }
}

impl Ports for SystemMidi {
    fn wait(&mut self, receive: &mut Receive<'_>) {
        let now = Instant::now();
        if now >= self.search {
            self.search = now + SEARCH;
            let problem = self.search(receive).err();
            if let (Some(problem), false) = (&problem, self.failed) {
                log::warn!("no MIDI: {problem}");
            }
            self.failed = problem.is_some();
        }
        if let Ok((number, bytes)) = self.received.recv_timeout(WAIT) {
            receive(number, Some(&bytes));
            for (number, bytes) in self.received.try_iter().take(WAITING) {
                receive(number, Some(&bytes));
            }
        }
        // The end of a note may be among what was lost.
        if self.lost.swap(false, Ordering::Relaxed) {
            for connected in &self.connected {
                receive(connected.number, None);
            }
        }
    }
}
