//! What only Linux has, in one file each, which says what a port to another system would need. All else in cfn is POSIX.

mod control_group;
mod entries;
mod identity;
mod machine;
mod mounts;
mod network_file_system;
mod open_files;
mod process_status;
mod process_tree;
mod pseudo_terminal;
mod renaming;
mod without_links;

pub use control_group::{ControlGroup, Counted, Limits, SeenGroup, memory_limit, send_signal};
pub use entries::{Take, each_entry};
pub use identity::{ProcessIdentity, own_groups};
pub use machine::{Ticks, memory_kib, online_processors, processor, processor_numbers};
pub use mounts::{is_in_memory, propagates};
pub use network_file_system::network_file_system;
pub use open_files::with_another_file;
pub use process_status::{OWN_PROGRAM, ProcessStatus, own_program};
pub use process_tree::{descendants, with_variable};
pub use pseudo_terminal::PseudoTerminal;
pub use renaming::rename_without_replacing;
pub use without_links::{PLACE, open_without_links, place_inside, set_rights_of_place};
