//! The date of `Expires` (RFC 9110 §5.6.7), as Python's `email.utils` writes it.

/// The first second of the year 1 and the last of the year 9999: the range of Python's dates.
const FIRST: i64 = -62_135_596_800;
const LAST: i64 = 253_402_300_799;

/// The date for these seconds since 1970; `None` outside the years 1 to 9999, where Python fails.
pub(super) fn http_date(seconds: i64) -> Option<String> {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    if !(FIRST..=LAST).contains(&seconds) {
        return None;
    }
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    Some(format!(
        "{}, {day:02} {} {year:04} {:02}:{:02}:{:02} GMT",
        DAYS[usize::try_from(days.rem_euclid(7)).ok()?],
        MONTHS[month],
        second / 3600,
        second / 60 % 60,
        second % 60,
    ))
}

/// Year, month (from 0) and day of a number of days since 1970, in the Gregorian calendar.
///
/// Counts years from March, so that the leap day is the last of its year, and in cycles of 400
/// years, which all have the same number of days.
fn civil(days: i64) -> (i64, usize, i64) {
    const CYCLE: i64 = 146_097;
    let since_march_of_0 = days + 719_468;
    let (cycle, day) = (
        since_march_of_0.div_euclid(CYCLE),
        since_march_of_0.rem_euclid(CYCLE),
    );
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months from March have 31, 30, 31, 30, 31 days, over and over: 153 in each five.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let after_december = i64::from(month >= 10);
    let month = usize::try_from((month + 2) % 12).unwrap_or(0);
    (year + cycle * 400 + after_december, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (1_760_001_234, "Thu, 09 Oct 2025 09:13:54 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (LAST, "Fri, 31 Dec 9999 23:59:59 GMT"),
            (FIRST, "Mon, 01 Jan 0001 00:00:00 GMT"),
        ] {
            assert_eq!(http_date(seconds).as_deref(), Some(text));
        }
        assert_eq!(http_date(LAST + 1), None);
        assert_eq!(http_date(FIRST - 1), None);
        assert_eq!(http_date(i64::MIN), None);
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let mut earlier = civil(-800_000);
        for days in -799_999..800_000 {
            let (year, month, day) = civil(days);
            let next_day = (earlier.0, earlier.1, earlier.2 + 1) == (year, month, day);
            let next_month = (earlier.0, earlier.1 + 1, 1) == (year, month, day) && earlier.2 >= 28;
            let next_year = (earlier.0 + 1, 0, 1) == (year, month, day) && earlier.1 == 11;
            assert!(next_day || next_month || next_year, "{days}");
            earlier = (year, month, day);
        }
    }
}
