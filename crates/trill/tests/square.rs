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
        assert!((touch.x - 0.2).abs() < 0.005, "{touch:?}");
        assert!((touch.y - 0.7).abs() < 0.005, "{touch:?}");
        assert!((touch.size - 0.5).abs() < 0.02, "{touch:?}");
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
        finger(1, 0.2, 0.95, 0.4),
        finger(2, 0.9, 0.05, 0.6),
        finger(3, 0.22, 0.5, 0.4),
    ];
    let mut bench = bench(3, 400_000, from(2 * SECOND, fingers));
    bench.set_up(Settings::default()).unwrap();
    bench.until(2 * SECOND);
    let frame = bench.scan();
    // Fingers 1 and 3 merge into one touch on the horizontal axis.
    assert_eq!((frame.vertical.len(), frame.horizontal.len()), (3, 2));
    assert_eq!(frame.single(), None);
    let bounds = frame.bounds().unwrap();
    assert!((bounds.y.0 - 0.05).abs() < 0.005 && (bounds.y.1 - 0.95).abs() < 0.005);
    assert!((bounds.x.0 - 0.21).abs() < 0.005 && (bounds.x.1 - 0.9).abs() < 0.005);
    // A short read includes two horizontal positions.
    assert_eq!(bench.sensor.read(POINT_BYTES).unwrap().touches(), 3);
    assert!((frame.size() - 0.6).abs() < 0.02);
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
        assert!((size - 0.5).abs() < 0.02, "{bits} bits: {size}");
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

/// The bytes of a frame, from its vertical and horizontal positions and sizes.
fn bytes(axes: [[u16; 8]; 2]) -> Vec<u8> {
    axes.concat()
        .into_iter()
        .flat_map(u16::to_be_bytes)
        .collect()
}

const NONE: u16 = 0xffff;

#[test]
fn vertical_positions_count_from_the_bottom_edge_and_horizontal_ones_from_the_left() {
    // 1702 of 1792 is 0.95 of the way up, 448 is a quarter of the way to the right.
    let data = bytes([
        [1702, NONE, NONE, NONE, 300, 0, 0, 0],
        [448, NONE, NONE, NONE, 300, 0, 0, 0],
    ]);
    let touch = TouchFrame::parse(None, &data, 9).unwrap().single().unwrap();
    assert!((touch.x - 0.25).abs() < 0.001, "{touch:?}");
    assert!((touch.y - 0.05).abs() < 0.001, "{touch:?}");
    let data = bytes([
        [0, 1344, NONE, NONE, 300, 300, 0, 0],
        [448, NONE, NONE, NONE, 300, 0, 0, 0],
    ]);
    let bounds = TouchFrame::parse(None, &data, 9).unwrap().bounds().unwrap();
    assert_eq!((bounds.x, bounds.y), ((0.25, 0.25), (0.25, 1.0)));
}

#[test]
fn the_simulated_sensor_sends_the_positions_of_a_real_one() {
    // A finger near the top edge, and left of the middle.
    let time = VirtualTime::new();
    let mut bus = Bus::new(time.clone(), 400_000);
    let fingers = from(2 * SECOND, vec![finger(1, 0.25, 0.05, 0.5)]);
    bus.plug(0x28, Sensor::square(2, fingers));
    time.advance(3 * SECOND);
    let mut data = [0; 32];
    bus.write(0x28, &[4]).unwrap();
    for _ in 0..2 {
        bus.read(0x28, &mut data).unwrap();
        time.advance(10_000_000);
    }
    let word = |i: usize| i32::from(u16::from_be_bytes([data[i], data[i + 1]]));
    assert!((word(0) - 1702).abs() < 8, "{}", word(0));
    assert!((word(16) - 448).abs() < 8, "{}", word(16));
    assert_eq!((&data[2..8], &data[10..16]), (&[0xff; 6][..], &[0; 6][..]));
    assert!((word(8) - 1890).abs() < 80 && (word(24) - 1890).abs() < 80);
}

#[test]
fn a_touch_on_one_axis_has_no_position_and_is_not_garbled() {
    let one = [900, NONE, NONE, NONE, 20, 0, 0, 0];
    let none = [NONE, NONE, NONE, NONE, 0, 0, 0, 0];
    for axes in [[one, none], [none, one]] {
        let frame = TouchFrame::parse(Some(0x81), &bytes(axes), 9).unwrap();
        assert!(frame.is_partial());
        assert_eq!((frame.touches(), frame.bounds()), (0, None));
    }
    for axes in [[one, one], [none, none]] {
        let frame = TouchFrame::parse(Some(0x81), &bytes(axes), 9).unwrap();
        assert!(!frame.is_partial());
    }
}

#[test]
fn an_approaching_finger_shows_on_one_axis_first() {
    // Over a row of pads, but between two columns; the touch grows from 2.5 s on.
    let fingers = |now: u64| {
        let size = now.saturating_sub(5 * SECOND / 2) as f32 / SECOND as f32 / 4.0;
        vec![finger(1, 7.5 / 14.0, 0.5, size)]
    };
    let mut bench = bench(3, 400_000, move |now| {
        if now < 2 * SECOND {
            vec![]
        } else {
            fingers(now)
        }
    });
    bench.set_up(Settings::FAST).unwrap();
    bench.until(2 * SECOND);
    let frames: Vec<TouchFrame> = (0..200).map(|_| bench.scan()).collect();
    let partial = frames.iter().filter(|frame| frame.is_partial()).count();
    assert!((1..40).contains(&partial), "{partial} of 200 frames");
    assert_eq!(frames[199].touches(), 1);
    let first = frames.iter().find(|frame| frame.is_partial()).unwrap();
    assert!(first.horizontal.is_empty() && first.vertical.len() == 1);
}

/// Returns the number of touches of two fingers of a size, this part of the side apart.
fn touches_of_two(settings: Settings, size: f32, apart: f32) -> usize {
    let fingers = vec![
        finger(1, 0.2, 0.2, size),
        finger(2, 0.2 + apart, 0.2 + apart, size),
    ];
    let mut bench = bench(3, 400_000, from(2 * SECOND, fingers));
    bench.set_up(settings).unwrap();
    bench.until(2 * SECOND);
    bench.scan().touches()
}

#[test]
fn two_fingers_part_at_the_same_distance_at_all_resolutions() {
    for bits in 9..=12 {
        let settings = Settings {
            bits,
            ..Settings::FAST
        };
        for (size, merged, parted) in [(1.0, 0.18, 0.25), (0.8, 0.20, 0.28), (0.4, 0.33, 0.42)] {
            let touches = |apart| touches_of_two(settings, size, apart);
            assert_eq!(
                (touches(merged), touches(parted)),
                (1, 2),
                "{bits} bits, {size}"
            );
        }
    }
    // With the threshold for 12 bits, fingers at 9 bits merge until they are far apart.
    let unscaled = Settings {
        adjacent_threshold: 400 << 3,
        ..Settings::FAST
    };
    assert_eq!(touches_of_two(unscaled, 0.8, 0.36), 1);
    assert_eq!(touches_of_two(unscaled, 0.8, 0.45), 2);
}

#[test]
fn old_firmware_scans_after_every_transfer() {
    for firmware in [1, 2] {
        let time = VirtualTime::new();
        let mut bus = Bus::new(time.clone(), 400_000);
        let fingers = from(2 * SECOND, vec![finger(1, 0.5, 0.5, 0.5)]);
        bus.plug(0x28, Sensor::square(firmware, fingers));
        time.advance(SECOND);
        bus.write(0x28, &[4]).unwrap();
        time.advance(2 * SECOND);
        let mut touched = || {
            let mut data = [0; 2];
            bus.read(0x28, &mut data).unwrap();
            data != [0xff; 2]
        };
        // This read returns the scan after the write, and starts the next one.
        assert!(!touched());
        assert!(!touched());
        time.advance(10_000_000);
        assert!(touched());
    }
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
            Ok(frame) if frame.touches() == 0 => {
                // No axis, or only the vertical one, was read.
                assert!(count < 4 || (10..18).contains(&count), "{count}");
            }
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
