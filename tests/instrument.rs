//! The instrument by itself: what commands lead to, whatever their order.

use std::sync::Arc;

use gatebend::board::desk::Desk;
use gatebend::instrument::gestures::Press;
use gatebend::instrument::layout::{Area, Point};
use gatebend::instrument::pages::{Picture, Status, View, draw};
use gatebend::instrument::parameters::{KEYS, Key, Parameters};
use gatebend::instrument::preset::Preset;
use gatebend::instrument::surface::Button;
use gatebend::instrument::{Command, Direction, Instrument, Keep, Page, Saved, State};
use gatebend::keeper::{seal, unseal};
use gatebend::library;
use logicnet::{Mask, Program};
use proptest::prelude::*;

fn instrument() -> Instrument {
    let library = library::shipped();
    Instrument::new(library, Parameters::default(), Vec::new(), None, 1)
        .unwrap()
        .0
}

fn does(instrument: &mut Instrument, commands: impl IntoIterator<Item = Command>) {
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
    does(&mut instrument, [finger(0.4, 0.4)]);
    let state = instrument.state();
    assert_eq!(
        state.masks().get(state.touched[0]),
        Some(Mask::Force(false))
    );
    assert_eq!(state.masks().iter().count(), plain.iter().count() + 1);
    does(&mut instrument, [Command::Touch(None)]);
    assert_eq!(instrument.state().masks(), plain);
    assert!(instrument.apply(Command::Undo).is_err());
}

#[test]
fn latched_bends_last_until_touched_again_and_a_touch_is_one_undo() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [Command::Set(Key::Hold, 1), Command::Set(Key::Bend, 2)],
    );
    // Over several gates, and back: each is toggled once in a touch.
    let slide = |from: f32, to: f32| {
        let at = move |i: i32| from + (to - from) * i as f32 / 40.0;
        let there = (0..=40).map(move |i| finger(at(i), 0.4));
        there.chain([Command::Touch(None)])
    };
    does(&mut instrument, slide(0.2, 0.6));
    let bends = instrument.state().bends.clone();
    assert!(bends.len() > 3 && bends.values().all(|mask| *mask == Mask::Invert));
    does(&mut instrument, [Command::Undo]);
    assert!(instrument.state().bends.is_empty());
    does(&mut instrument, [Command::Redo]);
    assert_eq!(instrument.state().bends, bends);
    // The same way again frees what it had bent.
    does(&mut instrument, slide(0.2, 0.6));
    assert!(instrument.state().bends.is_empty());
    does(&mut instrument, [Command::Undo]);
    assert_eq!(instrument.state().bends, bends);
}

#[test]
fn undo_goes_back_through_networks() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [
            Command::Bend(40, Some(Mask::Force(true))),
            Command::Swap(Direction::Next),
            Command::Mutate,
            Command::Random(Some(5)),
        ],
    );
    let last = Arc::clone(&instrument.state().network);
    does(
        &mut instrument,
        [Command::Undo, Command::Undo, Command::Undo],
    );
    let state = instrument.state();
    assert_eq!((state.place, state.bends.len()), (0, 1));
    does(
        &mut instrument,
        [Command::Redo, Command::Redo, Command::Redo],
    );
    assert!(Arc::ptr_eq(&instrument.state().network, &last));
    assert!(instrument.apply(Command::Redo).is_err());
    // A new change forgets what could be made again.
    does(
        &mut instrument,
        [Command::Undo, Command::Bend(40, Some(Mask::Invert))],
    );
    assert!(instrument.apply(Command::Redo).is_err());
}

#[test]
fn buttons_do_what_the_documentation_says() {
    let mut instrument = instrument();
    let press = |button, press| Command::Press(button, press);
    does(
        &mut instrument,
        [
            press(Button::Mode, Press::Tap),
            press(Button::Mode, Press::Hold),
        ],
    );
    assert_eq!(instrument.state().mask(), Mask::Force(true));
    assert!(instrument.state().latched());
    does(&mut instrument, [press(Button::Previous, Press::Tap)]);
    assert_eq!(instrument.state().place, library::shipped().len() - 1);
    does(&mut instrument, [press(Button::Clear, Press::Hold)]);
    assert_eq!(instrument.state().place, 0);
    // The menu: volume, two steps down.
    does(&mut instrument, [press(Button::Time, Press::Hold)]);
    assert_eq!(instrument.state().page, Page::Menu);
    does(
        &mut instrument,
        [
            press(Button::Mode, Press::Tap),
            press(Button::Mode, Press::Tap),
        ],
    );
    assert_eq!(instrument.state().parameters.get(Key::Volume), -16);
    does(&mut instrument, [press(Button::Time, Press::Hold)]);
    assert_eq!(instrument.state().page, Page::Presets);
    assert!(instrument.apply(press(Button::Clear, Press::Tap)).is_err());
    does(&mut instrument, [press(Button::Mode, Press::Tap)]);
    assert_eq!(*instrument.state().presets, ["preset 1"]);
    does(&mut instrument, [press(Button::Time, Press::Tap)]);
    assert_eq!(instrument.state().page, Page::Play);
}

#[test]
fn presets_survive_their_file_and_bring_no_volume() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [
            Command::Random(Some(9)),
            Command::Bend(50, Some(Mask::Force(true))),
            Command::Bend(3, Some(Mask::Invert)),
            Command::Set(Key::Speed, -50),
            Command::Set(Key::Volume, -6),
        ],
    );
    let state = Arc::clone(instrument.state());
    let outcome = instrument
        .apply(Command::SavePreset(Some("one".into())))
        .unwrap();
    let Some(Keep::Save(preset)) = outcome.keep else {
        panic!("nothing to keep");
    };
    let text = preset.to_json().unwrap();
    let read = Preset::from_json("one".into(), &text).unwrap();
    assert_eq!(
        (&read.network, &read.bends),
        (&preset.network, &preset.bends)
    );
    assert_eq!(read.parameters.get(Key::Speed), -50);
    does(
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
        (&recalled.bends, recalled.masks()),
        (&state.bends, state.masks())
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

/// A network with masks of its own on two gates.
fn masked() -> logicnet::Network {
    let own = [(30, Mask::Invert), (31, Mask::Force(true))];
    library::shipped()
        .swap_remove(2)
        .with_masks(own.into_iter().collect())
        .unwrap()
}

#[test]
fn a_network_s_own_masks_are_no_bends_when_a_preset_is_recalled() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [
            Command::Load(Box::new(masked())),
            Command::Bend(31, Some(Mask::Force(true))),
            Command::Bend(40, Some(Mask::Invert)),
        ],
    );
    let state = Arc::clone(instrument.state());
    let preset = Preset::of(&state, "one".into());
    let text = preset.to_json().unwrap();
    // For other tools it sounds as bent.
    let plain = logicnet::Network::from_json(&text).unwrap();
    assert_eq!(*plain.masks(), state.masks());
    assert_eq!(Preset::from_json("one".into(), &text).unwrap(), preset);
    assert!(preset.network.masks().get(30).is_some() && preset.bends.len() == 2);
    // A preset of a preset's file, loaded as a network, is none of both.
    does(&mut instrument, [Command::Load(Box::new(plain))]);
    let again = Preset::of(instrument.state(), "two".into());
    let read = Preset::from_json("two".into(), &again.to_json().unwrap()).unwrap();
    assert!(read.bends.is_empty() && read.network.masks().len() == 3);
}

#[test]
fn presets_of_the_first_version_still_play() {
    let text = masked().to_json().replace(
        "\n}\n",
        ",\n  \"parameters\": {\"speed\": -50, \"radius\": 9999, \"x\": 1}\n}\n",
    );
    let preset = Preset::from_json("old".into(), &text).unwrap();
    assert_eq!(preset.bends.len(), 2);
    assert!(preset.network.masks().is_empty() && preset.network.extra().is_empty());
    assert_eq!(preset.parameters.get(Key::Speed), -50);
    assert_eq!(preset.parameters.get(Key::Radius), 50);
}

#[test]
fn a_safe_start_keeps_what_was_played() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [
            Command::SavePreset(Some("rescued".into())),
            Command::Swap(Direction::Next),
            Command::Bend(40, Some(Mask::Invert)),
            Command::Set(Key::Speed, -200),
        ],
    );
    let outcome = instrument.apply(Command::SafeStart).unwrap();
    let Some(Keep::Save(preset)) = outcome.keep else {
        panic!("nothing to keep");
    };
    assert_eq!((preset.name.as_str(), preset.bends.len()), ("rescued 2", 1));
    let state = Arc::clone(instrument.state());
    assert_eq!((state.place, state.bends.len()), (0, 0));
    assert_eq!(state.parameters, Parameters::default());
    assert!(state.notice.as_ref().unwrap().contains("rescued 2"));
    // Once more: there is nothing more to keep, here or there.
    assert!(instrument.apply(Command::SafeStart).unwrap().keep.is_none());
    does(&mut instrument, [Command::RecallPreset("rescued 2".into())]);
    assert_eq!(instrument.state().parameters.get(Key::Speed), -200);
    assert!(instrument.apply(Command::SafeStart).unwrap().keep.is_none());
    does(&mut instrument, [Command::Undo]);
    assert_eq!(instrument.state().parameters.get(Key::Speed), -200);
}

#[test]
fn what_is_too_slow_now_is_not_played_on_but_kept() {
    let large =
        logicnet::Network::random(16, &[1024; 24], logicnet::random::Ops::XorRich, 1).unwrap();
    let mut before = instrument();
    does(
        &mut before,
        [
            Command::Load(Box::new(large)),
            Command::Set(Key::Rate, 96_000),
        ],
    );
    let saved = Saved::of(before.state());
    let limits = Some((Desk::new(Vec::new()).platform, 128));
    let (mut instrument, _) = Instrument::new(
        library::shipped(),
        Parameters::default(),
        Vec::new(),
        limits,
        1,
    )
    .unwrap();
    let outcome = instrument.resume(saved, true);
    assert!(outcome.sound.is_none() && outcome.keep.is_some());
    let notice = instrument.state().notice.clone().unwrap();
    assert!(
        notice.contains("too slow") && notice.contains("preset rescued"),
        "{notice}"
    );
    assert_eq!(instrument.state().place, 0);
    assert_eq!(*instrument.state().presets, ["rescued"]);
}

#[test]
fn undo_of_a_preset_takes_its_parameters_back() {
    let mut instrument = instrument();
    does(
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
    does(&mut instrument, [Command::Undo]);
    assert_eq!(speed(&instrument), 50);
    does(&mut instrument, [Command::Redo]);
    assert_eq!(speed(&instrument), -200);
    // Undo of anything else leaves parameters alone.
    does(
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
fn a_touch_may_be_undone_while_it_lasts_and_nothing_is_lost() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [
            Command::Set(Key::Hold, 1),
            Command::Bend(100, Some(Mask::Invert)),
        ],
    );
    does(
        &mut instrument,
        [Command::Set(Key::Radius, 0), finger(0.3, 0.3)],
    );
    let bends = instrument.state().bends.clone();
    assert_eq!(bends.len(), 2);
    // Other commands meanwhile do not cut the touch in two.
    does(
        &mut instrument,
        [Command::Set(Key::Volume, -20), finger(0.6, 0.3)],
    );
    does(&mut instrument, [Command::Undo]);
    assert_eq!(instrument.state().bends.len(), 1);
    does(&mut instrument, [Command::Redo]);
    assert_eq!(instrument.state().bends.len(), 3);
}

#[test]
fn the_first_gate_of_a_touch_says_whether_it_latches_or_frees() {
    let mut instrument = instrument();
    let press = |size| Command::Touch(Some(Area::Finger(Point { x: 0.5, y: 0.5 }, size)));
    does(
        &mut instrument,
        [Command::Set(Key::Hold, 1), Command::Set(Key::Radius, 20)],
    );
    does(
        &mut instrument,
        [press(0.2), press(0.5), press(0.3), Command::Touch(None)],
    );
    assert!(instrument.state().bends.len() > 2);
    // The same place again, the finger growing past where it was.
    does(
        &mut instrument,
        [press(0.1), press(0.9), Command::Touch(None)],
    );
    assert!(instrument.state().bends.is_empty());
}

#[test]
fn a_finger_can_always_be_lifted() {
    let large =
        logicnet::Network::random(16, &[1024; 24], logicnet::random::Ops::XorRich, 1).unwrap();
    let limits = Some((Desk::new(Vec::new()).platform, 128));
    let (mut instrument, _) =
        Instrument::new(vec![large], Parameters::default(), Vec::new(), limits, 1).unwrap();
    // Everything bent to 0 is a small program, for as long as the touch lasts.
    let all = Area::Box(Point { x: 0.0, y: 0.0 }, Point { x: 1.0, y: 1.0 });
    does(&mut instrument, [Command::Touch(Some(all))]);
    let problem = instrument
        .apply(Command::Set(Key::Rate, 96_000))
        .unwrap_err();
    assert!(problem.contains("live gates at 96000"), "{problem}");
    does(&mut instrument, [Command::Touch(None)]);
    assert!(instrument.state().touched.is_empty());
}

#[test]
fn reserved_names_are_never_taken() {
    let mut instrument = instrument();
    instrument.reserve(vec!["preset 1".into()]);
    does(&mut instrument, [Command::SavePreset(None)]);
    assert_eq!(*instrument.state().presets, ["preset 2"]);
    assert!(
        instrument
            .apply(Command::SavePreset(Some("preset 1".into())))
            .is_err()
    );
}

#[test]
fn a_mutated_network_no_longer_says_what_it_was() {
    let mut instrument = instrument();
    does(&mut instrument, [Command::Mutate, Command::Mutate]);
    let network = &instrument.state().network;
    assert_eq!((network.source(), network.description()), (None, None));
    assert!(network.name().ends_with('*') && !network.name().ends_with("**"));
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
        1 => Just(Command::Mutate),
        1 => (0u32..700).prop_map(|node| Command::Bend(node, Some(Mask::Invert))),
        1 => (0u32..700).prop_map(|node| Command::Bend(node, None)),
        1 => Just(Command::ClearBends),
        2 => Just(Command::Undo),
        2 => Just(Command::Redo),
        1 => Just(Command::ResetTime),
        2 => (0..KEYS.len(), any::<i32>()).prop_map(|(key, value)| Command::Set(KEYS[key], value)),
        1 => (0..KEYS.len(), any::<i32>()).prop_map(|(key, steps)| Command::Step(KEYS[key], steps)),
        1 => Just(Command::Swap(Direction::Next)),
        1 => "[a-c]{0,2}".prop_map(|name| Command::SavePreset(Some(name))),
        1 => "[a-c]{1,2}".prop_map(Command::RecallPreset),
        1 => "[a-c]{1,2}".prop_map(Command::DeletePreset),
    ]
}

/// What the display shows, all gates at 0.
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

    /// After a restart it sounds the same and shows the same.
    #[test]
    fn a_state_survives_its_file(commands in prop::collection::vec(commands(), 1..40), own: bool) {
        let mut instrument = instrument();
        if own {
            does(&mut instrument, [Command::Load(Box::new(masked()))]);
        }
        for command in commands {
            let _ = instrument.apply(command);
        }
        let _ = instrument.apply(Command::Touch(None));
        does(&mut instrument, [Command::Finger(None), Command::Show(Page::Play)]);
        let state = instrument.state();
        let text = seal(&Saved::of(state).to_json().unwrap());
        // Every tool that plays networks plays it.
        let plain = logicnet::Network::from_json(&text).unwrap();
        prop_assert_eq!(plain.masks(), &state.lasting_masks());
        prop_assert!(!plain.extra().contains_key("checksum"));

        let saved = Saved::from_json(&unseal(&text).unwrap().text).unwrap();
        prop_assert!(saved.is_of(state));
        let mut again = self::instrument();
        let outcome = again.resume(saved, true);
        let again = again.state();
        prop_assert!(outcome.keep.is_none());
        let sound = outcome.sound.unwrap();
        prop_assert_eq!(sound.id, again.sound);
        prop_assert_eq!(&again.parameters, &state.parameters);
        prop_assert_eq!((&again.bends, again.place), (&state.bends, state.place));
        prop_assert!(sound.program.unwrap() == Program::new(&state.network, &state.masks()));
        prop_assert!(shown(again) == shown(state));
        prop_assert!(Saved::of(again).is_of(state));
    }

    /// Whatever is asked for: what the engine gets is the state's network under
    /// the state's masks, and what is refused changes nothing.
    #[test]
    fn sound_and_state_agree_after_any_commands(commands in prop::collection::vec(commands(), 1..60)) {
        let mut instrument = instrument();
        // What the engine would be playing.
        let state = instrument.state();
        let mut playing = Program::new(&state.network, &state.masks());
        for command in commands {
            let before = Arc::clone(instrument.state());
            match instrument.apply(command) {
                Ok(outcome) => {
                    if let Some(sound) = outcome.sound {
                        prop_assert_eq!(sound.id, instrument.state().sound);
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
            // Every bend is one of the network's.
            prop_assert!(state.network.as_ref().clone().with_masks(masks.clone()).is_ok());
            prop_assert!(playing == Program::new(&state.network, &masks));
        }
    }
}

fn turned(input: usize, part: f32) -> Command {
    Command::Turn(input, (part * f32::from(u16::MAX)) as u16)
}

#[test]
fn analog_inputs_move_what_they_are_told_to() {
    let mut instrument = instrument();
    does(&mut instrument, [turned(0, 1.0)]);
    assert_eq!(instrument.state().parameters, Parameters::default());
    does(&mut instrument, [Command::Set(Key::ANALOG[0], 1)]);
    let outcome = instrument.apply(turned(0, 0.0)).unwrap();
    assert_eq!(outcome.sound.unwrap().settings.speed, -400);
    // Where it stands already is no change.
    assert!(instrument.apply(turned(0, 0.001)).unwrap().sound.is_none());
    does(
        &mut instrument,
        [Command::Set(Key::ANALOG[1], 2), turned(1, 1.0)],
    );
    assert_eq!(instrument.state().parameters.get(Key::Volume), 0);
    // No input that a board may have is too many.
    does(&mut instrument, [turned(99, 0.5)]);
}

#[test]
fn a_control_voltage_bends_one_gate_and_lets_go() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [
            Command::Set(Key::ANALOG[2], 3),
            Command::Set(Key::ANALOG[3], 4),
            turned(3, 0.5),
        ],
    );
    let plain = instrument.state().masks();
    let outcome = instrument.apply(turned(2, 0.5)).unwrap();
    assert!(outcome.sound.unwrap().program.is_some());
    let state = Arc::clone(instrument.state());
    let node = state.steered.expect("a gate is bent");
    assert_eq!(state.masks().get(node), Some(Mask::Force(false)));
    assert_eq!(state.masks().iter().count(), plain.iter().count() + 1);
    // A latched finger is not a control voltage: it lets go all the same.
    does(&mut instrument, [Command::Set(Key::Hold, 1)]);
    assert!(instrument.state().steered.is_some() && instrument.state().bends.is_empty());
    // Another network has other gates there.
    does(&mut instrument, [Command::Swap(Direction::Next)]);
    let state = instrument.state();
    let node = state.steered.expect("a gate of the new network");
    assert!(state.layout.cells().iter().any(|cell| cell.node == node));
    does(&mut instrument, [turned(2, 0.0)]);
    assert_eq!(instrument.state().steered, None);
    assert!(instrument.state().bends.is_empty());
}

#[test]
fn learned_ends_are_kept_and_count() {
    let mut instrument = instrument();
    does(
        &mut instrument,
        [Command::Set(Key::ANALOG[0], 2), turned(0, 0.4)],
    );
    does(
        &mut instrument,
        [Command::Learn(0), turned(0, 0.2), turned(0, 0.6)],
    );
    let outcome = instrument.apply(Command::Learn(0)).unwrap();
    let Some(Keep::Calibration(file)) = outcome.keep else {
        panic!("nothing is kept");
    };
    does(&mut instrument, [turned(0, 0.6)]);
    assert_eq!(instrument.state().parameters.get(Key::Volume), 0);
    let mut other = self::instrument();
    other.calibrate(&file).unwrap();
    does(
        &mut other,
        [Command::Set(Key::ANALOG[0], 2), turned(0, 0.6)],
    );
    assert_eq!(other.state().parameters.get(Key::Volume), 0);
    assert!(
        instrument
            .apply(Command::Learn(5))
            .unwrap_err()
            .contains("no analog input 6")
    );
}

#[test]
fn held_buttons_change_choices_too() {
    let mut instrument = instrument();
    let row = KEYS.iter().position(|key| *key == Key::Hold).unwrap();
    does(&mut instrument, [Command::Show(Page::Menu)]);
    for _ in 0..row {
        does(&mut instrument, [Command::Press(Button::Next, Press::Tap)]);
    }
    does(
        &mut instrument,
        [Command::Press(Button::Clear, Press::Hold)],
    );
    assert_eq!(instrument.state().parameters.get(Key::Hold), 1);
}

#[test]
fn presets_are_kept_chosen_and_deleted_from_the_panel() {
    let mut instrument = instrument();
    let press = |button, press| Command::Press(button, press);
    does(&mut instrument, [Command::Show(Page::Presets)]);
    for _ in 0..3 {
        does(&mut instrument, [press(Button::Mode, Press::Tap)]);
    }
    // The one that was just kept is the chosen one.
    assert_eq!(instrument.state().row, 2);
    does(&mut instrument, [press(Button::Previous, Press::Tap)]);
    let outcome = instrument.apply(press(Button::Clear, Press::Hold)).unwrap();
    assert_eq!(outcome.keep, Some(Keep::Delete("preset 2".into())));
    assert_eq!(*instrument.state().presets, ["preset 1", "preset 3"]);
    assert_eq!(instrument.state().row, 1);
}
