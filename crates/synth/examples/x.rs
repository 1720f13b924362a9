use synth::*;
struct P(u64);
impl logicnet::Pace for P {
    fn work(&mut self, g: u64) -> Result<(), logicnet::Stopped> {
        self.0 += g;
        Ok(())
    }
}
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let bytes = std::fs::read(&a[1]).unwrap();
    let bits: u8 = a[2].parse().unwrap();
    let samples: Vec<u16> = if bits > 8 {
        bytes
            .chunks(2)
            .map(|b| u16::from_le_bytes([b[0], b[1]]))
            .collect()
    } else {
        bytes.iter().map(|&b| u16::from(b) >> (8 - bits)).collect()
    };
    let table = Table::new(samples, bits).unwrap();
    let mut p = P(0);
    let t = std::time::Instant::now();
    match exact(&table, &mut p) {
        Ok(g) => {
            let d = Draft::from_graph(&g);
            let n = d.to_network(logicnet::Parts::default()).unwrap();
            println!(
                "{}: {} gates, equal {}, work {} {:.3} s",
                a[1],
                g.live_gates().count(),
                Table::of_network(&n).unwrap() == table,
                p.0,
                t.elapsed().as_secs_f64()
            );
        }
        Err(e) => println!(
            "{}: {e} work {} {:.3} s",
            a[1],
            p.0,
            t.elapsed().as_secs_f64()
        ),
    }
}
