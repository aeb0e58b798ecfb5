/** What is derived of a run's id: the token of its page, and the two codes of a participant's receipt. */
import { base32, base64url } from '../../domain/hash.ts'
import type { Keys } from '../../ports/keys.ts'

const grouped = (s: string): string => s.match(/.{1,4}/g)!.join('-')

/** What the page of a run proves itself by; the run's item keeps its SHA-256. */
export const tokenOf = async (deps: { keys: Pick<Keys, 'mac'> }, runId: string): Promise<string> =>
  base64url(await deps.keys.mac('run-token', runId))

/** A run id as people copy it: 32 letters and digits in groups of four. */
export const runCode = (runId: string): string => grouped(runId.slice(4))

/** 80 bits that only the receipt and the platform's MAC key know. */
export const withdrawalCode = async (deps: { keys: Pick<Keys, 'mac'> }, runId: string): Promise<string> =>
  grouped(base32((await deps.keys.mac('withdrawal', runId)).subarray(0, 10)))

/**
 * What a person typed, as base32: case, spaces and dashes do not matter, and the digits that it lacks are read as the
 * letters they look like.
 */
export const typed = (code: string): string =>
  code
    .toLowerCase()
    .replaceAll('0', 'o')
    .replaceAll('1', 'l')
    .replaceAll('8', 'b')
    .replaceAll(/[^a-z2-7]/g, '')

/** The run id behind a typed run code (with or without its prefix), if it has the form of one. */
export function runIdOf(code: string): string | undefined {
  const id = typed(code.trim().replace(/^run_/i, ''))
  return id.length === 32 ? `run_${id}` : undefined
}

/** Compares in the time of the longer one, whatever they hold. */
export function same(left: string, right: string): boolean {
  let difference = left.length ^ right.length
  for (let i = 0; i < Math.max(left.length, right.length); i++)
    difference |= (left.charCodeAt(i) || 0) ^ (right.charCodeAt(i) || 0)
  return difference === 0
}
