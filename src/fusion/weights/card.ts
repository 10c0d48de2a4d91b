import { stringify } from 'yaml'
import { sourcesOf } from './check.ts'
import type { MergeReport } from './merge.ts'

/** The README of a merged model, with the fields that the hub reads (`base_model`, `tags`). */
export function mergeCard({ spec, output, parameters, warnings, fieldtrial, kept }: MergeReport): string {
  const names = [
    ...new Set([
      ...(spec.base === undefined ? [] : [spec.base]),
      ...sourcesOf(spec).map(({ model, adapter }) => adapter ?? model),
    ]),
  ]
  const front = { base_model: names, tags: ['merge'], ...(output === 'adapter' ? { library_name: 'peft' } : {}) }
  return [
    `---\n${stringify(front)}---\n`,
    `# ${spec.method} of ${names.join(', ')}\n`,
    `${parameters.toLocaleString('en')} parameters, merged by fieldtrial ${fieldtrial}:\n`,
    `\`\`\`yaml\n${stringify(spec)}\`\`\`\n`,
    ...(kept === undefined || kept === 1
      ? []
      : [`Cut to rank ${spec.rank}: ${(100 * kept).toFixed(2)} % of the squared numbers are kept.\n`]),
    ...(warnings.length === 0 ? [] : [`What to know:\n\n${warnings.map((warning) => `- ${warning}\n`).join('')}`]),
  ].join('\n')
}
