export {
  type Check,
  type Comparison,
  type ConformanceOptions,
  compareEncoders,
  runConformance,
} from './conformance/index.ts'
export { prepareHttp } from './http/prepare.ts'
export { type OnnxOptions, prepareOnnx, supportedArchitecture, supportedModelTypes } from './onnx/index.ts'
export type { Encoded, Encoder, EncoderInfo, PreparedEncoder } from './types.ts'
