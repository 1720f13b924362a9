//! A board's self-test: finds the hardware, tries it, and gives advice on problems.

use std::fs;
use std::io::Write;
use std::path::Path;

use embedded_hal::i2c::I2c;
use trill::{Error, POINT_BYTES, Settings, Trill};

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

/// Attempts to reach the sensor, which does not answer for half a second after power-on.
const TRIES: u32 = 4;
const REST_MS: u32 = 250;

/// Checks the touch sensor: sets it up and reads it.
pub fn touch_sensor<C: Clock>(bus: impl I2c, config: &Config, clock: &mut C) -> Finding {
    let mut sensor = Trill::new(bus, config.touch_address);
    let mut look = |clock: &mut C| -> Result<String, Error<_>> {
        let identity = sensor.set_up(Settings::FAST, clock)?;
        let start = clock.now();
        sensor.read(POINT_BYTES)?;
        // Address, status and data; 9 clocks each.
        let byte_ns = ((clock.now() - start) / (POINT_BYTES as u64 + 2)).max(1);
        let khz = 9_000_000 / byte_ns;
        let name = identity.kind.name();
        Ok(format!(
            "{name}, firmware {}, bus at {khz} kHz",
            identity.firmware
        ))
    };
    let mut found = look(clock);
    for _ in 1..TRIES {
        if found.is_ok() {
            break;
        }
        clock.delay_ms(REST_MS);
        found = look(clock);
    }
    let outcome = found.map_err(|error| {
        let at = format!("at {:#04x} on {}", config.touch_address, config.bus);
        match error {
            Error::Absent(_) => format!("nothing answers {at}: check cable, supply and pull-ups"),
            error => format!("{at}: {error}"),
        }
    });
    Finding::new("touch sensor", outcome)
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
        file.write_all(b"gatebend")?;
        file.sync_all()?;
        fs::remove_file(&path)
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
            missing.contains("0x28 on /dev/i2c-1: check cable"),
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
    fn the_storage_check_leaves_no_files() {
        let folder = tempfile::tempdir().unwrap();
        storage(folder.path()).outcome.unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(storage(&file).outcome.unwrap_err().contains("not be kept"));
    }
}
