//! The little part of TypeScript that ts-rs writes: parsed, so that it can be printed readably
//! and compared with protocol.md.
//!
//! Left out on purpose: everything else of the language. Unknown syntax is an error.

use anyhow::{Result, bail, ensure};

/// A type expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Type {
    /// A name such as `number` or `Participant`.
    Name(String),
    /// A string literal, without its quotes.
    Literal(String),
    /// `Array<T>`.
    Array(Box<Type>),
    /// `{ .. }`.
    Object(Vec<Field>),
    /// `A | B`, at least two.
    Union(Vec<Type>),
    /// `A & B`, at least two.
    Intersection(Vec<Type>),
}

/// A field of an object type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// Documentation, one entry a line.
    pub doc: Vec<String>,
    /// Name on the wire.
    pub name: String,
    /// Whether the field may be absent.
    pub optional: bool,
    /// Its type.
    pub ty: Type,
}

impl Type {
    /// Parses what ts-rs wrote to the right of `type X =`, with or without a final semicolon.
    ///
    /// # Errors
    /// Says which token was not understood.
    pub fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { rest: text };
        let ty = parser.union()?;
        parser.eat(';');
        parser.skip_space();
        ensure!(parser.rest.is_empty(), "not understood: {}", parser.excerpt());
        Ok(ty)
    }

    /// Replaces every part that equals `body` by the name of the type declared so.
    #[must_use]
    pub fn fold(self, name: &str, body: &Self) -> Self {
        if self == *body {
            return Self::Name(name.to_owned());
        }
        let fold = |ty: Self| ty.fold(name, body);
        match self {
            Self::Name(_) | Self::Literal(_) => self,
            Self::Array(item) => Self::Array(Box::new(fold(*item))),
            Self::Object(fields) => Self::Object(
                fields.into_iter().map(|field| Field { ty: fold(field.ty), ..field }).collect(),
            ),
            Self::Union(parts) => Self::Union(parts.into_iter().map(fold).collect()),
            Self::Intersection(parts) => Self::Intersection(parts.into_iter().map(fold).collect()),
        }
    }
}

struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn union(&mut self) -> Result<Type> {
        let mut parts = vec![self.intersection()?];
        while self.eat('|') {
            parts.push(self.intersection()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Type::Union(parts) })
    }

    fn intersection(&mut self) -> Result<Type> {
        let mut parts = vec![self.primary()?];
        while self.eat('&') {
            parts.push(self.primary()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Type::Intersection(parts) })
    }

    fn primary(&mut self) -> Result<Type> {
        if self.eat('(') {
            let inner = self.union()?;
            self.expect(')')?;
            return Ok(inner);
        }
        if self.eat('{') {
            return self.object();
        }
        if let Some(literal) = self.quoted()? {
            return Ok(Type::Literal(literal.to_owned()));
        }
        let name = self.word()?;
        if !self.eat('<') {
            return Ok(Type::Name(name.to_owned()));
        }
        ensure!(name == "Array", "not understood: {name}<");
        let item = self.union()?;
        self.expect('>')?;
        Ok(Type::Array(Box::new(item)))
    }

    fn object(&mut self) -> Result<Type> {
        let mut fields = Vec::new();
        while !self.eat('}') {
            let doc = self.doc()?;
            let name = match self.quoted()? {
                Some(name) => name,
                None => self.word()?,
            };
            let optional = self.eat('?');
            self.expect(':')?;
            fields.push(Field { doc, name: name.to_owned(), optional, ty: self.union()? });
            self.eat(',');
        }
        Ok(Type::Object(fields))
    }

    fn doc(&mut self) -> Result<Vec<String>> {
        self.skip_space();
        let Some(body) = self.rest.strip_prefix("/**") else { return Ok(Vec::new()) };
        let Some((body, rest)) = body.split_once("*/") else { bail!("a comment has no end") };
        self.rest = rest;
        Ok(doc_lines(body))
    }

    fn quoted(&mut self) -> Result<Option<&'a str>> {
        self.skip_space();
        let Some(body) = self.rest.strip_prefix('"') else { return Ok(None) };
        let Some((text, rest)) = body.split_once('"') else { bail!("a string has no end") };
        self.rest = rest;
        Ok(Some(text))
    }

    fn word(&mut self) -> Result<&'a str> {
        self.skip_space();
        let end = self
            .rest
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .unwrap_or(self.rest.len());
        ensure!(end > 0, "not understood: {}", self.excerpt());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(word)
    }

    fn eat(&mut self, wanted: char) -> bool {
        self.skip_space();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<()> {
        ensure!(self.eat(wanted), "{wanted} is missing before: {}", self.excerpt());
        Ok(())
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn excerpt(&self) -> String {
        self.rest.chars().take(40).collect()
    }
}

/// The lines of a `/** .. */` comment without its decoration.
#[must_use]
pub(super) fn doc_lines(comment: &str) -> Vec<String> {
    comment
        .trim()
        .trim_start_matches("/**")
        .trim_end_matches("*/")
        .lines()
        .map(|line| line.trim().trim_start_matches('*').trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Type {
        Type::Name(text.to_owned())
    }

    #[test]
    fn what_ts_rs_writes_is_understood() {
        let rows = [
            ("number", name("number")),
            ("Array<Lock>;", Type::Array(Box::new(name("Lock")))),
            ("\"a\" | null", Type::Union(vec![Type::Literal("a".into()), name("null")])),
            ("(A & B)", Type::Intersection(vec![name("A"), name("B")])),
            (
                "{ \n/**\n * One\n * two.\n */\nref?: number, }",
                Type::Object(vec![Field {
                    doc: vec!["One".into(), "two.".into()],
                    name: "ref".into(),
                    optional: true,
                    ty: name("number"),
                }]),
            ),
        ];
        for (text, expected) in rows {
            assert_eq!(Type::parse(text).expect(text), expected);
        }
    }

    #[test]
    fn other_syntax_is_refused() {
        for text in ["", "{ a number }", "Map<string, A>", "{ a: number", "\"a", "A B"] {
            assert!(Type::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_part_that_has_a_name_is_called_by_it() {
        let body = Type::parse("A | B").expect("valid");
        let whole = Type::parse("{ ref: number } & (A | B)").expect("valid");
        let folded = Type::parse("{ ref: number } & AB").expect("valid");
        assert_eq!(whole.fold("AB", &body), folded);
    }
}
