//! What a person at a terminal sees meanwhile. Elsewhere nothing is shown.

use indicatif::{ProgressBar, ProgressStyle};

pub(crate) struct Progress {
    bar: ProgressBar,
    seconds: u32,
}

impl Progress {
    pub(crate) fn new(seconds: u32) -> Self {
        Self { bar: ProgressBar::new_spinner(), seconds }
    }

    pub(crate) fn say(&self, what: &str) {
        self.bar.set_message(what.to_owned());
        self.bar.tick();
    }

    /// From here on seconds are counted.
    pub(crate) fn measure(&self) {
        self.bar.set_length(self.seconds.into());
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} s  {msg}") {
            self.bar.set_style(style);
        }
        self.say("measuring");
    }

    pub(crate) fn second(&self) {
        self.bar.inc(1);
    }

    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
