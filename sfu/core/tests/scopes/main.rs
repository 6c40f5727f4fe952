//! Scopes: whose media reaches whom, when people move between class and groups.

mod model;
mod moves;
mod parts;
mod people;
mod reach;
