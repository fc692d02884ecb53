//! Round trips to the services, and the throughput to Redis: what `iperf3` was for.

use std::time::Duration;

use super::diagnosis::{Area, Diagnosis};

const NETWORK: Area = Area::Network;

/// A median round trip that takes longer is felt by every command.
const SLOW: Duration = Duration::from_millis(5);

/// Bytes of the pipeline that measures throughput.
pub(super) const PIPELINED: usize = 1 << 20;
const MEGABYTES: f64 = 1.048_576;

/// What round trips to a service took, and a pipelined megabyte there and back.
#[must_use]
pub fn network_lines(name: &'static str, round_trips: &[Duration], pipeline: Option<Duration>) -> Vec<Diagnosis> {
    let mut sorted = round_trips.to_vec();
    sorted.sort_unstable();
    let at = |share: usize| sorted.get((sorted.len() * share).div_ceil(100).saturating_sub(1)).copied();
    let Some((median, p99)) = at(50).zip(at(99)) else {
        return vec![Diagnosis::not_used(NETWORK, name, "not measured")];
    };
    let ms = |it: Duration| it.as_secs_f64() * 1e3;
    let rate = pipeline
        .map_or_else(String::new, |it| format!(", {:.0} MB/s in a pipeline", MEGABYTES / it.as_secs_f64().max(1e-9)));
    let evidence = format!("{} round trips: median {:.2} ms, p99 {:.2} ms{rate}", sorted.len(), ms(median), ms(p99));
    vec![if median > SLOW {
        Diagnosis::warn(NETWORK, name, evidence, "bring the service nearer to this machine, or use it less")
    } else {
        Diagnosis::ok(NETWORK, name, evidence)
    }]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::network_lines;
    use crate::ops::doctor::Health;

    #[test]
    fn a_slow_network_is_named_by_its_median() {
        let of = |ms: [u64; 4]| network_lines("redis", &ms.map(Duration::from_millis), None);
        assert_eq!(of([1, 1, 1, 50])[0].state, Health::Ok);
        let slow = of([50, 6, 6, 1]);
        assert_eq!(
            (slow[0].state, slow[0].evidence.as_str()),
            (Health::Warn, "4 round trips: median 6.00 ms, p99 50.00 ms")
        );
        assert_eq!(network_lines("redis", &[], None)[0].state, Health::NotUsed);
    }
}
