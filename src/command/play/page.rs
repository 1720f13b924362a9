//! The page's server of `gatebend play`.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;

use gatebend::board::description::Web;
use gatebend::link::files::Files;
use gatebend::link::server::{self, Listener};

use crate::{Failure, print_message};

#[derive(clap::Args)]
pub struct Page {
    /// First port to serve the page at; 0 is any [default: 8080, or from the board's file]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Address to serve the page at; 0.0.0.0 is all [default: this computer only; on a board all]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Do not serve the page
    #[arg(long)]
    no_web: bool,
    /// Serve the page's files from a folder instead of the built-in ones
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// Ask browsers for the code that the display shows
    #[arg(long)]
    pairing: bool,
}

impl Page {
    /// Opens the listener of the page. If no port is free, the instrument plays without
    /// the page. `name` is the host to show if the listener takes all addresses.
    pub fn listener(
        &self,
        web: &Web,
        listen: IpAddr,
        name: &str,
    ) -> Result<Option<Listener>, Failure> {
        if self.no_web {
            return Ok(None);
        }
        let files = match &self.web {
            Some(folder) => Files::folder(folder)
                .map_err(|problem| Failure::Usage(format!("--web: {problem}")))?,
            None => Files::embedded(),
        };
        let options = server::Options {
            listen: self.listen.unwrap_or(listen),
            port: self.port.or(web.port).unwrap_or(server::PORT),
            name: name.into(),
            hosts: web.hosts.clone(),
            pairing: self.pairing || web.pairing,
            files,
            limits: server::Limits::default(),
        };
        Ok(match Listener::open(options) {
            Ok(listener) => {
                let page = listener.page();
                log::info!("Page: {page}");
                // Nobody may be reading.
                let _ = writeln!(io::stdout(), "Page: {page}");
                if let Some(code) = listener.code() {
                    let _ = writeln!(io::stdout(), "Pairing code: {code}");
                }
                Some(listener)
            }
            Err(problem) => {
                log::warn!("{problem}");
                print_message(&problem);
                None
            }
        })
    }
}

/// Returns this computer's address in its network, or `localhost`.
pub fn name_in_network() -> String {
    // An address reserved for documentation (RFC 5737). Connecting a datagram socket only
    // chooses a route; nothing is sent.
    const ANYWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let address = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect(ANYWHERE)?;
        Ok(socket.local_addr()?.ip())
    };
    address().map_or_else(|_| "localhost".into(), |address| address.to_string())
}
