//! Frames for clients: activity, display, sound and status, each at its own rate.
//!
//! The server makes them once for all clients; the instrument in a page has only one client.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use engine::{Counters, TapReader};

use super::activity::ActivityMonitor;
use super::client_session::Listening;
use super::protocol::{FrameKind, Status};
use super::rate_limit::RateLimit;
use super::view::View;
use crate::panel::Mirror;

/// Period of activity and display: 25 a second.
const PERIOD: Duration = Duration::from_millis(40);
/// Period of the activity of a network of more than [`LARGE`] nodes.
const LARGE_PERIOD: Duration = Duration::from_millis(160);
const LARGE: u32 = 8192;
/// Period of the status.
const STATUS_PERIOD: Duration = Duration::from_millis(200);
/// Least number of sound frames a second, which bounds their length.
const SOUND_RATE: u32 = 40;

/// A frame for clients that listen to it.
#[derive(Clone, Debug, PartialEq)]
pub enum Frame {
    /// A message of [`FrameKind::Activity`].
    Activity(Vec<u8>),
    /// A message of [`FrameKind::Display`].
    Display(Vec<u8>),
    /// A message of [`FrameKind::Sound`].
    Sound(Vec<u8>),
    /// The status, for every client.
    Status(Status),
}

/// The clients for which frames are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Audience {
    /// Number of clients that were welcomed.
    pub clients: u32,
    /// Frames that at least one of them listens to.
    pub listening: Listening,
}

/// Reads the display, as a message of [`FrameKind::Display`].
pub type DisplayReader = Box<dyn FnMut() -> Vec<u8> + Send>;

/// Makes frames.
pub struct FrameSource {
    counters: Arc<Counters>,
    display: DisplayReader,
    mirror: Mirror,
    /// The engine's sound, and the most samples of a frame.
    sound: Option<(TapReader, usize)>,
    activity: ActivityMonitor,
    /// The display's last message.
    shown: Vec<u8>,
    activity_limit: RateLimit,
    display_limit: RateLimit,
    status_limit: RateLimit,
}

impl FrameSource {
    /// Makes frames of these counters and this display; the panel's mirror has the faults.
    pub fn new(counters: Arc<Counters>, display: DisplayReader, mirror: Mirror) -> FrameSource {
        FrameSource {
            counters,
            display,
            mirror,
            sound: None,
            activity: ActivityMonitor::default(),
            shown: Vec::new(),
            activity_limit: RateLimit::default(),
            display_limit: RateLimit::default(),
            status_limit: RateLimit::default(),
        }
    }

    /// Adds the engine's sound, at a sample rate.
    #[must_use]
    pub fn with_sound(mut self, sound: TapReader, rate: u32) -> FrameSource {
        self.sound = Some((sound, (rate / SOUND_RATE) as usize));
        self
    }

    /// Sends the display again even if it has not changed: a client is new.
    pub fn resend_display(&mut self) {
        self.shown.clear();
    }

    /// Makes the frames that are due and that clients listen to. Call it at least 25 times a
    /// second, and 50 times if there is sound. `training` is the address of the client that
    /// trains a network.
    pub fn poll(
        &mut self,
        now: Duration,
        audience: Audience,
        training: Option<IpAddr>,
        view: impl FnOnce() -> View,
        mut send: impl FnMut(Frame),
    ) {
        let listening = audience.listening;
        if let Some((tap, max_samples)) = &mut self.sound {
            tap.listen(listening.sound);
            while let Some((first, samples)) = tap.read(*max_samples) {
                send(Frame::Sound(sound_message(first, &samples)));
            }
        }
        if !listening.display {
            self.shown.clear();
        } else if self.display_limit.is_due(now, PERIOD) {
            let shown = (self.display)();
            if shown != self.shown {
                self.shown.clone_from(&shown);
                send(Frame::Display(shown));
            }
        }
        if listening.activity {
            let view = view();
            let is_large = view.state().network.nodes() > LARGE;
            let period = if is_large { LARGE_PERIOD } else { PERIOD };
            if self.activity_limit.is_due(now, period) {
                let message = self.activity.message(&view, self.counters.time());
                send(Frame::Activity(message));
            }
        }
        if audience.clients > 0 && self.status_limit.is_due(now, STATUS_PERIOD) {
            send(Frame::Status(self.status(audience.clients, training)));
        }
    }

    fn status(&self, clients: u32, training: Option<IpAddr>) -> Status {
        let counters = &self.counters;
        let is_offloaded = counters.last_offloaded();
        Status {
            t: counters.time(),
            load: counters.load(),
            estimated: counters.is_load_estimated(),
            late: counters.late(),
            engine: if is_offloaded { "pru" } else { "cpu" }.into(),
            clients,
            training,
            faults: self.mirror.shown().faults.clone(),
        }
    }
}

/// A message of [`FrameKind::Sound`].
fn sound_message(first: u64, samples: &[f32]) -> Vec<u8> {
    let mut message = Vec::with_capacity(16 + 4 * samples.len());
    message.extend([FrameKind::Sound as u8, 0, 0, 0, 0, 0, 0, 0]);
    message.extend(first.to_le_bytes());
    message.extend(samples.iter().flat_map(|sample| sample.to_le_bytes()));
    message
}
