//! The protocol's types as TypeScript, written to `web-client/src/protocol`.
//!
//! Invariant: the output depends on the sources alone, so a test can compare it byte by byte.
//! Large integers become `number`: all of them count milliseconds or events and stay below 2^53.

mod print;
mod syntax;

use std::{any::TypeId, fs};

use anyhow::{Context, Result, ensure};
use ts_rs::{Config, TS, TypeVisitor};

pub use syntax::{Field, Type};

use crate::tree;

/// Folder of the generated files, from the root.
pub const FOLDER: &str = "web-client/src/protocol";

/// The first line of a generated file.
pub const HEAD: &str =
    "// Written by `cargo xtask generate` from signaling/protocol. Do not edit.\n";

/// Where the limits are declared, from the root.
const LIMITS: &str = "signaling/protocol/src/limits.rs";

/// One exported type.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// Its name, the same in Rust and TypeScript.
    pub name: String,
    /// Documentation, one entry a line.
    pub doc: Vec<String>,
    /// What it stands for.
    pub ty: Type,
}

/// One exported constant.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Its name, the same in Rust and TypeScript.
    pub name: String,
    /// Documentation, one entry a line.
    pub doc: Vec<String>,
    /// The value as written in Rust, which is valid TypeScript too.
    pub value: String,
}

/// The generated files: name within [`FOLDER`] and text.
///
/// # Errors
/// If a type or limit is written in a way that the generator does not know.
pub fn files() -> Result<[(&'static str, String); 2]> {
    let mut messages = HEAD.to_owned();
    for constant in constants()? {
        messages += "\n";
        messages += &print::doc(&constant.doc, "");
        messages += &format!("export const {} = {};\n", constant.name, constant.value);
    }
    for declaration in declarations()? {
        messages += "\n";
        messages += &print::declaration(&declaration);
    }
    Ok([("messages.ts", messages), ("index.ts", format!("{HEAD}export * from './messages';\n"))])
}

/// Writes the generated files that are not up to date.
///
/// # Errors
/// As [`files`], or if a file cannot be written.
pub fn write() -> Result<()> {
    let folder = tree::root().join(FOLDER);
    fs::create_dir_all(&folder)?;
    for (name, text) in files()? {
        let path = folder.join(name);
        if fs::read_to_string(&path).is_ok_and(|old| old == text) {
            continue;
        }
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

/// All types that can be reached from the messages: those of the messages first, then by name,
/// because ts-rs visits dependencies in no fixed order.
///
/// # Errors
/// If ts-rs wrote something that [`Type::parse`] does not know.
pub fn declarations() -> Result<Vec<Declaration>> {
    let mut collector = Collector {
        config: Config::new().with_large_int("number"),
        seen: Vec::new(),
        found: Vec::new(),
    };
    collector.visit::<kreide_protocol::ClientMessage>();
    collector.visit::<kreide_protocol::ClientFrame>();
    collector.visit::<kreide_protocol::ServerMessage>();
    collector.visit::<kreide_protocol::EnterRequest>();
    collector.visit::<kreide_protocol::EnterReply>();
    collector.visit::<kreide_protocol::Recordings>();
    collector.visit::<kreide_protocol::RecordingIndex>();
    collector.visit::<kreide_protocol::Release>();
    collector.visit::<kreide_protocol::Download>();
    let mut declarations: Vec<Declaration> = collector.found.into_iter().collect::<Result<_>>()?;
    declarations.sort_by_key(|declaration| {
        let messages = ["ClientMessage", "ClientFrame", "ServerMessage", "LessonEvent"];
        let place = messages.iter().position(|name| *name == declaration.name);
        (place.unwrap_or(messages.len()), declaration.name.clone())
    });
    // ts-rs writes a flattened enum out in full; a reader wants its name.
    let messages = declarations[0].ty.clone();
    for declaration in &mut declarations[1..] {
        declaration.ty = declaration.ty.clone().fold("ClientMessage", &messages);
    }
    Ok(declarations)
}

/// The protocol's version and limits.
///
/// # Errors
/// If a constant is written in a way that the generator does not know.
pub fn constants() -> Result<Vec<Constant>> {
    let mut constants = vec![Constant {
        name: "VERSION".into(),
        doc: vec!["Version of the protocol.".into()],
        value: kreide_protocol::VERSION.to_string(),
    }];
    let mut doc = Vec::new();
    for line in tree::read(LIMITS)?.lines() {
        if let Some(text) = line.strip_prefix("/// ") {
            doc.push(text.to_owned());
        } else if let Some(text) = line.strip_prefix("pub const ") {
            let (name, text) = text.split_once(':').context("a limit has no type")?;
            let (_, value) = text.split_once('=').context("a limit has no value")?;
            let value = value.trim().trim_end_matches(';');
            let plain = |c: char| c.is_ascii_digit() || "_* ".contains(c);
            ensure!(value.chars().all(plain), "{name} is not a plain number: {value}");
            let doc = std::mem::take(&mut doc);
            constants.push(Constant { name: name.trim().into(), doc, value: value.into() });
        }
    }
    Ok(constants)
}

/// Walks from a type to all types it mentions.
struct Collector {
    config: Config,
    seen: Vec<TypeId>,
    found: Vec<Result<Declaration>>,
}

impl TypeVisitor for Collector {
    fn visit<T: TS + 'static + ?Sized>(&mut self) {
        if self.seen.contains(&TypeId::of::<T>()) {
            return;
        }
        self.seen.push(TypeId::of::<T>());
        // Only derived types have a file of their own; `Option`, `Vec` and numbers have none.
        if T::output_path().is_some() {
            let name = T::ident(&self.config);
            let doc = T::docs().as_deref().map(syntax::doc_lines).unwrap_or_default();
            let ty = Type::parse(&T::inline(&self.config))
                .with_context(|| format!("the type {name} cannot be printed"));
            self.found.push(ty.map(|ty| Declaration { name, doc, ty }));
        }
        T::visit_dependencies(self);
        T::visit_generics(self);
    }
}
