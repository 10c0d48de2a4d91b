import './no-telemetry.ts'

/**
 * The address of a module that a worker thread runs, beside the calling module.
 * Sources run as `.ts` in tests and as `.js` when built, and `new URL()` literals are not rewritten by the compiler.
 *
 * @param caller `import.meta.url` of the calling module.
 * @param name Relative path without extension, e.g. `./search-worker`.
 */
export function workerUrl(caller: string, name: string): URL {
  return new URL(`${name}${caller.endsWith('.ts') ? '.ts' : '.js'}`, caller)
}
