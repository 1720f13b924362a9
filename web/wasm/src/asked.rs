//! What one command of the instrument does of what clients ask.
//!
//! Layers, transport, snapshots, and the state that clients are told, are the link's,
//! and come here with it: `docs/web.md` says what is missing until then.

use gatebend::instrument::parameters::Key;
use gatebend::instrument::{Command, Direction, Page};
use gatebend::link::protocol::{Ask, Bend};
use logicnet::{Mask, Network, Op};

/// Commands that do what was asked.
///
/// # Errors
/// Says in plain words why not.
pub fn commands(ask: Ask) -> Result<Vec<Command>, String> {
    let command = match ask {
        Ask::Load { network } => {
            let network = Network::from_json(&network).map_err(|error| error.to_string())?;
            Command::Load(Box::new(network))
        }
        Ask::Swap { next: true } => Command::Swap(Direction::Next),
        Ask::Swap { next: false } => Command::Swap(Direction::Previous),
        Ask::Random { seed } => Command::Random(seed.map(u64::from)),
        Ask::Paint { bends, begins } => {
            let mask = |(node, bend): (u32, Option<Bend>)| -> Result<_, String> {
                Ok((node, bend.map(mask).transpose()?))
            };
            let bends = bends.into_iter().map(mask).collect::<Result<_, _>>()?;
            Command::Paint { bends, begins }
        }
        Ask::Clear { layer: None } => Command::ClearBends,
        Ask::Undo => Command::Undo,
        Ask::Redo => Command::Redo,
        Ask::Set { key, value } => {
            let key = Key::with_id(&key).ok_or_else(|| format!("no parameter {key:?}"))?;
            Command::Set(key, value)
        }
        Ask::Show { page } => Command::Show(match page.as_str() {
            "play" => Page::Play,
            "menu" => Page::Menu,
            "presets" => Page::Presets,
            "inputs" => Page::Inputs,
            "about" => Page::About,
            _ => return Err("which page? play, menu, presets, inputs or about".into()),
        }),
        Ask::SavePreset { name } => Command::SavePreset(name),
        Ask::RecallPreset { name } => Command::RecallPreset(name),
        Ask::DeletePreset { name } => Command::DeletePreset(name),
        _ => return Err("the instrument in a page cannot do this yet".into()),
    };
    Ok(vec![command])
}

fn mask(bend: Bend) -> Result<Mask, String> {
    Ok(match bend {
        Bend::Zero => Mask::Force(false),
        Bend::One => Mask::Force(true),
        Bend::Invert => Mask::Invert,
        Bend::Op(number) => {
            let op = Op::new(number).ok_or_else(|| format!("no operation {number}: 0 to 15"))?;
            Mask::Replace(op)
        }
    })
}
