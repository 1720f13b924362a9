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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::*;

    /// Both ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let one = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (one, listener.accept().unwrap().0)
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn a_turn_ends_after_so_many_bytes() {
        let (here, mut there) = pair();
        let mut turns = Turns::new(here, 0, LONG, LONG).unwrap();
        turns.listen();
        there.write_all(&vec![0; MOST + 1]).unwrap();
        let mut part = [0; 1024];
        let nothing = loop {
            match turns.read(&mut part) {
                Ok(count) => assert!(count > 0),
                Err(error) => break error.kind(),
            }
        };
        assert_eq!(nothing, io::ErrorKind::WouldBlock);
        assert!((MOST..MOST + part.len()).contains(&turns.take_came()));
    }

    #[test]
    fn a_turn_ends_after_its_time() {
        let (here, mut there) = pair();
        there.write_all(&[0; 8]).unwrap();
        let mut turns = Turns::new(here, 0, Duration::from_nanos(1), LONG).unwrap();
        turns.listen();
        turns.speak(Duration::ZERO);
        let kind = |outcome: io::Result<usize>| outcome.unwrap_err().kind();
        while Instant::now() < turns.reads_until {}
        assert_eq!(kind(turns.read(&mut [0])), io::ErrorKind::WouldBlock);
        assert_eq!(kind(turns.write(&[0])), io::ErrorKind::TimedOut);
        let mut patient = Patient::new(&there, Duration::ZERO);
        assert_eq!(kind(patient.read(&mut [0])), io::ErrorKind::TimedOut);
        assert_eq!(kind(patient.write(&[0])), io::ErrorKind::TimedOut);
    }
}
