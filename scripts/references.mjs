// Writes the pages of docs/ that are made from the program itself: the study file's fields and the commands' help.
import { writeFileSync } from 'node:fs'
import { commandReference } from '../dist/cli/reference.js'
import { studyReference } from '../dist/study/reference.js'

const docs = new URL('../docs/', import.meta.url)
writeFileSync(new URL('study-file.md', docs), studyReference())
writeFileSync(new URL('command-line.md', docs), commandReference())
