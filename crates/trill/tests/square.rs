//! The driver, tested against the simulated Square.

use embedded_hal::i2c::{ErrorKind, I2c};
use proptest::prelude::*;
use trill::sim::{Bus, BusEvent, Fault, Finger, Sensor, Time, VirtualTime};
use trill::{Advice, Error, FRAME_BYTES, Kind, POINT_BYTES, Settings, Touch, TouchFrame, Trill};

const SECOND: u64 = 1_000_000_000;

fn finger(id: u32, x: f32, y: f32, size: f32) -> Finger {
    Finger {
        id,
        touch: Touch { x, y, size },
    }
}

struct Bench {
    time: VirtualTime,
    bus: Bus<VirtualTime>,
    sensor: Trill<Bus<VirtualTime>>,
}

/// A sensor one second after it was powered up.
fn bench(firmware: u8, hz: u32, fingers: impl Fn(u64) -> Vec<Finger> + Send + 'static) -> Bench {
    let time = VirtualTime::new();
    let bus = Bus::new(time.clone(), hz);
    bus.plug(0x28, Sensor::square(firmware, fingers));
    time.advance(SECOND);
    let sensor = Trill::new(bus.clone(), 0x28);
    Bench { time, bus, sensor }
}

fn from(start: u64, fingers: Vec<Finger>) -> impl Fn(u64) -> Vec<Finger> + Send + 'static {
    move |now| {
        if now >= start {
            fingers.clone()
        } else {
            vec![]
        }
    }
}

impl Bench {
    fn set_up(&mut self, settings: Settings) -> Result<trill::Identity, Error<ErrorKind>> {
        self.sensor.set_up(settings, &mut self.time.clone())
    }

    fn until(&self, time: u64) {
        self.time.advance(time - self.time.now());
    }

    /// Starts a scan, waits for its end and reads it.
    fn scan(&mut self) -> TouchFrame {
        self.sensor.read(FRAME_BYTES).unwrap();
        self.time.advance(10_000_000);
        self.sensor.read(FRAME_BYTES).unwrap()
    }
}

#[test]
fn every_firmware_can_be_set_up_and_read() {
    for firmware in 1..=3 {
        let mut bench = bench(
            firmware,
            400_000,
            from(2 * SECOND, vec![finger(1, 0.2, 0.7, 0.5)]),
        );
        let identity = bench.set_up(Settings::default()).unwrap();
        assert_eq!((identity.kind, identity.firmware), (Kind::Square, firmware));
        assert_eq!(bench.scan().touches(), 0);
        bench.until(2 * SECOND + 1);
        bench.scan();
        let touch = bench.scan().single().unwrap();
        assert!((touch.x - 0.2).abs() < 0.001, "{touch:?}");
        assert!((touch.y - 0.7).abs() < 0.001, "{touch:?}");
        assert!((touch.size - 0.5).abs() < 0.001, "{touch:?}");
        assert_eq!(bench.scan().status.is_some(), firmware == 3);
    }
}

#[test]
fn a_read_returns_the_latest_scan_and_starts_the_next() {
    let mut bench = bench(3, 400_000, from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.5)]));
    bench.set_up(Settings::FAST).unwrap();
    bench.scan();
    bench.until(2 * SECOND);
    let before = bench.sensor.read(FRAME_BYTES).unwrap(); // starts the scan that detects the finger
    assert_eq!(before.touches(), 0);
    let again = bench.sensor.read(FRAME_BYTES).unwrap(); // too early: the old frame
    assert_eq!(again, before);
    bench.time.advance(Settings::FAST.scan_ns());
    let after = bench.sensor.read(FRAME_BYTES).unwrap();
    assert_eq!(after.touches(), 1);
    assert_ne!(after.status.unwrap().number, before.status.unwrap().number);
}

#[test]
fn a_touch_during_set_up_counts_only_after_it_has_lifted() {
    let fingers = |now| {
        let touched = !(3 * SECOND..=4 * SECOND).contains(&now);
        if touched {
            vec![finger(1, 0.5, 0.5, 0.5)]
        } else {
            vec![]
        }
    };
    let mut bench = bench(3, 400_000, fingers);
    bench.set_up(Settings::default()).unwrap();
    assert_eq!(bench.scan().touches(), 0);
    bench.until(3 * SECOND + 1);
    bench.scan();
    bench.until(4 * SECOND + 1);
    assert_eq!(bench.scan().touches(), 1);
}

#[test]
fn several_fingers_form_a_box() {
    let fingers = vec![
        finger(1, 0.2, 0.8, 0.4),
        finger(2, 0.9, 0.3, 0.6),
        finger(3, 0.22, 0.5, 0.3),
    ];
    let mut bench = bench(3, 400_000, from(2 * SECOND, fingers));
    bench.set_up(Settings::default()).unwrap();
    bench.until(2 * SECOND);
    let frame = bench.scan();
    // Fingers 1 and 3 merge into one touch on the horizontal axis.
    assert_eq!((frame.vertical.len(), frame.horizontal.len()), (3, 2));
    assert_eq!(frame.single(), None);
    let bounds = frame.bounds().unwrap();
    assert!((bounds.y.0 - 0.3).abs() < 0.001 && (bounds.y.1 - 0.8).abs() < 0.001);
    assert!((bounds.x.0 - 0.21).abs() < 0.01 && (bounds.x.1 - 0.9).abs() < 0.001);
    // A short read includes two horizontal positions.
    assert_eq!(bench.sensor.read(POINT_BYTES).unwrap().touches(), 3);
    assert!((frame.size() - 0.6).abs() < 0.001);
}

#[test]
fn sizes_are_the_same_at_all_resolutions_and_small_ones_are_noise() {
    for bits in 9..=16 {
        let mut bench = bench(3, 400_000, from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.5)]));
        bench
            .set_up(Settings {
                bits,
                ..Settings::default()
            })
            .unwrap();
        bench.until(2 * SECOND);
        bench.sensor.read(FRAME_BYTES).unwrap();
        bench.time.advance(200_000_000);
        let size = bench.sensor.read(FRAME_BYTES).unwrap().size();
        assert!((size - 0.5).abs() < 0.01, "{bits} bits: {size}");
    }
    let mut bench = bench(
        3,
        400_000,
        from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.005)]),
    );
    bench.set_up(Settings::default()).unwrap();
    bench.until(2 * SECOND);
    assert_eq!(bench.scan().touches(), 0);
}

#[test]
fn transfers_take_nine_clocks_a_byte() {
    for (hz, expected_us) in [(400_000, 770), (100_000, 3080)] {
        let mut bench = bench(3, hz, |_| vec![]);
        bench.set_up(Settings::default()).unwrap();
        let start = bench.time.now();
        bench.sensor.read(FRAME_BYTES).unwrap();
        let took = (bench.time.now() - start) / 1000;
        assert!(took.abs_diff(expected_us) < 2, "{took} us at {hz} Hz");
    }
}

#[test]
fn errors_recommend_a_reaction() {
    let mut bench = bench(3, 400_000, |_| vec![]);
    bench
        .bus
        .apply(BusEvent::Fault(0x28, Some(Fault::Unplugged)));
    let error = bench.set_up(Settings::default()).unwrap_err();
    assert!(matches!(error, Error::Absent(_)));
    assert_eq!(error.advice(), Advice::SetUp);
    bench.bus.apply(BusEvent::Fault(0x28, None));
    bench.time.advance(SECOND);
    bench.set_up(Settings::default()).unwrap();
    bench.scan();

    bench.bus.apply(BusEvent::Stuck(true));
    let error = bench.sensor.read(FRAME_BYTES).unwrap_err();
    assert_eq!(
        (error, error.advice()),
        (Error::Bus(ErrorKind::Bus), Advice::Retry)
    );
    bench.bus.apply(BusEvent::Stuck(false));
    bench.scan();

    bench.bus.apply(BusEvent::Reset(0x28));
    let error = bench.sensor.read(FRAME_BYTES).unwrap_err();
    assert_eq!((error, error.advice()), (Error::Lost, Advice::SetUp));
    bench.set_up(Settings::default()).unwrap();
    bench.scan();

    bench
        .bus
        .apply(BusEvent::Fault(0x28, Some(Fault::ShortReads(0))));
    let error = bench.sensor.read(FRAME_BYTES).unwrap_err();
    assert_eq!((error, error.advice()), (Error::Garbled, Advice::Retry));
}

#[test]
fn short_reads_may_lose_a_touch_but_never_move_it() {
    for count in 1..=FRAME_BYTES {
        let mut bench = bench(3, 400_000, from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.5)]));
        bench.set_up(Settings::default()).unwrap();
        bench.until(2 * SECOND);
        let whole = bench.scan();
        bench
            .bus
            .apply(BusEvent::Fault(0x28, Some(Fault::ShortReads(count))));
        match bench.sensor.read(FRAME_BYTES) {
            Err(error) => assert_eq!(error, Error::Garbled, "{count}"),
            Ok(frame) if frame.touches() == 0 => assert!(count < 4, "{count}"),
            Ok(frame) => assert_eq!(
                frame.horizontal.positions(),
                whole.horizontal.positions(),
                "{count}"
            ),
        }
    }
}

#[test]
fn errors_name_other_sensors() {
    for (number, expected) in [
        (1, Error::WrongKind(Kind::Bar)),
        (77, Error::UnknownType(77)),
    ] {
        let time = VirtualTime::new();
        let bus = Bus::new(time.clone(), 100_000);
        bus.plug(0x20, Sensor::square(3, |_| vec![]).with_type_number(number));
        time.advance(SECOND);
        let mut sensor = Trill::new(bus, 0x20);
        let error = sensor
            .set_up(Settings::default(), &mut time.clone())
            .unwrap_err();
        assert_eq!((error, error.advice()), (expected, Advice::GiveUp));
    }
}

#[test]
fn set_up_fails_within_a_second_if_a_sensor_never_acknowledges() {
    /// Identifies itself and never changes its reply again.
    struct Mute;
    impl trill::sim::Device for Mute {
        fn write(&mut self, _: u64, _: &[u8]) -> Result<(), ErrorKind> {
            Ok(())
        }
        fn read(&mut self, _: u64, bytes: &mut [u8]) -> Result<(), ErrorKind> {
            bytes.copy_from_slice(&[254, 2, 3][..bytes.len()]);
            Ok(())
        }
        fn power_on(&mut self, _: u64) {}
    }
    let time = VirtualTime::new();
    let bus = Bus::new(time.clone(), 400_000);
    bus.plug(0x28, Mute);
    let mut sensor = Trill::new(bus, 0x28);
    let error = sensor
        .set_up(Settings::FAST, &mut time.clone())
        .unwrap_err();
    assert_eq!(error, Error::Unacknowledged { opcode: 10 });
    assert!(time.now() < SECOND);
}

proptest! {
    #[test]
    fn any_data_is_parsed_or_rejected(status: Option<u8>, data in prop::collection::vec(any::<u8>(), 0..40), bits: u8) {
        if let Some(frame) = TouchFrame::parse(status, &data, bits) {
            prop_assert!(frame.touches() <= 4);
            prop_assert_eq!(frame.bounds().is_some(), frame.touches() > 0);
            if let Some(bounds) = frame.bounds() {
                prop_assert!(0.0 <= bounds.x.0 && bounds.x.0 <= bounds.x.1 && bounds.x.1 <= 1.0);
                prop_assert!(0.0 <= bounds.y.0 && bounds.y.0 <= bounds.y.1 && bounds.y.1 <= 1.0);
            }
            prop_assert!(frame.size().is_finite());
        }
    }

    #[test]
    fn the_simulated_sensor_survives_any_traffic(
        transfers in prop::collection::vec((prop::collection::vec(any::<u8>(), 0..6), 0usize..40, 0u64..20_000_000), 0..60),
        firmware in 1u8..=3,
    ) {
        let time = VirtualTime::new();
        let mut bus = Bus::new(time.clone(), 400_000);
        bus.plug(0x28, Sensor::square(firmware, |_| vec![finger(1, 0.5, 0.5, 1.0)]));
        for (bytes, length, wait) in transfers {
            time.advance(wait);
            let _ = bus.write(0x28, &bytes);
            let _ = bus.read(0x28, &mut vec![0; length]);
        }
    }
}

#[test]
fn an_old_acknowledge_is_not_mistaken_for_an_identity() {
    /// Answers `identify` late; until then reads return the last acknowledge.
    struct Late(u64);
    impl trill::sim::Device for Late {
        fn write(&mut self, now: u64, _: &[u8]) -> Result<(), ErrorKind> {
            self.0 = now;
            Ok(())
        }
        fn read(&mut self, now: u64, bytes: &mut [u8]) -> Result<(), ErrorKind> {
            let early = now < self.0 + 24_000_000;
            bytes.copy_from_slice(if early { &[254, 15, 1] } else { &[254, 2, 3] });
            Ok(())
        }
        fn power_on(&mut self, _: u64) {}
    }
    let time = VirtualTime::new();
    let bus = Bus::new(time.clone(), 400_000);
    bus.plug(0x28, Late(0));
    let identity = Trill::new(bus, 0x28).identify(&mut time.clone()).unwrap();
    assert_eq!((identity.kind, identity.firmware), (Kind::Square, 3));
}
