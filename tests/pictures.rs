//! Pictures of the display: every page at both sizes, through driver, bus and controller,
//! compared with those in the documentation. `UPDATE_PICTURES=1 cargo test --test pictures`
//! updates them.

use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use embedded_graphics::pixelcolor::BinaryColor;
use embedded_graphics::prelude::*;
use gatebend::board::desk::{Desk, DisplayFrame, Oled, Script, Simulation, write_png};
use gatebend::factory_networks;
use gatebend::panel::{Chip, Config, Display, Height, Light};
use instrument::layout::Layout;
use instrument::pages::Picture;
use instrument::surface::Surface;
use trill::sim::{Bus, VirtualTime};

/// Pages: a name, a script and the time of the picture in seconds.
const PAGES: [(&str, &str, f64); 9] = [
    ("splash", "", 1.0),
    ("play", "", 3.0),
    ("touch", "2 down 0.55 0.5 size 0.6", 3.0),
    (
        "box",
        "1 set bend=invert\n2 down 0.3 0.3 size 0.8\n2.1 down 0.6 0.6 size 0.8 finger 2",
        3.0,
    ),
    ("button", "2.9 tap mode", 3.0),
    ("menu", "2 hold time\n2.9 tap next", 3.5),
    (
        "presets",
        "1.6 keep solo\n1.8 keep quiet ending\n2 page presets",
        3.0,
    ),
    (
        "inputs",
        "1 analog 1 0.25\n1 analog 2 1\n2 page inputs\n2.1 set analog1=speed\n2.1 learn 2\n\
         2.2 tap next",
        3.0,
    ),
    ("about", "2 page about", 4.0),
];
const FAULT: (&str, &str, f64) = ("fault", "2 fault touch unplugged", 3.0);

fn simulation(height: Height, upside_down: bool, script: &str) -> Simulation {
    with_chip(Chip::default(), height, upside_down, script)
}

fn with_chip(chip: Chip, height: Height, upside_down: bool, script: &str) -> Simulation {
    let mut desk = Desk::new(factory_networks::all());
    desk.panel.chip = chip;
    desk.panel.height = height;
    desk.panel.upside_down = upside_down;
    let script = Script::parse(script, &desk.panel.surface).unwrap();
    Simulation::scripted(desk, script).unwrap()
}

/// Returns the display at a time in seconds, once a picture is complete.
fn look(simulation: &mut Simulation, seconds: f64) -> DisplayFrame {
    let mut now = (seconds * 1e9) as u64;
    loop {
        simulation.run(now, |_| {}, |_| {});
        let panel = simulation.panel();
        if panel.display().is_done(panel.picture()) {
            return simulation.oled().frame();
        }
        now += 1_000_000;
        assert!(now < 100_000_000_000, "no picture was ever complete");
    }
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("docs/pictures")
        .join(name)
}

fn updating() -> bool {
    std::env::var_os("UPDATE_PICTURES").is_some()
}

/// Compares a frame with the pixels of a file; files with other compression are equal.
fn check(name: &str, frame: &DisplayFrame) {
    let path = path(name);
    if updating() {
        write_png(std::fs::File::create(&path).unwrap(), frame).unwrap();
    }
    let fresh = tempfile::NamedTempFile::new().unwrap();
    write_png(&fresh, frame).unwrap();
    let pixels = |path: &std::path::Path| {
        let file = std::fs::File::open(path).unwrap_or_else(|_| panic!("{}", path.display()));
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size()];
        reader.next_frame(&mut pixels).unwrap();
        pixels
    };
    assert!(
        pixels(&path) == pixels(fresh.path()),
        "{name} differs; UPDATE_PICTURES=1 makes it anew, if it should"
    );
}

#[test]
fn every_page_is_as_documented_at_both_sizes() {
    for height in [Height::Rows64, Height::Rows32] {
        for (name, script, seconds) in PAGES.into_iter().chain([FAULT]) {
            let mut simulation = simulation(height, false, script);
            let frame = look(&mut simulation, seconds);
            assert!(frame.contrast > 0);
            check(&format!("{name}-{}.png", height.rows()), &frame);
        }
    }
}

/// Returns whether the display is lit and shows the panel's picture.
fn shows_the_picture(simulation: &Simulation) -> bool {
    let frame = simulation.oled().frame();
    let picture = simulation.panel().picture();
    let mut pixels = (0..frame.height).flat_map(|y| (0..128).map(move |x| (x, y)));
    frame.contrast > 0
        && frame.height == picture.height()
        && pixels.all(|(x, y)| frame.is_lit(x, y) == picture.is_lit(x, y))
}

#[test]
fn every_chip_shows_the_same_pictures() {
    let script = include_str!("scripts/everything.txt");
    for chip in Chip::ALL {
        for height in [Height::Rows64, Height::Rows32] {
            let mut simulation = with_chip(chip, height, false, script);
            let mut complete = 0;
            simulation.run(
                33_000_000_000,
                |_| {},
                |simulation| {
                    let panel = simulation.panel();
                    if panel.display().is_done(panel.picture()) {
                        complete += 1;
                        let right = shows_the_picture(simulation);
                        assert!(right, "{chip:?}, {height:?}, {} ns", simulation.now());
                    }
                },
            );
            assert!(complete > 500, "{chip:?}, {height:?}: {complete}");
        }
    }
}

#[test]
fn a_display_that_resets_shows_the_picture_again_and_no_refresh_flickers() {
    for chip in Chip::ALL {
        let mut simulation = with_chip(chip, Height::Rows64, false, "20 reset display");
        let mut dark = Vec::new();
        simulation.run(
            40_000_000_000,
            |_| {},
            |simulation| {
                if simulation.oled().frame().contrast == 0 {
                    dark.push(simulation.now() / 1_000_000);
                }
            },
        );
        // Dark before the first set-up, and from the reset to the next refresh.
        dark.retain(|ms| !(0..100).contains(ms) && !(20_000..25_100).contains(ms));
        assert!(dark.is_empty(), "{chip:?} is dark at {dark:?} ms");
        look(&mut simulation, 40.0);
        assert!(shows_the_picture(&simulation), "{chip:?}");
    }
}

#[test]
fn a_picture_needs_few_bytes_on_the_bus() {
    for chip in Chip::ALL {
        let desk = Desk::new(factory_networks::all());
        let config = Config { chip, ..desk.panel };
        let bus = Bus::new(VirtualTime::new(), desk.bus_hz);
        bus.plug(config.display_address, Oled::new(chip));
        let mut display = Display::new(bus, &config);
        let mut send = |picture: &Picture| {
            display.start(0);
            let before = display.sent();
            while display.send(picture, Light::On(9), 90) {}
            assert!(display.is_done(picture));
            display.sent() - before
        };
        // Eight pages of 128 bytes in two slices, with their places; and the brightness.
        let mut picture = Picture::new(64);
        assert_eq!(send(&picture), 8 * (5 + 128 + 2 * 2) + 5);
        // A byte and its place.
        Pixel(Point::new(70, 30), BinaryColor::On)
            .draw(&mut picture)
            .unwrap();
        assert_eq!(send(&picture), 5 + 3);
        assert_eq!(send(&picture), 0);
    }
}

#[test]
fn refusals_are_shown_on_every_page_for_a_while() {
    for page in ["play", "menu", "presets", "inputs", "about"] {
        let script = format!("2 page {page}\n3 recall nothing");
        let mut simulation = simulation(Height::Rows64, false, &script);
        let bar = |frame: &DisplayFrame| (0..128).filter(|x| frame.is_lit(*x, 0)).count() > 100;
        assert!(bar(&look(&mut simulation, 3.5)), "{page}");
        assert!(!bar(&look(&mut simulation, 8.0)), "{page}");
    }
}

#[test]
fn the_about_page_ends_with_the_present_pairing_code() {
    let look = |first: &str, then: &str| {
        let mut desk = Desk::new(factory_networks::all());
        let code = Arc::new(ArcSwap::from_pointee(first.to_string()));
        desk.panel.code = Some(Arc::clone(&code));
        let script = Script::parse("2 page about\n2.5 tap previous", &desk.panel.surface);
        let mut simulation = Simulation::scripted(desk, script.unwrap()).unwrap();
        look(&mut simulation, 3.0);
        code.store(Arc::new(then.into()));
        look(&mut simulation, 4.0)
    };
    let (first, second) = ("123 456", "789 012 345");
    assert_ne!(look(first, first), look(second, second));
    assert_eq!(look(first, second), look(second, second));
}

#[test]
fn an_upside_down_display_shows_the_picture_rotated() {
    for height in [Height::Rows64, Height::Rows32] {
        let [upright, turned] = [false, true].map(|upside_down| {
            let mut simulation = simulation(height, upside_down, "2 page about");
            look(&mut simulation, 3.0)
        });
        let rows = height.rows();
        for y in 0..rows {
            for x in 0..128 {
                assert_eq!(
                    upright.is_lit(x, y),
                    turned.is_lit(127 - x, rows - 1 - y),
                    "{x}, {y}"
                );
            }
        }
    }
}

#[test]
fn an_untouched_display_is_dimmed_then_dark_and_wakes_on_touch() {
    let script = "0 set dim=10\n0 set blank=60\n80 down 0.5 0.5\n80.5 up";
    let mut simulation = simulation(Height::Rows64, false, script);
    let bright = look(&mut simulation, 9.0).contrast;
    let dimmed = look(&mut simulation, 12.0).contrast;
    assert!(dimmed < bright / 10, "{dimmed} of {bright}");
    let dark = look(&mut simulation, 70.0);
    assert!(dark.pixels.iter().all(|lit| !lit));
    assert_eq!(look(&mut simulation, 80.2).contrast, bright);
}

#[test]
fn the_picture_moves_a_little_so_that_no_pixel_burns_in() {
    let script = "0 set dim=never\n0 set blank=never\n0 set speed=0\n1 page menu";
    let mut simulation = simulation(Height::Rows64, false, script);
    let frames: Vec<DisplayFrame> = [30.0, 90.0, 150.0, 210.0, 270.0]
        .map(|seconds| look(&mut simulation, seconds))
        .into();
    assert_eq!(frames[0], frames[4]);
    for (frame, (dx, dy)) in frames.iter().zip([(0, 0), (1, 0), (1, 1), (0, 1)]) {
        for (x, y) in [(2, 2), (30, 20), (100, 12)] {
            assert_eq!(frame.is_lit(x + dx, y + dy), frames[0].is_lit(x, y));
        }
    }
}

/// Returns a drawing of the square, made from the surface and a layout.
fn surface() -> String {
    const SIDE: f32 = 400.0;
    let surface = Surface::default();
    let network = &factory_networks::all()[0];
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-10 -10 {0} {0}\" \
         font-family=\"sans-serif\" font-size=\"14\" text-anchor=\"middle\">\n\
         <rect width=\"{SIDE}\" height=\"{SIDE}\" rx=\"12\" fill=\"#16181d\"/>\n",
        SIDE + 20.0
    );
    let field = &surface.field;
    for cell in Layout::new(network, false).cells() {
        let x = field.least.x + cell.at.x * (field.most.x - field.least.x);
        let y = field.least.y + cell.at.y * (field.most.y - field.least.y);
        let (x, y) = (x * SIDE, y * SIDE);
        writeln!(
            svg,
            "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#9fd8ff\"/>"
        )
        .unwrap();
    }
    for (button, region) in &surface.buttons {
        let (x, y) = (region.least.x * SIDE, region.least.y * SIDE);
        let (width, height) = (region.most.x * SIDE - x, region.most.y * SIDE - y);
        let middle = (x + width / 2.0, y + height / 2.0 + 5.0);
        writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" \
             fill=\"none\" stroke=\"#9fd8ff\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"#9fd8ff\">{}</text>",
            middle.0,
            middle.1,
            button.name()
        )
        .unwrap();
    }
    svg + "</svg>\n"
}

#[test]
fn the_surface_is_as_documented() {
    let path = path("surface.svg");
    if updating() {
        std::fs::write(&path, surface()).unwrap();
    }
    assert!(
        std::fs::read_to_string(&path).unwrap() == surface(),
        "the surface differs; UPDATE_PICTURES=1 makes it anew, if it should"
    );
}
