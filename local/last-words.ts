/**
 * What the host is doing, in a small file beside its data: whoever finds the host silent, or gone, reads there what it
 * was at. Names of routes, steps and visits; nothing of users. Written at once, so that it stands there whatever
 * happens next.
 */
import { closeSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'

/** Says that something begins; what it answers is called when that is over. */
export type Doing = (what: string) => () => void

/** How the host before this one ended, when it was not by being told to. */
export interface Ended {
  /** A code: `silent`, `exception`, `killed`. */
  why: string
  /** What was in hand, the newest first. */
  doing: string[]
  /** Of an exception: its class and where it was thrown. */
  error?: string
  at?: string
  /** Of silence: how long it was listened. */
  seconds?: number
}

export interface LastWords {
  before: Ended | undefined
  doing: Doing
  /** The file in which `doing` stands: for who watches over the host. */
  file: string
  /** Before the process ends by an error that nobody caught. */
  exception: (error: unknown) => void
  /** The host was told to stop: there is nothing to say at the next start. */
  close: () => void
}

/** Names that are remembered at most, and bytes of the file. */
const mostNames = 12
const fileBytes = 1024

const filesOf = (home: string): { doing: string; ended: string } => ({
  doing: join(home, 'doing.txt'),
  ended: join(home, 'ended.json'),
})

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}

/** What stands in the file of `doing`. */
const doingIn = (file: string): string[] | undefined =>
  textOf(file)
    ?.split('\n')
    .map((name) => name.trim())
    .filter(Boolean)

function endedIn(home: string): Ended | undefined {
  const files = filesOf(home)
  const doing = doingIn(files.doing)
  try {
    const said = JSON.parse(textOf(files.ended) ?? 'null') as Partial<Ended> | null
    if (said) return { why: 'killed', ...said, doing: said.doing ?? doing ?? [] }
  } catch {
    /* cut by the same end */
  }
  return doing && { why: 'killed', doing }
}

/** Where an error was thrown: a line of its stack, without its message, which could quote a value. */
export const placeOf = (error: unknown): { error: string; at?: string } => {
  if (!(error instanceof Error)) return { error: typeof error }
  const at = error.stack
    ?.split('\n')
    .find((line) => line.trimStart().startsWith('at '))
    ?.trim()
  return { error: error.name, ...(at ? { at } : {}) }
}

/** Opens the file in `home`, and reads what the host before this one has left there. */
export function openLastWords(home: string): LastWords {
  const files = filesOf(home)
  const before = endedIn(home)
  rmSync(files.ended, { force: true })
  const file = openSync(files.doing, 'w', 0o600)
  const inHand = new Set<{ what: string }>()
  const write = (): void => {
    const names = [...inHand].slice(-mostNames).reverse()
    const text = Buffer.alloc(fileBytes, ' ')
    text.write(names.map(({ what }) => what.slice(0, 70)).join('\n'), 0, 'utf8')
    try {
      writeSync(file, text, 0, fileBytes, 0)
    } catch {
      /* a full disk stops nothing */
    }
  }
  write()
  let open = true
  return {
    before,
    file: files.doing,
    doing: (what) => {
      const mine = { what }
      inHand.add(mine)
      if (open) write()
      return () => {
        inHand.delete(mine)
        // Between two others what is over stands there until the next begins; a host with nothing to do says so.
        if (open && inHand.size === 0) write()
      }
    },
    exception: (error) => {
      try {
        const ended: Ended = { why: 'exception', doing: doingIn(files.doing) ?? [], ...placeOf(error) }
        writeFileSync(files.ended, JSON.stringify(ended), { mode: 0o600 })
      } catch {
        /* the log has it */
      }
    },
    close: () => {
      open = false
      closeSync(file)
      rmSync(files.doing, { force: true })
    },
  }
}

/** The same for a person. */
export function sentenceOf({ why, doing, error, seconds }: Ended): string {
  const at = doing.length > 0 ? ` It was at: ${doing.join(', ')}.` : ''
  if (why === 'silent') return `The host before this one had gone silent for ${seconds} s and was ended.${at}`
  if (why === 'exception') return `The host before this one ended by an error of its own (${error}).${at}`
  return `The host before this one was ended from outside.${at}`
}
