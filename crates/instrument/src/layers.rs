//! Bend layers: groups of bends, each of a strength, one over the other.
//!
//! There is always a first one, the hand's, and always a chosen one. The bends
//! that all of them make together are reckoned when something changes, and only
//! then. Copies share what they hold.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::Arc;

use logicnet::{Mask, Network};

use super::preset::{free_name, is_name};

/// Most layers.
pub const MOST_LAYERS: usize = 8;
/// The name of the first layer.
pub const HAND: &str = "hand";
/// The strength that bends all of a layer's gates, in percent.
pub const MOST_STRENGTH: u8 = 100;

/// Bends that come and go together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// What it is called.
    pub name: String,
    /// The share of its gates that are bent, 0..=100 percent.
    pub strength: u8,
    /// Its bends, by node.
    pub bends: BTreeMap<u32, Mask>,
}

impl Layer {
    /// An empty layer at full strength.
    fn named(name: String) -> Layer {
        Layer {
            name,
            strength: MOST_STRENGTH,
            bends: BTreeMap::new(),
        }
    }

    /// The bends that its strength lets through, by node: the share rounded up,
    /// taken in an order that looks like chance and never changes. Turned up, more
    /// are bent, and none of those before is let go.
    pub fn bent(&self) -> impl Iterator<Item = (u32, Mask)> {
        let share = self.bends.len() * usize::from(self.strength);
        let count = share.div_ceil(MOST_STRENGTH.into());
        let mut places: Vec<u32> = self.bends.keys().copied().map(shuffled).collect();
        // The place of the first one that is not bent, if one is not.
        let end = (count < places.len()).then(|| *places.select_nth_unstable(count).1);
        self.bends
            .iter()
            .map(|(node, mask)| (*node, *mask))
            .filter(move |(node, _)| end.is_none_or(|end| shuffled(*node) < end))
    }
}

/// A node's place in the order of strength: the finalizer of `MurmurHash3` of 32
/// bits (Appleby), which is one to one and easy in any language.
fn shuffled(node: u32) -> u32 {
    let mut place = node;
    place ^= place >> 16;
    place = place.wrapping_mul(0x85eb_ca6b);
    place ^= place >> 13;
    place = place.wrapping_mul(0xc2b2_ae35);
    place ^ place >> 16
}

/// One to eight layers, from the lowest up. Each is over those before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    list: Arc<Vec<Layer>>,
    chosen: usize,
    /// What they bend together.
    bends: Arc<BTreeMap<u32, Mask>>,
}

impl Deref for Layers {
    type Target = [Layer];

    fn deref(&self) -> &[Layer] {
        &self.list
    }
}

impl Default for Layers {
    /// The hand's alone, without bends.
    fn default() -> Layers {
        Layers::of(BTreeMap::new())
    }
}

impl Layers {
    /// The hand's alone, with these bends.
    pub fn of(bends: BTreeMap<u32, Mask>) -> Layers {
        let hand = Layer {
            bends: bends.clone(),
            ..Layer::named(HAND.into())
        };
        Layers {
            list: Arc::new(vec![hand]),
            chosen: 0,
            bends: Arc::new(bends),
        }
    }

    /// These layers, if they can be: one to eight, the first the hand's, each with
    /// a good name and a strength of at most 100, one of them chosen.
    pub fn new(list: Vec<Layer>, chosen: usize) -> Option<Layers> {
        let good = |layer: &Layer| is_name(&layer.name) && layer.strength <= MOST_STRENGTH;
        let fits = list.len() <= MOST_LAYERS && chosen < list.len() && list.iter().all(good);
        (fits && list[0].name == HAND).then(|| Layers {
            bends: Arc::new(together(&list)),
            list: Arc::new(list),
            chosen,
        })
    }

    /// The place of the layer that touches and paint go to.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// The bends of all layers together, by node.
    pub fn bends(&self) -> &BTreeMap<u32, Mask> {
        &self.bends
    }

    /// Whether it is the hand's layer alone, at full strength: its bends say all.
    pub fn is_plain(&self) -> bool {
        self.len() == 1 && self[0].strength == MOST_STRENGTH
    }

    /// Checks that a network can be bent so.
    ///
    /// # Errors
    /// Names the first node that cannot be.
    pub fn fit(&self, network: &Network) -> Result<(), String> {
        let mut bends = self.iter().flat_map(|layer| &layer.bends);
        bends.try_for_each(|(node, mask)| can_bend(network, *node, Some(*mask)))
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Vec<Layer>)) {
        edit(Arc::make_mut(&mut self.list));
        self.bends = Arc::new(together(&self.list));
    }

    fn check(&self, layer: usize) -> Result<(), String> {
        match self.len() {
            count if layer < count => Ok(()),
            1 => Err("no such layer; there is one".into()),
            count => Err(format!("no such layer; there are {count}")),
        }
    }

    /// Bends nodes in the chosen layer, or lets them go there.
    pub(super) fn paint(&mut self, bends: impl IntoIterator<Item = (u32, Option<Mask>)>) {
        let chosen = self.chosen;
        self.edit(|list| {
            for (node, mask) in bends {
                match mask {
                    Some(mask) => list[chosen].bends.insert(node, mask),
                    None => list[chosen].bends.remove(&node),
                };
            }
        });
    }

    /// Adds a layer over all others, and chooses it.
    pub(super) fn add(&mut self, name: Option<String>) -> Result<(), String> {
        if self.len() == MOST_LAYERS {
            return Err(format!("there are {MOST_LAYERS} layers, which is the most"));
        }
        let taken = |name: &str| name == "layer" || self.iter().any(|layer| layer.name == name);
        let name = name.unwrap_or_else(|| free_name("layer", taken));
        if !is_name(&name) {
            return Err(format!(
                "{name:?} is no name for a layer: letters, digits, spaces, - and _"
            ));
        }
        self.chosen = self.len();
        self.edit(|list| list.push(Layer::named(name)));
        Ok(())
    }

    /// Removes a layer; if it was chosen, the one below is.
    pub(super) fn remove(&mut self, layer: usize) -> Result<(), String> {
        self.check(layer)?;
        if layer == 0 {
            return Err("the hand's layer cannot be removed".into());
        }
        if self.chosen >= layer {
            self.chosen -= 1;
        }
        self.edit(|list| drop(list.remove(layer)));
        Ok(())
    }

    pub(super) fn choose(&mut self, layer: usize) -> Result<(), String> {
        self.check(layer)?;
        self.chosen = layer;
        Ok(())
    }

    /// Sets a layer's strength; above 100 is 100.
    pub(super) fn set_strength(&mut self, layer: usize, strength: u8) -> Result<(), String> {
        self.check(layer)?;
        self.edit(|list| list[layer].strength = strength.min(MOST_STRENGTH));
        Ok(())
    }

    /// Lets go all bends of a layer.
    pub(super) fn clear(&mut self, layer: usize) -> Result<(), String> {
        self.check(layer)?;
        self.edit(|list| list[layer].bends.clear());
        Ok(())
    }

    /// Lets go all bends of all layers.
    pub(super) fn clear_all(&mut self) {
        self.edit(|list| list.iter_mut().for_each(|layer| layer.bends.clear()));
    }
}

/// What layers bend together: of the bends of a node, the uppermost.
fn together(list: &[Layer]) -> BTreeMap<u32, Mask> {
    list.iter().flat_map(Layer::bent).collect()
}

/// Checks that a node can be bent so.
///
/// # Errors
/// Names the node.
pub(super) fn can_bend(network: &Network, node: u32, mask: Option<Mask>) -> Result<(), String> {
    let nodes = network.nodes();
    if node >= nodes {
        return Err(format!("no node {node}; nodes are 0..{}", nodes - 1));
    }
    if node < network.inputs() && matches!(mask, Some(Mask::Replace(_))) {
        return Err(format!("node {node} is an input and has no operation"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(gates: u32, strength: u8) -> Layer {
        Layer {
            strength,
            bends: (0..gates).map(|node| (node * 7, Mask::Invert)).collect(),
            ..Layer::named("x".into())
        }
    }

    #[test]
    fn strength_is_a_share_and_turned_up_adds_only() {
        for gates in [0, 1, 2, 7, 100, 613] {
            let mut before = BTreeMap::new();
            for strength in 0..=100 {
                let bent: BTreeMap<u32, Mask> = layer(gates, strength).bent().collect();
                let share = (gates * u32::from(strength)).div_ceil(100);
                assert_eq!(bent.len() as u32, share, "{strength}% of {gates}");
                assert!(before.keys().all(|node| bent.contains_key(node)));
                before = bent;
            }
        }
        // Not from one end to the other: half of it is spread over both halves.
        let half: Vec<(u32, Mask)> = layer(100, 50).bent().collect();
        let low = half.iter().filter(|(node, _)| *node < 350).count();
        assert!((15..=35).contains(&low), "{low}");
    }

    #[test]
    fn the_uppermost_bend_counts_and_what_is_beneath_comes_back() {
        let mut layers = Layers::of(BTreeMap::from([(5, Mask::Invert), (6, Mask::Invert)]));
        layers.add(None).unwrap();
        assert_eq!((layers.chosen(), layers[1].name.as_str()), (1, "layer 2"));
        layers.paint([(5, Some(Mask::Force(true)))]);
        assert_eq!(layers.bends()[&5], Mask::Force(true));
        layers.set_strength(1, 0).unwrap();
        assert_eq!(layers.bends()[&5], Mask::Invert);
        layers.set_strength(1, 255).unwrap();
        assert_eq!(layers[1].strength, 100);
        layers.remove(1).unwrap();
        assert_eq!((layers.chosen(), layers.bends()[&5]), (0, Mask::Invert));
        assert!(layers.remove(0).is_err() && layers.choose(1).is_err());
    }

    #[test]
    fn there_are_one_to_eight_layers_and_the_first_is_the_hands() {
        let mut layers = Layers::default();
        for _ in 1..MOST_LAYERS {
            layers.add(None).unwrap();
        }
        assert!(layers.add(None).unwrap_err().contains("8 layers"));
        let list = layers.to_vec();
        assert_eq!(Layers::new(list.clone(), 7), Some(layers));
        assert_eq!(Layers::new(list.clone(), 8), None);
        assert_eq!(Layers::new(list[1..].to_vec(), 0), None);
        assert_eq!(Layers::new(Vec::new(), 0), None);
        let more = [list.clone(), list].concat();
        assert_eq!(Layers::new(more, 0), None);
    }
}
