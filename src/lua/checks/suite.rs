//! The suite: scripts with the output that PUC Lua 5.1 gives them, each run plainly, collecting at every safe point, and
//! stopping after every unit of fuel (and cloned there); generated programs against an installed lua5.1; and inputs
//! made to break things.

#[path = "suite/differential.rs"]
mod differential;
#[path = "suite/embedding.rs"]
mod embedding;
#[path = "suite/hostile.rs"]
mod hostile;
#[path = "suite/oracle.rs"]
mod oracle;
#[path = "suite/puc.rs"]
mod puc;
#[path = "suite/scripts.rs"]
mod scripts;
