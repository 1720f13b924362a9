//! Descriptions of boards: `boards/*.toml`, which are built in, and files and settings
//! that override them. Parses text; reads no files.

use logicnet::{quote, shorten};
use std::num::NonZeroU16;

use serde::Deserialize;
use toml::{Table, Value, de::Error};

use crate::panel::{self, Chip, Height, Mounting};
use crate::pru::Choice;
use engine::{Cost, Platform};
use instrument::layout::Point;
use instrument::surface::{Button, Region, Surface};

/// Built-in files by name.
const FILES: &[(&str, &str)] = &[
    ("desk", include_str!("../../boards/desk.toml")),
    ("bela-black", include_str!("../../boards/bela-black.toml")),
    ("bela-mini", include_str!("../../boards/bela-mini.toml")),
    ("bela-gem", include_str!("../../boards/bela-gem.toml")),
];

/// Kinds of hardware.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Everything is simulated.
    #[default]
    Desk,
    /// A Bela cape and its library.
    Bela,
}

/// A complete and checked board.
#[derive(Clone, Debug)]
pub struct Board {
    /// The file's name without `.toml`.
    pub name: String,
    /// A sentence about the board.
    pub about: String,
    /// The hardware.
    pub kind: Kind,
    /// Touch sensor, display and their bus.
    pub panel: panel::Config,
    /// Clock rate of the I2C bus in Hz: simulated on a desk, elsewhere expected.
    pub bus_hz: u32,
    /// Sample rate, block size and the cost of the engine's work.
    pub platform: Platform,
    /// True if the cape's button ends the program.
    pub stop_button: bool,
    /// The free PRU core, if any.
    pub pru_core: Option<u8>,
    /// The processor that evaluates, unless the command line says otherwise.
    pub engine: Choice,
    /// Folder of the running state, unless the command line says otherwise.
    pub state: Option<String>,
    /// The server of the page.
    pub web: Web,
}

/// Most characters of a setting in a message.
const MAX_SETTING: usize = 40;

/// The page's server, unless the command line says otherwise.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, default)]
pub struct Web {
    /// The first port to try.
    pub port: Option<NonZeroU16>,
    /// Further names and addresses by which browsers may call the server.
    pub hosts: Vec<String>,
    /// True if browsers need the pairing code that the display shows.
    pub pairing: bool,
}

/// Returns the names of the built-in boards.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// Returns the file of a built-in board.
///
/// # Errors
/// Fails if there is no such board, and lists those that exist.
pub fn file(name: &str) -> Result<&'static str, String> {
    let found = FILES.iter().find(|(other, _)| *other == name);
    found.map(|(_, text)| *text).ok_or_else(|| {
        let names: Vec<&str> = names().collect();
        format!(
            "no board {}; there are {}, or give a file that ends in .toml",
            quote(name),
            names.join(", ")
        )
    })
}

/// A board's file, with the settings that override it.
#[derive(Clone, Debug)]
pub struct Description {
    name: String,
    settings: Table,
}

/// Returns the description of a built-in board.
///
/// # Errors
/// Fails if there is no such board, and lists those that exist.
pub fn built_in(name: &str) -> Result<Description, String> {
    Ok(Description {
        name: name.to_string(),
        settings: parse(name, file(name)?)?,
    })
}

/// Parses the file of a board called `name`, which names the board it is `like` and
/// overrides parts of it. `path` names the file in messages.
///
/// # Errors
/// Returns the place in the file and the problem there.
pub fn from_file(name: &str, path: &str, text: &str) -> Result<Description, String> {
    let overrides = parse(path, text)?;
    let like = overrides.get("like").and_then(Value::as_str);
    let like = like.ok_or_else(|| {
        format!("{path}: say what it is like on a line of its own, such as like = \"bela-black\"")
    })?;
    let mut description = built_in(like).map_err(|problem| format!("{path}: {problem}"))?;
    description.override_with(overrides);
    description.name = name.to_string();
    Ok(description)
}

impl Description {
    /// Overrides one setting, such as `display.size=128x32`.
    ///
    /// # Errors
    /// Returns the problem with the setting.
    pub fn set(&mut self, assignment: &str) -> Result<(), String> {
        let (key, value) = assignment.split_once('=').ok_or_else(|| {
            let assignment = quote(assignment);
            format!("{assignment}: write key=value, such as display.size=none")
        })?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if !key.chars().all(plain) || value.contains(['\n', '\r', '\'']) {
            return Err(format!("{}: write key=value", quote(assignment)));
        }
        let named = shorten(assignment, MAX_SETTING);
        let problem = |error: Error| format!("{named}: {}", error.message());
        // Words may come without quotes.
        let overrides: Table = toml::from_str(&format!("{key} = {value}"))
            .or_else(|_| toml::from_str(&format!("{key} = '{value}'")))
            .map_err(problem)?;
        overrides.clone().try_into::<Sections>().map_err(problem)?;
        self.override_with(overrides);
        Ok(())
    }

    /// Replaces the keys that the overrides give, section by section.
    fn override_with(&mut self, overrides: Table) {
        for (key, value) in overrides {
            match (self.settings.get_mut(&key), value) {
                (Some(Value::Table(section)), Value::Table(keys)) => section.extend(keys),
                (_, value) => {
                    self.settings.insert(key, value);
                }
            }
        }
    }

    /// Returns the board.
    ///
    /// # Errors
    /// Returns the conflict between two keys.
    pub fn board(self) -> Result<Board, String> {
        let name = self.name;
        let sections: Sections = self
            .settings
            .try_into()
            .map_err(|error: Error| format!("board {name}: {}", error.message()))?;
        let Sections {
            i2c,
            touch,
            display,
            audio,
            cost,
            pru,
            ..
        } = sections;
        let panel = panel::Config {
            board: name.clone(),
            bus: i2c.device,
            touch_address: touch.address.0,
            mounting: Mounting {
                flip_x: touch.flip_x,
                flip_y: touch.flip_y,
            },
            surface: Surface {
                field: touch.field.0,
                buttons: touch.buttons.regions(),
            },
            has_display: display.size != Size::None,
            display_address: display.address.0,
            chip: display.controller,
            height: match display.size {
                Size::Rows32 => Height::Rows32,
                Size::Rows64 | Size::None => Height::Rows64,
            },
            upside_down: display.rotation.0 == 180,
            page: None,
            code: None,
        };
        if panel.has_display && panel.touch_address == panel.display_address {
            return Err(format!(
                "board {name}: touch.address and display.address are the same"
            ));
        }
        Ok(Board {
            name,
            about: sections.about,
            kind: sections.kind,
            panel,
            bus_hz: i2c.hz.0,
            platform: Platform {
                rate: audio.rate.0,
                block: audio.period.0,
                cost: Cost {
                    gate_ns: cost.gate.0,
                    group_ns: cost.group.0,
                    frame_ns: cost.frame.0,
                    callback_ns: cost.callback.0,
                },
            },
            stop_button: audio.stop_button,
            pru_core: pru.core.map(|core| core.0),
            engine: match pru.core {
                None => Choice::Cpu,
                Some(_) => pru.engine.unwrap_or(Choice::Auto),
            },
            state: sections.deploy.state,
            web: sections.web,
        })
    }
}

/// Parses a file, and checks its keys and values while their places are known.
fn parse(path: &str, text: &str) -> Result<Table, String> {
    let checked = toml::from_str::<Sections>(text).and_then(|_| toml::from_str(text));
    checked.map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        let before = text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        let column = before[start..].chars().count() + 1;
        let message = error.message().replace('\n', " ");
        format!("{path}, line {line}, column {column}: {message}")
    })
}

/// Sections of a file. Every key is optional, since a file may override a few keys only;
/// the built-in files have all keys without a meaningful default.
macro_rules! sections {
    ($($(#[$doc:meta])* $name:ident { $($key:ident: $type:ty,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Default, Deserialize)]
            #[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
            struct $name {
                $($key: $type,)*
            }
        )*
    };
}

sections! {
    /// A board's file.
    #[allow(dead_code)] // `like` is read before
    Sections {
        like: Option<String>, about: String, kind: Kind, i2c: I2c, touch: Touch,
        display: Display, audio: Audio, cost: Costs, pru: Pru, web: Web, deploy: Deploy,
    }
    /// The bus of the sensor and the display.
    I2c { device: String, hz: BusHz, }
    /// The touch sensor and its regions.
    Touch { address: Address, flip_x: bool, flip_y: bool, field: Rectangle, buttons: Buttons, }
    /// The display.
    Display { address: Address, controller: Chip, size: Size, rotation: Rotation, }
    /// The audio callback.
    Audio { rate: Rate, period: Period, stop_button: bool, }
    /// Costs of the engine's work.
    Costs { gate: Nanoseconds, group: Nanoseconds, frame: Nanoseconds, callback: Nanoseconds, }
    /// The programmable real-time unit.
    Pru { core: Option<Core>, engine: Option<Choice>, }
    /// Regions of the buttons; a button without a region does not exist.
    Buttons {
        previous: Option<Rectangle>, next: Option<Rectangle>, mode: Option<Rectangle>,
        clear: Option<Rectangle>, time: Option<Rectangle>,
    }
    /// Settings of `deploy.sh`, checked for unknown keys; only `state` is used here.
    #[allow(dead_code)]
    Deploy {
        host: String, target: String, projects: String, project: String,
        state: Option<String>,
    }
}

/// Numbers within bounds, and the error for those that are not.
macro_rules! bounded {
    ($($(#[$doc:meta])* $name:ident($type:ty) $range:expr, $words:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Default, Deserialize)]
            #[serde(try_from = "f64")]
            struct $name($type);

            impl TryFrom<f64> for $name {
                type Error = &'static str;

                fn try_from(value: f64) -> Result<$name, &'static str> {
                    if $range.contains(&value) && (f64::from(value as $type) - value).abs() <= 1e-6 * value {
                        Ok($name(value as $type))
                    } else {
                        Err($words)
                    }
                }
            }
        )*
    };
}

bounded! {
    /// A bus clock in Hz.
    BusHz(u32) 10_000.0..=1_000_000.0, "the bus has 10_000 to 1_000_000 Hz, mostly 100_000 or 400_000";
    /// A sample rate in Hz.
    Rate(u32) 8000.0..=192_000.0, "the audio rate is 8_000 to 192_000 frames a second";
    /// A block size in frames.
    Period(u32) 2.0..=4096.0, "a period is 2 to 4096 frames";
    /// A cost in nanoseconds.
    Nanoseconds(f32) 0.1..=1e6, "a cost is 0.1 to 1_000_000 nanoseconds";
    /// Rotation of the display in degrees.
    Rotation(u8) [0.0, 180.0], "a rotation is 0 or 180";
    /// A PRU core.
    Core(u8) 0.0..=0.0, "only PRU 0 is free on a Bela";
}

/// An I2C address of 7 bits; 0x00..=0x07 and 0x78.. are reserved by the standard.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(try_from = "i64")]
struct Address(u8);

impl TryFrom<i64> for Address {
    type Error = String;

    fn try_from(value: i64) -> Result<Address, String> {
        match value {
            0x08..=0x77 => Ok(Address(value as u8)),
            // Some modules are marked with the address and the bit for reading or writing.
            0x78..=0xef => Err(format!(
                "an I2C address is 0x08 to 0x77; a module marked {value:#04x} has address \
                 {0:#04x}: write {0:#04x}",
                value / 2
            )),
            _ => Err("an I2C address is 0x08 to 0x77".into()),
        }
    }
}

/// Size of the display.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq)]
enum Size {
    #[default]
    #[serde(rename = "128x64")]
    Rows64,
    #[serde(rename = "128x32")]
    Rows32,
    #[serde(rename = "none")]
    None,
}

/// A region as left, top, right, bottom; 0.0 to 1.0 of the square's sides.
#[derive(Clone, Copy, Deserialize)]
#[serde(try_from = "[f32; 4]")]
struct Rectangle(Region);

impl Default for Rectangle {
    fn default() -> Rectangle {
        Rectangle(Surface::default().field)
    }
}

impl TryFrom<[f32; 4]> for Rectangle {
    type Error = &'static str;

    fn try_from([left, top, right, bottom]: [f32; 4]) -> Result<Rectangle, &'static str> {
        let part = 0.0..=1.0;
        let inside = [left, top, right, bottom].iter().all(|x| part.contains(x));
        if !inside || left >= right || top >= bottom {
            return Err(
                "a region is [left, top, right, bottom], 0.0 to 1.0, left of right and top of bottom",
            );
        }
        Ok(Rectangle(Region {
            least: Point { x: left, y: top },
            most: Point {
                x: right,
                y: bottom,
            },
        }))
    }
}

impl Buttons {
    fn regions(&self) -> Vec<(Button, Region)> {
        [
            (Button::Previous, self.previous),
            (Button::Next, self.next),
            (Button::Mode, self.mode),
            (Button::Clear, self.clear),
            (Button::Time, self.time),
        ]
        .into_iter()
        .filter_map(|(button, region)| Some((button, region?.0)))
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn board(name: &str) -> Board {
        built_in(name).unwrap().board().unwrap()
    }

    #[test]
    fn every_file_of_the_folder_is_built_in_and_complete() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/boards");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.strip_suffix(".toml").map(String::from)
            })
            .collect();
        let mut names: Vec<&str> = names().collect();
        there.sort();
        names.sort_unstable();
        assert_eq!(there, names);
        for name in names {
            let board = board(name);
            assert_eq!(
                (board.name.as_str(), board.panel.board.as_str()),
                (name, name)
            );
            assert_eq!(board.panel.surface, Surface::default(), "{name}");
            // Every key is given: defaults are empty and 0.
            assert!(!board.about.is_empty() && !board.panel.bus.is_empty());
            let Platform { rate, block, cost } = board.platform;
            let (touch, display) = (board.panel.touch_address, board.panel.display_address);
            for number in [board.bus_hz, rate, block, touch.into(), display.into()] {
                assert!(number > 0, "{name}");
            }
            for ns in [cost.gate_ns, cost.group_ns, cost.frame_ns, cost.callback_ns] {
                assert!(ns > 0.0, "{name}");
            }
        }
    }

    #[test]
    fn two_devices_need_two_addresses() {
        let mut description = built_in("desk").unwrap();
        description.set("display.address=0x28").unwrap();
        assert!(
            description
                .clone()
                .board()
                .unwrap_err()
                .contains("the same")
        );
        assert!(description.set("display.rotation=180.5").is_err());
        description.set("display.size=none").unwrap();
        description.board().unwrap();
    }

    #[test]
    fn every_chip_has_a_name_in_board_files() {
        assert_eq!(board("desk").panel.chip, Chip::Ssd1306);
        for chip in Chip::ALL {
            let mut description = built_in("desk").unwrap();
            let setting = format!("display.controller={}", chip.name());
            description.set(&setting).unwrap();
            assert_eq!(description.board().unwrap().panel.chip, chip);
        }
    }

    #[test]
    fn an_address_marked_on_a_module_is_refused_with_the_one_to_write() {
        for (marked, write) in [("0x78", "0x3c"), ("0x7A", "0x3d"), ("0x7b", "0x3d")] {
            let setting = format!("display.address={marked}");
            let problem = built_in("desk").unwrap().set(&setting).unwrap_err();
            assert!(problem.ends_with(&format!("write {write}")), "{problem}");
        }
        for address in ["0x07", "0xf0", "-1", "1_000_000"] {
            let setting = format!("display.address={address}");
            let problem = built_in("desk").unwrap().set(&setting).unwrap_err();
            assert!(problem.ends_with("is 0x08 to 0x77"), "{problem}");
        }
    }

    #[test]
    fn the_desk_simulates_the_board() {
        let (desk, black) = (board("desk"), board("bela-black"));
        assert_eq!(desk.platform, black.platform);
        assert_eq!(desk.panel.bus, black.panel.bus);
        assert_eq!((desk.kind, black.kind), (Kind::Desk, Kind::Bela));
        assert_eq!((desk.pru_core, black.pru_core), (Some(0), Some(0)));
        assert_eq!((desk.engine, black.engine), (Choice::Cpu, Choice::Auto));
        assert_eq!(super::tests::board("bela-gem").engine, Choice::Cpu);
    }

    #[test]
    fn a_file_overrides_only_its_own_keys() {
        let text = "like = 'bela-black'\n[display]\nsize = '128x32'\nrotation = 180\n\
                    [touch.buttons]\nnext = [0.0, 0.9, 1.0, 1.0]";
        let mut description = from_file("mine", "mine.toml", text).unwrap();
        description.set("touch.flip-x=true").unwrap();
        description.set("display.size=none").unwrap();
        description.set("i2c.device=/dev/i2c-2").unwrap();
        let board = description.board().unwrap();
        assert_eq!(board.name, "mine");
        assert!(board.panel.upside_down && board.panel.mounting.flip_x && !board.panel.has_display);
        assert_eq!(board.panel.surface.buttons.len(), 1);
        assert_eq!(board.panel.bus, "/dev/i2c-2");
        assert_eq!(board.platform, super::tests::board("bela-black").platform);
    }

    #[test]
    fn errors_name_their_place() {
        for (text, expected) in [
            (
                "like = 'bela-black'\n[touch]\ncolour = 3",
                "b.toml, line 3, column 1: unknown field `colour`",
            ),
            (
                "like = 'bela-black'\n[touch]\naddress = 0x80",
                "b.toml, line 3, column 11: an I2C address is",
            ),
            (
                "like = 'bela-black'\n[audio]\nperiod = 16.5",
                "line 3, column 10: a period is",
            ),
            (
                "like = 'bela-black'\n[audio]\nperiod = 'x'",
                "line 3, column 10: invalid type",
            ),
            (
                "like = 'bela-black'\ndisplay.rotation = 90",
                "line 2, column 20: a rotation is 0 or 180",
            ),
            (
                "like = 'bela-black'\ndisplay.size = '256x64'",
                "line 2, column 16: unknown variant",
            ),
            (
                "like = 'bela-black'\n[touch]\nfield = [0.5, 0.0, 0.4, 1.0]",
                "line 3, column 9: a region is",
            ),
            (
                "like = 'bela-black'\n[touch.buttons]\nbell = [0.0, 0.0, 1.0, 1.0]",
                "line 3, column 1: unknown field `bell`",
            ),
            (
                "like = 'bela-white'",
                "b.toml: no board \"bela-white\"; there are desk, bela-black",
            ),
            ("about = 'nothing'", "b.toml: say what it is like"),
            ("like = ", "line 1, column"),
        ] {
            let problem = from_file("b", "b.toml", text).unwrap_err();
            assert!(problem.contains(expected), "{text:?}: {problem}");
        }
        let mut description = built_in("desk").unwrap();
        for (assignment, expected) in [
            (
                "display.size=big",
                "display.size=big: unknown variant `big`",
            ),
            ("display.colour=1", "unknown field `colour`"),
            (
                "display.controller=sh1107",
                "unknown variant `sh1107`, expected one of `ssd1306`, `ssd1309`, `sh1106`",
            ),
            ("display", "write key=value"),
            ("a b=1", "write key=value"),
        ] {
            let problem = description.set(assignment).unwrap_err();
            assert!(problem.contains(expected), "{problem}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_board_or_refused(text in "(like = 'desk'\n)?(\\[(touch|audio|x)\\]\n)?((address|period|field) = [0-9x.'\\[\\], -]{0,12}\n){0,3}", set in "[a-z.0-9=\\-]{0,20}") {
            if let Ok(description) = from_file("b", "b", &text) {
                let _ = description.board();
            }
            let _ = built_in("desk").unwrap().set(&set);
        }
    }
}
