/** A run as researchers see it before opening: states, counts and timings. */
import type { z } from 'zod'
import type { RunRow } from '../../contracts/runs.ts'
import { may, type Subject } from '../../domain/access/permissions.ts'
import { missingOf, stateAt } from '../../domain/runs/figures.ts'
import { keyOf, type LinkItem, type RunItem } from '../kernel/items.ts'
import type { Deps } from '../kernel/deps.ts'
import { loadOnce } from '../kernel/load-once.ts'

type Row = z.input<typeof RunRow>

/** Pseudonyms have a right of their own, on top of the right to see rows. */
const seesPseudonyms = (who: Subject): boolean => may(who, 'runs.rows') && (who.rights ?? []).includes('pseudonyms')

/** Makes rows of runs; each link is read once. */
export function rowsFor(deps: Deps, who: Subject): (r: RunItem) => Promise<Row> {
  const label = loadOnce(async (code) => (await deps.table.get<LinkItem>(keyOf.link(code), ['label']))?.label ?? '')
  const pseudonyms = seesPseudonyms(who)
  return async (run) => ({
    runId: run.runId,
    studyId: run.studyId,
    state: stateAt(run, deps.now()),
    condition: run.condition,
    version: run.version,
    preview: run.preview,
    link: run.code,
    linkLabel: await label(run.code),
    started: run.started,
    last: run.last,
    ended: run.ended,
    seconds: Math.max(0, Math.round((Date.parse(run.last) - Date.parse(run.started)) / 1000)),
    received: run.received,
    produced: Math.max(run.produced, run.received),
    missing: missingOf(run),
    position: run.position,
    bytes: run.bytes,
    conflicts: run.conflicts,
    pseudonym: pseudonyms ? run.pseudonym : undefined,
  })
}
