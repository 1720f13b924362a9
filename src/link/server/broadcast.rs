//! The thread that makes the frames for all clients.

use std::thread;
use std::time::Duration;

use super::context::ServerContext;
use crate::link::frames::FrameSource;

/// Period at which it polls.
const POLL: Duration = Duration::from_millis(20);

/// Makes frames until the server ends.
pub fn run(source: &mut FrameSource, context: &ServerContext) {
    while !context.is_ended() {
        let audience = context.audience();
        source.poll(
            context.now(),
            audience,
            context.workshop.training(),
            || context.view(),
            |frame| context.latest().add(frame),
        );
        if !audience.listening.display {
            context.latest().forget_display();
        }
        thread::sleep(POLL);
    }
}
