//! Play by MIDI, against a naive player who keeps a list of the keys that are held.

use instrument::keyboard::MAX_VOICES;
use instrument::parameters::{Key, Parameters};
use instrument::surface::{Button, Press};
use instrument::{Command, Instrument, Limits, Playback, SaveRequest, Saved, State, commands};
use logicnet::random::Ops;
use logicnet::{Network, Program};
use midi::{Event, Message};
use proptest::prelude::*;

fn instrument_of(network: Network, limits: Option<Box<dyn Limits>>) -> Instrument {
    let created = Instrument::new(vec![network], Parameters::default(), Vec::new(), limits, 1);
    created.unwrap().0
}

fn network() -> Network {
    Network::random(16, &[24, 24, 8], Ops::XorRich, 7).unwrap()
}

/// Returns a network of 8 bits of t and three controls of 7 bits. Each bit of the first
/// control that is 1 adds a gate.
fn with_controls(names: [&str; 3]) -> Network {
    let controls = names
        .map(|name| format!(r#"{{"from": "control", "name": "{name}", "bits": 7, "default": 0}}"#));
    let pairs: Vec<String> = (0..7).map(|i| format!("[1, {i}, {}]", i + 1)).collect();
    let mixed: Vec<String> = (0..7)
        .map(|i| format!("[1, {}, {}]", 29 + i, 8 + i))
        .collect();
    let text = format!(
        r#"{{"format": "gatebend-network", "version": 2, "name": "keys",
            "inputs": [{{"from": "t", "bits": 8}}, {}],
            "layers": [{{"gates": [{}]}}, {{"gates": [{}]}}],
            "outputs": [36, 37, 38, 39, 40, 41, 42, 21]}}"#,
        controls.join(", "),
        pairs.join(", "),
        mixed.join(", "),
    );
    Network::from_json(&text).unwrap()
}

fn at(at: u64, messages: &[Message]) -> Command {
    let event = |message: &Message| Event {
        at,
        message: *message,
    };
    Command::Midi(messages.iter().map(event).collect())
}

fn on(note: u8, velocity: u8) -> Message {
    Message::NoteOn {
        channel: 0,
        note,
        velocity,
    }
}

fn off(note: u8) -> Message {
    Message::NoteOff { channel: 0, note }
}

fn controller(controller: u8, value: u8) -> Message {
    Message::Controller {
        channel: 0,
        controller,
        value,
    }
}

fn bend(bend: i16) -> Message {
    Message::PitchBend { channel: 0, bend }
}

/// Plays messages one after another.
fn play(instrument: &mut Instrument, messages: &[Message]) {
    for message in messages {
        instrument.apply(at(0, &[*message])).unwrap();
    }
}

fn set(instrument: &mut Instrument, assignment: &str) {
    let (key, value) = Key::assignment(assignment).unwrap();
    instrument.apply(Command::Set(key, value)).unwrap();
}

fn say(instrument: &mut Instrument, words: &str) -> Result<(), String> {
    let words: Vec<&str> = words.split(' ').collect();
    instrument
        .apply(commands::parse(&words)?.unwrap())
        .map(drop)
}

/// Returns the keys that sound, in any order.
fn sounding(state: &State) -> Vec<(u8, u8)> {
    let voices = state.keyboard.voices().iter().flatten();
    let keys = voices.filter(|voice| voice.gate).map(|voice| voice.key);
    let mut keys: Vec<(u8, u8)> = keys.collect();
    keys.sort_unstable();
    keys
}

/// Keys that are held, each with true while a finger does, and pedals that are down.
#[derive(Default)]
struct Naive {
    held: Vec<((u8, u8), bool)>,
    pedals: Vec<u8>,
}

impl Naive {
    fn lift(&mut self, which: impl Fn((u8, u8)) -> bool) {
        for (key, is_down) in &mut self.held {
            *is_down &= !which(*key);
        }
        let pedals = &self.pedals;
        self.held
            .retain(|(key, is_down)| *is_down || pedals.contains(&key.0));
    }

    fn play(&mut self, message: Message) {
        match message {
            Message::NoteOn { channel, note, .. } => {
                self.held.retain(|(key, _)| *key != (channel, note));
                self.held.push(((channel, note), true));
            }
            Message::NoteOff { channel, note } => self.lift(|key| key == (channel, note)),
            Message::Controller {
                channel,
                controller,
                value,
            } => match controller {
                64 => {
                    self.pedals.retain(|pedal| *pedal != channel);
                    if value >= 64 {
                        self.pedals.push(channel);
                    }
                    self.lift(|_| false);
                }
                120 => self.held.retain(|(key, _)| key.0 != channel),
                121 => {
                    self.pedals.retain(|pedal| *pedal != channel);
                    self.lift(|_| false);
                }
                123.. => self.lift(|key| key.0 == channel),
                _ => {}
            },
            Message::Reset => *self = Naive::default(),
            _ => {}
        }
    }

    fn sounding(&self, voices: usize) -> Vec<(u8, u8)> {
        let newest = self.held.iter().rev().take(voices);
        let mut keys: Vec<(u8, u8)> = newest.map(|(key, _)| *key).collect();
        keys.sort_unstable();
        keys
    }
}

fn messages() -> impl Strategy<Value = Message> {
    let (channel, note) = (0u8..3, 58u8..70);
    let controller = |(channel, controller, value)| Message::Controller {
        channel,
        controller,
        value,
    };
    let pedals = prop::sample::select(vec![0u8, 63, 64, 127]);
    let clock = vec![
        Message::Clock,
        Message::Start,
        Message::Continue,
        Message::Stop,
        Message::Reset,
    ];
    prop_oneof![
        8 => (channel.clone(), note.clone(), 1u8..128).prop_map(|(channel, note, velocity)| {
            Message::NoteOn { channel, note, velocity }
        }),
        8 => (channel.clone(), note).prop_map(|(channel, note)| Message::NoteOff { channel, note }),
        3 => (channel.clone(), Just(64), pedals).prop_map(controller),
        1 => (channel.clone(), 0u8..128, 0u8..128).prop_map(controller),
        1 => (channel.clone(), 118u8..128, Just(0)).prop_map(controller),
        1 => (channel.clone(), -8192i16..8192)
            .prop_map(|(channel, bend)| Message::PitchBend { channel, bend }),
        1 => (channel, 0u8..128).prop_map(|(channel, program)| Message::Program { channel, program }),
        1 => prop::sample::select(clock),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The voices sound the keys that were pressed last, however messages are divided into
    /// commands. Once all keys and pedals are released, nothing sounds.
    #[test]
    fn voices_sound_the_newest_keys(
        voices in 1..=MAX_VOICES,
        commands in prop::collection::vec(prop::collection::vec(messages(), 0..6), 0..40),
    ) {
        let (mut instrument, mut naive) = (instrument_of(network(), None), Naive::default());
        instrument.apply(Command::Set(Key::Voices, voices as i32)).unwrap();
        let mut whole = Vec::new();
        for messages in &commands {
            let effect = instrument.apply(at(0, messages)).unwrap();
            let state = instrument.state();
            if let Some(sound) = effect.sound {
                prop_assert_eq!(sound.playback, state.playback());
            }
            for message in messages {
                naive.play(*message);
            }
            prop_assert_eq!(sounding(state), naive.sounding(voices));
            whole.extend(messages);
        }
        // One command with all of them leads to the same keys, voices and wheels.
        let mut at_once = instrument_of(network(), None);
        at_once.apply(Command::Set(Key::Voices, voices as i32)).unwrap();
        at_once.apply(at(0, &whole)).unwrap();
        prop_assert_eq!(&at_once.state().keyboard, &instrument.state().keyboard);

        for channel in 0..3 {
            let pedal = Message::Controller { channel, controller: 64, value: 0 };
            instrument.apply(at(0, &[pedal])).unwrap();
            for note in 0..128 {
                instrument.apply(at(0, &[Message::NoteOff { channel, note }])).unwrap();
            }
        }
        let state = instrument.state();
        prop_assert_eq!(sounding(state), []);
        prop_assert!(!state.has_keys() || state.playback().level == 0.0);
    }
}

#[test]
fn a_key_sets_rate_level_and_time() {
    let mut instrument = instrument_of(network(), None);
    let base = instrument.state().playback();
    let effect = instrument.apply(at(0, &[on(60, 127)])).unwrap();
    let sound = effect.sound.unwrap();
    assert_eq!((sound.playback, sound.seek), (base, Some(0)));
    // An octave and a fifth higher, half as fast: a quarter of the level.
    play(&mut instrument, &[on(79, 64)]);
    let playback = instrument.state().playback();
    assert_eq!(playback.rate, 23_973);
    let quarter = (100 * 64 * 64) as f32 / (100 * 127 * 127) as f32;
    assert_eq!(playback.level, base.level * quarter);
    // The wheel reaches two semitones, over the whole of its range.
    play(&mut instrument, &[bend(-8192)]);
    assert_eq!(instrument.state().playback().rate, 21_357);
    // The key before sounds again; its time goes on.
    let resets = instrument.state().resets;
    play(&mut instrument, &[off(79)]);
    let state = instrument.state();
    assert_eq!((state.playback().rate, state.resets), (7127, resets));
    play(&mut instrument, &[off(60)]);
    assert_eq!(instrument.state().playback().level, 0.0);
}

#[test]
fn parameters_change_the_effect_of_keys() {
    let mut instrument = instrument_of(network(), None);
    let level = instrument.state().playback().level;
    for assignment in ["retrigger=off", "velocity=0", "root=48", "wheel=12"] {
        set(&mut instrument, assignment);
    }
    let effect = instrument.apply(at(0, &[on(60, 1), bend(-8192)])).unwrap();
    let sound = effect.sound.map(|sound| (sound.seek, sound.playback.rate));
    // As high as without the wheel and the root, and as loud: nothing is heard.
    assert_eq!(sound, None);
    assert_eq!(instrument.state().playback().level, level);
    // Heard on channel 2 alone, a key that was pressed before can still be released.
    set(&mut instrument, "channel=2");
    play(&mut instrument, &[on(64, 100)]);
    assert_eq!(sounding(instrument.state()), [(0, 60)]);
    play(&mut instrument, &[off(60)]);
    assert_eq!(sounding(instrument.state()), []);
    // As pitches alone, keys neither start nor end the sound.
    set(&mut instrument, "keys=pitch");
    assert_eq!(instrument.state().playback().level, level);
    set(&mut instrument, "keys=off");
    assert_eq!(instrument.state().playback(), instrument.state().base());
}

#[test]
fn the_button_for_time_ends_the_silence_after_keys() {
    let mut instrument = instrument_of(network(), None);
    let base = instrument.state().playback();
    play(&mut instrument, &[on(70, 100), off(70)]);
    assert_eq!(instrument.state().playback().level, 0.0);
    let tap = Command::Press(Button::Time, Press::Tap);
    instrument.apply(tap).unwrap();
    assert_eq!(instrument.state().playback(), base);
}

#[test]
fn a_key_can_be_bits_of_the_network() {
    let mut instrument = instrument_of(with_controls(["note", "velocity", "gate"]), None);
    let values = |instrument: &Instrument| instrument.state().control_values().values().to_vec();
    let base = instrument.state().playback();
    play(&mut instrument, &[on(69, 33)]);
    assert_eq!(values(&instrument), [69, 33, 127]);
    // The network makes pitch, level and end of the note itself.
    assert_eq!(instrument.state().playback(), base);
    play(&mut instrument, &[off(69)]);
    assert_eq!(values(&instrument), [69, 33, 0]);
    assert_eq!(instrument.state().playback(), base);
    // All sound off is silence, whatever the network does.
    play(&mut instrument, &[controller(120, 0)]);
    assert_eq!(instrument.state().playback().level, 0.0);
}

#[test]
fn controls_are_heard_saved_and_restored() {
    let mut instrument = instrument_of(with_controls(["a", "b", "c"]), None);
    let effect = instrument.apply(Command::Control("b".into(), 1.0)).unwrap();
    assert!(effect.sound.is_some_and(|sound| sound.program.is_some()));
    // A position that reads as the same bits is not heard.
    let effect = instrument.apply(Command::Control("b".into(), 0.999));
    assert!(effect.unwrap().sound.is_none());
    let problem = say(&mut instrument, "control d 1").unwrap_err();
    assert!(problem.contains("a, b, c"), "{problem}");
    assert_eq!(instrument.state().revision.edits, 2);
    let saved = Saved::of(instrument.state());
    let text = saved.to_json().unwrap();
    assert!(text.contains("\"controls\""), "{text}");
    let read = Saved::from_json(&text).unwrap();
    assert_eq!(read.controls[1], 0.999);
    assert!(read == saved && read.matches(instrument.state()));
    // A preset brings them back, and undo those before.
    say(&mut instrument, "save x").unwrap();
    say(&mut instrument, "control b 0.25").unwrap();
    assert!(!read.matches(instrument.state()));
    say(&mut instrument, "recall x").unwrap();
    assert_eq!(instrument.state().controls[1], 0.999);
    say(&mut instrument, "undo").unwrap();
    assert_eq!(instrument.state().controls[1], 0.25);
}

#[test]
fn a_learned_controller_moves_its_destination_and_is_saved() {
    let mut instrument = instrument_of(with_controls(["a", "b", "c"]), None);
    for (name, number) in [("speed", 20), ("b", 21)] {
        say(&mut instrument, &format!("learn-midi {name}")).unwrap();
        // The pedal is not learned.
        play(&mut instrument, &[controller(64, 0)]);
        let effect = instrument.apply(at(0, &[controller(number, 64)])).unwrap();
        let Some(SaveRequest::Calibration(text)) = effect.save else {
            panic!("{name} is not saved");
        };
        let mut other = instrument_of(network(), None);
        other.calibrate(&text).unwrap();
        assert_eq!(other.state().controllers, instrument.state().controllers);
    }
    let edits = instrument.state().revision.edits;
    play(&mut instrument, &[controller(20, 0), controller(21, 127)]);
    let state = instrument.state();
    let speed = state.parameters.get(Key::Speed);
    assert_eq!((speed, state.controls[1]), (-400, 1.0));
    assert_eq!(state.revision.edits, edits + 2);
    say(&mut instrument, "forget-midi b").unwrap();
    play(&mut instrument, &[controller(21, 0)]);
    assert_eq!(instrument.state().controls[1], 1.0);
    assert!(say(&mut instrument, "forget-midi b").is_err());
}

#[test]
fn a_program_recalls_the_preset_of_its_number() {
    let mut instrument = instrument_of(network(), None);
    set(&mut instrument, "speed=0.5");
    say(&mut instrument, "save slow").unwrap();
    set(&mut instrument, "speed=1");
    let program = |program| Message::Program {
        channel: 0,
        program,
    };
    // The key that is held with it sounds on.
    play(&mut instrument, &[on(60, 127), program(0)]);
    assert_eq!(instrument.state().parameters.get(Key::Speed), 50);
    assert_eq!(sounding(instrument.state()), [(0, 60)]);
    play(&mut instrument, &[program(1)]);
    let notice = instrument.state().notice.as_deref();
    assert_eq!(notice, Some("there is no preset 2"));
}

#[test]
fn a_clock_starts_stops_and_restarts_bars() {
    let mut instrument = instrument_of(network(), None);
    play(&mut instrument, &[Message::Stop]);
    assert!(!instrument.state().playing);
    play(&mut instrument, &[Message::Continue]);
    assert!(instrument.state().playing);
    let resets = instrument.state().resets;
    play(&mut instrument, &[Message::Start]);
    assert_eq!(instrument.state().resets, resets + 1);
    set(&mut instrument, "clock=bar");
    set(&mut instrument, "bar=3");
    play(&mut instrument, &[Message::Clock; 72]);
    assert_eq!(instrument.state().resets, resets + 2);
    play(&mut instrument, &[Message::Clock]);
    assert_eq!(instrument.state().resets, resets + 3);
    // Switched off, the clock does nothing.
    set(&mut instrument, "clock=off");
    play(&mut instrument, &[Message::Stop]);
    play(&mut instrument, &[Message::Clock; 100]);
    let state = instrument.state();
    assert!(state.playing && state.resets == resets + 3);
}

#[test]
fn a_clock_sets_the_tempo_of_network_time() {
    let mut instrument = instrument_of(network(), None);
    set(&mut instrument, "clock=tempo");
    // 100 a minute: a quarter of 600 ms with 4096 samples.
    let pulse = |i: u64| at(i * 25_000_000, &[Message::Clock]);
    play(&mut instrument, &[Message::Start]);
    for i in 0..24 {
        instrument.apply(pulse(i)).unwrap();
        assert_eq!(instrument.state().playback().rate, 8000);
    }
    instrument.apply(pulse(24)).unwrap();
    assert_eq!(instrument.state().playback().rate, 6827);
    for i in 25..97 {
        instrument.apply(pulse(i)).unwrap();
    }
    // The second bar begins after four quarters.
    assert_eq!(instrument.state().t0, 4 * 4096);
    // Keys are relative to the tempo.
    play(&mut instrument, &[on(72, 127)]);
    assert_eq!(instrument.state().playback().rate, 13_654);
    set(&mut instrument, "clock=start");
    assert_eq!(instrument.state().playback().rate, 16_000);
}

/// Admits programs of so many gates, up to a rate in Hz.
struct Few(usize, u32);

impl Limits for Few {
    fn check(&self, program: &Program, playback: &Playback) -> Result<(), String> {
        let speed = u64::from(playback.rate) * u64::from(playback.speed.unsigned_abs());
        let fits = program.gates() <= self.0 && speed <= u64::from(self.1) * 100;
        fits.then_some(()).ok_or_else(|| "too slow".into())
    }
}

#[test]
fn a_key_that_is_too_high_sounds_octaves_lower() {
    let mut instrument = instrument_of(network(), Some(Box::new(Few(usize::MAX, 20_000))));
    for (note, rate) in [
        (60, 8000),
        (72, 16_000),
        (79, 11_986),
        (127, 11_986),
        (36, 2000),
    ] {
        play(&mut instrument, &[on(note, 100)]);
        assert_eq!(instrument.state().playback().rate, rate, "{note}");
    }
}

#[test]
fn a_refused_change_does_not_keep_keys_from_ending() {
    let mut instrument = instrument_of(network(), Some(Box::new(Few(usize::MAX, 8000))));
    say(&mut instrument, "learn-midi speed").unwrap();
    play(&mut instrument, &[controller(20, 64), on(60, 100)]);
    // Four times the speed is refused, the release with it is not.
    let both = at(0, &[controller(20, 127), off(60)]);
    instrument.apply(both).unwrap();
    let state = instrument.state();
    assert_eq!(state.parameters.get(Key::Speed), 100);
    assert_eq!((state.playback().level, sounding(state)), (0.0, vec![]));
    assert_eq!(state.notice.as_deref(), Some("too slow"));
}

#[test]
fn keys_whose_bits_make_a_network_too_slow_are_silent() {
    let network = || with_controls(["note", "velocity", "gate"]);
    let mut instrument = instrument_of(network(), Some(Box::new(Few(6, u32::MAX))));
    let level = instrument.state().playback().level;
    play(&mut instrument, &[on(0b011_1111, 127)]);
    assert_eq!(instrument.state().playback().level, level);
    play(&mut instrument, &[on(0b111_1111, 127)]);
    let state = instrument.state();
    assert_eq!(state.playback().level, 0.0);
    assert_eq!(state.notice.as_deref(), Some("too slow"));
    // Released, it gives way to the key before.
    play(&mut instrument, &[off(0b111_1111)]);
    assert_eq!(instrument.state().playback().level, level);
    play(&mut instrument, &[off(0b011_1111)]);
    assert_eq!(sounding(instrument.state()), []);
}
