import { render } from 'preact'
import type { TrainingPage } from '../../../src/report/training/page.ts'
import { TrainingReport } from './report.tsx'

const text = document.getElementById('fieldtrial-training')?.textContent
const root = document.getElementById('app')!
if (text == null)
  root.textContent =
    'This is the empty page of a training. It shows something once a training has been written into it.'
else render(<TrainingReport page={JSON.parse(text) as TrainingPage} />, root)
