/**
 * Unpublished content of a study: kept in this browser until it is published, so that a reload, a lost session or a
 * closed tab loses nothing.
 */
import { useCallback, useSyncExternalStore } from 'react'
import type { Asset } from '../../../../clients/publish.ts'

/** `base` is the newest version when the work began (0: none): publishing over somebody else's version is refused. */
export interface ContentDraft {
  text: string
  assets: Asset[]
  base: number
  changed: string
}

const name = (studyId: string) => `cloister.content.${studyId}`
const listeners = new Set<() => void>()
const held = new Map<string, { raw: string | null; draft: ContentDraft | undefined }>()
addEventListener('storage', () => {
  for (const listener of listeners) listener()
})

function readDraft(studyId: string): ContentDraft | undefined {
  const raw = localStorage.getItem(name(studyId))
  const known = held.get(studyId)
  if (known?.raw === raw) return known.draft
  let draft: ContentDraft | undefined
  try {
    draft = raw === null ? undefined : (JSON.parse(raw) as ContentDraft)
  } catch {
    draft = undefined
  }
  held.set(studyId, { raw, draft })
  return draft
}

/** Keeps or (undefined) forgets the draft. Throws when the browser's storage is full. */
export function writeDraft(studyId: string, draft: ContentDraft | undefined): void {
  if (draft === undefined) localStorage.removeItem(name(studyId))
  else localStorage.setItem(name(studyId), JSON.stringify(draft))
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}
export const useContentDraft = (studyId: string): ContentDraft | undefined =>
  useSyncExternalStore(
    subscribe,
    useCallback(() => readDraft(studyId), [studyId]),
  )

/** How a configuration is written for a person. */
export const asText = (configuration: Record<string, unknown>): string => `${JSON.stringify(configuration, null, 2)}\n`
