//! The driver against the simulated Square.

use embedded_hal::i2c::{ErrorKind, I2c};
use proptest::prelude::*;
use trill::sim::{Bus, Fault, Finger, Happening, Sensor, Time, VirtualTime};
use trill::{ALL, Advice, Error, Frame, Kind, POINT, Settings, Trill};

const SECOND: u64 = 1_000_000_000;

fn finger(id: u32, x: f32, y: f32, size: f32) -> Finger {
    Finger { id, x, y, size }
}

struct Bench {
    time: VirtualTime,
    bus: Bus<VirtualTime>,
    sensor: Trill<Bus<VirtualTime>>,
}

/// A sensor that was switched on a second ago; fingers come after two seconds.
fn bench(firmware: u8, hz: u32, hand: impl Fn(u64) -> Vec<Finger> + Send + 'static) -> Bench {
    let time = VirtualTime::new();
    let bus = Bus::new(time.clone(), hz);
    bus.plug(0x28, Sensor::square(firmware, hand));
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

    /// Lets a scan run and reads it.
    fn scan(&mut self) -> Frame {
        self.sensor.read(ALL).unwrap();
        self.time.advance(10_000_000);
        self.sensor.read(ALL).unwrap()
    }
}

#[test]
fn every_firmware_is_set_up_and_read() {
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
fn a_read_gives_the_scan_before_and_starts_the_next() {
    let mut bench = bench(3, 400_000, from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.5)]));
    bench.set_up(Settings::FAST).unwrap();
    bench.scan();
    bench.until(2 * SECOND);
    let before = bench.sensor.read(ALL).unwrap(); // starts the scan that sees the finger
    assert_eq!(before.touches(), 0);
    let again = bench.sensor.read(ALL).unwrap(); // too early: the old frame
    assert_eq!(again, before);
    bench.time.advance(Settings::FAST.scan_ns());
    let after = bench.sensor.read(ALL).unwrap();
    assert_eq!(after.touches(), 1);
    assert_ne!(after.status.unwrap().number, before.status.unwrap().number);
}

#[test]
fn what_lies_there_at_set_up_counts_after_it_lifted() {
    let hand = |now| {
        let there = !(3 * SECOND..=4 * SECOND).contains(&now);
        if there {
            vec![finger(1, 0.5, 0.5, 0.5)]
        } else {
            vec![]
        }
    };
    let mut bench = bench(3, 400_000, hand);
    bench.set_up(Settings::default()).unwrap();
    assert_eq!(bench.scan().touches(), 0);
    bench.until(3 * SECOND + 1);
    bench.scan();
    bench.until(4 * SECOND + 1);
    assert_eq!(bench.scan().touches(), 1);
}

#[test]
fn several_fingers_are_a_box() {
    let fingers = vec![
        finger(1, 0.2, 0.8, 0.4),
        finger(2, 0.9, 0.3, 0.6),
        finger(3, 0.22, 0.5, 0.3),
    ];
    let mut bench = bench(3, 400_000, from(2 * SECOND, fingers));
    bench.set_up(Settings::default()).unwrap();
    bench.until(2 * SECOND);
    let frame = bench.scan();
    // Fingers 1 and 3 are one touch on the horizontal axis.
    assert_eq!((frame.vertical.len(), frame.horizontal.len()), (3, 2));
    assert_eq!(frame.single(), None);
    let bounds = frame.bounds().unwrap();
    assert!((bounds.y.0 - 0.3).abs() < 0.001 && (bounds.y.1 - 0.8).abs() < 0.001);
    assert!((bounds.x.0 - 0.21).abs() < 0.01 && (bounds.x.1 - 0.9).abs() < 0.001);
    // Two horizontal positions are within the short read.
    assert_eq!(bench.sensor.read(POINT).unwrap().touches(), 3);
    assert!((frame.size() - 0.6).abs() < 0.001);
}

#[test]
fn sizes_mean_the_same_at_all_resolutions_and_small_ones_are_noise() {
    for bits in 9..=16 {
        let mut bench = bench(3, 400_000, from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.5)]));
        bench
            .set_up(Settings {
                bits,
                ..Settings::default()
            })
            .unwrap();
        bench.until(2 * SECOND);
        bench.sensor.read(ALL).unwrap();
        bench.time.advance(200_000_000);
        let size = bench.sensor.read(ALL).unwrap().size();
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
        bench.sensor.read(ALL).unwrap();
        let took = (bench.time.now() - start) / 1000;
        assert!(took.abs_diff(expected_us) < 2, "{took} us at {hz} Hz");
    }
}

#[test]
fn errors_say_what_to_do() {
    let mut bench = bench(3, 400_000, |_| vec![]);
    bench
        .bus
        .happen(Happening::Fault(0x28, Some(Fault::Unplugged)));
    let error = bench.set_up(Settings::default()).unwrap_err();
    assert!(matches!(error, Error::Absent(_)));
    assert_eq!(error.advice(), Advice::SetUp);
    bench.bus.happen(Happening::Fault(0x28, None));
    bench.time.advance(SECOND);
    bench.set_up(Settings::default()).unwrap();
    bench.scan();

    bench.bus.happen(Happening::Stuck(true));
    let error = bench.sensor.read(ALL).unwrap_err();
    assert_eq!(
        (error, error.advice()),
        (Error::Bus(ErrorKind::Bus), Advice::Retry)
    );
    bench.bus.happen(Happening::Stuck(false));
    bench.scan();

    bench.bus.happen(Happening::Reset(0x28));
    let error = bench.sensor.read(ALL).unwrap_err();
    assert_eq!((error, error.advice()), (Error::Lost, Advice::SetUp));
    bench.set_up(Settings::default()).unwrap();
    bench.scan();

    bench
        .bus
        .happen(Happening::Fault(0x28, Some(Fault::ShortReads(0))));
    let error = bench.sensor.read(ALL).unwrap_err();
    assert_eq!((error, error.advice()), (Error::Garbled, Advice::Retry));
}

#[test]
fn short_reads_may_lose_a_touch_but_never_move_it() {
    for count in 1..=ALL {
        let mut bench = bench(3, 400_000, from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.5)]));
        bench.set_up(Settings::default()).unwrap();
        bench.until(2 * SECOND);
        let whole = bench.scan();
        bench
            .bus
            .happen(Happening::Fault(0x28, Some(Fault::ShortReads(count))));
        match bench.sensor.read(ALL) {
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
fn other_sensors_are_named() {
    for (number, expected) in [
        (1, Error::WrongKind(Kind::Bar)),
        (77, Error::UnknownType(77)),
    ] {
        let time = VirtualTime::new();
        let bus = Bus::new(time.clone(), 100_000);
        bus.plug(0x20, Sensor::square(3, |_| vec![]).pretending(number));
        time.advance(SECOND);
        let mut sensor = Trill::new(bus, 0x20);
        let error = sensor
            .set_up(Settings::default(), &mut time.clone())
            .unwrap_err();
        assert_eq!((error, error.advice()), (expected, Advice::GiveUp));
    }
}

#[test]
fn a_sensor_that_never_acknowledges_is_given_up_in_a_fifth_of_a_second() {
    /// Identifies itself, then leaves the reply as it was.
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
    fn any_data_is_parsed_or_refused(status: Option<u8>, data in prop::collection::vec(any::<u8>(), 0..40), bits: u8) {
        if let Some(frame) = Frame::parse(status, &data, bits) {
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
    fn any_traffic_is_survived_by_the_simulated_sensor(
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
fn an_old_acknowledge_is_not_taken_for_an_identity() {
    /// Answers `identify` late: until then the last acknowledge stands there.
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
