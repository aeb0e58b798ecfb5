/** Slots of conditions: one counter item per study version. */
import { assign, changeId, type Condition, type Counter, emptyCounter, moveSlot } from '../../domain/runs/assignment.ts'
import { runLife } from '../../domain/runs/life.ts'
import { ConditionFailed, type Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { keyOf, type RunItem } from '../kernel/items.ts'
import { inTurn } from '../kernel/in-turn.ts'
import { contendedTries, type Retrying, retrying } from '../kernel/retry.ts'

type Store = Pick<Deps, 'table'>
/** With what it takes to change what everybody changes. */
export type Contended = Store & Retrying & Pick<Deps, 'memory'>
type Where = Pick<RunItem, 'studyId' | 'version'>

/** Changes the counter by `decide` with an expected version; `decide` may run several times. */
async function change<T extends { counter: Counter }>(
  stores: Contended,
  at: Where,
  decide: (c: Counter) => T,
): Promise<T> {
  const key = keyOf.assignment(at.studyId, at.version)
  const attempt = async (): Promise<T> => {
    const item = await stores.table.get<Counter>(key)
    const before = item ?? emptyCounter
    const decided = decide(before)
    if (decided.counter === before) return decided
    if (item) await stores.table.replace({ ...item, ...decided.counter }, item.rev!)
    else await stores.table.create({ ...decided.counter, ...key })
    return decided
  }
  return inTurn(stores, key.pk + key.sk, () => retrying(stores, attempt, { times: contendedTries }))
}

/** The condition of a starting run: least-filled, and counted once however often it is asked for. */
export const takeSlot = async (
  stores: Contended,
  run: Pick<RunItem, 'runId' | 'studyId' | 'version' | 'seed'>,
  conditions: readonly Condition[],
): Promise<string> =>
  (await change(stores, run, (c) => assign(c, changeId(run.runId, 1), conditions, run.seed))).condition

/**
 * Makes the counter agree with the run's state: gives its slot back, or takes it again. Each change is numbered, so
 * that whoever comes first does it and everybody else finds it done. Answers the run as it then is.
 */
export async function settleSlot(stores: Contended, run: Item<RunItem>): Promise<Item<RunItem>> {
  if (run.preview || run.pending) return run
  for (;;) {
    const changes = run.slot ?? 0
    const holds = changes % 2 === 1
    if (holds === runLife[run.state].holdsSlot) return run
    const { condition } = run
    await change(stores, run, (counter) => ({
      counter: moveSlot(counter, changeId(run.runId, changes + 1), condition, holds ? -1 : 1),
    }))
    try {
      run = await stores.table.update<RunItem>(keyOf.run(run.runId), {
        set: { slot: changes + 1 },
        when: [{ attribute: 'slot', is: 'equal', value: changes }],
      })
    } catch (e) {
      if (!(e instanceof ConditionFailed)) throw e
      const now = await stores.table.get<RunItem>(keyOf.run(run.runId))
      if (!now) return run
      run = now
    }
  }
}
