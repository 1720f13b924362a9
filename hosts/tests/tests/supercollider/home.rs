//! A user's home folder, and the programs that run in it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use gatebend_hosts::{Frame, built, read_wav, run, write_wav};

/// A home folder in which Gatebend is installed.
pub struct Home {
    folder: tempfile::TempDir,
}

/// The sound and the text of a server.
pub struct Recording {
    pub frames: Vec<Frame>,
    pub console: String,
}

impl Home {
    pub fn new() -> Home {
        let folder = tempfile::tempdir().unwrap();
        let extensions = folder.path().join("SuperCollider/Extensions");
        fs::create_dir_all(&extensions).unwrap();
        run(Command::new("cp")
            .arg("-R")
            .arg(built().join("supercollider"))
            .arg(extensions));
        Home { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns a program that finds this home.
    pub fn program(&self, name: &str) -> Command {
        let mut program = Command::new(name);
        program
            .env("HOME", self.path())
            .env("XDG_DATA_HOME", self.path());
        program
            .env("XDG_CONFIG_HOME", self.path())
            .env("XDG_RUNTIME_DIR", self.path());
        program
            .env("QT_QPA_PLATFORM", "offscreen")
            .env("QTWEBENGINE_DISABLE_SANDBOX", "1");
        program.stdin(Stdio::null());
        program
    }

    /// Runs code in sclang, which must reach its end.
    pub fn run_code(&self, code: &str) {
        let file = self.path().join("code.scd");
        fs::write(&file, code).unwrap();
        let script = self.path().join("test.scd");
        let wrapped = format!(
            "{{
                var code = thisProcess.interpreter.compileFile(\"{}\");
                if (code.isNil) {{ 1.exit }};
                {{ code.value }}.try {{ |error| error.reportError; 1.exit }};
                \"reached the end\".postln;
                0.exit
            }}.value;",
            file.display()
        );
        fs::write(&script, wrapped).unwrap();
        let console = run(self.program("timeout").args(["60", "sclang"]).arg(script));
        assert!(console.contains("reached the end"), "{console}");
    }

    /// Writes a score of events for a server of this rate. In the code of events, `at.(k)` is
    /// the time of the block that begins at frame k.
    pub fn write_score(
        &self,
        rate: u32,
        definitions: &str,
        events: &str,
        frames: usize,
    ) -> PathBuf {
        let file = self.path().join("score.osc");
        self.run_code(&format!(
            "var at = {{ |frame| frame + 8 / {rate} }};
            var definitions = [{definitions}];
            var events = [{events}];
            events = definitions.collect {{ |one| [0.0, ['/d_recv', one.asBytes]] }} ++ events;
            Score.write(events ++ [[at.({frames} - 16), ['/c_set', 0, 0]]], \"{}\", TempoClock.new);",
            file.display()
        ));
        file
    }

    /// Renders a score.
    pub fn render(
        &self,
        score: &Path,
        rate: u32,
        block: usize,
        input: Option<&[Frame]>,
    ) -> Recording {
        let heard = self.path().join("in.wav");
        let out = self.path().join("out.wav");
        let _ = fs::remove_file(&out);
        if let Some(input) = input {
            write_wav(&heard, rate, input);
        }
        let mut server = self.program("scsynth");
        server.arg("-N").arg(score);
        server.arg(if input.is_some() {
            heard.as_path()
        } else {
            Path::new("_")
        });
        server.arg(&out).args([&rate.to_string(), "WAV", "float"]);
        server.args(["-i", "2", "-o", "2", "-z", &block.to_string()]);
        let console = run(&mut server);
        let (recorded, frames) = read_wav(&out);
        assert_eq!(recorded, rate);
        Recording { frames, console }
    }
}
