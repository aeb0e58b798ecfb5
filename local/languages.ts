/** Which languages this machine can confine, found out by trying, and how to say it to the person at the keyboard. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Language } from '../domain/datasets/policy.ts'
import type { Confinement } from '../domain/release/run-report.ts'

/** The confinement that works for each interpreter; one that is missing has none, and nothing runs in it. */
export type Tried = Partial<Record<'python' | 'r', Confinement>>

const program = fileURLToPath(new URL('./try-languages.ts', import.meta.url))

/** Tries where runs will work, in a process of its own. Never rejects: what cannot even be tried does not work. */
export async function tryLanguages(work: string): Promise<Tried> {
  try {
    return JSON.parse(
      (
        await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
          timeout: 120_000,
          env: { ...process.env, TMPDIR: work },
        })
      ).stdout,
    ) as Tried
  } catch {
    return {}
  }
}

/** What was tried, remembered: `now` is undefined before the first answer. */
export interface Languages {
  now: () => Tried | undefined
  known: () => Promise<Tried>
  again: () => Promise<Tried>
}
export function languages(work: string): Languages {
  let now: Tried | undefined
  let asked: Promise<Tried> | undefined
  const again = (): Promise<Tried> => (asked = tryLanguages(work).then((t) => (now = t)))
  return { now: () => now, known: () => asked ?? again(), again }
}

/**
 * What this node offers: SQL always, since its engine came with the packages. Everything, as long as nothing was tried.
 */
export const languagesOf = (tried: Tried = { python: 'bubblewrap', r: 'bubblewrap' }): Language[] => [
  'sql',
  ...(tried.python ? ['python' as const] : []),
  ...(tried.r ? ['r' as const] : []),
  ...(tried.python ? ['notebook' as const] : []),
]

/** The one confinement that every runner may take without trying; undefined when there are two, or none. */
export const onlyOne = (tried: Tried): Confinement | undefined =>
  tried.python !== undefined && (tried.r === undefined || tried.r === tried.python) ? tried.python : undefined

const packages = {
  python: 'python3-numpy python3-pandas python3-scipy python3-statsmodels python3-sklearn python3-nibabel',
  r: 'r-base-core r-recommended',
}

/** One line. Says what is missing and how to get it. */
export function languagesLine(tried: Tried): string {
  const said = [tried.python && `Python and notebooks (${tried.python})`, tried.r && `R (${tried.r})`].filter(Boolean)
  const wanted = [
    ...(Object.values(tried).includes('bubblewrap') ? [] : ['bubblewrap']),
    ...(tried.python ? [] : [packages.python]),
    ...(tried.r ? [] : [packages.r]),
  ]
  const offered = `SQL${said.length > 0 ? `, ${said.join(', ')}` : ''}.`
  if (tried.python && tried.r) return offered
  return process.platform === 'linux'
    ? `${offered} For the others: sudo apt-get install ${wanted.join(' ')}`
    : `${offered} For the others run it on Linux, or under WSL.`
}
