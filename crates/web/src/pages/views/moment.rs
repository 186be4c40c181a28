use doorward_core::context::Time;

/// A moment as people read it: how long ago, with the exact time on hover and in the markup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// `5 minutes ago`.
    pub relative: String,
    /// `21 Nov 2026, 14:05 UTC`.
    pub exact: String,
    /// RFC 3339.
    pub iso: String,
}

impl Moment {
    pub fn new(at: Time, now: Time) -> Self {
        Self { relative: ago(now.since(at).as_secs()), exact: at.for_people(), iso: at.rfc3339() }
    }
}

fn ago(seconds: u64) -> String {
    let (count, unit) = match seconds {
        0..60 => return "just now".to_owned(),
        60..3600 => (seconds / 60, "minute"),
        3600..86_400 => (seconds / 3600, "hour"),
        86_400..2_592_000 => (seconds / 86_400, "day"),
        2_592_000..31_536_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_how_long_ago() {
        let now = Time::from_micros(1_800_000_000_000_000);
        let said =
            |seconds: i64| Moment::new(Time::from_micros(now.micros() - seconds * 1_000_000), now).relative;
        assert_eq!(said(-5), "just now");
        assert_eq!(said(59), "just now");
        assert_eq!(said(60), "1 minute ago");
        assert_eq!(said(7_300), "2 hours ago");
        assert_eq!(said(86_400 * 40), "1 month ago");
        assert_eq!(said(86_400 * 800), "2 years ago");
        assert_eq!(Moment::new(now, now).iso, "2027-01-15T08:00:00Z");
    }
}
