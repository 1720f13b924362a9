//! The renderer, in the audio thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use engine::{ChangeSender, Engine};
use rtrb::Producer;

use crate::mailbox::{Changes, Inbox};
use crate::{Lanes, MAX_NODES, Request, nodes};

/// A block of sound.
#[derive(Debug)]
pub struct Block<'a> {
    /// Frames of both channels of the input; missing ones are silence.
    pub input: [&'a [f32]; 2],
    /// The network time of each frame while the player follows given times.
    pub times: &'a [u32],
    /// Both channels of the output, of the same length.
    pub output: [&'a mut [f32]; 2],
}

/// An engine, and the way of changes to it.
#[derive(Debug)]
pub(crate) struct Part {
    pub engine: Engine<Lanes>,
    pub sender: ChangeSender<Lanes>,
}

impl Part {
    /// Renders a block, and keeps its exact frames as far as there is room.
    fn render(
        &mut self,
        times: &[u32],
        input: [&[f32]; 2],
        output: [&mut [f32]; 2],
        kept: &mut [[f32; 2]],
    ) {
        let mut kept = kept.iter_mut();
        self.engine.render_at(times, input, output, |frame| {
            if let Some(place) = kept.next() {
                *place = frame;
            }
        });
    }
}

/// Renders a player's sound.
pub struct Renderer {
    sound: Part,
    /// The engine whose samples are the chosen nodes.
    nodes: Option<Part>,
    /// A bit for each node output that has a node.
    chosen: u32,
    /// Its frames of the block, and room for its output, which is not used.
    node_frames: Box<[[f32; 2]]>,
    unused: [Box<[f32]>; 2],
    inbox: Inbox,
    requests: Producer<Request>,
    /// Frames rendered, for the player.
    rendered: Arc<AtomicU64>,
}

impl Renderer {
    pub(crate) fn new(
        sound: Part,
        nodes: Option<Part>,
        inbox: Inbox,
        requests: Producer<Request>,
        rendered: Arc<AtomicU64>,
    ) -> Renderer {
        let room = if nodes.is_some() {
            sound.engine.platform().block as usize
        } else {
            0
        };
        Renderer {
            sound,
            nodes,
            chosen: 0,
            node_frames: vec![[0.0; 2]; room].into(),
            unused: [vec![0.0; room].into(), vec![0.0; room].into()],
            inbox,
            requests,
            rendered,
        }
    }

    /// Renders a block. With node outputs, it has at most the frames of the options.
    /// Real-time safe.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn render(&mut self, block: Block) {
        self.receive();
        let Block {
            input,
            times,
            output,
        } = block;
        let frames = output[0].len();
        if let Some(nodes) = &mut self.nodes {
            let [left, right] = &mut self.unused;
            let frames = frames.min(left.len());
            if self.chosen == 0 {
                nodes.engine.pass_at(times, frames as u32);
            } else {
                let output = [&mut left[..frames], &mut right[..frames]];
                nodes.render(times, input, output, &mut self.node_frames);
            }
        }
        self.sound.render(times, input, output, &mut []);
        // No other thread writes, and adding as one operation takes longer.
        let rendered = self.rendered.load(Ordering::Relaxed) + frames as u64;
        self.rendered.store(rendered, Ordering::Relaxed);
    }

    /// Writes the values, 0 or 1, that a node output had in the last block. Real-time safe.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn node(&self, index: usize, output: &mut [f32]) {
        if index >= MAX_NODES || self.chosen >> index & 1 == 0 {
            output.fill(0.0);
            return;
        }
        for (value, frame) in output.iter_mut().zip(&self.node_frames) {
            *value = nodes::value(*frame, index);
        }
    }

    /// Sends a request to the player; returns false if too many wait. Real-time safe.
    #[cfg_attr(rtsan, sanitize(realtime = "nonblocking"))]
    pub fn send(&mut self, request: Request) -> bool {
        match self.requests.push(request) {
            Ok(()) => true,
            Err(rtrb::PushError::Full(request)) => {
                // The sender of a network has another reference to it: nothing is freed.
                drop(request);
                false
            }
        }
    }

    /// Returns whether requests wait for the player. Real-time safe.
    pub fn is_waiting(&self) -> bool {
        self.requests.slots() < crate::MAX_REQUESTS
    }

    /// Returns the network time of the next frame. Real-time safe.
    pub fn time(&self) -> u32 {
        self.sound.engine.counters().time()
    }

    /// Passes the newest change on, if the engines have taken the one before.
    fn receive(&mut self) {
        let nodes_ready = |nodes: &Part| nodes.sender.ready();
        if !self.sound.sender.ready() || !self.nodes.as_ref().is_none_or(nodes_ready) {
            return;
        }
        let Some(changes) = self.inbox.take() else {
            return;
        };
        let Changes {
            sound,
            nodes,
            chosen,
        } = changes;
        self.chosen = chosen;
        // The rings are empty, so nothing comes back.
        let _ = self.sound.sender.send(sound);
        if let (Some(part), Some(nodes)) = (&mut self.nodes, nodes) {
            let _ = part.sender.send(nodes);
        }
    }
}
