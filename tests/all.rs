//! One binary: linking is what a test run waits for.
