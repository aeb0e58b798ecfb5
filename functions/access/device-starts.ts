/** How many device logins may be begun: counted by spans of time, so that a count needs no taking back. */
import { bounds } from '../../domain/bounds.ts'
import { sha256Hex } from '../../domain/hash.ts'
import { ConditionFailed } from '../../ports/table.ts'
import { networkOf } from '../kernel/address.ts'
import { createIfAbsent } from '../kernel/create-if-absent.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure } from '../kernel/failure.ts'
import { keyOf } from '../kernel/items.ts'

type Counting = Pick<Deps, 'table' | 'now'>

/** A code works this long, and so long is a span: of those that are open, none is older than the span before. */
export const validMs = 10 * 60 * 1000

/** Counts one more of a span; false when it has as many as it may. */
async function counted(deps: Counting, span: number, from: string, most: number): Promise<boolean> {
  const key = keyOf.deviceStarts(String(span), from)
  const add = async (): Promise<boolean> => {
    try {
      await deps.table.update(key, {
        add: { count: 1 },
        when: [{ attribute: 'count', is: 'at-most', value: most - 1 }],
      })
      return true
    } catch (e) {
      if (!(e instanceof ConditionFailed)) throw e
      return false
    }
  }
  if (await add()) return true
  const goneAt = Math.ceil(((span + 2) * validMs) / 1000)
  return (await createIfAbsent(deps, { ...key, count: 1, goneAt })) || add()
}

/**
 * Counts a device login that begins, from its network and in all. Throws `too-many-at-once`. What is kept of the
 * network are 24 bits of a hash: enough to count by, too few to say who it was.
 */
export async function countStart(deps: Counting, address: string): Promise<void> {
  const span = Math.floor(deps.now().getTime() / validMs)
  const network = (await sha256Hex(networkOf(address))).slice(0, 6)
  const { fromOneNetwork, inAll } = bounds.device
  const tooMany = (where: string, most: number): Failure =>
    new Failure(
      'too-many-at-once',
      `${most} sign-ins of tools were begun ${where} within ten minutes, and more are not taken. Approve one that waits, or try again in ten minutes.`,
    )
  if (!(await counted(deps, span, network, fromOneNetwork))) throw tooMany('from your network', fromOneNetwork)
  if (!(await counted(deps, span, 'all', inAll))) throw tooMany('in all', inAll)
}
