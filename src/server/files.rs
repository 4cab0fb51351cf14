//! File descriptors: each client takes one, so the process asks for as many as `maxclients` needs.

use crate::log::Log;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Descriptors for everything but clients: listeners, log, the event loop.
const RESERVED: u64 = 32;

/// Raises the limit of open files so that `wanted` clients fit, or says how many do.
pub fn room_for_clients(wanted: usize, log: &mut Log) -> usize {
    let needed = wanted as u64 + RESERVED;
    let present = getrlimit(Resource::Nofile);
    // No limit at all reads as none.
    let current = present.current.unwrap_or(u64::MAX);
    if current >= needed {
        return wanted;
    }
    let most = present.maximum.unwrap_or(u64::MAX);
    let raised = if most >= needed {
        setrlimit(Resource::Nofile, Rlimit { current: Some(needed), ..present })
    } else {
        // Only a privileged process may go beyond its maximum; any other takes what there is.
        setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: Some(needed) })
    };
    let Err(error) = raised else { return wanted };
    let have = match setrlimit(Resource::Nofile, Rlimit { current: Some(most.min(needed)), ..present }) {
        Ok(()) => most.min(needed),
        Err(_) => current,
    };
    let room = have.saturating_sub(RESERVED).max(1);
    let reason = crate::config::reason(&error.into());
    log.warning(format_args!("You requested maxclients of {wanted} requiring at least {needed} max file descriptors."));
    log.warning(format_args!("Server can't set maximum open files to {needed} because of OS error: {reason}."));
    log.warning(format_args!(
        "Current maximum open files is {have}. maxclients has been reduced to {room} to compensate for low ulimit. If you need higher maxclients increase 'ulimit -n'."
    ));
    room as usize
}
