import { FieldtrialError } from '../../../core/errors.ts'
import type { Checkpoint } from '../../text/safetensors.ts'
import { type BuiltGraph, GraphBuilder, type Precision } from '../graph-builder.ts'
import { ElementType } from '../onnx-model.ts'
import { bert } from './bert.ts'
import type { ModelConfig } from './config.ts'
import { distilbert } from './distilbert.ts'
import { mpnet } from './mpnet.ts'
import { roberta } from './roberta.ts'
import type { Family } from './types.ts'

const FAMILIES: readonly Family[] = [bert, roberta, mpnet, distilbert]
const WORDS = 'embeddings.word_embeddings.weight'
const POSITIONS = 'embeddings.position_embeddings.weight'

/** Enters every identity: raise it whenever a change to the graphs changes vectors beyond float rounding. */
export const GRAPH_VERSION = 1

/** The architectures that are built, as config.json names them. */
export const supportedModelTypes: readonly string[] = FAMILIES.flatMap((family) => family.modelTypes)

export function familyOf(config: ModelConfig): Family | undefined {
  return FAMILIES.find((family) => family.modelTypes.includes(String(config.model_type)))
}

/** The most tokens that a text may have: one per row of the position table, less those before the first position. */
export function positionLimit(family: Family, config: ModelConfig, checkpoint: Checkpoint): number {
  const rows = checkpoint.get(prefixOf(checkpoint) + POSITIONS)?.shape[0]
  if (rows === undefined) throw lacks(POSITIONS)
  const offset = family.positionOffset(config)
  return offset === null ? rows : rows - offset - 1
}

/**
 * The graph of an encoder: input `input_ids` (and `position_ids` where positions depend on the tokens), batch × length, int64;
 * output `last_hidden_state`, batch × length × hidden, float32.
 *
 * @throws FieldtrialError `MODEL_INVALID` where config and checkpoint do not fit.
 */
export function buildEncoder(
  family: Family,
  config: ModelConfig,
  checkpoint: Checkpoint,
  dtype: Precision,
): BuiltGraph {
  const graph = new GraphBuilder(checkpoint, prefixOf(checkpoint), dtype)
  const dims = ['batch', 'length']
  const ids = graph.input('input_ids', ElementType.int64, dims)
  const positions = family.positionOffset(config) === null ? '' : graph.input('position_ids', ElementType.int64, dims)
  const states = family.build(graph, ids, config, positions)
  graph.output(states, 'last_hidden_state', [...dims, family.sizes(config).hidden])
  return graph.finish()
}

/** `bert.`, `roberta.` … where the checkpoint was saved with a head on top, else nothing. */
function prefixOf(checkpoint: Checkpoint): string {
  for (const name of checkpoint.keys())
    if (name === WORDS || name.endsWith(`.${WORDS}`)) return name.slice(0, -WORDS.length)
  throw lacks(WORDS)
}

function lacks(tensor: string): FieldtrialError {
  return new FieldtrialError('MODEL_INVALID', `The checkpoint has no tensor ${tensor}.`, {
    hint: 'Check that config.json and the weights belong to the same model.',
  })
}
