//! A board's self-test: finds the hardware, tries it, and gives advice on problems.

use std::fmt::{Display as Show, Write as _};
use std::fs;
use std::io::Write;
use std::ops::RangeInclusive;
use std::path::Path;

use embedded_hal::i2c::{Error as _, ErrorKind, I2c};
use trill::{Error, Kind, POINT_BYTES, Settings, Trill};

use crate::panel::{Clock, Config, Display, Light};
use instrument::pages::{Picture, draw_check};

/// Result of checking a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The part of the board.
    pub part: &'static str,
    /// A description of the part, or the problem and a remedy.
    pub outcome: Result<String, String>,
}

impl Finding {
    /// Creates the result for a part.
    pub fn new(part: &'static str, outcome: Result<String, String>) -> Finding {
        Finding { part, outcome }
    }
}

/// Checks that the bus can be used: reads a byte at the sensor's address, where nothing
/// needs to answer. If this check fails, sensor and display cannot be checked.
pub fn bus(mut bus: impl I2c<Error: Show>, config: &Config) -> Finding {
    let path = &config.bus;
    let outcome = match bus.read(config.touch_address, &mut [0]) {
        Err(error) if !matches!(error.kind(), ErrorKind::NoAcknowledge(_)) => Err(format!(
            "{path}: {error}; sensor and display were not checked"
        )),
        _ => Ok(format!("{path} is open, and its lines are free")),
    };
    Finding::new("bus", outcome)
}

/// Attempts to reach the sensor, which does not answer for half a second after power-on.
const TRIES: u32 = 4;
const REST_MS: u32 = 250;
/// Clock of the bus in kHz below which it is slow. Bela's overlay sets 400 kHz; older images
/// have 100 kHz.
const SLOW_KHZ: u64 = 150;
/// Addresses that a Square can have, by its solder pads.
const SQUARES: RangeInclusive<u8> =
    Kind::Square.default_address()..=Kind::Square.default_address() + 8;

/// Checks the touch sensor: sets it up and reads it. If it is not at its address, looks for
/// it at the other addresses that a Square can have.
pub fn touch_sensor<B, C>(mut bus: B, config: &Config, clock: &mut C) -> Finding
where
    B: I2c<Error: Show>,
    C: Clock,
{
    let mut found = set_up(&mut bus, config.touch_address, clock);
    for _ in 1..TRIES {
        if found.is_ok() {
            break;
        }
        clock.delay_ms(REST_MS);
        found = set_up(&mut bus, config.touch_address, clock);
    }
    let outcome = found.map_err(|error| {
        let problem = match &error {
            Error::Absent(_) => "nothing answers".to_string(),
            Error::Bus(error) => error.to_string(),
            error => error.to_string(),
        };
        let advice = match error {
            Error::Absent(_) | Error::WrongKind(_) | Error::UnknownType(_) => {
                elsewhere(&mut bus, config, clock)
            }
            _ => String::new(),
        };
        let (address, path) = (config.touch_address, &config.bus);
        format!("{address:#04x} on {path}: {problem}{advice}")
    });
    Finding::new("touch sensor", outcome)
}

/// Sets the sensor up and reads it once. Returns its type, its firmware and the clock of the
/// bus.
fn set_up<B: I2c>(bus: B, address: u8, clock: &mut impl Clock) -> Result<String, Error<B::Error>> {
    let mut sensor = Trill::new(bus, address);
    let identity = sensor.set_up(Settings::FAST, clock)?;
    let start = clock.now();
    sensor.read(POINT_BYTES)?;
    // Address, status and data; 9 clocks each.
    let byte_ns = ((clock.now() - start) / (POINT_BYTES as u64 + 2)).max(1);
    let khz = 9_000_000 / byte_ns;
    let slow = if khz < SLOW_KHZ {
        ", which is slow: Bela's images have set 400 kHz since 2019"
    } else {
        ""
    };
    let (name, firmware) = (identity.kind.name(), identity.firmware);
    Ok(format!(
        "{name}, firmware {firmware}, bus at {khz} kHz{slow}"
    ))
}

/// Looks for a Square at the other addresses that it can have. Sends only the request to
/// identify itself, and nothing to the display. Returns the devices found and advice, as the
/// end of a message.
fn elsewhere<B: I2c>(bus: &mut B, config: &Config, clock: &mut impl Clock) -> String {
    let mut others = String::new();
    for address in SQUARES {
        let display = config.has_display && address == config.display_address;
        if address == config.touch_address || display {
            continue;
        }
        let name = match Trill::new(&mut *bus, address).identify(clock) {
            Ok(identity) if identity.kind == Kind::Square => {
                return format!(
                    "; a Trill Square answers at {address:#04x}: \
                     --set touch.address={address:#04x} tries it, and \
                     touch.address = {address:#04x} in the board's file keeps it"
                );
            }
            Ok(identity) => identity.kind.name(),
            Err(Error::UnknownType(_)) => "device that is not a Trill sensor",
            Err(_) => continue,
        };
        // Writing to a string cannot fail.
        let _ = write!(others, "; a {name} answers at {address:#04x}");
    }
    let (first, last) = (SQUARES.start(), SQUARES.end());
    format!(
        "{others}; no Trill Square answers from {first:#04x} to {last:#04x}: check cable, \
         supply and pull-ups"
    )
}

/// Checks the display, and leaves a test picture on it.
pub fn display(bus: impl I2c, config: &Config, clock: &impl Clock) -> Finding {
    let mut display = Display::new(bus, config);
    let rows = config.height.rows();
    let settings = format!("{} 128x{rows}", config.chip.name());
    let mut picture = Picture::new(rows);
    draw_check(&mut picture, &settings);
    display.start(clock.now());
    while display.send(&picture, Light::On(0x7f), usize::MAX) {}
    Finding::new(
        "display",
        if display.is_done(&picture) {
            Ok(format!(
                "{settings} takes data; if it is dark or lacks a line at an edge, set another \
                 display.controller or display.size (docs/bela.md)"
            ))
        } else {
            Err(format!(
                "nothing answers at {:#04x} on {}: check its cable; some have address 0x3d \
                 (--set display.address=0x3d), without one: --set display.size=none",
                config.display_address, config.bus
            ))
        },
    )
}

/// Checks the state's folder: writes, syncs and removes a file.
pub fn storage(folder: &Path) -> Finding {
    let path = folder.join("check.part");
    let write = || {
        fs::create_dir_all(folder)?;
        let mut file = fs::File::create(&path)?;
        let written = file.write_all(b"gatebend").and_then(|()| file.sync_all());
        fs::remove_file(&path).and(written)
    };
    let name = folder.display();
    Finding::new(
        "storage",
        match write() {
            Ok(()) => Ok(format!("{name} can be written to")),
            Err(error) => Err(format!(
                "{name}: {error}; what you play will not be kept (card full, or read-only?)"
            )),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::description;
    use crate::board::desk::{DisplayFrame, Oled};
    use crate::panel::Chip;
    use trill::sim::{Bus, BusEvent, Fault, Sensor, VirtualTime};

    #[test]
    fn present_parts_pass_and_missing_parts_give_advice() {
        let mut time = VirtualTime::new();
        let bus = Bus::new(time.clone(), 100_000);
        let board = description::built_in("desk").unwrap().board().unwrap();
        let config = board.panel;
        bus.plug(0x28, Sensor::square(3, |_| Vec::new()));
        let oled = Oled::new(config.chip);
        bus.plug(0x3c, oled.clone());
        let found = touch_sensor(bus.clone(), &config, &mut time)
            .outcome
            .unwrap();
        assert!(found.contains("Square, firmware 3"), "{found}");
        assert!(found.contains("bus at 9"), "{found}");
        assert!(found.contains("kHz, which is slow"), "{found}");
        display(bus.clone(), &config, &time).outcome.unwrap();
        let frame = oled.frame();
        assert!((0..128).all(|x| frame.is_lit(x, 0) && frame.is_lit(x, 63)));
        assert!((0..64).all(|y| frame.is_lit(0, y) && frame.is_lit(127, y)));
        for address in [0x28, 0x3c] {
            bus.apply(BusEvent::Fault(address, Some(Fault::Unplugged)));
        }
        let missing = touch_sensor(bus.clone(), &config, &mut time)
            .outcome
            .unwrap_err();
        assert!(
            missing.contains("0x28 on /dev/i2c-1: nothing answers; no Trill Square"),
            "{missing}"
        );
        let missing = display(bus, &config, &time).outcome.unwrap_err();
        assert!(missing.contains("0x3c on /dev/i2c-1"), "{missing}");
    }

    /// Returns the test picture on a display with this chip, set up for another chip.
    fn shown(chip: Chip, setting: Chip) -> DisplayFrame {
        let time = VirtualTime::new();
        let bus = Bus::new(time.clone(), 400_000);
        let oled = Oled::new(chip);
        bus.plug(0x3c, oled.clone());
        let mut config = description::built_in("desk")
            .unwrap()
            .board()
            .unwrap()
            .panel;
        config.chip = setting;
        // A wrong chip acknowledges all the same.
        display(bus, &config, &time).outcome.unwrap();
        oled.frame()
    }

    /// Returns whether a line of pixels is lit at the left, right, top and bottom edge.
    fn edges(frame: &DisplayFrame) -> [bool; 4] {
        let (right, bottom) = (127, frame.height - 1);
        let column = |x| (0..=bottom).all(|y| frame.is_lit(x, y));
        let row = |y| (2..=right - 2).all(|x| frame.is_lit(x, y));
        [column(0), column(right), row(0), row(bottom)]
    }

    #[test]
    fn the_test_picture_tells_the_chips_apart() {
        use Chip::{Sh1106, Ssd1306, Ssd1309};
        let right = shown(Ssd1306, Ssd1306);
        for (chip, setting) in [
            (Ssd1306, Ssd1306),
            (Ssd1309, Ssd1309),
            (Ssd1309, Ssd1306),
            (Sh1106, Sh1106),
        ] {
            let frame = shown(chip, setting);
            assert_eq!(edges(&frame), [true; 4], "{chip:?} as {setting:?}");
        }
        assert_eq!(right.contrast, 0x7f);
        for setting in [Ssd1309, Sh1106] {
            assert_eq!(shown(Ssd1306, setting).contrast, 0, "{setting:?}: not dark");
        }
        // Two columns to the left and two to the right.
        for (chip, setting, found) in [
            (Sh1106, Ssd1306, 125),
            (Sh1106, Ssd1309, 125),
            (Ssd1309, Sh1106, 2),
        ] {
            let frame = shown(chip, setting);
            assert_eq!(edges(&frame), [false, false, true, true], "{chip:?}");
            assert!((0..64).all(|y| frame.is_lit(found, y)), "{chip:?}");
        }
    }

    #[test]
    fn a_square_at_another_address_is_found() {
        // A Craft's own address is the last that a Square can have.
        for (address, number, expected) in [
            (
                0x2a,
                2,
                "a Trill Square answers at 0x2a: --set touch.address=0x2a tries it",
            ),
            (
                0x30,
                2,
                "a Trill Square answers at 0x30: --set touch.address=0x30 tries it",
            ),
            (
                0x30,
                3,
                "a Trill Craft answers at 0x30; no Trill Square answers from 0x28",
            ),
            (
                0x29,
                77,
                "a device that is not a Trill sensor answers at 0x29; no Trill",
            ),
        ] {
            let mut time = VirtualTime::new();
            let bus = Bus::new(time.clone(), 400_000);
            let sensor = Sensor::square(3, |_| Vec::new()).with_type_number(number);
            bus.plug(address, sensor);
            // Another type at the address of the board's file.
            let bar = Sensor::square(3, |_| Vec::new()).with_type_number(1);
            for (elsewhere, problem) in [(None, "nothing answers; "), (Some(bar), "Trill Bar")] {
                if let Some(sensor) = elsewhere {
                    bus.plug(0x28, sensor);
                }
                let mut board = description::built_in("desk").unwrap();
                let found = touch_sensor(
                    bus.clone(),
                    &board.clone().board().unwrap().panel,
                    &mut time,
                );
                let message = found.outcome.unwrap_err();
                assert!(message.starts_with("0x28 on /dev/i2c-1: "), "{message}");
                assert!(message.contains(problem), "{message}");
                assert!(message.contains(expected), "{message}");
                if number != 2 {
                    continue;
                }
                // Both forms of the advice work.
                let setting = format!("touch.address={address:#04x}");
                let file = format!("like = \"desk\"\n{}", setting.replace('=', " = "));
                let file = description::from_file("mine", "mine.toml", &file).unwrap();
                board.set(&setting).unwrap();
                for board in [board, file] {
                    let config = board.board().unwrap().panel;
                    touch_sensor(bus.clone(), &config, &mut time)
                        .outcome
                        .unwrap();
                }
            }
        }
    }

    #[test]
    fn a_bus_that_is_held_low_fails_but_a_silent_one_passes() {
        let time = VirtualTime::new();
        let silent = Bus::new(time.clone(), 400_000);
        let config = description::built_in("desk")
            .unwrap()
            .board()
            .unwrap()
            .panel;
        bus(silent.clone(), &config).outcome.unwrap();
        silent.apply(BusEvent::Stuck(true));
        let held = bus(silent.clone(), &config).outcome.unwrap_err();
        assert!(held.starts_with("/dev/i2c-1: Bus error"), "{held}");
        let held = touch_sensor(silent, &config, &mut time.clone())
            .outcome
            .unwrap_err();
        assert!(held.starts_with("0x28 on /dev/i2c-1: Bus error"), "{held}");
    }

    #[test]
    fn the_storage_check_leaves_no_files() {
        let folder = tempfile::tempdir().unwrap();
        storage(folder.path()).outcome.unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(storage(&file).outcome.unwrap_err().contains("not be kept"));
    }
}
