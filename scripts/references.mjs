// Writes the pages of docs/ that are made from the program itself: the study file's and the training file's fields, the commands' help, recipes, named models, known collections and published figures.
import { writeFileSync } from 'node:fs'
import { commandReference } from '../dist/cli/reference.js'
import { modelsReference } from '../dist/data/models/reference.js'
import { publishedReference } from '../dist/data/published/reference.js'
import { datasetsReference } from '../dist/data/registry/reference.js'
import { recipesReference } from '../dist/recipes/reference.js'
import { studyReference } from '../dist/study/reference.js'
import { trainingReference } from '../dist/train/reference.js'

const docs = new URL('../docs/', import.meta.url)
writeFileSync(new URL('study-file.md', docs), studyReference())
writeFileSync(new URL('training-file.md', docs), trainingReference())
writeFileSync(new URL('command-line.md', docs), commandReference())
writeFileSync(new URL('recipes.md', docs), recipesReference())
writeFileSync(new URL('models.md', docs), modelsReference())
writeFileSync(new URL('datasets.md', docs), datasetsReference())
writeFileSync(new URL('published.md', docs), publishedReference())
