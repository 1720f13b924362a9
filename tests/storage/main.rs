//! Saved files survive power cuts: the power is cut at every system call, and the
//! program starts from every disk state that is possible afterwards, twice in a row.
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
use gatebend::storage::{
    Autosave, Disk, Files, Folders, Parse, Restored, Saving, StorageHandle, VersionedFiles,
    add_checksum,
};
use instrument::bend_layers::{BendLayer, BendLayers};
use instrument::parameters::{Key, Parameters};
use instrument::preset::Preset;
use instrument::{Command, Direction, Instrument, SaveRequest, State};
use logicnet::{Gate, InputEncoding, Mask, Masks, Network, NetworkLayer, Op, Parts};
use proptest::prelude::*;

fn networks() -> Vec<Network> {
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

fn folders() -> Folders {
    Folders::within(Path::new("/root/state"))
}

/// A running instrument with its storage.
struct Session {
    autosave: Autosave<Simulated>,
    handle: StorageHandle,
    instrument: Instrument,
    now: u64,
    notices: Vec<String>,
}

impl Session {
    fn start(disk: &Simulated) -> Session {
        let (autosave, handle, restored) = Autosave::open(disk, folders());
        let (instrument, _) = restored
            .into_instrument(networks(), Parameters::default(), None, 1, Some(&handle))
            .unwrap();
        Session {
            autosave,
            handle,
            instrument,
            now: 0,
            notices: Vec::new(),
        }
    }

    fn state(&self) -> &Arc<State> {
        self.instrument.state()
    }

    fn does(&mut self, command: Command) {
        let effect = self.instrument.apply(command).unwrap();
        if let Some(request) = effect.save {
            self.handle.save(request.into());
        }
    }

    /// Renders the first block.
    fn plays(&mut self) {
        self.handle.played();
        self.pass(0);
    }

    /// Advances the time, polling every 100 ms.
    fn pass(&mut self, milliseconds: u64) {
        let end = self.now + milliseconds;
        loop {
            let notices = &mut self.notices;
            let mut notify = |notice| notices.push(notice);
            self.autosave
                .poll(self.now, self.instrument.state(), &mut notify);
            if self.now >= end {
                return;
            }
            self.now += 100;
        }
    }
}

/// The saved value of each kind, as text.
type SavedValues = BTreeMap<&'static str, String>;

/// Returns the values that a start finds on a disk.
fn found(disk: &Simulated) -> (SavedValues, Restored) {
    let disk = disk.copy();
    let text: Parse<String> = |_, text| Ok(text.to_string());
    let starts = VersionedFiles::new(disk.clone(), "/root/state".into(), text)
        .load("starts")
        .value
        .map_or(0, |text| {
            let starts: serde_json::Value = serde_json::from_str(&text).unwrap();
            starts["unsteady"].as_u64().unwrap()
        });
    // Look at all files, even if the last starts failed.
    disk.forget("/root/state/starts.json");
    disk.forget("/root/state/starts.old.json");
    let (_, _, restored) = Autosave::open(&disk, folders());
    let preset = restored.presets.iter().find(|preset| preset.name == "a");
    let saved = BTreeMap::from([
        ("starts", starts.to_string()),
        (
            "state",
            restored
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
            restored.calibration.clone().unwrap_or_default(),
        ),
    ]);
    (saved, restored)
}

/// A step of the campaign: its row in the table, the kind that it changes, and how.
type Step = (&'static str, &'static str, fn(&mut Session));

fn bend(session: &mut Session) {
    let node = 4 + session.state().bends().len() as u32 % 3;
    session.does(Command::bend(node, Some(Mask::Invert)));
    session.does(Command::Step(Key::Speed, 1));
    session.pass(600);
}

fn preset(session: &mut Session) {
    let name = "a".to_string();
    let exists = session.state().presets.contains(&name);
    session.does(if exists {
        Command::ReplacePreset(name)
    } else {
        Command::SavePreset(Some(name))
    });
    session.pass(0);
}

const CAMPAIGN: &[Step] = &[
    ("first state", "state", bend),
    ("second state", "state", |session| {
        session.does(Command::Swap(Direction::Next));
        bend(session);
    }),
    ("new preset", "preset", preset),
    ("third state", "state", bend),
    ("preset overwritten", "preset", preset),
    ("calibration", "calibration", |session| {
        let request = SaveRequest::Calibration("{\"a\": 1}".into());
        session.handle.save(request.into());
        session.pass(0);
    }),
    ("steady play", "starts", |session| {
        session.handle.steady();
        session.pass(0);
    }),
    ("preset deleted", "preset", |session| {
        let _ = session.instrument.apply(Command::DeletePreset("a".into()));
        let request = SaveRequest::Delete("a".into());
        session.handle.save(request.into());
        session.pass(0);
    }),
];

/// A step that was done: its row, the kind and its new value, and the system calls.
struct Done {
    row: &'static str,
    what: &'static str,
    becomes: String,
    calls: (usize, usize),
}

/// Runs the campaign on a disk that may lose its power.
fn play(
    disk: &Simulated,
    campaign: &[Step],
    mut done: impl FnMut(&'static str, &'static str, (usize, usize)),
) {
    let before = disk.calls();
    let mut session = Session::start(disk);
    session.plays();
    done("start", "starts", (before, disk.calls()));
    for (row, what, step) in campaign {
        let before = disk.calls();
        step(&mut session);
        done(row, what, (before, disk.calls()));
    }
}

/// Values that a start finds, by disk.
#[derive(Default)]
struct Seen(BTreeMap<BTreeMap<PathBuf, Vec<u8>>, SavedValues>);

impl Seen {
    /// Returns the values that a start finds, and whether the disk is new.
    fn look(&mut self, disk: &Simulated) -> (&SavedValues, bool) {
        let mut new = false;
        let saved = self.0.entry(disk.files()).or_insert_with(|| {
            new = true;
            let (saved, restored) = found(disk);
            assert!(restored.reserved.is_empty());
            for notice in &restored.notices {
                let fine = notice.ends_with("missing; the previous version is used");
                assert!(fine, "{notice}");
            }
            saved
        });
        (saved, new)
    }
}

/// Cuts the power before every call of a campaign and checks every possible disk: each
/// kind has its last saved value, or the one that was being saved. Counts calls and
/// disks for each row.
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
        assert!(
            step.calls.0 < step.calls.1,
            "{}: nothing is saved",
            step.row
        );
        let last = i + 1 == record.len();
        let mut count = 0;
        for call in step.calls.0..step.calls.1 + usize::from(last) {
            let disk = start.copy();
            disk.cut(call);
            play(&disk, campaign, |_, _, _| {});
            for after in disk.after_the_cut() {
                count += 1;
                let (saved, new) = seen.look(&after);
                for (what, value) in saved {
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
fn the_power_may_be_cut_at_any_call_twice() {
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
        "| operation | system calls | possible disk states after a cut |\n|---|---|---|\n"
            .to_string();
    for (row, calls, count) in once {
        writeln!(table, "| {row} | {calls} | {count} |").unwrap();
    }
    writeln!(
        table,
        "| all of these again, from each of these disk states | {cuts} | {disks} |"
    )
    .unwrap();
    made::compare("docs/reliability.md", "cargo test --test storage", &table);
}

#[test]
fn changes_are_saved_within_two_seconds_and_nothing_else_is_written() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    session.pass(3000);
    // No saved value has changed.
    let calls = disk.calls();
    session.does(Command::Show(instrument::Page::Menu));
    session.does(Command::Notice("look".into()));
    session.does(Command::Seek(0));
    session.pass(3000);
    assert_eq!(disk.calls(), calls);
    // Continuous changes do not delay saving.
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
    // A value that returns is not a change.
    let calls = disk.calls();
    session.does(Command::Set(Key::Speed, 10));
    session.pass(200);
    session.does(Command::Set(Key::Speed, 118));
    session.pass(3000);
    assert_eq!(disk.calls(), calls);
}

#[test]
fn a_failing_disk_is_retried_and_reported_once() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    session.pass(100);
    disk.fault(Some(Fault::Writes(ErrorKind::ReadOnlyFilesystem)));
    bend(&mut session);
    preset(&mut session);
    let calls = disk.calls();
    session.pass(60_000);
    assert!(disk.calls() - calls < 60, "{} calls", disk.calls() - calls);
    let read_only: Vec<&String> = session.notices.iter().collect();
    assert!(read_only.len() <= 2, "{read_only:?}");
    assert!(read_only[0].contains("the file system is read-only"));
    disk.fault(None);
    session.pass(5000);
    assert_eq!(session.notices.last().unwrap(), "saved again");
    let (saved, _) = found(&disk);
    assert!(!saved["state"].is_empty() && !saved["preset"].is_empty());
    let notices = session.notices.len();
    session.pass(10_000);
    assert_eq!(session.notices.len(), notices);
}

#[test]
fn a_change_of_a_preset_is_acknowledged_only_once_a_power_cut_cannot_undo_it() {
    let start = Simulated::new();
    let mut session = Session::start(&start);
    preset(&mut session);
    bend(&mut session);
    drop(session);
    let before = found(&start).0["preset"].clone();
    let edits = [
        Command::ReplacePreset("a".into()),
        Command::DeletePreset("a".into()),
    ];
    for edit in edits {
        let mut acknowledged = false;
        for calls in 0.. {
            let disk = start.copy();
            let mut session = Session::start(&disk);
            session.pass(0);
            disk.cut(disk.calls() + calls);
            let effect = session.instrument.apply(edit.clone()).unwrap();
            let (reply, replied) = crossbeam_channel::bounded(1);
            session.handle.save(Saving {
                request: effect.save.unwrap(),
                notice: Some("it is done".into()),
                replies: Some(reply).into(),
            });
            assert!(replied.try_recv().is_err(), "nothing is written yet");
            session.pass(0);
            let result = replied.try_recv().unwrap();
            let done = session.notices.iter().any(|notice| notice == "it is done");
            assert_eq!(result.is_ok(), done);
            let problem = result.err();
            if let Some(problem) = &problem {
                assert!(problem.starts_with("not saved: "), "{problem}");
                continue;
            }
            for after in disk.after_the_cut() {
                assert_ne!(found(&after).0["preset"], before);
            }
            acknowledged = true;
            break;
        }
        assert!(acknowledged);
    }
}

/// Returns a preset whose file is as large as any can be: a gate a layer, own masks and eight
/// layers of bends on every gate, and a description whose characters are written as six.
fn largest(name: &str) -> Preset {
    let gates = logicnet::MAX_GATES as u32;
    let mask = |node: u32| Mask::Replace(Op::new((node % 16) as u8).unwrap());
    let layer = |node| NetworkLayer {
        gates: vec![Gate {
            op: Op::XOR,
            a: 4000 + node,
            b: node,
        }],
        ..NetworkLayer::default()
    };
    let parts = Parts {
        sources: vec![logicnet::Source {
            encoding: InputEncoding::OneHot { digit_bits: 12 },
            ..logicnet::Source::time(12)
        }],
        layers: (0..gates).map(layer).collect(),
        outputs: vec![69_631],
        masks: (4096..4096 + gates)
            .map(|node| (node, mask(node)))
            .collect(),
        description: Some("\u{1}".repeat(64 << 10)),
        ..Parts::default()
    };
    let bends: Masks = (4096..4096 + gates)
        .map(|node| (node, mask(node + 1)))
        .collect();
    let layer = |n| BendLayer {
        name: if n == 0 {
            "hand".into()
        } else {
            format!("layer {n}")
        },
        strength: 99,
        bends: bends.clone(),
    };
    Preset {
        name: name.into(),
        network: Arc::new(Network::try_from(parts).unwrap()),
        layers: BendLayers::new((0..8).map(layer).collect(), 3).unwrap(),
        parameters: Parameters::default(),
        origin: Some("first".into()),
    }
}

#[test]
fn every_preset_that_is_acknowledged_can_be_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let folders = || Folders::within(folder.path());
    let save = |preset: &Preset| {
        let (mut autosave, handle, restored) = Autosave::open(&Files, folders());
        let (instrument, _) = restored
            .into_instrument(networks(), Parameters::default(), None, 1, None)
            .unwrap();
        let (reply, replied) = crossbeam_channel::bounded(1);
        handle.save(Saving {
            request: SaveRequest::Save(Box::new(preset.clone())),
            notice: None,
            replies: Some(reply).into(),
        });
        autosave.poll(0, instrument.state(), &mut |_| {});
        replied.try_recv().unwrap()
    };
    let preset = largest("a");
    assert_eq!(save(&preset), Ok(()));
    let (_, _, restored) = Autosave::open(&Files, folders());
    assert!(restored.notices.is_empty(), "{:?}", restored.notices);
    assert!(restored.presets == [preset], "another preset is read");
    // No preset is so large.
    let text: Parse<String> = |_, text| Ok(text.to_string());
    let mut files = VersionedFiles::new(Files, folder.path().into(), text);
    let problem = files.save("b", &" ".repeat(22 << 20)).unwrap_err();
    let told = problem.to_string();
    assert!(told.contains("23.1 MB, and at most 21.0 MB"), "{told}");
    assert!(files.load("b").value.is_none());
}

#[test]
fn bends_of_layers_are_written_compactly_and_read_as_before() {
    let preset = largest("a");
    let text = preset.to_json().unwrap();
    assert!(text.len() < 7_000_000, "{} bytes", text.len());
    let small = Network::from_json(&networks()[0].to_json()).unwrap();
    let bends: Masks = [(4, Mask::Invert), (6, Mask::Force(true))].into();
    let hand = BendLayer {
        name: "hand".into(),
        strength: 50,
        bends: bends.clone(),
    };
    let preset = Preset {
        network: Arc::new(small),
        layers: BendLayers::new(vec![hand], 0).unwrap(),
        ..preset
    };
    let text = preset.to_json().unwrap();
    assert!(text.contains(r#""bends":"4X1H""#), "{text}");
    let earlier = text.replace(
        r#""bends":"4X1H""#,
        &format!(r#""masks":{}"#, bends.to_json()),
    );
    for text in [text, earlier] {
        assert!(Preset::from_json("a".into(), &text).unwrap() == preset);
    }
}

#[test]
fn numbers_do_not_grow_when_a_file_is_written() {
    let text = networks()[0].to_json();
    let numbers = format!("[{}]", vec!["1e15"; 1000].join(","));
    let text = text.replace("\n}", &format!(",\n  \"numbers\": {numbers}\n}}"));
    let network = Network::from_json(&text).unwrap();
    assert!(network.to_json().contains(&numbers));
}

#[test]
fn presets_that_do_not_fit_into_memory_stay_on_the_disk() {
    let disk = Simulated::new();
    let large = largest("large").to_json().unwrap();
    for n in 0..19 {
        disk.put(
            &format!("/root/state/presets/large {n}.json"),
            large.as_bytes(),
        );
    }
    let small = networks()[0].to_json();
    disk.put("/root/state/presets/small.json", small.as_bytes());
    let (_, _, restored) = Autosave::open(&disk, folders());
    let names = |presets: &[Preset]| {
        presets
            .iter()
            .map(|one| one.name.clone())
            .collect::<Vec<_>>()
    };
    let read = names(&restored.presets);
    assert!(
        (3..20).contains(&read.len()) && read.contains(&"small".into()),
        "{read:?}"
    );
    assert_eq!(read.len() + restored.reserved.len(), 20);
    let notice = restored.notices.concat();
    assert!(
        notice.contains("no memory for") && notice.contains("large 9"),
        "{notice}"
    );
}

#[test]
fn rescued_states_are_bounded_and_none_is_lost() {
    let disk = Simulated::new();
    let text = networks()[0].to_json();
    for n in 0..256 {
        disk.put(&format!("/root/state/presets/p {n}.json"), text.as_bytes());
    }
    let mut session = Session::start(&disk);
    for speed in 0..20 {
        bend(&mut session);
        session.does(Command::Set(Key::Speed, speed));
        session.does(Command::SafeStart);
        session.pass(600);
    }
    assert_eq!(session.state().presets.len(), 256 + 16);
    let notice = session.state().notice.clone().unwrap();
    assert!(
        notice.contains("too many presets") && notice.contains("undo"),
        "{notice}"
    );
    session.does(Command::Undo);
    assert_eq!(session.state().bends().len(), 1);
    session.pass(600);
    let state = disk.get("/root/state/state.json");
    // After failed starts, the state's file is kept.
    for _ in 0..2 {
        Session::start(&disk).plays();
    }
    let mut safe = Session::start(&disk);
    safe.pass(600);
    assert_eq!(safe.state().presets.len(), 256 + 16);
    assert_eq!(disk.get("/root/state/state.aside.json"), state);
    let told = |notice: &String| notice.contains("left in state.aside.json");
    assert!(safe.notices.iter().any(told), "{:?}", safe.notices);
}

#[test]
fn an_unreadable_state_is_set_aside_and_keeps_no_new_one_from_being_saved() {
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
    assert_eq!(disk.get("/root/state/state.damaged.json"), before);
    let told = "state.json: you may not read or write there; it was renamed to state.damaged.json";
    let notices = &session.notices;
    assert!(
        notices.iter().any(|notice| notice.ends_with(told)),
        "{notices:?}"
    );

    // The new preset is saved once the folder can be listed.
    disk.fault(None);
    session.pass(6000);
    let (saved, restored) = found(&disk);
    assert!(saved["state"].contains("\"second\""));
    let names: Vec<&str> = restored
        .presets
        .iter()
        .map(|preset| preset.name.as_str())
        .collect();
    assert_eq!(names, ["a", "a 2"]);
}

#[test]
fn a_state_that_is_readable_again_becomes_a_preset() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    disk.fault(Some(Fault::Reads(ErrorKind::Other)));
    let mut session = Session::start(&disk);
    disk.fault(None);
    session.does(Command::Swap(Direction::Next));
    session.pass(1000);
    let (saved, restored) = found(&disk);
    assert!(saved["state"].contains("\"second\""));
    assert_eq!(restored.presets[0].name, "rescued");
    assert_eq!(restored.presets[0].layers.bends().len(), 1);
}

#[test]
fn a_folder_that_appears_late_keeps_its_state_as_a_preset() {
    let other = Simulated::new();
    let mut session = Session::start(&other);
    bend(&mut session);
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    // The card appears, with the state of the last run.
    let state = other.get("/root/state/state.json").unwrap();
    disk.put("/root/state/state.json", state.as_bytes());
    session.does(Command::Swap(Direction::Next));
    session.pass(1000);
    assert!(
        session.notices[0].contains("preset rescued"),
        "{:?}",
        session.notices
    );
    let (saved, restored) = found(&disk);
    assert!(saved["state"].contains("\"second\""));
    assert_eq!(restored.presets[0].layers.bends().len(), 1);
}

#[test]
fn two_failed_starts_lead_to_a_safe_start_that_loses_nothing() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    session.handle.steady();
    session.pass(100);
    // Those that end before their first block do not count.
    for plays in [true, false, false, true] {
        let mut session = Session::start(&disk);
        assert_eq!(session.state().bends().len(), 1);
        if plays {
            session.plays();
        }
    }
    let mut safe = Session::start(&disk);
    assert!(safe.state().bends().is_empty());
    let notice = safe.state().notice.clone().unwrap();
    assert!(
        notice.contains("safe start") && notice.contains("rescued"),
        "{notice}"
    );
    // This start fails too, before it saves anything; the next one does not.
    safe.plays();
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

/// The system may end a program that needs too much memory, before its first block.
#[test]
fn two_starts_that_are_killed_while_they_read_lead_to_one_that_reads_nothing() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    preset(&mut session);
    session.handle.steady();
    session.pass(100);
    let state = disk.get("/root/state/state.json");
    for _ in 0..2 {
        let (autosave, _, restored) = Autosave::open(&disk, folders());
        assert!(restored.saved.is_some());
        std::mem::forget(autosave);
    }
    let mut safe = Session::start(&disk);
    assert!(safe.state().bends().is_empty() && safe.state().presets.is_empty());
    let notice = safe.state().notice.clone().unwrap();
    for told in ["safe start", "1 preset left unread", "state.aside.json"] {
        assert!(notice.contains(told), "{notice}");
    }
    assert_eq!(disk.get("/root/state/state.aside.json"), state);
    // A page must not bring the state back, and no preset takes the place of one on the disk.
    assert!(safe.state().revision.edits > 0);
    let taken = Command::SavePreset(Some("a".into()));
    assert!(safe.instrument.apply(taken).is_err());
    safe.plays();
    safe.handle.steady();
    safe.pass(1000);
    let session = Session::start(&disk);
    assert_eq!(*session.state().presets, ["a"]);
}

#[test]
fn a_start_that_gives_up_before_it_plays_does_not_count() {
    let disk = Simulated::new();
    for _ in 0..5 {
        let (_, _, restored) = Autosave::open(&disk, folders());
        assert!(!restored.is_suspect);
    }
}

#[test]
fn a_damaged_count_of_starts_is_reported_and_set_aside() {
    let disk = Simulated::new();
    disk.put("/root/state/starts.json", b"{\"unsteady\": \"two\"}");
    let session = Session::start(&disk);
    let notice = session.state().notice.clone().unwrap();
    assert!(
        notice.contains("starts.json") && notice.contains("failed starts are counted from 0"),
        "{notice}"
    );
    let aside = disk.get("/root/state/starts.damaged.json").unwrap();
    assert!(aside.contains("two"));
}

/// A failing preset with a name like that of a rescued one does not delay saving the
/// state; a rescued one does.
#[test]
fn only_rescued_presets_delay_saving_the_state() {
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
fn starts_that_end_properly_do_not_count_as_failed() {
    let disk = Simulated::new();
    let mut session = Session::start(&disk);
    bend(&mut session);
    for _ in 0..5 {
        let mut session = Session::start(&disk);
        session.plays();
        assert_eq!(session.state().bends().len(), 1);
        let state = Arc::clone(session.state());
        assert!(session.autosave.finish(0, &state, &mut |_| {}));
    }
}

#[test]
fn the_thread_saves_the_rest_at_the_end() {
    let disk = Simulated::new();
    let Session {
        mut autosave,
        handle,
        mut instrument,
        ..
    } = Session::start(&disk);
    instrument
        .apply(Command::bend(5, Some(Mask::Invert)))
        .unwrap();
    let state = Arc::clone(instrument.state());
    let newest = move || Arc::clone(&state);
    let thread = std::thread::spawn(move || autosave.run(|| 0, newest, |_| {}));
    assert!(handle.begin_end().wait(std::time::Duration::from_secs(60)));
    thread.join().unwrap();
    assert!(found(&disk).0["state"].contains("\"bends\": [5]"));
}

#[test]
fn damaged_files_are_set_aside_and_previous_versions_used() {
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
        notice.contains("checksum is wrong") && notice.contains("the previous version"),
        "{notice}"
    );
    bend(&mut session);
    assert!(
        disk.get("/root/state/state.damaged.json")
            .unwrap()
            .contains("fi?st")
    );
    assert_eq!(found(&disk).1.saved.unwrap().layers.bends().len(), 2);
    // Without the checksum line, a manual change is accepted.
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

    /// Any content of the files still lets the program start, play and save.
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
                    // With a valid checksum nevertheless.
                    content = add_checksum(&String::from_utf8_lossy(&content)).into_bytes();
                }
            }
            disk.put(path.to_str().unwrap(), &content);
        }
        let mut session = Session::start(&disk);
        session.does(Command::Swap(Direction::Next));
        session.does(Command::SavePreset(None));
        session.pass(1000);
        let (saved, restored) = found(&disk);
        prop_assert!(saved["state"].contains("\"second\"") || saved["state"].contains("\"first\""));
        prop_assert!(!restored.presets.is_empty());
        let aside = |notice: &String| notice.ends_with(".damaged.json");
        prop_assert!(session.notices.iter().all(aside), "{:?}", session.notices);
    }
}

#[test]
fn without_folders_nothing_is_saved() {
    let disk = Simulated::new();
    let (autosave, handle, restored) = Autosave::open(&disk, Folders::default());
    handle.save(SaveRequest::Delete("x".into()).into());
    let (instrument, _) =
        Instrument::new(networks(), Parameters::default(), restored.presets, None, 1).unwrap();
    assert!(autosave.finish(0, instrument.state(), &mut |_| {}));
    assert_eq!(disk.calls(), 0);
    assert!(disk.list(Path::new("/root")).is_err());
}
