//! Sockets that hold a thread for a bounded time, however slowly the other side reads or
//! writes: a socket's own timeouts bound one call, and start anew with each byte.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// Most bytes of a turn.
const MOST: usize = 64 << 10;

/// Reads and writes until a time.
pub struct Patient<'a> {
    stream: &'a TcpStream,
    until: Instant,
}

impl<'a> Patient<'a> {
    /// For so long, from now on.
    pub fn new(stream: &'a TcpStream, patience: Duration) -> Patient<'a> {
        Patient {
            stream,
            until: Instant::now() + patience,
        }
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        left(self.until).map(Some)
    }
}

impl Read for Patient<'_> {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(part)
    }
}

impl Write for Patient<'_> {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    Ok(left)
}

/// A client's socket, by turns: in each it is read for a moment and written to for a
/// while. A message may take many turns.
pub struct Turns {
    stream: TcpStream,
    /// What one call waits for reading.
    look: Duration,
    reads_until: Instant,
    writes_until: Instant,
    /// Bytes that have come, and were not asked for yet.
    came: usize,
}

impl Turns {
    /// A socket of which so many bytes have come already. A call waits no longer than
    /// `look` for something to read, or `full` until something is taken.
    pub fn new(
        stream: TcpStream,
        came: usize,
        look: Duration,
        full: Duration,
    ) -> io::Result<Turns> {
        stream.set_read_timeout(Some(look))?;
        stream.set_write_timeout(Some(full))?;
        let now = Instant::now();
        Ok(Turns {
            stream,
            look,
            reads_until: now,
            writes_until: now,
            came,
        })
    }

    /// From now on it may be written to for so long.
    pub fn speak(&mut self, patience: Duration) {
        self.writes_until = Instant::now() + patience;
    }

    /// From now on it may be read for a moment.
    pub fn listen(&mut self) {
        self.reads_until = Instant::now() + self.look;
    }

    /// How many bytes have come since this was asked last.
    pub fn take_came(&mut self) -> usize {
        std::mem::take(&mut self.came)
    }

    /// The socket itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

impl Read for Turns {
    fn read(&mut self, part: &mut [u8]) -> io::Result<usize> {
        if self.came >= MOST || Instant::now() >= self.reads_until {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.stream.read(part)?;
        self.came += count;
        Ok(count)
    }
}

impl Write for Turns {
    fn write(&mut self, part: &[u8]) -> io::Result<usize> {
        left(self.writes_until)?;
        self.stream.write(part)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
