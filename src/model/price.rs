//! The price of tokens.

use std::fmt;
use std::str::FromStr;

/// A price of tokens in US dollars: exact, in billionths of a dollar for a million tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenPrice {
    billionths_per_million: i64,
}

/// Text that is not a price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a price must be a number of US dollars from 0 to 1000000, with at most nine decimals")]
pub struct InvalidPrice;

impl TokenPrice {
    /// Highest price, in dollars.
    const MOST: i64 = 1_000_000;

    /// The price of these tokens, in billionths of a dollar, rounded half away from zero.
    #[must_use]
    pub fn of(self, tokens: i64) -> i128 {
        let millionths = i128::from(tokens) * i128::from(self.billionths_per_million);
        (millionths + millionths.signum() * 500_000) / 1_000_000
    }

    /// The price of a million tokens, in billionths of a dollar.
    #[must_use]
    pub fn of_a_million(self) -> i128 {
        self.billionths_per_million.into()
    }
}

impl Default for TokenPrice {
    /// Half a dollar for a million tokens.
    fn default() -> Self {
        Self { billionths_per_million: 500_000_000 }
    }
}

impl FromStr for TokenPrice {
    type Err = InvalidPrice;

    fn from_str(text: &str) -> Result<Self, InvalidPrice> {
        let (dollars, decimals) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
        let is_number =
            |it: &str, most: usize| (1..=most).contains(&it.len()) && it.bytes().all(|digit| digit.is_ascii_digit());
        if !is_number(dollars, 7) || !is_number(decimals, 9) {
            return Err(InvalidPrice);
        }
        let number = format!("{dollars}{decimals:0<9}").parse::<i64>().map_err(|_| InvalidPrice)?;
        let is_possible = number <= Self::MOST * 1_000_000_000;
        is_possible.then_some(Self { billionths_per_million: number }).ok_or(InvalidPrice)
    }
}

impl fmt::Display for TokenPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (dollars, rest) =
            (self.billionths_per_million / 1_000_000_000, self.billionths_per_million % 1_000_000_000);
        let decimals = format!("{rest:09}");
        write!(f, "{dollars}.{:0<2}", decimals.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::TokenPrice;

    #[test]
    fn a_price_is_exact() {
        let price = |text: &str| text.parse::<TokenPrice>();
        assert_eq!(price("0.50"), Ok(TokenPrice::default()));
        for (text, shown, of_three) in [
            ("0.5", "0.50", 1500),
            ("15", "15.00", 45_000),
            ("0.000000001", "0.000000001", 0),
            ("0.0005", "0.0005", 2),
            ("1000000", "1000000.00", 3_000_000_000),
            ("0", "0.00", 0),
        ] {
            assert_eq!(price(text).map(|it| (it.to_string(), it.of(3))), Ok((shown.to_owned(), of_three)), "{text}");
        }
        assert_eq!(price("0.0005").map(|it| it.of(-3)), Ok(-2));
        for bad in ["", ".5", "5.", "-1", "1e3", "0,5", "1000000.1", "10000000", "0.0000000001", "$1", "nan"] {
            assert!(price(bad).is_err(), "{bad}");
        }
    }
}
