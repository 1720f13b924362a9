//! Patches in Pd's file format.

/// A patch in Pd's file format.
pub struct Patch {
    lines: Vec<String>,
    connections: Vec<String>,
    objects: usize,
}

impl Patch {
    pub fn new() -> Patch {
        Patch {
            lines: vec!["#N canvas 0 0 600 400 10;".into()],
            connections: Vec::new(),
            objects: 0,
        }
    }

    /// Adds an object with its arguments, and returns its number.
    pub fn object(&mut self, text: &str) -> usize {
        self.add(format!("#X obj 10 10 {text};"))
    }

    /// Adds a message box, and returns its number.
    pub fn message(&mut self, text: &str) -> usize {
        self.add(format!("#X msg 10 10 {text};"))
    }

    /// Adds a subpatch, and returns its number.
    pub fn subpatch(&mut self, name: &str, patch: &Patch) -> usize {
        self.add(format!("{}\n#X restore 10 10 pd {name};", patch.text()))
    }

    fn add(&mut self, line: String) -> usize {
        self.lines.push(line);
        self.objects += 1;
        self.objects - 1
    }

    pub fn connect(&mut self, (from, outlet): (usize, usize), (to, inlet): (usize, usize)) {
        let line = format!("#X connect {from} {outlet} {to} {inlet};");
        self.connections.push(line);
    }

    pub fn text(&self) -> String {
        [&self.lines[..], &self.connections].concat().join("\n")
    }
}
