//! What a command's function is handed.

use crate::client::Clients;
use crate::server::Server;
use crate::store::Store;
use crate::table::Command;
use crate::time::Instant;
use resp::Writer;

/// The server as one command sees it. The parts are separate fields, so that a reply can be written while a value is borrowed.
pub struct Ctx<'a> {
    /// The time of this step; it stands still while the command runs.
    pub now: Instant,
    /// The keys, with the client's database selected.
    pub db: &'a mut Store,
    /// The reply, which goes straight into the client's output.
    pub reply: Writer<'a>,
    /// All connections, the current one among them.
    pub clients: &'a mut Clients,
    /// Everything else.
    pub server: &'a mut Server,
    /// The row of the command that runs.
    pub command: &'static Command,
    /// Elements visited and bytes copied beyond what the reply shows.
    pub effort: u64,
}
