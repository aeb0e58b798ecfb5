/** What researchers see of runs without opening them: figures, list, one run. */
import { figures, type RunFacts, stateAt } from '../../domain/runs/figures.ts'
import { type Item, queryAll } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { Failure, notFound } from '../kernel/failure.ts'
import { type Implementation, lambda, type LambdaHandler } from '../kernel/handler.ts'
import { indexKeyOf, type RunItem } from '../kernel/items.ts'
import { runs } from './area.ts'
import { count } from './chunks.ts'
import { rowsFor } from './rows.ts'

type Routes = (typeof runs)['routes']
const { ofStudy } = indexKeyOf.run
const facts = [
  'state',
  'condition',
  'preview',
  'started',
  'last',
  'ended',
  'received',
  'produced',
  'position',
  'conflicts',
  'endSeq',
]

const overview: Implementation<Routes['overview']> = async ({ study }, deps) => {
  const now = deps.now()
  const all: RunFacts[] = []
  for await (const run of queryAll<RunFacts>(deps.table, ofStudy.partition(study.studyId), {
    index: true,
    prefix: ofStudy.prefix(),
    attributes: facts,
  }))
    all.push(run)
  return { ...figures(all, now), asOf: now.toISOString() }
}

/** A cursor is the index key of the last row shown, so that a page can end anywhere in what the store answers. */
const toCursor = (r: Item<RunItem>): string => Buffer.from(r.gsk!).toString('base64url')
function fromCursor(cursor: string): string {
  const gsk = Buffer.from(cursor, 'base64url').toString('utf8')
  const row = ofStudy.read(gsk)
  if (!row || !/^[0-9TZ:.-]{20,30}$/.test(row.started) || !/^run_[a-z2-7]{16,32}$/.test(row.runId))
    throw new Failure('invalid-request', 'The `after` is not one of this list. Begin again without it.', [
      { path: '/query/after', message: 'Not a cursor of this list' },
    ])
  return gsk
}
/** A filter that matches rarely must not walk the whole study in one request. */
const maxLooked = 2000

const list: Implementation<Routes['list']> = async ({ study, subject, query }, deps) => {
  const pk = ofStudy.partition(study.studyId)
  const row = rowsFor(deps, subject)
  const matches = (run: RunItem): boolean =>
    (query.state === undefined || stateAt(run, deps.now()) === query.state) &&
    (query.condition === undefined || run.condition === query.condition) &&
    (query.preview === undefined || String(run.preview) === query.preview)
  const found: Item<RunItem>[] = []
  let to = query.after === undefined ? undefined : fromCursor(query.after)
  let looked = 0
  for (;;) {
    const page = await deps.table.query<RunItem>(pk, {
      index: true,
      backwards: true,
      from: ofStudy.prefix(),
      to: to ?? `${ofStudy.prefix()}~`,
      limit: query.limit + 1,
    })
    const items = page.items.filter((r) => r.gsk !== to)
    for (const [index, run] of items.entries()) {
      if (matches(run)) found.push(run)
      if (found.length === query.limit)
        return {
          items: await Promise.all(found.map(row)),
          ...(index < items.length - 1 || page.next !== undefined ? { next: toCursor(run) } : {}),
        }
    }
    const last = items.at(-1)
    looked += items.length
    if (!last || page.next === undefined) return { items: await Promise.all(found.map(row)) }
    if (looked >= maxLooked) return { items: await Promise.all(found.map(row)), next: toCursor(last) }
    to = last.gsk!
  }
}

const run: Implementation<Routes['run']> = async (request, deps) => {
  const held = request.run
  if (held.pending) throw notFound()
  const { received, bytes, produced, position, last } = await count(deps, held)
  return rowsFor(deps, request.subject)({ ...held, received, bytes, produced, position, last })
}

/** The handler of a study's results page. */
export const createRuns = (deps: Deps): LambdaHandler => lambda(runs, 'runs', deps, { overview, list, run })
