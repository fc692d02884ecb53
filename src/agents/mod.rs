//! Runs of agents: each has a plan, a folder, a supervisor and one result.
//!
//! A run's supervisor is a process of its own, which outlives the command that spawned the run. It holds the lock of the
//! run's folder as long as it lives: a run is alive while somebody holds that lock, whatever process ids say. It writes
//! the result beside the lock before it writes it to the database, so that a busy or missing database loses nothing.
//! What a killed supervisor leaves is ended by the next command that looks after runs.
//!
//! | file | what it owns |
//! |---|---|
//! | `plan`, `runtime_kind` | what is to be run, and with what |
//! | `runtime` | the contract of what runs a command: processes, or a container engine |
//! | `processes` | the runtime of processes |
//! | `containers`, `container_plan` | the runtime of containers, by the programs `docker` and `podman` |
//! | `pool`, `pool_member`, `pool_care` | containers that wait for runs |
//! | `spawn`, `skills`, `places`, `environment` | making a run, and starting its supervisor |
//! | `together`, `budget` | several runs of one command, and the memory that all runs of a project may have |
//! | `wave_plan`, `wave_manifest` | the plans of the fleet's planner, and what was started by them |
//! | `supervised` | a run, as the command that spawned it sees it |
//! | `supervisor`, `logs` | from the start of the command until its result is written |
//! | `terminal` | the terminal on which a person and a command talk |
//! | `run_folder`, `files` | the folders of runs, and their files |
//! | `history` | results, on their way to the history |
//! | `recovery` | what killed supervisors left |
//! | `timeout` | how long a run may take |
//! | `left_containers` | engines that runs used, and containers there that no run has |
//! | `status`, `cleanup` | what is known of runs, their end, and removing what they leave on purpose |
//! | `health`, `container_health`, `seen_container` | what runs show to a doctor |
//! | `error` | why something failed |

mod budget;
mod cleanup;
mod container_health;
mod container_plan;
mod containers;
mod environment;
mod error;
mod files;
mod health;
mod history;
mod left_containers;
mod logs;
mod places;
mod plan;
mod pool;
mod pool_care;
mod pool_member;
mod processes;
mod recovery;
mod run_folder;
mod runtime;
mod runtime_kind;
mod seen_container;
mod skills;
mod spawn;
mod status;
mod supervised;
mod supervisor;
mod terminal;
mod timeout;
mod together;
mod wave_manifest;
mod wave_plan;

pub use budget::{Turn, Turns};
pub use cleanup::{Cleaned, Past, clean_up};
pub use container_health::{EngineLook, container_health, look_at_engines};
pub use container_plan::{Bind, ContainerPlan, EnginePlace, INSIDE, Volume};
pub use containers::{Abilities, Containers, Engine, EngineError, InnerOrder, Owner};
pub use environment::{Identity, Variables, passed};
pub use error::{AgentError, Result};
pub use health::{Machine, health};
pub use left_containers::{LeftContainers, UsedEngine};
pub use logs::before as log_before;
pub use places::SKILLS;
pub use plan::{InWave, Order, Plan};
pub use pool::{Pool, PoolPlan, Wanted};
pub use pool_care::{PoolCare, PoolStatus};
pub use pool_member::PoolMember;
pub use processes::Processes;
pub use recovery::{Care, Found};
pub use run_folder::{RunFolder, Running, Runs};
pub use runtime::{ContainerProcess, Ended, Left, Logs, Runtime, RuntimeError};
pub use runtime_kind::RuntimeKind;
pub use seen_container::SeenContainer;
pub use skills::SkillsAs;
pub use spawn::{Input, Prepared, Request, Supervision, prepare};
pub use status::{RUNNING, RunStatus, list, status_of, stop, wait_for_end};
pub use supervised::{Said, Supervised};
pub use supervisor::Supervisor;
pub use terminal::{Device, RunTerminal};
pub use timeout::{Complexity, RUNS, of_mode};
pub use together::{Starter, Together};
pub use wave_manifest::{Member, MemberState, WaveManifest};
pub use wave_plan::{Batch, Wave, WavePlan};
