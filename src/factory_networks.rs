//! The factory networks, embedded in the program, so that it plays without any file.

use logicnet::Network;

macro_rules! networks {
    ($($name:literal),* $(,)?) => {
        /// Names and files, in the order of the menu.
        const FILES: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../assets/networks/", $name, ".json"))),)*
        ];
    };
}

networks![
    "running-man",
    "first-light",
    "forty-two",
    "street-surfer",
    "night-train",
    "fractal-melody",
    "crowd",
    "clockwork",
    "eight-notes",
    "lemmings",
    "lost-in-space",
    "pebbles",
    "sierpinski",
    "sierpinski-harmony",
    "stairs",
    "swarm",
    "storm",
    "trained-forty-two",
    "trained-stairs",
    "ring-walk",
    "origami",
    "sync-lead",
    "glass",
    "drummer",
    "ping-pong",
];

/// Parses all factory networks. Takes a few milliseconds on a desktop.
///
/// # Panics
/// Never panics: a test loads each of them.
pub fn all() -> Vec<Network> {
    FILES
        .iter()
        .map(|(name, text)| match Network::from_json(text) {
            Ok(network) => network,
            Err(error) => panic!("{name}: {error}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_network_of_the_folder_is_included() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/networks");
        let mut there: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                let name = entry.unwrap().file_name().into_string().unwrap();
                name.strip_suffix(".json").map(String::from)
            })
            .collect();
        let mut shipped: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
        there.sort();
        shipped.sort_unstable();
        assert_eq!(there, shipped);
        assert_eq!(super::all().len(), shipped.len());
    }
}
