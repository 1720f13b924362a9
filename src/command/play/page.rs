//! Where `gatebend play` serves the page.

use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::path::PathBuf;

use gatebend::board::description::Web;
use gatebend::link::files::Files;
use gatebend::link::server::{self, Listener};

use crate::{Failure, print_message as say};

#[derive(clap::Args)]
pub struct Page {
    /// First port to serve the page at; 0 is any [default: 8080, or as the board's file says]
    #[arg(long, value_name = "N")]
    port: Option<u16>,
    /// Address to serve the page at: 0.0.0.0 is all [default: on a desk this computer's only, on a board all]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<IpAddr>,
    /// Do not serve the page
    #[arg(long)]
    no_web: bool,
    /// Serve the page's files from a folder, as they are at the moment
    #[arg(long, value_name = "DIR")]
    web: Option<PathBuf>,
    /// Let browsers in only who know the code that the display shows
    #[arg(long)]
    pairing: bool,
}

impl Page {
    /// The port of the page, if it can be had: without it, the instrument plays. `name` is
    /// told to people where it listens at all addresses.
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
                // Whether or not anybody reads it.
                let _ = writeln!(io::stdout(), "Page: {page}");
                if let Some(code) = listener.code() {
                    let _ = writeln!(io::stdout(), "Pairing code: {code}");
                }
                Some(listener)
            }
            Err(problem) => {
                log::warn!("{problem}");
                say(&problem);
                None
            }
        })
    }
}

/// What others in the network reach this computer by: its address there, if it is in one.
pub fn name_in_network() -> String {
    // Of a network that is for documentation (RFC 5737). Nothing is sent: a datagram socket
    // that connects only chooses the way.
    const ANYWHERE: (Ipv4Addr, u16) = (Ipv4Addr::new(192, 0, 2, 1), 9);
    let address = || -> io::Result<IpAddr> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.connect(ANYWHERE)?;
        Ok(socket.local_addr()?.ip())
    };
    address().map_or_else(|_| "localhost".into(), |address| address.to_string())
}
