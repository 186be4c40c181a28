use std::fmt;

/// All that is wrong with the settings.
#[derive(Debug, Default)]
pub struct Problems(Vec<Problem>);

#[derive(Debug)]
struct Problem {
    key: String,
    value: Option<String>,
    origin: String,
    wrong: String,
    mend: String,
}

impl Problems {
    /// `value` is shown: give none for a secret.
    pub fn add(&mut self, key: &str, value: Option<&str>, origin: &str, wrong: &str, mend: &str) {
        self.0.push(Problem {
            key: key.to_owned(),
            value: value.map(str::to_owned),
            origin: origin.to_owned(),
            wrong: wrong.to_owned(),
            mend: mend.to_owned(),
        });
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.0.len();
        writeln!(f, "The settings have {count} problem{}:", if count == 1 { "" } else { "s" })?;
        for problem in &self.0 {
            write!(f, "\n  {}", problem.key)?;
            if let Some(value) = &problem.value {
                write!(f, " = {value}")?;
            }
            writeln!(f, "  ({})", problem.origin)?;
            writeln!(f, "    {}. {}", problem.wrong, problem.mend)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
