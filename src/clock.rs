//! The current time, in the formats of the database. Nothing is ordered by it.

use jiff::Timestamp;

use crate::model::Moment;

/// The source of the time: the system, or a fixed instant for tests and benchmarks.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    /// The system's clock.
    System,
    /// Always this instant.
    Fixed(Timestamp),
}

impl Clock {
    /// The current instant.
    #[must_use]
    pub fn now(self) -> Timestamp {
        match self {
            Self::System => Timestamp::now(),
            Self::Fixed(moment) => moment,
        }
    }

    /// Now, as the database writes it.
    #[must_use]
    pub fn moment(self) -> Moment {
        self.now().into()
    }

    /// Now as `YYYY-MM-DDTHH:MM:SSZ`: what the old scripts wrote inside JSON.
    #[must_use]
    pub fn iso_time(self) -> String {
        self.now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Now as `YYYYMMDDTHHMMSSZ`, for file names.
    #[must_use]
    pub fn file_time(self) -> String {
        self.now().strftime("%Y%m%dT%H%M%SZ").to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use jiff::Timestamp;

    #[test]
    fn writes_a_moment_for_each_reader() {
        let clock = Clock::Fixed(Timestamp::from_second(4_294_967_296).unwrap_or_default());
        assert_eq!(clock.moment().as_str(), "2106-02-07 06:28:16");
        assert_eq!(clock.iso_time(), "2106-02-07T06:28:16Z");
        assert_eq!(clock.file_time(), "20260207T062816Z".replace("2026", "2106"));
    }
}
