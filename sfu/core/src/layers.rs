//! Which simulcast layer suits a place on the screen.

/// What is known of one layer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LayerState {
    /// Packets came within the last moments.
    pub(crate) flowing: bool,
    /// Height in pixels from its last keyframe.
    pub(crate) height: Option<u16>,
}

/// The index of the lowest layer that fills `wanted` pixels, or else the best there is.
///
/// A layer counts as filling from four fifths on: a browser enlarges by that much without a
/// visible loss, and the next layer costs about four times the bits. The size of a layer not seen
/// yet is guessed by its place, from the smallest on, halving from 720.
pub(crate) fn choose(layers: &[LayerState], wanted: u16) -> Option<u8> {
    let last = layers.len().checked_sub(1)?;
    let height =
        |index: usize| layers[index].height.map_or(720 >> (last - index).min(8), u32::from);
    let flowing = |index: &usize| layers[*index].flowing;
    let enough = |index: &usize| height(*index) * 5 >= u32::from(wanted) * 4;
    let best = (0..layers.len())
        .filter(flowing)
        .filter(enough)
        .min_by_key(|index| height(*index))
        .or_else(|| (0..layers.len()).filter(flowing).max_by_key(|index| height(*index)))
        .unwrap_or(0);
    Some(best as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ladder() {
        let layer = |height, flowing| LayerState { flowing, height };
        let three = [layer(Some(180), true), layer(Some(360), true), layer(Some(720), true)];
        let top_gone = [layer(Some(180), true), layer(Some(360), true), layer(Some(720), false)];
        let reversed = [layer(Some(360), true), layer(Some(180), true)];
        let unknown = [layer(None, true), layer(None, true)];
        let silent = [layer(None, false), layer(None, false)];
        for (layers, wanted, expected) in [
            (&three[..], 100, 0),
            (&three, 180, 0),
            (&three, 225, 0),
            (&three, 226, 1),
            (&three, 451, 2),
            (&three, 2000, 2),
            (&top_gone, 2000, 1),
            (&unknown, 360, 0),
            (&unknown, 720, 1),
            (&silent, 720, 0),
            (&reversed, 100, 1),
            (&reversed, 720, 0),
        ] {
            assert_eq!(choose(layers, wanted), Some(expected), "{wanted}");
        }
        assert_eq!(choose(&[], 100), None);
    }
}
