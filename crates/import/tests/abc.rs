//! Networks that Berkeley's ABC (Debian's `berkeley-abc`), if it is installed, rewrites and saves
//! as BLIF and AIGER come back equal.

mod common;

use std::fs;
use std::process::Command;

use common::{blif, outputs};
use import::{Format, Options, import};
use logicnet::Network;
use logicnet::random::Ops;

#[test]
fn what_abc_writes_comes_back_equal() {
    for seed in 0..8 {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let network = Network::random(9, &[40, 30, 20, 8], Ops::XorRich, seed).unwrap();
        fs::write(path("in.blif"), blif(&network)).unwrap();
        let script = "read_blif in.blif; write_blif same.blif; strash; write_aiger out.aig; \
                      write_blif ands.blif; dch; if -K 6; write_blif six.blif; strash; \
                      if -K 8; write_blif eight.blif";
        let command = Command::new("berkeley-abc")
            .args(["-c", script])
            .current_dir(folder.path())
            .output();
        let Ok(output) = command else {
            println!("berkeley-abc is not installed");
            return;
        };
        assert!(output.status.success(), "{output:?}");
        for (name, format) in [
            ("same.blif", Format::Blif),
            ("ands.blif", Format::Blif),
            ("six.blif", Format::Blif),
            ("eight.blif", Format::Blif),
            ("out.aig", Format::Aiger),
        ] {
            let read = import(&fs::read(path(name)).unwrap(), &Options::default());
            let (read, told) = read.unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(told, format);
            for t in 0..network.period() {
                assert_eq!(outputs(&read, t), outputs(&network, t), "{name} at {t}");
            }
        }
    }
}
