export {
  type Check,
  type Comparison,
  type ConformanceOptions,
  compareEncoders,
  runConformance,
} from './conformance/index.ts'
export type { HttpOptions } from './http/options.ts'
export { prepareHttp } from './http/prepare.ts'
export { type LlamaDevice, type LlamaOptions, prepareLlama } from './llama/index.ts'
export { type OnnxOptions, prepareOnnx, supportedArchitecture, supportedModelTypes } from './onnx/index.ts'
export { prepareTorch, type TorchOptions } from './torch/index.ts'
export type {
  CountTokens,
  Encoded,
  EncodeOptions,
  Encoder,
  EncoderInfo,
  PreparedEncoder,
  PromptPreview,
  SparseRows,
} from './types.ts'
