//! The network that is trained, through the sound card.

use std::any::Any;

use gatebend::board::desk::{play_through_sound_card, sound_card_rate};
use logicnet::Network;
use player::{Block, Options, Player};

/// Plays networks, one after the other without a gap: the time goes on.
pub struct Listening {
    player: Player,
    /// Plays until it is dropped.
    _output: Box<dyn Any>,
}

impl Listening {
    /// Most frames rendered at a time.
    const BLOCK: u32 = 512;

    /// Begins with a network.
    ///
    /// # Errors
    /// Returns a message if there is no sound card.
    pub fn start(network: Network) -> Result<Listening, String> {
        let options = Options {
            rate: sound_card_rate()?,
            block: Listening::BLOCK,
            nodes: 0,
        };
        let (player, mut renderer) = Player::new(network.into(), options)?;
        let output = play_through_sound_card(move |output| {
            renderer.render(Block {
                input: [&[]; 2],
                times: &[],
                output,
            });
        })?;
        Ok(Listening {
            player,
            _output: output,
        })
    }

    /// Plays another network from here on.
    pub fn play(&mut self, network: &Network) -> Result<(), String> {
        self.player.play(network)
    }
}
