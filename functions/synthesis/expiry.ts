/**
 * Expiry: a pointer says on which day the files of a synthetic table go; the watch's visit makes it so. The card stays.
 */
import type { Item } from '../../ports/table.ts'
import type { Deps } from '../kernel/deps.ts'
import { indexKeyOf, keyOf, type SynthesisItem } from '../kernel/items.ts'
import { synthesisObject } from '../stores/synthesis-files.ts'
import { planLook } from '../kernel/looks.ts'

/**
 * Where the watch finds it when the instant has come. Written before the synthesis says so, so that a crash in between
 * forgets nothing: what counts is the synthesis itself.
 */
export async function setDue(deps: Pick<Deps, 'table'>, synthesisId: string, expires: string): Promise<void> {
  const place = indexKeyOf.synthesisDue.byDay({ expires, synthesisId })
  await planLook(deps, keyOf.synthesisDue(synthesisId), place, { synthesisId })
}

async function expire(deps: Pick<Deps, 'table' | 'objects'>, synthesis: Item<SynthesisItem>): Promise<void> {
  for (const { jobId } of synthesis.attempts) {
    const keep = new Set([
      synthesisObject.card(synthesis.synthesisId, jobId),
      synthesisObject.made(synthesis.synthesisId, jobId),
    ])
    for await (const key of deps.objects.list('released', synthesisObject.folder(synthesis.synthesisId, jobId)))
      if (!keep.has(key)) await deps.objects.remove('released', key)
  }
  await deps.table.update<SynthesisItem>(keyOf.synthesis(synthesis.synthesisId), { set: { state: 'expired' } })
}

/** Removes the files of everything that has expired; answers how many. Safe to run twice. */
export async function sweepExpired(deps: Pick<Deps, 'table' | 'objects' | 'now'>): Promise<number> {
  const now = deps.now().toISOString()
  const { items } = await deps.table.query<{ synthesisId: string }>(indexKeyOf.synthesisDue.byDay.partition(), {
    index: true,
    to: now,
    limit: 100,
  })
  for (const { synthesisId } of items) {
    const synthesis = await deps.table.get<SynthesisItem>(keyOf.synthesis(synthesisId))
    // It may have been put off meanwhile: then the pointer was moved after this page was read.
    if (synthesis?.expires !== undefined && synthesis.expires > now) {
      await setDue(deps, synthesisId, synthesis.expires)
      continue
    }
    if (synthesis?.expires !== undefined) await expire(deps, synthesis)
    await deps.table.remove(keyOf.synthesisDue(synthesisId))
  }
  return items.length
}
