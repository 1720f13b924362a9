//! What is kept survives: the power is cut at every system call, and every state
//! of the disk that may be found then is started from, twice in a row.
//! `UPDATE_PICTURES=1` writes the table of docs/reliability.md.

mod disk;
#[path = "../made/mod.rs"]
mod made;

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use disk::{Fault, Simulated};
use gatebend::runtime::controller::{NoStorage, Storage};
use gatebend::storage::{Autosave, Disk, Memory, Places, StorageHandle, add_checksum};
use instrument::parameters::{Key, Parameters};
use instrument::{Command, Direction, Instrument, SaveRequest, State};
use logicnet::{Mask, Network};
use proptest::prelude::*;

fn library() -> Vec<Network> {
    let network = |name: &str, op: u8| {
        let text = format!(
            "{{\"format\": \"gatebend-network\", \"version\": 1, \"name\": \"{name}\", \
             \"inputs\": 4, \"layers\": [{{\"gates\": [[{op}, 0, 1], [6, 2, 3], [7, 4, 5]]}}], \
             \"outputs\": [6, 4]}}"
        );
        Network::from_json(&text).unwrap()
    };
    vec![network("first", 1), network("second", 6)]
}

fn places() -> Places {
    Places::within(Path::new("/root/state"))
}

/// An instrument that is being played, and its storage.
struct Session {
    watch: Autosave<Simulated>,
    handle: StorageHandle,
    instrument: Instrument,
    now: u64,
    told: Vec<String>,
}

impl Session {
    fn start(disk: &Simulated) -> Session {
        let (watch, handle, memory) = Autosave::open(disk, places());
        let (instrument, _) = memory
            .wake(
                library(),
                Parameters::default(),
                None,
                1,
                &mut handle.clone(),
            )
            .unwrap();
        Session {
            watch,
            handle,
            instrument,
            now: 0,
            told: Vec::new(),
        }
    }

    fn state(&self) -> &Arc<State> {
        self.instrument.state()
    }

    fn does(&mut self, command: Command) {
        let outcome = self.instrument.apply(command).unwrap();
        if let Some(keep) = outcome.keep {
            self.handle.keep(keep).unwrap();
        }
    }

    /// Passes time, in turns of 100 ms.
    fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        loop {
            let told = &mut self.told;
            let mut tell = |notice| told.push(notice);
            self.watch
                .turn(self.now, self.instrument.state(), &mut tell);
            if self.now >= end {
                return;
            }
            self.now += 100;
        }
    }
}

/// What is kept of everything, as text.
type Kept = BTreeMap<&'static str, String>;

/// What a start finds. A start counts itself, which is taken back here.
fn found(disk: &Simulated) -> (Kept, Memory) {
    let disk = disk.copy();
    let (_, _, memory) = Autosave::open(&disk, places());
    let starts: serde_json::Value =
        serde_json::from_str(&disk.get("/root/state/starts.json").unwrap()).unwrap();
    let starts = starts["unsteady"].as_u64().unwrap() - 1;
    let preset = memory.presets.iter().find(|preset| preset.name == "a");
    let kept = BTreeMap::from([
        ("starts", starts.to_string()),
        (
            "state",
            memory
                .saved
                .as_ref()
                .map_or(String::new(), |saved| saved.to_json().unwrap()),
        ),
        (
            "preset",
            preset.map_or(String::new(), |preset| preset.to_json().unwrap()),
        ),
        (
            "calibration",
            memory.calibration.clone().unwrap_or_default(),
        ),
    ]);
    (kept, memory)
}

/// What is done in the campaign: the row of the table, what it changes, and how.
type Step = (&'static str, &'static str, fn(&mut Session));

fn bend(session: &mut Session) {
    let node = 4 + session.state().bends().len() as u32 % 3;
    session.does(Command::bend(node, Some(Mask::Invert)));
    session.does(Command::Step(Key::Speed, 1));
    session.pass(600);
}

fn preset(session: &mut Session) {
    session.does(Command::SavePreset(Some("a".into())));
    session.pass(0);
}

const CAMPAIGN: &[Step] = &[
    ("the first state", "state", bend),
    ("another state", "state", |session| {
        session.does(Command::Swap(Direction::Next));
        bend(session);
    }),
    ("a new preset", "preset", preset),
    ("a third state", "state", bend),
    ("a preset again", "preset", preset),
    ("a calibration", "calibration", |session| {
        session
            .handle
            .keep(SaveRequest::Calibration("{\"a\": 1}".into()))
            .unwrap();
        session.pass(0);
    }),
    ("steady play", "starts", |session| {
        session.handle.steady();
        session.pass(0);
    }),
    ("a preset forgotten", "preset", |session| {
        let _ = session.instrument.apply(Command::DeletePreset("a".into()));
        let keep = instrument::SaveRequest::Delete("a".into());
        session.handle.keep(keep).unwrap();
        session.pass(0);
    }),
];

/// A step as it was done: its row, what it changes to what, between which calls.
struct Done {
    row: &'static str,
    what: &'static str,
    becomes: String,
    calls: (usize, usize),
}

/// Plays the campaign on a disk, which may lose its power.
fn play(
    disk: &Simulated,
    campaign: &[Step],
    mut done: impl FnMut(&'static str, &'static str, (usize, usize)),
) {
    let before = disk.calls();
    let mut session = Session::start(disk);
    session.pass(0);
    done("a start", "starts", (before, disk.calls()));
    for (row, what, step) in campaign {
        let before = disk.calls();
        step(&mut session);
        done(row, what, (before, disk.calls()));
    }
}

/// What a start finds on disks that were seen before.
#[derive(Default)]
struct Seen(BTreeMap<BTreeMap<PathBuf, Vec<u8>>, Kept>);

impl Seen {
    /// What a start finds, and whether this disk is a new one.
    fn look(&mut self, disk: &Simulated) -> (&Kept, bool) {
        let mut new = false;
        let kept = self.0.entry(disk.files()).or_insert_with(|| {
            new = true;
            let (kept, memory) = found(disk);
            assert!(memory.reserved.is_empty());
            for notice in &memory.notices {
                let fine = notice.ends_with("missing; the one before it was taken");
                assert!(fine, "{notice}");
            }
            kept
        });
        (kept, new)
    }
}

/// Cuts the power before every call of a campaign, and checks what every disk
/// that may be found then gives: for everything the last that was kept, or what
/// was just being kept. Counts calls and disks for each row.
fn cut_everywhere(
    start: &Simulated,
    campaign: &[Step],
    seen: &mut Seen,
    mut again: impl FnMut(&Simulated),
) -> Vec<(&'static str, usize, usize)> {
    let initial = seen.look(start).0.clone();
    let mut record: Vec<Done> = Vec::new();
    let whole = start.copy();
    let first = whole.calls();
    play(&whole, campaign, |row, what, calls| {
        let becomes = seen.look(&whole).0[what].clone();
        record.push(Done {
            row,
            what,
            becomes,
            calls,
        });
    });
    let mut rows = Vec::new();
    for (i, step) in record.iter().enumerate() {
        assert!(step.calls.0 < step.calls.1, "{}: nothing is kept", step.row);
        let last = i + 1 == record.len();
        let mut count = 0;
        for call in step.calls.0..step.calls.1 + usize::from(last) {
            let disk = start.copy();
            disk.cut(call);
            play(&disk, campaign, |_, _, _| {});
            for after in disk.after_the_cut() {
                count += 1;
                let (kept, new) = seen.look(&after);
                for (what, value) in kept {
                    let steps = || record.iter().filter(|step| step.what == *what);
                    let before = steps()
                        .rfind(|step| step.calls.1 <= call)
                        .map_or(&initial[what], |step| &step.becomes);
                    let doing = steps()
                        .find(|step| step.calls.0 < call && call < step.calls.1)
                        .map(|step| &step.becomes);
                    assert!(
                        value == before || Some(value) == doing,
                        "{}, cut at call {}: {what} is {value:?}, neither {before:?} nor {doing:?}",
                        step.row,
                        call - first,
                    );
                }
                if new {
                    again(&after);
                }
            }
        }
        rows.push((step.row, step.calls.1 - step.calls.0, count));
    }
    rows
}

#[test]
fn the_power_may_be_cut_at_any_call_and_again() {
    let disk = Simulated::new();
    disk.put("/root/other", b"");
    let mut found = Vec::new();
    let once = cut_everywhere(&disk, CAMPAIGN, &mut Seen::default(), |after| {
        found.push(after.copy());
    });
    let (mut cuts, mut disks) = (0, 0);
    let mut seen = Seen::default();
    for disk in &found {
        for (_, calls, count) in cut_everywhere(disk, CAMPAIGN, &mut seen, |_| {}) {
            cuts += calls;
            disks += count;
        }
    }
    let mut table =
        "| what is kept | system calls | disks that a cut may leave |\n|---|---|---|\n".to_string();
    for (row, calls, count) in once {
        writeln!(table, "| {row} | {calls} | {count} |").unwrap();
    }
    writeln!(
        table,
        "| all of it from each of these disks | {cuts} | {disks} |"
    )
    .unwrap();
    made::compare("docs/reliability.md", "cargo test --test storage", &table);
}

#[test]
fn changes_are_kept_within_two_seconds_and_nothing_else_is_written() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    session.pass(3000);
    // Nothing that lasts has changed.
    let calls = disk.calls();
    session.does(Command::Show(instrument::Page::Menu));
    session.does(Command::Notice("look".into()));
    session.does(Command::Seek(0));
    session.pass(3000);
    assert_eq!(disk.calls(), calls);
    // Changing all the time does not put it off.
    let mut last = session.now;
    for i in 0..60 {
        session.does(Command::Set(Key::Speed, i * 2));
        let before = disk.calls();
        session.pass(100);
        if disk.calls() > before {
            assert!(session.now - last <= 1700, "{} ms", session.now - last);
            last = session.now;
        }
    }
    session.pass(600);
    assert!(found(&disk).0["state"].contains("\"speed\":118"));
    // There and back again is no change.
    let calls = disk.calls();
    session.does(Command::Set(Key::Speed, 10));
    session.pass(200);
    session.does(Command::Set(Key::Speed, 118));
    session.pass(3000);
    assert_eq!(disk.calls(), calls);
}

#[test]
fn a_disk_that_fails_is_tried_again_and_told_once() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    session.pass(100);
    disk.fault(Some(Fault::Writes(ErrorKind::ReadOnlyFilesystem)));
    bend(&mut session);
    preset(&mut session);
    let calls = disk.calls();
    session.pass(60_000);
    assert!(disk.calls() - calls < 60, "{} calls", disk.calls() - calls);
    let read_only: Vec<&String> = session.told.iter().collect();
    assert!(read_only.len() <= 2, "{read_only:?}");
    assert!(read_only[0].contains("the file system is read-only"));
    disk.fault(None);
    session.pass(5000);
    assert_eq!(session.told.last().unwrap(), "kept on disk again");
    let (kept, _) = found(&disk);
    assert!(!kept["state"].is_empty() && !kept["preset"].is_empty());
    let told = session.told.len();
    session.pass(10_000);
    assert_eq!(session.told.len(), told);
}

#[test]
fn what_could_not_be_read_is_never_written_over() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    preset(&mut session);
    session.handle.steady();
    session.pass(100);
    let before = disk.get("/root/state/state.json");
    assert!(before.is_some());

    disk.fault(Some(Fault::Reads(ErrorKind::PermissionDenied)));
    let mut session = Session::start(&disk);
    assert!(session.state().bends().is_empty());
    let notice = session.state().notice.clone().unwrap();
    assert!(notice.contains("you may not read"), "{notice}");
    session.does(Command::Swap(Direction::Next));
    preset(&mut session);
    session.pass(10_000);
    assert_eq!(disk.get("/root/state/state.json"), before);
    assert!(session.told[0].contains("left alone"), "{:?}", session.told);

    // It can be read now: what it holds is a preset, and the state is kept.
    disk.fault(None);
    session.pass(6000);
    let (kept, memory) = found(&disk);
    assert!(kept["state"].contains("\"second\""));
    let names: Vec<&str> = memory
        .presets
        .iter()
        .map(|preset| preset.name.as_str())
        .collect();
    assert_eq!(names, ["a", "a 2", "rescued"]);
    assert!(
        memory.presets[2].layers.bends().len() == 1 && memory.presets[0].layers.bends().len() == 1
    );
}

#[test]
fn a_folder_that_comes_late_is_written_to_and_keeps_what_it_has() {
    let other = Simulated::new();
    let mut session = Session::start(&other);
    bend(&mut session);
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    // The card is there now, with what was played last time.
    let state = other.get("/root/state/state.json").unwrap();
    disk.put("/root/state/state.json", state.as_bytes());
    session.does(Command::Swap(Direction::Next));
    session.pass(1000);
    assert!(
        session.told[0].contains("preset rescued"),
        "{:?}",
        session.told
    );
    let (kept, memory) = found(&disk);
    assert!(kept["state"].contains("\"second\""));
    assert_eq!(memory.presets[0].layers.bends().len(), 1);
}

#[test]
fn two_failed_starts_are_followed_by_a_safe_one_that_loses_nothing() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    session.handle.steady();
    session.pass(100);
    for _ in 0..2 {
        let session = Session::start(&disk);
        assert_eq!(session.state().bends().len(), 1);
    }
    let safe = Session::start(&disk);
    assert!(safe.state().bends().is_empty());
    let notice = safe.state().notice.clone().unwrap();
    assert!(
        notice.contains("safe start") && notice.contains("rescued"),
        "{notice}"
    );
    // It fails as well, before it could keep anything; and then one does not.
    let mut safe = {
        drop(safe);
        Session::start(&disk)
    };
    safe.pass(1000);
    safe.handle.steady();
    safe.pass(100);
    let mut session = Session::start(&disk);
    assert!(session.state().bends().is_empty() && session.state().notice.is_none());
    assert_eq!(*session.state().presets, ["rescued"]);
    session.does(Command::RecallPreset("rescued".into()));
    assert_eq!(session.state().bends().len(), 1);
}

/// A preset of the player's whose name is like those of rescued ones, and which
/// cannot be written, holds nothing up; one that is rescued does.
#[test]
fn only_what_is_rescued_holds_back_the_state() {
    for (rescued, held) in [(false, false), (true, true)] {
        let disk = Simulated::new();
        let mut session = Session::start(&disk);
        disk.fault(Some(Fault::Creates("/root/state/presets")));
        bend(&mut session);
        if rescued {
            session.does(Command::SafeStart);
        } else {
            session.does(Command::SavePreset(Some("rescued from the sea".into())));
        }
        let before = disk.get("/root/state/state.json");
        session.does(Command::Step(Key::Speed, 1));
        session.pass(6000);
        assert_eq!(disk.get("/root/state/state.json") == before, held);
    }
}

#[test]
fn starts_that_end_as_they_should_do_not_count() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    for _ in 0..5 {
        let session = Session::start(&disk);
        assert_eq!(session.state().bends().len(), 1);
        let state = Arc::clone(session.state());
        assert!(session.watch.finish(0, &state, &mut |_| {}));
    }
}

#[test]
fn the_thread_keeps_what_is_left_at_the_end() {
    let disk = Simulated::new();
    let Session {
        watch,
        handle,
        mut instrument,
        ..
    } = Session::start(&disk);
    instrument
        .apply(Command::bend(5, Some(Mask::Invert)))
        .unwrap();
    let state = Arc::clone(instrument.state());
    let newest = move || Arc::clone(&state);
    let thread = std::thread::spawn(move || watch.run(|| 0, newest, |_| {}));
    assert!(handle.end(std::time::Duration::from_secs(60)));
    thread.join().unwrap();
    assert!(found(&disk).0["state"].contains("\"bends\": [5]"));
}

#[test]
fn damaged_files_are_put_aside_and_the_ones_before_played() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    preset(&mut session);
    bend(&mut session);
    preset(&mut session);
    session.handle.steady();
    session.pass(100);
    for name in ["state", "presets/a"] {
        let path = format!("/root/state/{name}.json");
        let text = disk.get(&path).unwrap();
        assert!(text.ends_with("\"\n}\n") && text.contains("\"checksum\": \"crc32:"));
        disk.put(&path, text.replace("\"first\"", "\"fi?st\"").as_bytes());
    }
    let mut session = Session::start(&disk);
    assert_eq!(session.state().bends().len(), 1);
    let notice = session.state().notice.clone().unwrap();
    assert!(
        notice.contains("checksum is wrong") && notice.contains("the one before"),
        "{notice}"
    );
    bend(&mut session);
    assert!(
        disk.get("/root/state/state.damaged.json")
            .unwrap()
            .contains("fi?st")
    );
    assert_eq!(found(&disk).1.saved.unwrap().layers.bends().len(), 2);
    // With its checksum's line taken out, a change by hand is taken.
    let text = disk.get("/root/state/state.json").unwrap();
    let text: Vec<&str> = text
        .lines()
        .filter(|line| !line.contains("checksum"))
        .collect();
    let text = text
        .join("\n")
        .replace(",\n}", "\n}")
        .replace("\"first\"", "\"hand\"");
    disk.put("/root/state/state.json", text.as_bytes());
    assert_eq!(found(&disk).1.saved.unwrap().network.name(), "hand");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever is in the files, it starts, plays and keeps.
    #[test]
    fn any_bytes_in_any_file_never_stop_a_start(
        files in prop::collection::vec((0usize..12, prop::collection::vec(any::<u8>(), 0..60), any::<bool>(), any::<u16>()), 1..8)
    ) {
        let disk = Simulated::new();
        let mut session = Session::start(&disk);
        bend(&mut session);
        preset(&mut session);
        bend(&mut session);
        preset(&mut session);
        let paths: Vec<PathBuf> = disk.files().into_keys().collect();
        let good = disk.files();
        for (path, bytes, whole, place) in files {
            let path = &paths[path % paths.len()];
            let mut content = good[path].clone();
            if whole {
                content = bytes;
            } else {
                for (i, byte) in bytes.iter().enumerate() {
                    let place = (usize::from(place) + i) % content.len();
                    content[place] = *byte;
                }
                if place % 3 == 0 {
                    // Sealed all the same.
                    content = add_checksum(&String::from_utf8_lossy(&content)).into_bytes();
                }
            }
            disk.put(path.to_str().unwrap(), &content);
        }
        let mut session = Session::start(&disk);
        session.does(Command::Swap(Direction::Next));
        session.does(Command::SavePreset(None));
        session.pass(1000);
        let (kept, memory) = found(&disk);
        prop_assert!(kept["state"].contains("\"second\"") || kept["state"].contains("\"first\""));
        prop_assert!(!memory.presets.is_empty());
        prop_assert!(session.told.is_empty(), "{:?}", session.told);
    }
}

#[test]
fn a_keeper_of_nothing_keeps_nothing() {
    let keep = instrument::SaveRequest::Delete("x".into());
    assert!(NoStorage.keep(keep).is_ok());
    let disk = Simulated::new();
    let (watch, _, memory) = Autosave::open(&disk, Places::default());
    let (instrument, _) =
        Instrument::new(library(), Parameters::default(), memory.presets, None, 1).unwrap();
    assert!(watch.finish(0, instrument.state(), &mut |_| {}));
    assert_eq!(disk.calls(), 0);
    assert!(disk.list(Path::new("/root")).is_err());
}
