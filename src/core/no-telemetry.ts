/**
 * From 1.29 on onnxruntime's builds for Linux and macOS report sessions, models and errors to their maker unless this is set before the
 * library is loaded. Threads have a copy of the environment that native code does not see: so whoever starts threads imports this, too.
 */
process.env.ORT_DISABLE_TELEMETRY = '1'
