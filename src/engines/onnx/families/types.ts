import type { GraphBuilder } from '../graph-builder.ts'
import type { ModelConfig } from './config.ts'
import type { LayerShape } from './layer.ts'

/** How one architecture is written as a graph over its checkpoint. */
export interface Family {
  readonly name: string
  /** Values of `model_type` in config.json. */
  readonly modelTypes: readonly string[]
  /**
   * The padding token's id, where positions count from it + 1 and the graph takes them as input (fairseq's habit);
   * null where positions are 0, 1, 2 … .
   */
  positionOffset(config: ModelConfig): number | null
  /** @throws FieldtrialError `MODEL_INVALID` when config.json lacks a size or asks for a variant that is not built. */
  sizes(config: ModelConfig): LayerShape
  /**
   * @param ids Value: batch × length token ids.
   * @param positions Value: batch × length positions; '' where `positionOffset` is null.
   * @param segments Value: batch × length segments, for pairs of texts; '' where all tokens are of the first. Families without segments
   *   pass it over.
   * @returns Value: batch × length × hidden, the last layer's states.
   */
  build(graph: GraphBuilder, ids: string, config: ModelConfig, positions: string, segments?: string): string
}
