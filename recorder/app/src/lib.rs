//! Recordings on disk: jobs, the muxer, playback over HTTP, retention.
