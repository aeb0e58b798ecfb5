/** The files that people write, by their path from the root. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './steps.ts'

const generated = new Set(['domain/studies/plugin-catalogue.ts'])
const written = /\.(ts|tsx|mts|mjs|cjs)$/
const folders = /^(bin|lib|contracts|domain|ports|adapters|functions|local|runner|web|clients|bench|tools|test)\//

/** What git knows of or would take; in a copy without git, what lies in the folders. */
function listed(): string[] {
  const git = spawnSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  })
  if (git.status === 0) return git.stdout.split('\n')
  return globSync(
    '{bin,lib,contracts,domain,ports,adapters,functions,local,runner,web,clients,bench,simulation,tools,test}/**/*',
    {
      cwd: root,
    },
  )
}

/** Every program file of the tree that is not generated, sorted. */
export const sourceFiles = (): string[] =>
  listed()
    .filter((file) => written.test(file) && folders.test(file) && !generated.has(file) && existsSync(join(root, file)))
    .sort()
