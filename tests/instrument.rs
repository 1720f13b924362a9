//! The instrument: effects of commands, in any order.

use std::sync::Arc;

use engine::Platform;
use gatebend::board::desk::Desk;
use gatebend::factory_networks;
use gatebend::storage::{add_checksum, verify_checksum};
use instrument::bend_layers::{BendLayers, MAX_LAYERS};
use instrument::layout::{Area, Point};
use instrument::pages::{Picture, Status, View, draw};
use instrument::parameters::{KEYS, Key, Parameters};
use instrument::preset::{MAX_PRESETS, Preset};
use instrument::surface::{Button, Press};
use instrument::{
    Command, Direction, Instrument, Limits, Page, Revision, SaveRequest, Saved, State, Target,
};
use logicnet::{Builder, Gate, Mask, Masks, Network, Op, Program, Signal, Source};
use player::sound::EngineLimits;
use proptest::prelude::*;

fn instrument() -> Instrument {
    let networks = factory_networks::all();
    Instrument::new(networks, Parameters::default(), Vec::new(), None, 1)
        .unwrap()
        .0
}

fn limits(platform: Platform) -> Box<dyn Limits> {
    Box::new(EngineLimits {
        platform,
        lanes: 128,
    })
}

fn apply(instrument: &mut Instrument, commands: impl IntoIterator<Item = Command>) {
    for command in commands {
        instrument.apply(command).unwrap();
    }
}

fn finger(x: f32, y: f32) -> Command {
    Command::Touch(Some(Area::Finger(Point { x, y }, 0.0)))
}

#[test]
fn momentary_bends_last_as_long_as_the_touch() {
    let mut instrument = instrument();
    let plain = instrument.state().masks();
    apply(&mut instrument, [finger(0.4, 0.4)]);
    let state = instrument.state();
    assert_eq!(
        state.masks().get(state.touched[0]),
        Some(Mask::Force(false))
    );
    assert_eq!(state.masks().iter().count(), plain.iter().count() + 1);
    apply(&mut instrument, [Command::Touch(None)]);
    assert_eq!(instrument.state().masks(), plain);
    assert!(instrument.apply(Command::Undo).is_err());
}

#[test]
fn latched_bends_last_until_touched_again_and_a_touch_is_one_undo() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [Command::Set(Key::Hold, 1), Command::Set(Key::Bend, 2)],
    );
    // A touch that slides over several gates toggles each of them once.
    let slide = |from: f32, to: f32| {
        let at = move |i: i32| from + (to - from) * i as f32 / 40.0;
        let there = (0..=40).map(move |i| finger(at(i), 0.4));
        there.chain([Command::Touch(None)])
    };
    apply(&mut instrument, slide(0.2, 0.6));
    let bends = instrument.state().bends().clone();
    assert!(bends.len() > 3 && bends.iter().all(|(_, mask)| mask == Mask::Invert));
    apply(&mut instrument, [Command::Undo]);
    assert!(instrument.state().bends().is_empty());
    apply(&mut instrument, [Command::Redo]);
    assert_eq!(*instrument.state().bends(), bends);
    // The same slide again frees the gates that it has bent.
    apply(&mut instrument, slide(0.2, 0.6));
    assert!(instrument.state().bends().is_empty());
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(*instrument.state().bends(), bends);
}

#[test]
fn undo_goes_back_through_networks() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::bend(40, Some(Mask::Force(true))),
            Command::Swap(Direction::Next),
            Command::Mutate(None),
            Command::Random(Some(5)),
        ],
    );
    let last = Arc::clone(&instrument.state().network);
    apply(
        &mut instrument,
        [Command::Undo, Command::Undo, Command::Undo],
    );
    let state = instrument.state();
    assert_eq!((state.network_index, state.bends().len()), (0, 1));
    apply(
        &mut instrument,
        [Command::Redo, Command::Redo, Command::Redo],
    );
    assert!(Arc::ptr_eq(&instrument.state().network, &last));
    assert!(instrument.apply(Command::Redo).is_err());
    // A new change ends redo.
    apply(
        &mut instrument,
        [Command::Undo, Command::bend(40, Some(Mask::Invert))],
    );
    assert!(instrument.apply(Command::Redo).is_err());
}

#[test]
fn buttons_do_what_the_documentation_says() {
    let mut instrument = instrument();
    let press = |button, press| Command::Press(button, press);
    apply(
        &mut instrument,
        [
            press(Button::Mode, Press::Tap),
            press(Button::Mode, Press::Hold),
        ],
    );
    assert_eq!(instrument.state().mask(), Mask::Force(true));
    assert!(instrument.state().latched());
    apply(&mut instrument, [press(Button::Previous, Press::Tap)]);
    assert_eq!(
        instrument.state().network_index,
        factory_networks::all().len() - 1
    );
    apply(&mut instrument, [press(Button::Clear, Press::Hold)]);
    assert_eq!(instrument.state().network_index, 0);
    // In the menu, lower the volume by two steps.
    apply(&mut instrument, [press(Button::Time, Press::Hold)]);
    assert_eq!(instrument.state().page, Page::Menu);
    apply(
        &mut instrument,
        [
            press(Button::Mode, Press::Tap),
            press(Button::Mode, Press::Tap),
        ],
    );
    assert_eq!(instrument.state().parameters.get(Key::Volume), -16);
    apply(&mut instrument, [press(Button::Time, Press::Hold)]);
    assert_eq!(instrument.state().page, Page::Presets);
    assert!(instrument.apply(press(Button::Clear, Press::Tap)).is_err());
    apply(&mut instrument, [press(Button::Mode, Press::Tap)]);
    assert_eq!(*instrument.state().presets, ["preset 1"]);
    apply(&mut instrument, [press(Button::Time, Press::Tap)]);
    assert_eq!(instrument.state().page, Page::Play);
}

#[test]
fn presets_survive_their_file_and_leave_the_volume() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::Random(Some(9)),
            Command::bend(50, Some(Mask::Force(true))),
            Command::bend(3, Some(Mask::Invert)),
            Command::Set(Key::Speed, -50),
            Command::Set(Key::Volume, -6),
        ],
    );
    let state = Arc::clone(instrument.state());
    let effect = instrument
        .apply(Command::SavePreset(Some("one".into())))
        .unwrap();
    let Some(SaveRequest::Save(preset)) = effect.save else {
        panic!("no preset is saved");
    };
    let text = preset.to_json().unwrap();
    let read = Preset::from_json("one".into(), &text).unwrap();
    assert_eq!(
        (&read.network, &read.layers),
        (&preset.network, &preset.layers)
    );
    assert_eq!(read.parameters.get(Key::Speed), -50);
    apply(
        &mut instrument,
        [
            Command::Swap(Direction::Next),
            Command::Set(Key::Speed, 100),
            Command::Set(Key::Volume, -20),
            Command::RecallPreset("one".into()),
        ],
    );
    let recalled = instrument.state();
    assert_eq!(
        (&recalled.layers, recalled.masks()),
        (&state.layers, state.masks())
    );
    assert_eq!(recalled.network.gates(), state.network.gates());
    assert_eq!(recalled.parameters.get(Key::Speed), -50);
    assert_eq!(recalled.parameters.get(Key::Volume), -20);
    for name in ["", "a/b", "..", " x", "x\n"] {
        assert!(
            instrument
                .apply(Command::SavePreset(Some(name.into())))
                .is_err()
        );
    }
}

/// Returns a network with its own masks on two gates.
fn masked() -> logicnet::Network {
    let own = [(30, Mask::Invert), (31, Mask::Force(true))];
    factory_networks::all()
        .swap_remove(2)
        .with_masks(own.into_iter().collect())
        .unwrap()
}

#[test]
fn the_masks_of_a_network_do_not_become_bends_of_a_preset() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::Load(Box::new(masked())),
            Command::bend(31, Some(Mask::Force(true))),
            Command::bend(40, Some(Mask::Invert)),
        ],
    );
    let state = Arc::clone(instrument.state());
    let preset = state.to_preset("one".into());
    let text = preset.to_json().unwrap();
    // For other tools, the file sounds as bent.
    let plain = logicnet::Network::from_json(&text).unwrap();
    assert_eq!(*plain.masks(), state.masks());
    assert_eq!(Preset::from_json("one".into(), &text).unwrap(), preset);
    assert!(preset.network.masks().get(30).is_some() && preset.layers.bends().len() == 2);
    // A preset file that is loaded as a network has masks and no bends.
    apply(&mut instrument, [Command::Load(Box::new(plain))]);
    let again = instrument.state().to_preset("two".into());
    let read = Preset::from_json("two".into(), &again.to_json().unwrap()).unwrap();
    assert!(read.layers.bends().is_empty() && read.network.masks().len() == 3);
}

#[test]
fn presets_of_the_first_version_play() {
    let text = masked().to_json().replace(
        "\n}\n",
        ",\n  \"parameters\": {\"speed\": -50, \"radius\": 9999, \"x\": 1}\n}\n",
    );
    let preset = Preset::from_json("old".into(), &text).unwrap();
    assert_eq!(preset.layers.bends().len(), 2);
    assert!(preset.network.masks().is_empty() && preset.network.extra().is_empty());
    assert_eq!(preset.parameters.get(Key::Speed), -50);
    assert_eq!(preset.parameters.get(Key::Radius), 50);
}

#[test]
fn a_safe_start_saves_the_state_before() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::SavePreset(Some("rescued".into())),
            Command::Swap(Direction::Next),
            Command::bend(40, Some(Mask::Invert)),
            Command::Set(Key::Speed, -200),
            Command::Set(Key::Volume, -33),
            Command::Set(Key::Dead, 1),
        ],
    );
    let all = Saved::of(instrument.state());
    let layout = Arc::clone(&instrument.state().layout);
    let effect = instrument.apply(Command::SafeStart).unwrap();
    let Some(SaveRequest::Save(preset)) = effect.save else {
        panic!("no preset is saved");
    };
    assert_eq!(
        (preset.name.as_str(), preset.layers.bends().len()),
        ("rescued 2", 1)
    );
    // The file has the whole state.
    let read = Preset::from_json("rescued 2".into(), &preset.to_json().unwrap()).unwrap();
    assert_eq!(read, *preset);
    let state = Arc::clone(instrument.state());
    assert_eq!((state.network_index, state.bends().len()), (0, 0));
    assert_eq!(state.parameters, Parameters::default());
    assert!(state.notice.as_ref().unwrap().contains("rescued 2"));
    // Undo restores the whole state, and redo starts safely again.
    apply(&mut instrument, [Command::Undo]);
    assert!(all.matches(instrument.state()));
    assert_eq!(instrument.state().layout, layout);
    apply(&mut instrument, [Command::Redo]);
    assert_eq!(instrument.state().parameters, Parameters::default());
    // Another safe start has nothing to save, nor has one from the rescued state.
    assert!(instrument.apply(Command::SafeStart).unwrap().save.is_none());
    apply(&mut instrument, [Command::RecallPreset("rescued 2".into())]);
    assert!(all.matches(instrument.state()));
    assert!(instrument.apply(Command::SafeStart).unwrap().save.is_none());
    apply(&mut instrument, [Command::Undo]);
    assert!(all.matches(instrument.state()));
}

#[test]
fn undo_of_a_safe_start_restores_parameters_that_presets_do_not_hold() {
    let mut instrument = instrument();
    apply(&mut instrument, [Command::Set(Key::Volume, -33)]);
    let effect = instrument.apply(Command::SafeStart).unwrap();
    assert!(effect.save.is_some_and(|request| request.is_rescue()));
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(instrument.state().parameters.get(Key::Volume), -33);
}

#[test]
fn the_number_of_presets_is_limited() {
    let mut instrument = instrument();
    let save = |name: String| Command::SavePreset(Some(name));
    apply(
        &mut instrument,
        (0..MAX_PRESETS).map(|i| save(format!("p {i}"))),
    );
    let before = Arc::clone(instrument.state());
    for name in [Some("one more".to_string()), None] {
        let problem = instrument.apply(Command::SavePreset(name)).unwrap_err();
        assert!(problem.contains("256 presets"), "{problem}");
    }
    assert_eq!(*instrument.state(), before);
    // Saving over a preset adds none, and rescued states are saved beyond the limit.
    apply(
        &mut instrument,
        [
            Command::bend(40, Some(Mask::Invert)),
            Command::ReplacePreset("p 7".into()),
        ],
    );
    assert!(instrument.apply(Command::SafeStart).unwrap().save.is_some());
    let names = ["p 1", "rescued"].map(|name| Command::DeletePreset(name.into()));
    apply(&mut instrument, names);
    apply(&mut instrument, [Command::SavePreset(None)]);
    assert_eq!(instrument.state().presets.len(), MAX_PRESETS);
}

#[test]
fn the_history_holds_as_many_large_networks_as_fit() {
    let mut instrument = instrument();
    let large =
        logicnet::Network::random(16, &[8000; 8], logicnet::random::Ops::XorRich, 1).unwrap();
    let network = |i: usize| {
        let mut parts = large.clone().into_parts();
        parts.name = format!("large {i}");
        Command::Load(Box::new(Network::try_from(parts).unwrap()))
    };
    let bytes = large.heap_bytes();
    for i in 0..50 {
        apply(&mut instrument, [network(i)]);
    }
    let (undo, _) = instrument.state().history;
    let most = (16 << 20) / bytes;
    assert!((most - 3..most).contains(&undo), "{undo} of {most}");
    // Snapshots that differ in bends share their network.
    for node in 0..20 {
        apply(&mut instrument, [Command::bend(node, Some(Mask::Invert))]);
    }
    assert!(instrument.state().history.0 >= 20);
    while instrument.state().history.0 > 0 {
        apply(&mut instrument, [Command::Undo]);
    }
    assert!(instrument.state().network.name().starts_with("large"));
}

#[test]
fn a_saved_state_that_is_too_slow_becomes_a_preset() {
    let large =
        logicnet::Network::random(16, &[1024; 24], logicnet::random::Ops::XorRich, 1).unwrap();
    let mut before = instrument();
    apply(
        &mut before,
        [
            Command::Load(Box::new(large)),
            Command::Set(Key::Rate, 96_000),
        ],
    );
    let saved = Saved::of(before.state());
    let limits = Some(limits(Desk::new(Vec::new()).platform));
    let (mut instrument, _) = Instrument::new(
        factory_networks::all(),
        Parameters::default(),
        Vec::new(),
        limits,
        1,
    )
    .unwrap();
    let effect = instrument.resume(saved, true);
    assert!(effect.sound.is_none() && effect.save.is_some());
    let notice = instrument.state().notice.clone().unwrap();
    assert!(
        notice.contains("too slow") && notice.contains("preset rescued"),
        "{notice}"
    );
    assert_eq!(instrument.state().network_index, 0);
    assert_eq!(*instrument.state().presets, ["rescued"]);
}

#[test]
fn undo_of_a_preset_takes_back_its_parameters() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::Set(Key::Speed, -200),
            Command::SavePreset(Some("fast".into())),
            Command::Set(Key::Speed, 50),
            Command::RecallPreset("fast".into()),
        ],
    );
    let speed = |instrument: &Instrument| instrument.state().parameters.get(Key::Speed);
    assert_eq!(speed(&instrument), -200);
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(speed(&instrument), 50);
    apply(&mut instrument, [Command::Redo]);
    assert_eq!(speed(&instrument), -200);
    // Undo of other changes leaves the parameters alone.
    apply(
        &mut instrument,
        [
            Command::Swap(Direction::Next),
            Command::Set(Key::Speed, 100),
            Command::Undo,
        ],
    );
    assert_eq!(speed(&instrument), 100);
}

#[test]
fn a_touch_can_be_undone_and_redone_while_it_lasts() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::Set(Key::Hold, 1),
            Command::bend(100, Some(Mask::Invert)),
        ],
    );
    apply(
        &mut instrument,
        [Command::Set(Key::Radius, 0), finger(0.3, 0.3)],
    );
    let bends = instrument.state().bends().clone();
    assert_eq!(bends.len(), 2);
    // Other commands during the touch do not split it into two steps.
    apply(
        &mut instrument,
        [Command::Set(Key::Volume, -20), finger(0.6, 0.3)],
    );
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(instrument.state().bends().len(), 1);
    apply(&mut instrument, [Command::Redo]);
    assert_eq!(instrument.state().bends().len(), 3);
}

#[test]
fn the_first_gate_of_a_touch_decides_whether_it_latches_or_frees() {
    let mut instrument = instrument();
    let press = |size| Command::Touch(Some(Area::Finger(Point { x: 0.5, y: 0.5 }, size)));
    apply(
        &mut instrument,
        [Command::Set(Key::Hold, 1), Command::Set(Key::Radius, 20)],
    );
    apply(
        &mut instrument,
        [press(0.2), press(0.5), press(0.3), Command::Touch(None)],
    );
    assert!(instrument.state().bends().len() > 2);
    // The same touch again frees, even where the finger is larger than before.
    apply(
        &mut instrument,
        [press(0.1), press(0.9), Command::Touch(None)],
    );
    assert!(instrument.state().bends().is_empty());
}

#[test]
fn a_finger_can_always_be_lifted() {
    let large =
        logicnet::Network::random(16, &[1024; 24], logicnet::random::Ops::XorRich, 1).unwrap();
    let limits = Some(limits(Desk::new(Vec::new()).platform));
    let (mut instrument, _) =
        Instrument::new(vec![large], Parameters::default(), Vec::new(), limits, 1).unwrap();
    // While the touch forces everything to 0, the program is small.
    let all = Area::Box(Point { x: 0.0, y: 0.0 }, Point { x: 1.0, y: 1.0 });
    apply(&mut instrument, [Command::Touch(Some(all))]);
    let problem = instrument
        .apply(Command::Set(Key::Rate, 96_000))
        .unwrap_err();
    assert!(problem.contains("live gates at 96000"), "{problem}");
    apply(&mut instrument, [Command::Touch(None)]);
    assert!(instrument.state().touched.is_empty());
}

/// Returns an instrument and two gates, G and H. Its network is too slow unless G is 1 or H
/// is 0; G is bent to 1.
fn gated() -> (Instrument, u32, u32) {
    let ops = logicnet::random::Ops::XorRich;
    let random = logicnet::Network::random(16, &[64; 16], ops, 1).unwrap();
    let (last, g) = (random.outputs()[0], random.nodes());
    let (h, all, either) = (g + 1, g + 2, g + 3);
    let mut parts = random.into_parts();
    let gate = |op, a, b| Gate { op, a, b };
    for gates in [
        vec![
            gate(Op::XOR, 0, 1),
            gate(Op::XOR, 0, 2),
            gate(Op::XOR, last, last + 1),
        ],
        vec![gate(Op::OR, g, all)],
        vec![gate(Op::AND, either, h)],
    ] {
        let extra = logicnet::Extra::default();
        parts.layers.push(logicnet::NetworkLayer { gates, extra });
    }
    parts.outputs = vec![either + 1; parts.outputs.len()];
    let network = logicnet::Network::try_from(parts).unwrap();
    let mut platform = Desk::new(Vec::new()).platform;
    platform.cost.gate_ns = 1400.0;
    let limits = Some(limits(platform));
    let (mut instrument, _) =
        Instrument::new(vec![network], Parameters::default(), Vec::new(), limits, 1).unwrap();
    let too_fast = Command::Set(Key::Rate, 96_000);
    assert!(instrument.apply(too_fast.clone()).is_err());
    apply(
        &mut instrument,
        [Command::bend(g, Some(Mask::Force(true))), too_fast],
    );
    (instrument, g, h)
}

/// Returns the command for a knob that is turned to this part of its range, 0.0 to 1.0.
fn turned_to(input: usize, part: f32) -> Command {
    turned(input, (1.0 + 126.0 * part) / 128.0)
}

/// Returns the position of a gate.
fn position(instrument: &Instrument, node: u32) -> Point {
    let cells = instrument.state().layout.cells();
    cells.iter().find(|cell| cell.node == node).unwrap().at
}

#[test]
fn a_knob_cannot_bend_so_that_the_finger_cannot_be_lifted() {
    let (mut instrument, g, h) = gated();
    let (knob, at) = (position(&instrument, g), position(&instrument, h));
    apply(
        &mut instrument,
        [
            Command::Set(Key::ANALOG[0], 3),
            Command::Set(Key::ANALOG[1], 4),
            turned_to(1, knob.y),
            finger(at.x, at.y),
        ],
    );
    // The knob would bend G to 0, which is playable only under the finger.
    let problem = instrument.apply(turned_to(0, knob.x)).unwrap_err();
    assert!(problem.contains("too slow"), "{problem}");
    assert_eq!(instrument.state().touched, [h]);
    apply(&mut instrument, [Command::Touch(None)]);
    assert!(instrument.state().touched.is_empty());
    assert!(instrument.apply(turned_to(0, knob.x)).is_err());
}

#[test]
fn paint_under_a_finger_cannot_prevent_it_from_being_lifted() {
    let (mut instrument, g, h) = gated();
    let at = position(&instrument, h);
    let zero = Some(Mask::Force(false));
    apply(
        &mut instrument,
        [
            Command::bend(h, zero),
            Command::bend(g, None),
            finger(at.x, at.y),
        ],
    );
    // Refused, although the finger hides the difference.
    assert!(instrument.apply(Command::bend(h, None)).is_err());
    apply(&mut instrument, [Command::Touch(None)]);
    assert!(instrument.state().touched.is_empty());
}

#[test]
fn a_latching_touch_cannot_prevent_a_knob_from_being_turned_down() {
    let (mut instrument, g, h) = gated();
    let (knob, at) = (position(&instrument, h), position(&instrument, g));
    apply(
        &mut instrument,
        [
            Command::Set(Key::ANALOG[0], 3),
            Command::Set(Key::ANALOG[1], 4),
            turned_to(1, knob.y),
            turned_to(0, knob.x),
            Command::Set(Key::Hold, 1),
        ],
    );
    assert_eq!(instrument.state().steered, Some(h));
    // The touch would free G, so that H would have to stay at 0.
    assert!(instrument.apply(finger(at.x, at.y)).is_err());
    apply(&mut instrument, [Command::Touch(None), turned(0, 0.0)]);
    assert_eq!(instrument.state().steered, None);
}

#[test]
fn a_network_from_elsewhere_takes_the_index_of_its_counterpart() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::Choose(7),
            Command::SavePreset(Some("seven".into())),
            Command::Choose(2),
            Command::RecallPreset("seven".into()),
        ],
    );
    assert_eq!(instrument.state().network_index, 7);
    let seventh = (*instrument.state().network).clone();
    apply(
        &mut instrument,
        [Command::Choose(2), Command::Load(Box::new(seventh.clone()))],
    );
    assert_eq!(instrument.state().network_index, 7);
    // A changed network is found by its name.
    let gate = seventh.gates()[0];
    apply(
        &mut instrument,
        [
            Command::Rewire(
                seventh.inputs(),
                Gate {
                    op: gate.op.complement(),
                    ..gate
                },
            ),
            Command::SavePreset(Some("rewired".into())),
            Command::Choose(2),
            Command::RecallPreset("rewired".into()),
        ],
    );
    assert_eq!(instrument.state().network_index, 7);
    // The next network is the one after it, also after undo and redo.
    apply(
        &mut instrument,
        [Command::Undo, Command::Redo, Command::Swap(Direction::Next)],
    );
    assert_eq!(instrument.state().network_index, 8);
    // A network without a counterpart leaves the index alone.
    let mut foreign = Saved::of(instrument.state());
    let mut parts = seventh.into_parts();
    parts.name = "from elsewhere".into();
    foreign.origin = parts.name.clone();
    foreign.network = Arc::new(logicnet::Network::try_from(parts).unwrap());
    apply(
        &mut instrument,
        [
            Command::Load(Box::new((*foreign.network).clone())),
            Command::Restore(Box::new(foreign), None),
            Command::Random(Some(3)),
        ],
    );
    assert_eq!(instrument.state().network_index, 8);
}

#[test]
fn no_preset_is_lost_by_saving_or_deleting_another() {
    let mut instrument = instrument();
    let save = |name: &str| Command::SavePreset(Some(name.into()));
    let notice = |instrument: &Instrument| instrument.state().notice.clone().unwrap();
    apply(
        &mut instrument,
        [save("dusk"), Command::Choose(1), save("dusk")],
    );
    assert_eq!(notice(&instrument), "saved as dusk 2: dusk exists");
    // The same again is the same preset.
    apply(&mut instrument, [save("dusk")]);
    assert_eq!(*instrument.state().presets, ["dusk", "dusk 2"]);
    let plays = |instrument: &mut Instrument, name: &str| {
        apply(instrument, [Command::RecallPreset(name.into())]);
        instrument.state().network_index
    };
    assert_eq!(plays(&mut instrument, "dusk"), 0);
    // A player may replace a preset, and have the earlier one back.
    let replace = |name: &str| Command::ReplacePreset(name.into());
    apply(&mut instrument, [Command::Choose(2), replace("dusk 2")]);
    assert_eq!(plays(&mut instrument, "dusk 2"), 2);
    assert!(instrument.apply(replace("dawn")).is_err());
    apply(&mut instrument, [Command::RestorePreset(None)]);
    assert_eq!(notice(&instrument), "back as dusk 2 2: dusk 2 exists");
    assert_eq!(plays(&mut instrument, "dusk 2 2"), 1);
    let delete = |name: &str| Command::DeletePreset(name.into());
    apply(&mut instrument, [delete("dusk"), delete("dusk 2")]);
    let back = |name: Option<&str>| Command::RestorePreset(name.map(Into::into));
    apply(&mut instrument, [back(Some("dusk")), back(None)]);
    assert_eq!(*instrument.state().presets, ["dusk", "dusk 2", "dusk 2 2"]);
    let problem = instrument.apply(back(None)).unwrap_err();
    assert_eq!(problem, "no preset was deleted");
    // A name that is made up is not that of a preset that may come back.
    apply(
        &mut instrument,
        [Command::SavePreset(None), delete("preset 1")],
    );
    apply(
        &mut instrument,
        [Command::Choose(3), Command::SavePreset(None), back(None)],
    );
    let names = ["dusk", "dusk 2", "dusk 2 2", "preset 1", "preset 2"];
    assert_eq!(*instrument.state().presets, names);
}

#[test]
fn presets_never_take_reserved_names() {
    let mut instrument = instrument();
    instrument.reserve(vec!["preset 1".into()]);
    apply(&mut instrument, [Command::SavePreset(None)]);
    assert_eq!(*instrument.state().presets, ["preset 2"]);
    assert!(
        instrument
            .apply(Command::SavePreset(Some("preset 1".into())))
            .is_err()
    );
}

#[test]
fn a_mutated_network_has_no_source_or_description() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [Command::Mutate(None), Command::Mutate(None)],
    );
    let network = &instrument.state().network;
    assert_eq!((network.source(), network.description()), (None, None));
    assert!(network.name().ends_with('*') && !network.name().ends_with("**"));
}

fn bends() -> impl Strategy<Value = Option<Mask>> {
    prop_oneof![
        Just(None),
        any::<bool>().prop_map(|value| Some(Mask::Force(value))),
        Just(Some(Mask::Invert)),
        (0u8..16).prop_map(|op| Op::new(op).map(Mask::Replace)),
    ]
}

fn commands() -> impl Strategy<Value = Command> {
    let point = || (0.0f32..=1.0, 0.0f32..=1.0).prop_map(|(x, y)| Point { x, y });
    prop_oneof![
        4 => (point(), 0.0f32..=1.0).prop_map(|(at, size)| Command::Touch(Some(Area::Finger(at, size)))),
        1 => (point(), point()).prop_map(|(a, b)| Command::Touch(Some(Area::Box(a, b)))),
        2 => Just(Command::Touch(None)),
        4 => (0usize..5, any::<bool>()).prop_map(|(button, hold)| {
            Command::Press(Button::ALL[button], if hold { Press::Hold } else { Press::Tap })
        }),
        1 => Just(Command::Random(None)),
        1 => prop::option::of(any::<u64>()).prop_map(Command::Mutate),
        4 => (prop::collection::vec((0u32..500, bends()), 0..9), prop::option::of(0u32..3))
            .prop_map(|(bends, stroke)| Command::Paint { bends, stroke }),
        2 => prop::option::of("[a-c /]{0,2}").prop_map(Command::AddLayer),
        1 => (0usize..4).prop_map(Command::RemoveLayer),
        1 => (0usize..4).prop_map(Command::ChooseLayer),
        3 => (0usize..3, any::<u8>()).prop_map(|(layer, to)| Command::SetStrength(layer, to)),
        1 => (0usize..4).prop_map(Command::ClearLayer),
        2 => (0u32..500, 0u8..16, 0u32..300, 0u32..300).prop_map(|(node, op, a, b)| {
            let op = Op::new(op).unwrap();
            Command::Rewire(node, Gate { op, a, b })
        }),
        1 => (0usize..24).prop_map(Command::Choose),
        1 => any::<bool>().prop_map(Command::Play),
        1 => any::<u32>().prop_map(Command::Seek),
        1 => prop::option::of(any::<u32>()).prop_map(|t| {
            let mut other = instrument();
            apply(&mut other, [Command::Swap(Direction::Next), Command::AddLayer(None)]);
            apply(&mut other, [Command::bend(40, Some(Mask::Invert)), Command::Set(Key::Speed, 50)]);
            Command::Restore(Box::new(Saved::of(other.state())), t)
        }),
        1 => Just(Command::ClearBends),
        2 => Just(Command::Undo),
        2 => Just(Command::Redo),
        2 => (0..KEYS.len(), any::<i32>()).prop_map(|(key, value)| Command::Set(KEYS[key], value)),
        1 => (0..KEYS.len(), any::<i32>()).prop_map(|(key, steps)| Command::Step(KEYS[key], steps)),
        1 => Just(Command::Swap(Direction::Next)),
        1 => "[a-c]{0,2}".prop_map(|name| Command::SavePreset(Some(name))),
        1 => "[a-c]{1,2}".prop_map(Command::RecallPreset),
        1 => "[a-c]{1,2}".prop_map(Command::DeletePreset),
    ]
}

/// Returns the picture on the display, with all gates at 0.
fn shown(state: &State) -> Picture {
    let mut picture = Picture::new(64);
    let view = View {
        state,
        status: &Status::default(),
        notice: None,
        values: &vec![false; state.network.nodes() as usize],
    };
    draw(&mut picture, &view);
    picture
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// After a restart, the instrument sounds and looks the same.
    #[test]
    fn a_state_survives_its_file(commands in prop::collection::vec(commands(), 1..40), own: bool) {
        let mut instrument = instrument();
        if own {
            apply(&mut instrument, [Command::Load(Box::new(masked()))]);
        }
        for command in commands {
            let _ = instrument.apply(command);
        }
        let _ = instrument.apply(Command::Touch(None));
        apply(&mut instrument, [Command::Finger(None), Command::Show(Page::Play), Command::Play(true)]);
        let state = instrument.state();
        let text = add_checksum(&Saved::of(state).to_json().unwrap());
        // Every tool that plays networks can play the file.
        let plain = logicnet::Network::from_json(&text).unwrap();
        prop_assert_eq!(plain.masks(), &state.lasting_masks());
        prop_assert!(plain.extra().get("checksum").is_none());

        let saved = Saved::from_json(&verify_checksum(&text).unwrap()).unwrap();
        prop_assert!(saved.matches(state));
        let mut again = self::instrument();
        let effect = again.resume(saved, true);
        let again = again.state();
        prop_assert!(effect.save.is_none());
        let sound = effect.sound.unwrap();
        prop_assert_eq!(sound.id, again.sound);
        prop_assert_eq!(&again.parameters, &state.parameters);
        prop_assert_eq!((&again.layers, again.network_index), (&state.layers, state.network_index));
        prop_assert!(sound.program.unwrap() == program(state));
        prop_assert!(shown(again) == shown(state));
        prop_assert!(Saved::of(again).matches(state));
    }

    /// Undo and redo go exactly as many steps as the state says, and restore each state
    /// exactly.
    #[test]
    fn undo_goes_back_exactly(commands in prop::collection::vec((commands(), any::<bool>()), 1..60)) {
        type Step = (*const logicnet::Network, BendLayers, usize, Parameters);
        let step = |instrument: &Instrument| -> Step {
            let state = instrument.state();
            let (layers, parameters) = (state.layers.clone(), state.parameters.clone());
            (Arc::as_ptr(&state.network), layers, state.network_index, parameters)
        };
        let mut instrument = instrument();
        for (command, goes_back) in commands {
            let moves = matches!(command, Command::Undo | Command::Redo | Command::Press(..));
            let (before, steps) = (step(&instrument), instrument.state().history);
            let touched = !instrument.state().touched.is_empty();
            let _ = instrument.apply(command);
            let (after, now) = (step(&instrument), instrument.state().history);
            prop_assert!(moves || touched || now == steps || now.1 == 0);
            if goes_back && !moves && !touched && now.0 > steps.0 {
                apply(&mut instrument, [Command::Undo]);
                prop_assert_eq!(step(&instrument), before);
                prop_assert_eq!(instrument.state().history, (now.0 - 1, 1));
                apply(&mut instrument, [Command::Redo]);
                prop_assert_eq!(step(&instrument), after);
            }
        }
        let _ = instrument.apply(Command::Touch(None));
        let mut undone = vec![step(&instrument)];
        for _ in 0..instrument.state().history.0 {
            apply(&mut instrument, [Command::Undo]);
            undone.push(step(&instrument));
        }
        prop_assert!(instrument.apply(Command::Undo).is_err());
        let further = instrument.state().history.1 + 1 - undone.len();
        while let Some(expected) = undone.pop() {
            prop_assert_eq!(step(&instrument), expected);
            if !undone.is_empty() {
                apply(&mut instrument, [Command::Redo]);
            }
        }
        prop_assert_eq!(instrument.state().history.1, further);
    }

    /// After any commands, the engine plays the state's network under the state's masks. A
    /// refused command changes nothing.
    #[test]
    fn sound_and_state_agree_after_any_commands(commands in prop::collection::vec(commands(), 1..60)) {
        let mut instrument = instrument();
        // The program that the engine would play.
        let state = instrument.state();
        let mut playing = program(state);
        for command in commands {
            let before = Arc::clone(instrument.state());
            match instrument.apply(command) {
                Ok(effect) => {
                    if let Some(sound) = effect.sound {
                        prop_assert_eq!(sound.id, instrument.state().sound);
                        prop_assert_eq!(sound.playback, instrument.state().playback());
                        let sought = instrument.state().resets != before.resets;
                        prop_assert_eq!(sound.seek, sought.then_some(instrument.state().t0));
                        playing = sound.program.unwrap_or(playing);
                    }
                }
                Err(problem) => {
                    prop_assert!(!problem.is_empty());
                    prop_assert!(Arc::ptr_eq(&before, instrument.state()));
                }
            }
            let state = instrument.state();
            let masks = state.masks();
            // All bends fit the network.
            prop_assert!(state.network.as_ref().clone().with_masks(masks.clone()).is_ok());
            prop_assert!(playing == program(state));
        }
    }
}

/// Returns the program that sounds while no key does.
fn program(state: &State) -> Program {
    Builder::new().build_with(&state.network, &state.masks(), &state.control_values())
}

/// Returns the command for a part of a stroke.
fn paint(nodes: std::ops::Range<u32>, stroke: u32) -> Command {
    Command::Paint {
        bends: nodes.map(|node| (node, Some(Mask::Invert))).collect(),
        stroke: Some(stroke),
    }
}

#[test]
fn a_stroke_of_paint_is_one_step_of_undo() {
    let mut instrument = instrument();
    let count = |instrument: &Instrument| instrument.state().bends().len();
    apply(
        &mut instrument,
        [paint(20..30, 1), paint(30..40, 1), paint(40..50, 1)],
    );
    assert_eq!(instrument.state().history, (1, 0));
    // Commands that are not steps do not end the stroke.
    apply(
        &mut instrument,
        [
            Command::Set(Key::Volume, -20),
            finger(0.5, 0.5),
            Command::Touch(None),
        ],
    );
    apply(&mut instrument, [paint(50..60, 1), paint(60..70, 2)]);
    assert_eq!(
        (count(&instrument), instrument.state().history),
        (50, (2, 0))
    );
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(
        (count(&instrument), instrument.state().history),
        (40, (1, 1))
    );
    // After undo, the rest of the stroke is another step.
    apply(&mut instrument, [paint(70..71, 2), Command::Undo]);
    assert_eq!(count(&instrument), 40);
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(
        (count(&instrument), instrument.state().history),
        (0, (0, 2))
    );
    // A stroke whose beginning changes nothing does not merge with the stroke before.
    apply(
        &mut instrument,
        [paint(20..21, 3), paint(20..21, 4), paint(21..22, 4)],
    );
    assert_eq!(instrument.state().history, (2, 0));
}

#[test]
fn strokes_that_alternate_are_separate_steps() {
    let mut instrument = instrument();
    let (one, other) = (1, 2);
    let steps = [(20..30, one), (30..40, other), (40..50, one), (50..60, one)];
    for (nodes, stroke) in steps {
        apply(&mut instrument, [paint(nodes, stroke)]);
    }
    assert_eq!(instrument.state().history, (3, 0));
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(instrument.state().bends().len(), 20);
    apply(&mut instrument, [Command::Undo]);
    assert_eq!(instrument.state().bends().len(), 10);
}

#[test]
fn a_refused_stroke_does_not_end_another() {
    let mut instrument = instrument();
    apply(&mut instrument, [paint(20..30, 1)]);
    assert!(instrument.apply(paint(9998..9999, 2)).is_err());
    apply(&mut instrument, [paint(30..40, 1)]);
    assert_eq!(instrument.state().history, (1, 0));
}

#[test]
fn refused_paint_bends_nothing_and_names_the_node() {
    let mut instrument = instrument();
    let before = Arc::clone(instrument.state());
    for (node, mask, named) in [
        (9999, None, "no node 9999"),
        (0, Some(Mask::Replace(Op::XOR)), "node 0 is an input"),
    ] {
        let bends = vec![(20, Some(Mask::Invert)), (node, mask)];
        let paint = Command::Paint {
            bends,
            stroke: None,
        };
        let problem = instrument.apply(paint).unwrap_err();
        assert!(problem.contains(named), "{problem}");
        assert!(Arc::ptr_eq(&before, instrument.state()));
    }
}

#[test]
fn touches_and_paint_go_to_the_chosen_layer_and_strength_fades_it() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::bend(40, Some(Mask::Invert)),
            Command::AddLayer(Some("more".into())),
            Command::Set(Key::Hold, 1),
            finger(0.4, 0.4),
            Command::Touch(None),
        ],
    );
    let state = Arc::clone(instrument.state());
    assert_eq!((state.layers.len(), state.layers.chosen()), (2, 1));
    assert_eq!(
        (state.layers[0].bends.len(), state.layers[1].bends.len()),
        (1, 1)
    );
    let steps = state.history.0;
    // A fader that goes down and half way up is one step, and audible.
    for strength in [80, 20, 0] {
        apply(&mut instrument, [Command::SetStrength(1, strength)]);
    }
    assert_eq!(instrument.state().bends().len(), 1);
    let effect = instrument.apply(Command::SetStrength(1, 50)).unwrap();
    assert!(effect.sound.is_some());
    // The share of one gate is rounded up to the gate.
    assert!(
        instrument
            .apply(Command::SetStrength(1, 60))
            .unwrap()
            .sound
            .is_none()
    );
    assert_eq!(instrument.state().history.0, steps + 1);
    apply(
        &mut instrument,
        [Command::SetStrength(0, 10), Command::SetStrength(1, 255)],
    );
    assert_eq!(instrument.state().history.0, steps + 3);
    assert_eq!(instrument.state().layers[1].strength, 100);
    apply(&mut instrument, [Command::ClearLayer(1)]);
    assert_eq!(instrument.state().bends().len(), 1);
    apply(&mut instrument, [Command::Undo, Command::ClearBends]);
    assert_eq!(
        (
            instrument.state().bends().len(),
            instrument.state().layers.len()
        ),
        (0, 2)
    );
    for _ in 0..4 {
        apply(&mut instrument, [Command::Undo]);
    }
    assert_eq!(instrument.state().layers, state.layers);
    for command in [
        Command::RemoveLayer(0),
        Command::RemoveLayer(2),
        Command::ChooseLayer(2),
        Command::SetStrength(2, 5),
        Command::ClearLayer(9),
        Command::AddLayer(Some("a/b".into())),
    ] {
        assert!(instrument.apply(command).is_err());
    }
    // Another network starts without further layers.
    apply(&mut instrument, [Command::Choose(3)]);
    assert_eq!(
        (
            instrument.state().network_index,
            instrument.state().layers.len()
        ),
        (3, 1)
    );
    assert!(
        instrument
            .apply(Command::Choose(99))
            .unwrap_err()
            .contains(&format!("has {}", factory_networks::all().len()))
    );
}

#[test]
fn rewiring_makes_another_network_and_keeps_the_bends() {
    let mut instrument = instrument();
    apply(&mut instrument, [Command::bend(40, Some(Mask::Invert))]);
    let before = Arc::clone(instrument.state());
    let gate = Gate {
        op: Op::XOR,
        a: 3,
        b: 22,
    };
    let sound = instrument
        .apply(Command::Rewire(30, gate))
        .unwrap()
        .sound
        .unwrap();
    assert!(sound.program.is_some() && !sound.fade && sound.seek.is_none());
    let state = Arc::clone(instrument.state());
    let index = 30 - state.network.inputs() as usize;
    assert_eq!(state.network.gates()[index], gate);
    assert_eq!(
        (state.network.name(), state.network.source()),
        (before.network.name(), None)
    );
    assert_eq!(state.layers, before.layers);
    apply(&mut instrument, [Command::Undo]);
    assert!(Arc::ptr_eq(&instrument.state().network, &before.network));
    for (node, b, named) in [
        (3, 0, "node 3 is an input"),
        (30, 30, "gate 30 reads node 30"),
        (99_999, 0, "no node 99999"),
    ] {
        let gate = Gate {
            op: Op::XOR,
            a: 0,
            b,
        };
        let problem = instrument.apply(Command::Rewire(node, gate)).unwrap_err();
        assert!(problem.contains(named), "{problem}");
    }
}

#[test]
fn a_seed_mutates_the_same_way_each_time() {
    let mutated = |seed, before: usize| {
        let mut instrument = instrument();
        for _ in 0..before {
            apply(&mut instrument, [Command::Random(None), Command::Choose(0)]);
        }
        apply(&mut instrument, [Command::Mutate(Some(seed))]);
        instrument.state().network.gates().to_vec()
    };
    assert_eq!(mutated(7, 0), mutated(7, 3));
    assert_ne!(mutated(7, 0), mutated(8, 0));
}

#[test]
fn pausing_stops_time_and_silences_the_output() {
    let mut instrument = instrument();
    let sound = |instrument: &mut Instrument, command| instrument.apply(command).unwrap().sound;
    let paused = sound(&mut instrument, Command::Play(false)).unwrap();
    assert_eq!((paused.playback.speed, paused.playback.level), (0, 0.0));
    assert!(paused.program.is_none() && sound(&mut instrument, Command::Play(false)).is_none());
    let faster = sound(&mut instrument, Command::Set(Key::Speed, 200)).unwrap();
    assert_eq!(faster.playback.speed, 0);
    let sought = sound(&mut instrument, Command::Seek(77)).unwrap();
    assert_eq!((sought.seek, sought.playback.speed), (Some(77), 0));
    let tap = Command::Press(Button::Time, Press::Tap);
    let played = sound(&mut instrument, tap.clone()).unwrap();
    assert_eq!((played.seek, played.playback.speed), (None, 200));
    assert_eq!(sound(&mut instrument, tap).unwrap().seek, Some(0));
    apply(&mut instrument, [Command::Play(false), Command::SafeStart]);
    assert!(instrument.state().playing);
}

#[test]
fn the_swap_parameter_decides_whether_networks_fade() {
    let mut instrument = instrument();
    let mut fades = |swap| {
        apply(&mut instrument, [Command::Set(Key::Swap, swap)]);
        let effect = instrument.apply(Command::Swap(Direction::Next)).unwrap();
        effect.sound.unwrap().fade
    };
    assert_eq!([fades(0), fades(1)], [true, false]);
}

#[test]
fn a_state_from_elsewhere_is_restored_in_one_step() {
    let mut other = instrument();
    apply(
        &mut other,
        [
            Command::Choose(5),
            Command::Mutate(Some(1)),
            Command::AddLayer(None),
            Command::bend(40, Some(Mask::Invert)),
            Command::SetStrength(1, 30),
            Command::Set(Key::Speed, -50),
            Command::Set(Key::Volume, -50),
        ],
    );
    let saved = Saved::of(other.state());
    let mut instrument = instrument();
    apply(&mut instrument, [Command::Set(Key::Volume, -20)]);
    let before = Arc::clone(instrument.state());
    let restore = Command::Restore(Box::new(saved), Some(1234));
    let sound = instrument.apply(restore).unwrap().sound.unwrap();
    assert_eq!(sound.seek, Some(1234));
    let state = Arc::clone(instrument.state());
    assert_eq!(
        (&state.network, &state.layers),
        (&other.state().network, &other.state().layers)
    );
    assert_eq!(
        (state.network_index, state.history, state.t0),
        (5, (1, 0), 1234)
    );
    assert_eq!(state.parameters.get(Key::Speed), -50);
    assert_eq!(state.parameters.get(Key::Volume), -20);
    apply(&mut instrument, [Command::Undo]);
    let state = instrument.state();
    assert_eq!(
        (&state.network, &state.parameters),
        (&before.network, &before.parameters)
    );
    // Layers that do not fit the network are refused.
    let mut wrong = Saved::of(other.state());
    wrong.layers = BendLayers::of([(60_000, Mask::Invert)].into());
    let refused = instrument.apply(Command::Restore(Box::new(wrong), None));
    assert!(refused.unwrap_err().contains("no node 60000"));
}

#[test]
fn a_state_from_before_a_restart_never_replaces_a_newer_edit() {
    let revision = |instrument: &Instrument| instrument.state().revision;
    let mut before = instrument();
    apply(
        &mut before,
        [
            Command::Random(Some(3)),
            Command::Show(Page::Menu),
            Command::bend(40, Some(Mask::Invert)),
            Command::Undo,
            Command::Set(Key::Volume, -20),
        ],
    );
    // The page of the display is not an edit.
    let saved = Saved::of(before.state());
    assert_eq!(saved.revision, 4);
    let saved = Saved::from_json(&saved.to_json().unwrap()).unwrap();
    let resume = |edits: u32| {
        let saved = Saved {
            revision: edits,
            ..saved.clone()
        };
        Command::Resume(Box::new(saved), None)
    };
    // Started again, the instrument takes the newest of several states.
    let mut after = instrument();
    apply(&mut after, [resume(3), resume(4)]);
    assert_eq!(after.state().network, before.state().network);
    let resumed = Revision {
        edits: 4,
        resumed: 4,
    };
    assert_eq!(revision(&after), resumed);
    let refused = |instrument: &mut Instrument, command| instrument.apply(command).unwrap_err();
    assert_eq!(refused(&mut after, resume(4)), "what plays here is newer");
    apply(&mut after, [Command::Choose(1)]);
    assert_eq!(revision(&after).edits, 5);
    refused(&mut after, resume(9));
    // A player's first edit after a fresh start stays, too.
    let mut played = instrument();
    apply(&mut played, [Command::Choose(1)]);
    refused(&mut played, resume(4));
    assert_eq!(played.state().network_index, 1);
    // A state of the disk continues the count.
    let mut started = instrument();
    started.resume(saved, true);
    assert_eq!(revision(&started), resumed);
}

#[test]
fn an_edit_for_a_network_or_a_layer_that_is_gone_is_refused() {
    let mut instrument = instrument();
    let network = Target::network(&instrument.state().network);
    let name = network.0.clone();
    let bend = |node| {
        let target = Target {
            network: Some(network.clone()),
            layer: None,
        };
        Command::For(target, Box::new(Command::bend(node, Some(Mask::Invert))))
    };
    // Changed gates leave the network the same.
    let gate = instrument.state().network.gates()[0];
    let node = instrument.state().network.inputs();
    apply(
        &mut instrument,
        [
            Command::Mutate(Some(1)),
            Command::Rewire(node, gate),
            bend(40),
        ],
    );
    assert!(instrument.state().bends().contains(40));
    apply(&mut instrument, [Command::Random(Some(3))]);
    let problem = instrument.apply(bend(41)).unwrap_err();
    assert_eq!(
        problem,
        format!("{name} no longer plays, so its edit was left out")
    );
    assert!(instrument.state().bends().is_empty());

    let layer = |name: &str, command| {
        let target = Target {
            network: None,
            layer: Some(name.into()),
        };
        Command::For(target, Box::new(command))
    };
    let names = |instrument: &Instrument| -> Vec<String> {
        let layers = instrument.state().layers.iter();
        layers.map(|layer| layer.name.clone()).collect()
    };
    // Each name occurs once.
    let add = |name: &str| Command::AddLayer(Some(name.into()));
    apply(&mut instrument, [add("bass"), add("lead"), add("bass")]);
    assert_eq!(names(&instrument), ["hand", "bass", "lead", "bass 2"]);
    // Two players remove the same layer, and one sets the strength of another.
    let remove = layer("bass", Command::RemoveLayer(1));
    apply(&mut instrument, [remove.clone()]);
    let problem = instrument.apply(remove).unwrap_err();
    assert_eq!(problem, "the layer bass is gone, so its edit was left out");
    apply(
        &mut instrument,
        [layer("bass 2", Command::SetStrength(3, 30))],
    );
    assert_eq!(names(&instrument), ["hand", "lead", "bass 2"]);
    assert_eq!(instrument.state().layers[2].strength, 30);
}

/// Returns a preset with three layers and a network with its own masks.
fn layered() -> Preset {
    let mut instrument = instrument();
    apply(&mut instrument, [Command::Load(Box::new(masked()))]);
    for layer in 0..3 {
        let bends = (0..10).map(|i| (25 + 2 * i + layer, Some(Mask::Force(layer == 1))));
        let paint = Command::Paint {
            bends: bends.collect(),
            stroke: None,
        };
        apply(
            &mut instrument,
            [paint, Command::SetStrength(layer as usize, 60)],
        );
        apply(&mut instrument, [Command::AddLayer(None)]);
    }
    apply(
        &mut instrument,
        [Command::RemoveLayer(3), Command::ChooseLayer(1)],
    );
    instrument.state().to_preset("layered".into())
}

/// Returns a file with changed fields.
fn changed(
    file: &str,
    change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>),
) -> String {
    let mut file: serde_json::Value = serde_json::from_str(file).unwrap();
    change(file.as_object_mut().unwrap());
    file.to_string()
}

#[test]
fn layers_survive_their_file_and_it_sounds_the_same() {
    let preset = layered();
    assert_eq!((preset.layers.len(), preset.layers.chosen()), (3, 1));
    let text = preset.to_json().unwrap();
    assert_eq!(Preset::from_json("layered".into(), &text).unwrap(), preset);
    let plain = logicnet::Network::from_json(&text).unwrap();
    let mut masks: Masks = preset.network.masks().clone();
    masks.extend(preset.layers.bends().iter());
    assert_eq!(*plain.masks(), masks);
    // A reader that ignores layers has a single one, which sounds the same.
    let old = changed(&text, |file| drop(file.remove("bend_layers").unwrap()));
    let old = Preset::from_json("old".into(), &old).unwrap();
    assert_eq!(old.layers, BendLayers::of(preset.layers.bends().clone()));
    assert_eq!(old.network, preset.network);
}

#[test]
fn invalid_layers_become_a_single_one_that_sounds_the_same() {
    let preset = layered();
    let text = preset.to_json().unwrap();
    let change = |change: &dyn Fn(&mut serde_json::Value)| {
        let text = changed(&text, |file| change(file.get_mut("bend_layers").unwrap()));
        Preset::from_json("x".into(), &text).unwrap().layers
    };
    assert_eq!(change(&|_| {}), preset.layers);
    let one = BendLayers::of(preset.layers.bends().clone());
    let set = |pointer: &'static str, value: serde_json::Value| {
        change(&move |layers| *layers.pointer_mut(pointer).unwrap() = value.clone())
    };
    assert_eq!(set("", 7.into()), one);
    assert_eq!(set("/chosen", 3.into()), one);
    assert_eq!(set("/chosen", (-1).into()), one);
    assert_eq!(set("/layers/0/name", "foot".into()), one);
    assert_eq!(set("/layers/1/name", "a/b".into()), one);
    assert_eq!(set("/layers/1/strength", 101.into()), one);
    assert_eq!(set("/layers/1/strength", 0.into()), one);
    assert_eq!(set("/layers/1/bends", "none".into()), one);
    assert_eq!(set("/layers/1/bends", "60000X".into()), one);
    assert_eq!(set("/layers", serde_json::Value::Array(Vec::new())), one);
    let repeated = change(&|layers| {
        let list = layers["layers"].as_array_mut().unwrap();
        let (hand, last) = (list[0].clone(), list[2].clone());
        list.extend(vec![last; MAX_LAYERS]);
        list[0] = hand;
    });
    assert_eq!(repeated, one);
    // Nodes beyond the network are invalid, even at strength 0.
    let hidden = change(&|layers| {
        let far = serde_json::json!({ "name": "far", "strength": 0, "bends": "60000X" });
        layers["layers"].as_array_mut().unwrap().push(far);
    });
    assert_eq!(hidden, one);
}

fn turned(input: usize, part: f32) -> Command {
    Command::Turn(input, (part * f32::from(u16::MAX)) as u16)
}

#[test]
fn analog_inputs_control_their_targets() {
    let mut instrument = instrument();
    apply(&mut instrument, [turned(0, 1.0)]);
    assert_eq!(instrument.state().parameters, Parameters::default());
    apply(&mut instrument, [Command::Set(Key::ANALOG[0], 1)]);
    let effect = instrument.apply(turned(0, 0.0)).unwrap();
    assert_eq!(effect.sound.unwrap().playback.speed, -400);
    // A reading that gives the same value changes nothing.
    assert!(instrument.apply(turned(0, 0.001)).unwrap().sound.is_none());
    apply(
        &mut instrument,
        [Command::Set(Key::ANALOG[1], 2), turned(1, 1.0)],
    );
    assert_eq!(instrument.state().parameters.get(Key::Volume), 0);
    // Inputs beyond those of the largest board are ignored.
    apply(&mut instrument, [turned(99, 0.5)]);
}

#[test]
fn a_control_voltage_moves_a_control_by_its_name() {
    let network = || {
        let control = |name: &str| Source {
            signal: Signal::Control {
                name: name.into(),
                default: 0.5,
            },
            ..Source::time(4)
        };
        Network::try_from(logicnet::Parts {
            sources: vec![Source::time(8), control("cutoff"), control("drive")],
            outputs: (8..16).collect(),
            ..logicnet::Parts::default()
        })
        .unwrap()
    };
    let mut instrument = instrument();
    let problem = instrument
        .apply(Command::Connect(2, "drive".into()))
        .unwrap_err();
    assert_eq!(problem, "this network has no controls");
    apply(&mut instrument, [Command::Load(Box::new(network()))]);
    let problem = instrument
        .apply(Command::Connect(2, "depth".into()))
        .unwrap_err();
    assert_eq!(problem, "no control \"depth\"; there are cutoff, drive");
    assert!(
        instrument
            .apply(Command::Connect(8, "drive".into()))
            .is_err()
    );
    let effect = instrument
        .apply(Command::Connect(2, "drive".into()))
        .unwrap();
    let Some(SaveRequest::Calibration(saved)) = effect.save else {
        panic!("the connection is not saved");
    };
    let revision = instrument.state().revision;
    let effect = instrument.apply(turned(2, 1.0)).unwrap();
    assert!(effect.sound.unwrap().program.is_some());
    let state = instrument.state();
    assert_eq!(state.controls, [0.5, 1.0]);
    assert_eq!(state.control_of(2), Some("drive"));
    // A turn is no edit, and one within the same value is not heard.
    assert_eq!(state.revision, revision);
    assert!(instrument.apply(turned(2, 0.99)).unwrap().sound.is_none());
    // Another network with the control begins where the voltage is; one without is unmoved.
    apply(&mut instrument, [Command::Choose(0), turned(2, 0.0)]);
    apply(&mut instrument, [Command::Load(Box::new(network()))]);
    assert_eq!(instrument.state().controls, [0.5, 0.0]);
    // An input without a name moves the control of its own number.
    let control = instrument.state().parameters.get(Key::ANALOG[2]);
    apply(
        &mut instrument,
        [Command::Set(Key::ANALOG[0], control), turned(0, 1.0)],
    );
    assert_eq!(instrument.state().controls, [1.0, 0.0]);
    // The calibration file has the names.
    let mut other = self::instrument();
    other.calibrate(&saved).unwrap();
    assert_eq!(other.state().analog.control(2), Some("drive"));
    assert_eq!(other.state().analog.control(0), None);
}

#[test]
fn a_control_voltage_bends_one_gate_and_frees_it() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [
            Command::Set(Key::ANALOG[2], 3),
            Command::Set(Key::ANALOG[3], 4),
            turned(3, 0.5),
        ],
    );
    let plain = instrument.state().masks();
    let effect = instrument.apply(turned(2, 0.5)).unwrap();
    assert!(effect.sound.unwrap().program.is_some());
    let state = Arc::clone(instrument.state());
    let node = state.steered.expect("no gate is bent");
    assert_eq!(state.masks().get(node), Some(Mask::Force(false)));
    assert_eq!(state.masks().iter().count(), plain.iter().count() + 1);
    // Latching applies to fingers and not to control voltages.
    apply(&mut instrument, [Command::Set(Key::Hold, 1)]);
    assert!(instrument.state().steered.is_some() && instrument.state().bends().is_empty());
    // Another network has another gate there.
    apply(&mut instrument, [Command::Swap(Direction::Next)]);
    let state = instrument.state();
    let node = state.steered.expect("no gate is bent");
    assert!(state.layout.cells().iter().any(|cell| cell.node == node));
    apply(&mut instrument, [turned(2, 0.0)]);
    assert_eq!(instrument.state().steered, None);
    assert!(instrument.state().bends().is_empty());
}

#[test]
fn a_learned_calibration_is_saved_and_counts() {
    let mut instrument = instrument();
    apply(
        &mut instrument,
        [Command::Set(Key::ANALOG[0], 2), turned(0, 0.4)],
    );
    apply(
        &mut instrument,
        [Command::Learn(0), turned(0, 0.2), turned(0, 0.6)],
    );
    let effect = instrument.apply(Command::Learn(0)).unwrap();
    let Some(SaveRequest::Calibration(file)) = effect.save else {
        panic!("no calibration is saved");
    };
    apply(&mut instrument, [turned(0, 0.6)]);
    assert_eq!(instrument.state().parameters.get(Key::Volume), 0);
    let mut other = self::instrument();
    other.calibrate(&file).unwrap();
    apply(
        &mut other,
        [Command::Set(Key::ANALOG[0], 2), turned(0, 0.6)],
    );
    assert_eq!(other.state().parameters.get(Key::Volume), 0);
    // A calibration without enough movement ends without a result.
    apply(&mut instrument, [Command::Learn(0)]);
    assert!(instrument.apply(Command::Learn(0)).unwrap().save.is_none());
    assert_eq!(instrument.state().analog.learning(), None);
    let notice = instrument.state().notice.clone().unwrap();
    assert!(notice.contains("hardly turned"), "{notice}");
    assert!(instrument.apply(Command::Learn(8)).is_err());
    // An input controls nothing while it is calibrated.
    let volume = instrument.state().parameters.get(Key::Volume);
    apply(
        &mut instrument,
        [Command::Learn(0), turned(0, 0.0), turned(0, 1.0)],
    );
    assert_eq!(instrument.state().parameters.get(Key::Volume), volume);
}

#[test]
fn held_buttons_change_choices_by_one_step() {
    let mut instrument = instrument();
    let row = KEYS.iter().position(|key| *key == Key::Hold).unwrap();
    apply(&mut instrument, [Command::Show(Page::Menu)]);
    for _ in 0..row {
        apply(&mut instrument, [Command::Press(Button::Next, Press::Tap)]);
    }
    apply(
        &mut instrument,
        [Command::Press(Button::Clear, Press::Hold)],
    );
    assert_eq!(instrument.state().parameters.get(Key::Hold), 1);
}

#[test]
fn presets_are_saved_and_deleted_from_the_panel() {
    let mut instrument = instrument();
    let press = |button, press| Command::Press(button, press);
    apply(&mut instrument, [Command::Show(Page::Presets)]);
    for _ in 0..3 {
        apply(&mut instrument, [press(Button::Mode, Press::Tap)]);
    }
    // The preset that was saved last is chosen.
    assert_eq!(instrument.state().row, 2);
    apply(&mut instrument, [press(Button::Previous, Press::Tap)]);
    let effect = instrument.apply(press(Button::Clear, Press::Hold)).unwrap();
    assert_eq!(effect.save, Some(SaveRequest::Delete("preset 2".into())));
    assert_eq!(*instrument.state().presets, ["preset 1", "preset 3"]);
    assert_eq!(instrument.state().row, 1);
}

#[test]
fn a_new_target_follows_its_input_at_once() {
    let mut instrument = instrument();
    apply(&mut instrument, [turned(4, 1.0)]);
    let effect = instrument.apply(Command::Set(Key::ANALOG[4], 1)).unwrap();
    assert_eq!(effect.sound.unwrap().playback.speed, 400);
    // The value of a controlled parameter is not saved.
    let saved = instrument::Saved::of(instrument.state());
    apply(&mut instrument, [turned(4, 0.5)]);
    assert!(saved.matches(instrument.state()));
    apply(&mut instrument, [Command::Set(Key::Volume, -20)]);
    assert!(!saved.matches(instrument.state()));
}
