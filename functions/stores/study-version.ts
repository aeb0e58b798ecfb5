/** A published version: what its item keeps, and its immutable document in the object store. */
import type { Condition } from '../../domain/runs/assignment.ts'
import type { Deps } from '../kernel/deps.ts'
import { notFound } from '../kernel/failure.ts'
import { inMemory } from '../kernel/memory.ts'
import { keyOf, type VersionItem } from '../kernel/items.ts'

export interface VersionDocument {
  configuration: Record<string, unknown>
  files: { path: string; sha256: string; size: number; type: string }[]
}

/** assets: the document of a content hash. */
export const documentKey = (contentHash: string): string => `s/${contentHash}/.cloister/version.json`

const documents = inMemory(() => new Map<string, Promise<VersionDocument>>())

/** The document of a content hash. It never changes, so the last fifty stay in memory. */
export function versionDocument(deps: Pick<Deps, 'objects' | 'memory'>, contentHash: string): Promise<VersionDocument> {
  const kept = documents(deps)
  const known = kept.get(contentHash)
  if (known) return known
  const reading = deps.objects
    .get('assets', documentKey(contentHash))
    .then((bytes) => JSON.parse(new TextDecoder().decode(bytes)) as VersionDocument)
  kept.set(contentHash, reading)
  reading.catch(() => kept.delete(contentHash))
  if (kept.size > 50) kept.delete(kept.keys().next().value!)
  return reading
}

/** A version's item; `not-found` when there is none. */
export async function versionItem(deps: Pick<Deps, 'table'>, studyId: string, version: number): Promise<VersionItem> {
  const item = await deps.table.get<VersionItem>(keyOf.version(studyId, version))
  if (!item) throw notFound()
  return item
}

/** A study without declared conditions has one. */
export const soleCondition = 'all'
/** Conditions of a version with their weights. */
export const conditionsOf = (v: Pick<VersionItem, 'conditions'>): Condition[] =>
  v.conditions?.length ? v.conditions : [{ name: soleCondition, weight: 1 }]
