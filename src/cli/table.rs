//! Rows of words and numbers under each other.

use super::fold::{columns, padded};

/// A table: a name and values a row, the first row the names of the columns.
#[derive(Default)]
pub struct Table {
    rows: Vec<(String, Vec<String>)>,
}

impl Table {
    /// Adds a row. Every row has as many values.
    pub fn row(&mut self, name: &str, values: impl IntoIterator<Item = String>) {
        self.rows.push((name.to_owned(), values.into_iter().collect()));
    }

    /// The rows as lines of at most so many columns, a line or two a row: a name for which there is no room
    /// beside the values stands above them.
    pub fn lines(&self, indent: &str, most: usize) -> Vec<String> {
        let count = self.rows.first().map_or(0, |(_, values)| values.len());
        let widest =
            |at: usize| self.rows.iter().filter_map(|(_, values)| values.get(at)).map(|value| columns(value)).max();
        let wide: Vec<usize> = (0..count).map(|at| widest(at).unwrap_or_default()).collect();
        let numbers = wide.iter().sum::<usize>();
        // The values alone need the room: then they move together.
        let gap = if indent.len() + numbers + 2 * count > most { " " } else { "  " };
        let values = numbers + gap.len() * count;
        let room = most.saturating_sub(indent.len() + values);
        let names = self.rows.iter().map(|(name, _)| columns(name)).filter(|name| *name <= room).max().unwrap_or(0);
        let line = |(name, values): &(String, Vec<String>)| {
            let (above, beside) =
                if columns(name) > names { (format!("{indent}{name}\n"), "") } else { (String::new(), &**name) };
            let values = values
                .iter()
                .zip(&wide)
                .map(|(value, wide)| format!("{gap}{}{value}", " ".repeat(wide.saturating_sub(columns(value)))));
            format!("{above}{indent}{}{}", padded(beside, names), values.collect::<String>())
        };
        self.rows.iter().map(line).flat_map(|lines| lines.lines().map(str::to_owned).collect::<Vec<_>>()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_under_each_other_and_long_names_above() {
        let mut table = Table::default();
        for (name, one, other) in [("name", "days", "p"), ("\u{6771}\u{4eac}", "12", "5"), ("a-long-name", "3", "100")]
        {
            table.row(name, [one, other].map(str::to_owned));
        }
        assert_eq!(
            table.lines(" ", 40),
            [" name         days    p", " \u{6771}\u{4eac}           12    5", " a-long-name     3  100"]
        );
        assert_eq!(
            table.lines(" ", 16),
            [" name  days    p", " \u{6771}\u{4eac}    12    5", " a-long-name", "          3  100"]
        );
        assert_eq!(table.lines("", 9)[0], "name");
        assert_eq!(table.lines("", 9)[1], " days   p");
    }
}
