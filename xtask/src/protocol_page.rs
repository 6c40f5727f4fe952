//! Reads signaling/protocol/protocol.md, so that tests can hold it against the types.
//!
//! The page has one `##` part for each of [`PARTS`], and in it a `###` section for each message,
//! event or value, its name in backticks. A section names every field and shows an example; one of
//! a message that asks for one of several acts names and shows them all.
//! Left out on purpose: whether the prose is right. That is for readers.

use anyhow::{Context, Result, bail, ensure};

use crate::{
    tree,
    typescript::{self, Type},
};

/// Where the page is, from the root.
pub const PATH: &str = "signaling/protocol/protocol.md";

/// Types whose variants have a part of their own, and the heading of that part.
pub const PARTS: &[(&str, &str)] = &[
    ("ClientMessage", "What a browser says"),
    ("ServerMessage", "What the server says"),
    ("LessonEvent", "Events"),
];

/// The part of all other types.
pub const VALUES: &str = "Values";

/// The part that lists version and limits.
pub const LIMITS: &str = "Limits";

/// The part that holds the example client.
pub const CLIENT: &str = "A whole client";

/// The page, cut at its headings.
pub struct Page {
    sections: Vec<Section>,
}

/// What stands below one heading, up to the next.
pub struct Section {
    /// The `##` heading it belongs to.
    pub part: String,
    /// The name in backticks of its `###` heading; empty below a `##` heading itself.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl Page {
    /// Reads the page.
    ///
    /// # Errors
    /// If it is not there.
    pub fn read() -> Result<Self> {
        Ok(Self::parse(&tree::read(PATH)?))
    }

    fn parse(text: &str) -> Self {
        let mut sections = Vec::new();
        let mut section = Section { part: String::new(), name: String::new(), text: String::new() };
        let mut in_code = false;
        for line in text.lines() {
            in_code ^= line.starts_with("```");
            let heading = |mark| line.strip_prefix(mark).filter(|_| !in_code);
            if let Some(part) = heading("## ") {
                let next = Section { part: part.into(), name: String::new(), text: String::new() };
                sections.push(std::mem::replace(&mut section, next));
            } else if let Some(title) = heading("### ") {
                let name = title.split('`').nth(1).unwrap_or_default().to_owned();
                let next = Section { part: section.part.clone(), name, text: String::new() };
                sections.push(std::mem::replace(&mut section, next));
            } else {
                section.text += line;
                section.text += "\n";
            }
        }
        sections.push(section);
        Self { sections }
    }

    /// The text of a section; the name is empty for what stands directly below a `##` heading.
    #[must_use]
    pub fn section(&self, part: &str, name: &str) -> Option<&str> {
        self.sections
            .iter()
            .find(|section| section.part == part && section.name == name)
            .map(|section| section.text.as_str())
    }

    /// All sections of a part.
    pub fn part<'a>(&'a self, part: &'a str) -> impl Iterator<Item = &'a Section> {
        self.sections.iter().filter(move |section| section.part == part)
    }

    /// The example client: plain JavaScript that defines `enter(link, name)`.
    ///
    /// # Errors
    /// If the page has none.
    pub fn client(&self) -> Result<String> {
        let text = self.section(CLIENT, "").context("the page has no example client")?;
        code_blocks(text, "js").pop().context("the example client is no js block")
    }
}

/// The code blocks of a language.
#[must_use]
pub fn code_blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(found)) if found == language => open = Some(String::new()),
            (None, _) => {}
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.push_str(line);
                block.push('\n');
            }
        }
    }
    blocks
}

/// What the types have and the page does not say, one line each.
///
/// # Errors
/// If the page or the types cannot be read.
pub fn gaps() -> Result<Vec<String>> {
    let page = Page::read()?;
    let declarations = typescript::declarations()?;
    let mut gaps = Vec::new();
    for (part, name, fields) in wanted(&declarations)? {
        let Some(text) = page.section(part, &name) else {
            gaps.push(format!("\"{part}\" has no section `{name}`"));
            continue;
        };
        for field in fields.iter().filter(|field| !mentions(text, field)) {
            gaps.push(format!("\"{part}\", `{name}`: does not name `{field}`"));
        }
    }
    let limits = page.section(LIMITS, "").unwrap_or_default();
    for constant in typescript::constants()? {
        let value = evaluate(&constant.value)?;
        let row = limits.lines().find(|line| line.contains(&format!("`{}`", constant.name)));
        if !row.is_some_and(|row| row.contains(&format!("| {value} |"))) {
            gaps.push(format!("\"{LIMITS}\" has no row `{}` with {value}", constant.name));
        }
    }
    Ok(gaps)
}

/// Messages of a browser that ask for one of several acts, by their tags: the message, and its acts.
///
/// # Errors
/// If the types cannot be read.
pub fn acts() -> Result<Vec<(String, Vec<String>)>> {
    let declarations = typescript::declarations()?;
    let messages = declarations.iter().find(|declaration| declaration.name == "ClientMessage");
    let Some(Type::Union(variants)) = messages.map(|messages| &messages.ty) else {
        bail!("ClientMessage is no union");
    };
    let named = variants
        .iter()
        .filter_map(|variant| Some((tag(variant)?, choices(variant, &declarations))));
    Ok(named.filter(|(_, acts)| !acts.is_empty()).collect())
}

/// Part, name and members of every section that the page must have.
fn wanted(
    declarations: &[typescript::Declaration],
) -> Result<Vec<(&'static str, String, Vec<String>)>> {
    let mut wanted = Vec::new();
    for declaration in declarations {
        let Some((_, part)) = PARTS.iter().find(|(name, _)| *name == declaration.name) else {
            // The body of a message is described where the message is.
            if !declarations.iter().any(|other| has_body(&other.ty, &declaration.name)) {
                wanted.push((VALUES, declaration.name.clone(), members(&declaration.ty)));
            }
            continue;
        };
        let Type::Union(variants) = &declaration.ty else {
            ensure!(false, "{} is no union", declaration.name);
            continue;
        };
        for variant in variants {
            let tag = tag(variant).with_context(|| format!("{} has no tag", declaration.name))?;
            let names = variant_names(variant, declarations);
            wanted.push((part, tag, names));
        }
    }
    Ok(wanted)
}

/// Whether a variant of the union is a tag joined with the type of this name.
fn has_body(union: &Type, name: &str) -> bool {
    let Type::Union(variants) = union else { return false };
    variants.iter().any(|variant| match variant {
        Type::Intersection(parts) => parts.contains(&Type::Name(name.to_owned())),
        _ => false,
    })
}

/// The literal that tells a variant from the others.
fn tag(variant: &Type) -> Option<String> {
    match variant {
        Type::Object(fields) => fields.iter().find_map(|field| match &field.ty {
            Type::Literal(tag) => Some(tag.clone()),
            _ => None,
        }),
        Type::Intersection(parts) => parts.iter().find_map(tag),
        Type::Name(_) | Type::Literal(_) | Type::Array(_) | Type::Union(_) => None,
    }
}

/// The tags of the variants that the body of this one may be, if its body is such a choice.
fn choices(variant: &Type, declarations: &[typescript::Declaration]) -> Vec<String> {
    let Type::Intersection(parts) = variant else { return Vec::new() };
    let bodies = parts.iter().filter_map(|part| body(part, declarations));
    bodies
        .flat_map(|body| if let Type::Union(acts) = body { acts.as_slice() } else { &[] })
        .filter_map(tag)
        .collect()
}

/// What a variant consists of, the type that it is joined with included.
fn variant_names(variant: &Type, declarations: &[typescript::Declaration]) -> Vec<String> {
    match variant {
        Type::Intersection(parts) => {
            parts.iter().flat_map(|part| variant_names(part, declarations)).collect()
        }
        Type::Name(_) => body(variant, declarations).map(members).unwrap_or_default(),
        Type::Object(_) | Type::Literal(_) | Type::Array(_) | Type::Union(_) => members(variant),
    }
}

/// What a name stands for.
fn body<'a>(ty: &Type, declarations: &'a [typescript::Declaration]) -> Option<&'a Type> {
    let Type::Name(name) = ty else { return None };
    let declaration = declarations.iter().find(|declaration| declaration.name == *name)?;
    Some(&declaration.ty)
}

/// Names of the fields and literals that a value consists of.
fn members(ty: &Type) -> Vec<String> {
    match ty {
        Type::Literal(text) => vec![text.clone()],
        Type::Object(fields) => {
            let literals = fields.iter().filter_map(|field| match &field.ty {
                Type::Literal(text) => Some(text.clone()),
                _ => None,
            });
            fields.iter().map(|field| field.name.clone()).chain(literals).collect()
        }
        Type::Union(parts) | Type::Intersection(parts) => parts.iter().flat_map(members).collect(),
        Type::Name(_) | Type::Array(_) => Vec::new(),
    }
}

/// Whether the text names a field or literal as code or in an example.
fn mentions(text: &str, name: &str) -> bool {
    text.contains(&format!("`{name}`")) || text.contains(&format!("\"{name}\""))
}

/// The value of a product of plain numbers.
fn evaluate(expression: &str) -> Result<u64> {
    expression
        .split('*')
        .map(|factor| factor.trim().replace('_', "").parse::<u64>().context(factor.to_owned()))
        .product()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_cut_at_its_headings() {
        let page =
            Page::parse("a\n## One\nb\n### `x` and more\n```js\n## no heading\n```\n## Two\n");
        assert_eq!(page.section("One", ""), Some("b\n"));
        assert_eq!(page.section("One", "x"), Some("```js\n## no heading\n```\n"));
        assert_eq!(page.section("Two", ""), Some(""));
        assert_eq!(page.section("Two", "x"), None);
    }

    #[test]
    fn code_is_found_by_language() {
        let text = "```js\na\nb\n```\n```json\nc\n```\n```js\nd\n```\n";
        assert_eq!(code_blocks(text, "js"), ["a\nb\n", "d\n"]);
        assert_eq!(code_blocks(text, "json"), ["c\n"]);
    }

    #[test]
    fn a_message_with_acts_has_the_names_of_all() {
        let parse = |text| Type::parse(text).expect("valid");
        let act = "{ \"act\": \"open\", minutes?: number } | { \"act\": \"close\" }";
        let body = typescript::Declaration { name: "Act".into(), doc: Vec::new(), ty: parse(act) };
        let message = parse("{ \"type\": \"groups\" } & Act");
        let declarations = [body];
        assert_eq!(tag(&message).as_deref(), Some("groups"));
        assert_eq!(choices(&message, &declarations), ["open", "close"]);
        let names = ["type", "groups", "act", "minutes", "open", "act", "close"];
        assert_eq!(variant_names(&message, &declarations), names);
        assert!(choices(&parse("{ \"type\": \"ping\" }"), &declarations).is_empty());
    }

    #[test]
    fn products_are_evaluated() {
        assert_eq!(evaluate("64 * 1024").expect("valid"), 65_536);
        assert_eq!(evaluate("2_000").expect("valid"), 2_000);
        assert!(evaluate("a").is_err());
    }
}
