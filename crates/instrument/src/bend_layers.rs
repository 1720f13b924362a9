//! Bend layers: groups of bends, one over the other, each with a strength.
//!
//! The first layer is called `hand` and cannot be removed; one layer is chosen. The
//! combined bends of all layers are computed when a layer changes. Clones share memory.

use std::ops::Deref;
use std::sync::Arc;

use logicnet::{Mask, Masks, Network, quote};

use super::memory::Memory;
use super::names::{free_name, is_name};

/// Most layers.
pub const MAX_LAYERS: usize = 8;
/// The name of the first layer.
pub const HAND: &str = "hand";
/// The strength that bends all of a layer's gates, in percent.
pub const MAX_STRENGTH: u8 = 100;

/// Bends that are faded in and out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BendLayer {
    /// The name of the layer.
    pub name: String,
    /// The share of its gates that are bent, 0 to 100 percent.
    pub strength: u8,
    /// Bends by node.
    pub bends: Masks,
}

impl BendLayer {
    /// Creates an empty layer at full strength.
    fn named(name: String) -> BendLayer {
        BendLayer {
            name,
            strength: MAX_STRENGTH,
            bends: Masks::new(),
        }
    }

    /// Returns the bends that the strength lets through, by node.
    ///
    /// The share is rounded up, and taken in a fixed pseudo-random order: a higher
    /// strength bends more gates and frees none.
    pub fn bent(&self) -> impl Iterator<Item = (u32, Mask)> {
        let share = self.bends.len() * usize::from(self.strength);
        let count = share.div_ceil(MAX_STRENGTH.into());
        let mut ranks: Vec<u32> = self.bends.iter().map(|(node, _)| rank(node)).collect();
        // The rank of the first gate that is not bent, if there is one.
        let end = (count < ranks.len()).then(|| *ranks.select_nth_unstable(count).1);
        self.bends
            .iter()
            .filter(move |(node, _)| end.is_none_or(|end| rank(*node) < end))
    }
}

/// Returns the rank of a node in the order in which strength bends gates: the finalizer of
/// the 32-bit `MurmurHash3` (Appleby), which is one-to-one and simple in any language.
fn rank(node: u32) -> u32 {
    let mut rank = node;
    rank ^= rank >> 16;
    rank = rank.wrapping_mul(0x85eb_ca6b);
    rank ^= rank >> 13;
    rank = rank.wrapping_mul(0xc2b2_ae35);
    rank ^ rank >> 16
}

/// One to eight layers, from the bottom up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BendLayers {
    list: Arc<Vec<BendLayer>>,
    chosen: usize,
    /// The combined bends of all layers.
    bends: Arc<Masks>,
}

impl Deref for BendLayers {
    type Target = [BendLayer];

    fn deref(&self) -> &[BendLayer] {
        &self.list
    }
}

impl Default for BendLayers {
    /// Creates the first layer alone, without bends.
    fn default() -> BendLayers {
        BendLayers::of(Masks::new())
    }
}

impl BendLayers {
    /// Creates the first layer alone, with these bends.
    pub fn of(bends: Masks) -> BendLayers {
        let hand = BendLayer {
            bends: bends.clone(),
            ..BendLayer::named(HAND.into())
        };
        BendLayers {
            list: Arc::new(vec![hand]),
            chosen: 0,
            bends: Arc::new(bends),
        }
    }

    /// Creates layers from a list, if it is valid: it has one to eight layers, the first
    /// is called `hand`, names are valid, strengths are at most 100, and `chosen` is an
    /// index of the list.
    pub fn new(list: Vec<BendLayer>, chosen: usize) -> Option<BendLayers> {
        let is_valid = |layer: &BendLayer| is_name(&layer.name) && layer.strength <= MAX_STRENGTH;
        let fits = list.len() <= MAX_LAYERS && chosen < list.len() && list.iter().all(is_valid);
        (fits && list[0].name == HAND).then(|| BendLayers {
            bends: Arc::new(combined(&list)),
            list: Arc::new(list),
            chosen,
        })
    }

    /// Returns the index of the layer that touches and paint go to.
    pub fn chosen(&self) -> usize {
        self.chosen
    }

    /// Returns the combined bends of all layers, by node.
    pub fn bends(&self) -> &Masks {
        &self.bends
    }

    /// Returns whether the combined bends say everything: there is one layer, at full
    /// strength.
    pub fn is_plain(&self) -> bool {
        self.len() == 1 && self[0].strength == MAX_STRENGTH
    }

    /// Checks that the bends fit a network.
    ///
    /// # Errors
    /// Returns a message that names the first node that cannot be bent.
    pub fn fit(&self, network: &Network) -> Result<(), String> {
        let mut bends = self.iter().flat_map(|layer| layer.bends.iter());
        bends.try_for_each(|(node, mask)| can_bend(network, node, Some(mask)))
    }

    /// Adds the memory of the layers to a count.
    pub(super) fn count(&self, memory: &mut Memory) {
        let of = |layer: &BendLayer| layer.name.capacity() + layer.bends.heap_bytes();
        memory.add(&self.list, |list| {
            list.capacity() * size_of::<BendLayer>() + list.iter().map(of).sum::<usize>()
        });
        memory.add(&self.bends, Masks::heap_bytes);
    }

    fn edit(&mut self, edit: impl FnOnce(&mut Vec<BendLayer>)) {
        edit(Arc::make_mut(&mut self.list));
        self.bends = Arc::new(combined(&self.list));
    }

    fn check(&self, layer: usize) -> Result<(), String> {
        match self.len() {
            count if layer < count => Ok(()),
            1 => Err("no such layer; there is one".into()),
            count => Err(format!("no such layer; there are {count}")),
        }
    }

    /// Bends nodes in the chosen layer, or frees them there.
    pub(super) fn paint(&mut self, bends: impl IntoIterator<Item = (u32, Option<Mask>)>) {
        let chosen = self.chosen;
        self.edit(|list| {
            for (node, mask) in bends {
                match mask {
                    Some(mask) => list[chosen].bends.set(node, mask),
                    None => list[chosen].bends.clear(node),
                };
            }
        });
    }

    /// Adds a layer above all others, and chooses it.
    pub(super) fn add(&mut self, name: Option<String>) -> Result<(), String> {
        if self.len() == MAX_LAYERS {
            return Err(format!("there are {MAX_LAYERS} layers, which is the most"));
        }
        // Each name occurs once, since edits are meant for a layer of a name.
        let is_taken = |name: &str| name == "layer" || self.iter().any(|layer| layer.name == name);
        let name = free_name(&name.unwrap_or_else(|| "layer".into()), is_taken);
        if !is_name(&name) {
            return Err(format!(
                "{} is not a valid layer name: use letters, digits, spaces, - and _",
                quote(&name)
            ));
        }
        self.chosen = self.len();
        self.edit(|list| list.push(BendLayer::named(name)));
        Ok(())
    }

    /// Removes a layer; if it was chosen, the one below is chosen.
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

    /// Sets a layer's strength in percent, at most 100.
    pub(super) fn set_strength(&mut self, layer: usize, strength: u8) -> Result<(), String> {
        self.check(layer)?;
        self.edit(|list| list[layer].strength = strength.min(MAX_STRENGTH));
        Ok(())
    }

    /// Frees all gates of a layer.
    pub(super) fn clear(&mut self, layer: usize) -> Result<(), String> {
        self.check(layer)?;
        self.edit(|list| list[layer].bends = Masks::new());
        Ok(())
    }

    /// Frees all gates of all layers.
    pub(super) fn clear_all(&mut self) {
        self.edit(|list| list.iter_mut().for_each(|layer| layer.bends = Masks::new()));
    }
}

/// Combines the bends of layers: the uppermost bend of a node counts.
fn combined(list: &[BendLayer]) -> Masks {
    list.iter().flat_map(BendLayer::bent).collect()
}

/// Checks that a node can be bent by a mask, or freed without one.
///
/// # Errors
/// Returns a message that names the node.
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

    fn layer(gates: u32, strength: u8) -> BendLayer {
        BendLayer {
            strength,
            bends: (0..gates).map(|node| (node * 7, Mask::Invert)).collect(),
            ..BendLayer::named("x".into())
        }
    }

    #[test]
    fn strength_is_a_share_and_more_strength_only_adds_gates() {
        for gates in [0, 1, 2, 7, 100, 613] {
            let mut before = Masks::new();
            for strength in 0..=100 {
                let bent: Masks = layer(gates, strength).bent().collect();
                let share = (gates * u32::from(strength)).div_ceil(100);
                assert_eq!(bent.len() as u32, share, "{strength}% of {gates}");
                assert!(before.iter().all(|(node, _)| bent.contains(node)));
                before = bent;
            }
        }
        // Half of the bends are spread over the whole layer.
        let half: Vec<(u32, Mask)> = layer(100, 50).bent().collect();
        let low = half.iter().filter(|(node, _)| *node < 350).count();
        assert!((15..=35).contains(&low), "{low}");
    }

    #[test]
    fn the_uppermost_bend_counts_and_removing_it_reveals_the_one_below() {
        let mut layers = BendLayers::of([(5, Mask::Invert), (6, Mask::Invert)].into());
        layers.add(None).unwrap();
        assert_eq!((layers.chosen(), layers[1].name.as_str()), (1, "layer 2"));
        layers.paint([(5, Some(Mask::Force(true)))]);
        assert_eq!(layers.bends()[5], Mask::Force(true));
        layers.set_strength(1, 0).unwrap();
        assert_eq!(layers.bends()[5], Mask::Invert);
        layers.set_strength(1, 255).unwrap();
        assert_eq!(layers[1].strength, 100);
        layers.remove(1).unwrap();
        assert_eq!((layers.chosen(), layers.bends()[5]), (0, Mask::Invert));
        assert!(layers.remove(0).is_err() && layers.choose(1).is_err());
    }

    #[test]
    fn lists_have_one_to_eight_layers_and_begin_with_the_hand() {
        let mut layers = BendLayers::default();
        for _ in 1..MAX_LAYERS {
            layers.add(None).unwrap();
        }
        assert!(layers.add(None).unwrap_err().contains("8 layers"));
        let list = layers.to_vec();
        assert_eq!(BendLayers::new(list.clone(), 7), Some(layers));
        assert_eq!(BendLayers::new(list.clone(), 8), None);
        assert_eq!(BendLayers::new(list[1..].to_vec(), 0), None);
        assert_eq!(BendLayers::new(Vec::new(), 0), None);
        let more = [list.clone(), list].concat();
        assert_eq!(BendLayers::new(more, 0), None);
    }
}
