//! What was found, as a table or as JSON.

use serde_json::json;

/// One line. Measured and limit are in `unit`, and less is better; the ratio is limit ÷ measured.
#[derive(Debug, Clone)]
pub struct Row {
    pub work: &'static str,
    pub unit: &'static str,
    pub measured: f64,
    pub limit: f64,
    /// The least ratio that is good; where there is none, the line is there to be read beside another.
    pub goal: Option<f64>,
}

impl Row {
    pub fn ratio(&self) -> f64 {
        self.limit / self.measured
    }

    pub fn ok(&self) -> bool {
        self.goal.is_none_or(|goal| self.ratio() >= goal)
    }
}

pub fn print(rows: &[Row], as_json: bool) {
    if as_json {
        let rows: Vec<_> = rows
            .iter()
            .map(|row| {
                json!({
                    "work": row.work, "unit": row.unit, "measured": row.measured, "limit": row.limit,
                    "ratio": row.ratio(), "goal": row.goal, "ok": row.ok(),
                })
            })
            .collect();
        println!("{}", json!({ "rows": rows }));
        return;
    }
    println!(
        "| {:<44} | {:>13} | {:>13} | {:>5} | {:>6} | ok  |",
        "work", "measured", "limit", "ratio", "goal"
    );
    println!("|{:-<46}|{:->15}|{:->15}|{:->7}|{:->8}|-----|", "", ":", ":", ":", ":");
    for row in rows {
        let goal = row.goal.map_or_else(|| "-".to_owned(), |goal| format!("≥ {goal}"));
        let quantity = |value: f64| format!("{value:.1} {}", row.unit);
        println!(
            "| {:<44} | {:>13} | {:>13} | {:>5.2} | {goal:>6} | {} |",
            row.work,
            quantity(row.measured),
            quantity(row.limit),
            row.ratio(),
            if row.ok() { "yes" } else { "no " },
        );
    }
}

/// The middle one; of an even number the upper middle.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_and_medians() {
        let row = Row { work: "x", unit: "µs", measured: 12.5, limit: 10.0, goal: Some(0.8) };
        assert!((row.ratio() - 0.8).abs() < 1e-9 && row.ok());
        assert!(!Row { measured: 12.6, ..row.clone() }.ok());
        assert!(Row { measured: 100.0, goal: None, ..row }.ok());
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
    }
}
