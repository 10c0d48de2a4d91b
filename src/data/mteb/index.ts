export { readMtebResults } from './files.ts'
export { MTEB_TASKS, type MtebTask } from './tasks.ts'
