/** A run as researchers see it before opening: states, counts and timings. */
import type { z } from 'zod'
import type { RunRow } from '../../contracts/runs.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import { missingOf, stateAt } from '../../domain/runs/figures.ts'
import { keyOf, type LinkItem, type RunItem } from '../kernel/items.ts'
import type { Deps } from '../kernel/deps.ts'

type Row = z.input<typeof RunRow>

/** Pseudonyms have a right of their own, on top of the right to see rows. */
const seesPseudonyms = (who: Subject): boolean => may(who, 'runs.rows') && (who.rights ?? []).includes('pseudonyms')

/** Makes rows of runs; each link is read once. */
export function rowsFor(deps: Deps, who: Subject): (r: RunItem) => Promise<Row> {
  const labels = new Map<string, Promise<string>>()
  const label = (code: string): Promise<string> => {
    let l = labels.get(code)
    if (!l) labels.set(code, (l = deps.table.get<LinkItem>(keyOf.link(code), ['label']).then((k) => k?.label ?? '')))
    return l
  }
  const pseudonyms = seesPseudonyms(who)
  return async (r) => ({
    runId: r.runId,
    studyId: r.studyId,
    state: stateAt(r, deps.now()),
    condition: r.condition,
    version: r.version,
    preview: r.preview,
    link: r.code,
    linkLabel: await label(r.code),
    started: r.started,
    last: r.last,
    ...(r.ended ? { ended: r.ended } : {}),
    seconds: Math.max(0, Math.round((Date.parse(r.last) - Date.parse(r.started)) / 1000)),
    received: r.received,
    produced: Math.max(r.produced, r.received),
    missing: missingOf(r),
    position: r.position,
    bytes: r.bytes,
    conflicts: r.conflicts,
    ...(pseudonyms && r.pseudonym ? { pseudonym: r.pseudonym } : {}),
  })
}
