//! The layout of gates on the surface and on the display.
//!
//! ```
//! use instrument::layout::{Area, Layout};
//! use logicnet::Network;
//! use logicnet::random::Ops;
//!
//! let network = Network::random(12, &[16, 8], Ops::XorRich, 7)?;
//! let layout = Layout::new(&network, true);
//! let cell = layout.cells()[0];
//! assert_eq!(layout.touched(Area::Finger(cell.at, 1.0), 0.0), [cell.node]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use logicnet::{Masks, Network};

/// A point of the surface or the field: 0.0 to 1.0 from left to right and from top to
/// bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// The position from left to right.
    pub x: f32,
    /// The position from top to bottom.
    pub y: f32,
}

impl Point {
    /// Creates a point.
    pub const fn new(x: f32, y: f32) -> Point {
        Point { x, y }
    }
}

/// A rectangle of the surface, whose sides have length 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Region {
    /// The corner at the top left.
    pub least: Point,
    /// The corner at the bottom right.
    pub most: Point,
}

impl Region {
    /// Returns whether a point is inside.
    pub fn contains(&self, at: Point) -> bool {
        (self.least.x..=self.most.x).contains(&at.x) && (self.least.y..=self.most.y).contains(&at.y)
    }

    /// Returns the middle.
    pub fn middle(&self) -> Point {
        let (a, b) = (self.least, self.most);
        Point::new(f32::midpoint(a.x, b.x), f32::midpoint(a.y, b.y))
    }

    /// Converts a point of the surface to one of this region, whose sides then have
    /// length 1. Points outside map to the nearest edge.
    pub fn within(&self, at: Point) -> Point {
        let part = |at: f32, least: f32, most: f32| ((at - least) / (most - least)).clamp(0.0, 1.0);
        let (least, most) = (self.least, self.most);
        Point::new(part(at.x, least.x, most.x), part(at.y, least.y, most.y))
    }
}

/// The area of a touch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Area {
    /// One finger: its position, and its size as part of the largest finger's.
    Finger(Point, f32),
    /// Several fingers: the top left and bottom right corners of the box around them.
    Box(Point, Point),
}

/// A gate and its position.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The node of the gate.
    pub node: u32,
    /// The position of the gate.
    pub at: Point,
    /// True if an output depends on the gate, in the network without bends.
    pub live: bool,
}

/// Gates in columns, layer by layer from left to right. Within a layer, gates are ordered
/// by their operands, so children are near their parents.
///
/// The layout depends on the network but not on bends, so gates stay where the player has
/// found them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    cells: Vec<Cell>,
    columns: u32,
    rows: u32,
}

impl Layout {
    /// Lays out a network, with its dead gates or without.
    pub fn new(network: &Network, with_dead: bool) -> Layout {
        let live = network.live(network.masks());
        let bare = network.live(&Masks::new());
        let is_live = |node: u32| live[node as usize] || bare[node as usize];
        let layers = ordered_layers(network, |node| with_dead || is_live(node));
        let (columns, rows) = grid(&layers);
        let mut cells = Vec::with_capacity(layers.iter().map(Vec::len).sum());
        let mut first_column = 0;
        for layer in &layers {
            let width = (layer.len() as u32).div_ceil(rows);
            // Row by row within the layer, so that neighbours in rank stay near.
            let height = (layer.len() as u32).div_ceil(width);
            for (rank, &node) in (0..).zip(layer) {
                let (row, column) = (rank / width, rank % width);
                let x = ((first_column + column) as f32 + 0.5) / columns as f32;
                let at = Point::new(x, (row as f32 + 0.5) / height as f32);
                let live = is_live(node);
                cells.push(Cell { node, at, live });
            }
            first_column += width;
        }
        Layout {
            cells,
            columns,
            rows,
        }
    }

    /// Returns the gates of the layout, layer by layer.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Returns the columns and rows of the grid of gates.
    pub fn grid(&self) -> (u32, u32) {
        (self.columns, self.rows)
    }

    /// Returns the gates that a touch bends; the nearest comes first for a finger.
    ///
    /// The largest finger reaches `radius` around it, as part of the surface's width. A
    /// touch bends at least one gate, unless the layout is empty.
    pub fn touched(&self, area: Area, radius: f32) -> Vec<u32> {
        let (middle, inside): (Point, Box<dyn Fn(Point) -> bool>) = match area {
            Area::Finger(finger, size) => {
                let reach = radius * size.clamp(0.0, 1.0);
                let near = move |at| distance(finger, at) <= reach * reach;
                (finger, Box::new(near))
            }
            Area::Box(least, most) => {
                let region = Region { least, most };
                (region.middle(), Box::new(move |at| region.contains(at)))
            }
        };
        let covered = self.cells.iter().filter(|cell| inside(cell.at));
        let mut touched: Vec<u32> = covered.map(|cell| cell.node).collect();
        let from_middle = |cell: &&Cell| distance(middle, cell.at);
        let nearest = self.cells.iter();
        let nearest = nearest.min_by(|a, b| from_middle(a).total_cmp(&from_middle(b)));
        let nearest = nearest.map(|cell| cell.node);
        match (area, nearest) {
            (Area::Finger(..), Some(nearest)) => {
                touched.retain(|node| *node != nearest);
                touched.insert(0, nearest);
            }
            (Area::Box(..), Some(nearest)) if touched.is_empty() => touched.push(nearest),
            _ => {}
        }
        touched
    }
}

/// Returns the square of the distance between two points.
fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).powi(2) + (a.y - b.y).powi(2)
}

/// Returns the wanted gates of each layer, ordered by the mean height of their operands.
/// Layers without any are left out.
fn ordered_layers(network: &Network, wanted: impl Fn(u32) -> bool) -> Vec<Vec<u32>> {
    let inputs = network.inputs();
    let mut heights = vec![0.5f32; network.nodes() as usize];
    for input in 0..inputs {
        heights[input as usize] = (input as f32 + 0.5) / inputs as f32;
    }
    let mut layers = Vec::new();
    for (first, gates) in network.layers() {
        let mut layer: Vec<(f32, u32)> = (first..)
            .zip(gates)
            .filter(|(node, _)| wanted(*node))
            .map(|(node, gate)| {
                let (a, b) = (heights[gate.a as usize], heights[gate.b as usize]);
                let height = match (gate.op.reads_a(), gate.op.reads_b()) {
                    (true, false) => a,
                    (false, true) => b,
                    _ => f32::midpoint(a, b),
                };
                (height, node)
            })
            .collect();
        layer.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let count = layer.len() as f32;
        for (rank, (_, node)) in layer.iter().enumerate() {
            heights[*node as usize] = (rank as f32 + 0.5) / count;
        }
        if !layer.is_empty() {
            layers.push(layer.into_iter().map(|(_, node)| node).collect());
        }
    }
    layers
}

/// Returns the columns and rows of a grid that holds all layers, each in whole columns.
///
/// The grid has the fewest rows with at most two columns per row: this suits a wide display
/// and works on a square.
fn grid(layers: &[Vec<u32>]) -> (u32, u32) {
    let widths = |rows: u32| {
        layers
            .iter()
            .map(move |layer| (layer.len() as u32).div_ceil(rows))
    };
    let columns = |rows: u32| widths(rows).sum::<u32>();
    let longest = layers.iter().map(Vec::len).max().unwrap_or(0) as u32;
    let enough = |rows: u32| columns(rows) <= 2 * rows;
    let rows = (1..longest).find(|&rows| enough(rows)).unwrap_or(longest);
    let rows = rows.max(1);
    (columns(rows).max(1), rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use logicnet::random::Ops;

    fn network(widths: &[usize]) -> Network {
        Network::random(12, widths, Ops::XorRich, 7).unwrap()
    }

    #[test]
    fn no_two_gates_have_the_same_position() {
        for widths in [
            &[8][..],
            &[1024],
            &[64; 6],
            &[5, 300, 8],
            &[1; 20],
            &[1, 4000, 8],
        ] {
            if widths.last() < Some(&8) {
                continue;
            }
            let network = network(widths);
            let layout = Layout::new(&network, true);
            assert_eq!(layout.cells().len(), network.gates().len());
            let mut positions: Vec<(u32, u32)> = layout
                .cells()
                .iter()
                .map(|cell| (cell.at.x.to_bits(), cell.at.y.to_bits()))
                .collect();
            positions.sort_unstable();
            positions.dedup();
            assert_eq!(positions.len(), network.gates().len());
            // A finger bends the gate under it.
            for cell in layout.cells() {
                let touched = layout.touched(Area::Finger(cell.at, 0.5), 0.0);
                assert_eq!(touched, [cell.node]);
            }
        }
    }

    #[test]
    fn bends_do_not_move_gates() {
        let plain = network(&[64; 6]);
        let masks = (12..40).map(|node| (node, logicnet::Mask::Force(true)));
        let bent = plain.clone().with_masks(masks.collect()).unwrap();
        let positions = |network: &Network| -> Vec<(u32, Point)> {
            let layout = Layout::new(network, true);
            layout
                .cells()
                .iter()
                .map(|cell| (cell.node, cell.at))
                .collect()
        };
        assert_eq!(positions(&plain), positions(&bent));
    }

    #[test]
    fn hidden_gates_are_the_dead_ones() {
        let network = network(&[64; 6]);
        let live = network.live(&Masks::new());
        let layout = Layout::new(&network, false);
        assert!(layout.cells().len() < network.gates().len());
        assert!(layout.cells().iter().all(|cell| live[cell.node as usize]));
    }

    #[test]
    fn children_are_near_their_parents() {
        // A tree in which each gate reads two neighbours of the layer before.
        let json = r#"{"format": "gatebend-network", "version": 1, "inputs": 8, "layers": [
            {"gates": [[6, 6, 7], [6, 4, 5], [6, 0, 1], [6, 2, 3]]},
            {"gates": [[6, 8, 9], [6, 10, 11]]}], "outputs": [12, 13]}"#;
        let layout = Layout::new(&Network::from_json(json).unwrap(), true);
        // Wide layers have several columns: gates go across first, then down.
        let position = |node| {
            let mut cells = layout.cells().iter();
            let at = cells.find(|cell| cell.node == node).unwrap().at;
            (at.y, at.x)
        };
        assert!(
            position(10) < position(11) && position(11) < position(9) && position(9) < position(8)
        );
        assert!(position(13) < position(12));
    }

    #[test]
    fn boxes_and_large_fingers_bend_the_gates_they_cover() {
        let layout = Layout::new(&network(&[64; 6]), true);
        let all = layout.touched(
            Area::Box(Point { x: 0.0, y: 0.0 }, Point { x: 1.0, y: 1.0 }),
            0.0,
        );
        assert_eq!(all.len(), layout.cells().len());
        let middle = Point { x: 0.5, y: 0.5 };
        let small = layout.touched(Area::Finger(middle, 0.2), 0.1);
        let large = layout.touched(Area::Finger(middle, 1.0), 0.2);
        assert!(small.len() < large.len());
        assert!(small.iter().all(|node| large.contains(node)));
        assert_eq!(small[0], large[0]);
        assert_eq!(layout.touched(Area::Box(middle, middle), 0.0).len(), 1);
    }

    #[test]
    fn a_network_without_gates_has_nothing_to_bend() {
        let json = r#"{"format": "gatebend-network", "version": 1, "inputs": 8,
            "layers": [], "outputs": [0]}"#;
        let layout = Layout::new(&Network::from_json(json).unwrap(), true);
        assert_eq!(layout.grid(), (1, 1));
        assert!(
            layout
                .touched(Area::Finger(Point::default(), 1.0), 0.5)
                .is_empty()
        );
    }
}
