//! Skills made up from a seed, so that every run on every machine measures the same bytes, and databases full of them.
//!
//! A file is about 4 KB, the median of the skill files in public collections.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use cfn::clock::Clock;
use cfn::model::{AgentType, ApprovalLevel, Category, ContentHash, Decision, SkillName, VersionSource};
use cfn::store::sqlite::{Access, Options, SqliteStore};
use cfn::store::{Durability, NewApproval, NewMapping, NewSkill, NewVersion, Store, Transaction};

/// What an agent is served in one load, unless it asks for another number.
pub(crate) const SKILLS_PER_AGENT: usize = 20;

/// Skills written in one transaction when a database is filled.
const BATCH: usize = 1000;

/// The size of a skill file.
const FILE_BYTES: usize = 4096;

/// What making data ends with.
pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

const WORDS: [&str; 32] = [
    "agent",
    "approves",
    "before",
    "branch",
    "checks",
    "commit",
    "context",
    "database",
    "deploys",
    "every",
    "failure",
    "handler",
    "index",
    "keeps",
    "migration",
    "names",
    "never",
    "order",
    "prompt",
    "query",
    "reads",
    "review",
    "rollback",
    "schema",
    "skill",
    "test",
    "the",
    "token",
    "version",
    "when",
    "with",
    "writes",
];

/// A generator of pseudo-random numbers (SplitMix64): small, and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn sentence(&mut self, words: usize) -> String {
        let chosen: Vec<_> = (0..words).map(|_| WORDS[usize::try_from(self.next() % 32).unwrap_or(0)]).collect();
        chosen.join(" ")
    }
}

/// The name of a skill.
pub(crate) fn skill_name(number: usize) -> String {
    format!("skill-{number:06}")
}

/// The agent type that a skill is mapped to, where there are `skills` of them. An agent's skills lie far apart.
pub(crate) fn agent_of(number: usize, skills: usize) -> String {
    format!("agent-{:05}", number % (skills / SKILLS_PER_AGENT).max(1))
}

/// A skill file; another revision has other bytes.
pub(crate) fn skill_text(number: usize, revision: u64) -> String {
    let mut random = Random((number as u64) << 20 | revision);
    let mut text = format!(
        "---\nname: {}\ndescription: {}. Use when {}.\nversion: 1.0.{revision}\ntags: [{}, {}]\nowner: team-{}\n---\n\n# {}\n",
        skill_name(number),
        random.sentence(12),
        random.sentence(8),
        random.sentence(1),
        random.sentence(1),
        random.next() % 20,
        random.sentence(4),
    );
    while text.len() < FILE_BYTES {
        let _ = match random.next() % 8 {
            0 => writeln!(text, "\n## {}\n", random.sentence(3)),
            1 => writeln!(text, "- {}", random.sentence(8)),
            2 => writeln!(text, "\n```sh\n{}\n```\n", random.sentence(6)),
            _ => writeln!(text, "{}.", random.sentence(14)),
        };
    }
    text
}

/// Writes one skill file; its path.
pub(crate) fn write_skill(folder: &Path, number: usize, revision: u64) -> io::Result<PathBuf> {
    let folder = folder.join(skill_name(number));
    fs::create_dir_all(&folder)?;
    let path = folder.join("SKILL.md");
    fs::write(&path, skill_text(number, revision))?;
    Ok(path)
}

/// A folder of skills.
pub(crate) fn write_tree(folder: &Path, skills: usize) -> io::Result<()> {
    (0..skills).try_for_each(|number| write_skill(folder, number, 0).map(|_| ()))
}

/// A database with approved skills, each mapped to one agent type, [`SKILLS_PER_AGENT`] to each.
pub(crate) fn fill_database(path: &Path, skills: usize) -> Outcome {
    let clock = Clock::System;
    SqliteStore::create(path, Options::default(), clock)?;
    let mut store = SqliteStore::open(path, Access::Write, Options::default(), clock)?;
    let now = clock.database_time();
    let numbers: Vec<_> = (0..skills).collect();
    for batch in numbers.chunks(BATCH) {
        let mut transaction = store.write(Durability::Normal)?;
        for &number in batch {
            add(transaction.as_mut(), number, skills, &now)?;
        }
        transaction.commit()?;
    }
    Ok(())
}

fn add(tx: &mut dyn Transaction, number: usize, skills: usize, now: &str) -> Outcome {
    let (name, agent, text) = (skill_name(number), agent_of(number, skills), skill_text(number, 0));
    let hash = ContentHash::of(text.as_bytes());
    let skill = NewSkill {
        name: &name.parse::<SkillName>()?,
        category: Category::Domain,
        team: None,
        tags: &["generated".to_owned()],
        owner: Some("team-1"),
        phase4_pattern_id: Some(1),
    };
    let version = NewVersion {
        version: "1.0.0",
        content_hash: &hash,
        content_path: &format!("/skills/{name}/SKILL.md"),
        front_matter: Some(&format!("{{\"name\":\"{name}\",\"description\":\"Made up.\"}}")),
        approval_level: ApprovalLevel::Human,
        source: VersionSource::Deploy,
        now,
    };
    let approval = NewApproval {
        version: "1.0.0",
        content_hash: &hash.to_string(),
        approval_level: ApprovalLevel::Human,
        approver: "reviewer",
        decision: Decision::Approved,
        reasoning: "Made up",
        criteria_check: None,
        now,
    };
    let mapping =
        NewMapping { agent_type: &agent.parse::<AgentType>()?, priority: 5, required: false, conditions: None, now };
    tx.store_content(&hash, text.as_bytes())?;
    let id = tx.insert_skill(&skill, &version)?;
    tx.record_approval(id, &approval)?;
    tx.add_mapping(id, &mapping)?;
    Ok(())
}
