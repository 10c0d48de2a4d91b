// Writes docs/models.md from the records of named models.
import { writeFileSync } from 'node:fs'
import { modelsReference } from '../dist/data/models/reference.js'

writeFileSync(new URL('../docs/models.md', import.meta.url), modelsReference())
