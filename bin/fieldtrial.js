#!/usr/bin/env node
// Written for old Node versions too: they must get as far as the sentence below.
var major = Number(process.versions.node.split('.')[0])
if (major < 22) {
  process.stderr.write(
    'fieldtrial needs Node.js 22 or newer; this is ' +
      process.versions.node +
      '.\n' +
      'Install a newer one (https://nodejs.org), or run `npx --package node@24 --package fieldtrial fieldtrial`.\n',
  )
  process.exit(2)
}
// Before anything can load onnxruntime: it would report to its maker.
process.env.ORT_DISABLE_TELEMETRY = '1'
import('../dist/cli/main.js')
  .then((cli) => cli.main(process.argv.slice(2)))
  .catch((error) => {
    process.stderr.write(`${String(error?.stack || error)}\n`)
    process.exit(1)
  })
