//! Amounts in a scenario: a number, or a sum of values such as `participants - cameras - 1`.

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use super::{Value, Values};

/// A number or a sum. Names and numbers with `+`, `-`, `*` and `/`, from left to right.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Amount {
    Number(f64),
    Sum(String),
}

impl Default for Amount {
    fn default() -> Self {
        Self::Number(0.0)
    }
}

impl Amount {
    /// Its value, never below zero.
    pub(crate) fn of(&self, values: &Values) -> Result<f64> {
        let (result, text) = match self {
            Self::Number(number) => (*number, number.to_string()),
            Self::Sum(text) => {
                (sum(text, values).with_context(|| format!("\"{text}\""))?, text.clone())
            }
        };
        if !result.is_finite() || result < 0.0 {
            bail!("\"{text}\" is {result}: expected a number from 0 on");
        }
        Ok(result)
    }

    /// Its value as a whole number.
    pub(crate) fn whole(&self, values: &Values, most: u32) -> Result<u32> {
        let value = self.of(values)?;
        if value > f64::from(most) {
            bail!("{value} is more than {most}");
        }
        Ok(value as u32)
    }
}

fn sum(text: &str, values: &Values) -> Result<f64> {
    let mut words = text.split_whitespace();
    let mut result = term(words.next(), values)?;
    while let Some(operator) = words.next() {
        let right = term(words.next(), values)?;
        result = match operator {
            "+" => result + right,
            "-" => result - right,
            "*" => result * right,
            "/" => result / right,
            _ => bail!("expected + - * or /, found {operator}"),
        };
    }
    Ok(result)
}

fn term(word: Option<&str>, values: &Values) -> Result<f64> {
    let word = word.context("ends too early")?;
    match (word.parse::<f64>(), values.get(word)) {
        (Ok(number), _) => Ok(number),
        (_, Some(Value::Number(number))) => Ok(*number),
        (_, Some(Value::Switch(switch))) => Ok(f64::from(u8::from(*switch))),
        _ => bail!("there is no value {word}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows() {
        let values = Values::from([
            ("a".to_owned(), Value::Number(30.0)),
            ("on".to_owned(), Value::Switch(true)),
        ]);
        for (text, expected) in [
            ("a", Some(30.0)),
            ("a - 1", Some(29.0)),
            ("a - on - 4", Some(25.0)),
            ("a / 100", Some(0.3)),
            ("a * 2 + 1", Some(61.0)),
            ("a - 31", None),
            ("a / 0", None),
            ("a -", None),
            ("a b c", None),
            ("b", None),
            ("", None),
        ] {
            assert_eq!(Amount::Sum(text.to_owned()).of(&values).ok(), expected, "{text}");
        }
        assert!(Amount::Number(9.0).whole(&values, 8).is_err());
        assert_eq!(Amount::Number(8.0).whole(&values, 8).ok(), Some(8));
    }
}
