//! What every function does alike: settings, telemetry, wiring, batches.
