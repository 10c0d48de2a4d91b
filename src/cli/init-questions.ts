import { existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { FieldtrialError } from '../core/errors.ts'
import type { InitFlags } from './init.ts'

/**
 * Asks for what the flags leave open: the data, and the memory for models.
 *
 * @throws FieldtrialError `CANCELLED` when the user gives up (Ctrl-C, Escape).
 */
export async function askInit(flags: InitFlags): Promise<InitFlags> {
  const { intro, isCancel, multiselect, outro, select, text } = await import('@clack/prompts')
  const answer = async <T>(question: Promise<T>): Promise<Exclude<T, symbol>> => {
    const value = await question
    if (isCancel(value)) throw new FieldtrialError('CANCELLED', 'Nothing was written.')
    return value as Exclude<T, symbol>
  }
  const folder = (message: string, placeholder: string) =>
    answer(
      text({
        message,
        initialValue: existsSync(placeholder) ? placeholder : '.',
        validate: (value) => (value !== undefined && existsSync(value) ? undefined : 'There is no such folder.'),
      }),
    )
  intro('A study of retrievers')
  const chosen: InitFlags = { ...flags }
  if (!flags.code && !flags.docs && !flags.collection) {
    const kinds = await answer(
      multiselect({
        message: 'What is to be searched?',
        options: [
          { value: 'code', label: 'My code', hint: 'functions, found by their documentation comments' },
          { value: 'docs', label: 'My documentation', hint: 'sections, found by their headings' },
          { value: 'known', label: 'A collection', hint: 'a folder in BEIR layout, or a name such as beir/scifact' },
        ],
        required: true,
      }),
    )
    if (kinds.includes('code')) chosen.code = [await folder('Folder of the code', 'src')]
    if (kinds.includes('docs')) chosen.docs = [await folder('Folder of the documentation', 'docs')]
    if (kinds.includes('known'))
      chosen.collection = [
        await answer(
          text({
            message: 'Folder or name of the collection',
            placeholder: 'beir/scifact',
            validate: (value) => (value?.trim() ? undefined : '`fieldtrial datasets` lists the names.'),
          }),
        ),
      ]
  }
  if (!flags.model && flags.memory === undefined) {
    const machine = Math.round(totalmem() / 1e9)
    const memory = await answer(
      select({
        message: 'Models beside BM25',
        options: [
          { value: 0, label: 'None', hint: 'nothing is fetched' },
          { value: 4, label: 'Small ones', hint: 'within 4 GB of memory' },
          ...[8, 16, 32, 64]
            .filter((gb) => gb < machine)
            .map((gb) => ({ value: gb, label: `Within ${gb} GB of memory` })),
          { value: machine, label: `Whatever this machine holds`, hint: `${machine} GB of memory` },
        ],
      }),
    )
    if (memory > 0) chosen.memory = memory
  }
  outro('Writing the study')
  return chosen
}
