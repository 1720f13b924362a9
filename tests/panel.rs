//! The panel's thread on a bus whose driver panics. A panic is told with a backtrace, which
//! takes memory, so this is not in the process that measures the soaks.

use std::sync::Arc;
use std::thread;

use embedded_hal::i2c::{ErrorType, I2c, Operation};
use gatebend::board::desk::Desk;
use gatebend::factory_networks;
use gatebend::panel::Panel;
use gatebend::runtime::threads::Threads;
use gatebend::spawn::spawn_plainly;
use trill::Touch;
use trill::sim::{Bus, Finger, Sensor, VirtualTime};

/// Taps on the field: down for half of this time, in nanoseconds.
const BEAT: u64 = 120_000_000;

/// A bus whose first transfers panic.
struct Panicking {
    bus: Bus<VirtualTime>,
    panics: u32,
}

impl ErrorType for Panicking {
    type Error = <Bus<VirtualTime> as ErrorType>::Error;
}

impl I2c for Panicking {
    fn transaction(
        &mut self,
        address: u8,
        operations: &mut [Operation<'_>],
    ) -> Result<(), Self::Error> {
        if self.panics > 0 {
            self.panics -= 1;
            panic!("an injected panic");
        }
        self.bus.transaction(address, operations)
    }
}

#[test]
fn the_panel_goes_on_after_a_panic() {
    let desk = Desk::new(factory_networks::all());
    let bus = Bus::new(desk.time.clone(), desk.bus_hz);
    let finger = Finger {
        id: 1,
        touch: Touch {
            x: 0.5,
            y: 0.5,
            size: 0.4,
        },
    };
    let beat = move |now| Vec::from_iter((now % BEAT < BEAT / 2).then_some(finger));
    bus.plug(
        desk.panel.touch_address,
        Sensor::square(desk.firmware, beat),
    );
    let (controller, engine) = desk.parts.assemble(desk.platform).unwrap();
    let [sensor, display] = [2, 1].map(|panics| Panicking {
        bus: bus.clone(),
        panics,
    });
    let panel = Panel::new(desk.panel, sensor, display, desk.time);
    let counters = engine.counters();
    let threads =
        Threads::start(controller, panel, counters, Arc::default(), spawn_plainly).unwrap();
    while threads.handle().state().touched.is_empty() {
        assert!(!threads.failed());
        thread::yield_now();
    }
    threads.handle().stop();
    threads.join().unwrap();
}
