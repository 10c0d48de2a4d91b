export { CrossEncoder, type CrossEncoderOptions } from './cross-encoder/cross-encoder.ts'
export { denseTensors, exportedGraph } from './export-graph.ts'
export { supportedModelTypes } from './families/index.ts'
export { type OnnxOptions, prepareOnnx, supportedArchitecture } from './prepare.ts'
