/** The layer number inside a tensor's name: `layers.3.`, `layer.3.`, `h.3.`. */
const LAYER = /(^|\.)(layers?|h)\.(\d+)\./

/** Towers for images and sound have layers of their own, which are not those of the language model. */
const TOWER = /(^|\.)(visual|vision_tower|vision_model|audio_tower|multi_modal_projector)\./

/** What stands behind the last layer. */
const BEHIND = /(^|\.)(norm|final_layernorm|ln_f|lm_head|pooler|head)(\.|$)/

/** The number of the layer that a tensor belongs to; null for all others. */
export function layerOf(name: string): number | null {
  if (isTower(name)) return null
  const match = LAYER.exec(name)
  return match === null ? null : Number(match[3])
}

/** The same tensor of another layer. */
export function inLayer(name: string, layer: number): string {
  return name.replace(LAYER, (_, dot: string, word: string) => `${dot}${word}.${layer}.`)
}

export function isTower(name: string): boolean {
  return TOWER.test(name)
}

/** Whether a tensor without a layer stands behind the layers (final norm, head) and not before them (embeddings). */
export function isBehind(name: string): boolean {
  return layerOf(name) === null && !isTower(name) && BEHIND.test(name)
}

export function isHead(name: string): boolean {
  return /(^|\.)lm_head\.weight$/.test(name)
}

/** What retrieval does without: the matrix that scores tokens, BERT's pooler, and heads of its first training. Exports differ in whether they keep it. */
export function isOptional(name: string): boolean {
  return isHead(name) || /(^|\.)(pooler|cls)\./.test(name)
}

/** The name without the prefix by which checkpoints of a model with and without its head differ. */
export function bareName(name: string): string {
  return name.replace(/^(model\.)?(language_model\.)?(model\.)?/, '')
}
