//! Options of the page that `gatebend play` serves.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;

use gatebend::board::description::Web;
use gatebend::link::files::Files;
use gatebend::link::server::{self, Listener};

use crate::{Failure, print_message};

#[derive(clap::Args)]
pub struct Page {
    /// First port to try for the page; 0 takes any [default: 8080, or the one in the board's file]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Address to serve the page at; 0.0.0.0 is all [default: this computer only on a desk, all on a board]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Do not serve the page
    #[arg(long)]
    no_web: bool,
    /// Serve the page's files from a folder instead of the program's
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// Admit only browsers that send the code on the display
    #[arg(long)]
    pairing: bool,
}

impl Page {
    /// Opens the port of the page. If none is free, the instrument plays without a page.
    /// People use `name` as the host if it listens at all addresses. Pairing codes that
    /// replace the first one are printed unless the terminal shows the display.
    pub fn listener(
        &self,
        web: &Web,
        listen: IpAddr,
        name: &str,
        terminal_shows_display: bool,
    ) -> Result<Option<Listener>, Failure> {
        if self.no_web {
            return Ok(None);
        }
        let files = match &self.web {
            Some(folder) => {
                Files::folder(folder).map_err(|error| Failure::Usage(format!("--web: {error}")))?
            }
            None => Files::embedded(),
        };
        let listen = self.listen.unwrap_or(listen);
        let pairing = self.pairing || web.pairing;
        let options = server::Options {
            listen,
            port: self
                .port
                .or(web.port.map(Into::into))
                .unwrap_or(server::PORT),
            name: name.into(),
            hosts: web.hosts.clone(),
            pairing,
            announce: if terminal_shows_display {
                |_| {}
            } else {
                print_code
            },
            files,
            limits: server::ClientLimits::default(),
        };
        Ok(match Listener::open(options) {
            Ok(listener) => {
                let page = listener.page();
                log::info!("Page: {page}");
                // Standard output may be closed.
                let _ = writeln!(io::stdout(), "Page: {page}");
                if let Some(code) = listener.code() {
                    print_code(&code.load());
                }
                if !pairing && !listen.is_loopback() {
                    log::warn!("{OPEN}");
                    print_message(OPEN);
                }
                Some(listener)
            }
            Err(error) => {
                log::warn!("{error}");
                print_message(&error.to_string());
                None
            }
        })
    }
}

/// Warning about a page that needs no code and that other computers can reach.
const OPEN: &str = "everybody in this network can play the instrument; with --pairing, \
                    only browsers that send the code on the display";

fn print_code(code: &str) {
    // Standard output may be closed.
    let _ = writeln!(io::stdout(), "Pairing code: {code}");
}

/// Returns the host by which others in the network reach this computer: its address there,
/// or `localhost`.
pub fn name_in_network() -> String {
    // An address for documentation (RFC 5737). Connecting a datagram socket sends nothing;
    // it only chooses a route.
    const ANYWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let address = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect(ANYWHERE)?;
        Ok(socket.local_addr()?.ip())
    };
    address().map_or_else(|_| "localhost".into(), |address| address.to_string())
}
