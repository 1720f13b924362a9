//! Where gates lie on the surface and on the display.

use logicnet::{Masks, Network};

/// A place on the surface: 0.0..=1.0 from left to right and from top to bottom.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// From left to right.
    pub x: f32,
    /// From top to bottom.
    pub y: f32,
}

/// What touches the surface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Area {
    /// One finger, and its size as a part of the largest.
    Finger(Point, f32),
    /// The box that several fingers span, from its least to its most corner.
    Box(Point, Point),
}

/// A gate and its place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    /// The gate's node.
    pub node: u32,
    /// Its place.
    pub at: Point,
    /// Whether an output depends on it, in the network as it was loaded.
    pub live: bool,
}

/// Gates in columns, layer by layer from left to right; in each layer ordered
/// by what they read, so that children are near their parents.
///
/// It depends on the network alone, and not on bends, so that gates stay where
/// the player has found them.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    cells: Vec<Cell>,
    columns: u32,
    rows: u32,
}

impl Layout {
    /// The layout of a network, with its dead gates or without.
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
                cells.push(Cell {
                    node,
                    at: Point {
                        x: ((first_column + column) as f32 + 0.5) / columns as f32,
                        y: (row as f32 + 0.5) / height as f32,
                    },
                    live: is_live(node),
                });
            }
            first_column += width;
        }
        Layout {
            cells,
            columns,
            rows,
        }
    }

    /// The gates that are there, layer by layer.
    pub fn cells(&self) -> &[Cell] {
        &self.cells
    }

    /// Columns and rows of the grid that gates lie in.
    pub fn grid(&self) -> (u32, u32) {
        (self.columns, self.rows)
    }

    /// The gates that a touch bends, nearest or topmost first, when the largest
    /// finger reaches `radius` of the surface's width around it. Always one at
    /// least, if there are gates at all.
    pub fn touched(&self, area: Area, radius: f32) -> Vec<u32> {
        let (middle, inside): (Point, Box<dyn Fn(Point) -> bool>) = match area {
            Area::Finger(finger, size) => {
                let reach = radius * size.clamp(0.0, 1.0);
                let near = move |at| distance(finger, at) <= reach * reach;
                (finger, Box::new(near))
            }
            Area::Box(least, most) => {
                let middle = Point {
                    x: f32::midpoint(least.x, most.x),
                    y: f32::midpoint(least.y, most.y),
                };
                let inside = move |at: Point| {
                    (least.x..=most.x).contains(&at.x) && (least.y..=most.y).contains(&at.y)
                };
                (middle, Box::new(inside))
            }
        };
        let mut touched: Vec<u32> = self
            .cells
            .iter()
            .filter(|cell| inside(cell.at))
            .map(|cell| cell.node)
            .collect();
        let nearest = self
            .cells
            .iter()
            .min_by(|a, b| distance(middle, a.at).total_cmp(&distance(middle, b.at)))
            .map(|cell| cell.node);
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

/// The square of the distance of two places.
fn distance(a: Point, b: Point) -> f32 {
    (a.x - b.x).powi(2) + (a.y - b.y).powi(2)
}

/// The gates of each layer that are wanted, ordered by the middle of what they
/// read. Layers without any are left out.
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

/// Columns and rows that hold all layers, each in whole columns: as many rows
/// as make cells about twice as high as wide columns are many, which suits a
/// wide display and does not hurt on a square.
fn grid(layers: &[Vec<u32>]) -> (u32, u32) {
    let columns = |rows: u32| -> u32 {
        layers
            .iter()
            .map(|layer| (layer.len() as u32).div_ceil(rows))
            .sum()
    };
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
    fn every_gate_has_a_place_of_its_own() {
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
            let mut places: Vec<(u32, u32)> = layout
                .cells()
                .iter()
                .map(|cell| (cell.at.x.to_bits(), cell.at.y.to_bits()))
                .collect();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), network.gates().len());
            // The gate under the finger is the one that is bent.
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
        let places = |network: &Network| -> Vec<(u32, Point)> {
            let layout = Layout::new(network, true);
            layout
                .cells()
                .iter()
                .map(|cell| (cell.node, cell.at))
                .collect()
        };
        assert_eq!(places(&plain), places(&bent));
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
        // A tree drawn by hand: neighbours are joined, layer by layer.
        let json = r#"{"format": "gatebend-network", "version": 1, "inputs": 8, "layers": [
            {"gates": [[6, 6, 7], [6, 4, 5], [6, 0, 1], [6, 2, 3]]},
            {"gates": [[6, 8, 9], [6, 10, 11]]}], "outputs": [12, 13]}"#;
        let layout = Layout::new(&Network::from_json(json).unwrap(), true);
        // Wide layers are folded: first down, then across.
        let place = |node| {
            let mut cells = layout.cells().iter();
            let at = cells.find(|cell| cell.node == node).unwrap().at;
            (at.y, at.x)
        };
        assert!(place(10) < place(11) && place(11) < place(9) && place(9) < place(8));
        assert!(place(13) < place(12));
    }

    #[test]
    fn boxes_and_big_fingers_bend_what_they_cover() {
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
