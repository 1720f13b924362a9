//! `gatebend check`: a board's self-test.

use std::fmt::Display;
use std::io::Write;
use std::path::{Path, PathBuf};

use embedded_hal::i2c::I2c;
use gatebend::board::check::{self, Finding};
use gatebend::board::description::{Board, Kind};
use gatebend::board::desk::Oled;
use gatebend::panel::{Clock, Config};
use logicnet::count;
use trill::sim::{Bus, RealTime, Sensor};

use super::boards;
use crate::{CommandResult, Failure};

#[derive(clap::Args)]
pub struct Arguments {
    /// Board to check: one of `gatebend boards`, or a board file
    #[arg(long, value_name = "NAME|FILE.toml", default_value = "desk")]
    board: String,
    /// Override a setting of the board file (display.size=128x32); may be repeated
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
    /// Folder of the saved state [default: from the board file]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Bela's own options, after `--`
    #[arg(last = true, value_name = "BELA OPTION")]
    options: Vec<String>,
}

impl Arguments {
    pub fn run(&self) -> CommandResult {
        let board = boards::load(&self.board, self.set.iter())?;
        let mut failed = 0;
        let mut report = |finding: Finding| {
            let (mark, text) = match &finding.outcome {
                Ok(text) => ("pass", text),
                Err(text) => ("FAIL", text),
            };
            failed += usize::from(finding.outcome.is_err());
            let line = format!("{mark}  {:<13} {text}", finding.part);
            // The exit code is the answer, even if standard output is closed.
            let _ = writeln!(std::io::stdout(), "{}", crate::one_line(&line));
        };
        let state = board.state.as_deref().map(Path::new);
        #[cfg(target_os = "linux")]
        let _only = match board.kind {
            Kind::Desk => None,
            Kind::Bela => Some(boards::claim(state)?),
        };
        match board.kind {
            Kind::Desk => desk(&board, &mut report),
            Kind::Bela => self.bela(&board, &mut report),
        }
        if let Some(folder) = self.state.as_deref().or(state) {
            report(check::storage(folder));
        }
        match failed {
            0 => Ok(()),
            failed => Err(Failure::No(format!("{} failed", count(failed, "check")))),
        }
    }

    #[cfg(target_os = "linux")]
    fn bela(&self, board: &Board, report: &mut impl FnMut(Finding)) {
        use gatebend::board::bela;
        use gatebend::board::linux::{HotplugBus, SystemClock};
        let (library, finding) = bela::check::library();
        report(finding);
        let mut clock = SystemClock::start();
        let bus = || HotplugBus::new(&board.panel.bus);
        panel(bus, &board.panel, &mut clock, report);
        report(bela::check::pru(board, Path::new("/")));
        report(bela::check::real_time());
        if let Some(library) = library {
            report(bela::check::tone(library, board, &self.options));
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn bela(&self, board: &Board, report: &mut impl FnMut(Finding)) {
        report(Finding::new(
            "Bela",
            Err(format!(
                "{} can only be checked on the board itself: deploy.sh installs the program there",
                board.name
            )),
        ));
    }
}

/// Checks the simulated hardware of a desk, which passes unless the board file is wrong.
fn desk(board: &Board, report: &mut impl FnMut(Finding)) {
    let mut time = RealTime::start();
    let bus = Bus::new(time, board.bus_hz);
    bus.plug(board.panel.touch_address, Sensor::square(3, |_| Vec::new()));
    bus.plug(board.panel.display_address, Oled::new(board.panel.chip));
    panel(|| bus.clone(), &board.panel, &mut time, report);
}

/// Checks the bus and, if it can be used, sensor and display.
fn panel<B: I2c<Error: Display>>(
    bus: impl Fn() -> B,
    config: &Config,
    clock: &mut impl Clock,
    report: &mut impl FnMut(Finding),
) {
    let found = check::bus(bus(), config);
    let usable = found.outcome.is_ok();
    report(found);
    if !usable {
        return;
    }
    report(check::touch_sensor(bus(), config, clock));
    if config.has_display {
        report(check::display(bus(), config, clock));
    }
}
