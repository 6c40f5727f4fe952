// Written by `cargo xtask generate` from signaling/protocol. Do not edit.
export * from './messages';
