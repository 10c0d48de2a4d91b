import { render } from 'preact'
import { App } from './app.tsx'
import { readStudy } from './data.ts'

const study = readStudy()
const root = document.getElementById('app')!
if (study === null)
  root.textContent =
    'This is the empty report page of fieldtrial. It shows something once a study has been written into it.'
else render(<App study={study} />, root)
