//! The corpora and their neighbours through their targets, in seconds: what a fuzzer found once
//! stays found, and a parser that breaks at the first wrong byte never gets further than here.
//!
//! Left out on purpose: searching. `make fuzz` does that, with coverage for a guide.

#![allow(clippy::unwrap_used, reason = "the helpers of tests fail like tests")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use kreide_fuzz::{TARGETS, Target};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

/// Inputs made from each corpus. A debug build must stay within seconds.
const NEIGHBOURS: usize = 500;

#[test]
fn the_corpora_and_their_neighbours() {
    for target in TARGETS {
        let seeds = seeds(target.name);
        let understood = seeds.iter().filter(|(path, seed)| try_one(*target, path, seed)).count();
        assert!(understood > 0, "{}: no seed gets past the first check", target.name);
        let mut random = StdRng::seed_from_u64(7);
        for _ in 0..NEIGHBOURS {
            let (path, seed) = seeds.choose(&mut random).expect("there are seeds");
            let mut neighbour = seed.clone();
            mutate(&mut neighbour, &mut random);
            try_one(*target, path, &neighbour);
        }
    }
}

/// Every target has its corpus and its program, and nothing lies there without a target.
#[test]
fn targets_corpora_and_programs_are_the_same() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|t| t.name.to_owned()).collect();
    assert_eq!(targets.len(), TARGETS.len(), "two targets have one name");
    assert_eq!(names("corpus"), targets);
    assert_eq!(names("libfuzzer/fuzz_targets"), targets);
    let manifest = fs::read_to_string(folder("libfuzzer/Cargo.toml")).unwrap();
    for target in &targets {
        assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is not built");
    }
}

/// Runs a target; a panic in it is told together with the input.
fn try_one(target: Target, path: &Path, input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| (target.run)(input))).unwrap_or_else(|_| {
        panic!("{} breaks on {} or a neighbour: {input:02x?}", target.name, path.display())
    })
}

/// Changes a few places: flips, telling values, cuts, repetitions.
fn mutate(bytes: &mut Vec<u8>, random: &mut StdRng) {
    for _ in 0..random.random_range(1..=4) {
        if bytes.is_empty() {
            bytes.push(random.random());
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..6) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = *[0, 1, 0x7f, 0x80, 0xff].choose(random).expect("not empty"),
            2 => bytes.insert(at, random.random()),
            3 => bytes.extend_from_within(at..),
            4 => bytes.truncate(at),
            _ => drop(bytes.remove(at)),
        }
    }
}

/// Path and content of every file of a corpus.
fn seeds(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = folder("corpus").join(target);
    let mut paths: Vec<_> =
        fs::read_dir(folder).expect(target).map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// What lies in a folder, without endings.
fn names(path: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(folder(path)).expect(path).map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
}

fn folder(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
