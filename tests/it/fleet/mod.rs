//! A fleet: databases in files that follow one on a server, and push the uses of their agents to it.

mod receiving;
