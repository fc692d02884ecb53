//! The compose file says what it is to say, as `docker-compose` understands it.

use std::process::Command;

use crate::harness::repository;

#[test]
fn the_compose_file_has_limits_and_reservations_and_more() {
    let mut command = Command::new("docker-compose");
    command.env("CFN_PROJECT", "/project").arg("--file").arg(repository("docker/compose.yml")).arg("config");
    let output = command.output().expect("docker-compose must be installed: apt-get install docker-compose");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in [
        "limits: cpus: 1.0 memory: 1G",
        "reservations: cpus: '0.5' memory: 512M",
        "cpuset: 0,1",
        "NODE_OPTIONS: --max-old-space-size=768",
        "pids_limit: 512",
        "cap_drop: - ALL",
        "- /tmp:size=1g,mode=1777",
        "propagation: rslave read_only: true source: /project/.claude",
        "source: skills target: /data type: volume",
    ] {
        assert!(flat.contains(said), "{said}\n{text}");
    }
}
