//! A player takes any lines as commands, and renders between them: frames are finite and
//! within full scale.
#![no_main]

use std::sync::{Arc, OnceLock};

use gatebend::factory_networks;
use libfuzzer_sys::fuzz_target;
use logicnet::Network;
use player::{Block, Options, Player};

/// Maximum number of commands per run.
const MAX_COMMANDS: usize = 40;

fuzz_target!(|text: &str| {
    static NETWORK: OnceLock<Arc<Network>> = OnceLock::new();
    let network = NETWORK.get_or_init(|| Arc::new(factory_networks::all().swap_remove(0)));
    let options = Options {
        rate: 48_000,
        block: 32,
        nodes: 2,
    };
    let created = Player::new(Arc::clone(network), options);
    let (mut player, mut renderer) = created.expect("the first network plays");
    for line in text.lines().take(MAX_COMMANDS) {
        let _ = player.command(line);
        let (mut left, mut right) = ([0.0; 32], [0.0; 32]);
        let output = [&mut left[..], &mut right[..]];
        renderer.render(Block {
            input: [&[]; 2],
            times: &[],
            output,
        });
        let sound = left.iter().chain(&right);
        // Voices of several keys may add up.
        assert!(sound.into_iter().all(|sample| sample.abs() <= 8.0));
        let _ = player.update();
    }
});
