//! Prints declarations as a person would write them: one field or variant a line.

use super::{Declaration, syntax::Field, syntax::Type};

/// Columns after which an expression is broken into lines.
const WIDTH: usize = 100;

/// `export type X = ..;` with its documentation.
pub(super) fn declaration(declaration: &Declaration) -> String {
    let mut out = doc(&declaration.doc, "");
    let head = format!("export type {} =", declaration.name);
    let flat = format!("{head} {};\n", flat(&declaration.ty));
    if flat.len() <= WIDTH && !has_docs(&declaration.ty) {
        return out + &flat;
    }
    out += &head;
    match &declaration.ty {
        Type::Union(parts) => {
            for part in parts {
                out += "\n  | ";
                out += &broken(part, "    ");
            }
        }
        other => {
            out += " ";
            out += &broken(other, "");
        }
    }
    out + ";\n"
}

/// A `/** .. */` comment, or nothing.
pub(super) fn doc(lines: &[String], indent: &str) -> String {
    match lines {
        [] => String::new(),
        [line] => format!("{indent}/** {line} */\n"),
        lines => {
            let body: String = lines.iter().map(|line| format!("{indent} * {line}\n")).collect();
            format!("{indent}/**\n{body}{indent} */\n")
        }
    }
}

/// The type with documented objects broken into lines that start at `indent`.
fn broken(ty: &Type, indent: &str) -> String {
    match ty {
        Type::Object(fields) if has_docs(ty) => {
            let inner = format!("{indent}  ");
            let body: String = fields
                .iter()
                .map(|field| format!("{}{inner}{};\n", doc(&field.doc, &inner), flat_field(field)))
                .collect();
            format!("{{\n{body}{indent}}}")
        }
        Type::Intersection(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| broken(part, indent)).collect();
            parts.join(" & ")
        }
        other => flat(other),
    }
}

fn flat(ty: &Type) -> String {
    match ty {
        Type::Name(name) => name.clone(),
        Type::Literal(text) => format!("'{text}'"),
        Type::Array(item) => match **item {
            Type::Union(_) | Type::Intersection(_) => format!("({})[]", flat(item)),
            _ => format!("{}[]", flat(item)),
        },
        Type::Object(fields) => {
            let fields: Vec<String> = fields.iter().map(flat_field).collect();
            format!("{{ {} }}", fields.join("; "))
        }
        Type::Union(parts) => joined(parts, " | "),
        Type::Intersection(parts) => joined(parts, " & "),
    }
}

fn joined(parts: &[Type], separator: &str) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|part| match part {
            Type::Union(_) => format!("({})", flat(part)),
            _ => flat(part),
        })
        .collect();
    parts.join(separator)
}

fn flat_field(field: &Field) -> String {
    let mark = if field.optional { "?" } else { "" };
    format!("{}{mark}: {}", field.name, flat(&field.ty))
}

fn has_docs(ty: &Type) -> bool {
    match ty {
        Type::Name(_) | Type::Literal(_) => false,
        Type::Array(item) => has_docs(item),
        Type::Object(fields) => {
            fields.iter().any(|field| !field.doc.is_empty() || has_docs(&field.ty))
        }
        Type::Union(parts) | Type::Intersection(parts) => parts.iter().any(has_docs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(body: &str, expected: &str) {
        let ty = Type::parse(body).expect("valid");
        let declaration = Declaration { name: "X".into(), doc: vec!["A thing.".into()], ty };
        assert_eq!(super::declaration(&declaration), expected);
    }

    #[test]
    fn short_types_stay_on_one_line() {
        check("\"a\" | \"b\"", "/** A thing. */\nexport type X = 'a' | 'b';\n");
        check("{ a: Array<A | null> }", "/** A thing. */\nexport type X = { a: (A | null)[] };\n");
    }

    #[test]
    fn documented_variants_are_broken_into_lines() {
        check(
            "{ \"type\": \"a\" } & A | { \"type\": \"b\", /** Why. */ code?: string, }",
            "/** A thing. */\nexport type X =\n  | { type: 'a' } & A\n  | {\n      type: 'b';\n      \
             /** Why. */\n      code?: string;\n    };\n",
        );
    }
}
