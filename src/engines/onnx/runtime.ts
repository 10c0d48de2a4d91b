import '../../core/no-telemetry.ts'

/** The one place where onnxruntime is loaded. */
export * from 'onnxruntime-node'
